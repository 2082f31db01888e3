package along_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/along"
)

// smallPolygon draws rings on a lattice of few points, so that edges and segments often touch, overlap and coincide.
func smallPolygon(t *rapid.T, size int32) geo.Shape {
	at := func() geo.Point {
		return geo.Point{X: rapid.Int32Range(0, size).Draw(t, "x"), Y: rapid.Int32Range(0, size).Draw(t, "y")}
	}
	var xy []geo.Point
	var rings []uint32
	for range rapid.IntRange(1, 3).Draw(t, "rings") {
		from := len(xy)
		for range rapid.IntRange(3, 7).Draw(t, "vertices") {
			xy = append(xy, at())
		}
		xy = append(xy, xy[from])
		rings = append(rings, uint32(len(xy)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, rings, []uint32{uint32(len(rings))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// owns tells exactly whether a polygon owns the point at a share of the way from a to b, by the edge rule: rational
// arithmetic on the point moved by (ε, ε²).
func owns(s geo.Shape, a, b geo.Point, share *big.Rat) bool {
	at := func(a, b int32) *big.Rat {
		d := new(big.Rat).Mul(share, big.NewRat(int64(b)-int64(a), 1))
		return d.Add(d, big.NewRat(int64(a), 1))
	}
	x, y := at(a.X, b.X), at(a.Y, b.Y)
	inside := false
	for r := range s.NumRings() {
		ring := s.Ring(r)
		for i := 1; i < len(ring); i++ {
			c, d := ring[i-1], ring[i]
			cAbove := big.NewRat(int64(c.Y), 1).Cmp(y) > 0
			if cAbove == (big.NewRat(int64(d.Y), 1).Cmp(y) > 0) {
				continue
			}
			// Where the edge crosses the height of the point.
			cross := new(big.Rat).Sub(y, big.NewRat(int64(c.Y), 1))
			cross.Mul(cross, big.NewRat(int64(d.X)-int64(c.X), int64(d.Y)-int64(c.Y)))
			cross.Add(cross, big.NewRat(int64(c.X), 1))
			if cross.Cmp(x) > 0 {
				inside = !inside
			}
		}
	}
	return inside
}

// TestSpans compares the spans of segments with the exact ownership of points along them, for segments in all kinds of
// degenerate positions.
func TestSpans(t *testing.T) {
	spanned := 0
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int32{3, 6, 1000, 900_000_000}).Draw(t, "size")
		s := smallPolygon(t, size)
		at := func() geo.Point {
			return geo.Point{X: rapid.Int32Range(0, size).Draw(t, "x"), Y: rapid.Int32Range(0, size).Draw(t, "y")}
		}
		a, b := at(), at()
		if rapid.Bool().Draw(t, "along an edge") {
			v := s.Ring(0)
			i := rapid.IntRange(1, len(v)-1).Draw(t, "edge")
			a, b = v[i-1], v[i]
		}
		spans := along.Spans([]along.Span{{From: 7, To: 8}}, s, a, b)
		if spans[0] != (along.Span{From: 7, To: 8}) {
			t.Fatal("what was there is gone")
		}
		spans = spans[1:]
		if a == b {
			if len(spans) > 0 {
				t.Fatal("a point has spans")
			}
			return
		}
		spanned += len(spans)
		last := 0.0
		for i, span := range spans {
			if span.From < last || span.To <= span.From || span.To > 1 || i > 0 && span.From == last {
				t.Fatalf("spans are not apart and in order: %v", spans)
			}
			last = span.To
		}
		for i := range 63 {
			// 127 divides no denominator of the small lattices: no crossing lies exactly there.
			share := big.NewRat(int64(2*i+1), 127)
			f, _ := share.Float64()
			if slices.ContainsFunc(spans, func(s along.Span) bool { return math.Abs(s.From-f) < 1e-9 || math.Abs(s.To-f) < 1e-9 }) {
				continue
			}
			got := slices.ContainsFunc(spans, func(s along.Span) bool { return s.From < f && f < s.To })
			if want := owns(s, a, b, share); got != want {
				t.Fatalf("%v from %v to %v at %v: %v, want %v (spans %v)", s.Orb(), a, b, f, got, want, spans)
			}
		}
	})
	if spanned == 0 {
		t.Error("no segment was owned")
	}
}

// TestSpansShareEdges checks that each piece of a segment, also of one along shared edges, has exactly one owner among
// the cells of a coverage.
func TestSpansShareEdges(t *testing.T) {
	var cells []geo.Shape
	for i := range int32(5) {
		for j := range int32(5) {
			x, y := i*10, j*10
			// A triangle and the rest of each square.
			for _, ring := range [][]geo.Point{
				{{X: x, Y: y}, {X: x + 10, Y: y}, {X: x + 10, Y: y + 10}, {X: x, Y: y}},
				{{X: x, Y: y}, {X: x + 10, Y: y + 10}, {X: x, Y: y + 10}, {X: x, Y: y}},
			} {
				s, err := geo.NewShape(geo.KindPolygon, ring, []uint32{4}, []uint32{1})
				if err != nil {
					t.Fatal(err)
				}
				cells = append(cells, s)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int32Range(1, 48)
		a, b := geo.Point{X: at.Draw(t, "x"), Y: at.Draw(t, "y")}, geo.Point{X: at.Draw(t, "x"), Y: at.Draw(t, "y")}
		if a == b {
			return
		}
		var spans, back []along.Span
		for _, c := range cells {
			spans = along.Spans(spans, c, a, b)
			back = along.Spans(back, c, b, a)
		}
		slices.SortFunc(spans, func(a, b along.Span) int { return int(math.Copysign(1, a.From-b.From)) })
		last := 0.0
		for _, s := range spans {
			if math.Abs(s.From-last) > 1e-12 {
				t.Fatalf("from %v to %v: %v", a, b, spans)
			}
			last = s.To
		}
		if last != 1 || len(back) != len(spans) {
			t.Fatalf("from %v to %v: %v, back %v", a, b, spans, back)
		}
	})
}
