package coverage

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage/check"
)

// FaceID numbers the faces of a coverage. It stays while a face lives and is not given again while its changes can be undone;
// codes, not numbers, name faces to people.
type FaceID int32

// Outside is what lies beyond the outline.
const Outside FaceID = 0

// ArcID numbers the arcs of a coverage.
type ArcID int32

// Arc is a border between two faces, from one node to another: a place where more than two borders end. A border without
// such a place, that of an island, begins and ends at its least vertex. It is immutable.
type Arc struct {
	// Points are two or more, consecutive ones different; only the first and the last may be equal.
	Points      []geo.Point
	Left, Right FaceID
}

// Side is an arc in the direction in which a face lies on its left: twice the arc's number, plus one when it runs back.
type Side int32

// Arc is the arc of the side.
func (s Side) Arc() ArcID { return ArcID(s >> 1) }

// Back reports that the side runs against its arc.
func (s Side) Back() bool { return s&1 == 1 }

// Attribute is a value that a face carries along.
type Attribute struct{ Name, Value string }

// Face is a cell of a scheme that is being drawn. It is immutable.
type Face struct {
	Code string
	// Parent is the code of the area of the level above, a community; empty without levels.
	Parent string
	// Locked faces keep their ground and their parent.
	Locked bool
	// Attributes are ascending by name.
	Attributes []Attribute
	// Rings are the borders of the face, each closed and without a node twice, the face on their left: shells run
	// anticlockwise, holes clockwise.
	Rings [][]Side
}

// Coverage is faces and the arcs between them. It is immutable; its methods may be called at the same time.
type Coverage struct {
	arcs  []*Arc  // nil for numbers that are not in use
	faces []*Face // the first, the outside, is nil, and so are those not in use
	codes map[string]FaceID
}

// Face is a face by its number, nil for the outside and for none.
func (c *Coverage) Face(id FaceID) *Face {
	if id <= 0 || int(id) >= len(c.faces) {
		return nil
	}
	return c.faces[id]
}

// Arc is an arc by its number, nil for none. Callers must not change it.
func (c *Coverage) Arc(id ArcID) *Arc {
	if id < 0 || int(id) >= len(c.arcs) {
		return nil
	}
	return c.arcs[id]
}

// Lookup finds a face by its code.
func (c *Coverage) Lookup(code string) (FaceID, bool) {
	id, ok := c.codes[code]
	return id, ok
}

// Faces yields the faces in the order of their numbers.
func (c *Coverage) Faces() func(yield func(FaceID, *Face) bool) {
	return func(yield func(FaceID, *Face) bool) {
		for i, f := range c.faces {
			if f != nil && !yield(FaceID(i), f) {
				return
			}
		}
	}
}

// Arcs yields the arcs in the order of their numbers.
func (c *Coverage) Arcs() func(yield func(ArcID, *Arc) bool) {
	return func(yield func(ArcID, *Arc) bool) {
		for i, a := range c.arcs {
			if a != nil && !yield(ArcID(i), a) {
				return
			}
		}
	}
}

// NumFaces is the number of faces.
func (c *Coverage) NumFaces() int { return len(c.codes) }

// MaxFace is above the number of every face that there is.
func (c *Coverage) MaxFace() FaceID { return FaceID(len(c.faces)) }

// MaxArc is above the number of every arc that there is.
func (c *Coverage) MaxArc() ArcID { return ArcID(len(c.arcs)) }

// SideArcs yields the arcs around a face.
func (c *Coverage) SideArcs(id FaceID) func(yield func(Side, *Arc) bool) {
	return func(yield func(Side, *Arc) bool) {
		f := c.Face(id)
		if f == nil {
			return
		}
		for _, ring := range f.Rings {
			for _, s := range ring {
				if !yield(s, c.arcs[s.Arc()]) {
					return
				}
			}
		}
	}
}

// Beyond is the face on the other side.
func (s Side) Beyond(a *Arc) FaceID {
	if s.Back() {
		return a.Left
	}
	return a.Right
}

// Shape is the ground of a face as a valid polygon shape whose vertices are those of its neighbours along common borders.
func (c *Coverage) Shape(id FaceID) geo.Shape {
	f := c.Face(id)
	if f == nil {
		return geo.Shape{}
	}
	rings := make([][]geo.Point, len(f.Rings))
	for i, ring := range f.Rings {
		rings[i] = c.points(ring)
	}
	return assemble(rings)
}

