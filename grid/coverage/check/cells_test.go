package check_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage/check"
)

// planted is a defect that a test made, and where it must be found.
type planted struct {
	kind   check.Kind
	near   geo.Point
	within int32
	cell   string
}

// plant makes defects in cells that are no neighbours: ground given up, ground taken, cells lost, vertices left out.
func plant(l *lattice, count int) []planted {
	var out []planted
	for k := range count {
		col, row := 2+5*k%(l.n-4)/5*5, 2+5*(5*k/(l.n-4))
		at := row*l.n + col
		r := slices.Clone(l.rings[at])
		p := r[1]
		want := planted{near: p, within: pitch / 2, cell: strconv.Itoa(at)}
		switch k % 4 {
		case 0:
			want.kind = check.Gap
			r[1].Y += pitch / 16
		case 1:
			want.kind = check.Overlap
			r[1].Y -= pitch / 16
		case 2:
			want.kind, want.within = check.Gap, pitch
			r = slices.Clone(l.rings[at+1])
		default:
			// A vertex half-way along an edge, where halves are whole.
			want.kind = check.MissingVertex
			a, b := r[0], r[1]
			b.X, b.Y = a.X+(b.X-a.X)/2*2, a.Y+(b.Y-a.Y)/2*2
			below := l.rings[at-l.n]
			for i := range below {
				if below[i] == r[1] {
					below[i] = b
				}
			}
			r[1] = b
			want.near, want.within = geo.Point{X: a.X + (b.X-a.X)/2, Y: a.Y + (b.Y-a.Y)/2}, 0
			r = slices.Insert(r, 1, want.near)
		}
		l.rings[at] = r
		out = append(out, want)
	}
	return out
}

func TestPlantedDefectsAreLocated(t *testing.T) {
	t.Parallel()
	l := newLattice(60, 3, 2)
	outline := l.outline()
	want := plant(l, 70)
	got := check.Cells(l.cells(), check.Options{Outline: outline})
	for _, w := range want {
		if !slices.ContainsFunc(got, func(d check.Defect) bool {
			p, _ := geo.FromDegrees(d.Point[0], d.Point[1])
			near := max(p.X-w.near.X, w.near.X-p.X, p.Y-w.near.Y, w.near.Y-p.Y) <= w.within
			return d.Kind == w.kind && near && (w.within == pitch || slices.Contains(d.Cells, w.cell))
		}) {
			t.Errorf("%+v is not found", w)
		}
	}
}

// TestEveryMutationIsCaught moves one vertex of one cell by one or two units, inside and on the outline.
func TestEveryMutationIsCaught(t *testing.T) {
	t.Parallel()
	l := newLattice(8, 2, 3)
	outline := l.outline()
	r := rand.New(rand.NewPCG(3, 3))
	for k := range 2000 {
		i := r.IntN(len(l.rings))
		old := l.rings[i]
		l.rings[i] = slices.Clone(old)
		v := r.IntN(len(old))
		by := geo.Point{X: r.Int32N(5) - 2, Y: r.Int32N(5) - 2}
		if by == (geo.Point{}) {
			by.X = 1
		}
		l.rings[i][v].X += by.X
		l.rings[i][v].Y += by.Y
		if got := check.Cells(l.cells(), check.Options{Outline: outline}); len(got) == 0 {
			t.Fatalf("mutation %d: vertex %d of cell %d by %v is missed", k, v, i, by)
		}
		l.rings[i] = old
	}
}

