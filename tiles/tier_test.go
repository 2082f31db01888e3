package tiles_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// millionPoints is a district of 5 × 5 km with 10,000 cells and a million points with three attributes, one unique.
func millionPoints(tb testing.TB) (*index.World, geo.Box) {
	tb.Helper()
	rng := rand.New(rand.NewPCG(20, 21))
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(tb)
	cellChanges, _ := grid(tb, rng, center, 100, 5_000)
	city.Apply(indextest.Define(cells()), indextest.Define(&data.Layer{Name: "points", Geometry: data.GeometryPoint, Attributes: []data.Attribute{
		{Name: "code", Type: data.Code}, {Name: "category", Type: data.Text}, {Name: "status", Type: data.Text},
	}}))
	w := city.Apply(cellChanges...)
	l, _ := w.Layer("cells")
	box := l.Bounds()
	for i := 0; i < 1_000_000; {
		var changes []data.Change
		for range 50_000 {
			p := geo.Point{X: box.Min.X + int32(rng.IntN(int(box.Max.X-box.Min.X))), Y: box.Min.Y + int32(rng.IntN(int(box.Max.Y-box.Min.Y)))}
			changes = append(changes, indextest.Put("points", fmt.Sprint("id", i), geo.PointShape(p),
				data.TextValue(data.Code, fmt.Sprintf("1101010010%06d", i)), text(fmt.Sprint("category", i%40)), text(fmt.Sprint("status", i%5))))
			i++
		}
		w = city.Apply(changes...)
	}
	return w, box
}

// BenchmarkTiers draws tiles of a million points, and reads and verifies the same tiles from files, which is the least
// that a tier of the cache on disk would do for each; then it draws every tile of the district at zoom levels 0–18 into
// one cache.
func BenchmarkTiers(b *testing.B) {
	w, box := millionPoints(b)
	set := resolve(b, w, "city")
	middle := geo.Point{X: box.Min.X + (box.Max.X-box.Min.X)/2, Y: box.Min.Y + (box.Max.Y-box.Min.Y)/2}
	for _, z := range []uint32{10, 14, 16, 18} {
		x, y := tileOf(middle, z)
		var tile tiles.Tile
		b.Run(fmt.Sprintf("z%d/draw", z), func(b *testing.B) {
			m := cold()
			for b.Loop() {
				tile = draw(b, m, w, "city", z, x, y)
			}
			b.ReportMetric(float64(len(tile.Packed))/1e3, "gzip_kB")
		})
		b.Run(fmt.Sprintf("z%d/read", z), func(b *testing.B) {
			path, sum := filepath.Join(b.TempDir(), "tile"), sha256.Sum256(tile.Packed)
			if err := os.WriteFile(path, tile.Packed, 0o600); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if read, err := os.ReadFile(path); err != nil || sha256.Sum256(read) != sum {
					b.Fatal("another tile", err)
				}
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		n, bytes := 0, uint64(0)
		for b.Loop() {
			m := tiles.NewMaker(tiles.Options{})
			for z := range uint32(19) {
				x0, y1 := tileOf(box.Min, z)
				x1, y0 := tileOf(box.Max, z)
				for x := x0; x <= x1; x++ {
					for y := y0; y <= y1; y++ {
						if _, err := m.Tile(context.Background(), w, set, z, x, y, nil); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			n, bytes = m.Stats().Tiles, m.Stats().Bytes
		}
		b.ReportMetric(float64(n), "tiles")
		b.ReportMetric(float64(bytes)/1e6, "cache_MB")
	})
}
