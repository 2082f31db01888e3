package grid_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// The chessboard is a city of 4 × 4 cells of 1000 units a side, in a district of its west and one of its east half,
// with one address in the middle.
const boardX, boardY, square = 1_215_000_000, 250_000_000, 1000

func chessboard(t testing.TB) *index.World {
	t.Helper()
	log := indextest.NewLog()
	districts := &data.Layer{Name: "districts", Geometry: data.GeometryPolygon, Roles: data.Roles{Area: &data.AreaRole{Level: "district"}}}
	cells := &data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit"}}}
	doors := &data.Layer{
		Name: "doors", Geometry: data.GeometryPoint, Attributes: []data.Attribute{{Name: "label", Type: data.Text}},
		Roles: data.Roles{Address: &data.AddressRole{Label: "label"}},
	}
	changes := []data.Change{
		indextest.Define(districts), indextest.Define(cells), indextest.Define(doors), indextest.Divide("unit", "cells", "district"),
		indextest.Put("districts", "west", boardRect(0, 0, 2, 4)), indextest.Put("districts", "east", boardRect(2, 0, 4, 4)),
		indextest.Put("doors", "door", geo.PointShape(board(2, 2)), data.TextValue(data.Text, "middle")),
	}
	for y := range 4 {
		for x := range 4 {
			id := string(rune('a'+x)) + string(rune('1'+y))
			changes = append(changes, indextest.Put("cells", id, boardRect(float64(x), float64(y), float64(x+1), float64(y+1))))
		}
	}
	log.Append(changes...)
	return indextest.Start(t, log).World()
}

// board is a point in squares from the south-west corner.
func board(x, y float64) geo.Point {
	return geo.Point{X: boardX + int32(x*square), Y: boardY + int32(y*square)}
}

func boardRect(x0, y0, x1, y1 float64) geo.Shape {
	a, b := board(x0, y0), board(x1, y1)
	return indextest.Rect(a.X, a.Y, b.X, b.Y)
}

func line(points ...geo.Point) geo.Shape {
	s, err := geo.NewShape(geo.KindLine, points, []uint32{uint32(len(points))}, nil)
	if err != nil {
		panic(err)
	}
	return s
}

