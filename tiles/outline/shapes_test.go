package outline_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/outline"
)

func shapeOf(tb testing.TB, kind geo.Kind, parts ...[]geo.Point) geo.Shape {
	tb.Helper()
	var xy []geo.Point
	var ends []uint32
	for _, p := range parts {
		xy = append(xy, p...)
		ends = append(ends, uint32(len(xy)))
	}
	var polygons []uint32
	if kind == geo.KindPolygon {
		polygons = []uint32{uint32(len(ends))}
	}
	s, err := geo.NewShape(kind, xy, ends, polygons)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func square(center geo.Point, half int32) []geo.Point {
	return []geo.Point{
		{X: center.X - half, Y: center.Y - half},
		{X: center.X + half, Y: center.Y - half},
		{X: center.X + half, Y: center.Y + half},
		{X: center.X - half, Y: center.Y + half},
		{X: center.X - half, Y: center.Y - half},
	}
}

var taipei = geo.Point{X: 1_215_000_000, Y: 250_300_000}

// Buildings too small to be seen are thinned to a sample that covers the same ground, and one that is drawn is drawn
// at all deeper zoom levels; in a coverage they are not drawn, and none is missing from the count.
func TestSmallPolygons(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var shapes []geo.Shape
	ground := 0.0
	for range 4000 {
		s := shapeOf(t, geo.KindPolygon, square(geo.Point{X: taipei.X + rng.Int32N(400_000), Y: taipei.Y + rng.Int32N(400_000)}, 20+rng.Int32N(180)))
		shapes = append(shapes, s)
		ground += s.Area()
	}
	l := layerOf(shapes...)
	store := outline.NewStore(1 << 24)
	var d outline.Drawing
	before := map[index.Slot]bool{}
	for z := uint32(9); z < 16; z++ {
		seen := map[index.Slot]bool{}
		drawn, lost := 0.0, 0
		box := geo.EmptyBox()
		for _, s := range shapes {
			box = box.Union(s.Box())
		}
		low, high := tileOf(geo.Point{X: box.Min.X, Y: box.Max.Y}, z), tileOf(geo.Point{X: box.Max.X, Y: box.Min.Y}, z)
		unit := 40_075_016.7 * math.Cos(25.05*math.Pi/180) / math.Exp2(float64(z)) / outline.Extent
		for x := low.x; x <= high.x; x++ {
			for y := low.y; y <= high.y; y++ {
				got := l.draw(t, &d, store, address{z, x, y}, false, outline.Options{Scattered: true})
				lost += got.lost
				for slot, parts := range got.parts {
					checkValid(t, fmt.Sprint(z, slot), parts)
					if !seen[slot] {
						drawn += float64(area2(parts[0])) / 2 * unit * unit
					}
					seen[slot] = true
				}
			}
		}
		if share := drawn / ground; z >= 11 && (share < 0.9 || share > 1.1) {
			t.Errorf("z%d: %.0f %% of the ground is drawn, by %d buildings", z, 100*share, len(seen))
		}
		if len(seen)+lost < len(shapes) {
			t.Errorf("z%d: %d drawn, %d lost", z, len(seen), lost)
		}
		for slot := range before {
			if !seen[slot] {
				t.Errorf("z%d: building %d was there at the zoom level before", z, slot)
			}
		}
		before = seen
	}
	if a := tileOf(taipei, 10); l.draw(t, &d, store, a, false, outline.Options{}).lost == 0 {
		t.Error("no cell of half a pixel is lost")
	}
}

// Rings that cross themselves or each other are repaired, not passed on.
func TestInvalidShapes(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var d outline.Drawing
	for round := range 400 {
		var rings [][]geo.Point
		for range 1 + rng.IntN(3) {
			var ring []geo.Point
			for range 3 + rng.IntN(12) {
				ring = append(ring, geo.Point{X: taipei.X + rng.Int32N(60_000), Y: taipei.Y + rng.Int32N(60_000)})
			}
			rings = append(rings, append(ring, ring[0]))
		}
		l := layerOf(shapeOf(t, geo.KindPolygon, rings...))
		z := uint32(8 + rng.IntN(12))
		a := tileOf(geo.Point{X: taipei.X + rng.Int32N(60_000), Y: taipei.Y + rng.Int32N(60_000)}, z)
		checkValid(t, fmt.Sprint(round, a), l.drawSlots(t, &d, outline.NewStore(1), a, z >= 16, outline.Options{}, []index.Slot{0}).parts[0])
	}
}

// Nothing comes of shapes without extent, and a polygon round the whole world covers every tile.
func TestExtremes(t *testing.T) {
	at := func(x, y int32) geo.Point { return geo.Point{X: x, Y: y} }
	l := layerOf(
		geo.Shape{},
		shapeOf(t, geo.KindPolygon, []geo.Point{at(5, 5), at(5, 6), at(5, 5), at(5, 5)}),
		shapeOf(t, geo.KindPolygon, []geo.Point{at(5, 5), at(5, 5), at(5, 5), at(5, 5)}),
		shapeOf(t, geo.KindLine, []geo.Point{at(5, 5), at(5, 5)}),
		shapeOf(t, geo.KindLine, []geo.Point{at(5, 5), at(6, 5), at(5, 5), at(6, 5)}),
		shapeOf(t, geo.KindPolygon, []geo.Point{
			at(-geo.MaxX, -geo.MaxY), at(geo.MaxX, -geo.MaxY), at(geo.MaxX, geo.MaxY), at(-geo.MaxX, geo.MaxY), at(-geo.MaxX, -geo.MaxY),
		}),
		shapeOf(t, geo.KindLine, []geo.Point{at(-geo.MaxX, -geo.MaxY), at(geo.MaxX, geo.MaxY)}),
	)
	store := outline.NewStore(1 << 20)
	var d outline.Drawing
	all := []index.Slot{0, 1, 2, 3, 4, 5, 6}
	for z := range uint32(23) {
		last := uint32(1)<<z - 1
		for _, a := range []address{{z, 0, 0}, {z, last, 0}, {z, 0, last}, {z, last, last}, {z, last / 2, last / 2}, {z, last/2 + last&1, last / 2}} {
			got := l.drawSlots(t, &d, store, a, z >= 16, outline.Options{Scattered: true}, all)
			for slot := range index.Slot(4) {
				if got.parts[slot] != nil {
					t.Fatalf("%v: shape %d gives %v", a, slot, got.parts[slot])
				}
			}
			checkValid(t, a, got.parts[5])
			if len(got.parts[5]) != 1 || area2(got.parts[5][0]) < 2*outline.Extent*outline.Extent*99/100 {
				t.Fatalf("%v: the world is %v", a, got.parts[5])
			}
			if a.x+a.y == last && got.parts[6] == nil {
				t.Fatalf("%v: the line across the world is %v", a, got.parts[6])
			}
		}
	}
	if n, err := d.Load(context.Background(), outline.NewFrame(3, 1, 1, false), store, "e", l, nil, outline.Options{}); n != 0 || err != nil {
		t.Errorf("nothing: %d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := d.Load(ctx, outline.NewFrame(3, 1, 1, false), store, "e", l, all, outline.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Lines that meet in a place still meet there, and the pieces of a line in a tile are where the line is.
func TestLines(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var d outline.Drawing
	for round := range 100 {
		side := int32(1000) << rng.IntN(8)
		at := func() geo.Point { return geo.Point{X: taipei.X + rng.Int32N(side), Y: taipei.Y + rng.Int32N(side)} }
		hub := at()
		var shapes []geo.Shape
		for range 6 {
			line := []geo.Point{at(), at(), hub}
			for range rng.IntN(40) {
				last := line[len(line)-1]
				line = append(line, geo.Point{X: last.X + rng.Int32N(side/8+2) - side/16, Y: last.Y + rng.Int32N(side/8+2) - side/16})
			}
			shapes = append(shapes, shapeOf(t, geo.KindLine, line))
		}
		l := layerOf(shapes...)
		z := uint32(6 + rng.IntN(14))
		a := tileOf(hub, z)
		got := l.draw(t, &d, outline.NewStore(1<<20), a, z >= 16, outline.Options{})
		scale := math.Exp2(float64(z)) * outline.Extent
		unit := func(p geo.Point) (x, y float64) {
			x, y = p.Mercator()
			return x*scale - float64(a.x)*outline.Extent, y*scale - float64(a.y)*outline.Extent
		}
		hx, hy := unit(hub)
		for slot, s := range shapes {
			parts := got.parts[index.Slot(slot)]
			meets := false
			for _, p := range parts {
				if len(p) < 2 {
					t.Fatalf("round %d: a line of %d vertices", round, len(p))
				}
				for i, v := range p {
					meets = meets || math.Abs(float64(v.X)-hx) <= 4 && math.Abs(float64(v.Y)-hy) <= 4
					if i > 0 && p[i-1] == v {
						t.Fatalf("round %d: %v repeats itself", round, p)
					}
					if away := distance(s.Vertices(), unit, v); away > 4 {
						t.Fatalf("round %d, %v: %v lies %.1f units from line %d: %v, %v", round, a, v, away, slot, parts, s.Vertices())
					}
				}
			}
			if !meets && len(parts) > 0 {
				t.Fatalf("round %d, %v: line %d does not come to where the others meet, %v, %v: %v", round, a, slot, hx, hy, parts)
			}
		}
	}
}

func distance(line []geo.Point, unit func(geo.Point) (x, y float64), v outline.Vertex) float64 {
	least := math.Inf(1)
	for i := 1; i < len(line); i++ {
		ax, ay := unit(line[i-1])
		bx, by := unit(line[i])
		px, py := float64(v.X), float64(v.Y)
		t := 0.0
		if length := (bx-ax)*(bx-ax) + (by-ay)*(by-ay); length > 0 {
			t = max(0, min(1, ((px-ax)*(bx-ax)+(py-ay)*(by-ay))/length))
		}
		least = min(least, math.Hypot(ax+t*(bx-ax)-px, ay+t*(by-ay)-py))
	}
	return least
}

// star is a polygon of n vertices round a centre.
func star(tb testing.TB, center geo.Point, n int, radius float64) geo.Shape {
	tb.Helper()
	ring := make([]geo.Point, 0, n+1)
	for i := range n {
		angle := 2 * math.Pi * float64(i) / float64(n)
		r := radius * (1 + 0.3*math.Sin(37*angle) + 0.02*math.Sin(float64(n)/7*angle))
		p := geo.Point{X: center.X + int32(r*math.Cos(angle)), Y: center.Y + int32(r*math.Sin(angle))}
		if len(ring) == 0 || ring[len(ring)-1] != p {
			ring = append(ring, p)
		}
	}
	return shapeOf(tb, geo.KindPolygon, append(ring, ring[0]))
}

// A polygon of a million vertices is drawn with few of them at every zoom level, in little time once it is prepared.
func TestMillionVertices(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	s := star(t, taipei, n, 1_000_000)
	l := layerOf(s)
	store := outline.NewStore(1 << 26)
	var d outline.Drawing
	for z := range uint32(23) {
		for _, p := range []geo.Point{s.Vertices()[0], s.Vertices()[len(s.Vertices())/3], taipei} {
			a := tileOf(p, z)
			start := time.Now()
			got := l.draw(t, &d, store, a, z >= 16, outline.Options{})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%v took %v", a, took)
			}
			if v := got.vertices(); v > 1<<18 {
				t.Errorf("%v has %d vertices", a, v)
			}
			if z >= 18 || z <= 8 {
				checkValid(t, a, got.parts[0])
			}
		}
	}
}

func (t *tile) vertices() (n int) {
	for _, parts := range t.parts {
		for _, p := range parts {
			n += len(p)
		}
	}
	return n
}

// Long shapes are passed over in runs and drawn from reduced copies; short ones with the same edges are not. They
// share every edge all the same.
func TestLongBesideShort(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	rng := rand.New(rand.NewPCG(4, 4))
	for round := range 6 {
		s := star(t, taipei, 9000+rng.IntN(20_000), 100_000*float64(1+rng.IntN(5)))
		ring := s.Vertices()
		// The same polygon in slices round its centre.
		shapes := []geo.Shape{s}
		for from := 0; from < len(ring)-1; {
			to := min(len(ring)-1, from+20+rng.IntN(200))
			slice := append(append([]geo.Point{taipei}, ring[from:to+1]...), taipei)
			shapes = append(shapes, shapeOf(t, geo.KindPolygon, slice))
			from = to
		}
		l := layerOf(shapes...)
		store := outline.NewStore(1 << 26)
		var d outline.Drawing
		for z := uint32(5); z <= 20; z++ {
			a := tileOf(ring[rng.IntN(len(ring))], z)
			got := l.draw(t, &d, store, a, z >= 16, outline.Options{})
			whole, slices := sum{}, sum{}
			for slot, parts := range got.parts {
				checkValid(t, fmt.Sprint(round, a, slot), parts)
				if slot == 0 {
					whole.rings(parts)
				} else {
					slices.rings(parts)
				}
			}
			if diff := slices.less(whole); len(diff) > 0 {
				t.Fatalf("round %d, %v: %d edges differ, as %v", round, a, len(diff), diff[:min(6, len(diff))])
			}
		}
	}
}

// A Store is shared by drawings that go on at the same time.
func TestStoreIsShared(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	m := kinds[1].lattice(t, rng, taipei, 12, 3000)
	l := layerOf(m.cells...)
	store := outline.NewStore(10_000)
	want := l.draw(t, new(outline.Drawing), outline.NewStore(1<<20), tileOf(taipei, 14), false, outline.Options{})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				d := store.Borrow()
				if got := l.draw(t, d, store, tileOf(taipei, 14), false, outline.Options{}); !reflect.DeepEqual(got, want) {
					t.Error("another drawing")
				}
				store.Return(d)
			}
		})
	}
	wait.Wait()
}

