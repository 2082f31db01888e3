package outline

import (
	"cmp"
	"slices"
)

// near is how far beside a vertex an edge may pass and still be said to have it: one and a half places. A corner on the
// side of a neighbour is rounded to a place, as the ends of the side are, so it need not lie on it exactly.
const near = 3 << (fineBits - 1)

// mostTees is the largest pixel, the binary logarithm of its fine steps, at which corners on sides are looked for: that
// of zoom 15 and 14. In larger ones a centimetre shows in one of a thousand.
const mostTees = 10

// mostRim bounds the ends outside the tile that edges are compared with.
const mostRim = 1 << 10

// tee is a vertex on the side of an edge that goes on there.
type tee struct {
	id   int32
	at   fine
	away float64 // along the edge
}

// stub is the end, outside the tile, of an edge that comes into it.
type stub struct {
	id int32
	at fine
}

// lead leads the edge between the vertices path[from] and path[to] through what it passes. An edge that nobody has the
// other way round, and that has corners of others on its side, is cut there: from then on both sides have the same
// edges.
func (d *Drawing) lead(from, to int32, tees bool) {
	i := d.path[from].raw
	a, b := d.raw[i], d.raw[i+1]
	start, first := len(d.routed), d.path[from].id
	d.tees = d.tees[:0]
	for k := from; k < to; k++ {
		u, v := d.path[k].id, d.path[k+1].id
		if u >= 0 && v >= 0 && u != v {
			d.pass(u, v, a, b, tees)
		}
		d.visit(v)
		if tees && k+1 < to && v >= 0 {
			d.tee(a, b, d.net.about[v].raw, v)
		}
	}
	if (first < 0 || d.path[to].id < 0) && to > from+1 || (first < 0) != (d.path[to].id < 0) {
		for _, s := range d.rim {
			d.tee(a, b, s.at, s.id)
		}
	}
	if len(d.tees) == 0 || !d.alone(a, b) {
		return
	}
	d.routed = d.routed[:start]
	way := 1
	if b.x < a.x || b.x == a.x && b.y < a.y {
		way = -1
	}
	slices.SortFunc(d.tees, func(s, t tee) int {
		return cmp.Or(cmp.Compare(s.away, t.away), way*cmp.Compare(s.at.x, t.at.x), way*cmp.Compare(s.at.y, t.at.y))
	})
	d.tees = slices.CompactFunc(d.tees, func(s, t tee) bool { return s.at == t.at })
	d.tees = append(d.tees, tee{id: d.path[to].id, at: b})
	at, id := a, first
	for _, t := range d.tees {
		for _, c := range d.crossed(at, t.at) {
			next := d.net.vertex(c.x, c.y, true)
			if id >= 0 && id != next {
				d.pass(id, next, at, t.at, false)
			}
			d.visit(next)
			id = next
		}
		if id >= 0 && t.id >= 0 && id != t.id {
			d.pass(id, t.id, at, t.at, false)
		}
		d.visit(t.id)
		at, id = t.at, t.id
	}
}

// visit appends a vertex to the path, unless the path is there.
func (d *Drawing) visit(id int32) {
	if d.routed[len(d.routed)-1] != id {
		d.routed = append(d.routed, id)
	}
}

// tee notes a place that lies on the edge a–b and is not one of its ends.
func (d *Drawing) tee(a, b, at fine, id int32) {
	if at.x < min(a.x, b.x)-near || at.x > max(a.x, b.x)+near || at.y < min(a.y, b.y)-near || at.y > max(a.y, b.y)+near ||
		at == a || at == b {
		return
	}
	// The same sums for both directions.
	p, q := a, b
	if b.x < a.x || b.x == a.x && b.y < a.y {
		p, q = b, a
	}
	dx, dy := float64(q.x-p.x), float64(q.y-p.y)
	x, y := float64(at.x-p.x), float64(at.y-p.y)
	length := float64(dx*dx) + float64(dy*dy)
	away, aside := float64(dx*x)+float64(dy*y), float64(dx*y)-float64(dy*x)
	if away <= 0 || away >= length || float64(aside*aside) > near*near*length {
		return
	}
	if p != a {
		away = -away
	}
	d.tees = append(d.tees, tee{id: id, at: at, away: away})
}

// findRim lists the ends outside the tile of edges that come into it.
func (d *Drawing) findRim() {
	d.rim = d.rim[:0]
	for _, ring := range d.rings {
		for i := ring.from; i+1 < ring.to && len(d.rim) <= mostRim; i++ {
			p, q := d.path[i], d.path[i+1]
			switch {
			case p.id < 0 && q.id >= 0:
				d.rim = append(d.rim, stub{p.id, d.raw[p.raw]})
			case p.id >= 0 && q.id < 0:
				d.rim = append(d.rim, stub{q.id, d.raw[q.raw]})
			}
		}
	}
	if len(d.rim) > mostRim {
		d.rim = d.rim[:0]
	}
	slices.SortFunc(d.rim, func(s, t stub) int {
		return cmp.Or(cmp.Compare(s.at.x, t.at.x), cmp.Compare(s.at.y, t.at.y), cmp.Compare(s.id, t.id))
	})
	d.rim = slices.CompactFunc(d.rim, func(s, t stub) bool { return s.at == t.at })
}

// alone reports whether no shape has the edge a–b the other way round.
func (d *Drawing) alone(a, b fine) bool {
	if d.edges == nil {
		d.edges = make(map[[2]fine]struct{}, len(d.raw))
		for _, ring := range d.gathered {
			for i := ring.from + 1; i < ring.to; i++ {
				d.edges[[2]fine{d.raw[i-1], d.raw[i]}] = struct{}{}
			}
		}
	}
	_, ok := d.edges[[2]fine{b, a}]
	return !ok
}
