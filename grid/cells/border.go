package cells

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Neighbour is a polygon of the same layer that shares border with a cell.
type Neighbour struct {
	Code string `json:"code"`
	Name string `json:"name,omitempty"`
	ID   string `json:"id"`
	// SharedM is the length of the common border in metres, 0 for polygons that touch in points.
	SharedM float64 `json:"shared_m"`

	slot index.Slot
}

// segment is a directed side of a ring; the inside of the polygon lies to its left.
type segment struct{ a, b geo.Point }

// border lists the sides of a polygon with the inside to the left, whatever the order of the vertices.
func border(s geo.Shape) []segment {
	var sides []segment
	for i := range s.NumPolygons() {
		from, to := s.Polygon(i)
		for r := from; r < to; r++ {
			ring := s.Ring(r)
			// The shell runs against the clock, holes with it.
			flip := (doubleArea(ring) > 0) != (r == from)
			for j := 1; j < len(ring); j++ {
				side := segment{ring[j-1], ring[j]}
				if flip {
					side = segment{side.b, side.a}
				}
				if side.a != side.b {
					sides = append(sides, side)
				}
			}
		}
	}
	return sides
}

// doubleArea is twice the signed area of a ring in square units, positive against the clock.
func doubleArea(ring []geo.Point) float64 {
	sum := 0.0
	for j := 1; j < len(ring); j++ {
		a, b, o := ring[j-1], ring[j], ring[0]
		sum += float64(int64(a.X)-int64(o.X))*float64(int64(b.Y)-int64(o.Y)) - float64(int64(b.X)-int64(o.X))*float64(int64(a.Y)-int64(o.Y))
	}
	return sum
}

// neighbours finds the polygons that share border with a cell, longest first. It is exact: sides count as shared
// where they lie on one line of integer coordinates.
func neighbours(cells *index.Layer, cell index.Slot) []Neighbour {
	own := border(cells.Shape(cell))
	slices.SortFunc(own, func(s, t segment) int { return cmp.Compare(min(s.a.X, s.b.X), min(t.a.X, t.b.X)) })
	widest := int64(0)
	for _, s := range own {
		widest = max(widest, int64(max(s.a.X, s.b.X))-int64(min(s.a.X, s.b.X)))
	}
	box := cells.Box(cell)
	var found []Neighbour
	cells.Search(box, func(other index.Slot) bool {
		if other == cell {
			return true
		}
		shared, touches := 0.0, false
		for _, t := range border(cells.Shape(other)) {
			if !box.Intersects(geo.Box{
				Min: geo.Point{X: min(t.a.X, t.b.X), Y: min(t.a.Y, t.b.Y)}, Max: geo.Point{X: max(t.a.X, t.b.X), Y: max(t.a.Y, t.b.Y)},
			}) {
				continue
			}
			// Sides that begin left of this one by more than the widest side end before it.
			first := int64(min(t.a.X, t.b.X)) - widest
			from, _ := slices.BinarySearchFunc(own, first, func(s segment, x int64) int { return cmp.Compare(int64(min(s.a.X, s.b.X)), x) })
			for _, s := range own[from:] {
				if min(s.a.X, s.b.X) > max(t.a.X, t.b.X) {
					break
				}
				length, meet := common(s, t)
				shared, touches = shared+length, touches || meet
			}
		}
		if touches {
			found = append(found, Neighbour{ID: cells.ID(other), SharedM: centimetres(shared), slot: other})
		}
		return true
	})
	slices.SortFunc(found, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.SharedM, a.SharedM), cmp.Compare(cells.Permanent(a.slot), cells.Permanent(b.slot)))
	})
	return found
}

// common is the length in metres along which two segments lie on each other, and whether they meet at all.
func common(s, t segment) (meters float64, meet bool) {
	ta, tb := geo.Orient(s.a, s.b, t.a), geo.Orient(s.a, s.b, t.b)
	if ta*tb > 0 {
		return 0, false
	}
	if ta != 0 || tb != 0 {
		sa, sb := geo.Orient(t.a, t.b, s.a), geo.Orient(t.a, t.b, s.b)
		return 0, sa*sb <= 0
	}
	low := later(earlier(s.a, s.b), earlier(t.a, t.b))
	high := earlier(later(s.a, s.b), later(t.a, t.b))
	if before(high, low) {
		return 0, false
	}
	return geo.Distance(low, high), true
}

// before orders points by X, then Y: along any line the order is monotone.
func before(a, b geo.Point) bool { return a.X < b.X || a.X == b.X && a.Y < b.Y }

func earlier(a, b geo.Point) geo.Point {
	if before(b, a) {
		return b
	}
	return a
}

func later(a, b geo.Point) geo.Point {
	if before(a, b) {
		return b
	}
	return a
}

// centimetres rounds a length in metres: coordinates are no finer.
func centimetres(meters float64) float64 { return math.Round(meters*100) / 100 }
