package outline

import (
	"cmp"
	"slices"
)

// route leads every edge through all vertices whose pixels it passes: snap rounding, J. D. Hobby, "Practical segment
// intersection with finite precision output", Computational Geometry 13 (1999). Edges that did not cross before do not
// cross after, they only come to share vertices and pieces. Which pixels an edge passes is decided by the edge itself
// and not by its rounded ends, so the answer is the same in every tile and for everyone who has the edge.
func (d *Drawing) route() {
	if len(d.net.at) > 0 {
		d.net.sort(d.frame.step)
	}
	d.edges = nil
	tees := d.pixel <= mostTees
	if tees {
		d.findRim()
	} else {
		d.rim = d.rim[:0]
	}
	for r := range d.rings {
		ring := d.rings[r]
		start := int32(len(d.routed))
		if ring.from < ring.to {
			d.routed = append(d.routed, d.path[ring.from].id)
		}
		for from := ring.from; ; {
			// The next vertex of the shape, after those where the edge crosses lines.
			to := from + 1
			for to < ring.to && d.path[to].raw == d.path[from].raw {
				to++
			}
			if to >= ring.to {
				break
			}
			d.lead(from, to, tees)
			from = to
		}
		d.rings[r] = run{start, int32(len(d.routed))}
		d.link(d.routed[start:], int32(r))
	}
}

// pass appends the vertices between u and v whose pixels the edge a–b passes; u and v are vertices of the path along it.
// With tees, it notes the vertices that lie on the edge.
func (d *Drawing) pass(u, v int32, a, b fine, tees bool) {
	n := &d.net
	p, q, step := n.at[u], n.at[v], d.frame.step
	x0, x1, y0, y1 := min(p.X, q.X), max(p.X, q.X), min(p.Y, q.Y), max(p.Y, q.Y)
	if x1-x0 <= step && y0 == y1 || y1-y0 <= step && x0 == x1 {
		// Two pixels side by side, and nothing between.
		return
	}
	start := len(d.routed)
	room := int32(0)
	if tees {
		room = step
	}
	first, last := max(0, y0-room-n.origin.Y)>>n.side, min(n.rows-1, (y1+room-n.origin.Y)>>n.side)
	left, right := max(0, x0-room-n.origin.X)>>n.side, min(n.columns-1, (x1+room-n.origin.X)>>n.side)
	for row := first; row <= last; row++ {
		from, to := left, right
		if right-left > 1 && y0 != y1 {
			from, to = d.stretch(p, q, row)
			from, to = max(from, left), min(to, right)
		}
		for column := from; column <= to; column++ {
			for _, w := range n.bucket(column, row) {
				c := w.at
				if c == p || c == q {
					continue
				}
				if c.X >= x0 && c.X <= x1 && c.Y >= y0 && c.Y <= y1 && d.passes(a, b, c) {
					d.routed = append(d.routed, w.id)
				}
				if tees && c.X >= x0-room && c.X <= x1+room && c.Y >= y0-room && c.Y <= y1+room {
					d.tee(a, b, w.raw, w.id)
				}
			}
		}
	}
	between := d.routed[start:]
	if len(between) < 2 {
		return
	}
	// Both coordinates are monotone along the edge.
	dx, dy := sign(int64(q.X)-int64(p.X)), sign(int64(q.Y)-int64(p.Y))
	slices.SortFunc(between, func(s, t int32) int {
		return cmp.Or(dx*int(n.at[s].X-n.at[t].X), dy*int(n.at[s].Y-n.at[t].Y))
	})
}

// stretch is the columns that the edge p–q can meet in a row of squares, with room for rounding.
func (d *Drawing) stretch(p, q Vertex, row int32) (from, to int32) {
	n := &d.net
	slope := float64(q.X-p.X) / float64(q.Y-p.Y)
	room := 2 * float64(d.frame.step)
	// The edge ends at its ends.
	low := max(float64(n.origin.Y+row<<n.side)-room, float64(min(p.Y, q.Y))) - float64(p.Y)
	high := min(float64(n.origin.Y+(row+1)<<n.side)+room, float64(max(p.Y, q.Y))) - float64(p.Y)
	a, b := float64(p.X)+low*slope, float64(p.X)+high*slope
	return (int32(min(a, b)-room) - n.origin.X) >> n.side, (int32(max(a, b)+room) - n.origin.X) >> n.side
}

// passes reports whether the edge a–b meets the pixel of a vertex c, which lies between the
// pixels of its ends: there the straight line through the edge is the edge. A pixel holds its low sides and not its high
// ones, as rounding does.
func (d *Drawing) passes(a, b fine, c Vertex) bool {
	half := int64(1) << (d.pixel - 1)
	dx, dy := b.x-a.x, b.y-a.y
	cx, cy := int64(c.X)<<d.unit-a.x, int64(c.Y)<<d.unit-a.y
	const wide = 1 << 30
	if max(magnitude(dx), magnitude(dy), magnitude(cx), magnitude(cy)) >= wide {
		return d.passesFar(a, b, c, half)
	}
	f := dx*cy - dy*cx
	reach := half * int64(magnitude(dx)+magnitude(dy))
	switch {
	case f > reach || f < -reach:
		return false
	case f == reach:
		// The line touches one corner, or one side.
		return dx >= 0 && dy <= 0
	case f == -reach:
		return dx <= 0 && dy >= 0
	default:
		return true
	}
}

// passesFar is passes for edges of more than a thousand kilometres, where the products need more than 64 bits and a
// rounding error is far below a pixel. The edge is put in order, so that the answer has no direction.
func (d *Drawing) passesFar(a, b fine, c Vertex, half int64) bool {
	if b.x < a.x || b.x == a.x && b.y < a.y {
		a, b = b, a
	}
	dx, dy := float64(b.x-a.x), float64(b.y-a.y)
	cx, cy := float64(int64(c.X)<<d.unit-a.x), float64(int64(c.Y)<<d.unit-a.y)
	left, right := float64(dx*cy), float64(dy*cx)
	f, reach := left-right, float64(half)*(max(dx, -dx)+max(dy, -dy))
	return f < reach && f > -reach
}

// link tells the vertices of ring r their neighbours. One at which paths part, or end, stays.
func (d *Drawing) link(path []int32, r int32) {
	n := len(path)
	if d.whole[r] == 0 {
		d.whole[r] = int32(n - 1)
	}
	if n == 0 {
		return
	}
	closed := path[0] == path[n-1] && n > 2
	for i, id := range path {
		if id < 0 || i == n-1 && closed {
			continue
		}
		a := &d.net.about[id]
		if a.kept {
			continue
		}
		prev, next := int32(none), int32(none)
		switch {
		case i > 0:
			prev = path[i-1]
		case closed:
			prev = path[n-2]
		}
		if i < n-1 {
			next = path[i+1]
		}
		switch {
		case prev < 0 || next < 0 || prev == next:
			a.kept = true
		case a.prev == none:
			a.prev, a.next = prev, next
			a.rings = [2]int32{r, r}
		case a.rings[0] != a.rings[1] || a.rings[0] == r:
			// Edges that three rings run along are rare.
			a.kept = true
		case a.prev == prev && a.next == next || a.prev == next && a.next == prev:
			a.rings[1] = r
		default:
			a.kept = true
		}
	}
}
