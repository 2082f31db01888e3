package report_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/report"
)

func rectangle(x, y, w, h int32) geo.Shape {
	s, err := geo.NewShape(geo.KindPolygon, []geo.Point{{X: x, Y: y}, {X: x + w, Y: y}, {X: x + w, Y: y + h}, {X: x, Y: y + h}, {X: x, Y: y}}, []uint32{5}, []uint32{1})
	if err != nil {
		panic(err)
	}
	return s
}

// hundred is about 100 m at the equator in units.
const hundred = 9000

// blocks are four squares in a row, the third with a gap before it, the last twice as wide and over the border of its parent.
func blocks() report.Input {
	cell := func(code string, x, w int32, households float64, doors int) report.Cell {
		return report.Cell{Code: code, Parent: "p", Shape: rectangle(x, 0, w, hundred), Households: &households, Counts: []int{doors}}
	}
	in := report.Input{Measures: []string{"doors"}, Areas: map[string]geo.Shape{"p": rectangle(0, 0, 5*hundred, hundred)}}
	in.Cells = []report.Cell{
		cell("b", hundred, hundred, 300, 10), cell("a", 0, hundred, 300, 10), cell("c", 2*hundred+10, hundred-10, 300, 20),
		cell("d", 3*hundred, 2*hundred+100, 1500, 40),
	}
	in.Cells[0].Grade, in.Cells[3].Grade, in.Cells[3].Kind, in.Cells[3].Reason = "一般管理", "general", "单位", "one tower"
	in.Cells[1].Stops = []geo.Point{{X: 0, Y: 0}, {X: 1000, Y: 0}, {X: 1000, Y: 1000}, {X: 0, Y: 1000}, {X: 1000, Y: 0}}
	in.Cells[0].Streets = [][2]geo.Point{{{X: 0, Y: 0}, {X: 1000, Y: 0}}, {{X: 1000, Y: 0}, {X: 1000, Y: 1000}}}
	in.Buildings = []report.Object{{Layer: "houses", ID: "h", Cells: []string{"a", "b"}}}
	in.Outside = []report.Outside{{Layer: "doors", Count: 2}}
	in.Low, in.High = 200, 500
	return in
}

func TestReport(t *testing.T) {
	var told []int
	r, err := report.Of(blocks(), func(cells int) error { told = append(told, cells); return nil })
	if err != nil || !slices.Equal(told, []int{0, len(r.Rows)}) {
		t.Error(err, told)
	}
	c := r.Complete
	if c.Gaps != 0 || c.Overlaps != 0 || !slices.Equal(c.Across, []string{"d"}) || c.BuildingsCut != 1 || c.PartsCut != 0 || c.Outside[0].Count != 2 {
		t.Errorf("complete: %+v", c)
	}
	if b := r.Balanced; b.Households.P50 != 300 || b.Households.Max != 1500 || b.Below != 0 || b.Above != 1 || b.Reasons != 1 || b.Measures[0].Mean != 20 {
		t.Errorf("balanced: %+v, households %+v", b, *b.Households)
	}
	// d has 5 times the households of the middle cell and 4 times its doors, of which that has 10.
	if x := r.Rows[3]; x.Code != "d" || x.Load != 4.5 || x.Proposed != report.Comprehensive || r.Rows[2].Load != 1.5 || r.Rows[2].Proposed != report.Key {
		t.Errorf("rows %+v", r.Rows)
	}
	if d := r.Differentiated; d.Differ != 1 || d.Proposed[report.General] != 2 || len(d.Grades) != 2 || d.Kinds[0].Name != "单位" {
		t.Errorf("differentiated: %+v", d)
	}
	if math.Abs(r.Rows[0].Compactness-math.Pi/4) > 0.001 || r.Rows[0].WalkBy != "stops" || r.Rows[1].WalkBy != "streets" {
		t.Errorf("convenient: %+v", r.Rows[:2])
	}
	var table, english, chinese bytes.Buffer
	for _, err := range []error{r.WriteCSV(&table), r.WriteText(&english, "en"), r.WriteText(&chinese, "zh")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(table.String(), "code,parent,area_m2,households,doors,load,") || !strings.Contains(table.String(), ",单位,general,comprehensive,one tower\n") {
		t.Error(table.String())
	}
	for _, want := range []string{"COMPLETE", "buildings cut", "outside of all cells: doors", "proposed: comprehensive", "gini"} {
		if !strings.Contains(english.String(), want) {
			t.Errorf("no %q in\n%s", want, &english)
		}
	}
	for _, want := range []string{"完整性", "便利性", "均衡性", "差异性", "综合治理", "基尼系数"} {
		if !strings.Contains(chinese.String(), want) {
			t.Errorf("no %q in\n%s", want, &chinese)
		}
	}
}

func TestReportOfDefects(t *testing.T) {
	in := blocks()
	in.Cells = append(in.Cells, report.Cell{Code: "e", Counts: []int{0}, Shape: rectangle(0, hundred, 2*hundred, hundred)}, report.Cell{Code: "f", Counts: []int{0}, Shape: rectangle(2*hundred, hundred, 4*hundred, hundred)}, report.Cell{Code: "g", Counts: []int{0}, Shape: rectangle(10, 10, 50, 50)}, report.Cell{Code: "h", Counts: []int{0}, Shape: rectangle(-hundred, -hundred, 7*hundred, hundred)})
	r, err := report.Of(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := r.Complete
	if c.Gaps != 1 || c.Overlaps != 1 || math.Abs(c.GapM2-10*hundred*1.234e-4) > 1 || c.OverlapM2 < 0.2 || c.MissingVertices == 0 {
		t.Errorf("%+v", c)
	}
	stop := errors.New("stop")
	if r, err := report.Of(in, func(int) error { return stop }); r != nil || !errors.Is(err, stop) {
		t.Error("it does not end", err)
	}
	if empty, err := report.Of(report.Input{}, nil); err != nil || empty.Cells != 0 || empty.Balanced.Households != nil || empty.Rows == nil {
		t.Errorf("of nothing: %+v", empty)
	}
}

func TestGradeOf(t *testing.T) {
	for text, want := range map[string]report.Grade{"重点管理": report.Key, "综合治理": report.Comprehensive, "general": report.General, "其他": ""} {
		if got := report.GradeOf(text); got != want {
			t.Errorf("%s is %q", text, got)
		}
	}
}

// TestSpread compares with formulas as books have them, over all pairs.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1000), 1, 30).Draw(r, "values")
		s := report.SpreadOf(values)
		differences, sum, squares := 0.0, 0.0, 0.0
		for _, a := range values {
			sum += a
			for _, b := range values {
				differences += math.Abs(a - b)
			}
		}
		n := float64(len(values))
		for _, a := range values {
			squares += (a - sum/n) * (a - sum/n)
		}
		if sum > 1e-6 {
			if gini := differences / (2 * n * sum); math.Abs(gini-s.Gini) > 1e-4 {
				r.Fatalf("gini %v instead of %v", s.Gini, gini)
			}
			if cv := math.Sqrt(squares/n) / (sum / n); math.Abs(cv-s.CV) > 1e-4 {
				r.Fatalf("cv %v instead of %v", s.CV, cv)
			}
		}
		for p, got := range map[float64]float64{0.05: s.P5, 0.5: s.P50, 0.95: s.P95} {
			not, less := 0, 0
			for _, a := range values {
				if a <= got {
					not++
				}
				if a < got {
					less++
				}
			}
			if float64(not) < p*n-1e-9 || float64(less) >= p*n+1e-9 {
				r.Fatalf("%v is no %v percentile of %v", got, p, values)
			}
		}
		if s.Min != slices.Min(values) || s.Max != slices.Max(values) {
			r.Fatal(s)
		}
	})
}

