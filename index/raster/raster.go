package raster

import (
	"sync/atomic"

	"github.com/gewu-city/gewu/geo"
)

// Polygon is a polygon of a layer.
type Polygon[S ~uint32] struct {
	Slot S
	// Permanent orders polygons that own the same point.
	Permanent uint32
	Shape     geo.Shape
}

// Source is where polygons come from when squares are made. It must answer the same as long as a Raster is asked
// with it, from any number of goroutines.
type Source[S ~uint32] interface {
	// Polygons calls visit for each polygon whose box meets b, in any order, until visit returns false.
	Polygons(b geo.Box, visit func(Polygon[S]) bool)
}

// Raster is a tree of squares. The zero Raster is that of a layer without polygons. One goroutine writes it, with
// [Raster.Forget] and [Raster.Copy]; a Raster that Copy returned may be asked by many goroutines and copied by
// assignment, and such a copy may be written again, by one goroutine, without the others seeing it.
type Raster[S ~uint32] struct {
	root *node[S]
	// generation owns the branches that may be written.
	generation uint64
}

// The tree: each level cuts a square into fanout × fanout smaller ones.
const (
	levelBits = 2
	fanout    = 1 << levelBits
	kidMask   = fanout - 1
	rootBits  = 32
)

// node is a branch when kids is not nil, else a leaf. A kid that was not made yet is nil.
type node[S ~uint32] struct {
	generation uint64
	kids       *[fanout * fanout]atomic.Pointer[node[S]]
	leaf
}

// Copy returns the raster as it is now. Only the writer may call it.
func (r *Raster[S]) Copy() Raster[S] {
	r.generation++
	return *r
}

func branch[S ~uint32](generation uint64) *node[S] {
	return &node[S]{generation: generation, kids: new([fanout * fanout]atomic.Pointer[node[S]])}
}

// Forget makes the raster ask its source again about everything that meets a box: call it with the box of every
// polygon that comes, goes or changes its shape. Only the writer may call it.
func (r *Raster[S]) Forget(b geo.Box) {
	switch {
	case b.Empty():
	case r.root == nil:
		r.root = branch[S](r.generation)
	default:
		r.root = r.forget(r.root, square{bits: rootBits}, b)
	}
}

func (r *Raster[S]) forget(n *node[S], at square, b geo.Box) *node[S] {
	if n.generation != r.generation {
		mine := branch[S](r.generation)
		for i := range n.kids {
			mine.kids[i].Store(n.kids[i].Load())
		}
		n = mine
	}
	for i := range n.kids {
		kid := n.kids[i].Load()
		if kid == nil {
			continue
		}
		to := at.kid(i)
		ground := to.box()
		switch {
		case !ground.Intersects(b):
		case kid.kids == nil || b.Contains(ground.Min) && b.Contains(ground.Max):
			n.kids[i].Store(nil)
		default:
			n.kids[i].Store(r.forget(kid, to, b))
		}
	}
	return n
}

// square is the ground of a node: 2^bits units from x and y, which are ordered, to the east and north.
type square struct {
	x, y uint32
	bits uint8
}

// ordered maps coordinates to unsigned numbers in the same order, and back.
func ordered(v int32) uint32   { return uint32(v) ^ 1<<31 }
func unordered(v uint32) int32 { return int32(v ^ 1<<31) }

func (s square) kid(i int) square {
	bits := s.bits - levelBits
	return square{s.x | uint32(i&kidMask)<<bits, s.y | uint32(i>>levelBits)<<bits, bits}
}

// box is the square as a box. Only the root has no box.
func (s square) box() geo.Box {
	last := uint32(1)<<s.bits - 1
	return geo.Box{
		Min: geo.Point{X: unordered(s.x), Y: unordered(s.y)},
		Max: geo.Point{X: unordered(s.x + last), Y: unordered(s.y + last)},
	}
}

// find is the leaf of a point. It makes what is missing; when two goroutines do so at once, one of the equal results
// is kept.
func (r *Raster[S]) find(p geo.Point, source Source[S]) *node[S] {
	n, x, y, bits := r.root, ordered(p.X), ordered(p.Y), uint(rootBits)
	for n.kids != nil {
		bits -= levelBits
		place := &n.kids[x>>bits&kidMask|y>>bits&kidMask<<levelBits]
		kid := place.Load()
		if kid == nil {
			made := build(square{x >> bits << bits, y >> bits << bits, uint8(bits)}, source)
			if place.CompareAndSwap(nil, made) {
				kid = made
			} else {
				kid = place.Load()
			}
		}
		n = kid
	}
	return n
}

// Owner is the polygon that owns p; of several that overlap there, the one with the lowest permanent id. Nothing is
// allocated unless the square has to be made.
func (r *Raster[S]) Owner(p geo.Point, source Source[S]) (slot S, ok bool) {
	if r.root == nil {
		return 0, false
	}
	n := r.find(p, source)
	c := n.code(p)
	if whole, ok := c.whole(); ok {
		return S(whole), true
	}
	for g, more := n.first(c); more; g, more = n.next(g) {
		if owned := n.owners(g, p); owned != 0 {
			return S(g.lowest(owned)), true
		}
	}
	return 0, false
}

// Covering calls visit for each polygon that owns p, by ascending permanent id, until visit returns false.
func (r *Raster[S]) Covering(p geo.Point, source Source[S], visit func(S) bool) {
	if r.root == nil {
		return
	}
	n := r.find(p, source)
	c := n.code(p)
	if whole, ok := c.whole(); ok {
		visit(S(whole))
		return
	}
	for g, more := n.first(c); more; g, more = n.next(g) {
		for owned := n.owners(g, p); owned != 0; owned &= owned - 1 {
			if !visit(S(g.lowest(owned))) {
				return
			}
		}
	}
}

// Touching calls visit for each polygon whose outline p lies on, by ascending permanent id, until visit returns false.
func (r *Raster[S]) Touching(p geo.Point, source Source[S], visit func(S) bool) {
	if r.root == nil {
		return
	}
	n := r.find(p, source)
	for g, more := n.first(n.code(p)); more; g, more = n.next(g) {
		for touched := n.touched(g, p); touched != 0; touched &= touched - 1 {
			if !visit(S(g.lowest(touched))) {
				return
			}
		}
	}
}
