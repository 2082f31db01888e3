package geo_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/geo"
)

// scaled multiplies all coordinates.
func scaled(s geo.Shape, k int32) geo.Shape {
	var xy []geo.Point
	for _, p := range s.Vertices() {
		xy = append(xy, geo.Point{X: p.X * k, Y: p.Y * k})
	}
	out, err := geo.NewShape(s.Kind(), xy, s.RingEnds(), s.PolygonEnds())
	if err != nil {
		panic(err)
	}
	return out
}

// winds is the winding number of a ring around p.
func winds(ring []geo.Point, p geo.Point) int {
	w := 0
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		switch {
		case a.Y <= p.Y && p.Y < b.Y && geo.Orient(a, b, p) > 0:
			w++
		case b.Y <= p.Y && p.Y < a.Y && geo.Orient(a, b, p) < 0:
			w--
		}
	}
	return w
}

// meant is the ground that a broken shape stands for, by the words of Fix.
func meant(s geo.Shape, p geo.Point) bool {
	for i := range s.NumPolygons() {
		from, to := s.Polygon(i)
		in := winds(s.Ring(from), p) != 0
		for h := from + 1; h < to; h++ {
			in = in && winds(s.Ring(h), p) == 0
		}
		if in {
			return true
		}
	}
	return false
}

func TestFixKeepsTheGround(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	repaired, n := 0, rounds(3000)
	for range n {
		span := []int32{4, 8, 16}[r.IntN(3)]
		s := scaled(randomShape(r, span), 1000)
		fixed, defects, err := geo.Fix(s)
		if err != nil {
			if !errors.Is(err, geo.ErrNothingLeft) {
				t.Fatalf("%v: %v", err, reference(s).AsText())
			}
			continue
		}
		if d := geo.Validate(fixed); d != nil {
			t.Fatalf("%v is left in %v", d, reference(s).AsText())
		}
		if err := reference(fixed).Validate(); err != nil {
			t.Fatalf("reference: %v in the repair of %v", err, reference(s).AsText())
		}
		if len(defects) > 0 {
			repaired++
		}
		for range 40 {
			p := geo.Point{X: r.Int32N(2 * span * 1000), Y: r.Int32N(2 * span * 1000)}
			if got, want := fixed.Contains(p), meant(s, p); got != want && outline(s).Distance(p) > 0.03 {
				t.Fatalf("%v is inside: %v, want %v; %v became %v", p, got, want, reference(s).AsText(), reference(fixed).AsText())
			}
		}
	}
	if repaired < n/2 {
		t.Errorf("only %d of %d shapes were repaired", repaired, n)
	}
}

// outline is the shape's rings as lines, so that distances inside count.
func outline(s geo.Shape) geo.Shape {
	l, err := geo.NewShape(geo.KindLine, s.Vertices(), s.RingEnds(), nil)
	if err != nil {
		panic(err)
	}
	return l
}

// On a grid hardly finer than the shapes every crossing is rounded far.
func TestFixOnACoarseGrid(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	for range rounds(8000) {
		s := randomShape(r, []int32{3, 5, 9, 40}[r.IntN(4)])
		fixed, _, err := geo.Fix(s)
		if err != nil {
			if !errors.Is(err, geo.ErrNothingLeft) {
				t.Fatalf("%v: %v", err, reference(s).AsText())
			}
			continue
		}
		if d := geo.Validate(fixed); d != nil {
			t.Fatalf("%v is left in %v", d, reference(s).AsText())
		}
		again, defects, err := geo.Fix(fixed)
		if err != nil || defects != nil || !again.Equal(fixed) {
			t.Fatalf("a repaired shape is repaired again: %v, %v", defects, err)
		}
	}
}

