package geo_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/gewu-city/gewu/geo"
)

// reference is the shape in integer units for the reference implementation, exact in float64.
func reference(s geo.Shape) geom.MultiPolygon {
	var polys []geom.Polygon
	for i := range s.NumPolygons() {
		from, to := s.Polygon(i)
		var rings []geom.LineString
		for r := from; r < to; r++ {
			var xy []float64
			for _, p := range s.Ring(r) {
				xy = append(xy, float64(p.X), float64(p.Y))
			}
			rings = append(rings, geom.NewLineString(geom.NewSequence(xy, geom.DimXY)))
		}
		polys = append(polys, geom.NewPolygon(rings))
	}
	return geom.NewMultiPolygon(polys)
}

// randomShape has one to three polygons with up to three holes each on a small grid, so that touches, overlaps and
// common vertices are frequent.
func randomShape(r *rand.Rand, span int32) geo.Shape {
	var xy []geo.Point
	var rings, polys []uint32
	ring := func(x, y, w int32, n int) {
		at := len(xy)
		if n == 4 && r.IntN(2) == 0 {
			h := 1 + r.Int32N(w)
			xy = append(xy, geo.Point{X: x, Y: y}, geo.Point{X: x + w, Y: y}, geo.Point{X: x + w, Y: y + h}, geo.Point{X: x, Y: y + h})
		} else {
			for range n {
				xy = append(xy, geo.Point{X: x + r.Int32N(w+1), Y: y + r.Int32N(w+1)})
			}
		}
		xy = append(xy, xy[at])
		rings = append(rings, uint32(len(xy)))
	}
	for range 1 + r.IntN(2) + r.IntN(2)*r.IntN(2) {
		x, y := r.Int32N(span), r.Int32N(span)
		ring(x, y, 2+r.Int32N(span), 3+r.IntN(3))
		for range r.IntN(4) {
			ring(x+r.Int32N(5), y+r.Int32N(5), 1+r.Int32N(3), 3+r.IntN(2))
		}
		polys = append(polys, uint32(len(rings)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, rings, polys)
	if err != nil {
		panic(err)
	}
	return s
}

// rounds is n, or a tenth of it in short runs.
func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

func TestValidateAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	n := rounds(20000)
	kinds := map[geo.DefectKind]int{}
	valid, rings := 0, 0
	for range n {
		s := randomShape(r, []int32{4, 8, 16}[r.IntN(3)])
		defects := geo.Validate(s)
		err := reference(s).Validate()
		if (len(defects) == 0) != (err == nil) {
			t.Fatalf("defects %v, reference says %v: %v", defects, err, reference(s).AsText())
		}
		if err == nil {
			valid++
			rings += s.NumRings() - 1
		}
		for _, d := range defects {
			kinds[d.Kind]++
		}
	}
	t.Logf("%d of %d valid, %v", valid, n, kinds)
	if valid < n/20 || rings < n/200 {
		t.Errorf("only %d of %d shapes were valid, with %d further rings", valid, n, rings)
	}
}

// Every kind of defect, and shapes that look bad and are not.
func TestValidateKinds(t *testing.T) {
	for _, test := range []struct {
		name, wkt string
		want      geo.DefectKind
		ring      int
		at        geo.Point
	}{
		{"square", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "", 0, geo.Point{}},
		{"clockwise", "POLYGON((0 0,0 4,4 4,4 0,0 0))", "", 0, geo.Point{}},
		{"repeated vertex", "POLYGON((0 0,4 0,4 0,4 4,0 4,0 0))", "", 0, geo.Point{}},
		{"collinear vertex", "POLYGON((0 0,2 0,4 0,4 4,0 4,0 0))", "", 0, geo.Point{}},
		{"bow-tie", "POLYGON((0 0,4 4,4 0,0 4,0 0))", geo.SelfCrossing, 0, geo.Point{X: 2, Y: 2}},
		{"figure of eight", "POLYGON((0 0,2 2,4 0,4 4,2 2,0 4,0 0))", geo.SelfTouch, 0, geo.Point{X: 2, Y: 2}},
		{"vertex on edge", "POLYGON((0 0,4 0,4 4,2 0,0 4,0 0))", geo.SelfTouch, 0, geo.Point{X: 2}},
		{"spike", "POLYGON((0 0,4 0,8 0,4 0,4 4,0 4,0 0))", geo.Spike, 0, geo.Point{X: 8}},
		{"runs back", "POLYGON((0 0,8 0,8 4,4 4,4 0,2 0,2 4,0 4,0 0))", geo.SelfOverlap, 0, geo.Point{X: 2}},
		{"flat", "POLYGON((0 0,4 4,8 8,0 0))", geo.CollapsedRing, 0, geo.Point{}},
		{"one point", "POLYGON((1 1,1 1,1 1,1 1))", geo.CollapsedRing, 0, geo.Point{X: 1, Y: 1}},
		{"hole", "POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,1 2,2 2,1 1))", "", 0, geo.Point{}},
		{"hole touches", "POLYGON((0 0,9 0,9 9,0 9,0 0),(0 1,2 2,2 1,0 1))", "", 0, geo.Point{}},
		{"hole outside", "POLYGON((0 0,9 0,9 9,0 9,0 0),(11 1,11 2,12 2,11 1))", geo.HoleOutside, 1, geo.Point{X: 11, Y: 1}},
		{"hole touches from outside", "POLYGON((0 0,9 0,9 9,0 9,0 0),(9 1,11 2,12 2,9 1))", geo.HoleOutside, 1, geo.Point{X: 9, Y: 1}},
		{"hole crosses", "POLYGON((0 0,9 0,9 9,0 9,0 0),(5 5,13 5,5 6,5 5))", geo.RingCrossing, 1, geo.Point{X: 9, Y: 5}},
		{"hole crosses at a vertex", "POLYGON((0 0,9 0,9 5,9 9,0 9,0 0),(5 5,9 5,13 7,9 9,5 5))", geo.RingCrossing, 1, geo.Point{X: 9, Y: 5}},
		{"hole along the outline", "POLYGON((0 0,9 0,9 9,0 9,0 0),(0 1,0 2,2 2,0 1))", geo.RingOverlap, 1, geo.Point{Y: 1}},
		{"hole equals shell", "POLYGON((0 0,9 0,9 9,0 9,0 0),(9 9,9 0,0 0,0 9,9 9))", geo.DuplicateRing, 1, geo.Point{X: 9, Y: 9}},
		{"nested holes", "POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,1 8,8 8,8 1,1 1),(3 3,3 4,4 4,3 3))", geo.NestedHole, 2, geo.Point{X: 3, Y: 3}},
		{"hole touches nested hole", "POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,1 8,8 8,8 1,1 1),(1 3,2 4,4 4,1 3))", geo.NestedHole, 2, geo.Point{X: 1, Y: 3}},
		{"chain", "POLYGON((0 0,9 0,9 9,0 9,0 0),(0 5,3 6,5 5,3 4,0 5),(5 5,7 6,9 5,7 4,5 5))", geo.SplitInterior, 2, geo.Point{X: 5, Y: 5}},
		{"hole touches twice", "POLYGON((0 0,9 0,9 9,0 9,0 0),(0 5,5 6,9 5,5 4,0 5))", geo.SplitInterior, 1, geo.Point{Y: 5}},
		{"three holes at a point", "POLYGON((0 0,9 0,9 9,0 9,0 0),(5 5,3 6,5 7,5 5),(5 5,7 4,5 3,5 5),(5 5,2 5,3 4,5 5))", "", 0, geo.Point{}},
		{"two parts", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((2 2,3 2,3 3,2 2)))", "", 0, geo.Point{}},
		{"parts touch", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((1 1,3 2,3 3,1 1)))", "", 0, geo.Point{}},
		{"island", "MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0),(1 1,1 8,8 8,8 1,1 1)),((3 3,4 3,4 4,3 3)))", "", 0, geo.Point{}},
		{"island touches its lake", "MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0),(1 1,1 8,8 8,8 1,1 1)),((1 3,4 3,8 4,1 3)))", "", 0, geo.Point{}},
		{"island wedged in its lake", "MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0),(1 1,1 8,8 8,8 1,1 1)),((1 3,8 4,4 8,1 3)))", "", 0, geo.Point{}},
		{"island wedged in its lake, turned", "MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0),(1 1,8 1,8 8,1 8,1 1)),((1 3,4 8,8 4,1 3)))", "", 0, geo.Point{}},
		{"parts cross", "MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((2 2,6 2,6 6,2 6,2 2)))", geo.PolygonOverlap, 1, geo.Point{X: 2, Y: 4}},
		{"part in part", "MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)),((2 2,6 2,6 6,2 6,2 2)))", geo.PolygonOverlap, 1, geo.Point{X: 2, Y: 2}},
		{"part in part touches", "MULTIPOLYGON(((2 2,6 2,9 6,2 6,2 2)),((0 0,9 0,9 9,0 9,0 0)))", geo.PolygonOverlap, 0, geo.Point{X: 2, Y: 2}},
		{"part in part beside a hole", "MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0),(1 1,1 2,2 2,1 1)),((3 3,4 3,4 4,3 3)))", geo.PolygonOverlap, 2, geo.Point{X: 3, Y: 3}},
		{"parts share an edge", "MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((4 0,8 0,8 4,4 4,4 0)))", geo.SharedEdge, 1, geo.Point{X: 4}},
		{"part twice", "MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((4 0,4 4,0 4,0 0,4 0)))", geo.DuplicateRing, 1, geo.Point{X: 4}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fromWKT(t, test.wkt)
			got := geo.Validate(s)
			if test.want == "" {
				if got != nil {
					t.Fatalf("got %v, want none", got)
				}
				return
			}
			want := geo.Defect{Kind: test.want, Ring: test.ring, At: test.at}
			if !slices.Contains(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			if fixed, defects, err := geo.Fix(s); err == nil {
				if !slices.Equal(defects, got) || len(geo.Validate(fixed)) > 0 {
					t.Errorf("Fix: %v, %v", defects, geo.Validate(fixed))
				}
			} else if test.want != geo.CollapsedRing && test.name != "hole equals shell" {
				t.Error(err)
			}
		})
	}
}

// fromWKT reads integer units.
func fromWKT(t testing.TB, wkt string) geo.Shape {
	t.Helper()
	g, err := geom.UnmarshalWKT(wkt, geom.NoValidate{})
	if err != nil {
		t.Fatal(err)
	}
	var xy []geo.Point
	var rings, polys []uint32
	var m geom.MultiPolygon
	if g.Type() == geom.TypePolygon {
		m = g.MustAsPolygon().AsMultiPolygon()
	} else {
		m = g.MustAsMultiPolygon()
	}
	for i := range m.NumPolygons() {
		p := m.PolygonN(i)
		for _, r := range p.DumpRings() {
			seq := r.Coordinates()
			for k := range seq.Length() {
				xy = append(xy, geo.Point{X: int32(seq.GetXY(k).X), Y: int32(seq.GetXY(k).Y)})
			}
			rings = append(rings, uint32(len(xy)))
		}
		polys = append(polys, uint32(len(rings)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, rings, polys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDefectText(t *testing.T) {
	d := geo.Defect{Kind: geo.SelfCrossing, Ring: 3, At: geo.Point{X: 1215612345, Y: 250412345}}
	if got, want := d.Error(), "ring 3 crosses itself at 121.5612345, 25.0412345"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, k := range []geo.DefectKind{geo.CollapsedRing, geo.Spike, geo.SelfCrossing, geo.SelfTouch, geo.SelfOverlap, geo.RingCrossing, geo.RingOverlap, geo.DuplicateRing, geo.HoleOutside, geo.NestedHole, geo.SplitInterior, geo.PolygonOverlap, geo.SharedEdge} {
		if text := (geo.Defect{Kind: k}).Error(); strings.Contains(text, " "+string(k)+" at") && k != geo.Spike {
			t.Errorf("%s has no words: %s", k, text)
		}
	}
}

// The list is bounded, and a comb of long parallel teeth in any direction is not quadratic.
func TestValidateLarge(t *testing.T) {
	const teeth = 25000
	for name, turn := range map[string]func(x, y int32) geo.Point{
		"vertical":   func(x, y int32) geo.Point { return geo.Point{X: x, Y: y} },
		"horizontal": func(x, y int32) geo.Point { return geo.Point{X: y, Y: x} },
		"diagonal":   func(x, y int32) geo.Point { return geo.Point{X: x + y, Y: y - x} },
	} {
		t.Run(name, func(t *testing.T) {
			var ring []geo.Point
			for i := range int32(teeth) {
				ring = append(ring, turn(40*i, 0), turn(40*i+10, 1000000), turn(40*i+20, 1000000), turn(40*i+30, 0))
			}
			ring = append(ring, turn(40*teeth, -100), turn(0, -100))
			if d := geo.Validate(polygon(t, ring)); d != nil {
				t.Fatal(d[:1])
			}
			ring[2], ring[len(ring)/2] = ring[len(ring)/2], ring[2]
			if d := geo.Validate(polygon(t, ring)); len(d) != 100 {
				t.Fatalf("%d defects", len(d))
			}
		})
	}
}

func BenchmarkValidate(b *testing.B) {
	for _, n := range []int{30, 300, 100000} {
		ring := star(n, 1)
		if n == 100000 {
			ring = starAt(n, 1, geo.Point{X: 1215600000, Y: 250600000}, 5000000)
		}
		s := polygon(b, ring)
		b.Run(map[int]string{30: "30", 300: "300", 100000: "100000"}[n], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				geo.Validate(s)
			}
		})
	}
}
