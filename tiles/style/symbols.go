package style

import (
	"maps"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/tiles/style/symbol"
)

// icon is the symbol of each point of a layer, nil when it has none, and the symbol that stands for the layer in a
// legend: the definition's values first, then its default, then, for parts, the class and the major class.
func (p *painter) icon(def *data.Layer) (image any, most string) {
	s := &def.Symbols
	chooser := def.Chooser()
	switch {
	case s.Default != "":
		image, most = known(s.Default), known(s.Default)
	case def.Roles.Part != nil:
		image, most = p.byClass(def), symbol.Generic
	case s.Zero():
		return nil, ""
	default:
		image, most = symbol.Generic, symbol.Generic
	}
	if len(s.Values) == 0 || chooser == "" {
		return image, most
	}
	match := expr{"match", asText(chooser)}
	for _, value := range slices.Sorted(maps.Keys(s.Values)) {
		match = append(match, value, known(s.Values[value]))
	}
	return append(match, image), most
}

// known is the name of a symbol that exists: a log may hold definitions that name others.
func known(name string) string {
	if _, ok := symbol.Find(name); ok {
		return name
	}
	return symbol.Generic
}

// inks is the colour of each point of a layer with symbols, and the one of its legend: that of the symbol that most have,
// or, for parts without such a one, that of the major class.
func (p *painter) inks(def *data.Layer, most string) (color any, legend string) {
	s, _ := symbol.Find(most)
	legend = p.palette.Ink(s.Family)
	class := partClass(def)
	if def.Symbols.Default != "" || class == nil || p.colors.print {
		return legend, legend
	}
	majors := expr{"match", expr{"slice", class, 0, 2}}
	for _, g := range symbol.Majors {
		majors = append(majors, g.Values, p.palette.Ink(g.Symbol))
	}
	return append(majors, legend), legend
}

// partClass is the class of a part, from the attribute of the class or from the part code, whose class follows the six
// digits of the district; nil when the layer has neither.
func partClass(def *data.Layer) expr {
	r := def.Roles.Part
	switch {
	case r == nil:
		return nil
	case def.AttributeIndex(r.Class) >= 0:
		return asText(r.Class)
	case def.AttributeIndex(r.Code) >= 0:
		code := asText(r.Code)
		// Before the sequence of six: 16 digits have a class of four, 17 one of five.
		return expr{"slice", code, 6, expr{"-", expr{"length", code}, 6}}
	}
	return nil
}

// byClass is the symbol of a part's class.
func (p *painter) byClass(def *data.Layer) any {
	class := partClass(def)
	if class == nil {
		return symbol.Generic
	}
	match := expr{"match", class}
	for _, g := range symbol.Groups(p.edition(def)) {
		match = append(match, g.Values, g.Symbol)
	}
	majors := expr{"match", expr{"slice", class, 0, 2}}
	for _, g := range symbol.Majors {
		majors = append(majors, g.Values, g.Symbol)
	}
	return append(match, append(majors, symbol.Generic))
}

// edition is the one whose codes of four digits a layer has: that which the dictionary of its classes names as its source.
func (p *painter) edition(def *data.Layer) string {
	i := def.AttributeIndex(def.Roles.Part.Class)
	if i < 0 {
		return symbol.Edition2013
	}
	if d, ok := p.world.Dictionary(def.Attributes[i].Dictionary); ok && strings.Contains(d.Source, "CJ/T 214") {
		return symbol.Edition2007
	}
	return symbol.Edition2013
}