func TestFixCases(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"bow-tie", "POLYGON((0 0,4 4,4 0,0 4,0 0))", "MULTIPOLYGON(((0 0,2 2,0 4,0 0)),((2 2,4 0,4 4,2 2)))"},
		{"spike", "POLYGON((0 0,4 0,8 0,4 0,4 4,0 4,0 0))", "POLYGON((0 0,4 0,4 4,0 4,0 0))"},
		{"spike at the seam", "POLYGON((8 0,4 0,4 4,0 4,0 0,4 0,8 0))", "POLYGON((0 0,4 0,4 4,0 4,0 0))"},
		{"ring around a lake", "POLYGON((0 0,9 0,9 9,0 9,0 0,3 3,3 6,6 6,6 3,3 3,0 0))", "POLYGON((0 0,9 0,9 9,0 9,0 0),(3 3,3 6,6 6,6 3,3 3))"},
		{"ring touches itself", "POLYGON((0 0,9 0,9 9,0 9,0 0,3 6,6 3,0 0))", "POLYGON((0 0,9 0,9 9,0 9,0 0),(0 0,3 6,6 3,0 0))"},
		{"curl", "POLYGON((0 0,8 0,8 8,4 8,4 4,6 4,6 6,0 6,0 0))", "POLYGON((0 0,8 0,8 8,4 8,4 6,0 6,0 0))"},
		{"hole twice", "POLYGON((0 0,9 0,9 9,0 9,0 0),(2 2,2 4,4 4,4 2,2 2),(2 2,4 2,4 4,2 4,2 2))", "POLYGON((0 0,9 0,9 9,0 9,0 0),(2 2,2 4,4 4,4 2,2 2))"},
		{"hole sticks out", "POLYGON((0 0,8 0,8 8,0 8,0 0),(6 2,6 4,12 4,12 2,6 2))", "POLYGON((0 0,8 0,8 2,6 2,6 4,8 4,8 8,0 8,0 0))"},
		{"parts share an edge", "MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((4 0,8 0,8 4,4 4,4 0)))", "POLYGON((0 0,4 0,8 0,8 4,4 4,0 4,0 0))"},
		{"flat hole", "POLYGON((0 0,9 0,9 9,0 9,0 0),(2 2,4 4,3 3,2 2))", "POLYGON((0 0,9 0,9 9,0 9,0 0))"},
		{
			"islands in lakes", "MULTIPOLYGON(((0 0,90 0,99 0,90 0,90 90,0 90,0 0),(10 10,10 80,80 80,80 10,10 10)),((20 20,70 20,70 70,20 70,20 20),(30 30,30 60,60 60,60 30,30 30)),((40 40,50 40,50 50,40 40)))",
			"MULTIPOLYGON(((0 0,90 0,90 90,0 90,0 0),(10 10,10 80,80 80,80 10,10 10)),((20 20,70 20,70 70,20 70,20 20),(30 30,30 60,60 60,60 30,30 30)),((40 40,50 40,50 50,40 40)))",
		},
		{"chain of holes", "POLYGON((0 0,8 0,8 8,0 8,0 0),(0 4,4 6,8 4,4 2,0 4))", "MULTIPOLYGON(((0 0,8 0,8 4,4 2,0 4,0 0)),((0 4,4 6,8 4,8 8,0 8,0 4)))"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fixed, defects, err := geo.Fix(fromWKT(t, test.in))
			if err != nil || len(defects) == 0 {
				t.Fatalf("%v, %v", defects, err)
			}
			if want := fromWKT(t, test.want); !fixed.Equal(want) {
				t.Errorf("got %v, want %v", reference(fixed).AsText(), test.want)
			}
		})
	}
	for _, flat := range []string{"POLYGON((0 0,4 4,8 8,0 0))", "POLYGON((0 0,4 0,4 4,0 0),(4 4,4 0,0 0,4 4))"} {
		if _, defects, err := geo.Fix(fromWKT(t, flat)); !errors.Is(err, geo.ErrNothingLeft) || len(defects) == 0 {
			t.Errorf("%s: %v, %v", flat, defects, err)
		}
	}
}

// Three villages of Taipei whose rings are broken. Source: Taipei City Government, village boundaries, OGDL-TW 1.0.
func TestFixVillages(t *testing.T) {
	data, err := os.ReadFile("testdata/villages_broken.geojson")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Features []struct {
			Properties struct{ Name string }
			Geometry   struct{ Coordinates orb.Polygon }
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	want := map[string]geo.DefectKind{"西湖里": geo.SelfCrossing, "老師里": geo.Spike, "寶湖里": geo.Spike}
	for _, f := range file.Features {
		s, err := geo.FromOrb(f.Geometry.Coordinates)
		if err != nil {
			t.Fatal(err)
		}
		fixed, defects, err := geo.Fix(s)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, d := range defects {
			found = found || d.Kind == want[f.Properties.Name]
		}
		if !found {
			t.Errorf("%s: %v", f.Properties.Name, defects)
		}
		if math.Abs(fixed.Area()-s.Area()) > 0.02 || fixed.NumPolygons() != 1 {
			t.Errorf("%s: area %v became %v in %d polygons", f.Properties.Name, s.Area(), fixed.Area(), fixed.NumPolygons())
		}
		delete(want, f.Properties.Name)
	}
	if len(want) > 0 {
		t.Errorf("not in the file: %v", want)
	}
}

func BenchmarkFix(b *testing.B) {
	ring := star(300, 1)
	ring[10], ring[13] = ring[13], ring[10]
	s := polygon(b, ring)
	if len(geo.Validate(s)) == 0 {
		b.Fatal("nothing to repair")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := geo.Fix(s); err != nil {
			b.Fatal(err)
		}
	}
}
