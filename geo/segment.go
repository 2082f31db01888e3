package geo

import (
	"math/big"
	"slices"
)

// edge is a directed segment of a ring; its ends differ.
type edge struct {
	a, b Point
	ring int32
}

// edgesOf lists the edges of all rings without those of zero length. Ring i has the edges starts[i] to starts[i+1].
func edgesOf(s Shape) (edges []edge, starts []int) {
	edges = make([]edge, 0, len(s.xy))
	starts = make([]int, 0, len(s.rings)+1)
	for i := range s.rings {
		starts = append(starts, len(edges))
		r := s.Ring(i)
		for j := 1; j < len(r); j++ {
			if r[j-1] != r[j] {
				edges = append(edges, edge{r[j-1], r[j], int32(i)})
			}
		}
	}
	return edges, append(starts, len(edges))
}

// extent is the box of an edge with its range on the axis of a sweep.
type extent struct {
	lo, hi                 int64
	minX, minY, maxX, maxY int32
	id                     int32
}

// pairs calls visit for every pair of edges whose boxes meet, until it returns false. It sweeps along the axis given
// by [bestAxis]. For edges that stand for the boxes they span, only the axes 0 and 1 are right.
func pairs(edges []edge, axis int, visit func(i, j int) bool) {
	if len(edges) < 2 {
		return
	}
	ext := make([]extent, len(edges))
	for i, e := range edges {
		ext[i] = extent{
			minX: min(e.a.X, e.b.X), maxX: max(e.a.X, e.b.X),
			minY: min(e.a.Y, e.b.Y), maxY: max(e.a.Y, e.b.Y), id: int32(i),
		}
	}
	for i, e := range edges {
		lo, hi := along(axis, e.a), along(axis, e.b)
		ext[i].lo, ext[i].hi = min(lo, hi), max(lo, hi)
	}
	slices.SortFunc(ext, func(a, b extent) int {
		switch {
		case a.lo < b.lo:
			return -1
		case a.lo > b.lo:
			return 1
		default:
			return int(a.id - b.id)
		}
	})
	for i := range ext {
		e := &ext[i]
		for j := i + 1; j < len(ext) && ext[j].lo <= e.hi; j++ {
			f := &ext[j]
			if f.minY > e.maxY || f.maxY < e.minY || f.minX > e.maxX || f.maxX < e.minX {
				continue
			}
			if !visit(int(min(e.id, f.id)), int(max(e.id, f.id))) {
				return
			}
		}
	}
}

func along(axis int, p Point) int64 {
	switch axis {
	case 0:
		return int64(p.X)
	case 1:
		return int64(p.Y)
	case 2:
		return int64(p.X) + int64(p.Y)
	default:
		return int64(p.X) - int64(p.Y)
	}
}

// bestAxis is that of the directions east, north, north-east and south-east (0 to 3) on which the edges are shortest
// compared with the whole, so that long parallel edges, the teeth of a comb, do not make [pairs] quadratic. Edges
// that are long in every direction, like the spokes of a wheel, still do. The share is the mean number of edges beside
// each other along the axis.
func bestAxis(edges []edge) (at int, share float64) {
	if len(edges) < 2 {
		return 0, 0
	}
	for axis := range 4 {
		lo, hi := along(axis, edges[0].a), along(axis, edges[0].a)
		sum := 0.0
		for _, e := range edges {
			a, b := along(axis, e.a), along(axis, e.b)
			lo, hi = min(lo, a, b), max(hi, a, b)
			sum += float64(max(a-b, b-a))
		}
		if v := sum / float64(hi-lo+1); axis == 0 || v < share {
			at, share = axis, v
		}
	}
	return at, share
}

// relation is how two segments meet.
type relation uint8

const (
	apart   relation = iota
	touch            // in one point that is an end of at least one of them
	cross            // in one point inside both
	overlap          // along a segment
)

// relate says how two segments meet, exactly, and where: at for a touch, the lesser end for an overlap. For a cross
// see [crossing].
func relate(e, f edge) (relation, Point) {
	fa, fb := Orient(e.a, e.b, f.a), Orient(e.a, e.b, f.b)
	if fa*fb > 0 {
		return apart, Point{}
	}
	if fa == 0 && fb == 0 {
		lo, hi := maxPoint(minPoint(e.a, e.b), minPoint(f.a, f.b)), minPoint(maxPoint(e.a, e.b), maxPoint(f.a, f.b))
		switch {
		case lo == hi:
			return touch, lo
		case less(lo, hi):
			return overlap, lo
		default:
			return apart, Point{}
		}
	}
	ea, eb := Orient(f.a, f.b, e.a), Orient(f.a, f.b, e.b)
	switch {
	case ea*eb > 0:
		return apart, Point{}
	case fa == 0:
		return touch, f.a
	case fb == 0:
		return touch, f.b
	case ea == 0:
		return touch, e.a
	case eb == 0:
		return touch, e.b
	default:
		return cross, Point{}
	}
}

// less orders points by X, then Y. Along any line the order is monotone.
func less(a, b Point) bool { return a.X < b.X || a.X == b.X && a.Y < b.Y }

func minPoint(a, b Point) Point {
	if less(b, a) {
		return b
	}
	return a
}

func maxPoint(a, b Point) Point {
	if less(a, b) {
		return b
	}
	return a
}

// crossing is the integer point nearest to the place where two segments that [cross] meet; halves are rounded up.
// It is exact: the place is a fraction with 100-bit parts.
func crossing(e, f edge) Point {
	ux, uy := int64(e.b.X)-int64(e.a.X), int64(e.b.Y)-int64(e.a.Y)
	vx, vy := int64(f.b.X)-int64(f.a.X), int64(f.b.Y)-int64(f.a.Y)
	wx, wy := int64(f.a.X)-int64(e.a.X), int64(f.a.Y)-int64(e.a.Y)
	den := bigCross(ux, uy, vx, vy)
	num := bigCross(wx, wy, vx, vy)
	if den.Sign() < 0 {
		den.Neg(den)
		num.Neg(num)
	}
	return Point{X: bigRound(e.a.X, ux, num, den), Y: bigRound(e.a.Y, uy, num, den)}
}

func bigCross(ux, uy, vx, vy int64) *big.Int {
	l := new(big.Int).Mul(big.NewInt(ux), big.NewInt(vy))
	return l.Sub(l, new(big.Int).Mul(big.NewInt(uy), big.NewInt(vx)))
}

// bigRound is floor(a + u*num/den + 1/2).
func bigRound(a int32, u int64, num, den *big.Int) int32 {
	n := new(big.Int).Mul(big.NewInt(2*u), num)
	n.Add(n, den)
	// Div rounds to the floor because the divisor is positive.
	n.Div(n, new(big.Int).Lsh(den, 1))
	return int32(n.Int64() + int64(a))
}
