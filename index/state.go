package index

import (
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/records"
)

// state is a city that takes changes: the engine's own, or one of the past that is being built. It belongs to one
// goroutine.
type state struct {
	seq          data.Seq
	tables       []*table
	defined      data.Seq
	schemes      catalog[data.Scheme]
	dictionaries catalog[data.Dictionary]
	plans        []Plan
	// admins are the records about people, planning those of drafts and versions, which change with every edit.
	admins, planning records.State
}

// Plan is a planned publication, without its changes, and where it stands in the log.
type Plan struct {
	*data.Plan
	// Planned is the entry that holds its changes, Seq that of its newest record.
	Planned, Seq data.Seq
}

func (s *state) table(name string) *table {
	for _, t := range s.tables {
		if t.def.Name == name {
			return t
		}
	}
	return nil
}

// apply takes one change. With pending it notes what became dirty, with replaced what the change of a feature replaces.
func (s *state) apply(seq data.Seq, c *data.Change, pending map[string]*dirtyLayer, replaced *[]version) error {
	if c.Erased {
		return nil // a newer change stands at or before the horizon
	}
	switch c.Stream {
	case data.StreamFeature:
		t := s.table(c.Layer)
		if t == nil {
			return fmt.Errorf("layer %q does not exist", c.Layer)
		}
		before, after := t.apply(seq, c, replaced)
		if pending != nil {
			noteDirty(pending, c.Layer, before, after)
		}
	case data.StreamSchema:
		s.defined = max(s.defined, seq)
		s.applySchema(seq, c)
	case data.StreamScheme:
		s.defined = max(s.defined, seq)
		s.schemes.apply(seq, c.Layer, c.Scheme)
	case data.StreamDictionary:
		s.defined = max(s.defined, seq)
		s.dictionaries.apply(seq, c.Layer, c.Dictionary)
	case data.StreamAdmin:
		switch {
		case c.Plan != nil:
			s.applyPlan(seq, c)
		case data.Planning(c.Layer):
			s.planning.Apply(seq, c)
		case c.Kept():
			s.admins.Apply(seq, c)
		}
	default:
		// Streams of other packages do not concern the World.
	}
	return nil
}

func (s *state) applySchema(seq data.Seq, c *data.Change) {
	i := slices.IndexFunc(s.tables, func(t *table) bool { return t.def.Name == c.Layer })
	switch {
	case i >= 0 && s.tables[i].defSeq >= seq:
		// The checkpoint already held a newer definition.
	case c.Op == data.OpDelete && i >= 0:
		s.tables = slices.Delete(s.tables, i, i+1)
	case c.Op == data.OpPut && i >= 0:
		s.tables[i].define(c.Definition, seq)
	case c.Op == data.OpPut:
		s.tables = append(s.tables, newTable(c.Definition, seq))
	}
}

func (s *state) applyPlan(seq data.Seq, c *data.Change) {
	next := Plan{Plan: c.Plan.Bare(), Planned: c.Prev, Seq: seq}
	if next.Planned == 0 {
		next.Planned = seq
	}
	i := slices.IndexFunc(s.plans, func(have Plan) bool { return have.ID == c.Plan.ID })
	// The slice may be shared with a published World.
	s.plans = slices.Clone(s.plans)
	switch {
	case i < 0:
		s.plans = append(s.plans, next)
	case s.plans[i].Seq < seq:
		s.plans[i] = next
	}
}

// publish is a World of what was applied. Layers that did not change are shared with old.
func (s *state) publish(old *World) *World {
	w := &World{epoch: old.epoch, seq: s.seq, schemes: s.schemes, dictionaries: s.dictionaries, defined: s.defined, plans: s.plans, records: s.admins.Publish(), planning: s.planning.Publish()}
	for _, t := range s.tables {
		if previous, ok := old.Layer(t.def.Name); ok && !t.changed {
			w.layers = append(w.layers, previous)
			continue
		}
		w.layers = append(w.layers, t.publish())
	}
	return w
}
