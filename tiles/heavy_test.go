package tiles_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// star is a ring of n vertices round a centre, its radius going up and down.
func star(center geo.Point, n int, radius float64) orb.Ring {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		angle := 2 * math.Pi * float64(i) / float64(n)
		r := radius * (1 + 0.3*math.Sin(37*angle) + 0.02*math.Sin(float64(n)/7*angle))
		ring = append(ring, orb.Point{center.Lon() + r*math.Cos(angle), center.Lat() + r*math.Sin(angle)})
	}
	return append(ring, ring[0])
}

// A polygon of a million vertices gives a bounded tile in bounded time at every zoom level.
func TestMillionVertices(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	w := city.Apply(indextest.Define(cells()),
		indextest.Put("cells", "big", shape(t, orb.Polygon{star(center, 1_000_000, 0.1)}), text("big"), text("大")))
	m := cold()
	set := resolve(t, w, "cells")
	for _, z := range []uint32{0, 6, 10, 13, 15, 17, 22} {
		x, y := tileOf(geo.Point{X: center.X + 800_000, Y: center.Y}, z)
		// Generous: a build takes a tenth of this on an idle machine.
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		tile, err := m.Tile(ctx, w, set, z, x, y, nil)
		cancel()
		if err != nil {
			t.Fatalf("z%d: %v", z, err)
		}
		if tile.Size > tiles.MaxLayerBytes {
			t.Errorf("z%d: %d bytes", z, tile.Size)
		}
		decode(t, tile)
	}
}

// densePoints is n points in one z16 tile with three attributes, one of them unique.
func densePoints(tb testing.TB, n int) *index.World {
	tb.Helper()
	rng := rand.New(rand.NewPCG(16, 17))
	city := tiletest.NewCity(tb)
	city.Apply(indextest.Define(&data.Layer{Name: "points", Geometry: data.GeometryPoint, Attributes: []data.Attribute{
		{Name: "code", Type: data.Code}, {Name: "category", Type: data.Text}, {Name: "status", Type: data.Text},
	}}))
	x, y := tileOf(geo.Point{X: 1_215_000_000, Y: 250_300_000}, 16)
	box := geo.TileBox(16, x, y)
	var changes []data.Change
	for i := range n {
		p := geo.Point{
			X: box.Min.X + int32(rng.IntN(int(box.Max.X-box.Min.X))), Y: box.Min.Y + int32(rng.IntN(int(box.Max.Y-box.Min.Y))),
		}
		changes = append(changes, indextest.Put("points", fmt.Sprint("id", i), geo.PointShape(p),
			data.TextValue(data.Code, fmt.Sprintf("11010100100%05d", i)), text(fmt.Sprint("category", i%40)), text(fmt.Sprint("status", i%5))))
	}
	return city.Apply(changes...)
}

func benchmark(b *testing.B, w *index.World, z uint32) {
	b.Helper()
	x, y := tileOf(geo.Point{X: 1_215_000_000, Y: 250_300_000}, z)
	m := cold()
	set := resolve(b, w, "city")
	b.ReportAllocs()
	var tile tiles.Tile
	for b.Loop() {
		var err error
		if tile, err = m.Tile(context.Background(), w, set, z, x, y, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(tile.Size)/1e3, "kB")
	b.ReportMetric(float64(len(tile.Packed))/1e3, "gzip_kB")
	b.ReportMetric(float64(tile.Sum().Drawn), "features")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(max(1, tile.Sum().Drawn)), "ns/feature")
}

func BenchmarkPoints10k(b *testing.B) { benchmark(b, densePoints(b, 10_000), 16) }

func cellWorld(b *testing.B) *index.World {
	b.Helper()
	city := tiletest.NewCity(b)
	city.Apply(indextest.Define(cells()))
	changes, _ := grid(b, rand.New(rand.NewPCG(18, 19)), geo.Point{X: 1_215_000_000, Y: 250_300_000}, 100, 7_000)
	return city.Apply(changes...)
}

func BenchmarkCellsZ13(b *testing.B) { benchmark(b, cellWorld(b), 13) }
func BenchmarkCellsZ15(b *testing.B) { benchmark(b, cellWorld(b), 15) }

func BenchmarkCached(b *testing.B) {
	w := densePoints(b, 10_000)
	m := tiles.NewMaker(tiles.Options{})
	set := resolve(b, w, "city")
	x, y := tileOf(geo.Point{X: 1_215_000_000, Y: 250_300_000}, 16)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Tile(context.Background(), w, set, 16, x, y, nil); err != nil {
			b.Fatal(err)
		}
	}
}
