package tiles

import (
	"cmp"
	"context"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// candidate is a feature that may appear in the tile: its slot in the upper half, so that sorting the numbers sorts by
// it. The lower half holds the place of a feature with one point in units of the tile, each coordinate counted from the
// edge of the buffer in 16 bits; it is [unplaced] for all others.
//
// Features are drawn by permanent id, so that the same features give the same bytes in every process. Slots ascend
// with it, except in some Worlds of the past.
type candidate uint64

// unplaced is no place: coordinates end at Extent + 2 Buffer.
const unplaced = 0xffff_ffff

func at(s index.Slot, v vertex) candidate {
	return candidate(s)<<32 | candidate(uint16(v.x+Buffer))<<16 | candidate(uint16(v.y+Buffer))
}

func (c candidate) slot() index.Slot { return index.Slot(c >> 32) }
func (c candidate) placed() bool     { return uint32(c) != unplaced }

// place is where a feature with one point is drawn.
func (c candidate) place() vertex {
	return vertex{int64(uint16(c>>16)) - Buffer, int64(uint16(c)) - Buffer}
}

// proper reports whether the feature lies in the tile and not in its buffer only; the features of all tiles of a zoom
// level that are proper add up to those of the layer. Of features that are not one point it is not known: they count
// for every tile that they appear in.
func (c candidate) proper() bool {
	v := c.place()
	return !c.placed() || 0 <= v.x && v.x < Extent && 0 <= v.y && v.y < Extent
}

// checkEvery is the number of features between two looks at the context.
const checkEvery = 1 << 12

// gather finds the features of a layer that may appear in the tile and pass the filter, in no particular order.
func (b *builder) gather(ctx context.Context, s source) error {
	found := b.found[:0]
	// Captured variables, and those reached through b, would be read from memory for each point.
	f := b.frame
	n := 0
	s.layer.SearchPoints(b.drawer.box, func(slot index.Slot, p geo.Point) bool {
		if v := f.at(p); v.within() {
			found = append(found, at(slot, v))
		}
		n++
		return n%checkEvery != 0 || ctx.Err() == nil
	})
	b.points = len(found)
	s.layer.SearchShapes(b.drawer.box, func(slot index.Slot) bool {
		found = append(found, candidate(slot)<<32|unplaced)
		return len(found)%checkEvery != 0 || ctx.Err() == nil
	})
	b.found = found
	if err := ctx.Err(); err != nil {
		return err
	}
	if f := b.query.Filter; f != nil {
		if err := b.filter(ctx, s, f.Keep); err != nil {
			return err
		}
	}
	if s.differs != nil {
		return b.filter(ctx, s, s.differs.keep)
	}
	return nil
}

// within reports whether a place lies in the tile or its buffer.
func (v vertex) within() bool {
	return v.x >= -Buffer && v.x <= Extent+Buffer && v.y >= -Buffer && v.y <= Extent+Buffer
}

// filter leaves the candidates that keep keeps.
func (b *builder) filter(ctx context.Context, s source, keep func(context.Context, *index.Layer, []index.Slot) ([]index.Slot, error)) error {
	b.rows = b.rows[:0]
	for _, c := range b.found {
		b.rows = append(b.rows, c.slot())
	}
	kept, err := keep(ctx, s.layer, b.rows)
	if err != nil {
		return err
	}
	found := b.found[:0]
	points := 0
	for i, c := range b.found {
		if len(kept) == 0 {
			break
		}
		if c.slot() != kept[0] {
			continue
		}
		kept, found = kept[1:], append(found, c)
		if i < b.points {
			points++
		}
	}
	b.found, b.points = found, points
	return nil
}

// sort sorts all that was found by permanent id.
func (b *builder) sort(l *index.Layer) {
	b.found, b.spare = sortBySlot(b.found, b.spare)
	if !l.Ordered() {
		sortFew(l, b.found)
	}
}

// sortFew sorts candidates by permanent id.
func sortFew(l *index.Layer, found []candidate) {
	slices.SortFunc(found, func(x, y candidate) int { return compare(l, x, y) })
}

func compare(l *index.Layer, x, y candidate) int {
	if l.Ordered() {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(l.Permanent(x.slot()), l.Permanent(y.slot()))
}

// sortBySlot sorts candidates by slot, by counting the digits of the slots from the last to the first (LSD radix).
// spare is room for as many; the slices may come back in swapped roles.
func sortBySlot(found, spare []candidate) (sorted, scratch []candidate) {
	const digits, bits = 3, 11
	if len(found) < 256 {
		slices.Sort(found)
		return found, spare
	}
	spare = slices.Grow(spare[:0], len(found))[:len(found)]
	var counts [digits][1 << bits]uint32
	for _, c := range found {
		for d := range digits {
			counts[d][c>>(32+d*bits)&(1<<bits-1)]++
		}
	}
	for d := range digits {
		shift := 32 + d*bits
		count := &counts[d]
		if count[found[0]>>shift&(1<<bits-1)] == uint32(len(found)) {
			continue // all have the same digit
		}
		sum := uint32(0)
		for i, n := range count {
			count[i], sum = sum, sum+n
		}
		for _, c := range found {
			to := &count[c>>shift&(1<<bits-1)]
			spare[*to] = c
			*to++
		}
		found, spare = spare, found
	}
	return found, spare
}