// TestExcessIsTheChangeOfArea compares the located areas with the sum of the cells' areas, both exact.
func TestExcessIsTheChangeOfArea(t *testing.T) {
	t.Parallel()
	l := newLattice(5, 1, 4)
	outline := l.outline()
	before := int64(0)
	for _, r := range l.rings {
		before += shoelace(r)
	}
	r := rand.New(rand.NewPCG(4, 4))
	tried := 0
	for tried < 2000 {
		changed := map[int][]geo.Point{}
		for range 1 + r.IntN(4) {
			i := r.IntN(len(l.rings))
			if _, ok := changed[i]; ok {
				continue
			}
			changed[i] = l.rings[i]
			l.rings[i] = slices.Clone(l.rings[i])
			far := []int32{2, 300, 9000}[r.IntN(3)]
			v := r.IntN(len(l.rings[i]))
			l.rings[i][v].X += r.Int32N(2*far+1) - far
			l.rings[i][v].Y += r.Int32N(2*far+1) - far
			if r.IntN(8) == 0 {
				l.rings[i] = slices.Clone(l.rings[(i+1)%len(l.rings)])
			}
		}
		after, valid := int64(0), true
		cells := l.cells()
		for i, ring := range l.rings {
			after += shoelace(ring)
			valid = valid && len(geo.Validate(cells[i].Shape)) == 0
		}
		if valid && after != 0 {
			tried++
			sum := new(big.Rat)
			for _, d := range check.Cells(cells, check.Options{Outline: outline}) {
				sum.Add(sum, new(big.Rat).Mul(d.Twice, new(big.Rat).SetInt64(int64(d.Excess))))
				inFace(t, d)
			}
			if sum.Cmp(new(big.Rat).SetInt64(after-before)) != 0 {
				t.Fatalf("case %d: located %v, areas changed by %d", tried, sum, after-before)
			}
		}
		for i, old := range changed {
			l.rings[i] = old
		}
	}
}

// TestExcessOfHeaps throws triangles on a few whole places, where edges end on each other, overlap and cross in whole places
// more often than not: what is located adds up to the areas of the triangles less that of the outline, exactly.
func TestExcessOfHeaps(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 6))
	for k := range 3000 {
		size := int32(4 + r.IntN(30))
		outline := box(0, 0, size, size)
		want := -shoelace(outline)
		var cells []check.Cell
		for i := range 1 + r.IntN(7) {
			var ring []geo.Point
			for range 3 {
				ring = append(ring, geo.Point{X: r.Int32N(size+3) - 1, Y: r.Int32N(size+3) - 1})
			}
			switch area := shoelace(ring); {
			case area == 0:
				continue
			case area < 0:
				slices.Reverse(ring)
			}
			want += shoelace(ring)
			cells = append(cells, check.Cell{ID: strconv.Itoa(i), Shape: polygon(ring)})
		}
		sum := new(big.Rat)
		for _, d := range check.Cells(cells, check.Options{Outline: polygon(outline)}) {
			sum.Add(sum, new(big.Rat).Mul(d.Twice, new(big.Rat).SetInt64(int64(d.Excess))))
		}
		if sum.Cmp(new(big.Rat).SetInt64(want)) != 0 {
			t.Fatalf("heap %d, %v: located %v instead of %d", k, cells, sum, want)
		}
	}
}

func inFace(t *testing.T, d check.Defect) {
	t.Helper()
	if d.Kind != check.MissingVertex && d.Twice.Sign() <= 0 {
		t.Fatalf("%s with area %v at %v", d.Kind, d.Twice, d.Point)
	}
}

// TestPointsAreInside looks at each place with a test of another library.
func TestPointsAreInside(t *testing.T) {
	t.Parallel()
	l := newLattice(30, 2, 5)
	outline := l.outline()
	plant(l, 20)
	cells := l.cells()
	for _, d := range check.Cells(cells, check.Options{Outline: outline}) {
		count := 0
		var in []string
		for _, c := range cells {
			if planar.PolygonContains(c.Shape.Orb().(orb.Polygon), d.Point) {
				count++
				in = append(in, c.ID)
			}
		}
		switch d.Kind {
		case check.Gap:
			if count != 0 {
				t.Errorf("gap %v: %d cells", d.Point, count)
			}
		case check.Overlap:
			slices.Sort(in)
			if !slices.Equal(in, d.Cells) {
				t.Errorf("overlap %v of %v: there are %v", d.Point, d.Cells, in)
			}
		case check.Outside, check.Sliver, check.InvalidRing, check.MissingVertex:
		}
	}
}

