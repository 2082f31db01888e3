package synth_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/geo"
)

// The checker knows nothing of how a city is made: it looks at the shapes of the layers alone.

// segment is a directed edge of a ring.
type segment struct{ a, b geo.Point }

// area is one polygon with the code that says where it belongs.
type area struct {
	code  string
	shape geo.Shape
}

func collect(t reporter, c *synth.City, layer string) []area {
	t.Helper()
	l, ok := c.Layer(layer)
	if !ok {
		t.Fatalf("no layer %s", layer)
	}
	var out []area
	for f := range l.Features {
		out = append(out, area{f.ID, f.Shape})
	}
	return out
}

// reporter is what *testing.T and *rapid.T share.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// boundary cancels the segments of polygons against their opposites and returns what is left. A segment that occurs
// twice in the same direction is an overlap.
func boundary(t reporter, what string, areas []area) map[segment]bool {
	t.Helper()
	open := map[segment]bool{}
	seen := map[segment]bool{}
	for _, a := range areas {
		for i := range a.shape.NumRings() {
			r := a.shape.Ring(i)
			for j := 1; j < len(r); j++ {
				s := segment{r[j-1], r[j]}
				if seen[s] {
					t.Fatalf("%s: %s has an edge at %v that another one has in the same direction", what, a.code, s.a)
				}
				seen[s] = true
				if back := (segment{s.b, s.a}); open[back] {
					delete(open, back)
				} else {
					open[s] = true
				}
			}
		}
	}
	return open
}

func sameSegments(a, b map[segment]bool) bool {
	if len(a) != len(b) {
		return false
	}
	for s := range a {
		if !b[s] {
			return false
		}
	}
	return true
}

// checkCoverage verifies that every level covers the one above exactly: rings are valid and run anticlockwise, inner
// edges occur once in each direction, each area is the union of those below it whose codes begin with its own, and
// the areas add up.
func checkCoverage(t reporter, c *synth.City) {
	t.Helper()
	p := c.Params()
	// Three edges of a segment on the whole outline occur once: the districts' union has one outline.
	var above []area
	wants := map[string]int{"districts": p.Districts, "streets": p.Streets, "communities": p.Communities, "units": p.Cells, "blocks": p.Blocks}
	for _, layer := range []string{"districts", "streets", "communities", "units", "blocks"} {
		areas := collect(t, c, layer)
		if len(areas) != wants[layer] {
			t.Fatalf("%d %s, want %d", len(areas), layer, wants[layer])
		}
		sum := 0.0
		for _, a := range areas {
			if a.shape.NumPolygons() != 1 || a.shape.NumRings() != 1 {
				t.Fatalf("%s %s has %d polygons with %d rings", layer, a.code, a.shape.NumPolygons(), a.shape.NumRings())
			}
			if defects := geo.Validate(a.shape); len(defects) > 0 {
				t.Fatalf("%s %s: %v", layer, a.code, defects[0])
			}
			if signedArea(a.shape.Ring(0)) <= 0 {
				t.Fatalf("%s %s runs clockwise", layer, a.code)
			}
			sum += a.shape.Area()
		}
		if want := p.Area * 1e6; math.Abs(sum-want) > want*1e-5+100 {
			t.Errorf("the %s have %.1f m², want %.1f", layer, sum, want)
		}
		all := boundary(t, layer, areas)
		if above == nil {
			if n := turns(all); n != 1 {
				t.Errorf("the outline of the city is %d rings", n)
			}
		} else {
			checkNested(t, layer, above, areas)
			if !sameSegments(all, boundary(t, "above "+layer, above)) {
				t.Errorf("the outline of all %s is not that of the level above", layer)
			}
		}
		above = areas
	}
}

// checkNested verifies that each area is the union of its children.
func checkNested(t reporter, layer string, above, below []area) {
	t.Helper()
	children := map[string][]area{}
	for _, b := range below {
		up := b.code[:len(b.code)-3]
		children[up] = append(children[up], b)
	}
	for _, a := range above {
		if !sameSegments(boundary(t, a.code, children[a.code]), boundary(t, a.code, []area{a})) {
			t.Fatalf("%s is not the union of its %d %s", a.code, len(children[a.code]), layer)
		}
		delete(children, a.code)
	}
	if len(children) > 0 {
		t.Errorf("%s without an area above: %v", layer, children)
	}
}

