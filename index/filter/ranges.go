package filter

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Values that are not texts are compared as int64 keys of the same order: ints, days, microseconds and truth values as
// they are, numbers by [orderKey]. A condition on one attribute then is a set of keys, and its negation the other keys:
// features without a value have no key and are in neither.

// span is a closed range of keys.
type span struct{ low, high int64 }

// everything is all keys.
var everything = []span{{math.MinInt64, math.MaxInt64}}

// orderKey is an int64 that is ordered as finite numbers are.
func orderKey(f float64) int64 {
	k := int64(math.Float64bits(f))
	if k < 0 {
		k ^= math.MaxInt64
	}
	return k
}

// complement is all keys that are not in spans, which are sorted and apart.
func complement(spans []span) []span {
	var out []span
	next, done := int64(math.MinInt64), false
	for _, s := range spans {
		if s.low > next {
			out = append(out, span{next, s.low - 1})
		}
		if s.high == math.MaxInt64 {
			done = true
			break
		}
		next = s.high + 1
	}
	if !done {
		out = append(out, span{next, math.MaxInt64})
	}
	return out
}

// union sorts spans and puts together what overlaps or adjoins. It may change spans.
func union(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return compareInts(a.low, b.low) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && (out[n-1].high == math.MaxInt64 || s.low <= out[n-1].high+1) {
			out[n-1].high = max(out[n-1].high, s.high)
			continue
		}
		out = append(out, s)
	}
	return out
}

// compared are the keys k for which "k op v" holds, where low to high are the keys that equal v. For a value between
// two keys low is the greater and high the less of them.
func compared(op string, low, high int64) []span {
	var out []span
	below := func(last int64) { out = append(out, span{math.MinInt64, last}) }
	above := func(first int64) { out = append(out, span{first, math.MaxInt64}) }
	if (op == "<" || op == "<>") && low > math.MinInt64 {
		below(low - 1)
	}
	switch op {
	case "<=":
		below(high)
	case ">=":
		above(low)
	case "=":
		if low <= high {
			out = append(out, span{low, high})
		}
	}
	if (op == ">" || op == "<>") && high < math.MaxInt64 {
		above(high + 1)
	}
	return union(out)
}

// beyond are the keys for which "k op v" holds of a value above all keys, or with sign -1 below all.
func beyond(op string, sign int) []span {
	switch {
	case op == "<>", sign > 0 && (op == "<" || op == "<="), sign < 0 && (op == ">" || op == ">="):
		return everything
	}
	return nil
}

// keysOf are the keys of an attribute of type t for which "attribute op v" holds. v has a class that can be compared
// with t.
func keysOf(t data.Type, zone *time.Location, op string, v data.Value) []span {
	switch {
	case t == data.Number && v.Type() == data.Int:
		f := v.Number()
		key := orderKey(f)
		switch compareNumbers(v, data.NumberValue(f)) {
		case -1:
			return compared(op, key, key-1)
		case 1:
			return compared(op, key+1, key)
		}
		return compared(op, key, key)
	case t == data.Number:
		return compared(op, orderKey(v.Number()), orderKey(v.Number()))
	case t == data.Int && v.Type() == data.Number:
		f := v.Number()
		if f >= 1<<63 {
			return beyond(op, 1)
		}
		if f < -1<<63 {
			return beyond(op, -1)
		}
		return compared(op, int64(math.Ceil(f)), int64(math.Floor(f)))
	case t == data.Date && v.Type() == data.Time:
		day := data.DateValue(v.Time()).Int()
		return compared(op, day, day)
	case t == data.Time && v.Type() == data.Date:
		low, high := day(v, zone)
		return compared(op, low, high)
	}
	return compared(op, v.Int(), v.Int())
}

// day is the first and the last microsecond of a date in a zone.
func day(v data.Value, zone *time.Location) (first, last int64) {
	y, m, d := v.Time().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone).UnixMicro(), time.Date(y, m, d+1, 0, 0, 0, 0, zone).UnixMicro() - 1
}

// compareNumbers compares ints and numbers exactly.
func compareNumbers(a, b data.Value) int {
	switch {
	case a.Type() == data.Int && b.Type() == data.Int:
		return compareInts(a.Int(), b.Int())
	case a.Type() == data.Number && b.Type() == data.Number:
		return compareInts(orderKey(a.Number()), orderKey(b.Number()))
	}
	const exact = 1 << 53
	whole, other, sign := a, b, 1
	if b.Type() == data.Int {
		whole, other, sign = b, a, -1
	}
	if n := whole.Int(); n > -exact && n < exact {
		return sign * compareInts(orderKey(float64(n)), orderKey(other.Number()))
	}
	return sign * new(big.Float).SetInt64(whole.Int()).Cmp(big.NewFloat(other.Number()))
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// rangeLeaf passes features whose attribute has a key in spans, which are sorted and apart.
type rangeLeaf struct {
	attribute int
	typ       data.Type
	spans     []span
	// fallback is what features have that hold no value.
	fallback data.Value
}

// merge makes r the leaf for what is in any or in both of two sets.
func (r *rangeLeaf) merge(with *rangeLeaf, some bool) {
	if some {
		r.spans = union(slices.Concat(r.spans, with.spans))
		return
	}
	r.spans = complement(union(slices.Concat(complement(r.spans), complement(with.spans))))
}

func (r *rangeLeaf) cost() int { return 4 + 2*bits.Len(uint(len(r.spans))) }

func (r *rangeLeaf) keep(sc *scan, sel []uint16) []uint16 {
	c := sc.column(r.attribute, r.typ)
	if c == nil || len(r.spans) == 0 {
		return sel[:0]
	}
	words, set := sc.wordsOf(c, sel)
	if !r.fallback.Null() {
		for i, held := range set {
			if !held {
				words[i], set[i] = r.fallback.Word(), true
			}
		}
	}
	if r.typ == data.Number {
		for i, w := range words {
			if int64(w) < 0 {
				words[i] = w ^ math.MaxInt64
			}
		}
	}
	n := 0
	if len(r.spans) == 1 {
		low, width := r.spans[0].low, uint64(r.spans[0].high-r.spans[0].low)
		set = set[:len(words)]
		for i, w := range words {
			sel[n] = sel[i]
			// Two moves instead of a jump: which features pass cannot be foreseen.
			pass := 0
			if uint64(int64(w)-low) <= width {
				pass = 1
			}
			if !set[i] {
				pass = 0
			}
			n += pass
		}
		return sel[:n]
	}
	for i, at := range sel {
		sel[n] = at
		if set[i] && r.holds(int64(words[i])) {
			n++
		}
	}
	return sel[:n]
}

func (r *rangeLeaf) holds(key int64) bool {
	low, high := 0, len(r.spans)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if r.spans[mid].high < key {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low < len(r.spans) && r.spans[low].low <= key
}
