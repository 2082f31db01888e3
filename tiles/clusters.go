package tiles

import (
	"context"
	"math"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/column"
)

// ClustersSuffix makes, from the name of a layer of points, the name of a layer of tiles that holds a point for each
// group of features that lie close together: in their middle, with their number as [point_count] and, for each attribute
// of numbers, the sum of those that have a value, as the name with [SumSuffix]. A group of one carries the feature's id.
//
// A group is what lies in one square of a grid of the zoom level, 32 pixels wide at 512 pixels a tile, so that the groups
// of all tiles add up to the layer, or to what passes the filter.
const ClustersSuffix = "_clusters"

// SumSuffix makes the name of a sum from that of its attribute.
const SumSuffix = "_sum"

// clusterBits is the side of a group's square: 2^clusterBits units.
const clusterBits = 8

// group is the features of one square.
type group struct {
	square int
	first  candidate
	count  uint32
	x, y   int64 // sums of places
}

// clusters draws the groups of a layer.
func (b *builder) clusters(ctx context.Context, s source) error {
	const side = Extent >> clusterBits
	def := s.layer.Def()
	// In one order, so that sums of fractions come out the same whatever the tree looks like.
	b.sort(s.layer)
	var in [side * side]group
	squares := make([]uint8, 0, len(b.found))
	b.rows = b.rows[:0]
	report := LayerReport{Name: s.name(), Cell: 1 << clusterBits}
	for _, c := range b.found {
		if !c.placed() || !c.proper() {
			continue
		}
		v := c.place()
		square := int(v.y)>>clusterBits*side + int(v.x)>>clusterBits
		g := &in[square]
		if g.count == 0 {
			g.square, g.first = square, c
		}
		g.count++
		g.x, g.y = g.x+v.x, g.y+v.y
		squares = append(squares, uint8(square))
		b.rows = append(b.rows, c.slot())
	}
	report.Found = len(b.rows)
	type sums struct {
		key  uint32
		sums [side * side]float64
		ints [side * side]int64
		set  [side * side]bool
		typ  data.Type
	}
	m := &b.main
	m.begin(s.name())
	var all []*sums
	var words []uint64
	var set []bool
	for i, a := range def.Attributes {
		if a.Dropped || !a.Type.IsNumeric() || !b.query.shows(a.Name) && !b.query.shows(a.Name+SumSuffix) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		v := s.layer.Column(i)
		words, set = column.Words(v, b.rows, words[:0], set[:0])
		fallback := v.Fallback()
		sum := &sums{typ: a.Type}
		for j, square := range squares {
			if !set[j] {
				if fallback.Null() {
					continue
				}
				words[j] = fallback.Word()
			}
			sum.set[square] = true
			if a.Type == data.Int {
				sum.ints[square] += int64(words[j])
			} else {
				sum.sums[square] += math.Float64frombits(words[j])
			}
		}
		if slices.Contains(sum.set[:], true) {
			sum.key = m.key(a.Name + SumSuffix)
			all = append(all, sum)
		}
	}
	var countKey, idKey uint32
	for square := range in {
		g := &in[square]
		if g.count == 0 {
			continue
		}
		m.tag(use(m, &countKey, keyCount), m.value(data.IntValue(int64(g.count))))
		if g.count == 1 {
			m.tag(use(m, &idKey, keyID), m.addText(s.layer.ID(g.first.slot())))
		}
		for _, sum := range all {
			switch {
			case !sum.set[square]:
			case sum.typ == data.Int:
				m.tag(sum.key, m.value(data.IntValue(sum.ints[square])))
			default:
				m.tag(sum.key, m.value(data.NumberValue(sum.sums[square])))
			}
		}
		n := int64(g.count)
		b.drawer.out.reset()
		b.drawer.out.points([]vertex{{g.x / n, g.y / n}})
		m.feature(uint64(square)+1, typePoint, b.drawer.out.bytes)
		report.Drawn++
	}
	before := len(b.tile.bytes)
	b.tile.bytes = m.appendTo(b.tile.bytes)
	report.Bytes = len(b.tile.bytes) - before
	b.tile.layers = append(b.tile.layers, report)
	return nil
}
