package raster

import (
	"math"
	"math/bits"

	"github.com/gewu-city/gewu/geo"
)

// leaf holds the squares of a node: 2^bits a side, each 2^shift units wide, row by row from the south-west.
type leaf struct {
	shift, bits uint8
	codes       []code
	// edges are those that pass through any square, once each.
	edges []edge
	// words hold the groups of squares that are neither whole nor empty. Word 0 is not used.
	words []uint32
}

// code says what a square is: 0 for ground of no polygon, 2·slot+1 for ground of one polygon, else twice the place in
// words of the first group.
type code uint32

// mostSlot is the largest slot that fits a code; a square of a larger one has a group.
const mostSlot = math.MaxUint32 >> 1

func (c code) whole() (slot uint32, ok bool) { return uint32(c >> 1), c&1 != 0 }

func (n *leaf) code(p geo.Point) code {
	inside := uint32(1)<<(n.shift+n.bits) - 1
	return n.codes[ordered(p.Y)&inside>>n.shift<<n.bits|ordered(p.X)&inside>>n.shift]
}

// A group is up to groupSize polygons of a square, by ascending permanent id, and the edges of their outlines there.
// Its words are
//
//	polygons | more<<8 | edges<<12   how many there are; more is 1 if another group follows
//	base                             bit i: polygon i owns a point of the square that no edge lies east of
//	slot …                           of the polygons
//	edge<<12 | mask …                an edge, and bit i for each polygon i on whose outline it lies
const (
	groupSize = 12
	groupMask = 1<<groupSize - 1
	moreBit   = 1 << 8
)

type group struct {
	base  uint32
	slots []uint32
	edges []uint32
	// following is the place of the next group, 0 for none.
	following uint32
}

// first is the first group of a square. It reports false if there is none.
func (n *leaf) first(c code) (group, bool) {
	if c == 0 || c&1 != 0 {
		return group{}, false
	}
	return n.group(uint32(c >> 1)), true
}

func (n *leaf) next(g group) (group, bool) {
	if g.following == 0 {
		return group{}, false
	}
	return n.group(g.following), true
}

func (n *leaf) group(at uint32) group {
	head := n.words[at]
	slots := at + 2
	edges := slots + head&0xff
	end := edges + head>>groupSize
	g := group{base: n.words[at+1], slots: n.words[slots:edges], edges: n.words[edges:end]}
	if head&moreBit != 0 {
		g.following = end
	}
	return g
}

// lowest is the slot of the first polygon of a set.
func (g *group) lowest(set uint32) uint32 { return g.slots[bits.TrailingZeros32(set)] }

// owners is the set of polygons of a group that own p.
func (n *leaf) owners(g group, p geo.Point) uint32 {
	set := g.base
	for _, w := range g.edges {
		if n.edges[w>>groupSize].eastOf(p) {
			set ^= w & groupMask
		}
	}
	return set
}

// touched is the set of polygons of a group whose outlines p lies on.
func (n *leaf) touched(g group, p geo.Point) uint32 {
	set := uint32(0)
	for _, w := range g.edges {
		if n.edges[w>>groupSize].holds(p) {
			set |= w & groupMask
		}
	}
	return set
}

// edge runs from its lower to its upper end.
type edge struct{ a, b geo.Point }

// beyond is the X of edges that stand for what lies east of a square: farther than any coordinate.
const beyond = math.MaxInt32

// turnAt is an edge east of everything that begins at a height: it turns who owns the points from there up.
func turnAt(y int32) edge {
	return edge{geo.Point{X: beyond, Y: y}, geo.Point{X: beyond, Y: math.MaxInt32}}
}

// eastOf reports whether a ray that starts infinitesimally east and north of p and runs east meets the edge. It is the
// test of [geo.Shape.Contains].
func (e *edge) eastOf(p geo.Point) bool {
	if p.Y < e.a.Y || p.Y >= e.b.Y {
		return false
	}
	if p.X < e.a.X && p.X < e.b.X {
		return true
	}
	if p.X >= e.a.X && p.X >= e.b.X {
		return false
	}
	return geo.Orient(e.a, e.b, p) > 0
}

// holds reports whether p lies on the edge, its ends included.
func (e *edge) holds(p geo.Point) bool {
	return e.a.Y <= p.Y && p.Y <= e.b.Y && min(e.a.X, e.b.X) <= p.X && p.X <= max(e.a.X, e.b.X) &&
		geo.Orient(e.a, e.b, p) == 0
}
