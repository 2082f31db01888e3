package geodesy_test

import (
	"bufio"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/geodesy"
)

func readTSV(tb testing.TB, name string) [][]string {
	tb.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var rows [][]string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if !strings.HasPrefix(sc.Text(), "#") {
			rows = append(rows, strings.Split(sc.Text(), "\t"))
		}
	}
	return rows
}

func number(tb testing.TB, s string) float64 {
	tb.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func point(tb testing.TB, lon, lat string) geo.Point {
	tb.Helper()
	p, ok := geo.FromDegrees(number(tb, lon), number(tb, lat))
	if !ok {
		tb.Fatalf("%s, %s is no place", lon, lat)
	}
	return p
}

func TestDistanceAgainstGeographicLib(t *testing.T) {
	rows := readTSV(t, "lines.tsv")
	if len(rows) < 250 {
		t.Fatalf("%d rows", len(rows))
	}
	worst := 0.0
	for _, r := range rows {
		a, b, want := point(t, r[0], r[1]), point(t, r[2], r[3]), number(t, r[4])
		got := geodesy.Distance(a, b)
		// GeographicLib keeps some nanometres.
		if d := math.Abs(got - want); !(d <= 4e-9+2e-12*want) {
			t.Errorf("%v to %v: %.9f m, want %.9f", a, b, got, want)
		} else if want > 1000 {
			worst = max(worst, d/want)
		}
		if back := geodesy.Distance(b, a); !(math.Abs(back-got) <= 1e-9+1e-12*want) {
			t.Errorf("%v to %v: %.9f m there, %.9f back", a, b, got, back)
		}
		if want > 20e3 || want == 0 || strings.Trim(r[1], "-") == "90.0000000" {
			continue
		}
		// The quick measure of package geo stays near.
		if quick := geo.Distance(a, b); math.Abs(quick-got) > 0.01+1e-3*got {
			t.Errorf("%v to %v: %v m, quickly %v", a, b, got, quick)
		}
	}
	t.Logf("worst above 1 km: %.2g of the length", worst)
}

// polygon builds the shape of one ring; text lists its vertices: lon lat,…, without the last.
func polygon(tb testing.TB, text string) geo.Shape {
	tb.Helper()
	var ring orb.Ring
	for pair := range strings.SplitSeq(text, ",") {
		lon, lat, _ := strings.Cut(pair, " ")
		ring = append(ring, orb.Point{number(tb, lon), number(tb, lat)})
	}
	return shape(tb, orb.Polygon{append(ring, ring[0])})
}

func shape(tb interface{ Fatal(...any) }, g orb.Geometry) geo.Shape {
	s, err := geo.FromOrb(g)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestAreaAgainstGeographicLib(t *testing.T) {
	rows := readTSV(t, "areas.tsv")
	if len(rows) < 100 {
		t.Fatalf("%d rows", len(rows))
	}
	worst := 0.0
	for _, r := range rows {
		want, s := number(t, r[0]), polygon(t, r[1])
		got := geodesy.AreaM2(s)
		// GeographicLib keeps about a hundredth of a square metre in each edge.
		if d := math.Abs(got - want); !(d <= 0.05*float64(len(s.Vertices()))+1e-9*want) {
			t.Errorf("%.60s: %.4f m², want %.4f: off by %.2g", r[1], got, want, d/want)
		} else {
			worst = max(worst, d/want)
		}
	}
	t.Logf("worst: %.2g of the area", worst)
}

func TestSmallAreas(t *testing.T) {
	rows := readTSV(t, "small.tsv")
	if len(rows) < 35 {
		t.Fatalf("%d rows", len(rows))
	}
	worst := 0.0
	for _, r := range rows {
		want, s := number(t, r[0]), polygon(t, r[1])
		got := geodesy.AreaM2(s)
		if d := math.Abs(got-want) / want; !(d <= 1e-9) {
			t.Errorf("%.60s: %.9f m², want %.9f: off by %.2g", r[1], got, want, d)
		} else {
			worst = max(worst, d)
		}
	}
	t.Logf("worst: %.2g of the area", worst)
}

func TestShapes(t *testing.T) {
	square := func(w, s, e, n float64) orb.Ring { return orb.Ring{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}} }
	area := func(p ...orb.Ring) float64 { return geodesy.AreaM2(shape(t, orb.Polygon(p))) }
	outer, hole := square(116, 39, 116.2, 39.2), square(116.1, 39.1, 116.11, 39.11)
	slices.Reverse(hole)
	same := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12*want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	same("hole", area(outer, hole), area(outer)-area(hole))
	two := shape(t, orb.MultiPolygon{{square(116, 39, 116.1, 39.1)}, {square(117, 38, 117.1, 38.1)}})
	same("two parts", geodesy.AreaM2(two), area(square(116, 39, 116.1, 39.1))+area(square(117, 38, 117.1, 38.1)))
	line := shape(t, orb.LineString{{116, 39}, {116, 39.01}, {116.02, 39.01}})
	same("line", geodesy.LengthM(line), geodesy.Distance(geo.Point{X: 1160000000, Y: 390000000}, geo.Point{X: 1160000000, Y: 390100000})+
		geodesy.Distance(geo.Point{X: 1160000000, Y: 390100000}, geo.Point{X: 1160200000, Y: 390100000}))
	dot := shape(t, orb.Point{116, 39})
	for name, got := range map[string]float64{
		"area of a line": geodesy.AreaM2(line), "area of a point": geodesy.AreaM2(dot), "area of nothing": geodesy.AreaM2(geo.Shape{}),
		"length of a point": geodesy.LengthM(dot), "length of nothing": geodesy.LengthM(geo.Shape{}),
	} {
		if got != 0 {
			t.Errorf("%s is %v", name, got)
		}
	}
	// The whole earth, by edges that no geodesic follows.
	same("earth", geodesy.AreaM2(shape(t, orb.Polygon{square(-180, -90, 180, 90)})), shape(t, orb.Polygon{square(-180, -90, 180, 90)}).Area())
	// An eighth of it, by edges that are geodesics.
	if got := area(orb.Ring{{0, 0}, {90, 0}, {0, 90}, {0, 0}}); math.Abs(got-510065621724088.5/8) > 1 {
		t.Errorf("an eighth of the earth is %.1f m²", got)
	}
}

// TestAgainstPlane compares with package geo, whose edges are straight in longitude and latitude: in a city the two
// areas differ by less than a thousandth of what a bow of the longest edge could make.
func TestAgainstPlane(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lon, lat := rapid.Float64Range(73, 135).Draw(t, "lon"), rapid.Float64Range(3, 54).Draw(t, "lat")
		size := rapid.Float64Range(0.0005, 0.05).Draw(t, "size")
		s := shape(t, orb.Polygon{{{lon, lat}, {lon + size, lat}, {lon + size, lat + size}, {lon, lat + size}, {lon, lat}}})
		if got, want := geodesy.AreaM2(s), s.Area(); math.Abs(got-want) > 1e-5*want {
			t.Fatalf("%v m², %v with straight edges", got, want)
		}
		if got, want := geodesy.LengthM(s), s.Length(); math.Abs(got-want) > 1e-5*want {
			t.Fatalf("%v m, %v quickly", got, want)
		}
	})
}

