package edit

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
)

// Split cuts a cell along a line. The largest piece keeps code, attributes and parent, or the one that holds Keep; the others
// take the new codes, the larger ones first, with the parent and the attributes of the whole. Parts of the cell that the
// line does not cut stay with the piece that keeps the code.
type Split struct {
	Code string
	Line []geo.Point
	New  []string
	Keep *geo.Point
}

// Change implements [Op].
func (s Split) Change(c *coverage.Coverage) (coverage.Change, error) {
	id, f, err := open(c, s.Code)
	if err != nil {
		return coverage.Change{}, err
	}
	line, err := path(s.Line)
	if err != nil {
		return coverage.Change{}, err
	}
	if err := fresh(c, s.New); err != nil {
		return coverage.Change{}, err
	}
	o := c.Overlay([]coverage.FaceID{id}, [][]geo.Point{line})
	var cut []int
	for i, r := range o.Regions {
		if r.Cut {
			cut = append(cut, i)
		}
	}
	if len(cut) == 0 {
		shape := c.Shape(id)
		for _, end := range [...]geo.Point{line[0], line[len(line)-1]} {
			if shape.Contains(end) && !shape.OnBoundary(end) {
				return coverage.Change{}, refuse(Misses, &end, codes(s.Code), "the cut ends inside cell %s", s.Code)
			}
		}
		return coverage.Change{}, refuse(Misses, &line[0], codes(s.Code), "the cut misses cell %s", s.Code)
	}
	largest(o, cut)
	if s.Keep != nil {
		at := slices.IndexFunc(cut, func(i int) bool { return o.Regions[i].Shape.Contains(*s.Keep) })
		if at < 0 {
			return coverage.Change{}, refuse(Misses, s.Keep, codes(s.Code), "the place of the piece that keeps code %s is in none of the pieces", s.Code)
		}
		kept := cut[at]
		cut = slices.Insert(slices.Delete(cut, at, at+1), 0, kept)
	}
	if len(s.New) != len(cut)-1 {
		at := geo.LabelPoint(o.Regions[cut[len(cut)-1]].Shape)
		return coverage.Change{}, refuse(Count, &at, codes(s.Code), "the cut makes %d pieces of cell %s, which need %d new codes, not %d", len(cut), s.Code, len(cut)-1, len(s.New))
	}
	owner := map[int]coverage.FaceID{}
	faces := map[coverage.FaceID]*coverage.Face{}
	for k, code := range s.New {
		next := c.MaxFace() + coverage.FaceID(k)
		owner[cut[k+1]] = next
		faces[next] = &coverage.Face{Code: code, Parent: f.Parent, Attributes: f.Attributes}
	}
	return o.Redraw(func(r int) coverage.FaceID { return cmp.Or(owner[r], id) }, faces), nil
}

// largest orders regions, the largest first, those of the same size by their place.
func largest(o *coverage.Overlay, list []int) {
	slices.SortFunc(list, func(a, b int) int {
		p, q := &o.Regions[a], &o.Regions[b]
		pa, qa := geo.LabelPoint(p.Shape), geo.LabelPoint(q.Shape)
		return cmp.Or(cmp.Compare(q.Twice, p.Twice), cmp.Compare(pa.X, qa.X), cmp.Compare(pa.Y, qa.Y))
	})
}

// Merge joins cells of one parent that hang together. Keep is the code that stays, with its attributes; empty keeps that of
// the largest cell.
type Merge struct {
	Codes []string
	Keep  string
}

