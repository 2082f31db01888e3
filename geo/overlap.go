package geo

import "slices"

// OverlapArea is the area in square metres of the intersection of two polygon shapes, 0 when one is of another kind.
// It has the accuracy of [Shape.Area]; rounding noise stays below 1e-10 of the area of the common box. It needs no
// valid shapes: where rings overlap, regions count as often as they are covered. Rings must run as [Shape] says.
//
// The indicator of a region bounded by directed edges is the sum over its edges e of ±1 on the points below e: plus
// for edges that run west, minus for those that run east. The product of two such sums, integrated over the plane,
// is the sum over all pairs of edges of ± the area below both. Areas are cut off at the lower bound of the common box,
// below which one of the indicators is zero.
func OverlapArea(a, b Shape) float64 { return new(Overlaps).Area(a, b) }

// Overlaps measures one overlap after the other in the same memory, for one goroutine.
type Overlaps struct{ es, fs, liveE, liveF []slope }

// Area is [OverlapArea].
func (o *Overlaps) Area(a, b Shape) float64 {
	if a.kind != KindPolygon || b.kind != KindPolygon {
		return 0
	}
	ba, bb := a.Box(), b.Box()
	common := Box{
		Min: Point{max(ba.Min.X, bb.Min.X), max(ba.Min.Y, bb.Min.Y)},
		Max: Point{min(ba.Max.X, bb.Max.X), min(ba.Max.Y, bb.Max.Y)},
	}
	if common.Empty() {
		return 0
	}
	e := newEqualArea(common)
	o.es = slopes(o.es[:0], a, common, &e)
	o.fs = slopes(o.fs[:0], b, common, &e)
	return max(0, o.sumPairs())
}

// slope is an edge that is not vertical: its ordinate runs from y at lo with slope k to hi; sign is +1 when the ring
// runs west along it.
type slope struct{ lo, hi, y, k, sign float64 }

// slopes appends the edges of s that matter inside the box: not vertical, meeting its x-range, and not wholly below it.
// Ordinates are those of e above the box's lower bound.
func slopes(out []slope, s Shape, box Box, e *equalArea) []slope {
	base := e.y(box.Min.Y)
	start := uint32(0)
	for _, end := range s.rings {
		run := s.xy[start:end]
		start = end
		for i := 1; i < len(run); i++ {
			p, q := run[i-1], run[i]
			sign := -1.0
			if p.X > q.X {
				p, q, sign = q, p, 1
			}
			if p.X == q.X || q.X <= box.Min.X || p.X >= box.Max.X || p.Y <= box.Min.Y && q.Y <= box.Min.Y {
				continue
			}
			t := slope{lo: float64(p.X) - e.x0, hi: float64(q.X) - e.x0, y: e.y(p.Y) - base, sign: sign}
			t.k = (e.y(q.Y) - base - t.y) / (t.hi - t.lo)
			out = append(out, t)
		}
	}
	return out
}

// sweepFrom is the number of pairs above which sorting both lists pays.
const sweepFrom = 1 << 15

func (o *Overlaps) sumPairs() float64 {
	es, fs, sum := o.es, o.fs, 0.0
	if len(es)*len(fs) < sweepFrom {
		for i := range es {
			for j := range fs {
				sum += under(&es[i], &fs[j])
			}
		}
		return sum
	}
	byLo := func(a, b slope) int {
		switch {
		case a.lo < b.lo:
			return -1
		case a.lo > b.lo:
			return 1
		default:
			return 0
		}
	}
	slices.SortFunc(es, byLo)
	slices.SortFunc(fs, byLo)
	// Sweep east: each edge meets those of the other list that began before it and have not ended.
	liveE, liveF := o.liveE[:0], o.liveF[:0]
	for i, j := 0, 0; i < len(es) || j < len(fs); {
		if j == len(fs) || i < len(es) && es[i].lo <= fs[j].lo {
			liveF = meet(&es[i], liveF, &sum)
			liveE = append(liveE, es[i])
			i++
		} else {
			liveE = meet(&fs[j], liveE, &sum)
			liveF = append(liveF, fs[j])
			j++
		}
	}
	o.liveE, o.liveF = liveE, liveF
	return sum
}

// meet adds the areas under e and each live edge, and drops those that have ended.
func meet(e *slope, live []slope, sum *float64) []slope {
	kept := live[:0]
	for i := range live {
		if live[i].hi > e.lo {
			*sum += under(e, &live[i])
			kept = append(kept, live[i])
		}
	}
	return kept
}

// under is the signed area under both edges and above zero.
func under(e, f *slope) float64 {
	lo, hi := max(e.lo, f.lo), min(e.hi, f.hi)
	if !(lo < hi) {
		return 0
	}
	e0, e1 := e.y+e.k*(lo-e.lo), e.y+e.k*(hi-e.lo)
	f0, f1 := f.y+f.k*(lo-f.lo), f.y+f.k*(hi-f.lo)
	sign := e.sign * f.sign
	w := hi - lo
	d0, d1 := f0-e0, f1-e1
	switch {
	case d0 >= 0 && d1 >= 0:
		return sign * positive(e0, e1, w)
	case d0 <= 0 && d1 <= 0:
		return sign * positive(f0, f1, w)
	}
	// They cross: the lower one changes.
	t := d0 / (d0 - d1)
	m := e0 + t*(e1-e0)
	if d0 > 0 {
		return sign * (positive(e0, m, t*w) + positive(m, f1, (1-t)*w))
	}
	return sign * (positive(f0, m, t*w) + positive(m, e1, (1-t)*w))
}

// positive is the area between zero and a straight line from height a to height b over the width w, where the line
// is above zero.
func positive(a, b, w float64) float64 {
	switch {
	case a >= 0 && b >= 0:
		return (a + b) / 2 * w
	case a <= 0 && b <= 0:
		return 0
	case a > 0:
		return a * a / (a - b) / 2 * w
	default:
		return b * b / (b - a) / 2 * w
	}
}