// TestWalk knows some rounds, and bounds all: no round is shorter than the streets, or longer than walking each of them
// twice when they hang together.
func TestWalk(t *testing.T) {
	p := func(x, y int32) geo.Point { return geo.Point{X: x * 1000, Y: y * 1000} }
	side := geo.Distance(p(0, 0), p(1, 0))
	for name, c := range map[string]struct {
		streets [][2]geo.Point
		want    float64
	}{
		"none":       {nil, 0},
		"dead end":   {[][2]geo.Point{{p(0, 0), p(1, 0)}}, 2 * side},
		"block":      {[][2]geo.Point{{p(0, 0), p(1, 0)}, {p(1, 0), p(1, 1)}, {p(1, 1), p(0, 1)}, {p(0, 1), p(0, 0)}}, 4 * side},
		"two blocks": {[][2]geo.Point{{p(0, 0), p(1, 0)}, {p(1, 0), p(1, 1)}, {p(1, 1), p(0, 1)}, {p(0, 1), p(0, 0)}, {p(1, 0), p(2, 0)}, {p(2, 0), p(2, 1)}, {p(2, 1), p(1, 1)}}, 8 * side},
		"apart":      {[][2]geo.Point{{p(0, 0), p(1, 0)}, {p(1, 0), p(0, 0)}, {p(2, 0), p(3, 0)}, {p(3, 0), p(2, 0)}}, 6 * side},
	} {
		if got := report.Walk(c.streets); math.Abs(got-c.want) > 0.05*side {
			t.Errorf("%s: %v instead of %v", name, got, c.want)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		at := []geo.Point{p(0, 0)}
		var streets [][2]geo.Point
		total := 0.0
		for range rapid.IntRange(1, 20).Draw(r, "n") {
			a := at[rapid.IntRange(0, len(at)-1).Draw(r, "a")]
			b := p(rapid.Int32Range(0, 9).Draw(r, "x"), rapid.Int32Range(0, 9).Draw(r, "y"))
			at = append(at, b)
			streets = append(streets, [2]geo.Point{a, b})
			total += geo.Distance(a, b)
		}
		if got := report.Walk(streets); got < total-1e-6 || got > 2*total+1e-6 {
			r.Fatalf("%v for %v of streets", got, total)
		}
	})
}

// TestTour compares with all orders of few stops, which the estimate must not beat, and may exceed by a quarter.
func TestTour(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var stops []geo.Point
		for range rapid.IntRange(1, 7).Draw(r, "n") {
			stops = append(stops, geo.Point{X: rapid.Int32Range(0, 5000).Draw(r, "x"), Y: rapid.Int32Range(0, 5000).Draw(r, "y")})
		}
		best := math.Inf(1)
		var try func(path []geo.Point, left []geo.Point, sum float64)
		try = func(path, left []geo.Point, sum float64) {
			if len(left) == 0 {
				best = min(best, sum+geo.Distance(path[len(path)-1], path[0]))
				return
			}
			for i, q := range left {
				try(append(slices.Clone(path), q), slices.Delete(slices.Clone(left), i, i+1), sum+geo.Distance(path[len(path)-1], q))
			}
		}
		try(stops[:1], stops[1:], 0)
		if got := report.Tour(stops, 1); got < best-0.05 || got > 1.25*best+0.05 {
			r.Fatalf("%v instead of %v", got, best)
		}
	})
	var many []geo.Point
	for i := range int32(900) {
		many = append(many, geo.Point{X: i % 30 * 100, Y: i / 30 * 100})
	}
	if got := report.Tour(many, 90_000); math.Abs(got-0.7124*math.Sqrt(900*90_000)) > 1 {
		t.Error(got)
	}
}