// Change implements [Op].
func (m Merge) Change(c *coverage.Coverage) (coverage.Change, error) {
	var ids []coverage.FaceID
	for _, code := range m.Codes {
		id, f, err := open(c, code)
		if err != nil {
			return coverage.Change{}, err
		}
		if first := c.Face(firstOf(ids, id)); first.Parent != f.Parent {
			at := geo.LabelPoint(c.Shape(id))
			return coverage.Change{}, refuse(Parents, &at, codes(first.Code, code), "cells %s and %s belong to %q and %q; reassign one first", first.Code, code, first.Parent, f.Parent)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) < 2 {
		return coverage.Change{}, refuse(Nothing, nil, m.Codes, "merging needs two cells")
	}
	if lone, ok := together(c, ids); !ok {
		at := geo.LabelPoint(c.Shape(lone))
		return coverage.Change{}, refuse(Apart, &at, codes(c.Face(lone).Code), "cell %s is no neighbour of the others", c.Face(lone).Code)
	}
	keep := slices.MaxFunc(ids, func(a, b coverage.FaceID) int { return cmp.Or(cmp.Compare(c.Twice(a), c.Twice(b)), cmp.Compare(b, a)) })
	if m.Keep != "" {
		id, ok := c.Lookup(m.Keep)
		if !ok || !slices.Contains(ids, id) {
			return coverage.Change{}, refuse(Unknown, nil, codes(m.Keep), "code %s, which is to stay, is not among the cells", m.Keep)
		}
		keep = id
	}
	faces := map[coverage.FaceID]*coverage.Face{}
	for _, id := range ids {
		if id != keep {
			faces[id] = nil
		}
	}
	in := func(id coverage.FaceID) coverage.FaceID {
		if slices.Contains(ids, id) {
			return keep
		}
		return id
	}
	gone := c.ArcsOf(ids)
	var borders []coverage.Border
	for _, id := range gone {
		for _, b := range c.Arc(id).Pieces() {
			if b.Left, b.Right = in(b.Left), in(b.Right); b.Left != b.Right {
				borders = append(borders, b)
			}
		}
	}
	return c.Redraw(gone, borders, faces), nil
}

func firstOf(ids []coverage.FaceID, other coverage.FaceID) coverage.FaceID {
	if len(ids) > 0 {
		return ids[0]
	}
	return other
}

// together reports whether faces hang together by common borders, and else one that does not.
func together(c *coverage.Coverage, ids []coverage.FaceID) (coverage.FaceID, bool) {
	reached := map[coverage.FaceID]bool{ids[0]: true}
	for queue := ids[:1:1]; len(queue) > 0; queue = queue[1:] {
		for _, n := range c.Neighbours(queue[0]) {
			if slices.Contains(ids, n) && !reached[n] {
				reached[n] = true
				queue = append(queue, n)
			}
		}
	}
	for _, id := range ids {
		if !reached[id] {
			return id, false
		}
	}
	return 0, true
}

// Carve makes a cell of the ground of another within a ring, which may touch its border and not cross it.
type Carve struct {
	Code string
	Ring []geo.Point // closed or not
	New  string
}

// Change implements [Op].
func (v Carve) Change(c *coverage.Coverage) (coverage.Change, error) {
	id, f, err := open(c, v.Code)
	if err != nil {
		return coverage.Change{}, err
	}
	ring, err := closed(v.Ring)
	if err != nil {
		return coverage.Change{}, err
	}
	if err := fresh(c, []string{v.New}); err != nil {
		return coverage.Change{}, err
	}
	o := c.Overlay([]coverage.FaceID{id}, [][]geo.Point{ring})
	if len(o.Beyond) > 0 {
		return coverage.Change{}, refuse(Misses, &o.Beyond[0].A, codes(v.Code), "the ring leaves cell %s", v.Code)
	}
	next := c.MaxFace()
	owner := map[int]coverage.FaceID{}
	left := 0
	for i, r := range o.Regions {
		if r.Within {
			owner[i] = next
		} else {
			left++
		}
	}
	if len(owner) == 0 || left == 0 {
		return coverage.Change{}, refuse(Misses, &ring[0], codes(v.Code), "the ring must leave ground on both its sides to carve a cell out of %s", v.Code)
	}
	faces := map[coverage.FaceID]*coverage.Face{next: {Code: v.New, Parent: f.Parent, Attributes: f.Attributes}}
	return o.Redraw(func(r int) coverage.FaceID { return cmp.Or(owner[r], id) }, faces), nil
}

// closed is a ring as a line that ends where it begins.
func closed(ring []geo.Point) ([]geo.Point, error) {
	ring = slices.Clone(ring)
	if len(ring) > 0 && ring[0] != ring[len(ring)-1] {
		ring = append(ring, ring[0])
	}
	ring, err := path(ring)
	if err != nil {
		return nil, err
	}
	if len(ring) < 4 {
		return nil, refuse(Misses, &ring[0], nil, "a ring needs three points")
	}
	return ring, nil
}

// Absorb gives a cell the ground of its neighbours within a ring. What it takes hangs together with it, cells that would lose
// everything are to be merged, and none may fall apart.
type Absorb struct {
	Code string
	Ring []geo.Point // closed or not
}

// Change implements [Op].
func (a Absorb) Change(c *coverage.Coverage) (coverage.Change, error) {
	id, f, err := open(c, a.Code)
	if err != nil {
		return coverage.Change{}, err
	}
	ring, err := closed(a.Ring)
	if err != nil {
		return coverage.Change{}, err
	}
	faces := []coverage.FaceID{id}
	box := geo.EmptyBox()
	for _, p := range ring {
		box = box.Extend(p)
	}
	for other := range c.Faces() {
		if other != id && meets(c, other, box) {
			faces = append(faces, other)
		}
	}
	o := c.Overlay(faces, [][]geo.Point{ring})
	taken, has := make([]bool, len(o.Regions)), make([]bool, len(o.Regions))
	some := false
	for i, r := range o.Regions {
		has[i] = r.Face == id
		taken[i] = r.Face != id && r.Within
		some = some || taken[i]
	}
	if !some {
		return coverage.Change{}, refuse(Misses, &ring[0], codes(a.Code), "there is nothing within the ring for cell %s to take", a.Code)
	}
	for again := true; again; {
		again = false
		for p, q := range o.Touching() {
			if taken[p] && has[q] && !has[p] {
				has[p], again = true, true
			}
			if taken[q] && has[p] && !has[q] {
				has[q], again = true, true
			}
		}
	}
	for i, r := range o.Regions {
		at := geo.LabelPoint(r.Shape)
		from := c.Face(r.Face)
		switch {
		case !taken[i]:
		case !has[i]:
			return coverage.Change{}, refuse(Apart, &at, codes(a.Code, from.Code), "the ground of cell %s within the ring does not hang together with cell %s", from.Code, a.Code)
		case from.Locked:
			return coverage.Change{}, refuse(Locked, &at, codes(from.Code), "cell %s is locked", from.Code)
		case from.Parent != f.Parent:
			return coverage.Change{}, refuse(Parents, &at, codes(a.Code, from.Code), "cells %s and %s belong to %q and %q; reassign one first", a.Code, from.Code, f.Parent, from.Parent)
		case !slices.ContainsFunc(seq(len(o.Regions)), func(k int) bool { return o.Regions[k].Face == r.Face && !taken[k] }):
			return coverage.Change{}, refuse(Apart, &at, codes(from.Code), "nothing would be left of cell %s; merge it instead", from.Code)
		}
	}
	ch := o.Redraw(func(r int) coverage.FaceID {
		if has[r] {
			return id
		}
		return o.Regions[r].Face
	}, nil)
	return ch, whole(c, ch)
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// meets reports whether the box of a face meets another.
func meets(c *coverage.Coverage, id coverage.FaceID, box geo.Box) bool {
	own := geo.EmptyBox()
	for _, a := range c.SideArcs(id) {
		for _, p := range a.Points {
			own = own.Extend(p)
		}
	}
	return own.Intersects(box)
}

// whole refuses a change by which a cell falls apart.
func whole(c *coverage.Coverage, ch coverage.Change) error {
	after, err := c.Apply(ch)
	if err != nil {
		return err
	}
	for _, id := range ch.Touched() {
		now := after.Shape(id)
		if was := c.Shape(id); was.NumPolygons() > 0 && now.NumPolygons() > was.NumPolygons() {
			at, code := geo.LabelPoint(now), after.Face(id).Code
			return refuse(Apart, &at, codes(code), "cell %s would fall into %d parts", code, now.NumPolygons())
		}
	}
	return nil
}
