package filter

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/column"
	"github.com/gewu-city/gewu/index/filter/cql"
)

// Bound is a filter for the features of one layer. It is safe for concurrent use, and best kept and used again while
// the definition of the layer stays what it is: it remembers which texts of the dictionaries pass. A layer with another
// definition needs a new one, see [index.Layer.DefSeq].
type Bound struct {
	expr *cql.Expr
	root *test
	// ids are the only features that may pass, if any are named.
	ids   []string
	named bool
	// equal has a value that all that pass hold in an attribute that is found by what it holds, attribute -1 for none.
	attribute int
	equal     data.Value
	box       geo.Box
	boxed     bool
}

// Expr is what was bound.
func (b *Bound) Expr() *cql.Expr { return b.expr }

// Match reports whether one feature passes. For many, [Bound.Keep] is several times faster.
func (b *Bound) Match(l *index.Layer, s index.Slot) bool {
	one := [1]index.Slot{s}
	return len(b.Keep(l, one[:])) == 1
}

// Keep leaves of slots those whose features pass, in their order, and returns them: a prefix of slots, which it
// overwrites. All must exist in l.
func (b *Bound) Keep(l *index.Layer, slots []index.Slot) []index.Slot {
	sc := scans.Get().(*scan)
	defer sc.release()
	sc.layer, sc.total = l, len(slots)
	kept := 0
	for from := 0; from < len(slots); from += blockSize {
		sc.block = slots[from:min(from+blockSize, len(slots))]
		sel := sc.all[:len(sc.block)]
		for i := range sel {
			sel[i] = uint16(i)
		}
		for _, at := range b.root.keep(sc, sel) {
			slots[kept] = sc.block[at]
			kept++
		}
	}
	return slots[:kept]
}

// Box is a box that every feature that passes meets; false when the filter says nothing about places. When it is empty,
// none passes.
func (b *Bound) Box() (geo.Box, bool) { return b.box, b.boxed }

// IDs are the only features that may pass; false when the filter does not name any.
func (b *Bound) IDs() ([]string, bool) { return b.ids, b.named }

// Candidates are all features that may pass, each once and in no particular order, by the index that leaves the fewest:
// ids, values of refs and unique attributes, places. It reports false when no index helps.
func (b *Bound) Candidates(l *index.Layer) (iter.Seq[index.Slot], bool) {
	switch {
	case b.named:
		return func(yield func(index.Slot) bool) {
			for _, id := range b.ids {
				if s, ok := l.Lookup(id); ok && !yield(s) {
					return
				}
			}
		}, true
	case b.attribute >= 0:
		return l.Equal(b.attribute, b.equal), true
	case b.boxed:
		return func(yield func(index.Slot) bool) { l.Search(b.box, yield) }, true
	}
	return nil, false
}

// Cost bounds roughly what a feature costs, in nanoseconds of one processor.
func (b *Bound) Cost() int { return b.root.cost() }

// blockSize is how many features are looked at before the next condition: few enough that what is known of them stays
// in the nearest cache.
const blockSize = 1024

// scan is the memory of one Keep.
type scan struct {
	layer *index.Layer
	// total is the number of features that are asked for.
	total   int
	block   []index.Slot
	all     [blockSize]uint16
	rows    [blockSize]index.Slot
	handles [blockSize]uint32
	words   [blockSize]uint64
	set     [blockSize]bool
	spare   []*[blockSize]uint16
	numbers []*numbers
}

var scans = sync.Pool{New: func() any { return new(scan) }}

func (sc *scan) release() {
	sc.layer, sc.block = nil, nil
	scans.Put(sc)
}

// take is memory for positions; give takes it back.
func (sc *scan) take() *[blockSize]uint16 {
	if n := len(sc.spare); n > 0 {
		p := sc.spare[n-1]
		sc.spare = sc.spare[:n-1]
		return p
	}
	return new([blockSize]uint16)
}

func (sc *scan) give(p *[blockSize]uint16) { sc.spare = append(sc.spare, p) }

// slots are those at positions of the block.
func (sc *scan) slots(sel []uint16) []index.Slot {
	rows := sc.rows[:len(sel)]
	for i, at := range sel {
		rows[i] = sc.block[at]
	}
	return rows
}

// column is the column of an attribute, nil when it has another type than the layer had that was bound.
func (sc *scan) column(attribute int, typ data.Type) *column.Values {
	if attribute >= len(sc.layer.Def().Attributes) {
		return nil
	}
	if c := sc.layer.Column(attribute); c.Type() == typ {
		return c
	}
	return nil
}

// textsOf are the handles of the texts that the features at positions hold themselves.
func (sc *scan) textsOf(c *column.Values, sel []uint16) []uint32 {
	return column.Handles(c, sc.slots(sel), sc.handles[:0])
}

