package geo_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geo"
)

// readRows reads a tab-separated file of reference values without its comments.
func readRows(t *testing.T, name string) [][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			out = append(out, strings.Split(strings.TrimSpace(line), "\t"))
		}
	}
	return out
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func pointAt(t *testing.T, lon, lat string) geo.Point {
	t.Helper()
	p, ok := geo.FromDegrees(number(t, lon), number(t, lat))
	if !ok {
		t.Fatalf("%s, %s is no place", lon, lat)
	}
	return p
}

func TestDistanceAgainstGeodesics(t *testing.T) {
	near, far := 0.0, 0.0
	for _, r := range readRows(t, "distances.tsv") {
		a, b, want := pointAt(t, r[0], r[1]), pointAt(t, r[2], r[3]), number(t, r[4])
		got := geo.Distance(a, b)
		rel := math.Abs(got-want) / want
		if want <= 10000 {
			near = max(near, rel)
		} else {
			far = max(far, rel)
		}
		// The distance from a point shape and from a line that ends there are the same.
		for _, s := range []geo.Shape{geo.PointShape(b), lineTo(b, a)} {
			if d := s.Distance(a); want <= 10000 && math.Abs(d-want)/want > 1e-4 {
				t.Errorf("%v: distance to %v is %v, want %v", a, s.Kind(), d, want)
			}
		}
	}
	t.Logf("worst relative error: %.2g below 10 km, %.2g below 100 km", near, far)
	if near > 1e-5 || far > 1e-4 {
		t.Errorf("relative error %v below 10 km, %v below 100 km", near, far)
	}
}

// lineTo is a line that comes to b from the side away from a.
func lineTo(b, a geo.Point) geo.Shape {
	s, err := geo.NewShape(geo.KindLine, []geo.Point{{X: 2*b.X - a.X, Y: 2*b.Y - a.Y}, b}, []uint32{2}, nil)
	if err != nil {
		panic(err)
	}
	return s
}

func TestScaleOfTheEllipsoid(t *testing.T) {
	// One degree on the equator and along the meridian at the equator and the pole.
	mx, my := geo.Scale(0)
	if math.Abs(mx*geo.Unit-111319.490793) > 1e-5 || math.Abs(my*geo.Unit-110574.275) > 0.01 {
		t.Errorf("equator: %v, %v", mx*geo.Unit, my*geo.Unit)
	}
	if mx, my = geo.Scale(90); math.Abs(mx) > 1e-12 || math.Abs(my*geo.Unit-111693.98) > 0.01 {
		t.Errorf("pole: %v, %v", mx, my*geo.Unit)
	}
}

func TestShapeDistance(t *testing.T) {
	mx, my := geo.Scale(25)
	at := func(x, y int32) geo.Point { return geo.Point{X: 1215000000 + x, Y: 250000000 + y} }
	square := polygon(t, []geo.Point{at(0, 0), at(10000, 0), at(10000, 10000), at(0, 10000)},
		[]geo.Point{at(2000, 2000), at(2000, 8000), at(8000, 8000), at(8000, 2000)})
	for p, want := range map[geo.Point]float64{
		at(1000, 1000):   0,
		at(10000, 10000): 0,
		at(0, 5000):      0,
		at(-1000, 5000):  1000 * mx,
		at(5000, 12000):  2000 * my,
		at(5000, 4000):   2000 * my,
		at(13000, 14000): math.Hypot(3000*mx, 4000*my),
	} {
		if got := square.Distance(p); math.Abs(got-want) > 1e-4*want {
			t.Errorf("distance of %v is %v, want %v", p, got, want)
		}
	}
	if d := (geo.Shape{}).Distance(at(0, 0)); !math.IsInf(d, 1) {
		t.Errorf("distance to nothing is %v", d)
	}
	// Across the antimeridian.
	east, west := geo.Point{X: geo.MaxX - 100, Y: 0}, geo.Point{X: -geo.MaxX + 100, Y: 0}
	want := 200 * 111319.490793 / geo.Unit
	for _, d := range []float64{geo.Distance(east, west), geo.PointShape(east).Distance(west), geo.PointShape(west).Distance(east)} {
		if math.Abs(d-want) > 1e-6 {
			t.Errorf("across the antimeridian: %v, want %v", d, want)
		}
	}
}

