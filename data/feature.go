package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data/partcode"
	"github.com/gewu-city/gewu/geo"
)

// Check verifies that a feature fits the layer: id and id rule, geometry kind, value types and required attributes. A
// value may have a type that its attribute had before, since whoever wrote it may have read the definition of before;
// for the same reason the value of a dropped attribute is let pass. Rings are not checked here, see [geo.Validate]. The
// error is a *FieldError.
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
		if err := a.check(f.Value(i)); err != nil {
			return err
		}
	}
	return l.CheckIDRule(f)
}

func (a *Attribute) check(v Value) error {
	switch {
	case a.Dropped:
	case v.Null():
		if a.Required && a.Default.Null() {
			return &FieldError{Field: "properties." + a.Name, Why: "is required"}
		}
	case v.typ == Sealed && a.Personal && len(v.text) <= MaxSealedBytes:
	case v.typ != a.Type && !slices.Contains(a.Was, v.typ):
		return &FieldError{Field: "properties." + a.Name, Value: v.String(), Why: "must be " + string(a.Type)}
	case v.typ == Number && (math.IsNaN(v.Number()) || math.IsInf(v.Number(), 0)):
		return &FieldError{Field: "properties." + a.Name, Value: v.String(), Why: "must be a finite number"}
	case v.typ.IsText() && (len(v.text) > MaxTextBytes || !utf8.ValidString(v.text)):
		return &FieldError{Field: "properties." + a.Name, Value: v.text, Why: fmt.Sprintf("must be UTF-8 of at most %d bytes", MaxTextBytes)}
	}
	return nil
}

// IDAttribute is the position of the attribute that holds the feature id by the id rule, or -1: the one it names, or for
// part codes the one that has the code by the role part.
func (l *Layer) IDAttribute() int {
	switch {
	case l.ID.Attribute != "":
		return l.AttributeIndex(l.ID.Attribute)
	case l.ID.Pattern != "" && l.Roles.Part != nil && l.Roles.Part.Code != "":
		return l.AttributeIndex(l.Roles.Part.Code)
	}
	return -1
}

// CheckIDRule verifies that the id follows the id rule of the layer: that it is the value of the attribute that holds
// it, and a part code where the rule says so. The error is a *FieldError.
func (l *Layer) CheckIDRule(f *Feature) error {
	if i := l.IDAttribute(); i >= 0 {
		switch v := f.Value(i); {
		case !v.Null() && v.String() != f.ID:
			return &FieldError{Field: "id", Value: f.ID, Why: fmt.Sprintf("must be %q, the value of %s", shorten(v.String()), l.Attributes[i].Name)}
		case v.Null() && l.ID.Attribute != "":
			return &FieldError{Field: "properties." + l.ID.Attribute, Why: "is missing; it holds the id"}
		}
	}
	if l.ID.Pattern != "" {
		if why := partcode.Check(f.ID); why != "" {
			return &FieldError{Field: "id", Value: f.ID, Why: why}
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

// Adapt returns a feature that was stored under an earlier definition of the layer with values of the present types.
// Values of attributes that were dropped are null. f is not changed.
func (l *Layer) Adapt(f Feature) Feature {
	f.Values = slices.Clone(f.Values[:min(len(f.Values), len(l.Attributes))])
	for i := range f.Values {
		adapter := l.Attributes[i].Adapter()
		if f.Values[i] = adapter.Value(f.Values[i]); l.Attributes[i].Dropped {
			f.Values[i] = Value{}
		}
	}
	return f
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
