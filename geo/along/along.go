// Package along cuts segments where polygons own them: how a line lies to the areas that it passes through. It is a
// package of pure functions.
package along

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Span is a part of a segment, in shares of its length from its start: 0 ≤ From ≤ To ≤ 1.
type Span struct{ From, To float64 }

// Spans appends the parts of the segment from a to b that the polygon s owns, in order, by the edge rule of
// [geo.Shape.Locate]: the segment counts as moved infinitesimally east, then north, so that of polygons sharing an edge
// exactly one owns a segment along it, whatever its direction. Which edges are crossed is exact; where, has the
// accuracy of float64. Spans of no length are left out, and other kinds own nothing.
func Spans(dst []Span, s geo.Shape, a, b geo.Point) []Span {
	if s.Kind() != geo.KindPolygon || a == b {
		return dst
	}
	var near [16]float64
	crossed := near[:0]
	box := geo.EmptyBox().Extend(a).Extend(b)
	for r := range s.NumRings() {
		run := s.Ring(r)
		for i := 1; i < len(run); i++ {
			if c, d := run[i-1], run[i]; c != d && box.Intersects(geo.EmptyBox().Extend(c).Extend(d)) {
				if t, ok := passage(a, b, c, d); ok {
					crossed = append(crossed, t)
				}
			}
		}
	}
	slices.Sort(crossed)
	first, inside, from := len(dst), s.Contains(a), 0.0
	for _, t := range append(crossed, 1) {
		switch n := len(dst); {
		case !inside || t <= from:
		case n > first && dst[n-1].To == from:
			// Parts of the shape that share an edge.
			dst[n-1].To = t
		default:
			dst = append(dst, Span{from, t})
		}
		inside, from = !inside, t
	}
	return dst
}

// passage reports whether the segment from a to b, moved by (ε, ε²), passes through that from c to d, and where. Moved
// so, no end of one lies on the line of the other, unless a segment is a point.
func passage(a, b, c, d geo.Point) (t float64, ok bool) {
	// Both polygons of a shared edge must see the same place.
	if c.Y > d.Y || c.Y == d.Y && c.X > d.X {
		c, d = d, c
	}
	if movedSide(c, d, a) == movedSide(c, d, b) || sideOfMoved(a, b, c) == sideOfMoved(a, b, d) {
		return 0, false
	}
	t = turning(a, c, c, d) / turning(a, b, c, d)
	if !(t >= 0 && t <= 1) {
		// Rounded beyond an end; or NaN, when the segments span so much and are so nearly parallel that only the exact
		// predicates tell them apart.
		if t > 1 {
			return 1, true
		}
		return 0, true
	}
	return t, true
}

// turning is the cross product of b-a and d-c, exact but for the rounding of the result unless one of them spans 214°.
func turning(a, b, c, d geo.Point) float64 {
	ux, uy := int64(b.X)-int64(a.X), int64(b.Y)-int64(a.Y)
	vx, vy := int64(d.X)-int64(c.X), int64(d.Y)-int64(c.Y)
	if ux == int64(int32(ux)) && uy == int64(int32(uy)) && vx == int64(int32(vx)) && vy == int64(int32(vy)) {
		return float64(ux*vy - uy*vx)
	}
	return float64(ux)*float64(vy) - float64(uy)*float64(vx)
}

// movedSide is the orientation of c, d and p + (ε, ε²): the cross product of d-c with the move, where p itself lies on
// the line, is x·ε² - y·ε.
func movedSide(c, d, p geo.Point) int {
	if o := geo.Orient(c, d, p); o != 0 {
		return o
	}
	return cmp.Or(cmp.Compare(c.Y, d.Y), cmp.Compare(d.X, c.X))
}

// sideOfMoved is the orientation of a, b and p where a and b are moved by (ε, ε²).
func sideOfMoved(a, b, p geo.Point) int {
	if o := geo.Orient(a, b, p); o != 0 {
		return o
	}
	return cmp.Or(cmp.Compare(b.Y, a.Y), cmp.Compare(a.X, b.X))
}