func TestLength(t *testing.T) {
	mx, my := geo.Scale(25)
	line, err := geo.NewShape(geo.KindLine, []geo.Point{{1215000000, 250000000}, {1215001000, 250000000}, {1215001000, 250000500}, {0, 0}, {0, 1000}}, []uint32{3, 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, my0 := geo.Scale(0)
	if got, want := line.Length(), 1000*mx+500*my+1000*my0; math.Abs(got-want) > 1e-6*want {
		t.Errorf("got %v, want %v", got, want)
	}
	if geo.PointShape(geo.Point{}).Length() != 0 {
		t.Error("a point has a length")
	}
}

func TestAreaAgainstGeodesics(t *testing.T) {
	city, country := 0.0, 0.0
	for _, r := range readRows(t, "areas.tsv") {
		a, b, want := pointAt(t, r[1], r[2]), pointAt(t, r[3], r[4]), number(t, r[5])
		ring := []geo.Point{a, {b.X, a.Y}, b, {a.X, b.Y}}
		if r[0] == "diamond" {
			mx, my := int32((int64(a.X)+int64(b.X))>>1), int32((int64(a.Y)+int64(b.Y))>>1)
			ring = []geo.Point{{mx, a.Y}, {b.X, my}, {mx, b.Y}, {a.X, my}}
		}
		got := polygon(t, ring).Area()
		// The tool prints tenths of a square metre.
		rel := max(0, math.Abs(got-want)-0.06) / want
		if want < 1e11 {
			city = max(city, rel)
		} else {
			country = max(country, rel)
		}
		if rel > 1e-4 {
			t.Errorf("%v: area %v, want %v", r, got, want)
		}
	}
	t.Logf("worst relative error: %.2g up to 100 km, %.2g a country", city, country)
	if city > 1e-5 {
		t.Errorf("relative error %v up to 100 km", city)
	}
	world := polygon(t, []geo.Point{{-geo.MaxX, -geo.MaxY}, {geo.MaxX, -geo.MaxY}, {geo.MaxX, geo.MaxY}, {-geo.MaxX, geo.MaxY}})
	if got, want := world.Area(), 510065621724088.0; math.Abs(got-want) > 1e-9*want {
		t.Errorf("the world has %v m², want %v", got, want)
	}
}

func TestAreaIsAdditive(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	for range 200 {
		ring := star(3+r.IntN(40), r.Uint64())
		s := polygon(t, ring)
		hole := make([]geo.Point, len(ring))
		for i, p := range ring {
			hole[len(ring)-1-i] = geo.Point{X: 1215600000 + (p.X-1215600000)/2, Y: 250600000 + (p.Y-250600000)/2}
		}
		ringed, inner := polygon(t, ring, hole), polygon(t, hole)
		if sum := ringed.Area() + inner.Area(); math.Abs(sum-s.Area()) > 1e-9*sum {
			t.Fatalf("%v and %v are not %v", ringed.Area(), inner.Area(), s.Area())
		}
	}
	if geo.PointShape(geo.Point{}).Area() != 0 || (geo.Shape{}).Area() != 0 {
		t.Error("a point has an area")
	}
}

func BenchmarkMetric(b *testing.B) {
	s := polygon(b, star(300, 1))
	p := geo.Point{X: 1216600000, Y: 250600000}
	b.Run("Area300", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Area()
		}
	})
	b.Run("Distance300", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Distance(p)
		}
	})
	b.Run("PointDistance", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			geo.Distance(p, geo.Point{X: 1215600000, Y: 250600000})
		}
	})
}