// TestLocateShape checks both rules on shapes whose shares are known.
func TestLocateShape(t *testing.T) {
	w := chessboard(t)
	locator := grid.NewLocator()
	several, err := geo.NewShape(geo.KindPoint, []geo.Point{board(0.5, 0.5), board(3.5, 0.5), board(3.6, 0.5)}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		shape  geo.Shape
		rule   grid.Rule
		shares float64
		cells  string
		areas  string
		at     geo.Point
	}{
		{"a point", geo.PointShape(board(2, 2)), grid.RuleShare, 0, "c3", "east", board(2, 2)},
		{"several points", several, grid.RuleShare, 0, "d1 67%", "east 67%", board(0.5, 0.5)},
		{"several points by the first", several, grid.RulePoint, 0, "a1", "west", board(0.5, 0.5)},
		{"line across", line(board(0.5, 0.5), board(2.5, 0.5)), grid.RuleShare, 0, "b1 50%", "west 75%", board(1.5, 0.5)},
		{"all shares", line(board(0.5, 0.5), board(2.5, 0.5)), grid.RuleShare, 0.25, "b1 50%, a1 25%, c1 25%", "west 75%, east 25%", board(1.5, 0.5)},
		{"shares of a third", line(board(0.5, 0.5), board(2.5, 0.5)), grid.RuleShare, 0.34, "b1 50%", "west 75%", board(1.5, 0.5)},
		{"line by its middle", line(board(0.5, 0.5), board(2.5, 0.5)), grid.RulePoint, 0, "b1", "west", board(1.5, 0.5)},
		{"along a shared edge", line(board(1, 3.75), board(1, 2.25)), grid.RuleShare, 0.01, "b3 50%, b4 50%", "west 100%", board(1, 3)},
		{"half outside", line(board(-1, 0.5), board(1, 0.5)), grid.RuleShare, 0, "a1 50%", "west 50%", board(0, 0.5)},
		{"polygon", boardRect(0.5, 0.5, 1.75, 1.5), grid.RuleShare, 0.01, "b1 30%, b2 30%, a1 20%, a2 20%", "west 100%", board(1.125, 1)},
		{"polygon by its label point", boardRect(0.5, 0.5, 1.75, 1.5), grid.RulePoint, 0, "b2", "west", board(1.125, 1)},
		{"polygon over the whole board", boardRect(-1, -1, 5, 5), grid.RuleShare, 0, "a1 3%", "west 22%", board(2, 2)},
		{"without area", indextest.Rect(boardX+500, boardY+500, boardX+500, boardY+700), grid.RuleShare, 0, "a1", "west", board(0.5, 0.5)},
		{"outside", boardRect(7, 7, 8, 8), grid.RuleShare, 0, "", "", board(7.5, 7.5)},
		{"east outline", line(board(4, 0.5), board(4, 0.75)), grid.RuleShare, 0, "d1", "east", board(4, 0.625)},
	} {
		ask := grid.Ask{Areas: true, Cells: true, Rule: test.rule, Shares: test.shares, AddressMeters: 1000, Edge: true}
		loc, at, err := locator.LocateShape(w, test.shape, ask)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var cells, areas []string
		for _, c := range loc.Cells {
			cells = append(cells, c.Code+percent(c.Share))
			if c.EdgeM == nil || len(c.Areas) > 1 {
				t.Errorf("%s: cell %+v", test.name, c)
			}
		}
		for _, a := range loc.Areas {
			areas = append(areas, a.Code+percent(a.Share))
		}
		if got := strings.Join(cells, ", "); got != test.cells {
			t.Errorf("%s: cells %s, want %s", test.name, got, test.cells)
		}
		if got := strings.Join(areas, ", "); got != test.areas {
			t.Errorf("%s: areas %s, want %s", test.name, got, test.areas)
		}
		if geo.Distance(at, test.at) > 1 {
			t.Errorf("%s: measured from %v, want %v", test.name, at, test.at)
		}
		if loc.Address == nil || math.Abs(loc.Address.DistanceM-geo.Distance(at, board(2, 2))) > 0.01 {
			t.Errorf("%s: address %+v", test.name, loc.Address)
		}
	}
	if _, _, err := locator.LocateShape(w, geo.Shape{}, grid.Everything); err == nil {
		t.Error("nothing was located")
	}
}

func percent(share float64) string {
	if share == 0 {
		return ""
	}
	return fmt.Sprintf(" %.0f%%", share*100)
}

// TestTooLarge refuses a shape that would take seconds.
func TestTooLarge(t *testing.T) {
	w := city(t)
	r := rand.New(rand.NewPCG(1, 2))
	points := make([]geo.Point, 50_000)
	for i := range points {
		points[i] = geo.Point{X: 1_214_600_000 + r.Int32N(2_000_000), Y: 249_600_000 + r.Int32N(2_400_000)}
	}
	_, _, err := grid.NewLocator().LocateShape(w, line(points...), grid.Ask{Cells: true})
	if _, ok := errors.AsType[*grid.TooLargeError](err); !ok || !strings.Contains(err.Error(), "50000 vertices") {
		t.Errorf("%v", err)
	}
	if _, err := grid.NewLocator().Route(w, line(points...), grid.Ask{Cells: true}); err == nil {
		t.Error("a route of 50,000 jumps across the city is answered")
	}
}

