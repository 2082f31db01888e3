package outline

import (
	"math"
	"math/bits"
	"slices"
)

// net is the vertices in the tile and its buffer, each pixel once.
type net struct {
	at    []Vertex
	about []about
	table []int32 // numbers plus one, by hash
	shift uint
	// The vertices by squares of 2^side units, row by row from the corner at origin.
	side          uint
	origin        Vertex
	columns, rows int32
	starts        []int32
	items         []item
}

// item is a vertex in a square.
type item struct {
	raw fine
	at  Vertex
	id  int32
}

// about is what is known of a vertex: its neighbours when all paths through it have the same two.
type about struct {
	raw        fine // the least of the places in the pixel
	prev, next int32
	key        uint64   // its place in the queue, 0 when it is in none
	seen       int32    // the polygon that visited it last
	rings      [2]int32 // that pass through it
	kept       bool     // it must stay
	gone       bool
}

const none = -1

// nowhere is no place of any shape.
var nowhere = fine{math.MaxInt64 / 4, math.MaxInt64 / 4}

// meet notes a place in the pixel.
func (a *about) meet(p fine) {
	if p.x < a.raw.x || p.x == a.raw.x && p.y < a.raw.y {
		a.raw = p
	}
}

func (n *net) reset(size int) {
	n.at, n.about = n.at[:0], n.about[:0]
	want := max(64, size+size/2)
	log := uint(bits.Len(uint(want)))
	if len(n.table) < 1<<log {
		n.table = make([]int32, 1<<log)
	} else {
		log = uint(bits.Len(uint(len(n.table)))) - 1
		if len(n.table) > 8*want {
			// A table of a large tile is not emptied for a small one.
			log = uint(bits.Len(uint(want)))
			n.table = make([]int32, 1<<log)
		} else {
			clear(n.table)
		}
	}
	n.shift = 32 - log
}

// vertex is the number of the vertex at a place, which is new when nothing was there. It is kept when any call says so.
func (n *net) vertex(x, y int32, kept bool) int32 {
	v := Vertex{x, y}
	h := n.find(v)
	if id := n.table[h] - 1; id >= 0 {
		return id
	}
	n.at = append(n.at, v)
	n.about = append(n.about, about{raw: nowhere, prev: none, next: none, kept: kept})
	n.table[h] = int32(len(n.at))
	if 4*len(n.at) > 3*len(n.table) {
		// Edges that cross lines have more vertices than were gathered.
		n.shift--
		n.table = make([]int32, 2*len(n.table))
		for i, v := range n.at {
			n.table[n.find(v)] = int32(i + 1)
		}
	}
	return int32(len(n.at) - 1)
}

// find is the entry of a vertex in the table, or the free one where it belongs.
func (n *net) find(v Vertex) uint32 {
	key := uint32(v.X+Buffer)<<13 | uint32(v.Y+Buffer)
	mask := uint32(len(n.table) - 1)
	h := (key * 0x9E3779B1) >> n.shift
	for n.table[h] > 0 && n.at[n.table[h]-1] != v {
		h = (h + 1) & mask
	}
	return h
}

// sort puts the vertices into squares, about one in each.
func (n *net) sort(step int32) {
	low, high := n.at[0], n.at[0]
	for _, v := range n.at {
		low = Vertex{min(low.X, v.X), min(low.Y, v.Y)}
		high = Vertex{max(high.X, v.X), max(high.Y, v.Y)}
	}
	width, height := high.X-low.X+1, high.Y-low.Y+1
	n.side = uint(bits.Len32(uint32(step))) - 1
	for int(width>>n.side+1)*int(height>>n.side+1) > 2*len(n.at)+16 {
		n.side++
	}
	n.origin, n.columns, n.rows = low, width>>n.side+1, height>>n.side+1
	cells := int(n.columns * n.rows)
	n.starts = resize(n.starts, cells+1)
	clear(n.starts)
	for _, v := range n.at {
		n.starts[n.square(v)+1]++
	}
	for i := range cells {
		n.starts[i+1] += n.starts[i]
	}
	n.items = resize(n.items, len(n.at))
	for i, v := range slices.Backward(n.at) {
		c := n.square(v) + 1
		n.starts[c]--
		n.items[n.starts[c]] = item{n.about[i].raw, v, int32(i)}
	}
	// Each start has moved to the start of its square, one place too far on.
	copy(n.starts, n.starts[1:])
	n.starts[cells] = int32(len(n.at))
}

func (n *net) square(v Vertex) int32 {
	return (v.Y-n.origin.Y)>>n.side*n.columns + (v.X-n.origin.X)>>n.side
}

// bucket is the vertices in a square.
func (n *net) bucket(column, row int32) []item {
	c := row*n.columns + column
	return n.items[n.starts[c]:n.starts[c+1]]
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
