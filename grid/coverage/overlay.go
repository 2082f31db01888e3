package coverage

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Region is a connected piece of the ground of a face, between its borders and lines laid over it.
type Region struct {
	Face FaceID
	// Shape is its ground, Twice the exact double area in square units.
	Shape geo.Shape
	Twice int64
	// Cut tells that a line separates it from another region of the same face.
	Cut bool
	// Within tells that a closed line runs around it.
	Within bool
}

// Overlay is some faces of a coverage cut by lines, with all places where they meet rounded to whole units, see [Node].
type Overlay struct {
	Regions []Region
	// Pieces are those of the lines, Beyond the ones that lie outside the faces.
	Pieces, Beyond []Piece

	coverage *Coverage
	gone     []ArcID
	plane    *plane
	region   []int32 // number in Regions of each region of the plane, -1 beyond the faces
	sides    map[[2]geo.Point][2]FaceID
}

// Piece is a piece of a line, with the number of that.
type Piece struct {
	A, B geo.Point
	Line int
}

// Overlay cuts faces by lines of two or more points. Those that end where they begin are closed: they run around ground.
func (c *Coverage) Overlay(faces []FaceID, lines [][]geo.Point) *Overlay {
	o := &Overlay{coverage: c, sides: map[[2]geo.Point][2]FaceID{}}
	labels := make(map[FaceID]int32, len(faces))
	for i, id := range faces {
		labels[id] = int32(i)
	}
	o.gone = c.ArcsOf(faces)
	var strands []Strand
	var of []ArcID
	for _, id := range o.gone {
		points := c.arcs[id].Points
		for i := 1; i < len(points); i++ {
			strands = append(strands, Strand{points[i-1], points[i], int32(len(of))})
			of = append(of, id)
		}
	}
	for k, l := range lines {
		for i := 1; i < len(l); i++ {
			if l[i-1] != l[i] {
				strands = append(strands, Strand{l[i-1], l[i], int32(-1 - k)})
			}
		}
	}
	var pieces []Strand
	for _, s := range Node(strands) {
		if s.Tag < 0 {
			o.Pieces = append(o.Pieces, Piece{s.A, s.B, int(-1 - s.Tag)})
			// The mark of a closed line tells what it runs around; one without any only divides.
			pieces = append(pieces, Strand{s.A, s.B, -1})
			if l := lines[-1-s.Tag]; l[0] == l[len(l)-1] {
				pieces = append(pieces, Strand{s.A, s.B, int32(len(faces)) - 1 - s.Tag})
			}
			continue
		}
		a := c.arcs[of[s.Tag]]
		o.lay(s.A, s.B, a.Left, a.Right)
		if label, ok := labels[a.Left]; ok {
			pieces = append(pieces, Strand{s.A, s.B, label})
		}
		if label, ok := labels[a.Right]; ok {
			pieces = append(pieces, Strand{s.B, s.A, label})
		}
	}
	o.plane = newPlane(pieces)
	o.number(faces)
	for _, p := range o.Pieces {
		if left, right := o.beside(p.A, p.B); left < 0 && right < 0 {
			o.Beyond = append(o.Beyond, p)
		}
	}
	return o
}

// lay notes what lies on the sides of a piece of a border. Two borders that are rounded to the same piece have lost the ground
// between them.
func (o *Overlay) lay(a, b geo.Point, left, right FaceID) {
	if had, ok := o.sides[[2]geo.Point{a, b}]; ok {
		if had[1] == left {
			left = had[0]
		} else if had[0] == right {
			right = had[1]
		}
	}
	o.sides[[2]geo.Point{a, b}] = [2]FaceID{left, right}
	o.sides[[2]geo.Point{b, a}] = [2]FaceID{right, left}
}

// number finds the regions that belong to faces.
func (o *Overlay) number(faces []FaceID) {
	p := o.plane
	o.region = make([]int32, len(p.cover))
	for r, cover := range p.cover {
		o.region[r] = -1
		own := slices.IndexFunc(cover, func(m mark) bool { return int(m.label) >= len(faces) })
		within := own >= 0
		if within {
			cover = cover[:own]
		}
		if len(cover) == 1 && cover[0].net == 1 {
			o.region[r] = int32(len(o.Regions))
			o.Regions = append(o.Regions, Region{Face: faces[cover[0].label], Within: within})
		}
	}
	paths := make([][][]geo.Point, len(o.Regions))
	seen := make([]bool, len(p.region))
	for h, c := range p.cycle {
		n := o.region[p.region[c]]
		if n < 0 {
			continue
		}
		if !seen[c] {
			seen[c] = true
			paths[n] = append(paths[n], simple(p.path(int32(h)))...)
		}
		if m := o.region[p.region[p.cycle[h^1]]]; m >= 0 && m != n && o.Regions[m].Face == o.Regions[n].Face {
			o.Regions[n].Cut = true
		}
	}
	for n, rings := range paths {
		// Lines that end inside leave rings without area.
		rings = slices.DeleteFunc(rings, func(r []geo.Point) bool { return len(r) < 4 || twice(r) == 0 })
		o.Regions[n].Shape = assemble(rings)
		for _, r := range rings {
			o.Regions[n].Twice += twice(r)
		}
	}
}

