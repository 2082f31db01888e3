package check

import (
	"math/big"

	"github.com/gewu-city/gewu/geo"
)

// strips are the edges of a graph by height, for rays.
type strips struct {
	low    int64
	height int64
	edges  [][]int32
}

// newStrips sorts edges into strips of equal height.
func newStrips(g *graph) *strips {
	low, high := int64(1<<40), int64(-1<<40)
	for i := range g.sites {
		y := int64(g.sites[i].p.Y)
		low, high = min(low, y), max(high, y+1)
	}
	count := max(1, int64(len(g.edges))/8)
	s := &strips{low: low, height: (high-low)/count + 1}
	s.edges = make([][]int32, (high-low)/s.height+1)
	for k, e := range g.edges {
		u, v := int64(g.sites[e.u].p.Y), int64(g.sites[e.v].p.Y)
		// The floor of a place between points may be a unit lower than where it is.
		for at := s.of(min(u, v)); at <= s.of(max(u, v)+1) && at < len(s.edges); at++ {
			s.edges[at] = append(s.edges[at], int32(k))
		}
	}
	return s
}

func (s *strips) of(y int64) int { return int((y - s.low) / s.height) }

// west is the half-edge next to a site without fractions on a ray to the west that runs infinitesimally north of it, with
// the side of the site on its left; -1 when the ray meets nothing.
func (g *graph) west(p geo.Point) int32 {
	if g.strips == nil {
		g.strips = newStrips(g)
	}
	best := int32(-1)
	for _, k := range g.strips.edges[g.strips.of(int64(p.Y))] {
		e := &g.edges[k]
		l := &g.lines[e.line]
		north := l.b.Y > l.a.Y
		low, high := e.u, e.v
		if !north {
			low, high = high, low
		}
		if l.a.Y == l.b.Y || !g.notAbove(low, p.Y) || g.notAbove(high, p.Y) {
			continue
		}
		side := geo.Orient(l.a, l.b, p)
		if !north {
			side = -side
		}
		// The site has to be on the right of the edge as it runs north.
		if side >= 0 || best >= 0 && !g.nearer(k, best, p) {
			continue
		}
		best = k
	}
	if best < 0 {
		return -1
	}
	if l := &g.lines[g.edges[best].line]; l.b.Y > l.a.Y {
		return 2*best + 1
	}
	return 2 * best
}

// notAbove reports whether a site lies at a height or below it.
func (g *graph) notAbove(i, y int32) bool {
	s := &g.sites[i]
	if s.x == nil || s.p.Y != y {
		return s.p.Y <= y
	}
	return s.y.IsInt()
}

// nearer reports whether edge k meets the ray from p to the west nearer to p than edge j.
func (g *graph) nearer(k, j int32, p geo.Point) bool {
	xk, xj := g.meetsAt(k, p), g.meetsAt(j, p)
	if c := xk.Cmp(xj); c != 0 {
		return c > 0
	}
	// They meet in a common lower end: just north of it the one that leans more to the east is nearer.
	return g.lean(k).Cmp(g.lean(j)) > 0
}

// meetsAt is where the line of an edge meets the height of p, relative to p.
func (g *graph) meetsAt(k int32, p geo.Point) *big.Rat {
	l := &g.lines[g.edges[k].line]
	x := g.lean(k)
	x.Mul(x, new(big.Rat).SetInt64(int64(p.Y)-int64(l.a.Y)))
	return x.Add(x, new(big.Rat).SetInt64(int64(l.a.X)-int64(p.X)))
}

// lean is by how much the line of an edge goes east for each unit north.
func (g *graph) lean(k int32) *big.Rat {
	l := &g.lines[g.edges[k].line]
	return big.NewRat(int64(l.b.X)-int64(l.a.X), int64(l.b.Y)-int64(l.a.Y))
}
