package raster_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/raster"
	"github.com/gewu-city/gewu/internal/obs"
)

// list is a source that looks at everything.
type list []raster.Polygon[uint32]

func (l list) Polygons(b geo.Box, visit func(raster.Polygon[uint32]) bool) {
	for _, p := range l {
		if p.Shape.Box().Intersects(b) && !visit(p) {
			return
		}
	}
}

// answers are what a list says about a point, without squares.
func (l list) answers(p geo.Point) (owners, touching []uint32) {
	byPermanent := slices.SortedFunc(slices.Values(l), func(a, b raster.Polygon[uint32]) int { return int(a.Permanent) - int(b.Permanent) })
	for _, q := range byPermanent {
		if q.Shape.Contains(p) {
			owners = append(owners, q.Slot)
		}
		if q.Shape.OnBoundary(p) {
			touching = append(touching, q.Slot)
		}
	}
	return owners, touching
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// fresh is the raster of a layer that has polygons somewhere.
func fresh() raster.Raster[uint32] {
	var r raster.Raster[uint32]
	r.Forget(geo.Box{})
	return r.Copy()
}

func compare(t fataler, r *raster.Raster[uint32], l list, p geo.Point) {
	t.Helper()
	owners, touching := l.answers(p)
	var got []uint32
	r.Covering(p, l, func(s uint32) bool { got = append(got, s); return true })
	if !slices.Equal(got, owners) {
		t.Fatalf("%v is owned by %v, want %v", p, got, owners)
	}
	owner, ok := r.Owner(p, l)
	if ok != (len(owners) > 0) || ok && owner != owners[0] {
		t.Fatalf("the owner of %v is %v, %v, want the first of %v", p, owner, ok, owners)
	}
	got = got[:0]
	r.Touching(p, l, func(s uint32) bool { got = append(got, s); return true })
	if !slices.Equal(got, touching) {
		t.Fatalf("%v touches %v, want %v", p, got, touching)
	}
	if len(owners) > 1 {
		n := 0
		r.Covering(p, l, func(uint32) bool { n++; return false })
		if n != 1 {
			t.Fatalf("a visit that was ended went on")
		}
	}
}

// lattice is where shapes have their vertices: close to each other, and so far apart that a shape passes through many
// squares, with vertices on the borders of squares and beside them.
type lattice struct {
	origin geo.Point
	step   int32
	size   int32
}

func lattices() *rapid.Generator[lattice] {
	return rapid.Custom(func(t *rapid.T) lattice {
		l := lattice{step: 1 << rapid.IntRange(0, 27).Draw(t, "step"), size: rapid.Int32Range(2, 12).Draw(t, "size")}
		l.size = min(l.size, (1<<30)/l.step)
		l.origin = geo.Point{
			X: rapid.SampledFrom([]int32{0, 1_215_000_000, -geo.MaxX, 700_000_000, -1 << 29}).Draw(t, "x"),
			Y: rapid.SampledFrom([]int32{0, 250_000_000, -geo.MaxY, -100_000_000, -1 << 28}).Draw(t, "y"),
		}
		return l
	})
}

func (l lattice) point(t *rapid.T) geo.Point {
	near := rapid.SampledFrom([]int32{0, 0, 0, 1, -1})
	at := func(origin, limit int32, name string) int32 {
		v := int64(origin) + int64(rapid.Int32Range(0, l.size).Draw(t, name))*int64(l.step) + int64(near.Draw(t, "off"))
		return int32(max(-int64(limit), min(int64(limit), v)))
	}
	return geo.Point{X: at(l.origin.X, geo.MaxX, "x"), Y: at(l.origin.Y, geo.MaxY, "y")}
}

// shape draws a polygon of any kind: rings may cross, repeat, touch and run back on themselves.
func (l lattice) shape(t *rapid.T) geo.Shape {
	var xy []geo.Point
	var rings, polys []uint32
	for range rapid.IntRange(1, 3).Draw(t, "polygons") {
		for range rapid.IntRange(1, 2).Draw(t, "rings") {
			from := len(xy)
			if rapid.Bool().Draw(t, "rectangle") {
				a, b := l.point(t), l.point(t)
				xy = append(xy, a, geo.Point{X: b.X, Y: a.Y}, b, geo.Point{X: a.X, Y: b.Y}, a)
			} else {
				for range rapid.IntRange(3, 8).Draw(t, "vertices") {
					xy = append(xy, l.point(t))
				}
				xy = append(xy, xy[from])
			}
			rings = append(rings, uint32(len(xy)))
		}
		polys = append(polys, uint32(len(rings)))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, rings, polys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// probes are the points at which answers are compared: the vertices and what lies just beside them, the middles of
// edges, and others.
func probes(t *rapid.T, l lattice, shapes list) []geo.Point {
	var all []geo.Point
	for _, p := range shapes {
		v := p.Shape.Vertices()
		for i, q := range v {
			if i > 0 {
				all = append(all, geo.Point{X: int32((int64(q.X) + int64(v[i-1].X)) / 2), Y: int32((int64(q.Y) + int64(v[i-1].Y)) / 2)})
			}
			for _, off := range []geo.Point{{}, {X: 1}, {X: -1}, {Y: 1}, {Y: -1}} {
				at := geo.Point{X: q.X + off.X, Y: q.Y + off.Y}
				if at.X >= -geo.MaxX && at.X <= geo.MaxX && at.Y >= -geo.MaxY && at.Y <= geo.MaxY {
					all = append(all, at)
				}
			}
		}
	}
	for range 20 {
		all = append(all, l.point(t))
	}
	return all
}

// TestEqualsPolygons compares the squares with the polygons themselves, over random histories and for every version,
// also one that was written again elsewhere.
func TestEqualsPolygons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ground := lattices().Draw(t, "lattice")
		type version struct {
			raster raster.Raster[uint32]
			shapes list
		}
		var r raster.Raster[uint32]
		var shapes list
		next := uint32(0)
		write := func(r *raster.Raster[uint32], shapes list) list {
			for range rapid.IntRange(1, 12).Draw(t, "changes") {
				switch n, what := len(shapes), rapid.IntRange(0, 4).Draw(t, "what"); {
				case n > 0 && what == 0:
					i := rapid.IntRange(0, n-1).Draw(t, "which")
					r.Forget(shapes[i].Shape.Box())
					shapes = slices.Delete(shapes, i, i+1)
				case n > 0 && what == 1:
					// The same ground twice.
					next++
					p := raster.Polygon[uint32]{Slot: next, Permanent: rapid.Uint32Range(0, 1<<20).Draw(t, "permanent")<<8 | next, Shape: shapes[0].Shape}
					r.Forget(p.Shape.Box())
					shapes = append(shapes, p)
				default:
					next++
					p := raster.Polygon[uint32]{Slot: next, Permanent: rapid.Uint32Range(0, 1<<20).Draw(t, "permanent")<<8 | next, Shape: ground.shape(t)}
					r.Forget(p.Shape.Box())
					shapes = append(shapes, p)
				}
			}
			return shapes
		}
		var versions []version
		for range rapid.IntRange(1, 3).Draw(t, "publications") {
			shapes = write(&r, shapes)
			versions = append(versions, version{r.Copy(), slices.Clone(shapes)})
			// Some squares are made before the next version, some after.
			v := versions[len(versions)-1]
			for range 5 {
				compare(t, &v.raster, v.shapes, ground.point(t))
			}
		}
		fork := versions[0]
		fork.shapes = write(&fork.raster, slices.Clone(fork.shapes))
		for _, v := range append(versions, fork) {
			for _, p := range probes(t, ground, v.shapes) {
				compare(t, &v.raster, v.shapes, p)
			}
		}
	})
}

