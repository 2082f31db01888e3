package lines

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Crossing is where two roads meet.
type Crossing struct {
	At geo.Point
	// Radius is how far in metres the points at which lines meet, and the lines themselves, are from At: 0 of one point.
	Radius float64
	Lines  []uint32 // IDs of the lines of both roads that meet, ascending
}

// Crossings are the places where two roads meet, ascending by longitude, then latitude: where lines cross or touch, and
// ends of lines that are within 3 m of a line of the other road (half-way between the two). Points within 30 m of each other, also by way of others
// between them, are one crossing at their mean, as of roads with two carriageways. Where the roads meet nowhere, ends of
// lines within 30 m of the other road count, as of roads that a third one joins: each is a point half-way between the
// two. Which road is named first does not matter.
func (ix *Index) Crossings(a, b uint32) []Crossing {
	r, s := ix.road(a), ix.road(b)
	if r == nil || s == nil || a == b {
		return nil
	}
	found := meetings(r, s, touching)
	if len(found) == 0 {
		found = meetings(r, s, together)
	}
	return gather(found)
}

// edge is a segment of a line.
type edge struct {
	p, q       geo.Point
	id         uint32
	begin, end bool // p is the first point of the line; q is the last
	box        geo.Box
}

// edges are those of a road whose boxes are within a box.
func (r *road) edges(within geo.Box) (edges []edge) {
	for i := range r.lines {
		l := &r.lines[i]
		if !l.box.Intersects(within) {
			continue
		}
		run := r.run(i)
		for j := 1; j < len(run); j++ {
			box := geo.EmptyBox().Extend(run[j-1]).Extend(run[j])
			if box.Intersects(within) {
				edges = append(edges, edge{run[j-1], run[j], l.id, j == 1, j == len(run)-1, box})
			}
		}
	}
	return edges
}

// bounds is the box of all lines, with so many metres around it.
func (r *road) bounds(metres float64) geo.Box {
	box := geo.EmptyBox()
	for i := range r.lines {
		box = box.Union(r.lines[i].box)
	}
	return wide(box, metres)
}

// wide is a box with so many metres around it.
func wide(b geo.Box, metres float64) geo.Box {
	lat := max(-b.Min.Lat(), b.Max.Lat())
	mx, my := geo.Scale(min(lat, 89))
	return b.Widen(int32(metres/min(mx, my)) + 1)
}

// isTall reports whether a box is longer from south to north than from west to east.
func isTall(b geo.Box) bool { return int64(b.Max.Y)-int64(b.Min.Y) > int64(b.Max.X)-int64(b.Min.X) }

// meeting is a point where two lines meet.
type meeting struct {
	at    geo.Point
	apart float64 // metres between the lines
	lines [2]uint32
}

// meetings are the points at which edges of two roads meet, or ends come within so many metres. Edges are compared when they overlap along the longer side
// of what both roads cover.
func meetings(r, s *road, within float64) (found []meeting) {
	inR, inS := r.bounds(within), s.bounds(within)
	own, others := r.edges(inS), s.edges(inR)
	tall := isTall(inR.Union(inS))
	along := func(b geo.Box) (from, to int32) {
		if tall {
			return b.Min.Y, b.Max.Y
		}
		return b.Min.X, b.Max.X
	}
	for i := range own {
		own[i].box = wide(own[i].box, within)
	}
	order := func(e, f edge) int {
		i, _ := along(e.box)
		j, _ := along(f.box)
		return cmp.Compare(i, j)
	}
	slices.SortStableFunc(own, order)
	slices.SortStableFunc(others, order)
	var open []*edge // of own, which may reach the next ones
	next := 0
	for i := range others {
		e := &others[i]
		from, to := along(e.box)
		for ; next < len(own); next++ {
			if start, _ := along(own[next].box); start > to {
				break
			}
			open = append(open, &own[next])
		}
		kept := open[:0]
		for _, o := range open {
			if _, end := along(o.box); end < from {
				continue
			}
			kept = append(kept, o)
			if o.box.Intersects(e.box) {
				found = meet(found, o, e, within)
			}
		}
		open = kept
	}
	return found
}

