package proj_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo/proj"
)

// turned is a grid of known parameters: what the fit must find again.
func turned(p orb.Point, scale, degrees float64) orb.Point {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	x, y := p[0]-515000, p[1]-3350000
	return orb.Point{50000 + scale*(cos*x-sin*y), 80000 + scale*(sin*x+cos*y)}
}

func control(n int, scale, degrees float64) []proj.ControlPoint {
	points := make([]proj.ControlPoint, n)
	for i := range points {
		a := float64(i) * 2.4
		from := orb.Point{520000 + 900*float64(i+1)*math.Cos(a), 3360000 + 900*float64(i+1)*math.Sin(a)}
		points[i] = proj.ControlPoint{Name: fmt.Sprintf("G%d", i+1), From: from, To: turned(from, scale, degrees)}
	}
	return points
}

func TestFitFindsTheParameters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale, degrees := rapid.Float64Range(0.9, 1.1).Draw(t, "scale"), rapid.Float64Range(-179, 179).Draw(t, "degrees")
		f, err := proj.FitSimilarity(control(rapid.IntRange(2, 12).Draw(t, "n"), scale, degrees))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(f.Scale()-scale) > 1e-11 || math.Abs(f.Rotation()-degrees) > 1e-8 || f.RMS > 1e-6 || f.Outlier != -1 || f.Exchanged {
			t.Fatalf("scale %v, rotation %v: fitted %+v", scale, degrees, f)
		}
		p := orb.Point{rapid.Float64Range(400000, 600000).Draw(t, "x"), rapid.Float64Range(3e6, 4e6).Draw(t, "y")}
		q := f.Forward(p)
		if want := turned(p, scale, degrees); math.Hypot(q[0]-want[0], q[1]-want[1]) > 1e-4 {
			t.Fatalf("%v is %v, want %v", p, q, want)
		}
		if back := f.Inverse(q); math.Hypot(back[0]-p[0], back[1]-p[1]) > 1e-8 {
			t.Fatalf("%v comes back as %v", p, back)
		}
	})
}

// TestFitIsLeast moves the fitted parameters a little each way: the sum of squares must not shrink.
func TestFitIsLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := control(rapid.IntRange(3, 9).Draw(t, "n"), 1, 20)
		for i := range points {
			points[i].To[0] += rapid.Float64Range(-0.1, 0.1).Draw(t, "east")
			points[i].To[1] += rapid.Float64Range(-0.1, 0.1).Draw(t, "north")
		}
		f, err := proj.FitSimilarity(points)
		if err != nil {
			t.Fatal(err)
		}
		least := f.RMS * f.RMS * float64(len(points))
		sum, east, north := 0.0, 0.0, 0.0
		for _, r := range f.Residuals {
			sum += r[0]*r[0] + r[1]*r[1]
			east, north = east+r[0], north+r[1]
		}
		if math.Abs(sum-least) > 1e-9 || math.Abs(east) > 1e-6 || math.Abs(north) > 1e-6 {
			t.Fatalf("residuals %v: sum of squares %v, RMS %v", f.Residuals, sum, f.RMS)
		}
		turn, grow := rapid.Float64Range(-1e-5, 1e-5).Draw(t, "turn"), rapid.Float64Range(-1e-5, 1e-5).Draw(t, "grow")
		moved := 0.0
		for _, p := range points {
			q := f.Forward(p.From)
			c := f.Forward(orb.Point{520000, 3360000})
			x, y := q[0]-c[0], q[1]-c[1]
			q = orb.Point{q[0] + grow*x - turn*y, q[1] + turn*x + grow*y}
			moved += (q[0]-p.To[0])*(q[0]-p.To[0]) + (q[1]-p.To[1])*(q[1]-p.To[1])
		}
		if moved < least-1e-9 {
			t.Fatalf("the sum of squares shrinks from %v to %v", least, moved)
		}
	})
}

