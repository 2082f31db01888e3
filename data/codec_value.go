package data

import (
	"encoding/binary"

	"github.com/gewu-city/gewu/data/wire"
)

// Tags of encoded values. A value carries its type, so that a log can be read without its layer definitions.
const (
	tagNull byte = iota
	tagText
	tagInt
	tagNumber
	tagFalse
	tagTrue
	tagDate
	tagTime
	tagCode
	tagRef
	tagSealed
)

// appendValues appends the number of values without nulls at the end, and each as tag and content.
func appendValues(dst []byte, values []Value) ([]byte, error) {
	n := len(values)
	for n > 0 && values[n-1].Null() {
		n--
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	for i := range values[:n] {
		v := &values[i]
		switch v.typ {
		case "":
			dst = append(dst, tagNull)
		case Text:
			dst = wire.AppendText(append(dst, tagText), v.text)
		case Code:
			dst = wire.AppendText(append(dst, tagCode), v.text)
		case Ref:
			dst = wire.AppendText(append(dst, tagRef), v.text)
		case Sealed:
			dst = wire.AppendText(append(dst, tagSealed), v.text)
		case Int:
			dst = wire.AppendZigzag(append(dst, tagInt), int64(v.word))
		case Date:
			dst = wire.AppendZigzag(append(dst, tagDate), int64(v.word))
		case Time:
			dst = wire.AppendZigzag(append(dst, tagTime), int64(v.word))
		case Number:
			dst = binary.BigEndian.AppendUint64(append(dst, tagNumber), v.word)
		case Bool:
			if v.word == 0 {
				dst = append(dst, tagFalse)
			} else {
				dst = append(dst, tagTrue)
			}
		default:
			return nil, &FieldError{Field: "properties", Value: string(v.typ), Why: "is not an attribute type"}
		}
	}
	return dst, nil
}

func readValues(r *wire.Reader) []Value {
	n := r.Count(1)
	if n == 0 {
		return nil
	}
	values := make([]Value, n)
	for i := range values {
		switch r.Byte() {
		case tagNull:
		case tagText:
			values[i] = Value{typ: Text, text: r.Text()}
		case tagCode:
			values[i] = Value{typ: Code, text: r.Text()}
		case tagRef:
			values[i] = Value{typ: Ref, text: r.Text()}
		case tagSealed:
			values[i] = Value{typ: Sealed, text: r.Text()}
		case tagInt:
			values[i] = Value{typ: Int, word: uint64(r.Zigzag())}
		case tagDate:
			values[i] = Value{typ: Date, word: uint64(r.Zigzag())}
		case tagTime:
			values[i] = Value{typ: Time, word: uint64(r.Zigzag())}
		case tagNumber:
			values[i] = Value{typ: Number, word: r.Uint64()}
		case tagFalse:
			values[i] = Value{typ: Bool}
		case tagTrue:
			values[i] = Value{typ: Bool, word: 1}
		default:
			r.Fail()
			return nil
		}
	}
	return values
}
