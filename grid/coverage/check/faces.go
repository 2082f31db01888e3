package check

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// edge is a piece of a line between two sites, u before v. Half-edge 2k of edge k runs from u to v, 2k+1 back.
type edge struct {
	u, v  int32
	line  int32 // one whose direction it has
	marks []mark
}

// graph is the planar graph of cut lines with its faces.
type graph struct {
	*noder

	edges []edge
	// out are the half-edges of each site anticlockwise, those of site i from first[i] to first[i+1]; place is its inverse.
	out, first, place []int32
	cycle             []int32 // left of each half-edge
	start             []int32 // a half-edge of each cycle
	face              []int32 // of each cycle
	faces             []face
	seams             []seam
	strips            *strips
}

// face is a connected piece of the plane without the lines. Face 0 is the unbounded one.
type face struct {
	cycles []int32
	// cover says how often each label winds around the face, ascending by label, without zeros.
	cover []mark
}

// seam is a place within a line where pieces of other lines cancel it on one side at least.
type seam struct{ site, line int32 }

// trace builds the graph of lines: they are cut, pieces that cancel each other are left out, faces are found with what
// covers them.
func trace(lines []line) *graph {
	g := &graph{noder: node(lines)}
	g.join()
	g.sortOut()
	g.findCycles()
	g.findFaces()
	return g
}

// join makes one edge of all pieces between the same sites.
func (g *graph) join() {
	for i, cuts := range g.cuts {
		for k := 1; k < len(cuts); k++ {
			g.edges = append(g.edges, edge{cuts[k-1], cuts[k], int32(i), g.lines[i].marks})
		}
	}
	slices.SortFunc(g.edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.u, b.u), cmp.Compare(a.v, b.v), cmp.Compare(a.line, b.line))
	})
	kept := g.edges[:0]
	for i := 0; i < len(g.edges); {
		e, j := g.edges[i], i+1
		for ; j < len(g.edges) && g.edges[j].u == e.u && g.edges[j].v == e.v; j++ {
			e.marks = plus(e.marks, g.edges[j].marks, 1)
		}
		if len(e.marks) > 0 {
			kept = append(kept, e)
		} else {
			for _, piece := range g.edges[i:j] {
				g.seam(e.u, piece.line)
				g.seam(e.v, piece.line)
			}
		}
		i = j
	}
	g.edges = kept
}

// seam notes a site within a line.
func (g *graph) seam(site, line int32) {
	if cuts := g.cuts[line]; site != cuts[0] && site != cuts[len(cuts)-1] {
		g.seams = append(g.seams, seam{site, line})
	}
}

// plus is the sum of two lists of marks, the second times by.
func plus(a, b []mark, by int32) []mark {
	out := make([]mark, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].label < b[0].label:
			out = append(out, a[0])
			a = a[1:]
		case len(a) == 0 || b[0].label < a[0].label:
			out = append(out, mark{b[0].label, by * b[0].net})
			b = b[1:]
		default:
			if net := a[0].net + by*b[0].net; net != 0 {
				out = append(out, mark{a[0].label, net})
			}
			a, b = a[1:], b[1:]
		}
	}
	return out
}

func (g *graph) origin(h int32) int32 {
	if h&1 == 0 {
		return g.edges[h>>1].u
	}
	return g.edges[h>>1].v
}

// direction of a half-edge, exactly that of its line.
func (g *graph) direction(h int32) (x, y int64) {
	l := &g.lines[g.edges[h>>1].line]
	x, y = int64(l.b.X)-int64(l.a.X), int64(l.b.Y)-int64(l.a.Y)
	if h&1 == 1 {
		return -x, -y
	}
	return x, y
}

func (g *graph) sortOut() {
	g.first = make([]int32, len(g.sites)+1)
	for _, e := range g.edges {
		g.first[e.u+1]++
		g.first[e.v+1]++
	}
	for i := range g.sites {
		g.first[i+1] += g.first[i]
	}
	g.out, g.place = make([]int32, 2*len(g.edges)), make([]int32, 2*len(g.edges))
	next := slices.Clone(g.first)
	for h := range int32(2 * len(g.edges)) {
		o := g.origin(h)
		g.out[next[o]] = h
		next[o]++
	}
	for i := range g.sites {
		around := g.out[g.first[i]:g.first[i+1]]
		slices.SortFunc(around, g.compareAngles)
		for k, h := range around {
			g.place[h] = g.first[i] + int32(k)
		}
	}
}

// compareAngles orders half-edges of one site anticlockwise, beginning in the east.
func (g *graph) compareAngles(h, k int32) int {
	ux, uy := g.direction(h)
	vx, vy := g.direction(k)
	if lu, lv := uy < 0 || uy == 0 && ux < 0, vy < 0 || vy == 0 && vx < 0; lu != lv {
		if lv {
			return -1
		}
		return 1
	}
	return -turn(ux, uy, vx, vy)
}