// coverage is n×n cells whose shared edges share vertices, with seeded jitter, and some of them in two parts.
func coverage(n int, west, south, side int32) list {
	r := rand.New(rand.NewPCG(20, 4))
	corner := make([][]geo.Point, n+1)
	for i := range corner {
		corner[i] = make([]geo.Point, n+1)
		for j := range corner[i] {
			corner[i][j] = geo.Point{X: west + int32(j)*side + r.Int32N(side/3), Y: south + int32(i)*side + r.Int32N(side/3)}
		}
	}
	// between are the vertices of an edge, the same seen from both cells.
	between := func(a, b geo.Point) []geo.Point {
		forward := a.X < b.X || a.X == b.X && a.Y < b.Y
		if !forward {
			a, b = b, a
		}
		s := rand.New(rand.NewPCG(uint64(uint32(a.X))<<32|uint64(uint32(a.Y)), uint64(uint32(b.X))<<32|uint64(uint32(b.Y))))
		out := []geo.Point{a}
		const parts = 6
		for i := 1; i < parts; i++ {
			out = append(out, geo.Point{
				X: a.X + int32(int64(b.X-a.X)*int64(i)/parts) + s.Int32N(side/20+1),
				Y: a.Y + int32(int64(b.Y-a.Y)*int64(i)/parts) + s.Int32N(side/20+1),
			})
		}
		out = append(out, b)
		if !forward {
			slices.Reverse(out)
		}
		return out[:len(out)-1]
	}
	var cells list
	for i := range n {
		for j := range n {
			var ring []geo.Point
			for _, e := range [4][2]geo.Point{
				{corner[i][j], corner[i][j+1]},
				{corner[i][j+1], corner[i+1][j+1]},
				{corner[i+1][j+1], corner[i+1][j]},
				{corner[i+1][j], corner[i][j]},
			} {
				ring = append(ring, between(e[0], e[1])...)
			}
			ring = append(ring, ring[0])
			s, err := geo.NewShape(geo.KindPolygon, ring, []uint32{uint32(len(ring))}, []uint32{1})
			if err != nil {
				panic(err)
			}
			slot := uint32(len(cells))
			cells = append(cells, raster.Polygon[uint32]{Slot: slot, Permanent: slot + 1, Shape: s})
		}
	}
	return cells
}