func TestOutlier(t *testing.T) {
	// Errors of some millimetres, the same in every run.
	noisy := func(n int) []proj.ControlPoint {
		points := control(n, 0.9999, 12)
		for i := range points {
			points[i].To[0] += 0.004 * math.Sin(float64(7*i+1))
			points[i].To[1] += 0.004 * math.Cos(float64(5*i+2))
		}
		return points
	}
	for n := 2; n <= 20; n++ {
		f, err := proj.FitSimilarity(noisy(n))
		if err != nil || f.Outlier != -1 {
			t.Errorf("%d good points: outlier %d, %v", n, f.Outlier, err)
		}
		for wrong := range n {
			points := noisy(n)
			points[wrong].To[0] += 0.7
			f, err := proj.FitSimilarity(points)
			switch {
			case err != nil:
				t.Fatal(err)
			case n < 4 && f.Outlier != -1:
				t.Errorf("%d points: outlier %d, which cannot be known", n, f.Outlier)
			case n >= 4 && (f.Outlier != wrong || math.Abs(f.Off-0.7) > 0.2):
				t.Errorf("%d points, number %d wrong by 0.7 m: outlier %d, off by %v", n, wrong, f.Outlier, f.Off)
			}
		}
	}
	for i, points := 0, noisy(6); i < 6; i++ {
		points[i].To[0], points[i].To[1] = points[i].To[1], points[i].To[0]
		if f, _ := proj.FitSimilarity(points); f.Exchanged != (i == 5) {
			t.Errorf("%d of 6 points exchanged: %v", i+1, f.Exchanged)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	good := control(3, 1, 0)
	same := []proj.ControlPoint{good[0], good[0], good[0]}
	shrunk := control(3, 0, 0)
	nan := control(3, 1, 0)
	nan[1].To[1] = math.NaN()
	for name, test := range map[string]struct {
		points []proj.ControlPoint
		want   string
	}{
		"none": {nil, "0 control points"}, "one": {good[:1], "1 control points"}, "same": {same, "one place"},
		"shrunk": {shrunk, "one place"}, "nan": {nan, `"G2"`},
	} {
		if _, err := proj.FitSimilarity(test.points); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func own(tb testing.TB, name string, use proj.Extent) *proj.Own {
	tb.Helper()
	f, err := proj.FitSimilarity(control(5, 0.99995, -0.3))
	if err != nil {
		tb.Fatal(err)
	}
	o, err := proj.NewOwn(name, "the grid of a city", mustCRS(tb, "EPSG:4549"), f.Similarity, use)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

var aroundHangzhou = proj.Extent{West: 119.5, South: 29.5, East: 121, North: 31}

func TestOwn(t *testing.T) {
	o := own(t, "city2000", aroundHangzhou)
	again, err := proj.Lookup(o.Definition())
	if err != nil {
		t.Fatal(err)
	}
	if twice, err := proj.Lookup(again.Name()); err != nil || twice.Name() != again.Name() || again.Name() != o.Definition() {
		t.Errorf("%q, then %q: %v", o.Definition(), again.Name(), err)
	}
	base := mustCRS(t, "EPSG:4549")
	for _, c := range []proj.CRS{o, again} {
		x, y, ok := c.FromLonLat(120.2, 30.3)
		bx, by, _ := base.FromLonLat(120.2, 30.3)
		if want := turned(orb.Point{bx, by}, 0.99995, -0.3); !ok || math.Hypot(x-want[0], y-want[1]) > 1e-6 {
			t.Errorf("%s: %v, %v, want %v", c.Name(), x, y, want)
		}
		if lon, lat, ok := c.ToLonLat(x, y); !ok || math.Hypot(lon-120.2, lat-30.3) > 1e-11 {
			t.Errorf("%s: back at %v, %v", c.Name(), lon, lat)
		}
		for _, p := range [][2]float64{{119.4, 30}, {120, 31.1}, {math.NaN(), 30}} {
			if _, _, ok := c.FromLonLat(p[0], p[1]); ok {
				t.Errorf("%s: %v is inside", c.Name(), p)
			}
		}
		if _, _, ok := c.ToLonLat(5e6, 0); ok || c.Degrees() || c.Extent() != aroundHangzhou {
			t.Errorf("%s: takes anything", c.Name())
		}
	}
	if got := proj.Explain(again, -5e5, 30); !strings.Contains(got, "own grid on EPSG:4549") || strings.Contains(got, "own;") {
		t.Errorf("explained as %q", got)
	}
	// The extent ends where that of the base does.
	if got := own(t, "wide", proj.Extent{West: 100, South: 10, East: 122, North: 70}).Extent(); got != (proj.Extent{West: 117, South: 10, East: 122, North: 60}) {
		t.Errorf("extent %v", got)
	}
}

func TestOwnRefuses(t *testing.T) {
	good := own(t, "city2000", aroundHangzhou)
	s := good.Similarity()
	wgs := mustCRS(t, "4326")
	for name, err := range map[string]error{
		"name":    second(proj.NewOwn("City", "", good.Base(), s, aroundHangzhou)),
		"known":   second(proj.NewOwn("gcj02", "", good.Base(), s, aroundHangzhou)),
		"degrees": second(proj.NewOwn("a", "", wgs, s, aroundHangzhou)),
		"twice":   second(proj.NewOwn("a", "", good, s, aroundHangzhou)),
		"far":     second(proj.NewOwn("a", "", good.Base(), s, proj.Extent{West: 1, South: 1, East: 2, North: 2})),
		"same":    second(proj.NewSystems(good, good)),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	text := good.Definition()
	for _, bad := range []string{
		"own;", "own;EPSG:4326;0,0;0,0;1,0;1,1,2,2", "own;EPSG:4549;0,0;0,0;1,0;1,1", "own;nope;0,0;0,0;1,0;119,29,121,31",
		"own;EPSG:4549;0,0;0,0;NaN,0;119,29,121,31", "own;EPSG:4549;0,0;0,1e300;1,0;119,29,121,31", "own;EPSG:4549;0,0;0,0;0,0;119,29,121,31",
		strings.Replace(text, "EPSG:4549", text, 1), text + ";",
	} {
		if c, err := proj.Lookup(bad); err == nil {
			t.Errorf("%q is %s", bad, c.Name())
		} else if why := proj.WhyUnknown(err); !strings.HasPrefix(why, "is not a ") {
			t.Errorf("%q %s", bad, why)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSystems(t *testing.T) {
	o := own(t, "city2000", aroundHangzhou)
	s, err := proj.NewSystems(o)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"city2000": "city2000", "City2000\n": "city2000", "4549": "EPSG:4549", o.Definition(): o.Definition()} {
		if c, err := s.Lookup(name); err != nil || c.Name() != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := s.Lookup("other"); err == nil || !strings.Contains(err.Error(), "city2000") || !strings.Contains(err.Error(), "EPSG:3826") {
		t.Errorf("%v", err)
	}
	var none *proj.Systems
	if c, err := none.Lookup("gcj02"); err != nil || c.Name() != "gcj02" || len(none.Own()) != 0 || len(s.Own()) != 1 {
		t.Errorf("without own grids: %v", err)
	}
}
