package geo

import "math"

// labelPrecision is the size of the largest polygon's box over the error allowed in the distance of the label point
// from the outline.
const labelPrecision = 100

// maxSquares bounds the search for outlines whose best places all look alike.
const maxSquares = 4096

// pole is the label point of the polygon with the rings from..to.
func pole(s Shape, from, to int) Point {
	shell := s.Ring(from)
	box := EmptyBox()
	for _, p := range shell {
		box = box.Extend(p)
	}
	f := newField(s, from, to, box)
	w, h := f.plane(box.Max)
	size := max(w, h)
	if size == 0 {
		return shell[0]
	}
	only := Shape{kind: KindPolygon, xy: s.xy[start(s, from):s.rings[to-1]], rings: ends(s, from, to)}
	// At most 32 by 32 squares to begin with.
	half := max(min(w, h), size/32) / 2
	precision := size / labelPrecision
	best, found := shell[0], false
	bestD := math.Inf(-1)
	// look measures a square's centre and queues the square if it may hold something better.
	queue := make(squares, 0, 64)
	count := 0
	look := func(x, y, half float64) {
		count++
		d := f.distance(x, y)
		if d > bestD {
			if p := f.point(x, y); only.Contains(p) {
				best, bestD, found = p, d, true
			}
		}
		if most := d + half*math.Sqrt2; most > max(0, bestD+precision) {
			queue.push(square{x: x, y: y, half: half, most: most})
		}
	}
	cx, cy := f.centroid()
	look(cx, cy, 0)
	for x := half; x < w+half; x += 2 * half {
		for y := half; y < h+half; y += 2 * half {
			look(x, y, half)
		}
	}
	for len(queue) > 0 && count < maxSquares {
		c := queue.pop()
		if c.most <= bestD+precision {
			break
		}
		q := c.half / 2
		look(c.x-q, c.y-q, q)
		look(c.x+q, c.y-q, q)
		look(c.x-q, c.y+q, q)
		look(c.x+q, c.y+q, q)
	}
	if !found {
		return inner(only, shell)
	}
	return best
}

// inner looks for a contained point near the vertices of a sliver; a vertex is the last resort.
func inner(s Shape, shell []Point) Point {
	for i := 1; i < len(shell); i++ {
		a, b := shell[i-1], shell[i]
		m := Point{X: int32((int64(a.X) + int64(b.X)) / 2), Y: int32((int64(a.Y) + int64(b.Y)) / 2)}
		for _, p := range [...]Point{m, a, {m.X - 1, m.Y}, {m.X, m.Y - 1}, {m.X + 1, m.Y}, {m.X, m.Y + 1}} {
			if s.Contains(p) {
				return p
			}
		}
	}
	return shell[0]
}

// start is the first vertex of ring i.
func start(s Shape, i int) uint32 {
	if i == 0 {
		return 0
	}
	return s.rings[i-1]
}

// ends are the ring ends of the rings from..to, relative to the first.
func ends(s Shape, from, to int) []uint32 {
	out := make([]uint32, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, s.rings[i]-start(s, from))
	}
	return out
}

// square is a square of the search: centre, half side, and an upper bound of the distances of its points.
type square struct{ x, y, half, most float64 }

// squares is a binary heap, greatest bound first; ties are broken by place, so that the search is deterministic.
type squares []square

func (q squares) before(i, j int) bool {
	a, b := &q[i], &q[j]
	switch {
	case a.most != b.most:
		return a.most > b.most
	case a.x != b.x:
		return a.x < b.x
	default:
		return a.y < b.y
	}
}

func (q *squares) push(c square) {
	*q = append(*q, c)
	h := *q
	for i := len(h) - 1; i > 0 && h.before(i, (i-1)/2); i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
}

func (q *squares) pop() square {
	h := *q
	first := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	*q = h
	for i := 0; ; {
		k := 2*i + 1
		if k >= last {
			return first
		}
		if k+1 < last && h.before(k+1, k) {
			k++
		}
		if !h.before(k, i) {
			return first
		}
		h[i], h[k] = h[k], h[i]
		i = k
	}
}