// TestCoverage asks about every vertex of a coverage, what lies beside it and many points: each has the owner that the
// cells say, and inside exactly one.
func TestCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	cells := coverage(24, 1_215_000_000, 250_000_000, 7_000)
	r := fresh()
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		compare(t, &r, cells, geo.Point{X: 1_215_000_000 + random.Int32N(24*7000), Y: 250_000_000 + random.Int32N(24*7000)})
	}
	for i, c := range cells[200:300] {
		if j := (200 + i) % 24; j == 0 || j == 23 {
			continue // on the outline
		}
		for _, v := range c.Shape.Vertices() {
			for _, off := range []geo.Point{{}, {X: 1}, {X: -1}, {Y: 1}, {Y: -1}} {
				p := geo.Point{X: v.X + off.X, Y: v.Y + off.Y}
				compare(t, &r, cells, p)
				n := 0
				r.Covering(p, cells, func(uint32) bool { n++; return true })
				if n != 1 {
					t.Fatalf("%v has %d owners", p, n)
				}
			}
		}
	}
}

// TestCrowds puts more outlines into a small place than a square can tell apart, down to thousands through one point.
func TestCrowds(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	centre := geo.Point{X: 1_215_654_321, Y: 250_331_234}
	var shapes list
	for i := range uint32(6000) {
		// Narrow wedges around the centre.
		at := func(a, length float64) geo.Point {
			return geo.Point{X: centre.X + int32(math.Round(length*math.Cos(a))), Y: centre.Y + int32(math.Round(length*math.Sin(a)))}
		}
		a := float64(i) / 6000 * 2 * math.Pi
		ring := []geo.Point{centre, at(a, 1000), at(a+0.3, 900), centre}
		s, err := geo.NewShape(geo.KindPolygon, ring, []uint32{4}, []uint32{1})
		if err != nil {
			t.Fatal(err)
		}
		shapes = append(shapes, raster.Polygon[uint32]{Slot: i, Permanent: (i * 7919) % 6000, Shape: s})
	}
	r := fresh()
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		compare(t, &r, shapes, geo.Point{X: centre.X + random.Int32N(1800) - 900, Y: centre.Y + random.Int32N(1800) - 900})
	}
	for _, off := range []geo.Point{{}, {X: 1}, {X: -1}, {Y: 1}, {Y: -1}, {X: 3, Y: 2}} {
		compare(t, &r, shapes, geo.Point{X: centre.X + off.X, Y: centre.Y + off.Y})
	}
}

