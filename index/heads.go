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
