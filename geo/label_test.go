package geo_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gewu-city/gewu/geo"
)

func TestLabelPointIsInside(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 52))
	for range 2000 {
		s, _, err := geo.Fix(scaled(randomShape(r, 12), 1+r.Int32N(500)))
		if err != nil {
			continue
		}
		if p := geo.LabelPoint(s); !s.Contains(p) {
			t.Fatalf("%v is outside %v", p, reference(s).AsText())
		}
	}
}

// The point is within a hundredth of the size from the best place on a fine grid.
func TestLabelPointIsFarFromTheOutline(t *testing.T) {
	r := rand.New(rand.NewPCG(53, 54))
	for range 40 {
		s := polygon(t, star(3+r.IntN(30), r.Uint64()))
		p := geo.LabelPoint(s)
		got := outline(s).Distance(p)
		box := s.Box()
		best := 0.0
		for i := range 60 {
			for j := range 60 {
				q := geo.Point{X: box.Min.X + (box.Max.X-box.Min.X)/60*int32(i), Y: box.Min.Y + (box.Max.Y-box.Min.Y)/60*int32(j)}
				if s.Contains(q) {
					best = max(best, outline(s).Distance(q))
				}
			}
		}
		size := geo.Distance(box.Min, box.Max)
		if got < best-size/100 {
			t.Errorf("%v m from the outline, a grid point is %v m; size %v m", got, best, size)
		}
		if again := geo.LabelPoint(s); again != p {
			t.Error("not deterministic")
		}
	}
}

func TestLabelPointCases(t *testing.T) {
	near := func(p, q geo.Point, by float64) bool {
		return math.Hypot(float64(p.X-q.X), float64(p.Y-q.Y)) <= by
	}
	square := []geo.Point{{0, 0}, {1000, 0}, {1000, 1000}, {0, 1000}}
	if p := geo.LabelPoint(polygon(t, square)); !near(p, geo.Point{X: 500, Y: 500}, 15) {
		t.Errorf("square: %v", p)
	}
	// The hole pushes the point to the wide side.
	if p := geo.LabelPoint(polygon(t, square, []geo.Point{{100, 100}, {100, 900}, {400, 900}, {400, 100}})); p.X < 600 {
		t.Errorf("square with a hole: %v", p)
	}
	many := fromWKT(t, "MULTIPOLYGON(((0 0,9 0,9 9,0 0)),((100 100,900 100,900 900,100 900,100 100)),((20 20,30 20,30 30,20 20)))")
	if p := geo.LabelPoint(many); !near(p, geo.Point{X: 500, Y: 500}, 15) {
		t.Errorf("several: %v", p)
	}
	// Slivers down to one unit, and without any point inside.
	for _, wkt := range []string{"POLYGON((0 0,10000 1,10000 2,0 0))", "POLYGON((0 0,1 0,1 1,0 1,0 0))", "POLYGON((0 0,100000 0,100000 1,0 1,0 0))", "POLYGON((0 0,1 100000,0 100000,0 0))"} {
		s := fromWKT(t, wkt)
		if p := geo.LabelPoint(s); !s.Contains(p) {
			t.Errorf("%s: %v", wkt, p)
		}
	}
	flat := fromWKT(t, "POLYGON((0 0,4 4,8 8,0 0))")
	if p := geo.LabelPoint(flat); !flat.OnBoundary(p) {
		t.Errorf("flat: %v", p)
	}
	line, err := geo.NewShape(geo.KindLine, []geo.Point{{0, 0}, {10, 0}, {0, 0}, {300, 0}, {300, 100}}, []uint32{2, 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := geo.LabelPoint(line); !near(p, geo.Point{X: 200, Y: 0}, 2) {
		t.Errorf("line: %v", p)
	}
	if p := geo.LabelPoint(geo.PointShape(geo.Point{X: 3, Y: 4})); p != (geo.Point{X: 3, Y: 4}) {
		t.Errorf("point: %v", p)
	}
	if p := geo.LabelPoint(geo.Shape{}); p != (geo.Point{}) {
		t.Errorf("nothing: %v", p)
	}
}

func BenchmarkLabelPoint(b *testing.B) {
	for name, s := range map[string]geo.Shape{
		"star200":   polygon(b, star(200, 1)),
		"square":    polygon(b, []geo.Point{{1215000000, 250000000}, {1215010000, 250000000}, {1215010000, 250010000}, {1215000000, 250010000}}),
		"corridor8": polygon(b, []geo.Point{{1215000000, 250000000}, {1215100000, 250000000}, {1215100000, 250100000}, {1215090000, 250100000}, {1215090000, 250010000}, {1215000000, 250010000}}),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				geo.LabelPoint(s)
			}
		})
	}
}