func signedArea(ring []geo.Point) (sum float64) {
	for i := 1; i < len(ring); i++ {
		sum += float64(ring[i-1].X-ring[0].X)*float64(ring[i].Y-ring[0].Y) - float64(ring[i].X-ring[0].X)*float64(ring[i-1].Y-ring[0].Y)
	}
	return sum
}

// turns counts the closed walks of segments.
func turns(open map[segment]bool) (n int) {
	next := map[geo.Point]geo.Point{}
	for s := range open {
		next[s.a] = s.b
	}
	for len(next) > 0 {
		n++
		for at := range next {
			for {
				to, ok := next[at]
				if !ok {
					break
				}
				delete(next, at)
				at = to
			}
			break
		}
	}
	return n
}

// checkThings verifies that everything that stands somewhere stands in the cell that it names, that buildings keep
// to their block and apart from each other, and that attributes fit their layer.
func checkThings(t reporter, c *synth.City) {
	t.Helper()
	cells := map[string]geo.Shape{}
	for _, a := range collect(t, c, "units") {
		cells[a.code] = a.shape
	}
	blocks := map[string]geo.Shape{}
	for _, a := range collect(t, c, "blocks") {
		blocks[a.code] = a.shape
	}
	for _, l := range c.Layers() {
		if err := l.Def.Validate(); err != nil {
			t.Fatalf("%s: %v", l.Def.Name, err)
		}
		unit, ids, n := l.Def.AttributeIndex("unit"), map[string]bool{}, 0
		var standing []area // buildings of the block before
		for f := range l.Features {
			n++
			if err := l.Def.Check(&f); err != nil {
				t.Fatalf("%s %s: %v", l.Def.Name, f.ID, err)
			}
			if ids[f.ID] {
				t.Fatalf("%s %s occurs twice", l.Def.Name, f.ID)
			}
			ids[f.ID] = true
			if code := f.Value(l.Def.AttributeIndex("code")).Text(); code != f.ID {
				t.Fatalf("%s %s has code %s", l.Def.Name, f.ID, code)
			}
			if unit < 0 {
				continue
			}
			cell, ok := cells[f.Value(unit).Text()]
			if !ok {
				t.Fatalf("%s %s names cell %s", l.Def.Name, f.ID, f.Value(unit))
			}
			within := cell
			if l.Def.Name == "buildings" {
				within = blocks[f.ID[:18]]
			}
			if l.Def.Name != "blocks" {
				for _, v := range f.Shape.Vertices() {
					if within.Locate(v) != geo.Inside {
						t.Fatalf("%s %s at %v, %v is %v its area", l.Def.Name, f.ID, v.Lon(), v.Lat(), within.Locate(v))
					}
				}
			}
			if l.Def.Name == "buildings" {
				standing = checkBuilding(t, f, standing)
			}
		}
		if n != l.Count {
			t.Errorf("%s has %d features and says %d", l.Def.Name, n, l.Count)
		}
	}
}

func checkBuilding(t reporter, f data.Feature, standing []area) []area {
	t.Helper()
	if defects := geo.Validate(f.Shape); len(defects) > 0 {
		t.Fatalf("building %s: %v", f.ID, defects[0])
	}
	if len(standing) > 0 && standing[0].code[:18] != f.ID[:18] {
		standing = standing[:0]
	}
	for _, s := range standing {
		// The measure has noise, so a square millimetre is allowed.
		if s.shape.Box().Intersects(f.Shape.Box()) && geo.OverlapArea(s.shape, f.Shape) > 1e-6 {
			t.Fatalf("buildings %s and %s overlap", s.code, f.ID)
		}
	}
	return append(standing, area{f.ID, f.Shape})
}

func TestPresetCovers(t *testing.T) {
	names := synth.Presets()
	if testing.Short() {
		names = []string{"scale-10k", "dongcheng-2004"}
	}
	for _, name := range names {
		if name == "scale-10m" {
			continue // its layers are counted by the benchmark; the checker would take minutes
		}
		t.Run(name, func(t *testing.T) {
			p, _ := synth.Preset(name)
			c, err := synth.New(p)
			if err != nil {
				t.Fatal(err)
			}
			checkCoverage(t, c)
			if p.Features != 0 && c.Count() != p.Features {
				t.Errorf("%d features, want %d", c.Count(), p.Features)
			}
			if !testing.Short() || name == "scale-10k" {
				checkThings(t, c)
			}
		})
	}
}

