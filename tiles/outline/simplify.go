package outline

import "math"

// simplify takes vertices out, those first whose triangle with their neighbours is least (M. Visvalingam, J. D.
// Whyatt, "Line generalisation by repeated elimination of points", The Cartographic Journal 30, 1993), if it is flat. A vertex stays when a path parts or ends there, when it lies on one of the lines, when another vertex
// lies in its triangle: so no edges come to cross or touch. A ring that lies in one square between the lines keeps four
// vertices. A vertex is taken out for all paths at once.
//
// Everything a decision looks at lies in the strip or square between the lines where the vertex is, and the order
// does not depend on the order of the features nor on the tile. Therefore both tiles that share a strip draw the same.
func (d *Drawing) simplify() {
	n := &d.net
	q := &d.queue
	q.items = q.items[:0]
	for id := range n.at {
		d.weigh(int32(id))
	}
	for len(q.items) > 0 {
		key, id := q.pop()
		if a := &n.about[id]; a.gone || a.key != key {
			continue
		}
		d.take(id)
	}
}

// leastCorners is how many vertices a small ring keeps: squares stay squares.
const leastCorners = 4

// weigh puts a vertex into the queue when its triangle is small enough.
func (d *Drawing) weigh(id int32) {
	n := &d.net
	a := &n.about[id]
	if a.kept || a.prev < 0 {
		return
	}
	p, v, q := n.at[a.prev], n.at[id], n.at[a.next]
	size := turn(p, v, q)
	if size < 0 {
		size = -size
	}
	// The height of the triangle is its size by the length of its base. The end of a spike lies beyond its base and is
	// as far from it as from its nearer end.
	x, y, bend := int64(q.X-p.X), int64(q.Y-p.Y), int64(d.frame.bend)
	base, along, away := x*x+y*y, x*int64(v.X-p.X)+y*int64(v.Y-p.Y), int64(0)
	if along < 0 || base == 0 {
		away = square(v, p)
	} else if along > base {
		away = square(v, q)
	}
	if 16*size*size > bend*bend*base || 16*away > bend*bend {
		a.key = 0
		return
	}
	a.key = uint64(size)<<26 | uint64(v.X+Buffer)<<13 | uint64(v.Y+Buffer) | 1<<63
	d.queue.push(a.key, id)
}

// take removes a vertex if nothing speaks against it.
func (d *Drawing) take(id int32) {
	n := &d.net
	a := &n.about[id]
	p, q := a.prev, a.next
	first, second := &d.whole[a.rings[0]], &d.whole[a.rings[1]]
	if *first <= leastCorners || *second <= leastCorners || d.occupied(id, p, q) {
		a.key = 0
		return
	}
	a.gone = true
	*first--
	if second != first {
		*second--
	}
	n.replace(p, id, q)
	n.replace(q, id, p)
	d.weigh(p)
	d.weigh(q)
}

func (n *net) replace(id, old, now int32) {
	a := &n.about[id]
	if a.prev == old {
		a.prev = now
	} else if a.next == old {
		a.next = now
	}
}

// occupied reports whether another vertex lies in the triangle of three, or on its sides.
func (d *Drawing) occupied(id, p, q int32) bool {
	n := &d.net
	a, b, c := n.at[p], n.at[id], n.at[q]
	x0, x1 := min(a.X, b.X, c.X), max(a.X, b.X, c.X)
	y0, y1 := min(a.Y, b.Y, c.Y), max(a.Y, b.Y, c.Y)
	first, last := max(0, y0-n.origin.Y)>>n.side, min(n.rows-1, (y1-n.origin.Y)>>n.side)
	left, right := max(0, x0-n.origin.X)>>n.side, min(n.columns-1, (x1-n.origin.X)>>n.side)
	for row := first; row <= last; row++ {
		from, to := left, right
		if last-first > 1 && right-left > 1 {
			from, to = n.stretch(row, a, b, c)
			from, to = max(from, left), min(to, right)
		}
		for column := from; column <= to; column++ {
			for _, w := range n.bucket(column, row) {
				v := w.at
				if v.X < x0 || v.X > x1 || v.Y < y0 || v.Y > y1 || v == a || v == b || v == c || n.about[w.id].gone {
					continue
				}
				s, t, u := turn(a, b, v), turn(b, c, v), turn(c, a, v)
				if s >= 0 && t >= 0 && u >= 0 || s <= 0 && t <= 0 && u <= 0 {
					return true
				}
			}
		}
	}
	return false
}

// stretch is the columns that a triangle can meet in a row of squares, with room for rounding.
func (n *net) stretch(row int32, corners ...Vertex) (from, to int32) {
	y0 := float64(n.origin.Y + row<<n.side)
	y1 := y0 + float64(int32(1)<<n.side)
	low, high := math.Inf(1), math.Inf(-1)
	for i, p := range corners {
		q := corners[(i+1)%len(corners)]
		px, py, qx, qy := float64(p.X), float64(p.Y), float64(q.X), float64(q.Y)
		if max(py, qy) < y0 || min(py, qy) > y1 {
			continue
		}
		s, t := px, qx
		if py != qy {
			slope := (qx - px) / (qy - py)
			s = px + (max(y0, min(y1, py))-py)*slope
			t = px + (max(y0, min(y1, qy))-py)*slope
		}
		low, high = min(low, s, t), max(high, s, t)
	}
	if low > high {
		return 0, -1
	}
	return (int32(low-1) - n.origin.X) >> n.side, (int32(high+1) - n.origin.X) >> n.side
}

// turn is twice the signed area of the triangle a, b, c; 0 when they lie on one line.
func turn(a, b, c Vertex) int64 {
	return int64(b.X-a.X)*int64(c.Y-a.Y) - int64(b.Y-a.Y)*int64(c.X-a.X)
}

// square is the square of the distance of two vertices.
func square(a, b Vertex) int64 {
	x, y := int64(a.X-b.X), int64(a.Y-b.Y)
	return x*x + y*y
}

// queue is a heap of vertices, least key first. Keys hold the place of the vertex, so no two are equal but those of
// one vertex.
type queue struct{ items []queued }

type queued struct {
	key uint64
	id  int32
}

func (q *queue) push(key uint64, id int32) {
	i := len(q.items)
	q.items = append(q.items, queued{key, id})
	for i > 0 {
		up := (i - 1) / 2
		if q.items[up].key <= q.items[i].key {
			return
		}
		q.items[up], q.items[i] = q.items[i], q.items[up]
		i = up
	}
}

func (q *queue) pop() (uint64, int32) {
	top := q.items[0]
	last := len(q.items) - 1
	q.items[0] = q.items[last]
	q.items = q.items[:last]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < last; c++ {
			if q.items[c].key < q.items[least].key {
				least = c
			}
		}
		if least == i {
			return top.key, top.id
		}
		q.items[least], q.items[i] = q.items[i], q.items[least]
		i = least
	}
}
