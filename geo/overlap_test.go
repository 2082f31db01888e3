package geo_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/peterstace/simplefeatures/geom"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// areaOf is the area of a reference geometry in units, by this package's measure of the rounded shape.
func areaOf(t *testing.T, g geom.Geometry) float64 {
	t.Helper()
	sum := 0.0
	for _, part := range g.Dump() {
		if part.Type() != geom.TypePolygon || part.IsEmpty() {
			continue
		}
		var rings [][]geo.Point
		for _, r := range part.MustAsPolygon().DumpRings() {
			var ring []geo.Point
			for k, seq := 0, r.Coordinates(); k < seq.Length(); k++ {
				ring = append(ring, geo.Point{X: int32(math.Round(seq.GetXY(k).X)), Y: int32(math.Round(seq.GetXY(k).Y))})
			}
			rings = append(rings, ring)
		}
		sum += polygon(t, rings...).Area()
	}
	return sum
}

func TestOverlapAreaAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for range rounds(300) {
		c := geo.Point{X: 1215600000 + r.Int32N(40000), Y: 250600000 + r.Int32N(40000)}
		a := polygon(t, star(3+r.IntN(60), r.Uint64()))
		b := polygon(t, starAt(3+r.IntN(200), r.Uint64(), c, 2000+30000*r.Float64()))
		both, err := geom.Intersection(reference(a).AsGeometry(), reference(b).AsGeometry())
		if err != nil {
			t.Fatal(err)
		}
		want := areaOf(t, both)
		got := geo.OverlapArea(a, b)
		// The reference's crossings are rounded by half a centimetre.
		if tolerance := 0.005 * (a.Length() + b.Length()); math.Abs(got-want) > tolerance {
			t.Fatalf("overlap %v, want %v ± %v", got, want, tolerance)
		}
		if back := geo.OverlapArea(b, a); math.Abs(back-got) > 1e-9*a.Area() {
			t.Fatalf("overlap %v one way, %v the other", got, back)
		}
	}
}

func TestOverlapAreaWithItself(t *testing.T) {
	r := rand.New(rand.NewPCG(43, 44))
	for n := 3; n < 700; n += 1 + n/4 {
		ring := star(n, r.Uint64())
		hole := make([]geo.Point, len(ring))
		for i, p := range ring {
			hole[len(ring)-1-i] = geo.Point{X: 1215600000 + (p.X-1215600000)/2, Y: 250600000 + (p.Y-250600000)/2}
		}
		s, inner := polygon(t, ring, hole), polygon(t, hole)
		if got := geo.OverlapArea(s, s); math.Abs(got-s.Area()) > 1e-9*s.Area() {
			t.Errorf("%d vertices: overlap with itself %v, area %v", n, got, s.Area())
		}
		// The hole is turned round as an outer ring; it fills the shape's hole and shares its outline.
		if got := geo.OverlapArea(s, turned(inner)); got > 1e-9*s.Area() {
			t.Errorf("%d vertices: overlap %v with its own hole", n, got)
		}
	}
}

// turned runs all rings the other way.
func turned(s geo.Shape) geo.Shape {
	var xy []geo.Point
	for i := range s.NumRings() {
		r := s.Ring(i)
		for k := range r {
			xy = append(xy, r[len(r)-1-k])
		}
	}
	out, err := geo.NewShape(s.Kind(), xy, s.RingEnds(), s.PolygonEnds())
	if err != nil {
		panic(err)
	}
	return out
}

// Cells of a coverage do not overlap, and together cover what they should of another shape.
func TestOverlapAreaOfACoverage(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cells, box := coverage(t, rt, 3, geo.Point{X: 1215000000, Y: 250000000}, false)
		whole := polygon(t, []geo.Point{box.Min, {X: box.Max.X, Y: box.Min.Y}, box.Max, {X: box.Min.X, Y: box.Max.Y}})
		probe := polygon(t, []geo.Point{{1215000000 - 5, 250000007}, {1215000040, 250000003}, {1215000021, 250000100}})
		noise := 1e-9 * whole.Area()
		sum := 0.0
		for i, c := range cells {
			sum += geo.OverlapArea(c, probe)
			for _, d := range cells[:i] {
				if got := geo.OverlapArea(c, d); got > noise {
					rt.Fatalf("two cells overlap by %v", got)
				}
			}
		}
		if want := geo.OverlapArea(whole, probe); math.Abs(sum-want) > noise {
			rt.Fatalf("the cells cover %v, the whole %v", sum, want)
		}
	})
}

func TestOverlapAreaOfOtherKinds(t *testing.T) {
	s := polygon(t, star(10, 1))
	for _, o := range []geo.Shape{{}, geo.PointShape(s.Ring(0)[0]), outline(s)} {
		if geo.OverlapArea(s, o) != 0 || geo.OverlapArea(o, s) != 0 {
			t.Errorf("overlap with a %v", o.Kind())
		}
	}
	far := polygon(t, starAt(10, 1, geo.Point{}, 1000))
	if geo.OverlapArea(s, far) != 0 {
		t.Error("overlap with a far shape")
	}
}

func BenchmarkOverlapArea(b *testing.B) {
	for _, bench := range []struct {
		name string
		n, m int
	}{{"30x300", 30, 300}, {"30x30", 30, 30}, {"3000x3000", 3000, 3000}} {
		p := polygon(b, star(bench.n, 1))
		q := polygon(b, starAt(bench.m, 2, geo.Point{X: 1215610000, Y: 250590000}, 40000))
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				geo.OverlapArea(p, q)
			}
		})
	}
}
