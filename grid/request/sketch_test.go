package request

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

func shape(t testing.TB, g orb.Geometry) geo.Shape {
	t.Helper()
	s, err := geo.FromOrb(g)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var town = geo.Box{Min: geo.Point{X: 1_215_000_000, Y: 250_000_000}, Max: geo.Point{X: 1_215_400_000, Y: 250_200_000}}

// TestSketches takes what shows a border, and says of the rest what is wrong and where.
func TestSketches(t *testing.T) {
	line := func(xy ...float64) orb.LineString {
		var l orb.LineString
		for i := 0; i < len(xy); i += 2 {
			l = append(l, orb.Point{121.5 + xy[i]/1000, 25 + xy[i+1]/1000})
		}
		return l
	}
	var many orb.LineString
	for i := range MaxVertices + 1 {
		many = append(many, orb.Point{121.5 + float64(i)*1e-5, 25 + float64(i*i)*1e-8})
	}
	for name, c := range map[string]struct {
		g    orb.Geometry
		want string
	}{
		"a line":            {line(1, 1, 5, 5, 9, 1), ""},
		"a closed line":     {line(1, 1, 5, 1, 5, 5, 1, 1), ""},
		"a double click":    {line(1, 1, 5, 5, 5, 5), ""},
		"straight on":       {line(1, 1, 2, 2, 3, 3), ""},
		"a little beside":   {line(-5, 1, 5, 5), ""},
		"a polygon":         {orb.Polygon{orb.Ring(line(1, 1, 5, 1, 5, 5, 1, 1))}, ""},
		"a crossing":        {line(1, 1, 5, 5, 5, 1, 1, 5), "crosses or touches itself beside this place (value 121.5050000,25.0010000)"},
		"a touching end":    {line(1, 1, 5, 1, 5, 5, 3, 1), "crosses"},
		"back along itself": {line(1, 1, 5, 5, 3, 3), "crosses or touches itself beside this place (value 121.5050000,25.0050000)"},
		"back at the end":   {line(1, 1, 5, 1, 5, 5, 3, 1, 1, 1), "crosses"},
		"a bow":             {orb.Polygon{orb.Ring(line(1, 1, 5, 5, 5, 1, 1, 5, 1, 1))}, "no valid polygon"},
		"elsewhere":         {line(100, 1, 105, 5), "outside of the city"},
		"partly elsewhere":  {line(1, 1, 105, 5), "outside of the city"},
		"too many vertices": {many, "more than 500 vertices"},
		"points":            {orb.Point{121.501, 25.001}, "must be a line or a polygon"},
	} {
		err := CheckSketch(shape(t, c.g), town)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), `"`, ""), c.want)):
			t.Errorf("%s: %v instead of %q", name, err, c.want)
		}
	}
	wide := geo.Box{Min: geo.Point{X: 1_210_000_000, Y: 240_000_000}, Max: geo.Point{X: 1_220_000_000, Y: 260_000_000}}
	if err := CheckSketch(shape(t, orb.LineString{{121.1, 25}, {121.9, 25}}), wide); err == nil || !strings.Contains(err.Error(), "m across") {
		t.Errorf("too large: %v", err)
	}
	if err := CheckSketch(shape(t, line(1, 1, 5, 5)), geo.EmptyBox()); err == nil {
		t.Error("a scheme without cells")
	}
}

// TestMeetsAgreesWithGrid draws lines on a small grid and looks for a place that two pieces share, by walking along all pieces
// in steps so small that every crossing of the grid lies on one of them.
func TestMeetsAgreesWithGrid(t *testing.T) {
	const scale = 60 // divisible by 1 to 6: lines of slopes ±1, 0 and ∞ meet in whole units
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "n")
		at := geo.Point{X: 10 * scale, Y: 10 * scale}
		walk := []geo.Point{at}
		for range n {
			d := rapid.SampledFrom([][2]int32{{1, 0}, {0, 1}, {-1, 0}, {0, -1}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}}).Draw(t, "d")
			long := rapid.Int32Range(1, 3).Draw(t, "long") * scale
			at = geo.Point{X: at.X + d[0]*long, Y: at.Y + d[1]*long}
			walk = append(walk, at)
		}
		seen, again := map[geo.Point]int{}, false
		step := 0
		for i := range n {
			a, b := walk[i], walk[i+1]
			long := max(b.X-a.X, a.X-b.X, b.Y-a.Y, a.Y-b.Y)
			for k := int32(0); k <= long; k++ {
				if i > 0 && k == 0 {
					continue // the end of the piece before
				}
				p := geo.Point{X: a.X + (b.X-a.X)/long*k, Y: a.Y + (b.Y-a.Y)/long*k}
				_, was := seen[p]
				closing := i == n-1 && k == long && p == walk[0]
				again = again || was && !closing
				seen[p] = step
				step++
			}
		}
		if _, yes := meets(walk); yes != again {
			t.Fatalf("%s: %v, and walking along says %v", fmt.Sprint(walk), yes, again)
		}
	})
}
