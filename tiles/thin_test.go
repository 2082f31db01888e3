package tiles_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/drawing"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// shops is a layer of points with numbers.
func shops() *data.Layer {
	return &data.Layer{
		Name: "shops", Geometry: data.GeometryPoint, Tiles: data.TileRule{Importance: "seats"},
		Attributes: []data.Attribute{
			{Name: "seats", Type: data.Int},
			{Name: "rent", Type: data.Number},
			{Name: "kind", Type: data.Text, Default: text("shop")},
			{Name: "open", Type: data.Bool},
			{Name: "since", Type: data.Date},
		},
	}
}

// manyShops is n shops in a square of one degree, half of them in its middle, some without values.
func manyShops(tb testing.TB, n int, seed uint64) *index.World {
	tb.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	city := tiletest.NewCity(tb)
	city.Apply(indextest.Define(shops()))
	var changes []data.Change
	for i := range n {
		spread := 10_000_000
		if i%2 == 0 {
			spread = 50_000
		}
		p := geo.Point{X: 1_215_000_000 + int32(rng.IntN(spread)), Y: 250_300_000 + int32(rng.IntN(spread))}
		var values [5]data.Value
		if rng.IntN(4) > 0 {
			values[0] = data.IntValue(int64(rng.IntN(1000) - 100))
		}
		if rng.IntN(4) > 0 {
			values[1] = data.NumberValue(rng.Float64() * 1000)
		}
		if rng.IntN(2) > 0 {
			values[2] = text(fmt.Sprint("kind", rng.IntN(9)))
		}
		values[3] = data.BoolValue(rng.IntN(2) > 0)
		values[4] = data.WordValue(data.Date, uint64(20_000+rng.IntN(10)))
		changes = append(changes, indextest.Put("shops", fmt.Sprint("s", i), geo.PointShape(p), values[:]...))
	}
	return city.Apply(changes...)
}

// importance of a feature as the layer's rule has it: features without a value come last.
func importance(l *index.Layer, s index.Slot) float64 {
	if v := l.Own(s, 0); !v.Null() {
		return v.Number()
	}
	return math.Inf(-1)
}

// TestThinned adds up what thinned tiles say that their points stand for, and compares each with the features in its
// cell.
func TestThinned(t *testing.T) {
	w := manyShops(t, 60_000, 1)
	l, _ := w.Layer("shops")
	m := cold()
	for _, z := range []uint32{6, 8, 9, 10, 12} {
		found, stood, thinnedTiles := 0, int64(0), 0
		for x, y := range tilesOf(l.Bounds(), z) {
			tile := draw(t, m, w, "shops", z, x, y)
			sum := tile.Sum()
			if sum.Drawn > tiles.OverviewFeatures || sum.Drawn+sum.Dropped != sum.Found {
				t.Fatalf("%d/%d/%d: %+v", z, x, y, sum)
			}
			found += sum.Found
			decoded := decode(t, tile)
			layer := decoded.Layer("shops")
			if sum.Dropped == 0 {
				stood += int64(sum.Drawn)
				continue
			}
			thinnedTiles++
			dropped := decoded.Layer("shops" + tiles.DroppedSuffix).Features
			if len(dropped) != 1 || dropped[0].Get("found") != int64(sum.Found) || dropped[0].Get("drawn") != int64(sum.Drawn) || dropped[0].Get("dropped") != int64(sum.Dropped) {
				t.Fatalf("%d/%d/%d: %+v, but the tile says %+v", z, x, y, sum, dropped)
			}
			stood += checkCells(t, l, layer, z, x, y, tile.Layers[0].Cell)
		}
		if found != l.Len() || stood != int64(l.Len()) {
			t.Errorf("z%d: found %d, drawn points stand for %d, there are %d", z, found, stood, l.Len())
		}
		if z < 10 && thinnedTiles == 0 {
			t.Errorf("z%d: no tile is thinned", z)
		}
	}
}

