package data

import "encoding/binary"

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
			dst = appendText(append(dst, tagText), v.text)
		case Code:
			dst = appendText(append(dst, tagCode), v.text)
		case Ref:
			dst = appendText(append(dst, tagRef), v.text)
		case Sealed:
			dst = appendText(append(dst, tagSealed), v.text)
		case Int:
			dst = appendZigzag(append(dst, tagInt), int64(v.word))
		case Date:
			dst = appendZigzag(append(dst, tagDate), int64(v.word))
		case Time:
			dst = appendZigzag(append(dst, tagTime), int64(v.word))
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

func (r *reader) values() []Value {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	values := make([]Value, n)
	for i := range values {
		switch r.byte() {
		case tagNull:
		case tagText:
			values[i] = Value{typ: Text, text: r.text()}
		case tagCode:
			values[i] = Value{typ: Code, text: r.text()}
		case tagRef:
			values[i] = Value{typ: Ref, text: r.text()}
		case tagSealed:
			values[i] = Value{typ: Sealed, text: r.text()}
		case tagInt:
			values[i] = Value{typ: Int, word: uint64(r.zigzag())}
		case tagDate:
			values[i] = Value{typ: Date, word: uint64(r.zigzag())}
		case tagTime:
			values[i] = Value{typ: Time, word: uint64(r.zigzag())}
		case tagNumber:
			values[i] = Value{typ: Number, word: r.uint64()}
		case tagFalse:
			values[i] = Value{typ: Bool}
		case tagTrue:
			values[i] = Value{typ: Bool, word: 1}
		default:
			r.fail()
			return nil
		}
	}
	return values
}
