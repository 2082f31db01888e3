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
	root node[S]
	// generation owns what may be written.
	generation uint32
}

// place is a point and the slot of its feature.
type place[S ~uint32] struct {
	geo.Point
	slot S
}

// node is a branch when kids is not nil, else a bucket. Those of a branch lie side by side, so a search that looks at
// all four waits for memory once.
type node[S ~uint32] struct {
	// generation owns places.
	generation uint32
	n          int32
	places     []place[S]
	kids       *quad[S]
}

// quad holds the kids of a branch; generation owns it.
type quad[S ~uint32] struct {
	generation uint32
	kids       [4]node[S]
}

// Len is the number of places.
func (t *Tree[S]) Len() int { return int(t.root.n) }

// Copy returns the tree as it is now. Only the writer may call it.
func (t *Tree[S]) Copy() Tree[S] {
	t.generation++
	return *t
}

// Insert adds a place. A slot that lies at several places, or twice at one, is kept as often.
func (t *Tree[S]) Insert(p geo.Point, slot S) { t.insert(&t.root, 0, place[S]{p, slot}) }

// Delete removes a place and reports whether it was there.
func (t *Tree[S]) Delete(p geo.Point, slot S) bool { return t.remove(&t.root, 0, place[S]{p, slot}) }

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

// own makes kids that this generation may write.
func (t *Tree[S]) own(n *node[S]) *[4]node[S] {
	if n.kids.generation != t.generation {
		n.kids = &quad[S]{generation: t.generation, kids: n.kids.kids}
	}
	return &n.kids.kids
}

// ownPlaces makes places that this generation may write, with room for one more.
func (t *Tree[S]) ownPlaces(n *node[S]) {
	if n.generation == t.generation && len(n.places) < cap(n.places) {
		return
	}
	room := len(n.places) + 1
	if n.generation == t.generation {
		// It grows; doubling would leave a quarter of the memory unused.
		room += len(n.places)/8 + 1
	}
	n.places = append(make([]place[S], 0, room), n.places...)
	n.generation = t.generation
}

func (t *Tree[S]) insert(n *node[S], depth int, p place[S]) {
	n.n++
	for n.kids != nil {
		n = &t.own(n)[quarter(depth, p)]
		n.n++
		depth++
	}
	t.ownPlaces(n)
	n.places = append(n.places, p)
	if len(n.places) > most && depth < deepest {
		t.split(n, depth)
	}
}

// split makes a branch of a bucket.
func (t *Tree[S]) split(n *node[S], depth int) {
	q := &quad[S]{generation: t.generation}
	for _, p := range n.places {
		q.kids[quarter(depth, p)].n++
	}
	for i := range q.kids {
		if kid := &q.kids[i]; kid.n > 0 {
			kid.generation, kid.places = t.generation, make([]place[S], 0, kid.n)
		}
	}
	for _, p := range n.places {
		kid := &q.kids[quarter(depth, p)]
		kid.places = append(kid.places, p)
	}
	n.kids, n.places = q, nil
	for i := range q.kids {
		if kid := &q.kids[i]; len(kid.places) > most && depth+1 < deepest {
			t.split(kid, depth+1)
		}
	}
}

// remove takes p from below n, which may be written.
func (t *Tree[S]) remove(n *node[S], depth int, p place[S]) bool {
	if n.kids == nil {
		i := slices.Index(n.places, p)
		if i < 0 {
			return false
		}
		t.ownPlaces(n)
		last := len(n.places) - 1
		n.places[i] = n.places[last]
		n.places = n.places[:last]
		n.n--
		return true
	}
	q := quarter(depth, p)
	if !t.remove(&t.own(n)[q], depth+1, p) {
		return false
	}
	if n.n--; n.n <= fewest {
		n.places = n.gather(make([]place[S], 0, n.n))
		n.kids, n.generation = nil, t.generation
	}
	return true
}

// gather appends all places below n.
func (n *node[S]) gather(dst []place[S]) []place[S] {
	if n.kids == nil {
		return append(dst, n.places...)
	}
	for i := range n.kids.kids {
		dst = n.kids.kids[i].gather(dst)
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

// within reports whether the whole square lies in b.
func (s square) within(b *geo.Box) bool {
	return int64(b.Min.X) <= s.x && s.x+s.size-1 <= int64(b.Max.X) && int64(b.Min.Y) <= s.y && s.y+s.size-1 <= int64(b.Max.Y)
}

// Search calls visit for each slot whose place lies in b or on its border, in no particular order, until visit
// returns false. It reports whether visit never did.
func (t *Tree[S]) Search(b geo.Box, visit func(S) bool) bool {
	return t.SearchPlaces(b, func(slot S, _ geo.Point) bool { return visit(slot) })
}

// SearchPlaces is [Tree.Search] with the places.
func (t *Tree[S]) SearchPlaces(b geo.Box, visit func(S, geo.Point) bool) bool {
	if b.Empty() {
		return true
	}
	return t.root.search(world, &b, visit)
}

func (n *node[S]) search(at square, b *geo.Box, visit func(S, geo.Point) bool) bool {
	if n.kids == nil {
		inside := at.within(b)
		for i := range n.places {
			if p := &n.places[i]; (inside || b.Contains(p.Point)) && !visit(p.slot, p.Point) {
				return false
			}
		}
		return true
	}
	for q := range n.kids.kids {
		kid := &n.kids.kids[q]
		if kid.n == 0 {
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
	t.root.bounds(world, &b)
	return b
}

func (n *node[S]) bounds(at square, b *geo.Box) {
	if at.within(b) {
		return
	}
	if n.kids == nil {
		for _, p := range n.places {
			*b = b.Extend(p.Point)
		}
		return
	}
	for q := range n.kids.kids {
		if kid := &n.kids.kids[q]; kid.n > 0 {
			kid.bounds(at.kid(q), b)
		}
	}
}
