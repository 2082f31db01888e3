package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CannotWiden says why an attribute of type from cannot become one of type to, empty when it can: an int becomes a
// number, a date a time, everything text, and text, code and ref each other. What cannot be read back is not a
// widening.
func CannotWiden(from, to Type) string {
	switch {
	case !from.known() || !to.known():
		return fmt.Sprintf("%q and %q must be types of attributes", from, to)
	case from == to:
		return "is " + string(to) + " already"
	case to == Text,
		from.IsText() && to.IsText(),
		from == Int && to == Number,
		from == Date && to == Time:
		return ""
	}
	return fmt.Sprintf("%s cannot become %s: an int widens to number, a date to time, everything to text, and text, code and ref to each other; "+
		"add an attribute of type %s instead and import its values", from, to, to)
}

// Adapter makes values of one attribute, stored under any type that it had, values of its present type. It is
// immutable.
type Adapter struct {
	typ   Type
	steps []Type
	zone  *time.Location
}

// Adapter returns the adapter of the attribute.
func (a *Attribute) Adapter() Adapter {
	ad := Adapter{typ: a.Type}
	if a.Dropped || len(a.Was) == 0 {
		return ad
	}
	ad.steps = append(slices.Clone(a.Was), a.Type)
	if ad.zone = a.Location(); ad.zone == nil {
		ad.zone = time.UTC
	}
	return ad
}

// Value is v under the present type, which it takes on along all the types that followed its own: what a value became
// does not depend on when it is looked at. A value of a type that the attribute never had is null.
func (ad *Adapter) Value(v Value) Value {
	if v.typ == ad.typ || v.Null() || v.typ == Sealed {
		return v
	}
	at := slices.Index(ad.steps, v.typ)
	if at < 0 {
		return Value{}
	}
	for _, next := range ad.steps[at+1:] {
		v = v.widen(next, ad.zone)
	}
	return v
}

// widen is one step that [CannotWiden] allows.
func (v Value) widen(to Type, zone *time.Location) Value {
	switch {
	case to == Number:
		return NumberValue(v.Number())
	case to == Time:
		y, m, d := v.Time().Date()
		return TimeValue(time.Date(y, m, d, 0, 0, 0, 0, zone))
	case v.typ.IsText():
		return TextValue(to, v.text)
	default:
		return TextValue(to, v.String())
	}
}

// Exact reports whether a value keeps its meaning when it becomes one of type to: a number holds whole numbers
// exactly up to 2^53.
func (v Value) Exact(to Type) bool {
	return v.typ != Int || to != Number || int64(float64(v.Int())) == v.Int() && v.Int() != math.MaxInt64
}

// Fallback is the default as a value of the attribute's type, null when there is none.
func (a *Attribute) Fallback() Value {
	v, err := a.fallback()
	if err != nil {
		return Value{}
	}
	return v
}

// fallback reads the default: text may stand for any type, as in a file, and a whole number for a number.
func (a *Attribute) fallback() (Value, error) {
	v := a.Default
	switch {
	case v.Null() || v.typ == a.Type:
	case v.typ == Int && a.Type == Number && v.Exact(Number):
		v = NumberValue(v.Number())
	case v.typ == Text && a.Type.IsText():
		v = TextValue(a.Type, v.text)
	case v.typ == Text:
		parsed, err := ParseValue(a.Type, v.text, a.Location())
		if err != nil {
			return Value{}, fmt.Errorf("must be %s: %w", a.Type, err)
		}
		v = parsed
	default:
		return Value{}, fmt.Errorf("must be %s", a.Type)
	}
	switch {
	case v.typ == Number && (math.IsNaN(v.Number()) || math.IsInf(v.Number(), 0)):
		return Value{}, errors.New("must be a finite number")
	case len(v.text) > MaxTextBytes:
		return Value{}, fmt.Errorf("must be at most %d bytes", MaxTextBytes)
	}
	return v, nil
}

// MarshalJSON writes null, a string, a number or a bool.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.Any()) }

// UnmarshalJSON reads what [Value.MarshalJSON] writes: a string becomes text, a whole number an int.
func (v *Value) UnmarshalJSON(b []byte) error {
	switch s := string(b); {
	case s == "null":
		*v = Value{}
	case s == "true" || s == "false":
		*v = BoolValue(s == "true")
	case strings.HasPrefix(s, `"`):
		*v = Value{typ: Text}
		return json.Unmarshal(b, &v.text)
	default:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			*v = IntValue(n)
			return nil
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return &FieldError{Value: s, Why: "must be a string, a number, true or false"}
		}
		*v = NumberValue(f)
	}
	return nil
}

// UnmarshalTOML reads a value as [Value.UnmarshalJSON] does; dates and times become text.
func (v *Value) UnmarshalTOML(x any) error {
	switch x := x.(type) {
	case string:
		*v = TextValue(Text, x)
	case int64:
		*v = IntValue(x)
	case float64:
		*v = NumberValue(x)
	case bool:
		*v = BoolValue(x)
	default:
		return &FieldError{Value: fmt.Sprint(x), Why: "must be a string, a number, true or false"}
	}
	return nil
}
