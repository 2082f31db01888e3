package outline_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/outline"
)

// mosaic is a coverage of random pieces of a crooked lattice, and the ground that they cover together.
type mosaic struct {
	cells  []geo.Shape
	ground geo.Shape
}

type kind struct {
	name   string
	jitter float64 // of the corners, as a share of the side
	bend   int     // vertices within an edge at most
	merge  float64 // how many fields are joined to a neighbour
	thin   bool    // every other row is a sliver
	bricks bool    // rows are shifted, and bricks do not have the corners of the next row as vertices
}

var kinds = []kind{
	{name: "plain"},
	{name: "crooked", jitter: 0.3, bend: 4},
	{name: "merged", jitter: 0.3, bend: 3, merge: 0.7},
	{name: "winding", bend: 9, merge: 0.9},
	{name: "slivers", jitter: 0.02, bend: 2, thin: true},
	{name: "sliver mix", jitter: 0.02, bend: 5, thin: true, merge: 0.5},
	{name: "bricks", bricks: true},
}

// lattice makes n × n fields round a corner; u and v are the sides of a field.
func (k kind) lattice(tb testing.TB, rng *rand.Rand, center geo.Point, n int, side int32) mosaic {
	tb.Helper()
	if k.bricks {
		return brickwork(tb, rng, center, n, side)
	}
	corner := make([][]geo.Point, n+1)
	at := func(i, j int) geo.Point {
		x, y := (float64(i)-float64(n)/2)*float64(side), (float64(j)-float64(n)/2)*float64(side)
		if k.thin && j%2 == 1 {
			y += 0.95 * float64(side)
		}
		x += (rng.Float64() - 0.5) * 2 * k.jitter * float64(side)
		y += (rng.Float64() - 0.5) * 2 * k.jitter * float64(side)
		return geo.Point{X: center.X + int32(x), Y: center.Y + int32(y)}
	}
	for i := range corner {
		for j := range n + 1 {
			corner[i] = append(corner[i], at(i, j))
		}
	}
	type pair struct{ a, b geo.Point }
	inner := map[pair][]geo.Point{}
	between := func(a, b geo.Point) []geo.Point {
		if ps, ok := inner[pair{a, b}]; ok {
			return ps
		}
		var ps, back []geo.Point
		count := 0
		if k.bend > 0 {
			count = rng.IntN(k.bend + 1)
		}
		for i := range count {
			f := float64(i+1) / float64(count+1)
			p := geo.Point{X: a.X + int32(f*float64(b.X-a.X)), Y: a.Y + int32(f*float64(b.Y-a.Y))}
			if w := float64(side) * 0.02; !k.thin && rng.IntN(3) > 0 {
				p.X += int32((rng.Float64() - 0.5) * w)
				p.Y += int32((rng.Float64() - 0.5) * w)
			}
			ps = append(ps, p)
			back = append([]geo.Point{p}, back...)
		}
		inner[pair{a, b}], inner[pair{b, a}] = ps, back
		return ps
	}
	group := make([]int, n*n)
	for i := range group {
		group[i] = i
	}
	find := func(i int) int {
		for group[i] != i {
			i = group[i]
		}
		return i
	}
	for i := range n {
		for j := range n {
			if rng.Float64() < k.merge {
				di, dj := pick(rng, [2]int{1, 0}, [2]int{0, 1}, [2]int{-1, 0}, [2]int{0, -1})[0], 0
				if di == 0 {
					dj = 1 - 2*rng.IntN(2)
				}
				if i+di >= 0 && i+di < n && j+dj >= 0 && j+dj < n {
					group[find(i*n+j)] = find((i+di)*n + j + dj)
				}
			}
		}
	}
	var xy [][]geo.Point
	for i := range n {
		for j := range n {
			var ring []geo.Point
			loop := []geo.Point{corner[i][j], corner[i+1][j], corner[i+1][j+1], corner[i][j+1], corner[i][j]}
			for s := range 4 {
				ring = append(append(ring, loop[s]), between(loop[s], loop[s+1])...)
			}
			xy = append(xy, append(ring, ring[0]))
		}
	}
	members := map[int][][]geo.Point{}
	for i := range xy {
		members[find(i)] = append(members[find(i)], xy[i])
	}
	m := mosaic{ground: union(tb, xy)}
	for i := range xy {
		if rings, ok := members[i]; ok {
			m.cells = append(m.cells, union(tb, rings))
		}
	}
	return m
}