// checkCells compares a thinned tile with what lies in its cells, and returns what its own points stand for.
func checkCells(t *testing.T, l *index.Layer, layer tiletest.Layer, z, x, y uint32, side int) (sum int64) {
	t.Helper()
	type cell struct {
		n    int64
		best float64
	}
	cells := map[[2]int64]*cell{}
	at := func(p [2]int64) [2]int64 {
		return [2]int64{int64(math.Floor(float64(p[0]) / float64(side))), int64(math.Floor(float64(p[1]) / float64(side)))}
	}
	for s := range l.Slots() {
		p, _ := l.Point(s)
		mx, my := p.Mercator()
		scale := float64(uint64(tiles.Extent) << z)
		u := [2]int64{int64(math.Floor(mx*scale+0.5)) - int64(x)*tiles.Extent, int64(math.Floor(my*scale+0.5)) - int64(y)*tiles.Extent}
		if max(-u[0], -u[1], u[0]-tiles.Extent, u[1]-tiles.Extent) > tiles.Buffer {
			continue
		}
		c := cells[at(u)]
		if c == nil {
			c = &cell{best: math.Inf(-1)}
			cells[at(u)] = c
		}
		c.n++
		c.best = max(c.best, importance(l, s))
	}
	if len(cells) != len(layer.Features) {
		t.Fatalf("%d/%d/%d: %d features for %d cells of %d units", z, x, y, len(layer.Features), len(cells), side)
	}
	for _, f := range layer.Features {
		p := f.Parts[0][0]
		c := cells[at(p)]
		id, _ := f.Get("id").(string)
		s, ok := l.Lookup(id)
		if !ok || c == nil || f.Get("point_count") != c.n || importance(l, s) != c.best {
			t.Fatalf("%d/%d/%d: feature %s (importance %v) stands for %v of its cell %+v", z, x, y, id, importance(l, s), f.Get("point_count"), c)
		}
		if p[0] >= 0 && p[1] >= 0 && p[0] < tiles.Extent && p[1] < tiles.Extent {
			sum += c.n
		}
	}
	return sum
}

// tilesOf yields the tiles of a zoom level that meet a box.
func tilesOf(b geo.Box, z uint32) func(yield func(x, y uint32) bool) {
	return func(yield func(x, y uint32) bool) {
		x0, y1 := tileOf(b.Min, z)
		x1, y0 := tileOf(b.Max, z)
		for x := x0; x <= x1; x++ {
			for y := y0; y <= y1; y++ {
				if !yield(x, y) {
					return
				}
			}
		}
	}
}

// odd is a filter that keeps features by their permanent id.
type odd struct{}

func (odd) String() string { return "odd" }

