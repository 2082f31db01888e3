package divide_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/grid/divide"
)

const (
	west  = 1160000000
	south = 400000000
	step  = 10000 // some 85 by 111 m
)

var city = divide.Limits{{Target: 300, Min: 200, Max: 500}}

// town is a town of streets: n by n communities with m by m blocks each, bent streets, one in three a main road, and
// doors in the blocks.
type town struct {
	n, m  int
	seed  uint64
	doors func(r *rand.Rand) float64 // households of a block
	cut   float64                    // share of streets that are missing between two crossings
}

func (o town) input() divide.Input {
	r := rand.New(rand.NewPCG(o.seed, 5))
	side := o.n * o.m
	at := make([][]geo.Point, side+1)
	for y := range at {
		at[y] = make([]geo.Point, side+1)
		for x := range at[y] {
			at[y][x] = geo.Point{X: west + int32(x*step) + r.Int32N(step/4), Y: south + int32(y*step) + r.Int32N(step/4)}
		}
	}
	in := divide.Input{Limits: city}
	for cy := range o.n {
		for cx := range o.n {
			x, y := cx*o.m, cy*o.m
			// Borders of communities have fewer vertices than the streets that end there.
			ring := []geo.Point{at[y][x], at[y][x+o.m], at[y+o.m][x+o.m], at[y+o.m][x]}
			in.Communities = append(in.Communities, divide.Community{Code: fmt.Sprintf("c%02d%02d", cx, cy), Shape: shape(ring)})
		}
	}
	class := func(i int) divide.Class {
		switch i % 3 {
		case 0:
			return divide.Main
		case 1:
			return divide.Street
		default:
			return divide.Alley
		}
	}
	for i := range side + 1 {
		for k := range side {
			if r.Float64() >= o.cut {
				in.Lines = append(in.Lines, divide.Line{Class: class(i), Points: []geo.Point{at[i][k], at[i][k+1]}})
			}
			if r.Float64() >= o.cut {
				in.Lines = append(in.Lines, divide.Line{Class: class(i), Points: []geo.Point{at[k][i], at[k+1][i]}})
			}
		}
	}
	for y := range side {
		for x := range side {
			for range 3 {
				in.Addresses = append(in.Addresses, divide.Address{
					At:         geo.Point{X: west + int32(x*step) + step/2 + r.Int32N(step/4), Y: south + int32(y*step) + step/2 + r.Int32N(step/4)},
					Households: math.Floor(o.doors(r) / 3), Workload: float64(r.IntN(3)),
				})
			}
		}
	}
	return in
}

