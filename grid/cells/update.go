package cells

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// mostChanges bounds what is counted again change by change: features and polygons of one publication. Beyond it
// everything is counted anew when somebody asks, so that an import is not held up.
const mostChanges = 4096

// update counts what differs between the World of t and next. dirty is what is drawn differently, by name. It returns
// false when too much differs or the definitions do.
func (t *Totals) update(next *index.World) (u *Totals, dirty map[string][]geo.Box, ok bool) {
	if t.world.Defined() != next.Defined() || t.world.Epoch() != next.Epoch() {
		return nil, nil, false
	}
	budget := mostChanges
	u, dirty = &Totals{world: next}, map[string][]geo.Box{}
	changes := map[string][]index.Slot{}
	for _, l := range next.Layers() {
		old, _ := t.world.Layer(l.Def().Name)
		changed, same := l.Changed(old)
		if !same {
			return nil, nil, false
		}
		if old == l {
			continue
		}
		for s := range changed {
			if budget--; budget < 0 {
				return nil, nil, false
			}
			changes[l.Def().Name] = append(changes[l.Def().Name], s)
		}
	}
	for _, old := range t.divisions {
		d := &recount{old: old, next: next, changes: changes, touched: map[index.Slot]bool{}, left: map[string][]index.Slot{}, budget: &budget}
		if !d.run() {
			return nil, nil, false
		}
		u.divisions = append(u.divisions, d.now)
		if len(d.boxes) > 0 {
			dirty[old.layer+Suffix] = d.boxes
		}
	}
	return u, dirty, true
}

// recount brings one division up to date.
type recount struct {
	old, now *Division
	next     *index.World
	changes  map[string][]index.Slot
	// moved are the boxes of changed polygons, of before and of now.
	moved []geo.Box
	// touched are the polygons whose totals changed.
	touched map[index.Slot]bool
	// left are the features of each layer that are counted elsewhere now: those that refer to them follow.
	left   map[string][]index.Slot
	boxes  []geo.Box
	budget *int
}

func (r *recount) run() bool {
	cells, ok := r.next.Layer(r.old.layer)
	if !ok {
		return false
	}
	r.now = &Division{layer: r.old.layer, cells: cells, stamps: r.old.stamps}
	for _, s := range r.changes[r.old.layer] {
		for _, l := range []*index.Layer{r.old.cells, cells} {
			if l.Alive(s) {
				r.moved = append(r.moved, l.Box(s))
			}
		}
	}
	for _, c := range r.old.layers {
		if !r.layer(c) {
			return false
		}
	}
	r.boxes = r.moved
	if len(r.touched) == 0 {
		return true
	}
	r.now.stamps = r.old.stamps.Copy()
	for s := range r.touched {
		for _, l := range []*index.Layer{r.old.cells, cells} {
			if l.Alive(s) {
				r.now.stamps.Mark(r.next.Seq(), l.Box(s))
				r.boxes = append(r.boxes, l.Box(s))
			}
		}
	}
	return true
}

// layer recounts the features of one layer that changed or lie where polygons changed.
func (r *recount) layer(old *counted) bool {
	l, ok := r.next.Layer(old.name)
	if !ok {
		return false
	}
	changed := r.changes[old.name]
	var target *counted
	if old.via >= 0 {
		target = r.now.counted(old.target.name)
		changed = append(slices.Clone(changed), r.followers(l, old.via, target)...)
	}
	if len(changed) == 0 && (len(r.moved) == 0 || target != nil) {
		c := *old
		c.features, c.target = l, target
		r.now.layers = append(r.now.layers, &c)
		return true
	}
	e := &layerEdit{
		division: r.now, old: old, owners: old.owners.edit(), tallies: old.tallies.edit(),
		now:  &counted{name: old.name, features: l, class: old.class, sums: old.sums, via: old.via, target: target},
		done: map[index.Slot]bool{}, own: map[index.Slot]*tally{},
	}
	for _, s := range changed {
		e.move(s)
		*r.budget--
	}
	for _, box := range r.moved {
		l.Search(box, func(s index.Slot) bool {
			e.move(s)
			*r.budget--
			return *r.budget >= 0
		})
	}
	if *r.budget < 0 {
		return false
	}
	e.finish(r.touched)
	r.left[old.name] = e.left
	r.now.layers = append(r.now.layers, e.now)
	return true
}

// layerEdit is the next state of one counted layer.
type layerEdit struct {
	division *Division
	old, now *counted
	owners   *edit[uint32]
	tallies  *edit[*tally]
	done     map[index.Slot]bool
	own      map[index.Slot]*tally // the tallies that this edit may write to
	left     []index.Slot          // features that are counted elsewhere now
}

// move counts a feature out of where it was and into where it is.
func (e *layerEdit) move(s index.Slot) {
	if e.done[s] {
		return
	}
	e.done[s] = true
	before := e.owners.at(uint32(s))
	after := uint32(0)
	if e.now.features.Alive(s) {
		if cell, ok := e.division.owner(e.now, s); ok {
			after = uint32(cell) + 1
		}
	}
	if before != 0 {
		e.tally(index.Slot(before-1)).add(classOf(e.old.features, s, e.old.class), -1)
	}
	if after != 0 {
		e.tally(index.Slot(after-1)).add(classOf(e.now.features, s, e.now.class), 1)
	}
	if before != after {
		e.owners.set(uint32(s), after)
		e.left = append(e.left, s)
	}
}

func (e *layerEdit) tally(cell index.Slot) *tally {
	t := e.own[cell]
	if t == nil {
		t = e.tallies.at(uint32(cell)).clone()
		e.own[cell] = t
		e.tallies.set(uint32(cell), t)
	}
	return t
}

// finish adds up anew where something moved; adding and subtracting would drift.
func (e *layerEdit) finish(touched map[index.Slot]bool) {
	e.now.owners = e.owners.chunks
	for cell, t := range e.own {
		touched[cell] = true
		if t.features == 0 {
			e.tallies.set(uint32(cell), nil)
			continue
		}
		if len(e.now.sums) > 0 {
			t.sums = e.now.sum(e.members(cell))
		}
	}
	e.now.tallies = e.tallies.chunks
}

// members are the features counted in a polygon.
func (e *layerEdit) members(cell index.Slot) []index.Slot {
	var slots []index.Slot
	if e.now.via >= 0 {
		e.now.linkedMembers(e.division, cell, func(s index.Slot) bool {
			slots = append(slots, s)
			return true
		})
		return slots
	}
	e.now.features.Search(e.division.cells.Box(cell), func(s index.Slot) bool {
		if e.now.owners.at(uint32(s)) == uint32(cell)+1 {
			slots = append(slots, s)
		}
		return true
	})
	return slots
}
