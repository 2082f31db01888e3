package bucket

import (
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// most is the number of places of a bucket beyond which it is split in four; a branch that holds no more than fewest
// becomes a bucket again. Measured on a million points: buckets of 16 to 64 answer equally fast, larger ones save
// memory and make an edit copy more.
const (
	most   = 48
	fewest = most / 2
)

// Depths of the tree. The root covers the whole range of coordinates, each level halves it: from depth bottom on the
// places of a node are one and the same point, and the bits of the slots decide. So many features at one point, such
// as all doors that could not be placed, are found and removed as quickly as others.
const (
	bottom  = 32
	deepest = bottom + 16
)

// Tree maps places to slots. The zero Tree is empty. One goroutine writes it; a Tree that [Tree.Copy] returned may be
// read by many and copied by assignment, and such a copy may be written again, by one goroutine, without the others
// seeing it.
type Tree[S ~uint32] struct {
	root *node[S]
	// generation owns the nodes that may be written.
	generation uint64
}

// place is a point and the slot of its feature.
type place[S ~uint32] struct {
	geo.Point
	slot S
}

// node is a bucket, or a branch when kids is not nil. A kid without places is nil.
type node[S ~uint32] struct {
	generation uint64
	n          int
	kids       *[4]*node[S]
	places     []place[S]
}

// Len is the number of places.
func (t *Tree[S]) Len() int {
	if t.root == nil {
		return 0
	}
	return t.root.n
}

// Copy returns the tree as it is now. Only the writer may call it.
func (t *Tree[S]) Copy() Tree[S] {
	t.generation++
	return *t
}

// Insert adds a place. A slot that lies at several places, or twice at one, is kept as often.
func (t *Tree[S]) Insert(p geo.Point, slot S) {
	t.root = t.insert(t.root, 0, place[S]{p, slot})
}

// Delete removes a place and reports whether it was there.
func (t *Tree[S]) Delete(p geo.Point, slot S) bool {
	root, ok := t.remove(t.root, 0, place[S]{p, slot})
	t.root = root
	return ok
}

// quarter is which of the four kids of a node at a depth a place belongs to: bit 0 is east, bit 1 is north.
func quarter[S ~uint32](depth int, p place[S]) int {
	if depth >= bottom {
		return int(p.slot>>(2*(deepest-1-depth))) & 3
	}
	shift := bottom - 1 - depth
	return int(ordered(p.X)>>shift&1 | ordered(p.Y)>>shift&1<<1)
}

// ordered maps coordinates to unsigned numbers in the same order.
func ordered(v int32) uint32 { return uint32(v) ^ 1<<31 }

// own is n, or a copy that this generation may write.
func (t *Tree[S]) own(n *node[S]) *node[S] {
	if n.generation == t.generation {
		return n
	}
	mine := &node[S]{generation: t.generation, n: n.n}
	if n.kids != nil {
		kids := *n.kids
		mine.kids = &kids
		return mine
	}
	// Room for the one place that usually follows.
	mine.places = append(make([]place[S], 0, len(n.places)+1), n.places...)
	return mine
}

func (t *Tree[S]) insert(n *node[S], depth int, p place[S]) *node[S] {
	if n == nil {
		return &node[S]{generation: t.generation, n: 1, places: []place[S]{p}}
	}
	n = t.own(n)
	n.n++
	if n.kids != nil {
		q := quarter(depth, p)
		n.kids[q] = t.insert(n.kids[q], depth+1, p)
		return n
	}
	if len(n.places) == cap(n.places) {
		// Doubling would leave a quarter of the memory unused.
		n.places = append(make([]place[S], 0, len(n.places)+len(n.places)/8+2), n.places...)
	}
	n.places = append(n.places, p)
	if len(n.places) > most && depth < deepest {
		t.split(n, depth)
	}
	return n
}

// split makes a branch of a bucket.
func (t *Tree[S]) split(n *node[S], depth int) {
	var counts [4]int
	for _, p := range n.places {
		counts[quarter(depth, p)]++
	}
	n.kids = new([4]*node[S])
	for q, count := range counts {
		if count > 0 {
			n.kids[q] = &node[S]{generation: t.generation, n: count, places: make([]place[S], 0, count)}
		}
	}
	for _, p := range n.places {
		kid := n.kids[quarter(depth, p)]
		kid.places = append(kid.places, p)
	}
	n.places = nil
	for _, kid := range n.kids {
		if kid != nil && len(kid.places) > most && depth+1 < deepest {
			t.split(kid, depth+1)
		}
	}
}

func (t *Tree[S]) remove(n *node[S], depth int, p place[S]) (*node[S], bool) {
	if n == nil {
		return nil, false
	}
	if n.kids == nil {
		i := slices.Index(n.places, p)
		if i < 0 {
			return n, false
		}
		if len(n.places) == 1 {
			return nil, true
		}
		n = t.own(n)
		n.n--
		last := len(n.places) - 1
		n.places[i] = n.places[last]
		n.places = n.places[:last]
		return n, true
	}
	q := quarter(depth, p)
	kid, ok := t.remove(n.kids[q], depth+1, p)
	if !ok {
		return n, false
	}
	n = t.own(n)
	n.n--
	n.kids[q] = kid
	switch {
	case n.n == 0:
		return nil, true
	case n.n <= fewest:
		n.places = n.gather(make([]place[S], 0, n.n))
		n.kids = nil
	}
	return n, true
}

// gather appends all places below n.
func (n *node[S]) gather(dst []place[S]) []place[S] {
	if n.kids == nil {
		return append(dst, n.places...)
	}
	for _, kid := range n.kids {
		if kid != nil {
			dst = kid.gather(dst)
		}
	}
	return dst
}

// square is the ground of a node: from its south-west corner size-1 units to the east and north.
type square struct {
	x, y, size int64
}

// world is the square of the root.
var world = square{math.MinInt32, math.MinInt32, 1 << bottom}

// kid is the square of a quarter. At the bottom all quarters are the same point.
func (s square) kid(q int) square {
	if s.size == 1 {
		return s
	}
	half := s.size / 2
	return square{s.x + int64(q&1)*half, s.y + int64(q>>1)*half, half}
}

// Search calls visit for each slot whose place lies in b or on its border, in no particular order, until visit
// returns false. It reports whether visit never did.
func (t *Tree[S]) Search(b geo.Box, visit func(S) bool) bool {
	if t.root == nil || b.Empty() {
		return true
	}
	return t.root.search(world, &b, visit)
}

func (n *node[S]) search(at square, b *geo.Box, visit func(S) bool) bool {
	if n.kids == nil {
		for _, p := range n.places {
			if b.Contains(p.Point) && !visit(p.slot) {
				return false
			}
		}
		return true
	}
	for q, kid := range n.kids {
		if kid == nil {
			continue
		}
		to := at.kid(q)
		if int64(b.Min.X) >= to.x+to.size || int64(b.Max.X) < to.x || int64(b.Min.Y) >= to.y+to.size || int64(b.Max.Y) < to.y {
			continue
		}
		if !kid.search(to, b, visit) {
			return false
		}
	}
	return true
}

// Bounds is the smallest box around all places. It looks at the buckets along the border only.
func (t *Tree[S]) Bounds() geo.Box {
	b := geo.EmptyBox()
	if t.root != nil {
		t.root.bounds(world, &b)
	}
	return b
}

func (n *node[S]) bounds(at square, b *geo.Box) {
	if int64(b.Min.X) <= at.x && at.x+at.size-1 <= int64(b.Max.X) && int64(b.Min.Y) <= at.y && at.y+at.size-1 <= int64(b.Max.Y) {
		return
	}
	if n.kids == nil {
		for _, p := range n.places {
			*b = b.Extend(p.Point)
		}
		return
	}
	for q, kid := range n.kids {
		if kid != nil {
			kid.bounds(at.kid(q), b)
		}
	}
}