// TestRoute checks passages whose metres are known, in both directions.
func TestRoute(t *testing.T) {
	w := chessboard(t)
	locator := grid.NewLocator()
	meters := geo.Distance(board(0, 0), board(1, 0))
	way := []geo.Point{board(0.5, 0.5), board(1.5, 0.5), board(2.5, 0.5), board(2.25, 0.5), board(2.25, 1.5), board(-1, 1.5)}
	r, err := locator.Route(w, line(way...), grid.Ask{Areas: true, Cells: true})
	if err != nil {
		t.Fatal(err)
	}
	var cells, areas []string
	for _, p := range r.Cells {
		cells = append(cells, p.Code)
	}
	for _, p := range r.Areas {
		areas = append(areas, p.Code)
	}
	if got := strings.Join(cells, " "); got != "a1 b1 c1 c2 b2 a2" {
		t.Errorf("cells %s", got)
	}
	if got := strings.Join(areas, " "); got != "west east west" {
		t.Errorf("areas %s", got)
	}
	if b1 := r.Cells[1]; math.Abs(b1.FromM-meters/2) > 0.01 || math.Abs(b1.ToM-1.5*meters) > 0.01 || b1.Scheme != "unit" {
		t.Errorf("%+v", b1)
	}
	if last := r.Cells[5]; math.Abs(last.ToM-(r.LengthM-meters)) > 0.02 {
		t.Errorf("%+v of %v m", last, r.LengthM)
	}
	if r, err := locator.Route(w, line(way...), grid.Ask{Cells: true, Scheme: "other"}); err != nil || len(r.Cells)+len(r.Areas) != 0 || r.Cells == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestTaipeiRoutes compares passages through real cells with who owns points along the way, and checks that they
// follow each other without a gap and add up.
func TestTaipeiRoutes(t *testing.T) {
	w := city(t)
	units, _ := w.Layer("units")
	locator := grid.NewLocator()
	rapid.Check(t, func(t *rapid.T) {
		var way []geo.Point
		for range rapid.IntRange(2, 6).Draw(t, "vertices") {
			way = append(way, geo.Point{
				X: 1_215_200_000 + rapid.Int32Range(0, 400_000).Draw(t, "x"), Y: 250_200_000 + rapid.Int32Range(0, 400_000).Draw(t, "y"),
			})
		}
		if rapid.Bool().Draw(t, "along an outline") {
			var near []index.Slot
			units.Covering(way[0], func(s index.Slot) bool { near = append(near, s); return false })
			if len(near) > 0 {
				way = slices.Clone(units.Shape(near[0]).Ring(0))
			}
		}
		r, err := locator.Route(w, line(way...), grid.Ask{Cells: true})
		if err != nil {
			t.Fatal(err)
		}
		shares, _, err := locator.LocateShape(w, line(way...), grid.Ask{Cells: true, Rule: grid.RuleShare, Shares: 1e-9})
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string]float64{}
		total := 0.0
		for i, p := range r.Cells {
			if i > 0 && p.FromM < r.Cells[i-1].ToM-0.02 {
				t.Fatalf("%+v overlaps %+v", p, r.Cells[i-1])
			}
			sums[p.ID] += p.ToM - p.FromM
			total += p.ToM - p.FromM
		}
		for _, c := range shares.Cells {
			if want := c.Share * r.LengthM; math.Abs(sums[c.ID]-want) > 0.02*float64(1+len(r.Cells)) && sums[c.ID] > 0 {
				t.Fatalf("%s has %v m of the way and a share of %v m", c.ID, sums[c.ID], want)
			}
		}
		if total > r.LengthM+0.02*float64(len(r.Cells)) {
			t.Fatalf("passages of %v m on %v m", total, r.LengthM)
		}
		// Points in the middle of passages belong to their cells.
		along := 0.0
		for j := 1; j < len(way); j++ {
			length := geo.Distance(way[j-1], way[j])
			for _, p := range r.Cells {
				if middle := (p.FromM + p.ToM) / 2; p.ToM-p.FromM > 0.5 && middle > along+0.1 && middle < along+length-0.1 {
					at := geo.Between(way[j-1], way[j], (middle-along)/length)
					s, _ := units.Lookup(p.ID)
					if shape := units.Shape(s); !shape.Contains(at) && shape.OutlineDistance(at) > 0.05 {
						t.Fatalf("%v in the middle of %+v is not in it", at, p)
					}
				}
			}
			along += length
		}
	})
}

