package grid_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/sample/sampletest"
)

// taipei is the sample city, loaded once for all tests of the package.
var taipei struct {
	once  sync.Once
	world *index.World
}

func city(t testing.TB) *index.World {
	t.Helper()
	taipei.once.Do(func() { taipei.world = sampletest.World(t) })
	if taipei.world == nil {
		t.Fatal("the sample city could not be loaded")
	}
	return taipei.world
}

// TestTaipeiAddresses locates 20,000 random doors and compares the village found with the one that the city's
// register states. The two sources disagree on doors near borders; 99.7 % is what they agree on.
func TestTaipeiAddresses(t *testing.T) {
	w := city(t)
	addresses, _ := w.Layer("addresses")
	villages, _ := w.Layer("villages")
	units, _ := w.Layer("units")
	stated := addresses.Def().MatchAttribute("village")
	var all []index.Slot
	for s := range addresses.Slots() {
		all = append(all, s)
	}
	const n = 20_000
	r := rand.New(rand.NewPCG(2004, 10))
	locator := grid.NewLocator()
	agree, outside, several := 0, 0, 0
	for range n {
		s := all[r.IntN(len(all))]
		p, _ := addresses.Point(s)
		loc := locator.Locate(w, p, grid.Ask{Areas: true, Cells: true})
		code := ""
		for _, a := range loc.Areas {
			if a.Level == "village" {
				code = a.Code
			}
		}
		// The register writes 6300100-002 for village 6300100002.
		want := addresses.Value(s, stated).String()
		if len(want) > 8 && want[:7]+want[8:] == code {
			agree++
		}
		cells := 0
		units.Covering(p, func(index.Slot) bool { cells++; return true })
		switch {
		case cells == 0:
			outside++
			t.Logf("in no unit area: %s at %v, %v", addresses.ID(s), p.Lon(), p.Lat())
		case cells > 1:
			several++
			t.Errorf("in %d unit areas: %s at %v, %v", cells, addresses.ID(s), p.Lon(), p.Lat())
		}
		if cells == 1 && (len(loc.Cells) != 1 || loc.Cells[0].Scheme != "unit") {
			t.Errorf("%s: cells %+v", addresses.ID(s), loc.Cells)
		}
	}
	t.Logf("%d of %d villages agree (%.2f %%), %d addresses in no unit area, %d in several; %d villages",
		agree, n, 100*float64(agree)/n, outside, several, villages.Len())
	if agree*1000 < n*997 {
		t.Errorf("only %d of %d villages agree", agree, n)
	}
}

// TestTaipeiSquares asks the index and the outlines themselves about the corners of real polygons, what lies beside
// them and the middles of their edges.
func TestTaipeiSquares(t *testing.T) {
	w := city(t)
	for _, name := range []string{"units", "villages", "districts"} {
		l, _ := w.Layer(name)
		asked := 0
		for s := range l.Slots() {
			v := l.Shape(s).Vertices()
			step := 1 + len(v)*l.Len()/4000
			for i := int(s) % step; i+1 < len(v); i += step {
				for _, p := range []geo.Point{
					v[i],
					{X: v[i].X - 1, Y: v[i].Y},
					{X: v[i].X + 1, Y: v[i].Y},
					{X: v[i].X, Y: v[i].Y - 1},
					{X: v[i].X, Y: v[i].Y + 1},
					{X: v[i].X + (v[i+1].X-v[i].X)/2, Y: v[i].Y + (v[i+1].Y-v[i].Y)/2},
				} {
					compareWithOutlines(t, l, p)
					asked++
				}
			}
		}
		t.Logf("%s: %d points", name, asked)
	}
}

func compareWithOutlines(t *testing.T, l *index.Layer, p geo.Point) {
	t.Helper()
	var owners, touching []index.Slot
	l.Search(geo.Box{Min: p, Max: p}, func(s index.Slot) bool {
		if shape := l.Shape(s); shape.Contains(p) {
			owners = append(owners, s)
		}
		if l.Shape(s).OnBoundary(p) {
			touching = append(touching, s)
		}
		return true
	})
	collect := func(visit func(geo.Point, func(index.Slot) bool)) (found []index.Slot) {
		visit(p, func(s index.Slot) bool { found = append(found, s); return true })
		slices.Sort(found)
		return found
	}
	slices.Sort(owners)
	slices.Sort(touching)
	if got := collect(l.Covering); !slices.Equal(got, owners) {
		t.Errorf("%s: %v is owned by %v, want %v", l.Def().Name, p, got, owners)
	}
	if got := collect(l.Touching); !slices.Equal(got, touching) {
		t.Errorf("%s: %v touches %v, want %v", l.Def().Name, p, got, touching)
	}
}

// TestTaipeiChain checks one place that can be verified on any map: Taipei 101.
func TestTaipeiChain(t *testing.T) {
	w := city(t)
	p, _ := geo.FromDegrees(121.5645, 25.0338)
	loc := grid.NewLocator().Locate(w, p, grid.Everything)
	if len(loc.Areas) != 2 || loc.Areas[0].Name != "信義區" || loc.Areas[1].Name != "西村里" {
		t.Errorf("areas %+v", loc.Areas)
	}
	if len(loc.Cells) != 1 || loc.Cells[0].Code == "" {
		t.Errorf("cells %+v", loc.Cells)
	}
	if loc.Address == nil || loc.Address.Road == "" || loc.Address.DistanceM > 200 {
		t.Errorf("address %+v", loc.Address)
	}
	for i, part := range loc.Parts {
		if part.DistanceM > 50 || i > 0 && part.DistanceM < loc.Parts[i-1].DistanceM {
			t.Errorf("parts %+v", loc.Parts)
		}
	}
}