// TestAskedAtOnce lets many ask while squares are made and a writer forgets some of them.
func TestAskedAtOnce(t *testing.T) {
	cells := coverage(12, 1_215_000_000, 250_000_000, 7_000)
	r := fresh()
	var askers sync.WaitGroup
	for round := range 20 {
		version := r.Copy()
		for g := range 4 {
			askers.Go(func() {
				random := rand.New(rand.NewPCG(uint64(round), uint64(g)))
				for range 200 {
					compare(t, &version, cells, geo.Point{X: 1_215_000_000 + random.Int32N(12*7000), Y: 250_000_000 + random.Int32N(12*7000)})
				}
			})
		}
		r.Forget(cells[round*5].Shape.Box())
	}
	askers.Wait()
}

var taken uint32

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkOwner finds the cell of random points of a coverage of 127 × 127 cells of 24 vertices and about 100 m.
func BenchmarkOwner(b *testing.B) {
	const n, side = 127, 10_000
	cells := coverage(n, 1_215_000_000, 250_000_000, side)
	grid := newBoxes(cells)
	r := fresh()
	random := rand.New(rand.NewPCG(1, 2))
	points := make([]geo.Point, 1<<20)
	for i := range points {
		points[i] = geo.Point{X: 1_215_000_000 + random.Int32N(n*side), Y: 250_000_000 + random.Int32N(n*side)}
	}
	before := heap()
	for _, p := range points {
		r.Owner(p, grid)
	}
	size := heap() - before
	b.ReportAllocs()
	i, start := 0, obs.CPUTime()
	for b.Loop() {
		s, _ := r.Owner(points[i&(1<<20-1)], grid)
		taken += s
		i++
	}
	b.ReportMetric(float64(i)/(obs.CPUTime()-start).Seconds(), "1/cpu-s")
	b.ReportMetric(size/float64(len(cells)), "B/cell")
}

// BenchmarkMake makes all squares of the same coverage: one operation is all of them.
func BenchmarkMake(b *testing.B) {
	const n, side = 127, 10_000
	grid := newBoxes(coverage(n, 1_215_000_000, 250_000_000, side))
	for b.Loop() {
		r := fresh()
		for x := int32(0); x < n*side; x += 1 << 12 {
			for y := int32(0); y < n*side; y += 1 << 12 {
				r.Owner(geo.Point{X: 1_215_000_000 + x, Y: 250_000_000 + y}, grid)
			}
		}
	}
}

// boxes is a source with a coarse grid.
type boxes struct {
	cells  list
	all    []geo.Box
	square map[[2]int32][]int
}

func newBoxes(cells list) *boxes {
	b := &boxes{cells: cells, square: map[[2]int32][]int{}}
	for i, c := range cells {
		box := c.Shape.Box()
		b.all = append(b.all, box)
		for x := box.Min.X >> 14; x <= box.Max.X>>14; x++ {
			for y := box.Min.Y >> 14; y <= box.Max.Y>>14; y++ {
				b.square[[2]int32{x, y}] = append(b.square[[2]int32{x, y}], i)
			}
		}
	}
	return b
}

func (b *boxes) Polygons(box geo.Box, visit func(raster.Polygon[uint32]) bool) {
	if int64(box.Max.X)-int64(box.Min.X) > 1<<18 {
		for i, c := range b.cells {
			if b.all[i].Intersects(box) && !visit(c) {
				return
			}
		}
		return
	}
	seen := map[int]bool{}
	for x := box.Min.X >> 14; x <= box.Max.X>>14; x++ {
		for y := box.Min.Y >> 14; y <= box.Max.Y>>14; y++ {
			for _, i := range b.square[[2]int32{x, y}] {
				if !seen[i] && b.all[i].Intersects(box) {
					seen[i] = true
					if !visit(b.cells[i]) {
						return
					}
				}
			}
		}
	}
}