// turn is the sign of the cross product of two vectors.
func turn(ux, uy, vx, vy int64) int {
	const most = 1 << 30
	if max(ux, -ux, uy, -uy, vx, -vx, vy, -vy) < most {
		return cmp.Compare(ux*vy, uy*vx)
	}
	return cross(ux, uy, vx, vy).Sign()
}

// next is the half-edge that follows h along the face on its left.
func (g *graph) next(h int32) int32 {
	back := h ^ 1
	at, o := g.place[back], g.origin(back)
	if at == g.first[o] {
		return g.out[g.first[o+1]-1]
	}
	return g.out[at-1]
}

func (g *graph) findCycles() {
	g.cycle = make([]int32, len(g.out))
	for i := range g.cycle {
		g.cycle[i] = -1
	}
	for i := range int32(len(g.cycle)) {
		if g.cycle[i] >= 0 {
			continue
		}
		id := int32(len(g.start))
		g.start = append(g.start, i)
		for h := i; g.cycle[h] < 0; h = g.next(h) {
			g.cycle[h] = id
		}
	}
}

// findFaces joins cycles that border one face and finds what covers it. The parts of the graph are taken in the order of
// their least sites, each an end of a line, so that whatever lies west of one is known already.
func (g *graph) findFaces() {
	g.face = make([]int32, len(g.start))
	for i := range g.face {
		g.face[i] = -1
	}
	g.faces = []face{{}}
	order := make([]int32, 0, len(g.sites))
	for i := range g.sites {
		if g.first[i] < g.first[i+1] {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, g.compare)
	var queue []int32
	for _, s := range order {
		// All edges of a least site run east or straight north; the northernmost has the outer side on its left.
		h := g.out[g.first[s]]
		if g.face[g.cycle[h]] >= 0 {
			continue
		}
		for _, k := range g.out[g.first[s]+1 : g.first[s+1]] {
			ux, uy := g.direction(h)
			vx, vy := g.direction(k)
			if turn(ux, uy, vx, vy) > 0 {
				h = k
			}
		}
		around := int32(0)
		if west := g.west(g.sites[s].p); west >= 0 {
			around = g.face[g.cycle[west]]
		}
		g.belong(g.cycle[h], around)
		queue = append(queue[:0], g.cycle[h])
		for len(queue) > 0 {
			c := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			for h := range g.along(c) {
				other := g.cycle[h^1]
				if g.face[other] >= 0 {
					continue
				}
				by := int32(1)
				if h&1 == 0 {
					by = -1
				}
				g.faces = append(g.faces, face{cover: plus(g.faces[g.face[c]].cover, g.edges[h>>1].marks, by)})
				g.belong(other, int32(len(g.faces)-1))
				queue = append(queue, other)
			}
		}
	}
}

func (g *graph) belong(cycle, face int32) {
	g.face[cycle] = face
	g.faces[face].cycles = append(g.faces[face].cycles, cycle)
}

// along yields the half-edges of a cycle in order.
func (g *graph) along(cycle int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for h := g.start[cycle]; ; {
			if !yield(h) {
				return
			}
			if h = g.next(h); h == g.start[cycle] {
				return
			}
		}
	}
}

// twice is twice the exact area of a face.
func (g *graph) twice(f int32) *big.Rat {
	var ints int64
	var rest *big.Rat
	o := g.sites[g.origin(g.start[g.faces[f].cycles[0]])].p
	for _, c := range g.faces[f].cycles {
		for h := range g.along(c) {
			s, t := &g.sites[g.origin(h)], &g.sites[g.origin(h^1)]
			if s.x == nil && t.x == nil {
				// Sums that run over come back: an area within a city fits.
				ints += (int64(s.p.X)-int64(o.X))*(int64(t.p.Y)-int64(o.Y)) - (int64(s.p.Y)-int64(o.Y))*(int64(t.p.X)-int64(o.X))
				continue
			}
			if rest == nil {
				rest = new(big.Rat)
			}
			rest.Add(rest, broken(s, t, o))
		}
	}
	sum := new(big.Rat).SetInt64(ints)
	if rest != nil {
		sum.Add(sum, rest)
	}
	return sum
}

// broken is the cross product of two sites relative to an origin.
func broken(s, t *site, o geo.Point) *big.Rat {
	sx, sy := s.exact()
	tx, ty := t.exact()
	ox, oy := whole(o.X), whole(o.Y)
	sub := func(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
	l := new(big.Rat).Mul(sub(sx, ox), sub(ty, oy))
	return l.Sub(l, new(big.Rat).Mul(sub(sy, oy), sub(tx, ox)))
}