// points is the closed path along sides.
func (c *Coverage) points(ring []Side) []geo.Point { return pointsAlong(ring, c.Arc) }

func pointsAlong(ring []Side, arc func(ArcID) *Arc) []geo.Point {
	n := 1
	for _, s := range ring {
		n += len(arc(s.Arc()).Points) - 1
	}
	out := make([]geo.Point, 0, n)
	for _, s := range ring {
		points := arc(s.Arc()).Points
		if s.Back() {
			for i := len(points) - 1; i > 0; i-- {
				out = append(out, points[i])
			}
		} else {
			out = append(out, points[:len(points)-1]...)
		}
	}
	return append(out, out[0])
}

// assemble makes a polygon shape of closed rings: shells anticlockwise, each hole in the least shell around it.
func assemble(rings [][]geo.Point) geo.Shape {
	type part struct {
		rings [][]geo.Point
		area  int64
	}
	var parts []part
	var holes [][]geo.Point
	for _, r := range rings {
		if area := twice(r); area > 0 {
			parts = append(parts, part{[][]geo.Point{r}, area})
		} else {
			holes = append(holes, r)
		}
	}
	for _, h := range holes {
		best := -1
		for i, p := range parts {
			if (best < 0 || p.area < parts[best].area) && (len(parts) == 1 || holds(p.rings[0], h)) {
				best = i
			}
		}
		if best >= 0 {
			parts[best].rings = append(parts[best].rings, h)
		}
	}
	var xy []geo.Point
	var ends, polys []uint32
	for _, p := range parts {
		for _, r := range p.rings {
			xy = append(xy, r...)
			ends = append(ends, uint32(len(xy)))
		}
		polys = append(polys, uint32(len(ends)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, ends, polys)
	if err != nil {
		return geo.Shape{}
	}
	return s
}

// twice is twice the signed area of a closed ring, in square units: exact for rings below 200 degrees.
func twice(ring []geo.Point) int64 {
	sum, o := int64(0), ring[0]
	for i := 1; i < len(ring); i++ {
		ax, ay := diff(ring[i-1], o)
		bx, by := diff(ring[i], o)
		sum += ax*by - ay*bx
	}
	return sum
}

// holds reports whether a ring that does not cross another lies within it: the first of its edges whose middle is on neither
// side of the border tells.
func holds(outer, inner []geo.Point) bool {
	for i := 1; i < len(inner); i++ {
		if in, on := locate(outer, inner[i-1], inner[i]); !on {
			return in
		}
	}
	return false
}

// locate says whether the middle between two points lies in a closed ring or on it. Coordinates are doubled.
func locate(ring []geo.Point, p, q geo.Point) (in, on bool) {
	mx, my := int64(p.X)+int64(q.X), int64(p.Y)+int64(q.Y)
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		ax, ay, bx, by := 2*int64(a.X), 2*int64(a.Y), 2*int64(b.X), 2*int64(b.Y)
		if max(ax, bx) < mx || max(ay, by) < my || min(ay, by) > my {
			continue
		}
		side := crossSign(bx-ax, by-ay, mx-ax, my-ay)
		if side == 0 && min(ax, bx) <= mx {
			return false, true
		}
		if (ay > my) != (by > my) && (side > 0) == (by > ay) {
			in = !in
		}
	}
	return in, false
}

// Twice is twice the area of a face in square units, exactly.
func (c *Coverage) Twice(id FaceID) int64 {
	f := c.Face(id)
	if f == nil {
		return 0
	}
	sum := int64(0)
	for _, ring := range f.Rings {
		sum += twice(c.points(ring))
	}
	return sum
}

// Outline is what all faces cover together.
func (c *Coverage) Outline() geo.Shape {
	return c.Union(func(*Face) string { return "" })[""]
}

// Cells are the faces as package check looks at them, named by their codes, in the order of their numbers.
func (c *Coverage) Cells() []check.Cell {
	out := make([]check.Cell, 0, len(c.codes))
	for id, f := range c.Faces() {
		out = append(out, check.Cell{ID: f.Code, Shape: c.Shape(id)})
	}
	return out
}

// Neighbours are the faces that share a border with a face, ascending; the outside is none of them.
func (c *Coverage) Neighbours(id FaceID) []FaceID {
	var out []FaceID
	for s, a := range c.SideArcs(id) {
		if n := s.Beyond(a); n != Outside {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
