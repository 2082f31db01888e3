package rules

import (
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// defineDictionary verifies that a dictionary is valid and keeps the codes that features have, or that no attribute
// names one that is dropped.
func defineDictionary(c City, ch *data.Change) error {
	if ch.Op == data.OpPut {
		if err := sameName(ch, ch.Dictionary.Name); err != nil {
			return err
		}
		if err := ch.Dictionary.Validate(); err != nil {
			return err
		}
	}
	old, exists := c.Dictionary(ch.Layer)
	if !exists {
		return nil
	}
	gone := map[string]bool{}
	for _, t := range old.Entries {
		if ch.Op == data.OpPut {
			if _, kept := ch.Dictionary.Term(t.Code); kept {
				continue
			}
		}
		gone[t.Code] = true
	}
	var errs []error
	for l := range c.AllLayers() {
		for i, a := range l.Live() {
			if a.Dictionary != ch.Layer {
				continue
			}
			if ch.Op == data.OpDelete {
				errs = append(errs, fault("name", ch.Layer, "is the dictionary of attribute %s of layer %s; take it out of there first", a.Name, l.Name))
				continue
			}
			if err := keepsCodes(c, l, i, gone); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// keepsCodes verifies that no feature has a code that is gone, and no default is one.
func keepsCodes(c City, l *data.Layer, i int, gone map[string]bool) error {
	if len(gone) == 0 {
		return nil
	}
	a := &l.Attributes[i]
	if v := a.Fallback(); gone[v.Text()] {
		return fault("entries", v.Text(), "are to lose the code, which is the default of %s in layer %s; alter that first", a.Name, l.Name)
	}
	if err := c.Settle(l.Name); err != nil {
		return err
	}
	var o offenders
	for id, v := range c.Values(l.Name, i) {
		if gone[v.Text()] {
			o.add(id, fmt.Sprintf("has %q", v.Text()))
		}
	}
	if o.count > 0 {
		return fault("entries", "", "are to lose codes that features of layer %s have as %s: %s; keep those codes, with the edition in which they end as to", l.Name, a.Name, o.String())
	}
	return nil
}

// codes are the attributes of a layer whose values a dictionary has.
type codes struct {
	attribute
	dictionary *data.Dictionary
}

// Codes verifies the values of a feature that dictionaries have. The error is a *data.FieldError.
func (l *Links) Codes(layer string, f *data.Feature) error {
	for _, c := range l.codes[layer] {
		v := f.Value(c.place)
		if !v.Type().IsText() {
			continue
		}
		if _, known := c.dictionary.Term(v.Text()); !known {
			return c.dictionary.Lacks("properties."+c.name, v.Text())
		}
	}
	return nil
}