// meet appends the points at which two edges meet.
func meet(found []meeting, e, f *edge, within float64) []meeting {
	lines := [2]uint32{min(e.id, f.id), max(e.id, f.id)}
	a, b := geo.Orient(e.p, e.q, f.p), geo.Orient(e.p, e.q, f.q)
	c, d := geo.Orient(f.p, f.q, e.p), geo.Orient(f.p, f.q, e.q)
	if a*b < 0 && c*d < 0 {
		found = append(found, meeting{cross(e, f), 0, lines})
	}
	touch := func(p geo.Point, side int, end bool, o *edge) {
		if side == 0 && geo.EmptyBox().Extend(o.p).Extend(o.q).Contains(p) {
			found = append(found, meeting{p, 0, lines})
			return
		}
		if end {
			around := around(p)
			if share, metres := around.foot(o.p, o.q); metres <= within {
				found = append(found, meeting{geo.Between(p, geo.Between(o.p, o.q, share), 0.5), metres, lines})
			}
		}
	}
	touch(f.p, a, f.begin, e)
	touch(f.q, b, f.end, e)
	touch(e.p, c, e.begin, f)
	touch(e.q, d, e.end, f)
	return found
}

// cross is the point at which two edges cross, the same whichever comes first.
func cross(e, f *edge) geo.Point {
	if cmp.Or(cmp.Compare(e.p.X, f.p.X), cmp.Compare(e.p.Y, f.p.Y), cmp.Compare(e.q.X, f.q.X), cmp.Compare(e.q.Y, f.q.Y)) > 0 {
		e, f = f, e
	}
	of := func(p, q geo.Point) (x, y float64) {
		return float64(int64(q.X) - int64(p.X)), float64(int64(q.Y) - int64(p.Y))
	}
	ux, uy := of(e.p, e.q)
	vx, vy := of(f.p, f.q)
	wx, wy := of(e.p, f.p)
	return geo.Between(e.p, e.q, max(0, min(1, (wx*vy-wy*vx)/(ux*vy-uy*vx))))
}

// gather makes crossings of meetings. Points are compared when they are near along the longer side of all.
func gather(found []meeting) []Crossing {
	box := geo.EmptyBox()
	for i := range found {
		box = box.Extend(found[i].at)
	}
	tall := isTall(box)
	slices.SortFunc(found, func(a, b meeting) int {
		if tall {
			return cmp.Or(cmp.Compare(a.at.Y, b.at.Y), cmp.Compare(a.at.X, b.at.X), cmp.Compare(a.apart, b.apart), slices.Compare(a.lines[:], b.lines[:]))
		}
		return cmp.Or(compare(a.at, b.at), cmp.Compare(a.apart, b.apart), slices.Compare(a.lines[:], b.lines[:]))
	})
	found = slices.Compact(found)
	group := make([]int, len(found)) // of each meeting the first of its crossing, or one before it that leads there
	first := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	for i := range found {
		group[i] = i
		f := around(found[i].at)
		for j := i - 1; j >= 0; j-- {
			way := f.to(found[j].at)
			if tall && -way.y > together || !tall && -way.x > together {
				break
			}
			if way.length() <= together {
				a, b := first(i), first(j)
				group[max(a, b)] = min(a, b)
			}
		}
	}
	members := map[int][]meeting{}
	for i := range found {
		members[first(i)] = append(members[first(i)], found[i])
	}
	crossings := make([]Crossing, 0, len(members))
	for _, m := range members {
		crossings = append(crossings, crossing(m))
	}
	slices.SortFunc(crossings, func(a, b Crossing) int { return compare(a.At, b.At) })
	return crossings
}

func compare(p, q geo.Point) int { return cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y)) }

// crossing is that of meetings, which ascend by their points. A point at which several lines meet counts once.
func crossing(meetings []meeting) Crossing {
	var c Crossing
	var x, y, n int64
	for i, m := range meetings {
		c.Lines = append(c.Lines, m.lines[:]...)
		if i == 0 || m.at != meetings[i-1].at {
			x, y, n = x+int64(m.at.X), y+int64(m.at.Y), n+1
		}
	}
	c.At = geo.Point{X: int32(x / n), Y: int32(y / n)}
	for _, m := range meetings {
		c.Radius = max(c.Radius, geo.Distance(c.At, m.at)+m.apart/2)
	}
	slices.Sort(c.Lines)
	c.Lines = slices.Compact(c.Lines)
	return c
}
