package filter

import (
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/filter/cql"
)

// computedLeaf passes features for which a computed number has an order key in spans, see [orderKey]. Like [rangeLeaf] it
// works by columns, and a number that is not known is in neither of two opposite sets.
type computedLeaf struct {
	operand *operand
	spans   rangeLeaf
}

func (c *computedLeaf) cost() int { return c.spans.cost() + 12*c.operand.terms }

func (c *computedLeaf) keep(sc *scan, sel []uint16) []uint16 {
	results := sc.takeNumbers()
	defer sc.giveNumbers(results)
	c.operand.numbers(sc, sel, results)
	n := 0
	for i, at := range sel {
		sel[n] = at
		if results.known[i] && c.spans.holds(orderKey(results.value[i])) {
			n++
		}
	}
	return sel[:n]
}

// numbers are those of a block of features.
type numbers struct {
	value [blockSize]float64
	known [blockSize]bool
}

func (sc *scan) takeNumbers() *numbers {
	if n := len(sc.numbers); n > 0 {
		held := sc.numbers[n-1]
		sc.numbers = sc.numbers[:n-1]
		return held
	}
	return new(numbers)
}

func (sc *scan) giveNumbers(held *numbers) { sc.numbers = append(sc.numbers, held) }

// numbers computes an operand of class number for the features at positions.
func (o *operand) numbers(sc *scan, sel []uint16, out *numbers) {
	switch {
	case o.fixed:
		f, known := o.value.Number(), !o.value.Null()
		for i := range sel {
			out.value[i], out.known[i] = f, known
		}
	case o.left != nil:
		o.left.numbers(sc, sel, out)
		right := sc.takeNumbers()
		o.right.numbers(sc, sel, right)
		for i := range sel {
			if out.known[i] = out.known[i] && right.known[i]; out.known[i] {
				out.value[i], out.known[i] = cql.Compute(o.node.Op, out.value[i], right.value[i])
			}
		}
		sc.giveNumbers(right)
	default:
		o.column(sc, sel, out)
	}
}

// column reads the numbers of an attribute.
func (o *operand) column(sc *scan, sel []uint16, out *numbers) {
	c := sc.column(o.attribute, o.typ)
	if c == nil {
		clear(out.known[:len(sel)])
		return
	}
	words, set := sc.wordsOf(c, sel)
	for i, w := range words {
		switch {
		case set[i]:
			out.value[i], out.known[i] = data.WordValue(o.typ, w).Number(), true
		default:
			out.value[i], out.known[i] = o.fallback.Number(), !o.fallback.Null()
		}
	}
}
