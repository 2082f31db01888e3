package index

import (
	"slices"
	"sync"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/column"
	"github.com/gewu-city/gewu/index/mask"
)

// Sight is what of a layer exists for somebody. What is out of sight is not there for any reader: no method of the
// [Layer] tells of it, so that whatever is built on Worlds keeps to it without knowing it.
type Sight struct {
	// Name tells the sights of a layer apart: those of one name and Since show the same of the same World. It is not
	// empty.
	Name string
	// Hidden are names of attributes that do not exist, as if they had been dropped.
	Hidden []string
	// Keep leaves of the slots of existing features of the whole layer those that exist; it may overwrite its argument,
	// and be called by several goroutines at once. What it says of a feature may depend on that feature, and on what
	// Since covers. Nil leaves all.
	Keep func(whole *Layer, slots []Slot) []Slot
	// Since is the newest Seq of all else that Keep depends on, such as the outlines of areas.
	Since data.Seq
}

// Seen is the World as somebody sees it: the layers for which look reports true, and of those what their sights show. A
// layer whose Sight says nothing is shown as it is, and what is known of it is shared with those who see everything.
// Schemes of layers that are out of sight are out of sight too, and dictionaries that only they use, and plans that
// change them. name tells such Worlds apart, and is not empty. before is what the same name showed of another state of
// the city, or nil: what it knows of unchanged features is used again.
func (w *World) Seen(name string, before *World, look func(*Layer) (Sight, bool)) *World {
	if before != nil && (before.epoch != w.epoch || before.Line() != w.Line() || before.view != name) {
		before = nil
	}
	seen := *w
	seen.view, seen.whole = name, w
	seen.layers = nil
	for _, l := range w.layers {
		if s, ok := look(l); ok {
			seen.layers = append(seen.layers, l.seen(&s, before))
		}
	}
	seen.schemes = w.schemes.only(func(s *data.Scheme) bool { return seen.has(s.Cells.Layer) })
	used := w.dictionariesUsed()
	shown := seen.dictionariesUsed()
	seen.dictionaries = w.dictionaries.only(func(d *data.Dictionary) bool { return shown[d.Name] || !used[d.Name] })
	seen.plans = slices.DeleteFunc(slices.Clone(w.plans), func(p Plan) bool {
		return slices.ContainsFunc(p.Layers, func(l data.PlanLayer) bool { return !seen.has(l.Name) })
	})
	return &seen
}

// View is the name under which somebody sees the World, empty for the World itself.
func (w *World) View() string { return w.view }

// Whole is the World of which this one is what somebody sees: itself when it is not.
func (w *World) Whole() *World {
	if w.whole == nil {
		return w
	}
	return w.whole
}

func (w *World) has(layer string) bool {
	_, ok := w.Layer(layer)
	return ok
}

// dictionariesUsed are the dictionaries of the attributes of all layers.
func (w *World) dictionariesUsed() map[string]bool {
	used := map[string]bool{}
	for _, l := range w.layers {
		for _, a := range l.def.Live() {
			used[a.Dictionary] = true
		}
	}
	return used
}

// only are the definitions that pass, in the order in which they were.
func (c *catalog[T]) only(pass func(*T) bool) (some catalog[T]) {
	for i, def := range c.list {
		if pass(def) {
			some.names, some.list, some.seqs = append(some.names, c.names[i]), append(some.list, def), append(some.seqs, c.seqs[i])
		}
	}
	return some
}

// View names what is in sight of the layer, empty for all of it.
func (l *Layer) View() string { return l.view }

// Masked reports whether features may be out of sight.
func (l *Layer) Masked() bool { return l.mask != nil }

// Whole is the layer of which this one is what somebody sees: itself when it is not.
func (l *Layer) Whole() *Layer {
	if l.whole == nil {
		return l
	}
	return l.whole
}

