package data

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Type is the type of an attribute.
type Type string

// The attribute types. A code is text that names a class or an object; a ref is the id of a feature of another layer.
const (
	Text   Type = "text"
	Int    Type = "int"
	Number Type = "number"
	Bool   Type = "bool"
	Date   Type = "date"
	Time   Type = "time"
	Code   Type = "code"
	Ref    Type = "ref"
	// Sealed is the type of values of personal attributes as they are stored: no attribute has it.
	Sealed Type = "sealed"
)

// IsText reports whether values of the type are held as text.
func (t Type) IsText() bool { return t == Text || t == Code || t == Ref }

// IsNumeric reports whether values of the type can be added up.
func (t Type) IsNumeric() bool { return t == Int || t == Number }

func (t Type) known() bool {
	switch t {
	case Text, Int, Number, Bool, Date, Time, Code, Ref:
		return true
	case Sealed:
	}
	return false
}

// Value is one attribute value; the zero Value is null. Text is held as a string; every other type in 64 bits: an
// int as itself, a number as its IEEE 754 bits, a bool as 0 or 1, a date as days and a time as microseconds since
// 1970-01-01 UTC. Values are comparable with ==.
type Value struct {
	typ  Type
	word uint64
	text string
}

// Null reports whether there is no value.
func (v Value) Null() bool { return v.typ == "" }

// Type is the type of the value, empty for null.
func (v Value) Type() Type { return v.typ }

// TextValue is a value of type text, code or ref.
func TextValue(t Type, s string) Value { return Value{typ: t, text: s} }

// IntValue is a value of type int.
func IntValue(n int64) Value { return Value{typ: Int, word: uint64(n)} }

// NumberValue is a value of type number. Negative zero becomes zero, so that equal numbers are equal values.
func NumberValue(f float64) Value { return Value{typ: Number, word: math.Float64bits(f + 0)} }

// BoolValue is a value of type bool.
func BoolValue(b bool) Value {
	if b {
		return Value{typ: Bool, word: 1}
	}
	return Value{typ: Bool}
}

// WordValue is the value of a non-text type with the given 64 bits, as [Value.Word] returned them.
func WordValue(t Type, word uint64) Value { return Value{typ: t, word: word} }

// Word is the 64-bit form of a value that is not text.
func (v Value) Word() uint64 { return v.word }

// Text is the string of a text, code or ref value.
func (v Value) Text() string { return v.text }

// Int is the number of an int value.
func (v Value) Int() int64 { return int64(v.word) }

// Number is the number of an int or number value.
func (v Value) Number() float64 {
	if v.typ == Int {
		return float64(int64(v.word))
	}
	return math.Float64frombits(v.word)
}

// Bool is the truth of a bool value.
func (v Value) Bool() bool { return v.word != 0 }

const (
	dateLayout = "2006-01-02"
	daySeconds = 24 * 60 * 60
)

// Time is the instant of a time value, or midnight UTC of a date value.
func (v Value) Time() time.Time {
	if v.typ == Date {
		return time.Unix(int64(v.word)*daySeconds, 0).UTC()
	}
	return time.UnixMicro(int64(v.word)).UTC()
}

// DateValue is the date of t in t's own zone.
func DateValue(t time.Time) Value {
	y, m, d := t.Date()
	return Value{typ: Date, word: uint64(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / daySeconds)}
}

// TimeValue is the instant t, cut to microseconds.
func TimeValue(t time.Time) Value { return Value{typ: Time, word: uint64(t.UnixMicro())} }

// String is the text form: what CSV export writes and [ParseValue] reads. Null is the empty string.
func (v Value) String() string {
	switch v.typ {
	case Sealed:
		return Mask
	case Int:
		return strconv.FormatInt(v.Int(), 10)
	case Number:
		return string(AppendNumber(nil, v.Number()))
	case Bool:
		return strconv.FormatBool(v.Bool())
	case Date:
		return v.Time().Format(dateLayout)
	case Time:
		return v.Time().Format(time.RFC3339Nano)
	default:
		return v.text
	}
}

// AppendNumber appends a finite number in decimal digits, with an exponent only where there would be more than 21.
func AppendNumber(dst []byte, f float64) []byte {
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// Any is the value as encoding/json would hold it: nil, string, int64, float64 or bool.
func (v Value) Any() any {
	switch v.typ {
	case "":
		return nil
	case Int:
		return v.Int()
	case Number:
		return v.Number()
	case Bool:
		return v.Bool()
	default:
		return v.String()
	}
}

// timeLayouts are tried in order; the ones without a zone are read in the attribute's zone.
var timeLayouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05", "2006/01/02 15:04:05-07", dateLayout}

// dateLayouts are tried in order.
var dateLayouts = [...]string{dateLayout, "2006/1/2", "20060102"}

// ParseValue reads the text form of a value of type t. Empty text (after trimming, except for text types, where only
// the empty string counts) is null. Times without a zone are read in zone, UTC when nil. The error names the
// expected form and the text.
func ParseValue(t Type, text string, zone *time.Location) (Value, error) {
	if t.IsText() {
		if text == "" {
			return Value{}, nil
		}
		return TextValue(t, text), nil
	}
	s := strings.TrimSpace(text)
	if s == "" {
		return Value{}, nil
	}
	switch t {
	case Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return IntValue(n), nil
		}
		// 5.0 is an int in many spreadsheets; 2^53 bounds what a float holds exactly.
		if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return IntValue(int64(f)), nil
		}
		return Value{}, fmt.Errorf("%q is not a whole number", text)
	case Number:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return Value{}, fmt.Errorf("%q is not a number", text)
		}
		return NumberValue(f), nil
	case Bool:
		switch strings.ToLower(s) {
		case "true", "t", "yes", "y", "1", "是":
			return BoolValue(true), nil
		case "false", "f", "no", "n", "0", "否":
			return BoolValue(false), nil
		}
		return Value{}, fmt.Errorf("%q is not true or false", text)
	case Date:
		for _, layout := range dateLayouts {
			if d, err := time.Parse(layout, s); err == nil {
				return DateValue(d), nil
			}
		}
		return Value{}, fmt.Errorf("%q is not a date like 2026-01-31", text)
	case Time:
		if zone == nil {
			zone = time.UTC
		}
		for _, layout := range timeLayouts {
			if at, err := time.ParseInLocation(layout, s, zone); err == nil {
				return TimeValue(at), nil
			}
		}
		return Value{}, fmt.Errorf("%q is not a time like 2026-01-31T08:00:00+08:00", text)
	default:
		return Value{}, fmt.Errorf("unknown attribute type %q", t)
	}
}