// TestTriangleInequality takes three points anywhere.
func TestTriangleInequality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p [3]geo.Point
		for i := range p {
			size := rapid.SampledFrom([]int32{100, 1_000_000, geo.MaxY}).Draw(t, "size")
			p[i] = geo.Point{X: 2 * rapid.Int32Range(-size, size).Draw(t, "x"), Y: rapid.Int32Range(-size, size).Draw(t, "y")}
		}
		ab, bc, ac := geodesy.Distance(p[0], p[1]), geodesy.Distance(p[1], p[2]), geodesy.Distance(p[0], p[2])
		if !(ac <= ab+bc+1e-8+1e-11*ac) || !(ac <= 20003931.459) {
			t.Fatalf("%v: %v by way of %v + %v", p, ac, ab, bc)
		}
	})
}

func BenchmarkDistance(b *testing.B) {
	from := geo.Point{X: 1215000000, Y: 250000000}
	for name, to := range map[string]geo.Point{"100m": {X: 1215008000, Y: 250005000}, "150km": {X: 1225008000, Y: 260005000}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				geodesy.Distance(from, to)
			}
		})
	}
}

func BenchmarkAreaM2(b *testing.B) {
	row := readTSV(b, "small.tsv")[20]
	s := polygon(b, row[1])
	b.ReportAllocs()
	for b.Loop() {
		geodesy.AreaM2(s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*(len(s.Vertices())-1)), "ns/edge")
}