func box(x0, y0, x1, y1 int32) []geo.Point {
	return []geo.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

func backwards(r []geo.Point) []geo.Point {
	r = slices.Clone(r)
	slices.Reverse(r)
	return r
}

// TestShapes are small cases whose answer can be seen.
func TestShapes(t *testing.T) {
	t.Parallel()
	hole := func(outer, inner []geo.Point) geo.Shape { return polygon(outer, backwards(inner)) }
	for _, c := range []struct {
		name    string
		cells   []geo.Shape
		outline []geo.Point
		want    []string
	}{
		{name: "nothing", want: nil},
		{name: "nothing in an outline", outline: box(0, 0, 10, 10), want: []string{"gap 200 []"}},
		{name: "two that touch in a point", cells: []geo.Shape{polygon(box(0, 0, 10, 10)), polygon(box(10, 10, 20, 20))}},
		{name: "islands", cells: []geo.Shape{polygon(box(0, 0, 10, 10)), polygon(box(50, 0, 60, 10))}},
		{name: "enclave", cells: []geo.Shape{hole(box(0, 0, 30, 30), box(10, 10, 20, 20)), polygon(box(10, 10, 20, 20))}},
		{name: "empty hole", cells: []geo.Shape{hole(box(0, 0, 30, 30), box(10, 10, 20, 20))}, want: []string{"gap 200 [0]"}},
		{name: "enclave that is too small", cells: []geo.Shape{hole(box(0, 0, 30, 30), box(10, 10, 20, 20)), polygon(box(12, 12, 18, 18))}, want: []string{"gap 128 [0 1]"}},
		{name: "cell within a cell", cells: []geo.Shape{polygon(box(0, 0, 30, 30)), polygon(box(10, 10, 20, 20))}, want: []string{"overlap 200 [0 1]"}},
		{name: "the same twice", cells: []geo.Shape{polygon(box(0, 0, 10, 10)), polygon(box(0, 0, 10, 10))}, want: []string{"overlap 200 [0 1]"}},
		{
			name:  "three deep",
			cells: []geo.Shape{polygon(box(0, 0, 30, 30)), polygon(box(0, 0, 20, 20)), polygon(box(5, 5, 10, 10))},
			want:  []string{"overlap 750 [0 1]", "overlap 50 [0 1 2]"},
		},
		{
			name: "across the outline", outline: []geo.Point{{X: 0, Y: 0}, {X: 10, Y: 0}, {X: 20, Y: 0}, {X: 20, Y: 10}, {X: 10, Y: 10}, {X: 0, Y: 10}},
			cells: []geo.Shape{polygon(box(0, 0, 10, 10)), polygon(box(10, 0, 20, 10)), polygon(box(15, 5, 25, 8))},
			want:  []string{"overlap 30 [1 2]", "outside 30 [2]"},
		},
		{
			name: "two on the same ground outside", outline: box(0, 0, 10, 10),
			cells: []geo.Shape{polygon(box(0, 0, 10, 10)), polygon(box(10, 0, 20, 10)), polygon(box(10, 0, 20, 10))},
			want:  []string{"overlap 200 [1 2]", "outside 200 [1 2]"},
		},
		{
			name:  "collinear vertex on one side",
			cells: []geo.Shape{polygon(box(0, 0, 10, 10)), polygon(box(10, 0, 20, 5)), polygon(box(10, 5, 20, 10))},
			want:  []string{"missing_vertex 0 [0 1 2]"},
		},
		{
			name:  "vertex beside a slanting edge, off by rounding",
			cells: []geo.Shape{polygon([]geo.Point{{X: 0, Y: 0}, {X: 100, Y: 31}, {X: 0, Y: 100}}), polygon([]geo.Point{{X: 0, Y: 0}, {X: 100, Y: -50}, {X: 100, Y: 31}, {X: 50, Y: 15}})},
			want:  []string{"missing_vertex 50 [0 1]"},
		},
		{
			name: "vertex on the outline alone", outline: []geo.Point{{X: 0, Y: 0}, {X: 5, Y: 0}, {X: 10, Y: 0}, {X: 10, Y: 10}, {X: 0, Y: 10}},
			cells: []geo.Shape{polygon(box(0, 0, 10, 10))}, want: []string{"missing_vertex 0 [0]"},
		},
		{
			name:  "bow-tie",
			cells: []geo.Shape{polygon([]geo.Point{{X: 0, Y: 0}, {X: 10, Y: 10}, {X: 10, Y: 0}, {X: 0, Y: 10}}), polygon(box(10, 0, 20, 10))},
			want:  []string{"invalid_ring [0]"},
		},
		{
			name:  "ring that touches itself",
			cells: []geo.Shape{polygon([]geo.Point{{X: 0, Y: 0}, {X: 20, Y: 0}, {X: 20, Y: 20}, {X: 10, Y: 0}, {X: 0, Y: 20}})},
			want:  []string{"invalid_ring [0]"},
		},
		{name: "clockwise shell", cells: []geo.Shape{polygon(backwards(box(0, 0, 10, 10))), polygon(box(10, 0, 20, 10))}},
		{
			name:  "bridge between two holes",
			cells: []geo.Shape{polygon(box(0, 0, 50, 30), backwards(box(10, 10, 20, 20)), backwards(box(20, 10, 30, 20))), polygon(box(10, 10, 20, 20))},
			want:  []string{"invalid_ring [0]", "gap 200 [0 1]"},
		},
		{
			name:  "holes that touch in a point",
			cells: []geo.Shape{polygon(box(0, 0, 50, 30), backwards(box(10, 10, 20, 15)), backwards(box(20, 15, 30, 20))), polygon(box(10, 10, 20, 15))},
			want:  []string{"gap 100 [0]"},
		},
	} {
		var o check.Options
		if c.outline != nil {
			o.Outline = polygon(c.outline)
		}
		cells := make([]check.Cell, len(c.cells))
		for i, s := range c.cells {
			cells[i] = check.Cell{ID: strconv.Itoa(i), Shape: s}
		}
		var got []string
		for _, d := range check.Cells(cells, o) {
			text := string(d.Kind)
			if d.Twice != nil {
				text += " " + d.Twice.RatString()
			}
			got = append(got, fmt.Sprint(text, " ", d.Cells))
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q instead of %q", c.name, got, c.want)
		}
	}
}

func TestNested(t *testing.T) {
	t.Parallel()
	named := func(id string, s geo.Shape) check.Cell { return check.Cell{ID: id, Shape: s} }
	parents := []check.Cell{named("P", polygon([]geo.Point{{X: 0, Y: 0}, {X: 10, Y: 0}, {X: 20, Y: 0}, {X: 20, Y: 10}, {X: 10, Y: 10}, {X: 0, Y: 10}})), named("Q", polygon(box(20, 0, 40, 10)))}
	cells := []check.Cell{
		named("a", polygon(box(0, 0, 10, 10))), named("b", polygon(box(10, 0, 20, 10))), named("c", polygon(box(20, 0, 40, 10))),
	}
	if got := check.Nested(cells, parents, []int32{0, 0, 1}, check.Options{}); len(got) != 0 {
		t.Error(got)
	}
	got := check.Nested(cells, parents, []int32{0, 1, 1}, check.Options{})
	got = slices.DeleteFunc(got, func(d check.Defect) bool { return d.Kind == check.MissingVertex })
	if len(got) != 2 || got[0].Kind != check.Gap || got[1].Kind != check.Outside || got[1].Cells[0] != "b" {
		t.Error(got)
	}
}
