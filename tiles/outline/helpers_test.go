package outline_test

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/outline"
)

// layer is shapes by slot.
type layer struct {
	shapes  []geo.Shape
	changed []data.Seq
}

func (l *layer) Shape(s index.Slot) geo.Shape            { return l.shapes[s] }
func (l *layer) Permanent(s index.Slot) uint32           { return uint32(s) + 1 }
func (l *layer) ChangedAt(s index.Slot) data.Seq         { return l.changed[s] }
func layerOf(shapes ...geo.Shape) *layer                 { return &layer{shapes, make([]data.Seq, len(shapes))} }
func (l *layer) set(s int, shape geo.Shape, by data.Seq) { l.shapes[s], l.changed[s] = shape, by }

// address is a tile.
type address struct{ z, x, y uint32 }

func tileOf(p geo.Point, z uint32) address {
	mx, my := p.Mercator()
	n := float64(uint32(1) << z)
	return address{z, uint32(min(mx*n, n-1)), uint32(min(my*n, n-1))}
}

// meets reports whether a box meets the tile widened by a share of its side.
func (a address) meets(b geo.Box, margin float64) bool {
	if b.Empty() {
		return false
	}
	n := float64(uint32(1) << a.z)
	x0, y1 := b.Min.Mercator()
	x1, y0 := b.Max.Mercator()
	return x1*n >= float64(a.x)-margin && x0*n <= float64(a.x)+1+margin &&
		y1*n >= float64(a.y)-margin && y0*n <= float64(a.y)+1+margin
}

// tile is what a drawing answers, by slot.
type tile struct {
	parts map[index.Slot][][]outline.Vertex
	lost  int
}

func (l *layer) draw(tb testing.TB, d *outline.Drawing, s *outline.Store, a address, detail bool, o outline.Options) tile {
	tb.Helper()
	var slots []index.Slot
	for i := range l.shapes {
		if a.meets(l.shapes[i].Box(), float64(outline.Margin)/outline.Extent) {
			slots = append(slots, index.Slot(i))
		}
	}
	return l.drawSlots(tb, d, s, a, detail, o, slots)
}

func (l *layer) drawSlots(
	tb testing.TB, d *outline.Drawing, s *outline.Store, a address, detail bool, o outline.Options, slots []index.Slot,
) tile {
	tb.Helper()
	n, err := d.Load(context.Background(), outline.NewFrame(a.z, a.x, a.y, detail), s, "epoch", l, slots, o)
	if err != nil || n != len(slots) {
		tb.Fatalf("%v: loaded %d of %d: %v", a, n, len(slots), err)
	}
	t := tile{parts: map[index.Slot][][]outline.Vertex{}}
	for i, slot := range slots {
		g, lost := d.Shape(i)
		t.lost += lost
		for k := range g.Ends {
			t.parts[slot] = append(t.parts[slot], slices.Clone(g.Part(k)))
		}
	}
	return t
}

func area2(ring []outline.Vertex) int64 {
	sum := int64(0)
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		sum += int64(a.X)*int64(b.Y) - int64(b.X)*int64(a.Y)
	}
	return sum
}

// checkValid verifies that rings are polygons by the rules of simple features and run as tiles want it.
func checkValid(tb testing.TB, what any, rings [][]outline.Vertex) {
	tb.Helper()
	var xy []geo.Point
	var ends []uint32
	for i, r := range rings {
		a := area2(r)
		if a == 0 || i == 0 && a < 0 {
			tb.Fatalf("%v: ring %d has area %d: %v", what, i, a, r)
		}
		for _, v := range append(slices.Clone(r), r[0]) {
			if min(v.X, v.Y) < -outline.Buffer || max(v.X, v.Y) > outline.Extent+outline.Buffer {
				tb.Fatalf("%v: %v lies outside", what, v)
			}
			xy = append(xy, geo.Point{X: v.X * 1000, Y: v.Y * 1000})
		}
		ends = append(ends, uint32(len(xy)))
		if i+1 < len(rings) && area2(rings[i+1]) < 0 {
			continue
		}
		// The next ring begins another polygon.
		s, err := geo.NewShape(geo.KindPolygon, xy, ends, []uint32{uint32(len(ends))})
		if err != nil {
			tb.Fatalf("%v: %v", what, err)
		}
		if defects := geo.Validate(s); len(defects) > 0 {
			tb.Fatalf("%v: %v at %v\n%v", what, defects[0].Kind, defects[0].At, rings)
		}
		xy, ends = nil, nil
	}
}

type edge struct{ a, b outline.Vertex }

// sum adds up directed edges; those that run along the edge of the drawing are cut into units, because there rings
// need not share vertices.
type sum map[edge]int

func (s sum) add(a, b outline.Vertex) {
	if a.X == b.X && (a.X == -outline.Buffer || a.X == outline.Extent+outline.Buffer) {
		for y := a.Y; y != b.Y; {
			next := y + int32(math.Copysign(1, float64(b.Y-y)))
			s.one(outline.Vertex{X: a.X, Y: y}, outline.Vertex{X: a.X, Y: next})
			y = next
		}
		return
	}
	if a.Y == b.Y && (a.Y == -outline.Buffer || a.Y == outline.Extent+outline.Buffer) {
		for x := a.X; x != b.X; {
			next := x + int32(math.Copysign(1, float64(b.X-x)))
			s.one(outline.Vertex{X: x, Y: a.Y}, outline.Vertex{X: next, Y: a.Y})
			x = next
		}
		return
	}
	s.one(a, b)
}

func (s sum) one(a, b outline.Vertex) {
	e, n := edge{a, b}, 1
	if b.X < a.X || b.X == a.X && b.Y < a.Y {
		e, n = edge{b, a}, -1
	}
	if s[e] += n; s[e] == 0 {
		delete(s, e)
	}
}

func (s sum) rings(rings [][]outline.Vertex) {
	for _, r := range rings {
		for i, a := range r {
			s.add(a, r[(i+1)%len(r)])
		}
	}
}

// less is what is in s and not in other, and the other way round.
func (s sum) less(other sum) (diff []edge) {
	for e, n := range s {
		if other[e] != n {
			diff = append(diff, e)
		}
	}
	for e := range other {
		if s[e] == 0 {
			diff = append(diff, e)
		}
	}
	slices.SortFunc(diff, compareEdges)
	return diff
}

func compareEdges(e, f edge) int {
	return cmp.Or(cmp.Compare(e.a.X, f.a.X), cmp.Compare(e.a.Y, f.a.Y), cmp.Compare(e.b.X, f.b.X), cmp.Compare(e.b.Y, f.b.Y))
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }
