package index

import (
	"iter"

	"github.com/gewu-city/gewu/data"
)

// Values implements [data.Heads].
func (e *Engine) Values(layer string, i int) iter.Seq2[string, data.Value] {
	l, ok := e.World().Layer(layer)
	return func(yield func(string, data.Value) bool) {
		if !ok {
			return
		}
		for s := range l.Slots() {
			if !yield(l.ID(s), l.Own(s, i)) {
				return
			}
		}
	}
}

// Holders implements [data.Heads].
func (e *Engine) Holders(layer string, i int, text string) iter.Seq[string] {
	l, ok := e.World().Layer(layer)
	return func(yield func(string) bool) {
		if !ok || i >= len(l.def.Attributes) {
			return
		}
		for s := range l.Equal(i, data.TextValue(l.def.Attributes[i].Type, text)) {
			if !yield(l.ID(s)) {
				return
			}
		}
	}
}

// Feature implements [data.Heads].
func (e *Engine) Feature(layer, id string) (data.Feature, bool) {
	l, ok := e.World().Layer(layer)
	if !ok {
		return data.Feature{}, false
	}
	s, ok := l.Lookup(id)
	if !ok {
		return data.Feature{}, false
	}
	f := l.rows.feature(s)
	f.ID = id
	return *f, true
}
