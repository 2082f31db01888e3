package tiles

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/column"
)

// rank says which of two features is drawn when there is room for one: the smaller. The importance attribute of the
// layer decides, then a hash of the permanent id, so that the choice is even, and the same at every edit and in every
// process. No two features have the same rank.
type rank uint64

// ranks are those of the candidates, in their order, valid until the next call.
func (b *builder) ranks(s source, found []candidate) []rank {
	b.rows = b.rows[:0]
	for _, c := range found {
		b.rows = append(b.rows, c.slot())
	}
	b.permanents = s.layer.Permanents(b.rows, b.permanents[:0])
	b.ranked = b.ranked[:0]
	for _, p := range b.permanents {
		b.ranked = append(b.ranked, rank(scramble(p)))
	}
	if i := s.layer.Def().Importance(); i >= 0 {
		v := s.layer.Column(i)
		words, set := column.Words(v, b.rows, nil, nil)
		for i := range words {
			first := ^uint32(0) // what has no importance comes last
			if set[i] {
				first = order(data.WordValue(v.Type(), words[i]).Number())
			}
			b.ranked[i] |= rank(first) << 32
		}
	}
	return b.ranked
}

// best returns the n candidates of the smallest ranks, at least one, by permanent id.
func (b *builder) best(s source, found []candidate, n int) []candidate {
	ranks := b.ranks(s, found)
	order := make([]int32, len(found))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return cmp.Compare(ranks[x], ranks[y]) })
	kept := make([]candidate, max(n, 1))
	for i, at := range order[:len(kept)] {
		kept[i] = found[at]
	}
	sortFew(s.layer, kept)
	return kept
}

// thinned is points of which those that lie close together have become one: the one of the smallest rank stands for all
// in its cell of a grid. Cells are squares of a power of two units, the same in every tile of a zoom level: a cell lies
// in the buffer or in the tile, and a feature that comes or goes changes what is drawn of its cell alone, unless the
// cells have to become larger or smaller.
type thinned struct {
	bits int // of the side of a cell
	at   []candidate
	rank []rank
	// count is how many features each stands for.
	count []uint32
}

// Sides of cells in bits: from one pixel of a 512-pixel tile, beyond the whole tile.
const (
	finestCell   = 3
	coarsestCell = 13
)

// thin makes cells so large that at most n points are left. It does not change found.
func (b *builder) thin(s source, found []candidate, n int) *thinned {
	t := &thinned{bits: finestCell - 1, at: found, rank: b.ranks(s, found)}
	t.coarsen(b, n)
	return t
}

// coarsen makes cells larger until at most n are left; at the end all are one.
func (t *thinned) coarsen(b *builder, n int) {
	for len(t.at) > max(n, 1) && t.bits < coarsestCell {
		t.merge(b, t.bits+1)
	}
}

// cell is a cell in which features lie.
type cell struct {
	rank  rank
	at    candidate
	count uint32
}

// merge takes cells of 2^bits units.
func (t *thinned) merge(b *builder, bits int) {
	// Cells begin at multiples of their side, as seen from the corner of the tile.
	before := max(Buffer, 1<<bits)
	side := (before+Extent+Buffer)>>bits + 1
	if n := side * side; cap(b.cells) < n {
		b.cells = make([]cell, n)
	}
	cells := b.cells[:side*side]
	clear(cells)
	for i, c := range t.at {
		v := c.place()
		in := &cells[int(v.y+int64(before))>>bits*side+int(v.x+int64(before))>>bits]
		if in.count == 0 || t.rank[i] < in.rank {
			in.rank, in.at = t.rank[i], c
		}
		if t.count == nil {
			in.count++
		} else {
			in.count += t.count[i]
		}
	}
	// A new slice: found belongs to the caller.
	merged := thinned{bits: bits}
	for i := range cells {
		if c := &cells[i]; c.count > 0 {
			merged.at, merged.rank = append(merged.at, c.at), append(merged.rank, c.rank)
			merged.count = append(merged.count, c.count)
		}
	}
	*t = merged
}

// sorted is the points by permanent id, and how many features each stands for.
func (t *thinned) sorted(l *index.Layer) (found []candidate, count []uint32) {
	order := make([]int32, len(t.at))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return compare(l, t.at[x], t.at[y]) })
	found, count = make([]candidate, len(order)), make([]uint32, len(order))
	for i, from := range order {
		found[i], count[i] = t.at[from], t.count[from]
	}
	return found, count
}
