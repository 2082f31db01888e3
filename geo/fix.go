package geo

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNothingLeft is returned by [Fix] when a polygon shape has no area.
var ErrNothingLeft = errors.New("nothing is left of the polygon after repair")

// Fix repairs a polygon shape: it returns a shape that passes [Validate] and covers (nearly) the same ground, with
// the defects of the input. A shape without defects, and one that is not a polygon, is returned as it is. Spikes and
// rings without area vanish; rings that touch or cross themselves are split.
//
// Each ring is read as the ground that it winds around at least once in either direction: both lobes of a bow-tie
// stay, and a curl where the ring crosses its own track is filled. A polygon is its outer ring less all its holes, so
// a hole that sticks out or occurs twice takes away only what it covers. The shape is the union of its polygons. The
// even-odd rule over all rings would instead punch out what is covered twice: curls, overlaps of polygons and of
// holes.
//
// Vertices stay where they are; new ones at crossings are rounded to the integer grid, which moves an edge by at most
// 0.71 units (8 mm) in each of up to four steps. The error is [ErrNothingLeft] when no area is left.
func Fix(s Shape) (Shape, []Defect, error) {
	defects := Validate(s)
	if len(defects) == 0 {
		return s, nil, nil
	}
	var walks [][]Point
	var edges []edge
	for i := range s.polys {
		walks = fixPolygon(s, i)
		edges = appendEdges(edges, walks)
	}
	if len(s.polys) > 1 {
		walks = region(edges, positiveWinding)
	}
	if len(walks) == 0 {
		return Shape{}, defects, ErrNothingLeft
	}
	fixed, err := assemble(walks)
	if err != nil {
		return Shape{}, defects, err
	}
	if left := Validate(fixed); len(left) > 0 {
		return Shape{}, defects, fmt.Errorf("geo: repair failed: %w", left[0])
	}
	return fixed, defects, nil
}

func positiveWinding(w int) bool { return w > 0 }

func anyWinding(w int) bool { return w != 0 }

// region is the boundary of the ground whose winding number is kept: see [arrangement.walks].
func region(edges []edge, keep func(int) bool) [][]Point {
	return arrange(node(edges)).walks(keep)
}

// fixPolygon is the boundary of polygon i: the ground of its outer ring less that of its holes.
func fixPolygon(s Shape, i int) [][]Point {
	from, to := s.Polygon(i)
	walks := region(ringEdges(s.Ring(from)), anyWinding)
	if to-from == 1 {
		return walks
	}
	var holes []edge
	for h := from + 1; h < to; h++ {
		holes = appendEdges(holes, region(ringEdges(s.Ring(h)), anyWinding))
	}
	edges := appendEdges(nil, walks)
	for _, e := range appendEdges(nil, region(holes, positiveWinding)) {
		edges = append(edges, edge{a: e.b, b: e.a})
	}
	return region(edges, positiveWinding)
}

func ringEdges(ring []Point) []edge {
	var out []edge
	for i := 1; i < len(ring); i++ {
		if ring[i-1] != ring[i] {
			out = append(out, edge{a: ring[i-1], b: ring[i]})
		}
	}
	return out
}

func appendEdges(edges []edge, walks [][]Point) []edge {
	for _, w := range walks {
		for i, p := range w {
			edges = append(edges, edge{a: p, b: w[(i+1)%len(w)]})
		}
	}
	return edges
}

// part is a polygon being assembled, rings open.
type part struct {
	rings [][]Point
	box   Box
	area  float64
}

// assemble makes a polygon shape of boundary walks. A walk is cut into simple rings where it meets itself: one that
// runs anticlockwise is an outer ring, the others are its holes. A walk without one is a hole in the least outer
// ring around it.
func assemble(walks [][]Point) (Shape, error) {
	var parts []*part
	var free [][]Point
	for _, w := range walks {
		p := &part{}
		var holes [][]Point
		for _, r := range simpleRings(w) {
			if turnsLeft(r) {
				p.rings = append(p.rings, r)
			} else {
				holes = append(holes, r)
			}
		}
		switch len(p.rings) {
		case 0:
			free = append(free, holes...)
		case 1:
			p.box = EmptyBox()
			for _, q := range p.rings[0] {
				p.box = p.box.Extend(q)
			}
			p.area = ringArea2(closed(p.rings[0]))
			p.rings = append(p.rings, holes...)
			parts = append(parts, p)
		default:
			return Shape{}, errors.New("geo: a boundary has two outer rings")
		}
	}
	for _, h := range free {
		var best *part
		for _, p := range parts {
			if (best == nil || p.area < best.area) && p.box.Contains(h[0]) && containsMiddle(p.rings[0], h[0], h[1]) {
				best = p
			}
		}
		if best == nil {
			return Shape{}, errors.New("geo: a hole has no outer ring")
		}
		best.rings = append(best.rings, h)
	}
	var xy []Point
	var rings, polys []uint32
	for _, p := range parts {
		for _, r := range p.rings {
			xy = append(append(xy, r...), r[0])
			rings = append(rings, uint32(len(xy)))
		}
		polys = append(polys, uint32(len(rings)))
	}
	return NewShape(KindPolygon, xy, rings, polys)
}

func closed(r []Point) []Point { return append(slices.Clone(r), r[0]) }

// simpleRings cuts a closed walk at the vertices that it visits more than once.
func simpleRings(walk []Point) [][]Point {
	var out [][]Point
	at := make(map[Point]int, len(walk))
	var stack []Point
	for _, p := range walk {
		if i, ok := at[p]; ok {
			out = append(out, slices.Clone(stack[i:]))
			for _, q := range stack[i:] {
				delete(at, q)
			}
			stack = stack[:i]
		}
		at[p] = len(stack)
		stack = append(stack, p)
	}
	return append(out, stack)
}

// turnsLeft reports whether a simple open ring runs anticlockwise, from the turn at its least vertex.
func turnsLeft(r []Point) bool {
	at := 0
	for i, p := range r {
		if less(p, r[at]) {
			at = i
		}
	}
	n := len(r)
	return Orient(r[(at-1+n)%n], r[at], r[(at+1)%n]) > 0
}

// containsMiddle reports whether the middle of the segment from p to q, which is not on the open ring, lies in it.
// Coordinates are doubled to make the middle integer.
func containsMiddle(ring []Point, p, q Point) bool {
	mx, my := int64(p.X)+int64(q.X), int64(p.Y)+int64(q.Y)
	inside := false
	a := ring[len(ring)-1]
	for _, b := range ring {
		if (2*int64(a.Y) > my) != (2*int64(b.Y) > my) {
			ux, uy := 2*(int64(b.X)-int64(a.X)), 2*(int64(b.Y)-int64(a.Y))
			if c := crossSign(ux, uy, mx-2*int64(a.X), my-2*int64(a.Y)); c > 0 == (uy > 0) && c != 0 {
				inside = !inside
			}
		}
		a = b
	}
	return inside
}

// ringArea2 is twice the signed area of a closed ring in square units, positive when counter-clockwise. Vertices are
// taken relative to the first, so that the sum keeps its precision and does not overflow for rings within a city.
func ringArea2(ring []Point) float64 {
	o := ring[0]
	sum := 0.0
	for i := 1; i < len(ring); i++ {
		ax, ay := float64(ring[i-1].X)-float64(o.X), float64(ring[i-1].Y)-float64(o.Y)
		bx, by := float64(ring[i].X)-float64(o.X), float64(ring[i].Y)-float64(o.Y)
		sum += ax*by - bx*ay
	}
	return sum
}
