package coverage

import (
	"iter"
	"math/bits"

	"github.com/gewu-city/gewu/geo"
)

// Union is the ground of the faces of each group, by the group's name: the areas of the level above when group gives the
// parent. Borders within a group vanish; the others keep their vertices, so that areas fit each other and the faces.
func (c *Coverage) Union(group func(f *Face) string) map[string]geo.Shape {
	numbers := map[string]FaceID{}
	of := make([]FaceID, len(c.faces))
	var names []string
	for id, f := range c.Faces() {
		name := group(f)
		n, ok := numbers[name]
		if !ok {
			names = append(names, name)
			n = FaceID(len(names))
			numbers[name] = n
		}
		of[id] = n
	}
	shapes := outlines(c.Arcs(), of, len(names), c.Arc)
	out := make(map[string]geo.Shape, len(names))
	for i, name := range names {
		out[name] = shapes[i]
	}
	return out
}

// outlines are the grounds of n groups of faces: the arcs between faces of different groups, joined. The group of a face is
// numbered from 1; ground of group 0 is nobody's.
func outlines(arcs iter.Seq2[ArcID, *Arc], of []FaceID, n int, arc func(ArcID) *Arc) []geo.Shape {
	sides := make([][]Side, n+1)
	for id, a := range arcs {
		left, right := of[a.Left], of[a.Right]
		if left != right {
			sides[left] = append(sides[left], Side(2*id))
			sides[right] = append(sides[right], Side(2*id+1))
		}
	}
	out := make([]geo.Shape, n)
	for i := range out {
		traced := rings(sides[i+1], arc)
		paths := make([][]geo.Point, len(traced))
		for k, r := range traced {
			paths[k] = pointsAlong(r, arc)
		}
		out[i] = assemble(paths)
	}
	return out
}

// Dissolve is the ground of each group of polygons that are a coverage, with shared edges that have the same vertices: edges
// between polygons of one group vanish, and what is left is joined. group gives each shape a number below n, or a negative
// one to leave it out. Nothing is computed with coordinates but the turns of rings, so the result is exact and fits
// the shapes; of shapes that are no coverage it is some edges of theirs, see package check.
func Dissolve(shapes []geo.Shape, group []int32, n int) []geo.Shape {
	vertices := 0
	for i := range shapes {
		if group[i] >= 0 {
			vertices += len(shapes[i].Vertices())
		}
	}
	t := newSeams(vertices)
	for i, s := range shapes {
		if group[i] >= 0 {
			t.add(s, FaceID(group[i]+1))
		}
	}
	arcs := chain(t.borders(), func(geo.Point) bool { return false })
	same := make([]FaceID, n+1)
	for i := range same {
		same[i] = FaceID(i)
	}
	return outlines(func(yield func(ArcID, *Arc) bool) {
		for i, a := range arcs {
			if !yield(ArcID(i), a) {
				return
			}
		}
	}, same, n, func(id ArcID) *Arc { return arcs[id] })
}

// seams are edges by their ends, each with the groups on its sides: a table with open addresses in which unused places have
// equal ends.
type seams struct {
	slots []Border
	shift uint
}

// newSeams has room for the edges of so many vertices.
func newSeams(vertices int) *seams {
	n := bits.Len(uint(max(vertices, 8)))
	return &seams{slots: make([]Border, 1<<n), shift: 64 - uint(n)}
}

// add enters the edges of a polygon shape.
func (t *seams) add(s geo.Shape, group FaceID) {
	for p := range s.NumPolygons() {
		from, to := s.Polygon(p)
		for r := from; r < to; r++ {
			ring := s.Ring(r)
			against := (twice(ring) > 0) == (r == from)
			for i := 1; i < len(ring); i++ {
				a, b, left := ring[i-1], ring[i], against
				switch c := comparePoints(a, b); {
				case c == 0:
					continue
				case c > 0:
					a, b, left = b, a, !left
				}
				at := t.find(a, b)
				if left {
					at.Left = group
				} else {
					at.Right = group
				}
			}
		}
	}
}

// find is the place of an edge, the lesser end first.
func (t *seams) find(a, b geo.Point) *Border {
	h := (uint64(uint32(a.X))<<32 | uint64(uint32(a.Y))) * 0x9E3779B97F4A7C15
	h = (h ^ h>>29 ^ (uint64(uint32(b.X))<<32 | uint64(uint32(b.Y)))) * 0xBF58476D1CE4E5B9
	for at := h >> t.shift; ; at = (at + 1) & uint64(len(t.slots)-1) {
		e := &t.slots[at]
		if e.A == e.B {
			e.A, e.B = a, b
			return e
		}
		if e.A == a && e.B == b {
			return e
		}
	}
}

// borders are the edges between different groups.
func (t *seams) borders() []Border {
	var out []Border
	for _, e := range t.slots {
		if e.Left != e.Right {
			out = append(out, e)
		}
	}
	return out
}
