package tiles_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// grid makes n × n cells without gaps around a point: corners jittered, shared edges with extra vertices, some of them
// exactly on the edge. outline is the ring round all of them.
func grid(tb testing.TB, rng *rand.Rand, center geo.Point, n int, side int32) (changes []data.Change, outline orb.Ring) {
	tb.Helper()
	corner := make([][]geo.Point, n+1)
	jitter := func(v int32) int32 { return v + int32(rng.IntN(int(side)*2/3+1)) - side/3 }
	for i := range corner {
		corner[i] = make([]geo.Point, n+1)
		for j := range corner[i] {
			corner[i][j] = geo.Point{
				X: jitter(center.X + (int32(i)-int32(n)/2)*side), Y: jitter(center.Y + (int32(j)-int32(n)/2)*side),
			}
		}
	}
	// between returns the inner vertices of the edge a–b, the same ones in both directions.
	type edge struct{ a, b geo.Point }
	inner := map[edge][]geo.Point{}
	between := func(a, b geo.Point) []geo.Point {
		if ps, ok := inner[edge{a, b}]; ok {
			return ps
		}
		var ps, back []geo.Point
		for k := range rng.IntN(4) {
			f := float64(k+1) / 5
			p := geo.Point{X: a.X + int32(f*float64(b.X-a.X)), Y: a.Y + int32(f*float64(b.Y-a.Y))}
			if rng.IntN(2) == 0 {
				p.X += int32(rng.IntN(int(side)/10+1)) - side/20
				p.Y += int32(rng.IntN(int(side)/10+1)) - side/20
			}
			ps = append(ps, p)
			back = append([]geo.Point{p}, back...)
		}
		inner[edge{a, b}], inner[edge{b, a}] = ps, back
		return ps
	}
	for i := range n {
		for j := range n {
			ring := orb.Ring{}
			loop := []geo.Point{corner[i][j], corner[i+1][j], corner[i+1][j+1], corner[i][j+1], corner[i][j]}
			for k := range 4 {
				ring = append(ring, loop[k].Orb())
				for _, p := range between(loop[k], loop[k+1]) {
					ring = append(ring, p.Orb())
				}
			}
			ring = append(ring, ring[0])
			id := fmt.Sprintf("c%d_%d", i, j)
			changes = append(changes, indextest.Put("cells", id, shape(tb, orb.Polygon{ring}), text(id), text("单元"+id)))
		}
	}
	// Round all cells, counter-clockwise.
	walk := func(from, to geo.Point) {
		outline = append(outline, from.Orb())
		for _, p := range between(from, to) {
			outline = append(outline, p.Orb())
		}
	}
	for i := range n {
		walk(corner[i][0], corner[i+1][0])
	}
	for j := range n {
		walk(corner[n][j], corner[n][j+1])
	}
	for i := n; i > 0; i-- {
		walk(corner[i][n], corner[i-1][n])
	}
	for j := n; j > 0; j-- {
		walk(corner[0][j], corner[0][j-1])
	}
	return changes, append(outline, outline[0])
}

// Cells that share edges in the World share them in every tile. Every piece of an inner edge occurs once in each
// direction, so that only the outline is left: the edges of all cells, added up with their directions, are those of
// one polygon that covers the same ground.
func TestNeighboursShareEdges(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	// The grids lie round a corner of tiles of zoom 13 and deeper, so that the tiles' edges run through them.
	cornerBox := geo.TileBox(13, 6861, 3508)
	for _, side := range []int32{300, 1500, 8_000} {
		const n = 24
		city := tiletest.NewCity(t)
		city.Apply(indextest.Define(cells()))
		changes, ring := grid(t, rng, cornerBox.Min, n, side)
		w := city.Apply(append(changes, indextest.Put("cells", "outline", shape(t, orb.Polygon{ring})))...)
		m := cold()
		for z := uint32(4); z <= data.MaxZoom; z++ {
			x, y := tileOf(cornerBox.Min, z)
			addresses := [][2]uint32{{x, y}, {x - 1, y}, {x, y + 1}, {x - 1, y + 1}}
			for range 4 {
				x, y := tileOf(geo.Point{
					X: cornerBox.Min.X + rng.Int32N(n*side) - n*side/2, Y: cornerBox.Min.Y + rng.Int32N(n*side) - n*side/2,
				}, z)
				addresses = append(addresses, [2]uint32{x, y})
			}
			for _, a := range addresses {
				checkShared(t, m, w, z, a[0], a[1])
			}
		}
	}
}

// checkShared compares the cells with the outline in one tile.
func checkShared(t *testing.T, m *tiles.Maker, w *index.World, z, x, y uint32) {
	t.Helper()
	var cells, outline tiletest.Layer
	vertices := map[[2]int64]bool{}
	for _, f := range decode(t, draw(t, m, w, "cells", z, x, y)).Layer("cells").Features {
		if f.Get("id") == "outline" {
			outline.Features = append(outline.Features, f)
		} else {
			cells.Features = append(cells.Features, f)
		}
		for _, p := range f.Parts {
			for _, v := range p {
				vertices[v] = true
			}
		}
	}
	if !maps.Equal(winding(cells, vertices), winding(outline, vertices)) {
		t.Fatalf("%d/%d/%d: the cells' edges do not add up to the outline", z, x, y)
	}
}

// winding adds up the directed edges of a layer, split at the vertices.
func winding(l tiletest.Layer, vertices map[[2]int64]bool) map[[4]int64]int {
	sum := map[[4]int64]int{}
	add := func(a, b [2]int64) {
		key, n := [4]int64{a[0], a[1], b[0], b[1]}, 1
		if b[0] < a[0] || b[0] == a[0] && b[1] < a[1] {
			key, n = [4]int64{b[0], b[1], a[0], a[1]}, -1
		}
		if sum[key] += n; sum[key] == 0 {
			delete(sum, key)
		}
	}
	for _, f := range l.Features {
		for _, p := range f.Parts {
			for i, a := range p {
				split(a, p[(i+1)%len(p)], vertices, add)
			}
		}
	}
	return sum
}

// split cuts a–b at the vertices that lie on it.
func split(a, b [2]int64, vertices map[[2]int64]bool, visit func(a, b [2]int64)) {
	dx, dy := b[0]-a[0], b[1]-a[1]
	n := gcd(max(dx, -dx), max(dy, -dy))
	last := a
	for i := int64(1); i <= n; i++ {
		v := [2]int64{a[0] + dx/n*i, a[1] + dy/n*i}
		if i == n || vertices[v] {
			visit(last, v)
			last = v
		}
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
