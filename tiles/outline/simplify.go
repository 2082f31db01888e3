package outline

import "math/bits"

// simplify takes vertices out, those first whose triangle with their neighbours is least (M. Visvalingam, J. D.
// Whyatt, "Line generalisation by repeated elimination of points", The Cartographic Journal 30, 1993), up to the
// frame's bound. A vertex stays when a path parts or ends there, when it lies on one of the lines, when another vertex
// lies in its triangle, and when its neighbours are joined already: so no edges come to cross, touch or coincide. A
// ring by itself keeps four. A vertex is taken out for all paths at once.
//
// Everything a decision looks at lies in the strip or square between the lines where the vertex is, and the order
// does not depend on the order of the features nor on the tile. Therefore both tiles that share a strip draw the same.
func (d *Drawing) simplify() {
	n := &d.net
	q := &d.queue
	q.items = q.items[:0]
	d.joined.reset(len(n.at))
	for r := range d.rings {
		path := d.routed[d.rings[r].from:d.rings[r].to]
		for i := 1; i < len(path); i++ {
			if u, v := path[i-1], path[i]; u >= 0 && v >= 0 && n.about[u].kept && n.about[v].kept {
				d.joined.add(u, v)
			}
		}
	}
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

// weigh puts a vertex into the queue when its triangle is small enough.
func (d *Drawing) weigh(id int32) {
	n := &d.net
	a := &n.about[id]
	if a.kept || a.prev < 0 {
		return
	}
	v := n.at[id]
	size := turn(n.at[a.prev], v, n.at[a.next])
	if size < 0 {
		size = -size
	}
	if size > int64(d.frame.bend2) {
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
	if n.adjacent(p, q) || n.apex(p, id, q) || n.about[p].kept && n.about[q].kept && d.joined.has(p, q) || d.occupied(id, p, q) {
		a.key = 0
		return
	}
	a.gone = true
	n.replace(p, id, q)
	n.replace(q, id, p)
	if n.about[p].kept && n.about[q].kept {
		d.joined.add(p, q)
	}
	d.weigh(p)
	d.weigh(q)
}

// adjacent reports whether one of two vertices has the other as neighbour. Neither does so when both are kept.
func (n *net) adjacent(p, q int32) bool {
	a, b := &n.about[p], &n.about[q]
	return !a.kept && (a.prev == q || a.next == q) || !b.kept && (b.prev == p || b.next == p)
}

// apex reports whether a ring of four would become a triangle: the squares that small buildings are stay squares.
func (n *net) apex(p, id, q int32) bool {
	a, b := &n.about[p], &n.about[q]
	return !a.kept && !b.kept && a.other(id) == b.other(id)
}

// other is the neighbour that is not the given one.
func (a *about) other(id int32) int32 {
	if a.prev == id {
		return a.next
	}
	return a.prev
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
	for row := (y0 - n.origin.Y) >> n.side; row <= (y1-n.origin.Y)>>n.side; row++ {
		for column := (x0 - n.origin.X) >> n.side; column <= (x1-n.origin.X)>>n.side; column++ {
			for _, w := range n.bucket(column, row) {
				v := n.at[w]
				if w == id || w == p || w == q || n.about[w].gone || v.X < x0 || v.X > x1 || v.Y < y0 || v.Y > y1 {
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

// turn is twice the signed area of the triangle a, b, c; 0 when they lie on one line.
func turn(a, b, c Vertex) int64 {
	return int64(b.X-a.X)*int64(c.Y-a.Y) - int64(b.Y-a.Y)*int64(c.X-a.X)
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

// pairs is a set of pairs of vertices, which have no order.
type pairs struct {
	table []uint64
	count int
}

func (s *pairs) reset(size int) {
	want := 1 << bits.Len(uint(max(64, size)))
	if len(s.table) < want || len(s.table) > 8*want {
		s.table = make([]uint64, want)
	} else {
		clear(s.table)
	}
	s.count = 0
}

func pair(u, v int32) uint64 { return uint64(min(u, v)+1)<<32 | uint64(max(u, v)) }

func (s *pairs) find(key uint64) int {
	mask := uint64(len(s.table) - 1)
	h := (key ^ key>>32) * 0x9E3779B97F4A7C15 >> 20 & mask
	for s.table[h] != 0 && s.table[h] != key {
		h = (h + 1) & mask
	}
	return int(h)
}

func (s *pairs) has(u, v int32) bool { return s.table[s.find(pair(u, v))] != 0 }

func (s *pairs) add(u, v int32) {
	key := pair(u, v)
	h := s.find(key)
	if s.table[h] != 0 {
		return
	}
	s.table[h] = key
	if s.count++; 2*s.count > len(s.table) {
		old := s.table
		s.table, s.count = make([]uint64, 2*len(old)), 0
		for _, k := range old {
			if k != 0 {
				s.table[s.find(k)] = k
				s.count++
			}
		}
	}
}