// Edges that all cross every line have many more vertices than the shapes.
func TestManyCrossings(t *testing.T) {
	a := tileOf(taipei, 16)
	box := geo.TileBox(a.z, a.x, a.y)
	var line []geo.Point
	for i := range int32(2000) {
		line = append(line, geo.Point{X: box.Min.X - 10_000 + i%2*80_000, Y: box.Min.Y + i*20}, geo.Point{X: box.Min.X + i*20, Y: box.Min.Y - 10_000 + i%2*80_000})
	}
	l := layerOf(shapeOf(t, geo.KindLine, line))
	var d outline.Drawing
	if got := l.draw(t, &d, outline.NewStore(1<<20), a, true, outline.Options{}); got.vertices() < 4*len(line) {
		t.Errorf("%d vertices", got.vertices())
	}
}

// More vertices than a drawing holds are refused by whole features.
func TestMaxVertices(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	s := star(t, taipei, 120_000, 1_000_000)
	var shapes []geo.Shape
	for range 30 {
		shapes = append(shapes, s)
	}
	l := layerOf(shapes...)
	slots := make([]index.Slot, len(shapes))
	for i := range slots {
		slots[i] = index.Slot(i)
	}
	a := tileOf(taipei, 10)
	var d outline.Drawing
	n, err := d.Load(context.Background(), outline.NewFrame(a.z, a.x, a.y, true), outline.NewStore(1<<26), "e", l, slots, outline.Options{})
	if err != nil || n == 0 || n == len(slots) {
		t.Fatalf("loaded %d: %v", n, err)
	}
	first, _ := d.Shape(0)
	want := slices.Clone(first.Vertices)
	if last, _ := d.Shape(n - 1); !slices.Equal(last.Vertices, want) {
		t.Error("the last shape is another one")
	}
}