// TestParentByOverlap compares the parent of every tenth unit area with the area of overlap sampled on a lattice.
func TestParentByOverlap(t *testing.T) {
	w := city(t)
	units, _ := w.Layer("units")
	villages, _ := w.Layer("villages")
	straddling, checked := 0, 0
	locator := grid.NewLocator()
	for s := range units.Slots() {
		if s%10 != 0 {
			continue
		}
		counts := map[index.Slot]int{}
		box, inside := units.Box(s), 0
		shape := units.Shape(s)
		const steps = 40
		for i := range steps {
			for j := range steps {
				p := geo.Point{
					X: box.Min.X + int32((int64(box.Max.X)-int64(box.Min.X))*int64(i)/steps),
					Y: box.Min.Y + int32((int64(box.Max.Y)-int64(box.Min.Y))*int64(j)/steps),
				}
				if shape.Contains(p) {
					inside++
					villages.Covering(p, func(v index.Slot) bool { counts[v]++; return true })
				}
			}
		}
		parent, ok := locator.Parent(w, "units", s, "villages")
		if !ok {
			continue
		}
		checked++
		if len(counts) > 1 {
			straddling++
		}
		for v, n := range counts {
			// Sampling is good to a few points of hundreds.
			if v != parent && n > counts[parent]+inside/10+2 {
				t.Errorf("unit %s: parent %s has %d samples, %s has %d of %d", units.ID(s), villages.ID(parent), counts[parent], villages.ID(v), n, inside)
			}
		}
	}
	t.Logf("%d of %d units checked straddle villages", straddling, checked)
	if checked < units.Len()/12 {
		t.Errorf("only %d units have a parent", checked)
	}
}

// TestOutline checks the edge rule on the outline: a point that nothing covers belongs to the touching cell with the
// lowest permanent id and to that cell's parents; beyond, to nothing.
func TestOutline(t *testing.T) {
	log := indextest.NewLog()
	level := func(name string) *data.Layer {
		return &data.Layer{Name: name + "s", Geometry: data.GeometryPolygon, Roles: data.Roles{Area: &data.AreaRole{Level: name}}}
	}
	cells := &data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit"}}}
	log.Append(indextest.Define(level("district")), indextest.Define(level("village")), indextest.Define(cells), indextest.Divide("unit", "cells", "district", "village"))
	const x, y = 1_215_000_000, 250_000_000
	r := func(x0, y0, x1, y1 int32) geo.Shape { return indextest.Rect(x+x0, y+y0, x+x1, y+y1) }
	log.Append(
		indextest.Put("districts", "D1", r(0, 0, 100, 200)),
		// V-north is older than V-south, but cell C-south is older than C-north.
		indextest.Put("villages", "V-north", r(0, 100, 100, 200)), indextest.Put("villages", "V-south", r(0, 0, 100, 100)),
		indextest.Put("cells", "C-south", r(0, 0, 100, 100)), indextest.Put("cells", "C-north", r(0, 100, 100, 200)),
	)
	w := indextest.Start(t, log).World()
	locator := grid.NewLocator()
	for _, test := range []struct {
		name, cell, village string
		x, y                int32
	}{
		{"inside", "C-south", "V-south", 50, 50},
		{"shared edge goes north", "C-north", "V-north", 50, 100},
		{"west edge moves east", "C-south", "V-south", 0, 50},
		{"south edge moves north", "C-south", "V-south", 50, 0},
		{"east outline", "C-south", "V-south", 100, 50},
		{"north outline", "C-north", "V-north", 50, 200},
		{"east outline where two touch", "C-south", "V-south", 100, 100},
		{"outside", "", "", 101, 50},
	} {
		loc := locator.Locate(w, geo.Point{X: x + test.x, Y: y + test.y}, grid.Everything)
		cell, village := "", ""
		if len(loc.Cells) == 1 {
			cell = loc.Cells[0].Code
		}
		for _, a := range loc.Areas {
			if a.Level == "village" {
				village = a.Code
			}
		}
		if cell != test.cell || village != test.village || (test.cell == "") != (len(loc.Areas) == 0) {
			t.Errorf("%s: cell %q village %q areas %v, want %q %q", test.name, cell, village, loc.Areas, test.cell, test.village)
		}
		if loc.Areas == nil || loc.Cells == nil || loc.Parts == nil {
			t.Errorf("%s: nil lists", test.name)
		}
	}
}

func BenchmarkLocate(b *testing.B) {
	w := city(b)
	addresses, _ := w.Layer("addresses")
	var points []geo.Point
	for s := range addresses.Slots() {
		if p, ok := addresses.Point(s); ok && s%4 == 0 {
			points = append(points, p)
		}
	}
	locator := grid.NewLocator()
	// The squares and the parents of cells are made once and kept.
	for _, p := range points {
		locator.Locate(w, p, grid.Everything)
	}
	for _, bench := range []struct {
		name string
		ask  grid.Ask
	}{{"areas+cells", grid.Ask{Areas: true, Cells: true}}, {"full", grid.Everything}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				locator.Locate(w, points[i%len(points)], bench.ask)
				i++
			}
		})
	}
	b.Run("disputes", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			locator.Disputes(w, points[i%len(points)])
			i++
		}
	})
	b.Run("cell only", func(b *testing.B) {
		units, _ := w.Layer("units")
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			units.Covering(points[i%len(points)], func(index.Slot) bool { return false })
			i++
		}
	})
}
