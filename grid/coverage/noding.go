package coverage

import (
	"math/big"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Strand is a directed segment with a number that its pieces keep.
type Strand struct {
	A, B geo.Point
	Tag  int32
}

// mesh sorts things by square buckets of the plane.
type mesh struct {
	low           geo.Point
	side          int64
	columns, rows int64
	start, items  []int32
}

// newMesh puts boxes into the buckets that they meet: about one in each, were they small.
func newMesh(n int, box func(i int) geo.Box) *mesh {
	all := geo.EmptyBox()
	for i := range n {
		all = all.Union(box(i))
	}
	m := &mesh{low: all.Min, side: 1}
	if n == 0 {
		return m
	}
	w, h := int64(all.Max.X)-int64(all.Min.X)+1, int64(all.Max.Y)-int64(all.Min.Y)+1
	for (w/m.side+1)*(h/m.side+1) > int64(n)+1 {
		m.side *= 2
	}
	m.columns, m.rows = w/m.side+1, h/m.side+1
	m.start = make([]int32, m.columns*m.rows+1)
	for i := range n {
		m.each(box(i), func(at int64) { m.start[at+1]++ })
	}
	for i := 1; i < len(m.start); i++ {
		m.start[i] += m.start[i-1]
	}
	m.items = make([]int32, m.start[len(m.start)-1])
	next := slices.Clone(m.start)
	for i := range n {
		m.each(box(i), func(at int64) {
			m.items[next[at]] = int32(i)
			next[at]++
		})
	}
	return m
}

// each visits the buckets that a box meets.
func (m *mesh) each(b geo.Box, visit func(at int64)) {
	x0, y0 := max(0, (int64(b.Min.X)-int64(m.low.X))/m.side), max(0, (int64(b.Min.Y)-int64(m.low.Y))/m.side)
	x1, y1 := min(m.columns-1, (int64(b.Max.X)-int64(m.low.X))/m.side), min(m.rows-1, (int64(b.Max.Y)-int64(m.low.Y))/m.side)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			visit(y*m.columns + x)
		}
	}
}

func (m *mesh) in(at int64) []int32 { return m.items[m.start[at]:m.start[at+1]] }

func (s Strand) box() geo.Box { return geo.EmptyBox().Extend(s.A).Extend(s.B) }

// Node cuts strands at every place where they meet and moves the pieces to whole units, by snap rounding (J. D. Hobby,
// "Practical segment intersection with finite precision output", 1999): the unit squares around all ends and rounded
// crossings are hot, and a piece ends at the centre of every hot square that its strand passes through. Pieces meet in
// common ends only, exactly, and none has moved by more than 0.71 units.
func Node(strands []Strand) []Strand {
	hot := make([]geo.Point, 0, 2*len(strands))
	for _, s := range strands {
		hot = append(hot, s.A, s.B)
	}
	m := newMesh(len(strands), func(i int) geo.Box { return strands[i].box() })
	for at := range int64(len(m.start)) - 1 {
		in := m.in(at)
		for k, i := range in {
			for _, j := range in[k+1:] {
				if crosses(strands[i], strands[j]) {
					hot = append(hot, crossing(strands[i], strands[j]))
				}
			}
		}
	}
	slices.SortFunc(hot, comparePoints)
	hot = slices.Compact(hot)
	spots := newMesh(len(hot), func(i int) geo.Box { return geo.Box{Min: hot[i], Max: hot[i]} })
	out := make([]Strand, 0, len(strands))
	var cuts []geo.Point
	for _, s := range strands {
		cuts = cuts[:0]
		box := s.box()
		spots.each(box, func(at int64) {
			for _, i := range spots.in(at) {
				if p := hot[i]; box.Contains(p) && passes(s, p) {
					cuts = append(cuts, p)
				}
			}
		})
		sortAlong(s, cuts)
		for i := 1; i < len(cuts); i++ {
			out = append(out, Strand{cuts[i-1], cuts[i], s.Tag})
		}
	}
	return out
}