// TestWithin compares what a circle meets with a scan.
func TestWithin(t *testing.T) {
	w := city(t)
	units, _ := w.Layer("units")
	locator := grid.NewLocator()
	for _, meters := range []float64{1, 80, 400} {
		p := geo.Point{X: 1_215_645_000, Y: 250_338_000}
		loc := locator.Locate(w, p, grid.Ask{Areas: true, Cells: true, Edge: true, WithinMeters: meters})
		var want []string
		for s := range units.Slots() {
			if units.Shape(s).Distance(p) <= meters {
				want = append(want, units.ID(s))
			}
		}
		var got []string
		last := 0.0
		for _, c := range loc.Within.Cells {
			got = append(got, c.ID)
			if c.DistanceM < last || c.DistanceM > meters || c.Scheme != "unit" {
				t.Errorf("%+v after %v m", c, last)
			}
			last = c.DistanceM
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || loc.Within.More || loc.Within.RadiusM != meters {
			t.Errorf("%v m: %d cells, want %d", meters, len(got), len(want))
		}
		if own := loc.Cells[0]; loc.Within.Cells[0].ID != own.ID || loc.Within.Cells[0].DistanceM != 0 {
			t.Errorf("%v m: the first is %+v, the owner %s", meters, loc.Within.Cells[0], own.ID)
		}
		s, _ := units.Lookup(loc.Cells[0].ID)
		if e := loc.Cells[0].EdgeM; e == nil || math.Abs(*e-units.Shape(s).OutlineDistance(p)) > 0.01 || *e == 0 {
			t.Errorf("edge %v", e)
		}
		if len(loc.Within.Areas) < 2 || loc.Areas[0].EdgeM == nil {
			t.Errorf("areas %+v, within %+v", loc.Areas, loc.Within.Areas)
		}
	}
	if loc := locator.Locate(w, geo.Point{X: 1_215_645_000, Y: 250_338_000}, grid.Ask{Cells: true, WithinMeters: 5000}); !loc.Within.More || len(loc.Within.Cells) != 1000 || len(loc.Within.Areas) != 0 {
		t.Errorf("%d cells, more %v", len(loc.Within.Cells), loc.Within.More)
	}
}

// TestParentsEqualScan compares the parents of cells with what a scan of all overlaps says, also where areas overlap or
// are there twice.
func TestParentsEqualScan(t *testing.T) {
	log := indextest.NewLog()
	areas := &data.Layer{Name: "areas", Geometry: data.GeometryPolygon, Roles: data.Roles{Area: &data.AreaRole{Level: "area"}}}
	cells := &data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit"}}}
	changes := []data.Change{indextest.Define(areas), indextest.Define(cells), indextest.Divide("unit", "cells", "area")}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 120 {
		x, y := float64(r.IntN(20)), float64(r.IntN(20))
		s := boardRect(x, y, x+1+float64(r.IntN(6)), y+1+float64(r.IntN(6)))
		changes = append(changes, indextest.Put("areas", fmt.Sprint("a", i), s))
		if r.IntN(10) == 0 {
			changes = append(changes, indextest.Put("areas", fmt.Sprint("again", i), s))
		}
	}
	for i := range 300 {
		x, y := float64(r.IntN(22)), float64(r.IntN(22))
		changes = append(changes, indextest.Put("cells", fmt.Sprint("c", i), boardRect(x, y, x+1+float64(r.IntN(3)), y+1)))
	}
	log.Append(changes...)
	w := indextest.Start(t, log).World()
	layer, _ := w.Layer("areas")
	all, _ := w.Layer("cells")
	locator := grid.NewLocator()
	with := 0
	for s := range all.Slots() {
		want, most, found := index.Slot(0), 0.0, false
		for a := range layer.Slots() {
			area := geo.OverlapArea(all.Shape(s), layer.Shape(a))
			// A tie is a tie also after rounding.
			if area > most*(1+1e-9) || found && math.Abs(area-most) <= most*1e-9 && layer.Permanent(a) < layer.Permanent(want) {
				want, most, found = a, area, true
			}
		}
		got, ok := locator.Parent(w, "cells", s, "areas")
		if ok != found || ok && got != want {
			t.Errorf("cell %s: parent %s, %v; want %s, %v", all.ID(s), layer.ID(got), ok, layer.ID(want), found)
		}
		if found {
			with++
		}
	}
	if with < 100 {
		t.Errorf("only %d cells have parents", with)
	}
}

// TestShapeWithin lists what comes within a radius of lines and polygons themselves, not of a point that stands for them:
// the same that points along them see, by either rule.
func TestShapeWithin(t *testing.T) {
	w := chessboard(t)
	locator := grid.NewLocator()
	cells, _ := w.Layer("cells")
	r := rand.New(rand.NewPCG(3, 7))
	anywhere := func() geo.Point { return board(r.Float64()*6-1, r.Float64()*6-1) }
	for n := range 60 {
		shape := line(anywhere(), anywhere(), anywhere())
		if n%2 == 1 {
			x, y := r.Float64()*5-1, r.Float64()*5-1
			shape = boardRect(x, y, x+r.Float64(), y+r.Float64())
		}
		var along []geo.Point
		for i := range shape.NumRings() {
			run := shape.Ring(i)
			for j := 1; j < len(run); j++ {
				const steps = 800
				for k := range steps + 1 {
					f := float64(k) / steps
					along = append(along, geo.Point{
						X: run[j-1].X + int32(f*float64(run[j].X-run[j-1].X)), Y: run[j-1].Y + int32(f*float64(run[j].Y-run[j-1].Y)),
					})
				}
			}
		}
		radius := []float64{1, 5, 12}[n%3]
		ask := grid.Ask{Areas: true, Cells: true, WithinMeters: radius, Rule: []grid.Rule{grid.RuleShare, grid.RulePoint}[n/3%2]}
		loc, _, err := locator.LocateShape(w, shape, ask)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		last := 0.0
		for _, c := range loc.Within.Cells {
			got[c.ID] = c.DistanceM
			if c.DistanceM < last {
				t.Errorf("%v is behind %v", c.DistanceM, last)
			}
			last = c.DistanceM
		}
		cells.Search(boardRect(-1, -1, 5, 5).Box(), func(s index.Slot) bool {
			want := math.Inf(1)
			for _, p := range along {
				want = min(want, cells.Shape(s).Distance(p))
			}
			if shape.Contains(cells.Shape(s).Vertices()[0]) {
				want = 0
			}
			d, listed := got[cells.ID(s)]
			switch {
			case listed && math.Abs(d-want) > 0.03:
				t.Errorf("%s is %g m away instead of %g m", cells.ID(s), d, want)
			case !listed && want < radius-0.03:
				t.Errorf("%s is missing: %g m within %g m", cells.ID(s), want, radius)
			}
			return true
		})
		if near := len(loc.Within.Areas); near > 2 {
			t.Errorf("%d of 2 districts", near)
		}
	}
	long := make([]geo.Point, 50_000)
	for i := range long {
		long[i] = board(r.Float64()*4, r.Float64()*4)
	}
	if _, _, err := locator.LocateShape(w, line(long...), grid.Ask{Cells: true, WithinMeters: 5000, Rule: grid.RulePoint}); err != nil {
		t.Errorf("what lies across everything is found at once: %v", err)
	}
}

// TestSharesInLittleMemory shares a polygon of many vertices among many cells: what is allocated must not be a copy of it for
// each of them.
func TestSharesInLittleMemory(t *testing.T) {
	const side = 30
	log := indextest.NewLog()
	changes := []data.Change{
		indextest.Define(&data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Roles: data.Roles{Cell: &data.CellRole{Scheme: "unit"}}}),
		indextest.Divide("unit", "cells"),
	}
	for y := range side {
		for x := range side {
			changes = append(changes, indextest.Put("cells", fmt.Sprint(x, "-", y), boardRect(float64(x), float64(y), float64(x+1), float64(y+1))))
		}
	}
	log.Append(changes...)
	w := indextest.Start(t, log).World()
	const corners = 20_000
	xy := make([]geo.Point, corners+1)
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		xy[i] = board(side/2*(1+cos), side/2*(1+sin))
	}
	xy[corners] = xy[0]
	disc, err := geo.NewShape(geo.KindPolygon, xy, []uint32{corners + 1}, []uint32{1})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	loc, _, err := grid.NewLocator().LocateShape(w, disc, grid.Ask{Cells: true, Shares: 1e-4})
	runtime.ReadMemStats(&after)
	if err != nil || len(loc.Cells) < side*side/2 {
		t.Fatalf("%d cells, %v", len(loc.Cells), err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
		t.Errorf("%d MiB for %d cells", took>>20, len(loc.Cells))
	} else {
		t.Logf("%d KiB for %d cells", took>>10, len(loc.Cells))
	}
}
