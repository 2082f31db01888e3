package bounds

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
)

// Bounds of the search.
const (
	leastNamed = 5.0 // metres of border that must follow a name on its side
	widest     = 150 // sets of pieces that are looked at further, of each size
	mostPieces = 24  // pieces of one ground
	alike      = 0.1 // less of the border followed is another, worse ground
)

// puzzle is the pieces of ground between lines. Ground is a connected set of pieces whose outer border has every name on its
// side.
type puzzle struct {
	d      *drawing
	lines  map[[2]geo.Point][]int
	pieces []geo.Shape
	edges  [][]border
	// left is the piece on the left of a directed edge.
	left map[[2]geo.Point]int
	want uint32
}

// border is an edge of a piece, which lies on its left.
type border struct {
	a, b   geo.Point
	length float64
	// says are the names that the edge follows, as bits, where its outside looks towards their side; across those where it
	// looks the other way.
	says, across uint32
	joins        []int
}

func newPuzzle(d *drawing, lines map[[2]geo.Point][]int) *puzzle {
	p := &puzzle{d: d, lines: lines, left: map[[2]geo.Point]int{}}
	for side, names := range d.sides {
		p.want |= (1<<len(names) - 1) << (MaxNames * side)
	}
	return p
}

// add takes a piece.
func (p *puzzle) add(s geo.Shape) {
	n := len(p.pieces)
	var edges []border
	for r := range s.NumRings() {
		ring := s.Ring(r)
		for i := 1; i < len(ring); i++ {
			p.left[[2]geo.Point{ring[i-1], ring[i]}] = n
			edges = append(edges, p.border(ring[i-1], ring[i]))
		}
	}
	p.pieces, p.edges = append(p.pieces, s), append(p.edges, edges)
}

// border describes an edge. A side is looked at by what deviates from it by less than 60°.
func (p *puzzle) border(a, b geo.Point) border {
	e := border{a: a, b: b}
	mx, my := geo.Scale(a.Lat())
	// The outside lies to the right.
	east, north := (float64(b.Y)-float64(a.Y))*my, -(float64(b.X)-float64(a.X))*mx
	e.length = math.Hypot(east, north)
	on := uint32(0)
	for _, l := range p.lines[edge(a, b)] {
		if l >= p.d.first {
			e.joins = append(e.joins, l-p.d.first)
		} else {
			on |= p.d.on[l]
		}
	}
	for side, towards := range [...]float64{east, -north, -east, north} {
		switch {
		case towards > e.length/2:
			e.says |= on & of(Side(side))
		case towards < -e.length/2:
			e.across |= on & of(Side(side))
		}
	}
	if e.says != 0 {
		e.across = 0 // a ring is named on the side across, too
	}
	return e
}

// set is some pieces, ascending, and how their outer border is.
type set struct {
	pieces []int
	// misses is how many names do not bound it on their side, or more on the side across.
	misses  int
	follows float64
}

// judge measures the outer border of some pieces.
func (p *puzzle) judge(pieces []int) set {
	var along, across [4 * MaxNames]float64
	total, said := 0.0, 0.0
	for _, n := range pieces {
		for i := range p.edges[n] {
			e := &p.edges[n][i]
			if other, ok := p.left[[2]geo.Point{e.b, e.a}]; ok && contains(pieces, other) {
				continue
			}
			total += e.length
			if e.says != 0 {
				said += e.length
			}
			for rest := e.says; rest != 0; rest &= rest - 1 {
				along[bits.TrailingZeros32(rest)] += e.length
			}
			for rest := e.across; rest != 0; rest &= rest - 1 {
				across[bits.TrailingZeros32(rest)] += e.length
			}
		}
	}
	s := set{pieces: pieces}
	if total > 0 {
		s.follows = said / total
	}
	for rest := p.want; rest != 0; rest &= rest - 1 {
		if k := bits.TrailingZeros32(rest); along[k] < leastNamed || along[k] <= across[k] {
			s.misses++
		}
	}
	return s
}

func contains(sorted []int, n int) bool {
	_, ok := slices.BinarySearch(sorted, n)
	return ok
}

// better orders sets: fewer misses, then more of the border said, then fewer pieces.
func better(a, b set) int {
	return cmp.Or(cmp.Compare(a.misses, b.misses), cmp.Compare(b.follows, a.follows), cmp.Compare(len(a.pieces), len(b.pieces)), slices.Compare(a.pieces, b.pieces))
}

// solve grows sets piece by piece from each single one, the most promising of each size, and keeps the best of those that have
// every name on its side.
func (p *puzzle) solve() []Ground {
	var found []set
	var now []set
	for n := range p.pieces {
		now = append(now, p.judge([]int{n}))
	}
	for size := 1; len(now) > 0; size++ {
		slices.SortFunc(now, better)
		now = now[:min(len(now), widest)]
		for _, s := range now {
			if s.misses == 0 {
				found = append(found, s)
			}
		}
		if size == mostPieces {
			break
		}
		seen := map[string]bool{}
		var next []set
		for _, s := range now {
			for _, n := range p.beside(s.pieces) {
				at, _ := slices.BinarySearch(s.pieces, n)
				grown := slices.Insert(slices.Clone(s.pieces), at, n)
				if k := key(grown); !seen[k] {
					seen[k] = true
					next = append(next, p.judge(grown))
				}
			}
		}
		now = next
	}
	return p.choose(found)
}

// beside are the pieces that share an edge with some, ascending.
func (p *puzzle) beside(pieces []int) []int {
	var out []int
	for _, n := range pieces {
		for _, e := range p.edges[n] {
			if other, ok := p.left[[2]geo.Point{e.b, e.a}]; ok && !contains(pieces, other) {
				out = append(out, other)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func key(pieces []int) string {
	var b []byte
	for _, n := range pieces {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return string(b)
}

// choose keeps the best set, and those elsewhere that are about as good.
func (p *puzzle) choose(found []set) []Ground {
	slices.SortFunc(found, better)
	taken := map[int]bool{}
	var out []Ground
	for _, s := range found {
		if s.follows < found[0].follows-alike || slices.ContainsFunc(s.pieces, func(n int) bool { return taken[n] }) {
			continue
		}
		for _, n := range s.pieces {
			taken[n] = true
		}
		out = append(out, p.groundOf(s))
	}
	return out
}

// groundOf joins the pieces of a set.
func (p *puzzle) groundOf(s set) Ground {
	shapes := make([]geo.Shape, len(s.pieces))
	used := map[int]bool{}
	for i, n := range s.pieces {
		shapes[i] = p.pieces[n]
		for _, e := range p.edges[n] {
			if other, ok := p.left[[2]geo.Point{e.b, e.a}]; ok && contains(s.pieces, other) {
				continue
			}
			for _, j := range e.joins {
				used[j] = true
			}
		}
	}
	g := Ground{Shape: coverage.Dissolve(shapes, make([]int32, len(shapes)), 1)[0], Follows: s.follows}
	for i, j := range p.d.joined {
		if used[i] {
			g.Joined = append(g.Joined, j)
		}
	}
	return g
}
