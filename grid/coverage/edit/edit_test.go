package edit_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/grid/coverage/edit"
	"github.com/gewu-city/gewu/sample/sampletest"
)

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

const side = 1000

// board is n by n squares with a vertex half-way along each edge, named by column and row; the west half has parent W.
func board(t testing.TB, n int) *coverage.Coverage {
	t.Helper()
	var cells []coverage.Cell
	for row := range int32(n) {
		for col := range int32(n) {
			x, y := col*side, row*side
			parent := "E"
			if int(col) < n/2 {
				parent = "W"
			}
			cells = append(cells, coverage.Cell{Code: fmt.Sprintf("%d.%d", col, row), Parent: parent, Shape: shape([]geo.Point{
				{X: x, Y: y},
				{X: x + side/2, Y: y},
				{X: x + side, Y: y},
				{X: x + side, Y: y + side/2},
				{X: x + side, Y: y + side},
				{X: x + side/2, Y: y + side},
				{X: x, Y: y + side},
				{X: x, Y: y + side/2},
			})})
		}
	}
	c, found, err := coverage.Build(cells, coverage.Options{})
	if err != nil {
		t.Fatal(err, found)
	}
	return c
}

func pt(x, y int32) geo.Point { return geo.Point{X: x, Y: y} }

func sound(t *testing.T, c *coverage.Coverage) {
	t.Helper()
	if err := c.Euler(); err != nil {
		t.Fatal(err)
	}
	outline := c.Outline()
	if d := geo.Validate(outline); len(d) > 0 || outline.NumRings() == 0 {
		t.Fatal("outline", d)
	}
	if found := check.Cells(c.Cells(), check.Options{Outline: outline}); len(found) > 0 {
		t.Fatalf("%d defects, first %+v", len(found), found[0])
	}
}

func area(c *coverage.Coverage) (sum int64) {
	for id := range c.Faces() {
		sum += c.Twice(id)
	}
	return sum
}

