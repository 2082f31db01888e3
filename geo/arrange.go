package geo

import "slices"

// arrangement is the planar graph of noded edges. Edge k joins a[k] and b[k], a before b in the order of [less]; net
// is how many rings run from a to b less those that run back. Half-edge 2k runs from a to b and 2k+1 back.
type arrangement struct {
	a, b []Point
	net  []int
	// out are the half-edges by origin and, around it, anticlockwise; place is the inverse of out; first and last are
	// the bounds of the origin's run, by place.
	out         []int32
	place       []int32
	first, last []int32
	face        []int32 // left of each half-edge
	winding     []int   // of each face
}

// arrange builds the graph of edges that meet in common ends only, and the winding number of each of its faces.
// Edges that cancel each other, the two sides of a spike, are left out.
func arrange(edges []edge) *arrangement {
	type run struct {
		a, b Point
		net  int
	}
	runs := make([]run, 0, len(edges))
	for _, e := range edges {
		if less(e.a, e.b) {
			runs = append(runs, run{e.a, e.b, 1})
		} else {
			runs = append(runs, run{e.b, e.a, -1})
		}
	}
	slices.SortFunc(runs, func(p, q run) int {
		if c := comparePoints(p.a, q.a); c != 0 {
			return c
		}
		return comparePoints(p.b, q.b)
	})
	g := &arrangement{}
	for i := 0; i < len(runs); {
		j, net := i, 0
		for ; j < len(runs) && runs[j].a == runs[i].a && runs[j].b == runs[i].b; j++ {
			net += runs[j].net
		}
		if net != 0 {
			g.a, g.b, g.net = append(g.a, runs[i].a), append(g.b, runs[i].b), append(g.net, net)
		}
		i = j
	}
	g.sortOut()
	g.findFaces()
	g.wind()
	return g
}

func (g *arrangement) origin(h int32) Point {
	if h&1 == 0 {
		return g.a[h>>1]
	}
	return g.b[h>>1]
}

func (g *arrangement) target(h int32) Point { return g.origin(h ^ 1) }

func (g *arrangement) sortOut() {
	n := 2 * len(g.a)
	g.out = make([]int32, n)
	for i := range g.out {
		g.out[i] = int32(i)
	}
	slices.SortFunc(g.out, func(h, k int32) int {
		if c := comparePoints(g.origin(h), g.origin(k)); c != 0 {
			return c
		}
		return compareAngles(g.origin(h), g.target(h), g.target(k))
	})
	g.place, g.first, g.last = make([]int32, n), make([]int32, n), make([]int32, n)
	for i := 0; i < n; {
		j := i
		for ; j < n && g.origin(g.out[j]) == g.origin(g.out[i]); j++ {
			g.place[g.out[j]] = int32(j)
		}
		for k := i; k < j; k++ {
			g.first[k], g.last[k] = int32(i), int32(j-1)
		}
		i = j
	}
}

// compareAngles orders directions from o anticlockwise, beginning in the east.
func compareAngles(o, p, q Point) int {
	lower := func(p Point) bool { return p.Y < o.Y || p.Y == o.Y && p.X < o.X }
	if lp, lq := lower(p), lower(q); lp != lq {
		if lq {
			return -1
		}
		return 1
	}
	return -Orient(o, p, q)
}

// clockwise is the half-edge that follows h clockwise around their origin.
func (g *arrangement) clockwise(h int32) int32 {
	at := g.place[h]
	if at == g.first[at] {
		return g.out[g.last[at]]
	}
	return g.out[at-1]
}

// findFaces numbers the cycles of half-edges that keep one face on their left.
func (g *arrangement) findFaces() {
	g.face = make([]int32, len(g.out))
	for i := range g.face {
		g.face[i] = -1
	}
	count := int32(0)
	for i := range g.face {
		if g.face[i] >= 0 {
			continue
		}
		for h := int32(i); g.face[h] < 0; h = g.clockwise(h ^ 1) {
			g.face[h] = count
		}
		count++
	}
	g.winding = make([]int, count)
}

// wind finds the winding number of every face. In each connected part of the graph it is known for the outer face and
// changes by net across each edge.
func (g *arrangement) wind() {
	known := make([]bool, len(g.winding))
	member := make([][]int32, len(g.winding)) // half-edges of each face
	for h, f := range g.face {
		member[f] = append(member[f], int32(h))
	}
	var queue []int32
	for at := 0; at < len(g.out); at = int(g.last[at]) + 1 {
		// The first unvisited origin is the least point of its part: all its edges run east or straight north, and
		// the face left of the northernmost one is the outer face.
		h := g.out[at]
		if known[g.face[h]] {
			continue
		}
		for k := at + 1; k <= int(g.last[at]); k++ {
			if Orient(g.origin(h), g.target(h), g.target(g.out[k])) > 0 {
				h = g.out[k]
			}
		}
		outer := g.face[h]
		known[outer] = true
		g.winding[outer] = g.windingWest(g.origin(h))
		queue = append(queue[:0], outer)
		for len(queue) > 0 {
			f := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			for _, h := range member[f] {
				if t := g.face[h^1]; !known[t] {
					known[t] = true
					g.winding[t] = g.winding[f] - g.netOf(h)
					queue = append(queue, t)
				}
			}
		}
	}
}

func (g *arrangement) netOf(h int32) int {
	if h&1 == 0 {
		return g.net[h>>1]
	}
	return -g.net[h>>1]
}

// windingWest is the winding number around the place infinitesimally west, and still less north, of p.
func (g *arrangement) windingWest(p Point) int {
	w := 0
	for k := range g.a {
		a, b := g.a[k], g.b[k]
		switch {
		case a.Y <= p.Y && p.Y < b.Y && Orient(a, b, p) >= 0:
			w += g.net[k]
		case b.Y <= p.Y && p.Y < a.Y && Orient(b, a, p) >= 0:
			w -= g.net[k]
		}
	}
	return w
}

// walks are the closed boundaries of the faces whose winding number is kept, each with the kept side on its left. A
// walk borders one connected piece and may meet itself in points. The first vertex is not repeated.
func (g *arrangement) walks(keep func(winding int) bool) [][]Point {
	border := make([]bool, len(g.out))
	for h := range g.face {
		border[h] = keep(g.winding[g.face[h]]) && !keep(g.winding[g.face[h^1]])
	}
	done := make([]bool, len(g.out))
	var out [][]Point
	for _, h := range g.out {
		var walk []Point
		for border[h] && !done[h] {
			done[h] = true
			walk = append(walk, g.origin(h))
			// The border goes on along the first border edge clockwise from here: between them lies kept ground.
			h = g.clockwise(h ^ 1)
			for !border[h] {
				h = g.clockwise(h)
			}
		}
		if walk != nil {
			out = append(out, walk)
		}
	}
	return out
}
