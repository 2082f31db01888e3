package geo

import "slices"

// denseShare is the mean number of edges beside each other along the best axis above which [contacts] leaves the
// plain sweep of [pairs], whose cost grows with it, for one over an ordered tree.
const denseShare = 256

// contacts calls visit for every pair of edges that meet, and perhaps for others, until it returns false. Where edges
// lie dense, it stops after the first two that cross or overlap.
func contacts(edges []edge, visit func(i, j int) bool) {
	axis, share := bestAxis(edges)
	if share < denseShare {
		pairs(edges, axis, visit)
		return
	}
	sweep(edges, visit)
}

// sweep is the algorithm of M. I. Shamos and D. Hoey, "Geometric intersection problems" (1976), with touches: a line
// moves east (and, among equal X, north) over the ends of the edges; the edges that it meets are kept in their order
// from south to north. Two edges that cross are neighbours before they do; the sweep ends there, because the order
// would no longer hold. Edges that touch do so at an end, where all edges through it are next to each other.
func sweep(edges []edge, visit func(i, j int) bool) {
	n := len(edges)
	right := make([]edge, n) // edges from their lesser to their greater end
	starts, stops := make([]int32, n), make([]int32, n)
	for i, e := range edges {
		right[i] = edge{a: minPoint(e.a, e.b), b: maxPoint(e.a, e.b)}
		starts[i], stops[i] = int32(i), int32(i)
	}
	slices.SortFunc(starts, func(i, j int32) int { return comparePoints(right[i].a, right[j].a) })
	slices.SortFunc(stops, func(i, j int32) int { return comparePoints(right[i].b, right[j].b) })
	line := newOrder(n)
	check := func(i, j int32) bool {
		if i < 0 || j < 0 {
			return true
		}
		if rel, _ := relate(edges[i], edges[j]); rel == cross || rel == overlap {
			visit(int(min(i, j)), int(max(i, j)))
			return false
		}
		return true
	}
	var here []int32 // the edges through p
	for len(stops) > 0 {
		p := right[stops[0]].b
		if len(starts) > 0 && less(right[starts[0]].a, p) {
			p = right[starts[0]].a
		}
		begin, end := 0, 0
		for begin < len(starts) && right[starts[begin]].a == p {
			begin++
		}
		for end < len(stops) && right[stops[end]].b == p {
			end++
		}
		here = line.through(right, p, here[:0])
		below, above := int32(-1), int32(-1)
		if len(here) > 0 {
			below, above = line.prev[here[0]], line.next[here[len(here)-1]]
		}
		here = append(here, starts[:begin]...)
		for i, e := range here {
			for _, f := range here[i+1:] {
				if !visit(int(min(e, f)), int(max(e, f))) {
					return
				}
			}
		}
		for _, e := range stops[:end] {
			line.remove(e)
		}
		for _, s := range starts[:begin] {
			if !line.insert(right, s) {
				return
			}
		}
		// New neighbours are at the outer sides of the edges through p, where any are left.
		if below >= 0 && !check(below, line.next[below]) || above >= 0 && !check(line.prev[above], above) {
			return
		}
		for _, s := range starts[:begin] {
			if !check(s, line.prev[s]) || !check(s, line.next[s]) {
				return
			}
		}
		starts, stops = starts[begin:], stops[end:]
	}
}

// order is a treap of edges from south to north, threaded as a list; -1 is no edge.
type order struct {
	root                      int32
	up, low, high, prev, next []int32
}

func newOrder(n int) *order {
	all := make([]int32, 5*n)
	return &order{root: -1, up: all[:n], low: all[n : 2*n], high: all[2*n : 3*n], prev: all[3*n : 4*n], next: all[4*n:]}
}

// rank is the heap priority of an edge: a fixed permutation that looks random (the multiplier is odd).
func rank(i int32) uint32 {
	h := uint32(i) * 0x9E3779B1
	return (h ^ h>>15) * 0x85EBCA77
}

// through appends the edges that hold p, from south to north.
func (o *order) through(right []edge, p Point, out []int32) []int32 {
	at := o.root
	for at >= 0 {
		side := Orient(right[at].a, right[at].b, p)
		if side == 0 {
			break
		}
		if side > 0 {
			at = o.high[at]
		} else {
			at = o.low[at]
		}
	}
	if at < 0 {
		return out
	}
	for q := o.prev[at]; q >= 0 && Orient(right[q].a, right[q].b, p) == 0; q = o.prev[q] {
		at = q
	}
	for ; at >= 0 && Orient(right[at].a, right[at].b, p) == 0; at = o.next[at] {
		out = append(out, at)
	}
	return out
}

// insert puts an edge at its place. It reports false when it runs along another.
func (o *order) insert(right []edge, e int32) bool {
	o.low[e], o.high[e], o.up[e], o.prev[e], o.next[e] = -1, -1, -1, -1, -1
	parent, above := int32(-1), false
	for at := o.root; at >= 0; {
		parent = at
		side := Orient(right[at].a, right[at].b, right[e].a)
		if side == 0 {
			side = Orient(right[at].a, right[at].b, right[e].b)
		}
		switch {
		case side == 0:
			return false
		case side > 0:
			above = true
			o.prev[e] = at
			at = o.high[at]
		default:
			above = false
			o.next[e] = at
			at = o.low[at]
		}
	}
	o.up[e] = parent
	switch {
	case parent < 0:
		o.root = e
	case above:
		o.high[parent] = e
	default:
		o.low[parent] = e
	}
	if p := o.prev[e]; p >= 0 {
		o.next[p] = e
	}
	if q := o.next[e]; q >= 0 {
		o.prev[q] = e
	}
	for o.up[e] >= 0 && rank(e) < rank(o.up[e]) {
		o.lift(e)
	}
	return true
}

// lift rotates an edge over its parent.
func (o *order) lift(e int32) {
	p := o.up[e]
	g := o.up[p]
	if o.low[p] == e {
		o.low[p] = o.high[e]
		if o.high[e] >= 0 {
			o.up[o.high[e]] = p
		}
		o.high[e] = p
	} else {
		o.high[p] = o.low[e]
		if o.low[e] >= 0 {
			o.up[o.low[e]] = p
		}
		o.low[e] = p
	}
	o.up[p], o.up[e] = e, g
	o.replace(g, p, e)
}

// replace makes e the child of g instead of old.
func (o *order) replace(g, old, e int32) {
	switch {
	case g < 0:
		o.root = e
	case o.low[g] == old:
		o.low[g] = e
	default:
		o.high[g] = e
	}
}

// remove takes an edge out.
func (o *order) remove(e int32) {
	for o.low[e] >= 0 && o.high[e] >= 0 {
		if rank(o.low[e]) < rank(o.high[e]) {
			o.lift(o.low[e])
		} else {
			o.lift(o.high[e])
		}
	}
	child := max(o.low[e], o.high[e])
	if child >= 0 {
		o.up[child] = o.up[e]
	}
	o.replace(o.up[e], e, child)
	if p := o.prev[e]; p >= 0 {
		o.next[p] = o.next[e]
	}
	if q := o.next[e]; q >= 0 {
		o.prev[q] = o.prev[e]
	}
}
