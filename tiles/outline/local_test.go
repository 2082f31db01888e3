package outline_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/outline"
)

// blob is a random valid polygon with holes, a line for every third one.
func blob(tb testing.TB, rng *rand.Rand, center geo.Point, side int32) geo.Shape {
	tb.Helper()
	at := func() geo.Point {
		return geo.Point{X: center.X + rng.Int32N(side) - side/2, Y: center.Y + rng.Int32N(side) - side/2}
	}
	n := 3 + rng.IntN(30)
	xy := make([]geo.Point, n, n+1)
	for i := range xy {
		xy[i] = at()
	}
	if rng.IntN(3) == 0 {
		s, err := geo.NewShape(geo.KindLine, xy, []uint32{uint32(n)}, nil)
		if err != nil {
			tb.Fatal(err)
		}
		return s
	}
	return union(tb, [][]geo.Point{append(xy, xy[0])})
}

// What lies outside the margin of a tile does not change it, nor does the order of the features, nor what was drawn
// before, nor what the store holds; and what is inside is drawn the same after any edits.
func TestLocality(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	for round := range 60 {
		rng := rand.New(rand.NewPCG(uint64(round), 5))
		center := geo.Point{X: 1_215_000_000 + rng.Int32N(1_000_000), Y: 250_300_000}
		k := kinds[rng.IntN(len(kinds))]
		side := int32(1) << (6 + rng.IntN(9))
		m := k.lattice(t, rng, center, 12, side)
		l := layerOf(m.cells...)
		for range 30 {
			l.shapes = append(l.shapes, blob(t, rng, geo.Point{X: center.X + rng.Int32N(12*side) - 6*side, Y: center.Y + rng.Int32N(12*side) - 6*side}, 4*side))
			l.changed = append(l.changed, 0)
		}
		store := outline.NewStore(1 << 22)
		var d outline.Drawing
		for edit := range data.Seq(20) {
			z := uint32(6 + rng.IntN(14))
			a := tileOf(geo.Point{X: center.X + rng.Int32N(10*side) - 5*side, Y: center.Y + rng.Int32N(10*side) - 5*side}, z)
			o := outline.Options{Scattered: rng.IntN(2) == 0}
			want := l.draw(t, &d, store, a, z >= 16, o)
			var slots []index.Slot
			for i := range l.shapes {
				// Those beyond the margin come and go.
				if a.meets(l.shapes[i].Box(), float64(outline.Margin)/outline.Extent) || rng.IntN(2) == 0 {
					slots = append(slots, index.Slot(i))
				}
			}
			rng.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
			got := l.drawSlots(t, new(outline.Drawing), outline.NewStore(1), a, z >= 16, o, slots)
			if !reflect.DeepEqual(got.parts, want.parts) {
				for slot, parts := range want.parts {
					if !reflect.DeepEqual(parts, got.parts[slot]) {
						t.Errorf("shape %d: %v, with others %v", slot, parts, got.parts[slot])
					}
				}
				t.Fatalf("round %d, %v: a tile depends on what lies outside it", round, a)
			}
			for slot, parts := range want.parts {
				if l.shapes[slot].Kind() == geo.KindPolygon {
					checkValid(t, fmt.Sprint(round, a, slot), parts)
				}
			}
			s := rng.IntN(len(l.shapes))
			l.set(s, blob(t, rng, geo.Point{X: center.X + rng.Int32N(12*side) - 6*side, Y: center.Y + rng.Int32N(12*side) - 6*side}, 4*side), edit+1)
		}
	}
}

// Two tiles side by side draw the ground that both of them show in the same way.
func TestCommonGround(t *testing.T) {
	for round := range 60 {
		rng := rand.New(rand.NewPCG(uint64(round), 6))
		z := uint32(8 + rng.IntN(14))
		k := kinds[rng.IntN(len(kinds))]
		// A corner of tiles in the middle.
		a := tileOf(geo.Point{X: 1_215_000_000, Y: 250_300_000}, z)
		corner := geo.TileBox(a.z, a.x, a.y).Max
		width := geo.TileBox(a.z, a.x, a.y).Max.X - geo.TileBox(a.z, a.x, a.y).Min.X
		m := k.lattice(t, rng, corner, 14, max(30, width/int32(3+rng.IntN(200))))
		l := layerOf(m.cells...)
		store := outline.NewStore(1 << 24)
		var d outline.Drawing
		drawings := map[address]tile{}
		for dx := range uint32(2) {
			for dy := range uint32(2) {
				b := address{z, a.x + dx, a.y - dy}
				drawings[b] = l.draw(t, &d, store, b, z >= 16, outline.Options{})
			}
		}
		for b, mine := range drawings {
			for c, other := range drawings {
				if b == c {
					continue
				}
				for slot := range m.cells {
					x, y := int32(c.x-b.x)*outline.Extent, int32(c.y-b.y)*outline.Extent
					p := common(mine.parts[index.Slot(slot)], x, y, 0, 0)
					q := common(other.parts[index.Slot(slot)], -x, -y, x, y)
					if !slices.Equal(p, q) {
						t.Fatalf("round %d, %s, cell %d: %v draws %v, %v draws %v", round, k.name, slot, b, p, c, q)
					}
				}
			}
		}
	}
}

// common is the edges of rings within the drawing of a tile x, y away, those at the edge of either apart, moved by
// dx, dy.
func common(rings [][]outline.Vertex, x, y, dx, dy int32) []edge {
	const low, high = -outline.Buffer, outline.Extent + outline.Buffer
	x0, x1, y0, y1 := max(low, x+low), min(high, x+high), max(low, y+low), min(high, y+high)
	holds := func(v outline.Vertex) bool { return v.X >= x0 && v.X <= x1 && v.Y >= y0 && v.Y <= y1 }
	var out []edge
	for _, r := range rings {
		for i, a := range r {
			b := r[(i+1)%len(r)]
			along := a.X == b.X && (a.X == x0 || a.X == x1) || a.Y == b.Y && (a.Y == y0 || a.Y == y1)
			if holds(a) && holds(b) && !along {
				out = append(out, edge{outline.Vertex{X: a.X + dx, Y: a.Y + dy}, outline.Vertex{X: b.X + dx, Y: b.Y + dy}})
			}
		}
	}
	slices.SortFunc(out, compareEdges)
	return out
}