func shape(rings ...[]geo.Point) geo.Shape {
	var xy []geo.Point
	var ends []uint32
	for _, r := range rings {
		xy = append(append(xy, r...), r[0])
		ends = append(ends, uint32(len(xy)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, ends, []uint32{uint32(len(ends))})
	if err != nil {
		panic(err)
	}
	return s
}

func box(x0, y0, x1, y1 int32) geo.Shape {
	at := func(x, y int32) geo.Point { return geo.Point{X: west + x, Y: south + y} }
	return shape([]geo.Point{at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)})
}

func line(class divide.Class, xy ...int32) divide.Line {
	l := divide.Line{Class: class}
	for i := 0; i < len(xy); i += 2 {
		l.Points = append(l.Points, geo.Point{X: west + xy[i], Y: south + xy[i+1]})
	}
	return l
}

func door(x, y int32, households float64) divide.Address {
	return divide.Address{At: geo.Point{X: west + x, Y: south + y}, Households: households}
}

type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func prepare(t tester, in divide.Input) *divide.Ground {
	t.Helper()
	g, err := divide.Prepare(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func draw(t tester, g *divide.Ground, o divide.Options) []divide.Alternative {
	t.Helper()
	all, err := g.Divide(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// twice is twice the area of a shape in square units, exactly.
func twice(s geo.Shape) int64 {
	sum := int64(0)
	for r := range s.NumRings() {
		ring := s.Ring(r)
		for i := 1; i < len(ring); i++ {
			ax, ay := int64(ring[i-1].X)-int64(ring[0].X), int64(ring[i-1].Y)-int64(ring[0].Y)
			bx, by := int64(ring[i].X)-int64(ring[0].X), int64(ring[i].Y)-int64(ring[0].Y)
			sum += ax*by - ay*bx
		}
	}
	return sum
}

// judge holds an alternative to what is promised of every one, by polygons alone: the cells of a community cover its
// outline exactly, each is one polygon, the program that proves coverages finds nothing, and every household is in the cell
// that has its place.
func judge(t tester, g *divide.Ground, in *divide.Input, a *divide.Alternative) {
	t.Helper()
	checked := cells(t, g, a)
	households := map[string]float64{}
	for _, c := range a.Cells {
		households[c.Code] = c.Households
		goal := in.Limits[divide.Households]
		if out := goal.Target > 0 && !goal.Holds(c.Households); out && c.Reason == nil || c.Reason != nil && c.Reason.Text == "" {
			t.Fatalf("%s: cell %s has %v households and the reason %+v", a.Name, c.Code, c.Households, c.Reason)
		}
	}
	// Against the outlines as they were given, only vertices of cuts that end on them are new.
	for i := range in.Communities {
		var own []check.Cell
		for k, c := range a.Cells {
			if c.Community == in.Communities[i].Code {
				own = append(own, checked[k])
			}
		}
		for _, d := range check.Cells(own, check.Options{Outline: in.Communities[i].Shape}) {
			if d.Kind != check.MissingVertex {
				t.Fatalf("%s: %s is not what was given: %+v", a.Name, in.Communities[i].Code, d)
			}
		}
	}
	for _, d := range in.Addresses {
		for i := range a.Cells {
			if a.Cells[i].Shape.Contains(d.At) {
				households[a.Cells[i].Code] -= d.Households
			}
		}
	}
	for code, left := range households {
		if math.Abs(left) > 1e-6 {
			t.Fatalf("%s: cell %s counts %v households that do not lie in it", a.Name, code, left)
		}
	}
}

// cells holds the shapes of an alternative to what is promised of them.
func cells(t tester, g *divide.Ground, a *divide.Alternative) []check.Cell {
	t.Helper()
	var all []check.Cell
	area := map[string]int64{}
	codes := map[string]bool{}
	own := map[string][]check.Cell{}
	for _, c := range a.Cells {
		if codes[c.Code] {
			t.Fatalf("%s: code %s twice", a.Name, c.Code)
		}
		codes[c.Code] = true
		if n := c.Shape.NumPolygons(); n != 1 {
			t.Fatalf("%s: cell %s is %d polygons", a.Name, c.Code, n)
		}
		all = append(all, check.Cell{ID: c.Code, Shape: c.Shape})
		own[c.Community] = append(own[c.Community], all[len(all)-1])
		area[c.Community] += twice(c.Shape)
	}
	for code, s := range g.Outlines() {
		if area[code] != twice(s) {
			t.Fatalf("%s: the cells of %s have %d, it has %d", a.Name, code, area[code], twice(s))
		}
		if found := check.Cells(own[code], check.Options{Outline: s}); len(found) > 0 {
			t.Fatalf("%s: %s has %d defects, first %+v", a.Name, code, len(found), found[0])
		}
	}
	return all
}

func doors(most int) func(r *rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return float64(r.IntN(most)) }
}

// TestTowns divides random towns and holds what comes out to all that is promised.
func TestTowns(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := town{
			n: rapid.IntRange(1, 3).Draw(t, "communities"), m: rapid.IntRange(2, 6).Draw(t, "blocks"), seed: rapid.Uint64().Draw(t, "seed"),
			doors: doors(rapid.SampledFrom([]int{60, 200, 700}).Draw(t, "doors")), cut: rapid.SampledFrom([]float64{0, 0.1, 0.4}).Draw(t, "missing"),
		}
		in := o.input()
		g := prepare(t, in)
		options := divide.Options{Seed: rapid.Uint64().Draw(t, "choice"), Alternatives: 4}
		all := draw(t, g, options)
		for i := range all {
			judge(t, g, &in, &all[i])
		}
		options.Workers = 7
		if again := draw(t, prepare(t, in), options); !reflect.DeepEqual(all, again) {
			t.Fatal("another division with the same seed and more workers")
		}
	})
}

// TestWithin has towns in which every grid can be within the limits.
func TestWithin(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		in := town{n: 3, m: 8, seed: seed, doors: doors(108)}.input()
		g := prepare(t, in)
		for _, a := range draw(t, g, divide.Options{}) {
			judge(t, g, &in, &a)
			if a.Metrics.Within != a.Metrics.Cells || a.Metrics.Share != 1 || a.Metrics.Cells < 30 {
				t.Errorf("%s: %d of %d within", a.Name, a.Metrics.Within, a.Metrics.Cells)
			}
			if a.Metrics.CompactMean < 0.4 {
				t.Errorf("%s: compactness %v", a.Name, a.Metrics.CompactMean)
			}
		}
	}
}

// TestAims: what an alternative looks for is what it has more of.
func TestAims(t *testing.T) {
	t.Parallel()
	in := town{n: 3, m: 9, seed: 4, doors: doors(108)}.input()
	all := draw(t, prepare(t, in), divide.Options{})
	balanced, compact, roads := all[0].Metrics, all[1].Metrics, all[2].Metrics
	if compact.CutMetres >= balanced.CutMetres || roads.OnRoads <= compact.OnRoads || balanced.Deviation["households"].P50 >= compact.Deviation["households"].P50 {
		t.Errorf("%+v\n%+v\n%+v", balanced, compact, roads)
	}
}

// strip is a community of n blocks in a row, with households in each.
func strip(households ...float64) divide.Input {
	n := int32(len(households))
	in := divide.Input{Limits: city, Communities: []divide.Community{{Code: "c", Shape: box(0, 0, n*step, step)}}}
	for i, h := range households {
		x := int32(i) * step
		if i > 0 {
			in.Lines = append(in.Lines, line(divide.Street, x, -100, x, step+100))
		}
		in.Addresses = append(in.Addresses, door(x+step/2, step/2, h))
	}
	return in
}

func loads(a *divide.Alternative) []float64 {
	var out []float64
	for _, c := range a.Cells {
		out = append(out, c.Households)
	}
	return out
}

func TestReasons(t *testing.T) {
	t.Parallel()
	apart := strip(150, 100, 100, 150)
	apart.Communities = []divide.Community{
		{Code: "c", Shape: two(box(0, 0, step, step), box(2*step, 0, 4*step, step))},
		{Code: "d", Shape: box(step, 0, 2*step, step)},
	}
	for _, c := range []struct {
		name  string
		in    divide.Input
		loads []float64
		kinds []divide.ReasonKind
		text  string
	}{
		{"total", strip(50, 60), []float64{110}, []divide.ReasonKind{divide.TotalUnder}, "community c has 110 households in all, a grid needs 200"},
		{"tower", strip(100, 150, 600, 200, 100), []float64{250, 600, 300}, []divide.ReasonKind{"", divide.AtomOver, ""}, "has 600 households, the limit is 500"},
		{"enclosed", strip(300, 60000, 60, 70000, 300), []float64{300, 60000, 60, 70000, 300}, []divide.ReasonKind{"", divide.AtomOver, divide.Enclosed, divide.AtomOver, ""}, "touches only grids that are over the limit"},
		{"large block", strip(60, 102, 388), []float64{162, 388}, []divide.ReasonKind{divide.NoCount, ""}, "a block of community c has 388 of its 550 households"},
		{"apart", apart, []float64{150, 250, 100}, []divide.ReasonKind{divide.Disconnected, "", divide.TotalUnder}, "a part of community c that does not hang together with the rest (2 parts)"},
	} {
		g := prepare(t, c.in)
		for _, a := range draw(t, g, divide.Options{}) {
			judge(t, g, &c.in, &a)
			var kinds []divide.ReasonKind
			var texts []string
			for _, cell := range a.Cells {
				kind := divide.ReasonKind("")
				if cell.Reason != nil {
					kind = cell.Reason.Kind
					texts = append(texts, cell.Reason.Text)
				}
				kinds = append(kinds, kind)
			}
			if !slices.Equal(loads(&a), c.loads) || !slices.Equal(kinds, c.kinds) || !strings.Contains(strings.Join(texts, "\n"), c.text) {
				t.Errorf("%s, %s: %v, %q, %q", c.name, a.Name, loads(&a), kinds, texts)
			}
			if a.Metrics.Feasible != 1 {
				t.Errorf("%s: not all is excused: %+v", c.name, a.Metrics)
			}
		}
	}
	narrow := strip(350, 350)
	narrow.Limits = divide.Limits{{Target: 450, Min: 400, Max: 500}}
	a := draw(t, prepare(t, narrow), divide.Options{})[0]
	if r := a.Cells[0].Reason; r == nil || r.Kind != divide.NoCount || !strings.Contains(r.Text, "700 households besides what stays whole, which no number of grids of 400 to 500") {
		t.Errorf("%+v", r)
	}
}

// two is one shape of two polygons.
func two(a, b geo.Shape) geo.Shape {
	xy := append(slices.Clone(a.Vertices()), b.Vertices()...)
	n := uint32(len(a.Vertices()))
	s, err := geo.NewShape(geo.KindPolygon, xy, []uint32{n, uint32(len(xy))}, []uint32{1, 2})
	if err != nil {
		panic(err)
	}
	return s
}

// TestTower has a building of five entrances that is over the limit: it stays whole, and its duty is split.
func TestTower(t *testing.T) {
	t.Parallel()
	in := strip(250, 0, 250)
	in.Limits = divide.Limits{{Target: 250, Min: 200, Max: 300}}
	for i, h := range []float64{90, 80, 100, 70, 60} {
		d := door(step+2000+int32(i)*10, 5000, h)
		d.Building, d.Entrance = "T1", []string{"10单元", "2单元", "1单元", "3单元", "4单元"}[i]
		in.Addresses = append(in.Addresses, d)
	}
	for _, a := range draw(t, prepare(t, in), divide.Options{}) {
		if !slices.Equal(loads(&a), []float64{250, 400, 250}) {
			t.Fatalf("%v", loads(&a))
		}
		c := a.Cells[1]
		if c.Reason == nil || !strings.Contains(c.Reason.Text, "building T1, which stays whole, has 400 households, the limit is 300") || len(c.Towers) != 1 {
			t.Fatalf("%+v %+v", c.Reason, c.Towers)
		}
		want := []divide.Duty{
			{Entrances: []divide.Entrance{{Name: "1单元", Households: 100}, {Name: "2单元", Households: 80}}, Households: 180},
			{Entrances: []divide.Entrance{{Name: "3单元", Households: 70}, {Name: "4单元", Households: 60}, {Name: "10单元", Households: 90}}, Households: 220},
		}
		if got := c.Towers[0].Duties; !reflect.DeepEqual(got, want) {
			t.Errorf("%+v", got)
		}
	}
}

// TestFootprints: no cut runs through a building, also when it would balance the grids.
func TestFootprints(t *testing.T) {
	t.Parallel()
	in := strip(200, 100, 100, 200)
	in.Footprints = []divide.Footprint{
		{ID: "b1", Shape: box(2*step-500, 3000, 2*step+500, 4000)},
		{ID: "beside", Shape: box(step-500, 3000, step, 4000)}, // a wall along the street
	}
	g := prepare(t, in)
	if g.Closed != 1 {
		t.Errorf("%d borders are closed", g.Closed)
	}
	for _, a := range draw(t, g, divide.Options{}) {
		judge(t, g, &in, &a)
		for _, c := range a.Cells {
			if in := geo.OverlapArea(c.Shape, in.Footprints[0].Shape); in > 0.01 && in < 0.99*85 {
				t.Errorf("a cell has %.1f m² of the building", in)
			}
		}
		if slices.Equal(loads(&a), []float64{300, 300}) {
			t.Error("cut through the building")
		}
	}
	in.Footprints[0].Shape = box(-500, 3000, 500, 4000)
	in.Communities = append(in.Communities, divide.Community{Code: "w", Shape: box(-step, 0, 0, step)})
	in.Addresses = append(in.Addresses, door(-step/2, step/2, 300))
	if a := draw(t, prepare(t, in), divide.Options{})[0]; a.Metrics.FootprintsCut != 1 {
		t.Errorf("%+v", a.Metrics)
	}
}

// TestSecondary: only blocks over the limit are cut by secondary lines.
func TestSecondary(t *testing.T) {
	t.Parallel()
	in := strip(300, 0, 300)
	in.Addresses = append(in.Addresses, door(step+2000, 2000, 300), door(step+2000, 8000, 300))
	in.Secondary = []divide.Line{line(divide.Alley, -100, step/2, 3*step+100, step/2)}
	g := prepare(t, in)
	if g.NumAtoms() != 4 {
		t.Errorf("%d atoms of %d blocks", g.NumAtoms(), g.NumBlocks())
	}
	for _, a := range draw(t, g, divide.Options{}) {
		judge(t, g, &in, &a)
		if !slices.Equal(loads(&a), []float64{300, 300, 300, 300}) {
			t.Errorf("%v", loads(&a))
		}
	}
}

// TestLocked keeps a locked grid whose border no street follows.
func TestLocked(t *testing.T) {
	t.Parallel()
	in := strip(300, 200, 200, 300)
	own := box(step+3000, 0, 2*step+7000, step)
	in.Present = []divide.Present{{Code: "c007", Shape: own, Locked: true}}
	g := prepare(t, in)
	all := draw(t, g, divide.Options{})
	if all[0].Aim != divide.Near {
		t.Errorf("first is %s", all[0].Aim)
	}
	for _, a := range all {
		judge(t, g, &in, &a)
		i := slices.IndexFunc(a.Cells, func(c divide.Cell) bool { return c.Code == "c007" })
		if i < 0 || !a.Cells[i].Locked || twice(a.Cells[i].Shape) != twice(own) || a.Cells[i].Households != 400 || a.Metrics.Locked != 1 {
			t.Errorf("%+v", a.Cells)
		}
		if slices.ContainsFunc(a.Cells, func(c divide.Cell) bool { return c.Code == "c001" || c.Code == "c007" && !c.Locked }) {
			t.Errorf("numbers at or below a present one: %+v", a.Cells)
		}
	}
}

// TestPresent divides a town, moves households, and divides it again: grids within the limits keep their codes and ground.
func TestPresent(t *testing.T) {
	t.Parallel()
	in := town{n: 2, m: 8, seed: 9, doors: doors(108)}.input()
	first := draw(t, prepare(t, in), divide.Options{})[0]
	for _, c := range first.Cells {
		in.Present = append(in.Present, divide.Present{Code: c.Code, Shape: c.Shape, Drawn: c.Households})
	}
	same := draw(t, prepare(t, in), divide.Options{})[0]
	if same.Metrics.AddressesMoved != 0 || len(same.Cells) != len(first.Cells) || !same.Metrics.Present {
		t.Errorf("nothing has changed, and %d addresses moved", same.Metrics.AddressesMoved)
	}
	// One grid has grown sixfold.
	grown := 0.0
	for i := range in.Addresses {
		if a := &in.Addresses[i]; first.Cells[3].Shape.Contains(a.At) {
			a.Households *= 6
			grown += a.Households
		}
	}
	g := prepare(t, in)
	out := g.Outgrown()
	if len(out) != 1 || out[0].Code != first.Cells[3].Code || out[0].Households != grown || out[0].Drawn*6 != grown || out[0].Max != 500 {
		t.Errorf("%+v", out)
	}
	near := draw(t, g, divide.Options{Alternatives: 4})
	judge(t, g, &in, &near[0])
	kept := 0
	for _, c := range near[0].Cells {
		if i := slices.IndexFunc(first.Cells, func(d divide.Cell) bool { return d.Code == c.Code }); i >= 0 && twice(first.Cells[i].Shape) == twice(c.Shape) {
			kept++
		}
	}
	if kept < len(first.Cells)/2 {
		t.Errorf("%d of %d grids are as they were", kept, len(first.Cells))
	}
	for _, a := range near[1:] {
		if a.Metrics.AddressesMoved <= near[0].Metrics.AddressesMoved {
			t.Errorf("%s moves %d addresses, the one near the present plan %d", a.Name, a.Metrics.AddressesMoved, near[0].Metrics.AddressesMoved)
		}
	}
}

// TestNewCodes: who has less than half of a present grid does not continue it, and numbers go on above those in use.
func TestNewCodes(t *testing.T) {
	t.Parallel()
	in := strip(300, 300, 300, 300)
	in.Present = []divide.Present{{Code: "c041", Shape: box(0, 0, 4*step, step)}}
	for _, a := range draw(t, prepare(t, in), divide.Options{Alternatives: 4}) {
		var codes []string
		for _, c := range a.Cells {
			codes = append(codes, c.Code+c.Continues)
		}
		if !slices.Equal(codes, []string{"c042", "c043", "c044", "c045"}) || a.Metrics.AddressesMoved != 4 {
			t.Errorf("%s: %q, %d addresses moved", a.Name, codes, a.Metrics.AddressesMoved)
		}
	}
}

// TestReadyBlocks has ground that is cut already, with weights of its own, and goals of two measures.
func TestReadyBlocks(t *testing.T) {
	t.Parallel()
	in := divide.Input{Limits: divide.Limits{{}, {Target: 10, Weight: 0.1}, {Target: 40000, Min: 20000, Max: 60000}}}
	for y := range int32(6) {
		for x := range int32(6) {
			in.Blocks = append(in.Blocks, divide.Block{ID: fmt.Sprint(x, y), Community: fmt.Sprint("p", x/3), Shape: box(x*step, y*step, (x+1)*step, (y+1)*step), Workload: float64(x)})
		}
	}
	g := prepare(t, in)
	for _, a := range draw(t, g, divide.Options{}) {
		judge(t, g, &in, &a)
		if len(a.Cells) != 8 || a.Metrics.Share != 1 || a.Metrics.Deviation["area"].Max > 0.5 {
			t.Errorf("%d cells: %+v", len(a.Cells), a.Metrics)
		}
		sum := 0.0
		for _, c := range a.Cells {
			sum += c.Workload
		}
		if sum != 90 {
			t.Errorf("workload %v", sum)
		}
	}
}

// TestKinds: communities of different kinds have grids of different sizes.
func TestKinds(t *testing.T) {
	t.Parallel()
	in := strip(100, 100, 100, 100, 100, 100, 100, 100, 100, 100)
	in.Communities = []divide.Community{{Code: "a", Kind: "village", Shape: box(0, 0, 5*step, step)}, {Code: "b", Kind: "urban", Shape: box(5*step, 0, 10*step, step)}}
	in.Kinds = map[string]divide.Limits{"village": {{Target: 500}}, "urban": {{Target: 250, Min: 200, Max: 300}}}
	if got := loads(&draw(t, prepare(t, in), divide.Options{})[0]); len(got) != 3 || got[0] != 500 {
		t.Error(got)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(in *divide.Input){
		"neither communities nor blocks":          func(in *divide.Input) { in.Communities = nil },
		"cannot be cut without lines":             func(in *divide.Input) { in.Lines = nil },
		"line 1 has 1 points":                     func(in *divide.Input) { in.Lines[0].Points = in.Lines[0].Points[:1] },
		"no line lies in a community":             func(in *divide.Input) { in.Lines = []divide.Line{line(divide.Street, -9, -9, -5, -5)} },
		"none of 2 addresses lies in a community": func(in *divide.Input) { in.Addresses = []divide.Address{door(-9, -9, 1), door(-8, -8, 1)} },
		"nothing says where there are any":        func(in *divide.Input) { in.Addresses = nil },
		"address 2 has -1 households":             func(in *divide.Input) { in.Addresses[1].Households = -1 },
		"no target is set":                        func(in *divide.Input) { in.Limits = divide.Limits{} },
		"min 400 is above the target 300":         func(in *divide.Input) { in.Limits[0].Min = 400 },
		"max 100 is below the target 300":         func(in *divide.Input) { in.Limits[0].Max = 100 },
		"code \"x\" of the present plan is empty or given twice": func(in *divide.Input) {
			in.Present = []divide.Present{{Code: "x", Shape: box(0, 0, 9, 9)}, {Code: "x", Shape: box(0, 0, 9, 9)}}
		},
		"locked grid x lies in no community": func(in *divide.Input) {
			in.Present = []divide.Present{{Code: "x", Shape: box(-900, -900, -800, -800), Locked: true}}
		},
		"locked grid x lies in communities c and d": func(in *divide.Input) {
			in.Communities = append(in.Communities, divide.Community{Code: "d", Shape: box(2*step, 0, 3*step, step)})
			in.Present = []divide.Present{{Code: "x", Shape: box(step, 0, 3*step, step), Locked: true}}
		},
		"the communities have 1 defects, such as overlap": func(in *divide.Input) {
			in.Communities = append(in.Communities, divide.Community{Code: "d", Shape: box(step, 0, 3*step, step)})
		},
	} {
		in := strip(300, 300)
		spoil(&in)
		if _, err := divide.Prepare(context.Background(), in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q instead of %q", err, want)
		}
	}
	in := strip(300, 300)
	in.Communities = append(in.Communities, divide.Community{Code: "d", Shape: box(step, 0, 3*step, step)})
	in.Rule = coverage.LongestBorder
	if g := prepare(t, in); !slices.ContainsFunc(g.Defects, func(d coverage.Defect) bool { return d.Kind == check.Overlap && d.Fixed && d.Code == "c" }) {
		t.Errorf("%+v", g.Defects)
	}
	g := prepare(t, strip(300, 300))
	if _, err := g.Divide(context.Background(), divide.Options{Alternatives: 99}); err == nil {
		t.Error("99 alternatives")
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	in := town{n: 2, m: 6, seed: 1, doors: doors(108)}.input()
	g := prepare(t, in)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := g.Divide(ctx, divide.Options{Progress: func(done, total int) {
		if done > total {
			t.Errorf("%d of %d", done, total)
		}
		cancel()
	}, Workers: 1})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := divide.Divide(ctx, in, divide.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// BenchmarkDivide is 21,394 blocks in 144 communities, 915,000 households in 52,272 addresses: the ground, and one
// alternative on it.
func BenchmarkDivide(b *testing.B) {
	in := town{n: 12, m: 11, seed: 1, doors: doors(108)}.input()
	cpu := func(b *testing.B) float64 {
		b.Helper()
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	b.Run("prepare", func(b *testing.B) {
		begin := cpu(b)
		for b.Loop() {
			prepare(b, in)
		}
		b.ReportMetric((cpu(b)-begin)/float64(b.N), "cpu-s/op")
	})
	g := prepare(b, in)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("draw, %d workers", workers), func(b *testing.B) {
			begin := cpu(b)
			for b.Loop() {
				a := draw(b, g, divide.Options{Alternatives: 1, Workers: workers})[0]
				b.ReportMetric(float64(g.NumBlocks()), "blocks")
				b.ReportMetric(float64(len(a.Cells)), "cells")
				b.ReportMetric(100*a.Metrics.Feasible, "%within")
				b.ReportMetric(a.Metrics.CompactMean, "compact")
			}
			b.ReportMetric((cpu(b)-begin)/float64(b.N), "cpu-s/op")
		})
	}
}