// TestOperations does each operation on a board and looks at what it says or at the areas of some cells, in half squares.
func TestOperations(t *testing.T) {
	t.Parallel()
	c := board(t, 4)
	locked, _, err := edit.Do(c, edit.Lock{Codes: []string{"1.1"}}, edit.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	keep := pt(100, 500)
	for _, tt := range []struct {
		name string
		on   *coverage.Coverage
		op   edit.Op
		l    edit.Limits
		want map[string]float64 // areas in squares, 0 for a code that is gone
		err  edit.Reason
		at   *geo.Point
	}{
		{name: "move a node", op: edit.MoveVertex{From: pt(1000, 1000), To: pt(1200, 1200)}, want: map[string]float64{"0.0": 1.1, "1.1": 0.9, "1.0": 1, "0.1": 1}},
		{name: "move a vertex of the outline", op: edit.MoveVertex{From: pt(500, 0), To: pt(500, -200)}, want: map[string]float64{"0.0": 1.1}},
		{name: "move across", op: edit.MoveVertex{From: pt(1000, 1000), To: pt(2500, 1000)}, err: edit.Collides},
		{name: "move onto the next", op: edit.MoveVertex{From: pt(500, 0), To: pt(1000, 0)}, err: edit.Collides},
		{name: "move the outline onto the other side", op: edit.MoveVertex{From: pt(500, 0), To: pt(500, 4200)}, err: edit.Collides},
		{name: "move nothing", op: edit.MoveVertex{From: pt(7, 7), To: pt(8, 8)}, err: edit.Unknown},
		{name: "insert", op: edit.InsertVertex{A: pt(1000, 500), B: pt(1000, 1000), At: pt(1200, 750)}, want: map[string]float64{"0.0": 1.05, "1.0": 0.95}},
		{name: "insert beside no edge", op: edit.InsertVertex{A: pt(0, 0), B: pt(1000, 1000), At: pt(1200, 750)}, err: edit.Unknown},
		{name: "delete", op: edit.DeleteVertex{At: pt(1000, 500)}, want: map[string]float64{"0.0": 1}},
		{name: "delete a node", op: edit.DeleteVertex{At: pt(1000, 1000)}, err: edit.Collides},
		{name: "reshape", op: edit.Reshape{Line: []geo.Point{pt(1000, 0), pt(1400, 500), pt(1000, 1000)}}, want: map[string]float64{"0.0": 1.2, "1.0": 0.8}},
		{name: "reshape a part, backwards", op: edit.Reshape{Line: []geo.Point{pt(1000, 800), pt(800, 500), pt(1000, 200)}}, want: map[string]float64{"0.0": 0.94, "1.0": 1.06}},
		{name: "reshape into a third cell", op: edit.Reshape{Line: []geo.Point{pt(1000, 0), pt(1400, 1500), pt(1000, 1000)}}, err: edit.Collides},
		{name: "reshape from nowhere", op: edit.Reshape{Line: []geo.Point{pt(900, 0), pt(1100, 100)}}, err: edit.Misses},
		{name: "reshape to another border", op: edit.Reshape{Line: []geo.Point{pt(1000, 500), pt(1500, 1000)}}, err: edit.Misses},
		{name: "reshape along a knot", op: edit.Reshape{Line: []geo.Point{pt(1000, 0), pt(1400, 500), pt(1400, 400), pt(1000, 1000)}}, err: edit.Crosses},
		{name: "split", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(300, -100), pt(300, 1100)}, New: []string{"n"}}, want: map[string]float64{"0.0": 0.7, "n": 0.3, "0.1": 1}},
		{name: "split, the smaller keeps", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(300, 0), pt(300, 1000)}, New: []string{"n"}, Keep: &keep}, want: map[string]float64{"0.0": 0.3, "n": 0.7}},
		{name: "split in three", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(-100, 200), pt(1100, 200), pt(1100, 900), pt(-100, 900)}, New: []string{"n", "m"}}, want: map[string]float64{"0.0": 0.7, "n": 0.2, "m": 0.1}},
		{name: "split in three with one code", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(-100, 200), pt(1100, 200), pt(1100, 900), pt(-100, 900)}, New: []string{"n"}}, err: edit.Count},
		{name: "split that misses", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(1300, 0), pt(1300, 1000)}, New: []string{"n"}}, err: edit.Misses},
		{name: "split that ends inside", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(300, -100), pt(300, 700)}, New: []string{"n"}}, err: edit.Misses, at: &geo.Point{X: 300, Y: 700}},
		{name: "split along a knot", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(300, -100), pt(300, 700), pt(200, 400), pt(800, 400)}, New: []string{"n"}}, err: edit.Crosses},
		{name: "split with a code that exists", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(300, 0), pt(300, 1000)}, New: []string{"3.3"}}, err: edit.Exists},
		{name: "split off a sliver", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(3, 0), pt(3, 1000)}, New: []string{"n"}}, l: edit.Limits{Width: 0.5}, err: edit.TooSmall},
		{name: "split below an area", op: edit.Split{Code: "0.0", Line: []geo.Point{pt(300, 0), pt(300, 1000)}, New: []string{"n"}}, l: edit.Limits{Area: 50}, err: edit.TooSmall},
		{name: "split of nobody", op: edit.Split{Code: "x", Line: []geo.Point{pt(3, 0), pt(3, 1000)}, New: []string{"n"}}, err: edit.Unknown},
		{name: "merge", op: edit.Merge{Codes: []string{"0.0", "1.0", "0.1"}, Keep: "1.0"}, want: map[string]float64{"1.0": 3, "0.0": 0, "0.1": 0}},
		{name: "merge, the largest stays", op: edit.Merge{Codes: []string{"1.0", "0.0"}}, want: map[string]float64{"0.0": 2, "1.0": 0}},
		{name: "merge at a corner", op: edit.Merge{Codes: []string{"0.0", "1.1"}}, err: edit.Apart},
		{name: "merge of strangers", op: edit.Merge{Codes: []string{"0.0", "1.0", "0.3"}}, err: edit.Apart},
		{name: "merge across parents", op: edit.Merge{Codes: []string{"1.0", "2.0"}}, err: edit.Parents},
		{name: "merge one", op: edit.Merge{Codes: []string{"1.0", "1.0"}}, err: edit.Nothing},
		{name: "merge to a ring", op: edit.Merge{Codes: []string{"0.0", "1.0", "0.1", "0.2", "1.2"}, Keep: "0.0"}, want: map[string]float64{"0.0": 5, "1.1": 1}},
		{name: "carve", op: edit.Carve{Code: "0.0", Ring: []geo.Point{pt(300, 300), pt(700, 300), pt(700, 700), pt(300, 700)}, New: "n"}, want: map[string]float64{"0.0": 0.84, "n": 0.16}},
		{name: "carve at the border", op: edit.Carve{Code: "0.0", Ring: []geo.Point{pt(0, 300), pt(700, 300), pt(700, 700), pt(0, 700)}, New: "n"}, want: map[string]float64{"0.0": 0.72, "n": 0.28}},
		{name: "carve across the border", op: edit.Carve{Code: "0.0", Ring: []geo.Point{pt(300, 300), pt(1700, 300), pt(700, 700), pt(300, 700)}, New: "n"}, err: edit.Misses},
		{name: "carve all", op: edit.Carve{Code: "0.0", Ring: []geo.Point{pt(0, 0), pt(1000, 0), pt(1000, 1000), pt(0, 1000)}, New: "n"}, err: edit.Misses},
		{name: "absorb", op: edit.Absorb{Code: "0.0", Ring: []geo.Point{pt(900, 200), pt(1500, 200), pt(1500, 1200), pt(900, 1200)}}, want: map[string]float64{"0.0": 1.52, "1.0": 0.6, "1.1": 0.9, "0.1": 0.98}},
		{name: "absorb apart", op: edit.Absorb{Code: "0.0", Ring: []geo.Point{pt(1100, 200), pt(1500, 200), pt(1500, 700)}}, err: edit.Apart},
		{name: "absorb a whole cell", op: edit.Absorb{Code: "0.0", Ring: []geo.Point{pt(1000, 0), pt(2000, 0), pt(2000, 1000), pt(1000, 1000)}}, err: edit.Apart},
		{name: "absorb through a cell", op: edit.Absorb{Code: "0.0", Ring: []geo.Point{pt(900, 200), pt(2100, 200), pt(2100, 400), pt(900, 400)}}, err: edit.Parents},
		{name: "absorb what parts a cell", op: edit.Absorb{Code: "0.0", Ring: []geo.Point{pt(900, 200), pt(2000, 200), pt(2000, 400), pt(900, 400)}}, err: edit.Apart},
		{name: "absorb nothing", op: edit.Absorb{Code: "0.0", Ring: []geo.Point{pt(100, 200), pt(200, 200), pt(200, 400)}}, err: edit.Misses},
		{name: "reassign", op: edit.Reassign{Codes: []string{"1.0"}, Parent: "E"}, want: map[string]float64{"1.0": 1}},
		{name: "reassign to its own", op: edit.Reassign{Codes: []string{"1.0"}, Parent: "W"}, err: edit.Nothing},
		{name: "assign", op: edit.Assign{List: []edit.Assignment{{Code: "1.0", Parent: "N"}, {Code: "x", Parent: "N"}}}, err: edit.Unknown},
		{name: "assign twice", op: edit.Assign{List: []edit.Assignment{{Code: "1.0", Parent: "N"}, {Code: "1.0", Parent: "S"}}}, err: edit.Exists},
		{name: "locked, move a node", on: locked, op: edit.MoveVertex{From: pt(1000, 1000), To: pt(1200, 1200)}, err: edit.Locked},
		{name: "locked, split", on: locked, op: edit.Split{Code: "1.1", Line: []geo.Point{pt(1300, 0), pt(1300, 2500)}, New: []string{"n"}}, err: edit.Locked},
		{name: "locked, reassign", on: locked, op: edit.Reassign{Codes: []string{"1.1"}, Parent: "E"}, err: edit.Locked},
		{name: "locked, absorb", on: locked, op: edit.Absorb{Code: "0.1", Ring: []geo.Point{pt(900, 1200), pt(1500, 1200), pt(1500, 1500), pt(900, 1500)}}, err: edit.Locked},
		{name: "locked neighbour gets a vertex", on: locked, op: edit.Split{Code: "1.0", Line: []geo.Point{pt(1300, -10), pt(1300, 1010)}, New: []string{"n"}}, want: map[string]float64{"1.0": 0.7, "n": 0.3, "1.1": 1}},
		{name: "unlock", on: locked, op: edit.Lock{Codes: []string{"1.1"}, Unlock: true}, want: map[string]float64{"1.1": 1}},
	} {
		on := c
		if tt.on != nil {
			on = tt.on
		}
		before := on.Append(nil)
		after, ch, err := edit.Do(on, tt.op, tt.l)
		if !bytes.Equal(before, on.Append(nil)) {
			t.Errorf("%s: the coverage has changed", tt.name)
		}
		var r *edit.RefusalError
		if errors.As(err, &r); err != nil && (r == nil || r.Reason != tt.err) || err == nil && tt.err != "" {
			t.Errorf("%s: %v instead of %q", tt.name, err, tt.err)
			continue
		}
		if tt.at != nil && (r.At == nil || *r.At != *tt.at || !strings.Contains(err.Error(), "0.0000")) {
			t.Errorf("%s: at %v", tt.name, r.At)
		}
		if err != nil {
			continue
		}
		sound(t, after)
		for code, want := range tt.want {
			id, ok := after.Lookup(code)
			if got := float64(after.Twice(id)) / 2 / side / side; got != want || ok != (want > 0) {
				t.Errorf("%s: cell %s has %v squares instead of %v", tt.name, code, got, want)
			}
		}
		back, err := after.Apply(ch.Inverse())
		if err != nil || !bytes.Equal(back.Append(nil), before) {
			t.Errorf("%s: the inverse gives something else: %v", tt.name, err)
		}
	}
}

