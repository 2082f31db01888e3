// Package linkage shows a World to the rules about links: which features refer to which, which values are taken, which
// codes exist. The store has the last word about them; whoever asks here learns before it what is wrong with a feature.
package linkage

import (
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/index"
)

// World implements [rules.Features] with the features that are visible.
type World struct{ *index.World }

// Rules are the links that the definitions demand. They hold as long as [index.World.Defined] stays.
func (w World) Rules() *rules.Links { return rules.NewLinks(definitions(w)) }

// Exists implements [rules.Features].
func (w World) Exists(layer, id string) bool {
	l, ok := w.Layer(layer)
	if ok {
		_, ok = l.Lookup(id)
	}
	return ok
}

// Holders implements [rules.Features].
func (w World) Holders(layer string, i int, text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		l, ok := w.Layer(layer)
		if !ok || i >= len(l.Def().Attributes) {
			return
		}
		for s := range l.Equal(i, data.TextValue(l.Def().Attributes[i].Type, text)) {
			if !yield(l.ID(s)) {
				return
			}
		}
	}
}

// Feature implements [rules.Features].
func (w World) Feature(layer, id string) (data.Feature, bool) {
	l, ok := w.Layer(layer)
	if !ok {
		return data.Feature{}, false
	}
	s, ok := l.Lookup(id)
	if !ok {
		return data.Feature{}, false
	}
	return l.Feature(s), true
}

// definitions are those of a World.
type definitions struct{ *index.World }

// Layer implements [rules.Definitions].
func (d definitions) Layer(name string) (*data.Layer, bool) {
	l, ok := d.World.Layer(name)
	if !ok {
		return nil, false
	}
	return l.Def(), true
}

// AllLayers implements [rules.Definitions].
func (d definitions) AllLayers() iter.Seq[*data.Layer] {
	return func(yield func(*data.Layer) bool) {
		for _, l := range d.Layers() {
			if !yield(l.Def()) {
				return
			}
		}
	}
}

// AllSchemes implements [rules.Definitions].
func (d definitions) AllSchemes() iter.Seq[*data.Scheme] { return slices.Values(d.Schemes()) }
