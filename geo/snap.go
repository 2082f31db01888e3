package geo

import "slices"

// node cuts edges at every place where they meet and moves the pieces to the integer grid, by snap rounding: J. D.
// Hobby, "Practical segment intersection with finite precision output", Computational Geometry 13 (1999). The unit
// squares around all vertices and rounded crossings are hot; a piece ends at the centre of every hot square that its
// edge passes through. The result meets only in common ends, exactly, and no piece has moved by more than 0.71 units.
func node(edges []edge) []edge {
	hot := make([]Point, 0, 2*len(edges))
	for _, e := range edges {
		hot = append(hot, e.a, e.b)
	}
	axis, _ := bestAxis(edges)
	pairs(edges, axis, func(i, j int) bool {
		if rel, _ := relate(edges[i], edges[j]); rel == cross {
			hot = append(hot, crossing(edges[i], edges[j]))
		}
		return true
	})
	slices.SortFunc(hot, comparePoints)
	hot = slices.Compact(hot)
	out := make([]edge, 0, len(edges))
	var cuts []Point
	for _, e := range edges {
		cuts = passed(e, hot, cuts[:0])
		for i := 1; i < len(cuts); i++ {
			out = append(out, edge{cuts[i-1], cuts[i], e.ring})
		}
	}
	return out
}

func comparePoints(a, b Point) int {
	switch {
	case a == b:
		return 0
	case less(a, b):
		return -1
	default:
		return 1
	}
}

// passed appends to cuts the hot points whose squares the edge passes through, from its start to its end. Along an
// edge both coordinates of the squares are monotone, which gives their order.
func passed(e edge, hot, cuts []Point) []Point {
	minX, maxX := min(e.a.X, e.b.X), max(e.a.X, e.b.X)
	minY, maxY := min(e.a.Y, e.b.Y), max(e.a.Y, e.b.Y)
	at, _ := slices.BinarySearchFunc(hot, minX, func(p Point, x int32) int { return sign(int64(p.X) - int64(x)) })
	for ; at < len(hot) && hot[at].X <= maxX; at++ {
		if h := hot[at]; h.Y >= minY && h.Y <= maxY && passes(e, h) {
			cuts = append(cuts, h)
		}
	}
	dx, dy := sign(int64(e.b.X)-int64(e.a.X)), sign(int64(e.b.Y)-int64(e.a.Y))
	slices.SortFunc(cuts, func(p, q Point) int {
		if c := dx * sign(int64(p.X)-int64(q.X)); c != 0 {
			return c
		}
		return dy * sign(int64(p.Y)-int64(q.Y))
	})
	return cuts
}

// passes reports whether an edge meets the unit square around h, which holds its left and lower sides and not its
// right and upper ones, so that every place lies in one square. Both ends of the edge are integer and the square's
// centre lies in the edge's box. Coordinates are doubled to make the corners integer.
func passes(e edge, h Point) bool {
	a, b := e.a, e.b
	if a == h || b == h {
		return true
	}
	if b.X < a.X {
		a, b = b, a
	}
	if a.X == b.X || a.Y == b.Y {
		return true
	}
	ux, uy := 2*(int64(b.X)-int64(a.X)), 2*(int64(b.Y)-int64(a.Y))
	cx, cy := 2*(int64(h.X)-int64(a.X)), 2*(int64(h.Y)-int64(a.Y))
	up := uy > 0
	ul := crossSign(ux, uy, cx-1, cy+1)
	if ul == 0 {
		return !up
	}
	ur := crossSign(ux, uy, cx+1, cy+1)
	if ur == 0 {
		return up
	}
	ll := crossSign(ux, uy, cx-1, cy-1)
	if ll == 0 {
		return true
	}
	lr := crossSign(ux, uy, cx+1, cy-1)
	if lr == 0 {
		return !up
	}
	return ul != ur || ul != ll || ul != lr
}