// wordsOf are the words that the features at positions hold themselves, and which of them hold one.
func (sc *scan) wordsOf(c *column.Values, sel []uint16) ([]uint64, []bool) {
	return column.Words(c, sc.slots(sel), sc.words[:0], sc.set[:0])
}

// leaf is a condition of one kind.
type leaf interface {
	// keep leaves the positions whose features pass, in their order, in the memory of sel.
	keep(sc *scan, sel []uint16) []uint16
	cost() int
}

// test is what all or any of its kids say, or its leaf. Without kids, all is always true and any never.
type test struct {
	leaf leaf
	any  bool
	kids []*test
}

var (
	always = &test{}
	never  = &test{any: true}
)

func (t *test) keep(sc *scan, sel []uint16) []uint16 {
	switch {
	case len(sel) == 0:
		return sel
	case t.leaf != nil:
		return t.leaf.keep(sc, sel)
	case t.any:
		return t.keepAny(sc, sel)
	}
	for _, kid := range t.kids {
		sel = kid.keep(sc, sel)
	}
	return sel
}

// keepAny asks each kid about what those before it did not keep.
func (t *test) keepAny(sc *scan, sel []uint16) []uint16 {
	if len(t.kids) == 0 {
		return sel[:0]
	}
	left, tried := sc.take(), sc.take()
	rest := left[:copy(left[:], sel)]
	var passed [blockSize]bool
	for _, kid := range t.kids {
		for _, at := range kid.keep(sc, tried[:copy(tried[:], rest)]) {
			passed[at] = true
		}
		n := 0
		for _, at := range rest {
			if !passed[at] {
				rest[n] = at
				n++
			}
		}
		rest = rest[:n]
	}
	sc.give(left)
	sc.give(tried)
	n := 0
	for _, at := range sel {
		if passed[at] {
			sel[n] = at
			n++
		}
	}
	return sel[:n]
}

func (t *test) cost() int {
	if t.leaf != nil {
		return t.leaf.cost()
	}
	sum := 1
	for _, kid := range t.kids {
		sum += kid.cost()
	}
	return sum
}

// join is the test of several, the cheap ones first. Ranges of one attribute become one.
func join(some bool, kids []*test) *test {
	joined := &test{any: some}
	ranges := map[int]*rangeLeaf{}
	add := func(kid *test) {
		r, ok := kid.leaf.(*rangeLeaf)
		if !ok {
			joined.kids = append(joined.kids, kid)
			return
		}
		if have := ranges[r.attribute]; have != nil {
			have.merge(r, some)
			return
		}
		own := *r
		ranges[r.attribute] = &own
		joined.kids = append(joined.kids, &test{leaf: &own})
	}
	for _, kid := range kids {
		switch {
		case kid.leaf == nil && len(kid.kids) == 0 && kid.any == some:
			// Changes nothing.
		case kid.leaf == nil && len(kid.kids) == 0:
			return kid
		case kid.leaf == nil && kid.any == some:
			for _, inner := range kid.kids {
				add(inner)
			}
		default:
			add(kid)
		}
	}
	if len(joined.kids) == 1 {
		return joined.kids[0]
	}
	slices.SortStableFunc(joined.kids, func(a, b *test) int { return cmp.Compare(a.cost(), b.cost()) })
	return joined
}

// placed is a leaf that passes only features that meet a box.
type placed interface{ within() (geo.Box, bool) }

// boxOf is a box that all that pass meet. Of several that they meet it is the smallest: what meets two boxes need not meet
// what these share.
func (t *test) boxOf() (geo.Box, bool) {
	if t.leaf != nil {
		if p, ok := t.leaf.(placed); ok {
			return p.within()
		}
		return geo.Box{}, false
	}
	best, found := geo.EmptyBox(), t.any
	for _, kid := range t.kids {
		box, ok := kid.boxOf()
		switch {
		case !ok && t.any:
			return geo.Box{}, false
		case !ok:
		case t.any:
			best = best.Union(box)
		case !found || extent(box) < extent(best):
			best, found = box, true
		}
	}
	return best, found
}

// extent is how large a box is, less than 0 when it is empty.
func extent(b geo.Box) float64 {
	if b.Empty() {
		return -1
	}
	return (float64(b.Max.X) - float64(b.Min.X)) * (float64(b.Max.Y) - float64(b.Min.Y))
}

// idsOf are the only ids that may pass.
func (t *test) idsOf() (ids []string, named bool) {
	if t.leaf != nil {
		l, ok := t.leaf.(*idLeaf)
		if !ok {
			return nil, false
		}
		return l.only, l.only != nil
	}
	for _, kid := range t.kids {
		found, ok := kid.idsOf()
		switch {
		case ok && t.any:
			ids = append(ids, found...)
		case ok:
			return found, true
		case t.any:
			return nil, false
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), t.any
}
