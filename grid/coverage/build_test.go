package coverage_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/sample/sampletest"
)

const pitch = 10000

// bent are n by n cells with bent borders: rings as lists of points, with as many vertices between corners.
func bent(n, between int, seed uint64) [][]geo.Point {
	r := rand.New(rand.NewPCG(seed, 9))
	steps := between + 1
	at := make([][]geo.Point, n*steps+1)
	for y := range at {
		at[y] = make([]geo.Point, n*steps+1)
		for x := range at[y] {
			off := int32(pitch / steps / 5)
			at[y][x] = geo.Point{
				X: 1160000000 + int32(x*pitch/steps) + r.Int32N(2*off) - off,
				Y: 400000000 + int32(y*pitch/steps) + r.Int32N(2*off) - off,
			}
		}
	}
	var rings [][]geo.Point
	for cy := range n {
		for cx := range n {
			x, y := cx*steps, cy*steps
			var ring []geo.Point
			for k := range steps {
				ring = append(ring, at[y][x+k])
			}
			for k := range steps {
				ring = append(ring, at[y+k][x+steps])
			}
			for k := range steps {
				ring = append(ring, at[y+steps][x+steps-k])
			}
			for k := range steps {
				ring = append(ring, at[y+steps-k][x])
			}
			rings = append(rings, ring)
		}
	}
	return rings
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

// cellsOf gives rings codes by their place, and parents by blocks of four by four.
func cellsOf(n int, rings [][]geo.Point) []coverage.Cell {
	out := make([]coverage.Cell, len(rings))
	for i, r := range rings {
		out[i] = coverage.Cell{Code: fmt.Sprintf("c%04d", i), Parent: fmt.Sprintf("p%d-%d", i/n/4, i%n/4), Shape: shape(r)}
	}
	return out
}

// sound fails the test unless a coverage is what it should be, for its own counts and for who looks at polygons alone.
func sound(t *testing.T, c *coverage.Coverage, outline geo.Shape) {
	t.Helper()
	if err := c.Euler(); err != nil {
		t.Fatal(err)
	}
	if found := check.Cells(c.Cells(), check.Options{Outline: outline}); len(found) > 0 {
		t.Fatalf("%d defects, first %+v", len(found), found[0])
	}
	sum := int64(0)
	for id := range c.Faces() {
		sum += c.Twice(id)
	}
	if want := twice(outline); sum != want {
		t.Fatalf("faces have %d, the outline %d", sum, want)
	}
}

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

func build(t *testing.T, cells []coverage.Cell, o coverage.Options) (*coverage.Coverage, []coverage.Defect) {
	t.Helper()
	c, found, err := coverage.Build(cells, o)
	if err != nil {
		t.Fatal(err, found)
	}
	return c, found
}

func TestBuild(t *testing.T) {
	t.Parallel()
	const n = 12
	cells := cellsOf(n, bent(n, 3, 1))
	c, found := build(t, cells, coverage.Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	sound(t, c, c.Outline())
	for i, cell := range cells {
		id, ok := c.Lookup(cell.Code)
		if !ok || id != coverage.FaceID(i+1) || twice(c.Shape(id)) != twice(cell.Shape) || c.Shape(id).NumRings() != 1 {
			t.Fatalf("cell %d is face %d with %v", i, id, c.Shape(id))
		}
	}
	// n·n cells in a lattice have 2n(n+1) borders, less two at each corner of the outline.
	if got := int(c.MaxArc()); got != 2*n*(n+1)-4 {
		t.Errorf("%d arcs", got)
	}
	// The order of the cells' vertices and of the cells does not matter to the arcs.
	again, _ := build(t, cells, coverage.Options{})
	if !bytes.Equal(c.Append(nil), again.Append(nil)) {
		t.Error("the same cells give another coverage")
	}
	for name, parent := range c.Union(func(f *coverage.Face) string { return f.Parent }) {
		var inside []check.Cell
		for id, f := range c.Faces() {
			if f.Parent == name {
				inside = append(inside, check.Cell{ID: f.Code, Shape: c.Shape(id)})
			}
		}
		if found := check.Cells(inside, check.Options{Outline: parent}); len(found) > 0 || len(geo.Validate(parent)) > 0 {
			t.Errorf("parent %s: %v", name, found)
		}
	}
}

// TestBuildRepairs breaks random cells and lets each rule repair them: the result is sound, and what was done is listed.
func TestBuildRepairs(t *testing.T) {
	t.Parallel()
	const n = 6
	r := rand.New(rand.NewPCG(5, 5))
	for round := range 150 {
		rings := bent(n, 1, uint64(round))
		for range 1 + r.IntN(6) {
			i := r.IntN(len(rings))
			rings[i] = slices.Clone(rings[i])
			v := r.IntN(len(rings[i]))
			far := []int32{1, 40, 3000}[r.IntN(3)]
			rings[i][v].X += r.Int32N(2*far+1) - far
			rings[i][v].Y += r.Int32N(2*far+1) - far
			if r.IntN(3) == 0 {
				rings[i] = slices.Delete(rings[i], v, v+1)
			}
		}
		cells := cellsOf(n, rings)
		if slices.ContainsFunc(cells, func(c coverage.Cell) bool { return len(geo.Validate(c.Shape)) > 0 }) {
			continue
		}
		whole, _ := build(t, cellsOf(n, bent(n, 1, uint64(round))), coverage.Options{})
		outline := whole.Outline()
		broken := len(check.Cells(checked(cells), check.Options{Outline: outline})) > 0
		_, listed, err := coverage.Build(cells, coverage.Options{Outline: outline})
		if broken != (len(listed) > 0) {
			t.Fatalf("round %d: broken %v, listed %v", round, broken, listed)
		}
		open := slices.ContainsFunc(listed, func(d coverage.Defect) bool { return !d.Fixed })
		if errors.Is(err, coverage.ErrDefects) != open {
			t.Fatalf("round %d: %v for %v", round, err, listed)
		}
		for _, rule := range []coverage.Rule{coverage.LongestBorder, coverage.Priority} {
			c, found, err := coverage.Build(cells, coverage.Options{Outline: outline, Rule: rule, Order: []string{"c0007", "c0014", "c0021"}})
			if err != nil {
				t.Fatal(round, err)
			}
			if len(found) != len(listed) {
				t.Fatalf("round %d: %d and %d defects", round, len(found), len(listed))
			}
			// New vertices on the outline are rounded, so that its own line moves with them.
			sound(t, c, c.Outline())
		}
	}
}

func checked(cells []coverage.Cell) []check.Cell {
	out := make([]check.Cell, len(cells))
	for i, c := range cells {
		out[i] = check.Cell{ID: c.Code, Shape: c.Shape}
	}
	return out
}

func box(x0, y0, x1, y1 int32) []geo.Point {
	return []geo.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

func backwards(r []geo.Point) []geo.Point {
	r = slices.Clone(r)
	slices.Reverse(r)
	return r
}

// TestRules are small cases whose answer can be seen: a gap between two and an overlap of two, of different borders.
func TestRules(t *testing.T) {
	t.Parallel()
	cells := []coverage.Cell{
		{Code: "A", Shape: shape(box(0, 0, 100, 100))},
		{Code: "B", Shape: shape([]geo.Point{{X: 110, Y: 0}, {X: 200, Y: 0}, {X: 200, Y: 100}, {X: 100, Y: 100}, {X: 100, Y: 60}, {X: 110, Y: 60}})},
		{Code: "C", Shape: shape(box(0, 90, 100, 200))},
	}
	outline := shape([]geo.Point{{X: 0, Y: 0}, {X: 200, Y: 0}, {X: 200, Y: 100}, {X: 100, Y: 100}, {X: 100, Y: 200}, {X: 0, Y: 200}})
	gap, overlap := geo.Point{X: 105, Y: 30}, geo.Point{X: 5, Y: 95}
	for _, c := range []struct {
		o             coverage.Options
		gap, overlap  string
		failed, fixed bool
	}{
		{o: coverage.Options{}, failed: true},
		{o: coverage.Options{Rule: coverage.LongestBorder}, gap: "B", overlap: "A", fixed: true},
		{o: coverage.Options{Rule: coverage.Priority, Order: []string{"A"}}, gap: "A", overlap: "A", fixed: true},
		{o: coverage.Options{Rule: coverage.Manual, Choices: map[geo.Point]string{gap: "A"}}, failed: true},
		{o: coverage.Options{Rule: coverage.Manual, Choices: map[geo.Point]string{gap: "A", overlap: "C"}}, gap: "A", overlap: "C", fixed: true},
	} {
		c.o.Outline = outline
		got, found, err := coverage.Build(cells, c.o)
		if errors.Is(err, coverage.ErrDefects) != c.failed || (got != nil) != c.fixed {
			t.Errorf("%+v: %v", c.o, err)
		}
		for _, d := range found {
			if d.Kind == check.Gap && (d.Code != c.gap || d.Point != gap || !slices.Equal(d.Cells, []string{"A", "B"})) && c.fixed {
				t.Errorf("%s: gap %+v", c.o.Rule, d)
			}
			if d.Kind == check.Overlap && (d.Code != c.overlap || d.Point != overlap || !slices.Equal(d.Cells, []string{"A", "C"})) && c.fixed {
				t.Errorf("%s: overlap %+v", c.o.Rule, d)
			}
		}
		if got != nil {
			sound(t, got, got.Outline())
		}
	}
}

func TestDegenerate(t *testing.T) {
	t.Parallel()
	for name, cells := range map[string][]geo.Shape{
		"touch in a point":    {shape(box(0, 0, 10, 10)), shape(box(10, 10, 20, 20))},
		"islands":             {shape(box(0, 0, 10, 10)), shape(box(50, 0, 60, 10))},
		"enclave":             {shape(box(0, 0, 30, 30), backwards(box(10, 10, 20, 20))), shape(box(10, 10, 20, 20))},
		"enclave at a corner": {shape(box(0, 0, 30, 30), backwards([]geo.Point{{X: 0, Y: 0}, {X: 20, Y: 10}, {X: 10, Y: 20}})), shape([]geo.Point{{X: 0, Y: 0}, {X: 20, Y: 10}, {X: 10, Y: 20}})},
		"two enclaves that touch": {
			shape(box(0, 0, 50, 30), backwards(box(10, 10, 20, 15)), backwards(box(20, 15, 30, 20))), shape(box(10, 10, 20, 15)), shape(box(20, 15, 30, 20)),
		},
		"collinear chain": {shape(box(0, 0, 10, 30)), shape(box(10, 0, 20, 10)), shape(box(10, 10, 20, 20)), shape(box(10, 20, 20, 30))},
		"nest of three":   {shape(box(0, 0, 50, 50), backwards(box(10, 10, 40, 40))), shape(box(10, 10, 40, 40), backwards(box(20, 20, 30, 30))), shape(box(20, 20, 30, 30))},
	} {
		var in []coverage.Cell
		for i, s := range cells {
			in = append(in, coverage.Cell{Code: fmt.Sprint(i), Shape: s})
		}
		c, found, err := coverage.Build(in, coverage.Options{})
		if err != nil {
			t.Fatal(name, err, found)
		}
		sound(t, c, c.Outline())
		for i, s := range cells {
			if got := c.Shape(coverage.FaceID(i + 1)); twice(got) != twice(s) || got.NumRings() != s.NumRings() {
				t.Errorf("%s: face %d is %v", name, i, got)
			}
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	a := coverage.Cell{Code: "A", Shape: shape(box(0, 0, 10, 10))}
	twin := coverage.Cell{Code: "B", Shape: a.Shape}
	bow := coverage.Cell{Code: "W", Shape: shape([]geo.Point{{X: 0, Y: 0}, {X: 10, Y: 10}, {X: 10, Y: 0}, {X: 0, Y: 10}})}
	for name, c := range map[string]struct {
		cells []coverage.Cell
		o     coverage.Options
	}{
		"no code":        {cells: []coverage.Cell{{Shape: a.Shape}}},
		"code twice":     {cells: []coverage.Cell{a, a}},
		"nothing left":   {cells: []coverage.Cell{a, twin}, o: coverage.Options{Rule: coverage.LongestBorder}},
		"bow-tie":        {cells: []coverage.Cell{bow}},
		"unknown choice": {cells: []coverage.Cell{a, twin}, o: coverage.Options{Rule: coverage.Manual, Choices: map[geo.Point]string{{X: 5, Y: 5}: "Z"}}},
	} {
		if _, _, err := coverage.Build(c.cells, c.o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, found, err := coverage.Build([]coverage.Cell{bow}, coverage.Options{FixRings: true}); err != nil || len(found) == 0 || !found[0].Fixed {
		t.Error(found, err)
	}
}

// taipei are the unit areas of the sample city.
func taipei(tb testing.TB) []coverage.Cell {
	tb.Helper()
	layer, _ := sampletest.World(tb, "units").Layer("units")
	var cells []coverage.Cell
	for slot := range layer.Slots() {
		id := layer.ID(slot)
		cells = append(cells, coverage.Cell{Code: id, Parent: id[:min(len(id), 10)], Shape: layer.Shape(slot)})
	}
	return cells
}

func TestTaipei(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a coverage of 11,490 cells")
	}
	t.Parallel()
	cells := taipei(t)
	c, found := build(t, cells, coverage.Options{})
	if len(found) > 0 || c.NumFaces() != len(cells) {
		t.Errorf("%d faces of %d cells, defects %v", c.NumFaces(), len(cells), found)
	}
	sound(t, c, c.Outline())
}

func BenchmarkBuildTaipei(b *testing.B) {
	cells := taipei(b)
	for b.Loop() {
		if _, _, err := coverage.Build(cells, coverage.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnion(b *testing.B) {
	const n = 127
	c, _, err := coverage.Build(cellsOf(n, bent(n, 3, 1)), coverage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got := c.Union(func(f *coverage.Face) string { return f.Parent }); len(got) != 32*32 {
			b.Fatal(len(got))
		}
	}
}
