package check

import (
	"math/big"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// missing lists the vertices that lie exactly on edges which have none there: places within a line of the first graph where
// other lines cancel it.
func (c *checker) missing(g *graph) {
	if len(g.seams) == 0 {
		return
	}
	seen := map[seam]bool{}
	lacks, has := map[segment][]int32{}, map[geo.Point][]int32{}
	for _, s := range g.seams {
		// Where lines cross between points, no vertex is missing.
		if g.sites[s.site].x == nil {
			seen[s] = true
			lacks[g.lines[s.line].segment], has[g.sites[s.site].p] = nil, nil
		}
	}
	for i := range c.cells {
		s := c.shape(i)
		for r := range s.NumRings() {
			ring := s.Ring(r)
			for k := 1; k < len(ring); k++ {
				seg, _ := undirected(ring[k-1], ring[k])
				if cells, ok := lacks[seg]; ok {
					lacks[seg] = append(cells, int32(i))
				}
				if cells, ok := has[ring[k]]; ok {
					has[ring[k]] = append(cells, int32(i))
				}
			}
		}
	}
	for s := range seen {
		p := g.sites[s.site].p
		cells := append(append([]int32(nil), lacks[g.lines[s.line].segment]...), has[p]...)
		c.found = append(c.found, Defect{Kind: MissingVertex, Point: p.Orb(), Cells: c.names(cells), Twice: new(big.Rat)})
	}
}

// unfit recognises a face that is there only because a vertex of one side lies within the rounding of an edge of the other:
// all its vertices but the ends of the edge do, and where other edges cross, they cross that one. It lists the missing vertices.
func (c *checker) unfit(g *graph, f int32, d Defect) bool {
	var vertices []geo.Point
	var crossings, cells []int32
	lines := map[int32]bool{}
	for _, cycle := range g.faces[f].cycles {
		for h := range g.along(cycle) {
			if s := &g.sites[g.origin(h)]; s.x == nil {
				vertices = append(vertices, s.p)
			} else {
				crossings = append(crossings, g.origin(h))
			}
			lines[g.edges[h>>1].line] = true
			for _, m := range g.edges[h>>1].marks {
				if m.label >= 0 {
					cells = append(cells, m.label)
				}
			}
		}
	}
	long, count := int32(-1), 0
	for l := range lines {
		seg := g.lines[l].segment
		n := 0
		if slices.ContainsFunc(crossings, func(s int32) bool { return !slices.Contains(g.cuts[l], s) }) {
			continue
		}
		for _, p := range vertices {
			if p != seg.a && p != seg.b {
				n++
				if !passes(seg, p) {
					n = -1
					break
				}
			}
		}
		// Of several such edges the longest lacks the vertices; ties go by number.
		if n > 0 && (long < 0 || longer(seg, g.lines[long].segment) || !longer(g.lines[long].segment, seg) && l < long) {
			long, count = l, n
		}
	}
	if count == 0 {
		return false
	}
	seg := g.lines[long].segment
	d.Kind, d.Cells = MissingVertex, c.names(append(cells, g.coverOf(f)...))
	told := map[geo.Point]bool{}
	for _, p := range vertices {
		if p == seg.a || p == seg.b || told[p] {
			continue
		}
		told[p] = true
		d.Point = p.Orb()
		c.found = append(c.found, d)
		d.Area, d.Width, d.Excess, d.Twice = 0, 0, 0, new(big.Rat)
	}
	return true
}

func (g *graph) coverOf(f int32) []int32 {
	var out []int32
	for _, m := range g.faces[f].cover {
		if m.label >= 0 {
			out = append(out, m.label)
		}
	}
	return out
}

func longer(s, t segment) bool {
	length := func(s segment) float64 {
		x, y := float64(s.b.X)-float64(s.a.X), float64(s.b.Y)-float64(s.a.Y)
		return x*x + y*y
	}
	return length(s) > length(t)
}

// passes reports whether a segment meets the unit square around p within its own box: whether p is where a place of the
// segment is rounded to. Coordinates are doubled to make the corners whole.
func passes(s segment, p geo.Point) bool {
	if p.X < s.a.X || p.X > s.b.X || p.Y < min(s.a.Y, s.b.Y) || p.Y > max(s.a.Y, s.b.Y) {
		return false
	}
	ux, uy := 2*(int64(s.b.X)-int64(s.a.X)), 2*(int64(s.b.Y)-int64(s.a.Y))
	cx, cy := 2*(int64(p.X)-int64(s.a.X)), 2*(int64(p.Y)-int64(s.a.Y))
	left, right := false, false
	for _, corner := range [...][2]int64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		side := turn(ux, uy, cx+corner[0], cy+corner[1])
		left, right = left || side >= 0, right || side <= 0
	}
	return left && right
}
