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

// Unique yields the values of a feature of a layer that no other may have, with the position of the attribute.
func (l *Links) Unique(layer string, f *data.Feature) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		if of := l.layers[layer]; of != nil {
			for _, u := range of.unique {
				if v := f.Value(u.place); v.Type().IsText() && !yield(u.place, v.Text()) {
					return
				}
			}
		}
	}
}

// Inner yields the features of its own layer that a feature refers to.
func (l *Links) Inner(layer string, f *data.Feature) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range l.incoming[layer] {
			if v := f.Value(r.place); r.layer == layer && v.Type().IsText() && !yield(v.Text()) {
				return
			}
		}
	}
}

// Restricting yields the features, with their layers, that cannot be deleted while a feature refers to them.
func (l *Links) Restricting(layer string, f *data.Feature) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		of := l.layers[layer]
		if of == nil {
			return
		}
		for _, r := range of.refs {
			if v := f.Value(r.place); !r.setNull && v.Type().IsText() && !yield(r.target, v.Text()) {
				return
			}
		}
	}
}

// Recursive reports whether features of a layer refer to others of it.
func (l *Links) Recursive(layer string) bool {
	return slices.ContainsFunc(l.incoming[layer], func(r reference) bool { return r.layer == layer })
}

// Referrer is a feature of the same layer that refers to a feature, with the name of the attribute, whatever deleting the
// feature does to it; empty when there is none.
func (l *Links) Referrer(c Features, layer, id string) (holder, attribute string) {
	for _, r := range l.incoming[layer] {
		if r.layer != layer {
			continue
		}
		for holder := range c.Holders(layer, r.place, id) {
			if holder != id {
				return holder, r.name
			}
		}
	}
	return "", ""
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

// Unmet is a link of a feature that does not hold.
type Unmet struct {
	// Place and Attribute are the attribute that demands it, Value is the text in it.
	Place            int
	Attribute, Value string
	// Target is the layer of which a ref names no feature, empty for a unique value; Holder is the feature that has that.
	Target, Holder string
}

// Err is the *data.FieldError that says what does not hold.
func (u *Unmet) Err() error {
	if u.Target != "" {
		return fault("properties."+u.Attribute, u.Value, "is no feature of layer %s; put that first, or in the same transaction", u.Target)
	}
	return fault("properties."+u.Attribute, u.Value, "is what feature %q has already, and the attribute is unique", u.Holder)
}

// Unmet yields the links of a feature that do not hold.
func (l *Links) Unmet(c Features, layer string, f *data.Feature) iter.Seq[Unmet] {
	return func(yield func(Unmet) bool) {
		of := l.layers[layer]
		if of == nil {
			return
		}
		for _, r := range of.refs {
			if v := f.Value(r.place); v.Type().IsText() && !c.Exists(r.target, v.Text()) &&
				!yield(Unmet{Place: r.place, Attribute: r.name, Value: v.Text(), Target: r.target}) {
				return
			}
		}
		for _, u := range of.unique {
			v := f.Value(u.place)
			if !v.Type().IsText() {
				continue
			}
			for id := range c.Holders(layer, u.place, v.Text()) {
				if id != f.ID && !yield(Unmet{Place: u.place, Attribute: u.name, Value: v.Text(), Holder: id}) {
					return
				}
			}
		}
	}
}

// Put verifies the links of a feature that a transaction leaves behind. The error is a *data.FieldError.
func (l *Links) Put(c Features, layer string, f *data.Feature) error {
	for u := range l.Unmet(c, layer, f) {
		return u.Err()
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