func (odd) Keep(_ context.Context, l *index.Layer, slots []index.Slot) ([]index.Slot, error) {
	kept := slots[:0]
	for _, s := range slots {
		if l.Permanent(s)%2 == 1 {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// TestClusters compares groups with what lies in their squares, with and without a filter.
func TestClusters(t *testing.T) {
	w := manyShops(t, 5_000, 2)
	l, _ := w.Layer("shops")
	m := tiles.NewMaker(tiles.Options{})
	set := resolve(t, w, "shops_clusters")
	for _, q := range []*tiles.Query{nil, {Filter: odd{}}} {
		for _, z := range []uint32{5, 9, 11} {
			type group struct {
				n, seats int64
				rent     float64
			}
			want, got := map[[4]int64]group{}, map[[4]int64]group{}
			for s := range l.Slots() {
				if q != nil && l.Permanent(s)%2 == 0 {
					continue
				}
				p, _ := l.Point(s)
				mx, my := p.Mercator()
				scale := float64(uint64(tiles.Extent) << z)
				u, v := int64(math.Floor(mx*scale+0.5)), int64(math.Floor(my*scale+0.5))
				key := [4]int64{u / tiles.Extent, v / tiles.Extent, u % tiles.Extent / 256, v % tiles.Extent / 256}
				g := want[key]
				g.n++
				g.seats += l.Value(s, 0).Int()
				if r := l.Value(s, 1); !r.Null() {
					g.rent += r.Number()
				}
				want[key] = g
			}
			for x, y := range tilesOf(l.Bounds(), z) {
				tile, err := m.Tile(t.Context(), w, set, z, x, y, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range decode(t, tile).Layer("shops_clusters").Features {
					p := f.Parts[0][0]
					n, _ := f.Get("point_count").(int64)
					seats, _ := f.Get("seats_sum").(int64)
					rent, _ := f.Get("rent_sum").(float64)
					if (n == 1) != (f.Get("id") != nil) {
						t.Errorf("a group of %d has the id %v", n, f.Get("id"))
					}
					got[[4]int64{int64(x), int64(y), p[0] / 256, p[1] / 256}] = group{n, seats, rent}
				}
			}
			if len(got) != len(want) {
				t.Errorf("z%d: %d groups, want %d", z, len(got), len(want))
			}
			for key, g := range want {
				if h := got[key]; h.n != g.n || h.seats != g.seats || math.Abs(h.rent-g.rent) > 1e-6 {
					t.Errorf("z%d, %v: %+v, want %+v", z, key, h, g)
				}
			}
		}
	}
}

// TestQuery: a query is part of what the cache knows a tile by, and shows what it asks for.
func TestQuery(t *testing.T) {
	w := manyShops(t, 300, 4)
	l, _ := w.Layer("shops")
	m := tiles.NewMaker(tiles.Options{})
	set := resolve(t, w, "shops")
	x, y := tileOf(geo.Point{X: 1_215_000_000 + 20_000, Y: 250_300_000 + 20_000}, 12)
	ask := func(q *tiles.Query) tiles.Tile {
		tile, err := m.Tile(t.Context(), w, set, 12, x, y, q)
		if err != nil {
			t.Fatal(err)
		}
		return tile
	}
	for range 2 {
		all := decode(t, ask(nil)).Layer("shops").Features
		some := decode(t, ask(&tiles.Query{Properties: []string{"rent", "id"}})).Layer("shops").Features
		none := decode(t, ask(&tiles.Query{Properties: []string{}})).Layer("shops").Features
		odds := decode(t, ask(&tiles.Query{Filter: odd{}})).Layer("shops").Features
		if len(all) < 100 || len(some) != len(all) || len(none) != len(all) || len(odds) == 0 || len(odds) == len(all) {
			t.Fatalf("%d, %d, %d, %d features", len(all), len(some), len(none), len(odds))
		}
		for i, f := range all {
			id, _ := f.Get("id").(string)
			s, _ := l.Lookup(id)
			for a, def := range l.Def().Attributes {
				if got, want := f.Get(def.Name), l.Value(s, a).Any(); got != want {
					t.Fatalf("%s: %s is %v, want %v", id, def.Name, got, want)
				}
			}
			tags := 1
			if f.Get("rent") != nil {
				tags++
			}
			if len(some[i].Tags) != tags || some[i].Get("id") != f.Get("id") || some[i].Get("rent") != f.Get("rent") || len(none[i].Tags) != 0 {
				t.Fatalf("%v: %v, %v", f.Tags, some[i].Tags, none[i].Tags)
			}
		}
		for _, f := range odds {
			if f.ID%2 == 0 {
				t.Fatalf("feature %d passed the filter", f.ID)
			}
		}
		zipped, packed := ask(nil), ask(&tiles.Query{Encoding: tiles.Zstd})
		if a, b := tiletest.Text(decode(t, zipped)), tiletest.Text(decode(t, packed)); a != b || zipped.ETag != packed.ETag || packed.Encoding != tiles.Zstd {
			t.Errorf("the encodings differ")
		}
	}
	if s := m.Stats(); s.Builds != 5 || s.Hits != 7 {
		t.Errorf("%+v", s)
	}
}

// TestOversize: a feature that alone takes more than half of what a layer may hold is left out, the others stay.
func TestOversize(t *testing.T) {
	city := tiletest.NewCity(t)
	def := shops()
	def.Tiles.Bytes = drawing.MinTileBytes
	city.Apply(indextest.Define(def))
	var changes []data.Change
	for i := range 200 {
		kind := text("a")
		if i%50 == 0 {
			kind = text(strings.Repeat("x", 3000))
		}
		changes = append(changes, indextest.Put("shops", fmt.Sprint(i), geo.PointShape(geo.Point{X: 10_000 + int32(i)*10_000, Y: 50_000 + int32(i%7)*100_000}), data.Value{}, data.Value{}, kind))
	}
	w := city.Apply(changes...)
	tile := draw(t, cold(), w, "shops", 8, 128, 127)
	r := tile.Layers[0]
	if r.Oversize != 4 || r.Found != 200 || r.Drawn < 20 || r.Drawn+r.Dropped != 200 || tile.Size > drawing.MinTileBytes+512 {
		t.Errorf("%d bytes, %+v", tile.Size, r)
	}
}