// TestWedge takes ground near the tip of a wedge, whose sides are rounded to one edge there: the tip has no ground left. All
// is turned and mirrored, so that borders come in every order.
func TestWedge(t *testing.T) {
	t.Parallel()
	for k := range 8 {
		turned := func(flat ...int32) (out []geo.Point) {
			for i := 0; i < len(flat); i += 2 {
				x, y := flat[i], flat[i+1]
				if k&1 > 0 {
					x = 100 - x
				}
				if k&2 > 0 {
					y = 100 - y
				}
				if k&4 > 0 {
					x, y = y, x
				}
				out = append(out, pt(x, y))
			}
			return out
		}
		c, found, err := coverage.Build([]coverage.Cell{
			{Code: "W", Shape: shape(turned(0, 0, 40, 0, 40, 1))}, {Code: "A", Shape: shape(turned(0, 0, 40, 1, 40, 40, 0, 40))},
		}, coverage.Options{})
		if err != nil {
			t.Fatal(err, found)
		}
		after, _, err := edit.Do(c, edit.Absorb{Code: "A", Ring: turned(12, -5, 25, -5, 25, 5, 12, 5)}, edit.Limits{})
		if err != nil {
			t.Fatal(k, err)
		}
		sound(t, after)
		if id, _ := after.Lookup("W"); after.Twice(id) >= c.Twice(id) || after.Shape(id).OnBoundary(turned(25, 0)[0]) == after.Shape(id).OnBoundary(turned(0, 0)[0]) {
			t.Error(k, after.Shape(id))
		}
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	h := edit.History{Now: board(t, 2)}
	for _, set := range []map[string]string{{"kind": "商务", "grade": "1"}, {"kind": "", "b": "2"}} {
		if err := h.Do(edit.SetAttributes{Code: "0.0", Set: set}, edit.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	id, _ := h.Now.Lookup("0.0")
	if got := fmt.Sprint(h.Now.Face(id).Attributes); got != "[{b 2} {grade 1}]" {
		t.Error(got)
	}
}

// random is an operation that may or may not be possible.
func random(r *rand.Rand, c *coverage.Coverage, step int) edit.Op {
	var ids []coverage.FaceID
	for id := range c.Faces() {
		ids = append(ids, id)
	}
	id := ids[r.IntN(len(ids))]
	f := c.Face(id)
	ring := c.Shape(id).Ring(0)
	v := ring[r.IntN(len(ring))]
	far := []int32{2, 100, 700}[r.IntN(3)]
	near := func(p geo.Point) geo.Point {
		return pt(p.X+r.Int32N(2*far+1)-far, p.Y+r.Int32N(2*far+1)-far)
	}
	mid := geo.LabelPoint(c.Shape(id))
	switch r.IntN(11) {
	case 0, 1:
		return edit.MoveVertex{From: v, To: near(v)}
	case 2:
		i := 1 + r.IntN(len(ring)-1)
		return edit.InsertVertex{A: ring[i-1], B: ring[i], At: near(geo.Between(ring[i-1], ring[i], 0.5))}
	case 3:
		return edit.DeleteVertex{At: v}
	case 4:
		i := r.IntN(len(ring))
		return edit.Reshape{Line: []geo.Point{v, near(v), ring[i]}}
	case 5, 6:
		w := ring[r.IntN(len(ring))]
		return edit.Split{Code: f.Code, Line: []geo.Point{v, near(mid), w}, New: []string{fmt.Sprint("n", step)}}
	case 7:
		list := []string{f.Code}
		for _, n := range c.Neighbours(id) {
			if r.IntN(3) == 0 {
				list = append(list, c.Face(n).Code)
			}
		}
		return edit.Merge{Codes: list}
	case 8:
		return edit.Carve{Code: f.Code, Ring: []geo.Point{near(mid), near(mid), near(mid)}, New: fmt.Sprint("n", step)}
	case 9:
		return edit.Absorb{Code: f.Code, Ring: []geo.Point{near(v), near(v), near(v), near(v)}}
	default:
		return edit.Reassign{Codes: []string{f.Code}, Parent: []string{"E", "W"}[r.IntN(2)]}
	}
}

// TestSequences does random operations, undoes them all and does them again: after each the coverage is sound, undone and
// redone ones are the same byte by byte, and borders inside the outline conserve its area.
func TestSequences(t *testing.T) {
	t.Parallel()
	// In round 80 two borders are rounded to the same edge.
	rounds := []int{0, 1, 80}
	if !testing.Short() {
		for i := range 100 {
			rounds = append(rounds, 100+i)
		}
	}
	for _, round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 7))
		h := edit.History{Now: board(t, 4)}
		states := [][]byte{h.Now.Append(nil)}
		done := map[string]int{}
		for step := range 250 {
			before, outline := area(h.Now), h.Now.Outline()
			op := random(r, h.Now, step)
			if err := h.Do(op, edit.Limits{}); err != nil {
				if _, ok := errors.AsType[*edit.RefusalError](err); !ok {
					t.Fatalf("round %d, %T: %v", round, op, err)
				}
				continue
			}
			done[fmt.Sprintf("%T", op)]++
			if step%5 == 0 {
				sound(t, h.Now)
			}
			// A vertex that a line brings to the outline is rounded, and moves it by less than a unit.
			_, merged := op.(edit.Merge)
			if got := area(h.Now); got != before && (merged || h.Now.Outline().Equal(outline)) {
				t.Fatalf("round %d, %T: area %d instead of %d", round, op, got, before)
			}
			states = append(states, h.Now.Append(nil))
		}
		sound(t, h.Now)
		if len(done) < 8 {
			t.Errorf("round %d: only %v were possible", round, done)
		}
		for i := len(states) - 2; i >= 0; i-- {
			if !h.Undo() || !bytes.Equal(h.Now.Append(nil), states[i]) {
				t.Fatalf("round %d: undone to %d differs", round, i)
			}
		}
		if h.Undo() {
			t.Error("more is undone than was done")
		}
		for i := 1; i < len(states); i++ {
			if !h.Redo() || !bytes.Equal(h.Now.Append(nil), states[i]) {
				t.Fatalf("round %d: redone to %d differs", round, i)
			}
		}
	}
}

