package data

import "github.com/gewu-city/gewu/data/drawing"

// Chooser is the attribute whose value chooses the symbols of a layer, empty when there is none.
func (l *Layer) Chooser() string {
	if l.Symbols.Attribute != "" || l.Roles.Part == nil {
		return l.Symbols.Attribute
	}
	return l.Roles.Part.Class
}

func (l *Layer) validateSymbols(bad func(field, value, why string)) {
	s := &l.Symbols
	if s.Zero() {
		return
	}
	if l.Geometry != GeometryPoint {
		bad("symbols", string(l.Geometry), "need a point layer")
	}
	if s.Attribute != "" && l.AttributeIndex(s.Attribute) < 0 {
		bad("symbols.attribute", s.Attribute, "is not an attribute of the layer")
	}
	if len(s.Values) > 0 && l.Chooser() == "" {
		bad("symbols.attribute", "", "is missing: no attribute has the values")
	}
	s.Validate(func(field, value, why string) { bad(shorten(field), value, why) })
}

// Symbols says which symbol each point of a layer has on maps.
type Symbols = drawing.Symbols
