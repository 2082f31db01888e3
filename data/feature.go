package data

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/geo"
)

// Check verifies that a feature fits the layer: id, geometry kind, value types and required attributes. Rings are
// not checked here, see [geo.Validate]. The error is a *FieldError.
func (l *Layer) Check(f *Feature) error {
	if err := CheckID(f.ID); err != nil {
		return err
	}
	if got := f.Shape.Kind().String(); got != string(l.Geometry) {
		return &FieldError{Field: "geometry", Value: got, Why: "the layer holds " + string(l.Geometry)}
	}
	if len(f.Values) > len(l.Attributes) {
		return &FieldError{Field: "properties", Why: fmt.Sprintf("%d values for %d attributes", len(f.Values), len(l.Attributes))}
	}
	for i := range l.Attributes {
		a := &l.Attributes[i]
		v := f.Value(i)
		switch {
		case v.Null():
			if a.Required {
				return &FieldError{Field: "properties." + a.Name, Why: "is required"}
			}
		case v.Type() != a.Type:
			return &FieldError{Field: "properties." + a.Name, Value: v.String(), Why: "must be " + string(a.Type)}
		case a.Type == Number && (math.IsNaN(v.Number()) || math.IsInf(v.Number(), 0)):
			return &FieldError{Field: "properties." + a.Name, Value: v.String(), Why: "must be a finite number"}
		case a.Type.IsText() && (len(v.Text()) > MaxTextBytes || !utf8.ValidString(v.Text())):
			return &FieldError{Field: "properties." + a.Name, Value: v.Text(), Why: fmt.Sprintf("must be UTF-8 of at most %d bytes", MaxTextBytes)}
		}
	}
	return nil
}

// CheckID verifies a feature id: 1 to 128 bytes of UTF-8 without control characters.
func CheckID(id string) error {
	switch {
	case id == "":
		return &FieldError{Field: "id", Why: "is missing"}
	case len(id) > MaxIDBytes:
		return &FieldError{Field: "id", Value: id, Why: fmt.Sprintf("is longer than %d bytes", MaxIDBytes)}
	case !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return &FieldError{Field: "id", Value: id, Why: "must be UTF-8 without control characters"}
	}
	return nil
}

// Feature is an id with a geometry and attribute values. Values[i] belongs to the layer's attribute i; missing ones
// at the end are null.
type Feature struct {
	ID     string
	Shape  geo.Shape
	Values []Value
}

// Value is the value of attribute i, null when there is none.
func (f *Feature) Value(i int) Value {
	if i < 0 || i >= len(f.Values) {
		return Value{}
	}
	return f.Values[i]
}

// Equal reports whether two features have the same id, shape and values; trailing nulls do not count.
func (f *Feature) Equal(g *Feature) bool {
	if f.ID != g.ID || !f.Shape.Equal(g.Shape) {
		return false
	}
	for i := range max(len(f.Values), len(g.Values)) {
		if f.Value(i) != g.Value(i) {
			return false
		}
	}
	return true
}
