package coverage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
)

// double is twice the area of a shape in square units, exactly.
func double(s geo.Shape) (sum int64) {
	for i := range s.NumRings() {
		ring := s.Ring(i)
		for k := 1; k < len(ring); k++ {
			a, b, o := ring[k-1], ring[k], ring[0]
			sum += int64(a.X-o.X)*int64(b.Y-o.Y) - int64(b.X-o.X)*int64(a.Y-o.Y)
		}
	}
	return sum
}

// TestDissolve gives random cells to random groups, which touch in points, enclose each other and fall apart, and asks many
// points whose ground they are: of the group of the cell that holds them.
func TestDissolve(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(r, "n")
		all := bent(n, rapid.IntRange(0, 2).Draw(r, "between"), rapid.Uint64Range(0, 9).Draw(r, "seed"))
		groups := rapid.IntRange(1, 4).Draw(r, "groups")
		shapes, group := make([]geo.Shape, len(all)), make([]int32, len(all))
		want := make([]int64, groups)
		box := geo.EmptyBox()
		for i, ring := range all {
			if k := rapid.IntRange(0, len(ring)-1).Draw(r, "turn"); k > 0 {
				ring = append(slices.Clone(ring[k:]), ring[:k]...)
			}
			shapes[i], group[i] = shape(ring), rapid.Int32Range(-1, int32(groups-1)).Draw(r, "group")
			box = box.Union(shapes[i].Box())
			if group[i] >= 0 {
				want[group[i]] += double(shapes[i])
			}
		}
		got := coverage.Dissolve(shapes, group, groups)
		for g, s := range got {
			if s.Kind() == geo.KindNone {
				if want[g] != 0 {
					r.Fatalf("group %d has no ground", g)
				}
				continue
			}
			if d := geo.Validate(s); len(d) > 0 {
				r.Fatalf("group %d: %v", g, d)
			}
			if area := double(s); area != want[g] {
				r.Fatalf("group %d has %d half units instead of %d", g, area, want[g])
			}
		}
		random := rand.New(rand.NewPCG(uint64(n), 4))
		for k := range 300 {
			p := geo.Point{X: box.Min.X + random.Int32N(box.Max.X-box.Min.X), Y: box.Min.Y + random.Int32N(box.Max.Y-box.Min.Y)}
			if k%3 == 0 {
				p = all[k%len(all)][k%len(all[0])] // on a border
			}
			owner := int32(-1)
			for i, s := range shapes {
				if s.Contains(p) {
					owner = group[i]
				}
			}
			for g, s := range got {
				if s.Contains(p) != (int32(g) == owner) {
					r.Fatalf("%v is of group %d, and in %d: %v", p, owner, g, s.Contains(p))
				}
			}
		}
	})
}

// TestUnionIsDissolve compares the areas above a coverage with those of its polygons.
func TestUnionIsDissolve(t *testing.T) {
	cells := cellsOf(13, bent(13, 3, 5))
	c, _, err := coverage.Build(cells, coverage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	number := map[string]int32{}
	var names []string
	shapes, group := make([]geo.Shape, len(cells)), make([]int32, len(cells))
	for i, cell := range cells {
		n, ok := number[cell.Parent]
		if !ok {
			n = int32(len(names))
			names, number[cell.Parent] = append(names, cell.Parent), n
		}
		shapes[i], group[i] = cell.Shape, n
	}
	union := c.Union(func(f *coverage.Face) string { return f.Parent })
	for n, s := range coverage.Dissolve(shapes, group, len(names)) {
		if u := union[names[n]]; double(u) != double(s) || u.NumRings() != s.NumRings() || u.Box() != s.Box() {
			t.Errorf("%s is %v and %v", names[n], u.Box(), s.Box())
		}
	}
}

func BenchmarkDissolve(b *testing.B) {
	for _, between := range []int{0, 3} {
		b.Run(fmt.Sprintf("vertices=%d", 4*(between+1)), func(b *testing.B) {
			cells := cellsOf(127, bent(127, between, 1))
			number := map[string]int32{}
			shapes, group := make([]geo.Shape, len(cells)), make([]int32, len(cells))
			for i, cell := range cells {
				n, ok := number[cell.Parent]
				if !ok {
					n = int32(len(number))
					number[cell.Parent] = n
				}
				shapes[i], group[i] = cell.Shape, n
			}
			for b.Loop() {
				if got := coverage.Dissolve(shapes, group, len(number)); len(got) != 32*32 {
					b.Fatal(len(got))
				}
			}
		})
	}
}
