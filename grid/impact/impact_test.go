package impact_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/impact"
)

// polygon is a shape of open rings, the first of which is the shell.
func polygon(rings ...[]geo.Point) geo.Shape {
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

func rectangle(x, y, w, h int32) geo.Shape {
	return polygon([]geo.Point{{X: x, Y: y}, {X: x + w, Y: y}, {X: x + w, Y: y + h}, {X: x, Y: y + h}})
}

type point struct {
	at     geo.Point
	amount float64
}

func points(list []point) iter.Seq2[geo.Point, float64] {
	return func(yield func(geo.Point, float64) bool) {
		for _, p := range list {
			if !yield(p.at, p.amount) {
				return
			}
		}
	}
}

// owner is whose ground a point is, by the words of the edge rule: of all cells that hold it the one with the lowest id, else
// of all that it touches. Cells without an id come last, by code.
func owner(cells []impact.Cell, p geo.Point) string {
	for _, holds := range []func(geo.Shape) bool{
		func(s geo.Shape) bool { return s.Contains(p) }, func(s geo.Shape) bool { return s.OnBoundary(p) },
	} {
		best := -1
		for i, c := range cells {
			if !holds(c.Shape) {
				continue
			}
			if best < 0 || cmp.Or(cmp.Compare(c.ID-1, cells[best].ID-1), cmp.Compare(c.Code, cells[best].Code)) < 0 {
				best = i
			}
		}
		if best >= 0 {
			return cells[best].Code
		}
	}
	return ""
}

// join locates every point twice.
func join(before, after []impact.Cell, list []point) []impact.Flow {
	type pair [2]string
	sums := map[pair]*impact.Flow{}
	for _, p := range list {
		k := pair{owner(before, p.at), owner(after, p.at)}
		if sums[k] == nil {
			sums[k] = &impact.Flow{From: k[0], To: k[1]}
		}
		sums[k].Count++
		sums[k].Amount += p.amount
	}
	out := []impact.Flow{}
	for _, f := range sums {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b impact.Flow) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return out
}

// side is the size of the ground of random cells in units; coordinates are small so that edges and vertices meet often.
const side = 12

func shapes() *rapid.Generator[geo.Shape] {
	return rapid.Custom(func(t *rapid.T) geo.Shape {
		n := func(low, high int32) int32 { return rapid.Int32Range(low, high).Draw(t, "n") }
		switch x, y := n(0, side-2), n(0, side-2); rapid.IntRange(0, 2).Draw(t, "form") {
		case 0:
			return rectangle(x, y, n(1, side-x), n(1, side-y))
		case 1:
			p, q := geo.Point{X: n(0, side), Y: n(0, side)}, geo.Point{X: n(0, side), Y: n(0, side)}
			r := []geo.Point{{X: x, Y: y}, p, q}
			if turn := geo.Orient(r[0], p, q); turn == 0 {
				return rectangle(x, y, 1, 1)
			} else if turn < 0 {
				r[1], r[2] = q, p
			}
			return polygon(r)
		default:
			w, h := n(3, side), n(3, side)
			return polygon([]geo.Point{{X: x, Y: y}, {X: x + w, Y: y}, {X: x + w, Y: y + h}, {X: x, Y: y + h}},
				[]geo.Point{{X: x + 1, Y: y + 1}, {X: x + 1, Y: y + 2}, {X: x + 2, Y: y + 2}, {X: x + 2, Y: y + 1}})
		}
	})
}

func cells() *rapid.Generator[impact.Cell] {
	return rapid.Custom(func(t *rapid.T) impact.Cell {
		return impact.Cell{
			Code:   fmt.Sprintf("c%d", rapid.IntRange(0, 9).Draw(t, "code")),
			Parent: fmt.Sprintf("p%d", rapid.IntRange(0, 1).Draw(t, "parent")),
			ID:     rapid.Uint32Range(0, 20).Draw(t, "id"),
			Shape:  shapes().Draw(t, "shape"),
		}
	})
}

// turned is the same ground, its rings beginning elsewhere.
func turned(s geo.Shape, by int) geo.Shape {
	rings := make([][]geo.Point, s.NumRings())
	for i := range rings {
		r := s.Ring(i)
		r = r[:len(r)-1]
		k := by % len(r)
		rings[i] = append(slices.Clone(r[k:]), r[:k]...)
	}
	return polygon(rings...)
}

// TestFlowsAreThoseOfAFullJoin changes random cells, which may overlap, leave gaps and have the same codes and ids, at random,
// and compares with locating all points twice.
func TestFlowsAreThoseOfAFullJoin(t *testing.T) {
	var all []point
	for x := int32(-1); x <= side+4; x++ {
		for y := int32(-1); y <= side+4; y++ {
			all = append(all, point{geo.Point{X: x, Y: y}, float64((x*7+y*3)%5 + 2)})
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		before := rapid.SliceOfN(cells(), 0, 9).Draw(r, "before")
		after := slices.Clone(before)
		for range rapid.IntRange(0, 3).Draw(r, "changes") {
			i := 0
			if len(after) > 0 {
				i = rapid.IntRange(0, len(after)-1).Draw(r, "which")
			}
			switch what := rapid.IntRange(0, 6).Draw(r, "what"); {
			case what == 0 || len(after) == 0:
				after = append(after, cells().Draw(r, "new"))
			case what == 1:
				after = slices.Delete(after, i, i+1)
			case what == 2:
				after[i].Shape = shapes().Draw(r, "shape")
			case what == 3:
				after[i].ID = rapid.Uint32Range(0, 20).Draw(r, "id")
			case what == 4:
				after[i].Parent += "x"
			case what == 5:
				after[i].Code = fmt.Sprintf("n%d", rapid.IntRange(0, 3).Draw(r, "code"))
			default:
				after[i].Shape = turned(after[i].Shape, rapid.IntRange(0, 3).Draw(r, "turn"))
			}
		}
		after = rapid.Permutation(after).Draw(r, "order")
		change := impact.Compare(before, after)
		got := change.Flows(points(all))
		full := join(before, after, all)
		changed := map[string]bool{}
		for _, row := range change.Rows() {
			changed[row.Code] = true
		}
		told := func(f impact.Flow) bool { return f.Moved() || changed[f.From] }
		want := slices.DeleteFunc(slices.Clone(full), func(f impact.Flow) bool { return !told(f) })
		have := slices.DeleteFunc(slices.Clone(got.List), func(f impact.Flow) bool { return !told(f) })
		if diff := gocmp.Diff(want, have); diff != "" {
			r.Fatalf("flows (-full +impact):\n%s", diff)
		}
		moved, amount := 0, 0.0
		counts := map[string]*impact.Count{}
		for c := range changed {
			counts[c] = &impact.Count{Code: c}
		}
		for _, f := range full {
			if f.Moved() {
				moved, amount = moved+f.Count, amount+f.Amount
			}
			if c := counts[f.From]; c != nil {
				c.Before, c.AmountBefore = c.Before+f.Count, c.AmountBefore+f.Amount
			}
			if c := counts[f.To]; c != nil {
				c.After, c.AmountAfter = c.After+f.Count, c.AmountAfter+f.Amount
			}
		}
		if got.Points != len(all) || got.Moved != moved || got.MovedAmount != amount {
			r.Fatalf("%d points, %d moved, %v; want %d, %d, %v", got.Points, got.Moved, got.MovedAmount, len(all), moved, amount)
		}
		for _, c := range change.Counts(got) {
			if c != *counts[c.Code] {
				r.Fatalf("%+v instead of %+v", c, *counts[c.Code])
			}
		}
		checkRows(r, before, after, change.Rows())
		if back := impact.Compare(after, before).Flows(points(all)); back.Moved != moved {
			r.Fatalf("%d points move back of %d", back.Moved, moved)
		}
		if same := impact.Compare(after, rapid.Permutation(after).Draw(r, "again")); same.Flows(points(all)).Moved != 0 || len(same.Borders()) != 0 {
			r.Fatal("from a set to itself something moves")
		}
	})
}

// checkRows demands that what is not listed is the same ground, and areas as they are.
func checkRows(r *rapid.T, before, after []impact.Cell, rows []impact.Row) {
	area := func(cells []impact.Cell, code string) (sum float64) {
		for _, c := range cells {
			if c.Code == code {
				sum += c.Shape.Area()
			}
		}
		return sum
	}
	listed := map[string]impact.Row{}
	for _, row := range rows {
		listed[row.Code] = row
	}
	for i := range 14 {
		code := fmt.Sprintf("c%d", i)
		if i > 9 {
			code = fmt.Sprintf("n%d", i-10)
		}
		was, is := area(before, code), area(after, code)
		row, ok := listed[code]
		want := impact.Reshaped
		switch {
		case was == 0:
			want = impact.Added
		case is == 0:
			want = impact.Ended
		case row.Change == impact.Reassigned:
			want = impact.Reassigned
		}
		if !ok && math.Abs(was-is) > 1e-9 || ok && (row.Change != want || math.Abs(row.AreaBefore-was) > 0.01 || math.Abs(row.AreaAfter-is) > 0.01) {
			r.Fatalf("%s with %v and %v m² is %+v, %v", code, was, is, row, ok)
		}
	}
}

// strip are n squares in a row.
func strip(n int) []impact.Cell {
	var out []impact.Cell
	for i := range n {
		out = append(out, impact.Cell{Code: string(rune('a' + i)), Parent: "p", Shape: rectangle(int32(i)*10000, 0, 10000, 10000)})
	}
	return out
}

func TestAMovedBorder(t *testing.T) {
	before, after := strip(3), strip(3)
	after[0].Shape = polygon([]geo.Point{{X: 0, Y: 0}, {X: 12000, Y: 0}, {X: 12000, Y: 10000}, {X: 0, Y: 10000}})
	after[1].Shape = polygon([]geo.Point{{X: 12000, Y: 0}, {X: 20000, Y: 0}, {X: 20000, Y: 10000}, {X: 12000, Y: 10000}})
	change := impact.Compare(before, after)
	f := change.Flows(points([]point{
		{geo.Point{X: 11000, Y: 5000}, 3}, {geo.Point{X: 10000, Y: 5000}, 4}, {geo.Point{X: 12000, Y: 5000}, 5}, {geo.Point{X: 25000, Y: 1}, 6}, {geo.Point{X: -1, Y: 1}, 7},
	}))
	report := change.Report(change.Layer("addresses", "households", f))
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"cells_before":3,"cells_after":3,"counts":{"reshaped":2}`,
		`{"from":"b","to":"a","count":2,"amount":7},{"from":"b","to":"b","count":1,"amount":5}`, `"moved":2,"moved_amount":7`,
		`{"code":"a","before":0,"after":2,"amount_before":0,"amount_after":7}`,
		`{"type":"Feature","properties":{"change":"removed","left":"a","right":"b","length_m":110.57},"geometry":{"type":"LineString","coordinates":[[0.001,0],[0.001,0.001]]}}`,
		`"share":0.2}`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	var table bytes.Buffer
	if err := report.WriteCSV(&table); err != nil {
		t.Fatal(err)
	}
	if want := "what,from,to,count,amount\nground,a,a,,12309.07\nground,b,a,,2461.81\nground,b,b,,9847.26\naddresses,b,a,2,7\naddresses,b,b,1,5\n"; table.String() != want {
		t.Errorf("table %s", &table)
	}
}

// TestGroundAddsUp merges, splits and gives up cells and adds up what becomes of each.
func TestGroundAddsUp(t *testing.T) {
	before := strip(6)
	after := strip(6)
	after[0].Shape = rectangle(0, 0, 20000, 10000)                                               // a takes b
	after[1] = impact.Cell{Code: "new", Parent: "p", Shape: rectangle(20000, 5000, 10000, 5000)} // c is split
	after[2].Shape = rectangle(20000, 0, 10000, 5000)                                            //
	after = slices.Delete(after, 5, 6)                                                           // f is given up
	after[4].Parent = "q"                                                                        // e comes to another community
	report := impact.Compare(before, after).Report()
	want := map[impact.Kind]int{impact.Added: 1, impact.Ended: 2, impact.Reshaped: 2, impact.Reassigned: 1}
	if diff := gocmp.Diff(want, report.Counts); diff != "" {
		t.Error(diff)
	}
	got := ""
	for _, s := range report.Ground {
		got += fmt.Sprintf("%s>%s %.3f, ", s.From, s.To, s.Share)
	}
	if got != "a>a 1.000, b>a 1.000, c>c 0.500, c>new 0.500, e>e 1.000, f> 1.000, " {
		t.Error(got)
	}
	lines := ""
	for _, b := range report.Borders {
		lines += fmt.Sprintf("%v %s|%s %d, ", b.New, b.Left, b.Right, len(b.Line))
	}
	// The border of e and f stays: what lies beyond it is another matter. So do the long edges of a without a vertex where b
	// began, and those of c with one where new begins.
	if lines != "false a|b 2, false |f 4, true c|new 2, " {
		t.Error(lines)
	}
}

// town is a lattice of n by n cells with bent borders and points at random; every tenth cell trades a vertex.
func town(n int, count int) (before, after []impact.Cell, list []point) {
	const pitch, steps = 10000, 4
	r := rand.New(rand.NewPCG(1, 2))
	places := map[[2]int]geo.Point{}
	at := func(i, j int) geo.Point {
		p, ok := places[[2]int{i, j}]
		if !ok {
			const jitter = pitch / steps / 4
			p = geo.Point{X: 1215000000 + int32(i*pitch/steps) + r.Int32N(2*jitter) - jitter, Y: 250000000 + int32(j*pitch/steps) + r.Int32N(2*jitter) - jitter}
			places[[2]int{i, j}] = p
		}
		return p
	}
	ring := func(row, col int) []geo.Point {
		var ring []geo.Point
		x, y := col*steps, row*steps
		for _, d := range [][4]int{{0, 0, 1, 0}, {steps, 0, 0, 1}, {steps, steps, -1, 0}, {0, steps, 0, -1}} {
			for k := range steps {
				ring = append(ring, at(x+d[0]+k*d[2], y+d[1]+k*d[3]))
			}
		}
		return ring
	}
	build := func() []impact.Cell {
		var out []impact.Cell
		for row := range n {
			for col := range n {
				out = append(out, impact.Cell{Code: fmt.Sprintf("%06d", row*n+col), ID: uint32(row*n + col + 1), Shape: polygon(ring(row, col))})
			}
		}
		return out
	}
	before = build()
	// A corner within is of four cells: every fortieth makes a tenth of the cells change.
	for i := 0; i < n*n; i += 40 {
		row, col := i/n, i%n
		if row == 0 || col == 0 {
			continue
		}
		p := at(col*steps, row*steps)
		places[[2]int{col * steps, row * steps}] = geo.Point{X: p.X + 1000, Y: p.Y + 1000}
	}
	after = build()
	for range count {
		list = append(list, point{geo.Point{X: 1215000000 + r.Int32N(int32(n*pitch)), Y: 250000000 + r.Int32N(int32(n*pitch))}, float64(r.IntN(4))})
	}
	return before, after, list
}

func TestATownIsThatOfAFullJoin(t *testing.T) {
	before, after, list := town(25, 20_000)
	change := impact.Compare(before, after)
	got := change.Flows(points(list))
	full := slices.DeleteFunc(join(before, after, list), func(f impact.Flow) bool { return !f.Moved() })
	have := slices.DeleteFunc(slices.Clone(got.List), func(f impact.Flow) bool { return !f.Moved() })
	if diff := gocmp.Diff(full, have); diff != "" || got.Moved == 0 || got.Located > len(list)/3 {
		t.Errorf("%d moved, %d of %d located; (-full +impact) %s", got.Moved, got.Located, len(list), diff)
	}
}

// BenchmarkImpact has 16,129 cells, a tenth of which change, and a million points.
func BenchmarkImpact(b *testing.B) {
	before, after, list := town(127, 1_000_000)
	change := impact.Compare(before, after)
	f := change.Flows(points(list))
	b.Logf("%d of %d cells change, %d points are located again, %d move", len(change.Rows()), len(before), f.Located, f.Moved)
	b.Run("points", func(b *testing.B) {
		for b.Loop() {
			impact.Compare(before, after).Flows(points(list))
		}
	})
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			c := impact.Compare(before, after)
			c.Report(c.Layer("points", "amount", c.Flows(points(list))))
		}
	})
}
