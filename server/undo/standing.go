package undo

import (
	"errors"
	"iter"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/linkage"
)

// standing is what an undo finds when it is done, in as far as links ask for it: the features that the operation left
// are on their way to what they were, and neither refer to anything nor are missed by what comes back with them. The
// store checks what that leaves open.
type standing struct {
	linkage.World
	rules *rules.Links
	own   map[data.Seq]bool
}

func newStanding(w *index.World, own map[data.Seq]bool) standing {
	s := standing{World: linkage.World{World: w}, own: own}
	s.rules = s.Rules()
	return s
}

// mayEnd says what stands against the end of a feature.
func (s *standing) mayEnd(layer, id string) error {
	if !s.rules.Concerns(data.OpDelete, layer) {
		return nil
	}
	return s.rules.Delete(s, layer, id, &rules.Emptied{Most: data.MaxTxChanges})
}

// mayPut says what stands against an older state of a feature.
func (s *standing) mayPut(layer *data.Layer, f *data.Feature) error {
	if err := layer.Check(f); err != nil {
		return err
	}
	if err := s.rules.Codes(layer.Name, f); err != nil {
		return err
	}
	return s.rules.Put(s, layer.Name, f)
}

// mine reports whether the operation was the last to change a feature.
func (s *standing) mine(layer, id string) bool {
	l, ok := s.Layer(layer)
	if !ok {
		return false
	}
	head, ok := l.Head(id)
	return ok && s.own[head.Seq]
}

// Exists implements [rules.Features].
func (s *standing) Exists(layer, id string) bool {
	return s.World.Exists(layer, id) || s.mine(layer, id)
}

// Holders implements [rules.Features].
func (s *standing) Holders(layer string, i int, text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for id := range s.World.Holders(layer, i, text) {
			if !s.mine(layer, id) && !yield(id) {
				return
			}
		}
	}
}

// reason is why a feature stays, for those who read its name beside it.
func reason(err error) string {
	if field, ok := errors.AsType[*data.FieldError](err); ok && field.Field == "id" {
		return field.Why
	}
	return err.Error()
}
