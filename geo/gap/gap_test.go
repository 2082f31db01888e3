package gap_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/gap"
)

const enough = 1 << 30

// shape draws a shape of any kind in a square of so many units.
func shape(t *rapid.T, name string, origin geo.Point, size int32) geo.Shape {
	point := func() geo.Point {
		return geo.Point{X: origin.X + rapid.Int32Range(0, size).Draw(t, "x"), Y: origin.Y + rapid.Int32Range(0, size).Draw(t, "y")}
	}
	switch rapid.IntRange(0, 2).Draw(t, name) {
	case 0:
		n := rapid.IntRange(1, 12).Draw(t, "points")
		var xy []geo.Point
		for range n {
			xy = append(xy, point())
		}
		return must(t)(geo.NewShape(geo.KindPoint, xy, nil, nil))
	case 1:
		var xy []geo.Point
		var ends []uint32
		for range rapid.IntRange(1, 3).Draw(t, "lines") {
			for range rapid.IntRange(2, 40).Draw(t, "vertices") {
				xy = append(xy, point())
			}
			ends = append(ends, uint32(len(xy)))
		}
		return must(t)(geo.NewShape(geo.KindLine, xy, ends, nil))
	default:
		// A star around a point, with a hole of the same form: valid whatever is drawn.
		c := point()
		n := rapid.IntRange(3, 30).Draw(t, "corners")
		var xy []geo.Point
		var ends []uint32
		radius := float64(rapid.Int32Range(100, size/2+100).Draw(t, "radius"))
		for _, part := range []float64{1, 0.5} {
			start := len(xy)
			for i := range n {
				angle := 2 * math.Pi * float64(i) / float64(n)
				if part < 1 {
					angle = -angle
				}
				r := radius * part
				xy = append(xy, geo.Point{X: c.X + int32(r*math.Cos(angle)), Y: c.Y + int32(r*math.Sin(angle))})
			}
			xy = append(xy, xy[start])
			ends = append(ends, uint32(len(xy)))
			if !rapid.Bool().Draw(t, "hole") {
				break
			}
		}
		return must(t)(geo.NewShape(geo.KindPolygon, xy, ends, []uint32{uint32(len(ends))}))
	}
}

func must(t *rapid.T) func(geo.Shape, error) geo.Shape {
	return func(s geo.Shape, err error) geo.Shape {
		if err != nil {
			t.Skip(err)
		}
		return s
	}
}

// naive measures vertices against outlines, and along each segment in small steps where segments may cross.
func naive(a, b geo.Shape) float64 {
	best := math.Inf(1)
	for _, pair := range [][2]geo.Shape{{a, b}, {b, a}} {
		for _, p := range pair[0].Vertices() {
			best = min(best, pair[1].Distance(p))
		}
	}
	return best
}

// TestDistance is what comparing all vertices finds, or 0 where only segments cross, whichever shape was prepared.
func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat := rapid.Int32Range(-80, 80).Draw(t, "lat") * geo.Unit
		size := rapid.SampledFrom([]int32{200, 5_000, 100_000}).Draw(t, "size")
		origin := geo.Point{X: 1_200_000_000, Y: lat}
		a := shape(t, "a", origin, size)
		away := geo.Point{X: origin.X + rapid.Int32Range(-2*size, 2*size).Draw(t, "dx"), Y: origin.Y + rapid.Int32Range(-2*size, 2*size).Draw(t, "dy")}
		b := shape(t, "b", away, size)
		meters := rapid.SampledFrom([]float64{1, 50, 1000, 50_000}).Draw(t, "meters")
		want := naive(a, b)
		work := enough
		got, err := gap.New(a, meters).Distance(b, &work)
		back, _ := gap.New(b, meters).Distance(a, &work)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case math.Abs(got-back) > 1e-6*(1+got) && !(math.IsInf(got, 1) && math.IsInf(back, 1)):
			t.Fatalf("%g m one way, %g m the other", got, back)
		case got == 0: // they may cross between their vertices
		case math.IsInf(got, 1):
			if want < meters*(1-1e-6) {
				t.Fatalf("beyond %g m instead of %g m", meters, want)
			}
		case math.Abs(got-want) > 1e-5*(1+want):
			t.Fatalf("%g m instead of %g m", got, want)
		}
		if got != 0 && want == 0 {
			t.Fatalf("%g m, and a vertex of one lies in the other", got)
		}
		if box := gap.New(a, meters).Box(); !math.IsInf(got, 1) && !box.Intersects(b.Box()) {
			t.Fatalf("the box of %g m misses what is %g m away", meters, got)
		}
	})
}

func line(t testing.TB, xy ...geo.Point) geo.Shape {
	t.Helper()
	s, err := geo.NewShape(geo.KindLine, xy, []uint32{uint32(len(xy))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCrossing finds 0 where segments cross, touch or overlap, and no 0 where they are a unit apart.
func TestCrossing(t *testing.T) {
	at := func(x, y int32) geo.Point { return geo.Point{X: 1_200_000_000 + x, Y: 300_000_000 + y} }
	base := line(t, at(0, 0), at(1000, 1000))
	for name, test := range map[string]struct {
		other geo.Shape
		meets bool
	}{
		"cross":             {line(t, at(0, 1000), at(1000, 0)), true},
		"touch in a middle": {line(t, at(500, 500), at(900, 0)), true},
		"touch at an end":   {line(t, at(1000, 1000), at(2000, 0)), true},
		"overlap":           {line(t, at(500, 500), at(2000, 2000)), true},
		"behind each other": {line(t, at(1001, 1001), at(2000, 2000)), false},
		"beside each other": {line(t, at(0, 1), at(1000, 1001)), false},
		"a point on it":     {geo.PointShape(at(300, 300)), true},
		"a point beside it": {geo.PointShape(at(300, 301)), false},
	} {
		work := enough
		for _, pair := range [][2]geo.Shape{{base, test.other}, {test.other, base}} {
			if d, err := gap.New(pair[0], 100).Distance(pair[1], &work); err != nil || (d == 0) != test.meets || d > 0.02 {
				t.Errorf("%s: %g m, %v", name, d, err)
			}
		}
	}
}

// TestWork gives up when there is no work left, and looks at little of a long line that passes by.
func TestWork(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var xy []geo.Point
	for i := range int32(25_000) {
		xy = append(xy, geo.Point{X: 1_200_000_000 + 100*i, Y: 300_000_000 + r.Int32N(500)})
	}
	g := gap.New(line(t, xy...), 100)
	other := line(t, geo.Point{X: 1_201_000_000, Y: 300_005_000}, geo.Point{X: 1_201_000_100, Y: 300_005_000})
	work := enough
	if d, err := g.Distance(other, &work); err != nil || d < 40 || d > 60 {
		t.Errorf("%g m, %v", d, err)
	}
	if used := enough - work; used > 1000 {
		t.Errorf("%d steps for one segment beside 25,000", used)
	}
	work = 10
	if _, err := g.Distance(other, &work); !errors.Is(err, gap.ErrWork) {
		t.Errorf("with little work: %v", err)
	}
}