// sortAlong orders hot places on a strand from its start: both coordinates are monotone along it.
func sortAlong(s Strand, cuts []geo.Point) {
	slices.SortFunc(cuts, func(p, q geo.Point) int {
		dx, dy := int64(q.X)-int64(p.X), int64(q.Y)-int64(p.Y)
		if s.B.X < s.A.X {
			dx = -dx
		}
		if s.B.Y < s.A.Y {
			dy = -dy
		}
		if s.A.X == s.B.X {
			dx = 0
		}
		switch d := dx + dy; {
		case d > 0:
			return -1
		case d < 0:
			return 1
		default:
			return 0
		}
	})
}

func comparePoints(p, q geo.Point) int {
	switch {
	case p == q:
		return 0
	case p.X < q.X || p.X == q.X && p.Y < q.Y:
		return -1
	default:
		return 1
	}
}

// crosses reports whether two strands meet in one place inside both.
func crosses(s, t Strand) bool {
	if !s.box().Intersects(t.box()) {
		return false
	}
	return geo.Orient(s.A, s.B, t.A)*geo.Orient(s.A, s.B, t.B) < 0 && geo.Orient(t.A, t.B, s.A)*geo.Orient(t.A, t.B, s.B) < 0
}

// crossing is the point nearest to the place where two strands cross, halves up.
func crossing(s, t Strand) geo.Point {
	ux, uy := diff(s.B, s.A)
	vx, vy := diff(t.B, t.A)
	wx, wy := diff(t.A, s.A)
	part := new(big.Rat).SetFrac(bigCross(wx, wy, vx, vy), bigCross(ux, uy, vx, vy))
	at := func(from int32, by int64) int32 {
		v := new(big.Rat).Mul(part, new(big.Rat).SetInt64(by))
		v.Add(v, big.NewRat(2*int64(from)+1, 2))
		// Div rounds to the floor because the denominator is positive.
		return int32(new(big.Int).Div(v.Num(), v.Denom()).Int64())
	}
	return geo.Point{X: at(s.A.X, ux), Y: at(s.A.Y, uy)}
}

func diff(p, q geo.Point) (x, y int64) { return int64(p.X) - int64(q.X), int64(p.Y) - int64(q.Y) }

func bigCross(ux, uy, vx, vy int64) *big.Int {
	l := new(big.Int).Mul(big.NewInt(ux), big.NewInt(vy))
	return l.Sub(l, new(big.Int).Mul(big.NewInt(uy), big.NewInt(vx)))
}

// crossSign is the exact sign of a cross product.
func crossSign(ux, uy, vx, vy int64) int {
	const most = 1 << 31
	if max(ux, -ux, uy, -uy, vx, -vx, vy, -vy) < most {
		switch d := ux*vy - uy*vx; {
		case d > 0:
			return 1
		case d < 0:
			return -1
		default:
			return 0
		}
	}
	return bigCross(ux, uy, vx, vy).Sign()
}

// passes reports whether a strand meets the unit square around h, which holds its left and lower sides and not the others,
// so that each place lies in one square. The centre lies in the strand's box. Coordinates are doubled.
func passes(s Strand, h geo.Point) bool {
	if s.A == h || s.B == h || s.A.X == s.B.X || s.A.Y == s.B.Y {
		return true
	}
	a, b := s.A, s.B
	if b.X < a.X {
		a, b = b, a
	}
	ux, uy := diff(b, a)
	ux, uy = 2*ux, 2*uy
	cx, cy := diff(h, a)
	cx, cy = 2*cx, 2*cy
	side := func(dx, dy int64) int { return crossSign(ux, uy, cx+dx, cy+dy) }
	upperLeft, upperRight, lowerLeft, lowerRight := side(-1, 1), side(1, 1), side(-1, -1), side(1, -1)
	rises := uy > 0
	switch {
	case upperLeft == 0:
		return !rises
	case upperRight == 0:
		return rises
	case lowerLeft == 0:
		return true
	case lowerRight == 0:
		return !rises
	default:
		return upperLeft != upperRight || upperLeft != lowerLeft || upperLeft != lowerRight
	}
}