// TestDongcheng holds the model district to its published figures.
func TestDongcheng(t *testing.T) {
	p, _ := synth.Preset("dongcheng-2004")
	c, err := synth.New(p)
	if err != nil {
		t.Fatal(err)
	}
	sum, low, high := 0.0, math.Inf(1), 0.0
	cells := collect(t, c, "units")
	for _, a := range cells {
		m2 := a.shape.Area()
		sum, low, high = sum+m2, min(low, m2), max(high, m2)
	}
	if len(cells) != 1593 || len(collect(t, c, "communities")) != 137 || len(collect(t, c, "streets")) != 10 {
		t.Error("the counts are not those of 2004")
	}
	if math.Abs(sum-25.38e6) > 100 {
		t.Errorf("%.0f m² in all", sum)
	}
	mean := sum / 1593
	if low < mean/4 || high > mean*3 {
		t.Errorf("cells of %.0f to %.0f m² around a mean of %.0f", low, high, mean)
	}
	shortest := math.Inf(1)
	for _, a := range collect(t, c, "blocks") {
		for i, r := 1, a.shape.Ring(0); i < len(r); i++ {
			shortest = min(shortest, geo.Distance(r[i-1], r[i]))
		}
	}
	// Cuts keep clear of each other, so no edge is a sliver.
	if shortest < 2 {
		t.Errorf("an edge of %.2f m", shortest)
	}
	t.Logf("cells of %.0f to %.0f m², mean %.0f", low, high, mean)
}

// params draws a city of up to 400 blocks in any measure.
func params(t *rapid.T) synth.Params {
	p := synth.Params{
		Seed:         rapid.Uint64().Draw(t, "seed"),
		Lon:          rapid.Float64Range(-179, 179).Draw(t, "lon"),
		Lat:          rapid.Float64Range(-75, 75).Draw(t, "lat"),
		Rotate:       rapid.Float64Range(-360, 360).Draw(t, "rotate"),
		DistrictCode: rapid.IntRange(1101, 8299).Draw(t, "county")*100 + 1,
		Doors:        rapid.SampledFrom([]int{synth.Natural, 0, 1, 40}).Draw(t, "doors"),
		Parts:        rapid.SampledFrom([]int{synth.Natural, 0, 1, 100}).Draw(t, "parts"),
		Edition:      rapid.SampledFrom(synth.Editions()).Draw(t, "edition"),
	}
	p.Blocks = rapid.IntRange(1, 400).Draw(t, "blocks")
	p.Cells = rapid.IntRange(1, p.Blocks).Draw(t, "cells")
	p.Communities = rapid.IntRange(1, p.Cells).Draw(t, "communities")
	p.Streets = rapid.IntRange(1, p.Communities).Draw(t, "streets")
	p.Districts = rapid.IntRange(1, min(99, p.Streets)).Draw(t, "districts")
	block := math.Exp(rapid.Float64Range(math.Log(151), math.Log(400_000)).Draw(t, "block area"))
	p.Area = min(float64(p.Blocks)*1e-6*block, 100)
	return p
}

func TestAnyCityCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := params(t)
		c, err := synth.New(p)
		if err != nil {
			if strings.HasPrefix(err.Error(), "doors") || strings.HasPrefix(err.Error(), "parts") {
				t.Skip("more than there is room for")
			}
			t.Fatalf("%+v: %v", p, err)
		}
		checkCoverage(t, c)
		if p.Area < 2 { // what stands in 2 km² is looked at in a tenth of a second
			checkThings(t, c)
		}
		if p.Doors >= 0 {
			if l, _ := c.Layer("addresses"); l.Count != p.Doors {
				t.Fatal(fmt.Sprint(l.Count, " doors"))
			}
		}
		if p.Parts >= 0 {
			if l, _ := c.Layer("parts"); l.Count != p.Parts {
				t.Fatal(fmt.Sprint(l.Count, " parts"))
			}
		}
	})
}
