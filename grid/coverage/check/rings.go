package check

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// rings lists the invalid cells and reads them as the ground that is meant.
func (c *checker) rings() {
	var r ringTest
	for i := range c.cells {
		s := c.cells[i].Shape
		if s.Kind() != geo.KindPolygon || r.simple(s) {
			continue
		}
		defects := geo.Validate(s)
		if len(defects) == 0 {
			continue
		}
		for _, d := range defects {
			c.found = append(c.found, Defect{Kind: InvalidRing, Point: d.At.Orb(), Cells: []string{c.cells[i].ID}, Why: d.Error()})
		}
		if c.fixed == nil {
			c.fixed = map[int]geo.Shape{}
		}
		// What cannot be repaired has no ground.
		c.fixed[i], _, _ = geo.Fix(s)
	}
}

// slivers lists parts of cells that are narrower than a limit.
func (c *checker) slivers(limit float64) {
	for i := range c.cells {
		s := c.shape(i)
		for p := range s.NumPolygons() {
			if w, area := width(s, p); w < limit {
				c.found = append(c.found, Defect{
					Kind: Sliver, Area: area, Width: w, Point: insideOf(s, p), Cells: []string{c.cells[i].ID},
				})
			}
		}
	}
}

// ringTest tells quickly that a shape is valid. Its memory is used again.
type ringTest struct{ order []uint64 }

// fewEdges is up to how many edges all pairs are compared without sorting them first.
const fewEdges = 24

// simple reports that a shape of one ring is valid. A shape of several rings, and one with anything unusual, is left to
// whoever looks closer.
func (t *ringTest) simple(s geo.Shape) bool {
	if s.NumRings() != 1 {
		return false
	}
	ring := s.Ring(0)
	n := len(ring) - 1
	for i := range n {
		if ring[i] == ring[i+1] || folds(ring[i], ring[i+1], ring[(i+2)%n]) {
			return false
		}
	}
	if n > fewEdges {
		return t.sweep(ring)
	}
	for i := range n {
		for j := i + 2; j < n; j++ {
			if (i > 0 || j < n-1) && meet(ring[i], ring[i+1], ring[j], ring[j+1]) {
				return false
			}
		}
	}
	return true
}

// folds reports whether a path turns straight back at b.
func folds(a, b, c geo.Point) bool {
	if geo.Orient(a, b, c) != 0 {
		return false
	}
	ux, uy := int64(b.X)-int64(a.X), int64(b.Y)-int64(a.Y)
	vx, vy := int64(c.X)-int64(b.X), int64(c.Y)-int64(b.Y)
	// On one line the coordinates grow together, so signs tell.
	return ux != 0 && (ux > 0) != (vx > 0) || ux == 0 && (uy > 0) != (vy > 0)
}

// sweep compares edges in the order of their least X with those that begin before they end.
func (t *ringTest) sweep(ring []geo.Point) bool {
	n := len(ring) - 1
	t.order = t.order[:0]
	for i := range n {
		t.order = append(t.order, (uint64(min(ring[i].X, ring[i+1].X))+1<<31)<<32|uint64(i))
	}
	slices.Sort(t.order)
	for k, v := range t.order {
		i := int(uint32(v))
		a, b := ring[i], ring[i+1]
		most := max(a.X, b.X)
		for _, w := range t.order[k+1:] {
			j := int(uint32(w))
			if min(ring[j].X, ring[j+1].X) > most {
				break
			}
			if d := (j - i + n) % n; d != 1 && d != n-1 && meet(a, b, ring[j], ring[j+1]) {
				return false
			}
		}
	}
	return true
}

// meet reports whether two segments have a point in common.
func meet(a, b, c, d geo.Point) bool {
	if max(a.X, b.X) < min(c.X, d.X) || max(c.X, d.X) < min(a.X, b.X) || max(a.Y, b.Y) < min(c.Y, d.Y) || max(c.Y, d.Y) < min(a.Y, b.Y) {
		return false
	}
	return geo.Orient(a, b, c)*geo.Orient(a, b, d) <= 0 && geo.Orient(c, d, a)*geo.Orient(c, d, b) <= 0
}