// union is the polygon shape of fields that share edges: their vertices stay.
func union(tb testing.TB, fields [][]geo.Point) geo.Shape {
	tb.Helper()
	var xy []geo.Point
	var rings, polygons []uint32
	for i, f := range fields {
		xy = append(xy, f...)
		rings = append(rings, uint32(len(xy)))
		polygons = append(polygons, uint32(i+1))
	}
	s, err := geo.NewShape(geo.KindPolygon, xy, rings, polygons)
	if err == nil {
		s, _, err = geo.Fix(s)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// brickwork is a slanting wall whose bricks have four vertices each; the corners of the next row lie on their sides.
func brickwork(tb testing.TB, rng *rand.Rand, center geo.Point, n int, side int32) mosaic {
	tb.Helper()
	slant := pick(rng, int32(0), 1, 2, 3)
	unit := max(12, side/16)
	at := func(i, j int32) geo.Point {
		i, j = i-int32(n)*4, j-int32(n)/2
		return geo.Point{X: center.X + unit*(4*i-slant*4*j), Y: center.Y + unit*(slant*i+16*j)}
	}
	var m mosaic
	brick := func(i0, i1, j int32) {
		m.cells = append(m.cells, union(tb, [][]geo.Point{{at(i0, j), at(i1, j), at(i1, j+1), at(i0, j+1), at(i0, j)}}))
	}
	width, height := int32(8*n), int32(n)
	var north, ground []geo.Point
	for j := range height {
		i := int32(0)
		for i < width {
			next := min(width, i+3+rng.Int32N(6))
			brick(i, next, j)
			if j == 0 {
				ground = append(ground, at(i, j))
			}
			if j == height-1 {
				north = append(north, at(next, j+1))
			}
			i = next
		}
	}
	// The ground has the corners of all bricks at its edge.
	for j := range height {
		ground = append(ground, at(width, j))
	}
	slices.Reverse(north)
	ground = append(ground, north...)
	for j := height; j >= 0; j-- {
		ground = append(ground, at(0, j))
	}
	m.ground = union(tb, [][]geo.Point{ground})
	return m
}

// Cells that share edges in the city share them in every tile, and every one is a valid polygon: the edges of all
// cells, added up with their directions, are those of the ground that they cover.
func TestCoverage(t *testing.T) {
	center := geo.TileBox(13, 6861, 3508).Min
	for _, k := range kinds {
		for _, side := range []int32{40, 300, 2_000, 15_000} {
			t.Run(fmt.Sprint(k.name, " ", side), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(uint64(side), uint64(len(k.name))))
				m := k.lattice(t, rng, center, 14, side)
				l := layerOf(append(m.cells, m.ground)...)
				store := outline.NewStore(1 << 24)
				var d outline.Drawing
				from, to := uint32(0), uint32(22)
				if k.bricks {
					// Corners on sides are rounded to a centimetre, which shows where a unit is not much more, and where
					// many of them share a pixel.
					for from = 16; from > 0 && float64(side)*0.02*math.Exp2(float64(from)-14) > 8; from-- {
					}
					to = 16
				}
				for z := from; z <= to; z++ {
					for range 4 {
						spread := 16 * side
						a := tileOf(geo.Point{X: center.X + rng.Int32N(spread) - spread/2, Y: center.Y + rng.Int32N(spread) - spread/2}, z)
						checkCoverage(t, l, &d, store, a, z >= 16, len(m.cells))
					}
				}
			})
		}
	}
}

// checkCoverage draws cells, and the ground in the slot after them.
func checkCoverage(t *testing.T, l *layer, d *outline.Drawing, store *outline.Store, a address, detail bool, cells int) {
	t.Helper()
	got := l.draw(t, d, store, a, detail, outline.Options{})
	edges, whole := sum{}, sum{}
	for slot := range cells {
		rings := got.parts[index.Slot(slot)]
		checkValid(t, fmt.Sprint(a, " cell ", slot), rings)
		edges.rings(rings)
	}
	checkValid(t, fmt.Sprint(a, " ground"), got.parts[index.Slot(cells)])
	whole.rings(got.parts[index.Slot(cells)])
	if diff := edges.less(whole); len(diff) > 0 {
		t.Fatalf("%v: the cells' edges do not add up to the ground's: %d differ, as %v", a, len(diff), diff[:min(6, len(diff))])
	}
}
