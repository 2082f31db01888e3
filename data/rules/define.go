package rules

import (
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// Define checks the change of a definition against what is: that the definition is valid, that features that exist fit
// it, and that other definitions still do. Refs that dropping a layer empties are added to those that the transaction
// takes with it. The error is a *data.FieldError or several joined, or one of [City.Settle].
func Define(c City, ch *data.Change, with *Emptied) error {
	switch {
	case ch.Stream == data.StreamScheme && ch.Op == data.OpPut:
		if err := sameName(ch, ch.Scheme.Name); err != nil {
			return err
		}
		return putScheme(c, ch)
	case ch.Stream == data.StreamSchema && ch.Op == data.OpPut:
		return putLayer(c, ch)
	case ch.Stream == data.StreamDictionary:
		return defineDictionary(c, ch)
	case ch.Stream == data.StreamSchema:
		if err := schemesFit(c, ch.Layer, nil); err != nil {
			return err
		}
		return dropTarget(c, ch.Layer, with)
	}
	return nil
}

// putScheme verifies that a scheme fits its layer, and, when it is new or is to take its codes from elsewhere, that every
// cell has a code and no two have the same: the code is what everything on the ground of a cell is found by.
func putScheme(c City, ch *data.Change) error {
	s := ch.Scheme
	if err := s.Validate(c.Layer); err != nil {
		return err
	}
	if s.Cells.Code == "" {
		return nil // ids are codes
	}
	for before := range c.AllSchemes() {
		if before.Name == s.Name && before.Cells.Layer == s.Cells.Layer && before.Cells.Code == s.Cells.Code {
			return nil
		}
	}
	l, _ := c.Layer(s.Cells.Layer)
	missing := func(_ string, v data.Value) string {
		if v.Null() {
			return "has no code"
		}
		return ""
	}
	return meet(c, l, []Demand{{
		Field: "cells.code", Value: s.Cells.Code, Attribute: l.MatchAttribute(s.Cells.Code), Unique: true, Against: missing,
		Advice: "every cell of a scheme needs a code of its own: mend them, or leave the code out, and ids are codes",
	}})
}

// dropTarget verifies that no other layer refers to features of a layer that is dropped, except by refs that may be
// emptied.
func dropTarget(c City, name string, with *Emptied) error {
	for def := range c.AllLayers() {
		for i, a := range def.Live() {
			if a.Ref != name || def.Name == name {
				continue
			}
			if err := c.Settle(def.Name); err != nil {
				return err
			}
			r := reference{attribute{i, a.Name}, def.Name, name, a.OnDelete == data.SetNull}
			var o offenders
			for id, v := range c.Values(def.Name, i) {
				if v.Null() {
					continue
				}
				if !r.setNull {
					o.add(id, "")
				} else if err := with.add(c, r, id); err != nil {
					return err
				}
			}
			if o.count > 0 {
				return fault("layer", name, "cannot be dropped while %s of layer %s %s to it by %s: %s; empty or drop that attribute first", o.number(), def.Name, map[bool]string{true: "refers", false: "refer"}[o.count == 1], a.Name, o.names())
			}
		}
	}
	return nil
}

func sameName(ch *data.Change, name string) error {
	if name != ch.Layer {
		return fault("name", name, "differs from the name %q of the change", ch.Layer)
	}
	return nil
}

func putLayer(c City, ch *data.Change) error {
	to := ch.Definition
	if err := sameName(ch, to.Name); err != nil {
		return err
	}
	if err := to.Validate(); err != nil {
		return err
	}
	from, exists := c.Layer(ch.Layer)
	if err := targetsExist(c, from, to); err != nil {
		return err
	}
	if !exists {
		return nil
	}
	demands, err := Compatible(from, to)
	if err != nil {
		return err
	}
	if err := schemesFit(c, ch.Layer, to); err != nil {
		return err
	}
	return meet(c, to, demands)
}

// targetsExist verifies that the layers exist that refs newly name, and the dictionaries of codes.
func targetsExist(c City, from, to *data.Layer) error {
	for i, a := range to.Live() {
		known := from != nil && i < len(from.Attributes) && from.Attributes[i].Ref == a.Ref
		if _, exists := c.Layer(a.Ref); a.Ref != "" && a.Ref != to.Name && !known && !exists {
			return fault("attributes."+a.Name+".ref", a.Ref, "is not a layer; create it first")
		}
		dictionary, exists := c.Dictionary(a.Dictionary)
		if a.Dictionary == "" {
			continue
		}
		if !exists {
			return fault("attributes."+a.Name+".dictionary", a.Dictionary, "is not a dictionary; create it first")
		}
		if v := a.Fallback(); !v.Null() {
			if _, known := dictionary.Term(v.Text()); !known {
				return dictionary.Lacks("attributes."+a.Name+".default", v.Text())
			}
		}
	}
	return nil
}

// schemesFit verifies that the schemes whose cells are in a layer still fit when its definition is to, nil for dropped,
// and that what they call an attribute is still the same one.
func schemesFit(c City, name string, to *data.Layer) error {
	from, _ := c.Layer(name)
	then := func(layer string) (*data.Layer, bool) {
		if layer == name {
			return to, to != nil
		}
		return c.Layer(layer)
	}
	for s := range c.AllSchemes() {
		if s.Cells.Layer != name {
			continue
		}
		if to == nil {
			return fault("layer", name, "is used by scheme %s; drop the scheme first", s.Name)
		}
		if err := s.Validate(then); err != nil {
			return fault("layer", name, "is used by scheme %s: %v", s.Name, err)
		}
		for _, attribute := range []string{s.Cells.Code, s.Cells.Name} {
			if i := from.MatchAttribute(attribute); attribute != "" && to.MatchAttribute(attribute) != i {
				return fault("attributes", attribute, "is what scheme %s calls the attribute %s; alter the scheme first", s.Name, from.Attributes[i].Name)
			}
		}
	}
	return nil
}

// meet looks whether the features of a layer hold what its alteration demands.
func meet(c City, l *data.Layer, demands []Demand) error {
	if len(demands) == 0 {
		return nil
	}
	if err := c.Settle(l.Name); err != nil {
		return err
	}
	var errs []error
	for i := range demands {
		if o := standing(c, l, &demands[i]); o.count > 0 {
			errs = append(errs, fault(demands[i].Field, demands[i].Value, "%s; %s", o.String(), demands[i].Advice))
		}
	}
	return errors.Join(errs...)
}

// standing are the features that stand against a demand.
func standing(c City, l *data.Layer, d *Demand) *offenders {
	o := &offenders{}
	first := map[string]string{}
	dictionary, _ := c.Dictionary(d.Dictionary)
	for id, v := range c.Values(l.Name, d.Attribute) {
		if d.Against != nil {
			if why := d.Against(id, v); why != "" {
				o.add(id, why)
			}
		}
		if v.Null() {
			continue
		}
		if d.Target != "" && !c.Exists(d.Target, v.Text()) {
			o.add(id, fmt.Sprintf("has %q, which is no feature of %s", v.Text(), d.Target))
		}
		if d.Dictionary != "" {
			if _, known := dictionary.Term(v.Text()); !known {
				o.add(id, fmt.Sprintf("has %q, which is no code of it", v.Text()))
			}
		}
		if d.Unique {
			code := v.String()
			if other, taken := first[code]; taken {
				o.add(id, fmt.Sprintf("has %q as %q does", code, other))
			} else {
				first[code] = id
			}
		}
	}
	return o
}
