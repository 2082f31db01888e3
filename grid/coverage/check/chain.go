package check

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// segment is a straight piece between two vertices, the lesser first: by X, then Y.
type segment struct{ a, b geo.Point }

func before(p, q geo.Point) bool { return p.X < q.X || p.X == q.X && p.Y < q.Y }

func comparePoint(p, q geo.Point) int {
	switch {
	case p == q:
		return 0
	case before(p, q):
		return -1
	default:
		return 1
	}
}

func compareSegment(s, t segment) int {
	if c := comparePoint(s.a, t.a); c != 0 {
		return c
	}
	return comparePoint(s.b, t.b)
}

// undirected is the segment between two points, and 1 when it runs from p to q, else -1.
func undirected(p, q geo.Point) (segment, int32) {
	if before(p, q) {
		return segment{p, q}, 1
	}
	return segment{q, p}, -1
}

// chain is a sum of directed segments: a table with open addresses, in which an empty slot has equal ends.
type chain struct {
	slots []link
	used  int
	shift uint
}

type link struct {
	segment

	net int32
}

// newChain has room for the segments of n vertices, most of which occur twice.
func newChain(n int) *chain {
	bits := uint(4)
	for 1<<bits < n {
		bits++
	}
	return &chain{slots: make([]link, 1<<bits), shift: 64 - bits}
}

// home is where a segment is looked for first: multiplication by odd constants from the golden ratio.
func (c *chain) home(s segment) int {
	a := uint64(uint32(s.a.X))<<32 | uint64(uint32(s.a.Y))
	b := uint64(uint32(s.b.X))<<32 | uint64(uint32(s.b.Y))
	h := (a ^ b>>29 ^ b<<35) * 0x9E3779B97F4A7C15
	return int((h ^ h>>32) * 0xBF58476D1CE4E5B9 >> c.shift)
}

func (c *chain) add(p, q geo.Point, by int32) {
	s, sign := undirected(p, q)
	c.put(s, sign*by)
}

func (c *chain) put(s segment, net int32) {
	for at := c.home(s); ; at = (at + 1) & (len(c.slots) - 1) {
		l := &c.slots[at]
		if l.a == l.b {
			l.segment, l.net = s, net
			if c.used++; c.used > len(c.slots)/4*3 {
				c.grow()
			}
			return
		}
		if l.segment == s {
			l.net += net
			return
		}
	}
}

func (c *chain) grow() {
	old := c.slots
	c.slots, c.used = make([]link, 2*len(old)), 0
	c.shift--
	for _, l := range old {
		if l.a != l.b {
			c.put(l.segment, l.net)
		}
	}
}

// shape adds the rings of a polygon shape, its ground on their left.
func (c *chain) shape(s geo.Shape, by int32) {
	for r, turn := range turns(s) {
		ring := s.Ring(r)
		for i := 1; i < len(ring); i++ {
			if ring[i-1] != ring[i] {
				c.add(ring[i-1], ring[i], by*turn)
			}
		}
	}
}

// turns yields the rings of a polygon shape, and 1 for those that have its ground on their left, else -1.
func turns(s geo.Shape) func(yield func(r int, turn int32) bool) {
	return func(yield func(int, int32) bool) {
		for p := range s.NumPolygons() {
			from, to := s.Polygon(p)
			for r := from; r < to; r++ {
				turn := int32(1)
				if leftTurn(s.Ring(r)) != (r == from) {
					turn = -1
				}
				if !yield(r, turn) {
					return
				}
			}
		}
	}
}

// leftTurn reports whether a simple closed ring runs anticlockwise, from the turn at its least vertex.
func leftTurn(ring []geo.Point) bool {
	n := len(ring) - 1
	at := 0
	for i := range n {
		if before(ring[i], ring[at]) {
			at = i
		}
	}
	return geo.Orient(ring[(at+n-1)%n], ring[at], ring[(at+1)%n]) >= 0
}

// left are the segments that do not cancel, ascending.
func (c *chain) left() []link {
	var out []link
	for _, l := range c.slots {
		if l.net != 0 && l.a != l.b {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b link) int { return compareSegment(a.segment, b.segment) })
	return out
}
