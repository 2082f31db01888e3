package topojson

import (
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// shared are the lines and rings of shapes, cut where neighbours part.
type shared struct {
	points []geo.Point // of all lines and rings, one behind the other
	arcs   []arc
	refs   [][]int32 // the arcs of each line and ring; ^i is arc i backwards
}

// arc is a run of points, both ends included, in the direction in which it was first met or backwards.
type arc struct {
	from, to int
	reversed bool
}

// share finds the arcs of shapes. A vertex is a cut when a line or a ring starts or ends there, or when not all that
// pass it come from and go to the same two neighbours; between cuts, edges are shared as a whole or not at all.
func share(shapes []geo.Shape) *shared {
	s := &shared{}
	var ends []int // of lines and rings in points
	for _, shape := range shapes {
		if shape.Kind() == geo.KindPoint {
			continue
		}
		for i := range shape.NumRings() {
			s.points = append(s.points, shape.Ring(i)...)
			ends = append(ends, len(s.points))
		}
	}
	cuts := s.cuts(ends)
	known := map[uint64][]int32{}
	seed := maphash.MakeSeed()
	from := 0
	for _, end := range ends {
		var refs []int32
		for at := from; at < end-1; {
			to := at + 1
			for to < end-1 && !cuts[to] {
				to++
			}
			refs = append(refs, s.ref(arc{from: at, to: to + 1}, known, seed))
			at = to
		}
		s.refs = append(s.refs, refs)
		from = end
	}
	return s
}

// cuts tells for each point whether lines and rings, which end at ends, are cut there.
func (s *shared) cuts(ends []int) []bool {
	cuts := make([]bool, len(s.points))
	from := 0
	for _, end := range ends {
		cuts[from], cuts[end-1] = true, true
		from = end
	}
	order := make([]uint32, len(s.points))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int { return comparePoints(s.points[i], s.points[j]) })
	for at := 0; at < len(order); {
		to := at + 1
		for to < len(order) && s.points[order[to]] == s.points[order[at]] {
			to++
		}
		if s.parts(order[at:to], cuts) {
			for _, i := range order[at:to] {
				cuts[i] = true
			}
		}
		at = to
	}
	return cuts
}

// parts reports whether something is cut at one of the places of one point, or goes another way there.
func (s *shared) parts(places []uint32, cuts []bool) bool {
	neighbours := func(i uint32) [2]geo.Point {
		a, b := s.points[i-1], s.points[i+1]
		if comparePoints(a, b) > 0 {
			a, b = b, a
		}
		return [2]geo.Point{a, b}
	}
	if slices.ContainsFunc(places, func(i uint32) bool { return cuts[i] }) {
		return true
	}
	first := neighbours(places[0])
	return slices.ContainsFunc(places[1:], func(i uint32) bool { return neighbours(i) != first })
}

func comparePoints(a, b geo.Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) }

// ref is the number of an arc among those known, which it joins if it is new.
func (s *shared) ref(a arc, known map[uint64][]int32, seed maphash.Seed) int32 {
	n := a.to - a.from
	at := func(a arc, i int) geo.Point {
		if a.reversed {
			i = n - 1 - i
		}
		return s.points[a.from+i]
	}
	// Both directions get one hash: that of the smaller one.
	for i := range n {
		if c := comparePoints(s.points[a.from+i], s.points[a.to-1-i]); c != 0 {
			a.reversed = c > 0
			break
		}
	}
	var h maphash.Hash
	h.SetSeed(seed)
	for i := range n {
		maphash.WriteComparable(&h, at(a, i))
	}
	sum := h.Sum64()
	for _, i := range known[sum] {
		b := s.arcs[i]
		if b.to-b.from != n {
			continue
		}
		same := true
		for k := 0; same && k < n; k++ {
			same = at(a, k) == at(b, k)
		}
		if same {
			return direction(a, i)
		}
	}
	i := int32(len(s.arcs))
	s.arcs = append(s.arcs, a)
	known[sum] = append(known[sum], i)
	return direction(a, i)
}

// direction is the number of an arc as a line uses it that runs against the arc or with it.
func direction(a arc, i int32) int32 {
	if a.reversed {
		return ^i
	}
	return i
}
