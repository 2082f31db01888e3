package rules

import (
	"cmp"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// Features are the features that a transaction leaves behind, in as far as links ask for them.
type Features interface {
	// Exists reports whether a layer has a feature.
	Exists(layer, id string) bool
	// Holders yields the ids of the features of a layer whose own value of attribute i is a text; each once, in no
	// particular order. It is asked for refs and unique attributes.
	Holders(layer string, i int, text string) iter.Seq[string]
	// Feature is a feature that exists, with its own values.
	Feature(layer, id string) (data.Feature, bool)
}

// Links are what definitions demand of features beyond their own layer or beyond one feature: refs, unique values, codes.
// They are derived from definitions alone and immutable.
type Links struct {
	layers   map[string]*layerLinks
	incoming map[string][]reference
	codes    map[string][]codes
}

// layerLinks are the links of the features of one layer.
type layerLinks struct {
	refs   []reference
	unique []attribute
}

type attribute struct {
	place int
	name  string
}

// reference is a ref attribute of a layer.
type reference struct {
	attribute
	layer, target string
	setNull       bool
}

// NewLinks finds the links of definitions.
func NewLinks(d Definitions) *Links {
	l := &Links{layers: map[string]*layerLinks{}, incoming: map[string][]reference{}, codes: map[string][]codes{}}
	for def := range d.AllLayers() {
		of := &layerLinks{}
		for i, a := range def.Live() {
			at := attribute{i, a.Name}
			if a.Ref != "" {
				r := reference{at, def.Name, a.Ref, a.OnDelete == data.SetNull}
				of.refs = append(of.refs, r)
				l.incoming[a.Ref] = append(l.incoming[a.Ref], r)
			}
			if a.Unique {
				of.unique = append(of.unique, at)
			}
			if dictionary, ok := d.Dictionary(a.Dictionary); ok {
				l.codes[def.Name] = append(l.codes[def.Name], codes{at, dictionary})
			}
		}
		if len(of.refs)+len(of.unique) > 0 {
			l.layers[def.Name] = of
		}
	}
	return l
}

// Holding yields the texts of a feature of a layer that others are found by, with the position of the attribute.
func (l *Links) Holding(layer string, f *data.Feature) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		of := l.layers[layer]
		if of == nil {
			return
		}
		for _, r := range of.refs {
			if v := f.Value(r.place); v.Type().IsText() && !yield(r.place, v.Text()) {
				return
			}
		}
		for _, u := range of.unique {
			if v := f.Value(u.place); v.Type().IsText() && !yield(u.place, v.Text()) {
				return
			}
		}
	}
}

// Concerns reports whether a change of a feature of a layer can break a link: a put or delete of it has to be passed to
// Put or Delete when its transaction is complete.
func (l *Links) Concerns(op data.Op, layer string) bool {
	if op == data.OpDelete {
		return len(l.incoming[layer]) > 0
	}
	return l.layers[layer] != nil
}

// Linked reports whether features of a layer have links that others ask for.
func (l *Links) Linked(layer string) bool { return l.layers[layer] != nil }

// Put verifies the links of a feature that a transaction leaves behind. The error is a *data.FieldError.
func (l *Links) Put(c Features, layer string, f *data.Feature) error {
	of := l.layers[layer]
	if of == nil {
		return nil
	}
	for _, r := range of.refs {
		if v := f.Value(r.place); v.Type().IsText() && !c.Exists(r.target, v.Text()) {
			return fault("properties."+r.name, v.Text(), "is no feature of layer %s; put that first, or in the same transaction", r.target)
		}
	}
	for _, u := range of.unique {
		v := f.Value(u.place)
		if !v.Type().IsText() {
			continue
		}
		for id := range c.Holders(layer, u.place, v.Text()) {
			if id != f.ID {
				return fault("properties."+u.name, v.Text(), "is what feature %q has already, and the attribute is unique", id)
			}
		}
	}
	return nil
}

// Delete verifies that nothing refers to a feature that a transaction has deleted. Refs that may be emptied are added
// to those that the transaction takes with it. The error is a *data.FieldError.
func (l *Links) Delete(c Features, layer, id string, with *Emptied) error {
	for _, r := range l.incoming[layer] {
		var o offenders
		for holder := range c.Holders(r.layer, r.place, id) {
			if !r.setNull {
				o.add(holder, "")
			} else if err := with.add(c, r, holder); err != nil {
				return err
			}
			if o.count == mostCounted {
				break
			}
		}
		if o.count > 0 {
			return fault("id", id, "cannot be deleted while %s of layer %s %s to it by %s: %s; delete or change them before, or in the same transaction",
				o.number(), r.layer, map[bool]string{true: "refers", false: "refer"}[o.count == 1], r.name, o.names())
		}
	}
	return nil
}

// mostCounted bounds the features that a refusal counts.
const mostCounted = 10_000

// Emptied are the features whose refs a transaction empties because of what it deletes.
type Emptied struct {
	// Most bounds their number.
	Most     int
	features map[feature]*data.Feature
}

type feature struct{ layer, id string }

// add empties one ref of a feature; several of one feature become one change.
func (e *Emptied) add(c Features, r reference, id string) error {
	key := feature{r.layer, id}
	f := e.features[key]
	if f == nil {
		have, ok := c.Feature(r.layer, id)
		if !ok {
			return nil
		}
		if len(e.features) == e.Most {
			return fault("id", r.target, "is referred to by more features of layer %s than one transaction can change with it (%d more); empty %s of them in steps first", r.layer, e.Most, r.name)
		}
		have.Values = slices.Clone(have.Values)
		f = &have
		if e.features == nil {
			e.features = map[feature]*data.Feature{}
		}
		e.features[key] = f
	}
	if r.place < len(f.Values) {
		f.Values[r.place] = data.Value{}
	}
	return nil
}

// Changes are the changes that empty them, in the order of layers and ids.
func (e *Emptied) Changes() []data.Change {
	var list []data.Change
	for key, f := range e.features {
		list = append(list, data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: key.layer, Feature: *f})
	}
	slices.SortFunc(list, func(a, b data.Change) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Feature.ID, b.Feature.ID))
	})
	return list
}