// BenchmarkEditTaipei moves one vertex among the 11,490 unit areas of Taipei and has the whole coverage proved by who looks
// at polygons alone.
func BenchmarkEditTaipei(b *testing.B) {
	layer, _ := sampletest.World(b, "units").Layer("units")
	var cells []coverage.Cell
	for slot := range layer.Slots() {
		cells = append(cells, coverage.Cell{Code: layer.ID(slot), Shape: layer.Shape(slot)})
	}
	c, _, err := coverage.Build(cells, coverage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	outline := c.Outline()
	polygons := c.Cells()
	var from geo.Point
	for _, a := range c.Arcs() {
		if a.Left != coverage.Outside && a.Right != coverage.Outside && len(a.Points) > 4 {
			from = a.Points[len(a.Points)/2]
			break
		}
	}
	op := edit.MoveVertex{From: from, To: geo.Point{X: from.X + 1, Y: from.Y + 1}}
	b.Run("operation", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := edit.Do(c, op, edit.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("operation and proof", func(b *testing.B) {
		for b.Loop() {
			after, ch, err := edit.Do(c, op, edit.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			for _, f := range ch.Faces {
				polygons[f.ID-1].Shape = after.Shape(f.ID)
			}
			if found := check.Cells(polygons, check.Options{Outline: outline}); len(found) > 0 {
				b.Fatal(found[0])
			}
		}
	})
}