func (l *Layer) seen(s *Sight, before *World) *Layer {
	hidden := slices.DeleteFunc(slices.Clone(s.Hidden), func(name string) bool { return l.def.AttributeIndex(name) < 0 })
	if len(hidden) == 0 && s.Keep == nil {
		return l
	}
	seen := *l
	seen.whole, seen.view = l, s.Name
	if len(hidden) > 0 {
		seen.def = without(l.def, hidden)
		seen.rows.attrs = slices.Clone(l.rows.attrs)
		for _, name := range hidden {
			seen.rows.attrs[l.def.AttributeIndex(name)] = column.Values{}
		}
	}
	if s.Keep == nil {
		return &seen
	}
	seen.mask = newMasked(l, s)
	if before == nil {
		return &seen
	}
	if old, ok := before.Layer(l.def.Name); ok && old.view == seen.view && old.mask != nil && old.mask.since == s.Since && old.defSeq == l.defSeq {
		if changed, ok := l.Changed(old.Whole()); ok {
			seen.mask.Follow(old.mask.Mask, changed)
		}
	}
	return &seen
}

// without is a definition for those to whom some attributes do not exist: these keep their places, as dropped ones do,
// and nothing names them. Names that there are not change nothing.
func without(l *data.Layer, names []string) *data.Layer {
	some := *l
	some.Attributes, some.Roles = slices.Clone(l.Attributes), l.Roles.Clone()
	gone := func(name string) bool { return slices.Contains(names, name) && l.AttributeIndex(name) >= 0 }
	for _, part := range some.Roles.Parts() {
		if gone(*part.Attribute) {
			*part.Attribute = ""
		}
	}
	if gone(some.ID.Attribute) {
		some.ID.Attribute = ""
	}
	if gone(some.Tiles.Importance) {
		some.Tiles.Importance = ""
	}
	if gone(l.Chooser()) {
		some.Symbols = data.Symbols{Default: l.Symbols.Default}
	}
	for i, a := range l.Attributes {
		if gone(a.Name) && !a.Dropped {
			some.Attributes[i] = data.Attribute{Type: a.Type, Dropped: true}
		}
	}
	return &some
}

// masked knows which features of a layer are in sight.
type masked struct {
	*mask.Mask[Slot]
	whole *Layer
	since data.Seq

	once   sync.Once // guards what follows
	count  int
	bounds geo.Box
}

func newMasked(l *Layer, s *Sight) *masked {
	return &masked{whole: l, since: s.Since, Mask: mask.New(l.next, func(from, to Slot) []Slot {
		slots := make([]Slot, 0, to-from)
		for at := from; at < to; at++ {
			if l.Alive(at) {
				slots = append(slots, at)
			}
		}
		return s.Keep(l, slots)
	})}
}

// sum counts what is in sight, and finds the box around it.
func (m *masked) sum() (count int, bounds geo.Box) {
	m.once.Do(func() {
		m.bounds = geo.EmptyBox()
		for s := range m.whole.Slots() {
			if m.Has(s) {
				m.count++
				m.bounds = m.bounds.Union(m.whole.Box(s))
			}
		}
	})
	return m.count, m.bounds
}

// shows reports whether an existing feature is in sight.
func (l *Layer) shows(s Slot) bool { return l.mask == nil || l.mask.Has(s) }

// visiting passes on to visit the slots that are in sight.
func (l *Layer) visiting(visit func(Slot) bool) func(Slot) bool {
	if l.mask == nil {
		return visit
	}
	return func(s Slot) bool { return !l.mask.Has(s) || visit(s) }
}

// Of returns features as a layer of the same definition, so that what is written for layers can judge what is not in
// the city yet. The slot of each is its position. They are not found by their ids, which may repeat.
func (l *Layer) Of(features []data.Feature) *Layer {
	t := newTable(l.def, l.defSeq)
	t.born = l.born
	for i := range features {
		f := &features[i]
		row := uint32(t.next)
		t.rows.ids.Set(t.generation, row, f.ID)
		t.rows.permanents.Set(t.generation, row, row+1)
		t.rows.seqs.Set(t.generation, row, l.seq)
		t.rows.states.Set(t.generation, row, rowAlive)
		box := f.Shape.Box()
		t.setShape(t.next, f.Shape, box)
		t.place(t.next, box)
		for a := range t.rows.attrs {
			t.rows.attrs[a].Put(t.generation, row, f.Value(a))
		}
		t.next++
		t.alive++
	}
	return t.publish()
}