// simple cuts a closed path where it comes back to a vertex.
func simple(path []geo.Point) [][]geo.Point {
	var out [][]geo.Point
	at := make(map[geo.Point]int, len(path))
	var stack []geo.Point
	for _, p := range path {
		if i, ok := at[p]; ok {
			out = append(out, append(slices.Clone(stack[i:]), p))
			for _, q := range stack[i+1:] {
				delete(at, q)
			}
			stack = stack[:i+1]
			continue
		}
		at[p] = len(stack)
		stack = append(stack, p)
	}
	return out
}

// beside are the numbers of the regions left and right of a piece, -1 for none.
func (o *Overlay) beside(a, b geo.Point) (left, right int32) {
	p := o.plane
	u, v, swap := p.node(a), p.node(b), false
	if comparePoints(a, b) > 0 {
		u, v, swap = v, u, true
	}
	for _, h := range p.out[p.first[u]:p.first[u+1]] {
		if p.origin(h^1) == v {
			left, right = o.region[p.region[p.cycle[h]]], o.region[p.region[p.cycle[h^1]]]
			if swap {
				left, right = right, left
			}
			return left, right
		}
	}
	return -1, -1
}

// Touching yields pairs of regions with a common border, by their numbers.
func (o *Overlay) Touching() func(yield func(a, b int) bool) {
	return func(yield func(int, int) bool) {
		p := o.plane
		for k := range p.u {
			a, b := o.region[p.region[p.cycle[2*k]]], o.region[p.region[p.cycle[2*k+1]]]
			if a >= 0 && b >= 0 && a != b && !yield(int(a), int(b)) {
				return
			}
		}
	}
}

// Redraw is the change that gives each region to a face, by its number. faces are those that are added or changed, without
// rings; nil ends one.
func (o *Overlay) Redraw(owner func(region int) FaceID, faces map[FaceID]*Face) Change {
	p := o.plane
	var borders []Border
	for k := range p.u {
		b := Border{A: p.nodes[p.u[k]], B: p.nodes[p.v[k]]}
		before, border := o.sides[[2]geo.Point{b.A, b.B}]
		left, right := o.region[p.region[p.cycle[2*k]]], o.region[p.region[p.cycle[2*k+1]]]
		if !border && (left < 0 || right < 0) {
			continue
		}
		b.Left, b.Right = before[0], before[1]
		if left >= 0 {
			b.Left = owner(int(left))
		}
		if right >= 0 {
			b.Right = owner(int(right))
		}
		if b.Left != b.Right {
			borders = append(borders, b)
		}
	}
	return o.coverage.Redraw(o.gone, borders, faces)
}

// Divided is the coverage whose faces are the regions, numbered from 1 in their order. face says what a region is called; its
// rings are traced. The overlay must be one of all faces.
func (o *Overlay) Divided(face func(region int) Face) *Coverage {
	faces := make([]*Face, len(o.Regions)+1)
	for i := range o.Regions {
		f := face(i)
		f.Attributes = sortedAttributes(f.Attributes)
		faces[i+1] = &f
	}
	p := o.plane
	var borders []Border
	for k := range p.u {
		left, right := o.region[p.region[p.cycle[2*k]]]+1, o.region[p.region[p.cycle[2*k+1]]]+1
		if left != right {
			borders = append(borders, Border{p.nodes[p.u[k]], p.nodes[p.v[k]], FaceID(left), FaceID(right)})
		}
	}
	return regions(chain(borders, func(geo.Point) bool { return false }), faces)
}

// ArcsOf are the arcs around faces, ascending.
func (c *Coverage) ArcsOf(faces []FaceID) []ArcID {
	var out []ArcID
	for _, id := range faces {
		for s := range c.SideArcs(id) {
			out = append(out, s.Arc())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Pieces are the pieces of an arc with the faces on their sides.
func (a *Arc) Pieces() []Border {
	out := make([]Border, 0, len(a.Points)-1)
	for i := 1; i < len(a.Points); i++ {
		out = append(out, Border{a.Points[i-1], a.Points[i], a.Left, a.Right})
	}
	return out
}

// OnEdge reports whether p is where a place of the segment from a to b is rounded to.
func OnEdge(a, b, p geo.Point) bool {
	s := Strand{A: a, B: b}
	return s.box().Contains(p) && passes(s, p)
}
