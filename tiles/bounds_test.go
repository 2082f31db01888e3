package tiles_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

// Places at the antimeridian and beyond the Mercator square are drawn at the edge of the world, once.
func TestEdgeOfTheWorld(t *testing.T) {
	city := tiletest.NewCity(t)
	w := city.Apply(
		indextest.Define(points()),
		indextest.Define(&data.Layer{Name: "land", Geometry: data.GeometryPolygon}),
		indextest.Put("points", "east", geo.PointShape(geo.Point{X: geo.MaxX, Y: 0})),
		indextest.Put("points", "west", geo.PointShape(geo.Point{X: -geo.MaxX, Y: 0})),
		indextest.Put("points", "north", geo.PointShape(geo.Point{X: 5, Y: geo.MaxY})),
		indextest.Put("points", "south", geo.PointShape(geo.Point{X: 5, Y: -geo.MaxY})),
		indextest.Put("land", "all", shape(t, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}})),
	)
	want := map[string][2]int64{"east": {4096, 2048}, "west": {0, 2048}, "north": {2048, 0}, "south": {2048, 4096}}
	decoded := decode(t, draw(t, cold(), w, "points,land", 0, 0, 0))
	for _, f := range decoded.Layer("points").Features {
		id, _ := f.Get("id").(string)
		if f.Parts[0][0] != want[id] {
			t.Errorf("%s at %v, want %v", id, f.Parts[0][0], want[id])
		}
		delete(want, id)
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
	if got := decoded.Layer("land").Features[0].Parts[0].Area2(); got != 2*4096*4096 {
		t.Errorf("the world has area %d", got/2)
	}
	for _, c := range []struct {
		x, y uint32
		id   string
	}{{1<<22 - 1, 1 << 21, "east"}, {0, 1 << 21, "west"}, {1 << 21, 0, "north"}, {1 << 21, 1<<22 - 1, "south"}} {
		got := decode(t, draw(t, cold(), w, "points", 22, c.x, c.y)).Layer("points").Features
		if len(got) != 1 || got[0].Get("id") != c.id {
			t.Errorf("z22 %s: %v", c.id, got)
		}
	}
}

// Building tiles does not write to the World.
func TestWorldUntouched(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(cells()), indextest.Define(points()), indextest.Define(&data.Layer{Name: "lines", Geometry: data.GeometryLine}))
	changes, ring := grid(t, rng, center, 8, 12_000)
	changes = append(changes,
		indextest.Put("lines", "l", shape(t, orb.MultiLineString{orb.LineString(ring), orb.LineString(ring[:5])})),
		indextest.Put("points", "p", shape(t, orb.MultiPoint(ring)), text("a")))
	w := city.Apply(changes...)
	before := worldText(w)
	m := cold()
	for z := uint32(0); z <= data.MaxZoom; z++ {
		x, y := tileOf(center, z)
		draw(t, m, w, "city", z, x, y)
	}
	if worldText(w) != before {
		t.Error("a tile changed the World")
	}
}

func worldText(w *index.World) string {
	var b strings.Builder
	for _, l := range w.Layers() {
		for s := range l.Slots() {
			f := l.Feature(s)
			fmt.Fprintln(&b, f.ID, f.Shape.Vertices(), f.Shape.RingEnds(), f.Shape.PolygonEnds(), f.Values)
		}
	}
	return b.String()
}

// A layer over the limits is thinned, the same way every time, and says by how much.
func TestLimits(t *testing.T) {
	long := strings.Repeat("字", 6000)
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()))
	const n = tiles.MaxFeatures + 1000
	var changes []data.Change
	for i := range n {
		p := geo.Point{X: int32(i%256) * 200, Y: int32(i/256) * 200} // two metres apart: 17 units of a tile of z16
		changes = append(changes, indextest.Put("points", strconv.Itoa(i), geo.PointShape(p)))
	}
	w := city.Apply(changes...)
	x, y := tileOf(geo.Point{X: 25_000, Y: 25_000}, 16)
	tile := draw(t, cold(), w, "points", 16, x, y)
	layer := decode(t, tile).Layer("points")
	if sum := tile.Sum(); sum.Drawn > tiles.MaxFeatures || sum.Drawn < tiles.MaxFeatures/16 || sum.Found <= tiles.MaxFeatures || sum.Drawn+sum.Dropped != sum.Found {
		t.Errorf("%+v", sum)
	}
	for _, f := range layer.Features[:100] {
		id, _ := f.Get("id").(string)
		if slot, ok := w.Layers()[0].Lookup(id); !ok || f.ID != uint64(w.Layers()[0].Permanent(slot)) {
			t.Fatalf("feature %s has the number %d", id, f.ID)
		}
	}
	for i := range 1000 {
		changes[i].Feature.Values = []data.Value{text(fmt.Sprint(i, long))}
	}
	city.Apply(indextest.Drop("points"), indextest.Define(points()))
	w = city.Apply(changes[:1000]...)
	tile = draw(t, cold(), w, "points", 16, x, y)
	if sum := tile.Sum(); tile.Size > tiles.MaxLayerBytes+1<<10 || tile.Size < tiles.MaxLayerBytes/8 || sum.Drawn+sum.Dropped != sum.Found || sum.Found < 700 {
		t.Errorf("%d bytes, %+v", tile.Size, tile.Sum())
	}
	if again := draw(t, cold(), w, "points", 16, x, y); again.ETag != tile.ETag {
		t.Error("two runs differ")
	}
}

func TestCancelled(t *testing.T) {
	city := tiletest.NewCity(t)
	w := city.Apply(indextest.Define(points()), indextest.Put("points", "a", geo.PointShape(geo.Point{})))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := tiles.NewMaker(tiles.Options{})
	if _, err := m.Tile(ctx, w, resolve(t, w, "points"), 0, 0, 0, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if tile := draw(t, m, w, "points", 0, 0, 0); tile.Sum().Drawn != 1 {
		t.Error("a cancelled request spoiled the next one")
	}
}

// slow is a filter that ends when it is let go.
type slow struct {
	name  string
	runs  *atomic.Int32
	letGo chan struct{}
}

func (s slow) String() string { return s.name }

func (s slow) Keep(ctx context.Context, _ *index.Layer, slots []index.Slot) ([]index.Slot, error) {
	s.runs.Add(1)
	select {
	case <-s.letGo:
		return slots, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Tiles do not wait for those of slow filters, of which few are drawn at a time, and neither do explanations.
func TestSlowFilters(t *testing.T) {
	city := tiletest.NewCity(t)
	w := city.Apply(indextest.Define(points()), indextest.Put("points", "a", geo.PointShape(geo.Point{})))
	m := tiles.NewMaker(tiles.Options{Builds: 4})
	set := resolve(t, w, "points")
	runs, letGo := &atomic.Int32{}, make(chan struct{})
	var all sync.WaitGroup
	for i := range 20 {
		q := &tiles.Query{Slow: true, Filter: slow{strconv.Itoa(i), runs, letGo}}
		all.Go(func() {
			tile, err := m.Tile(t.Context(), w, set, 0, 0, 0, q)
			if err != nil || tile.Sum().Drawn != 1 {
				t.Errorf("%v, %v", tile.Sum(), err)
			}
		})
		all.Go(func() {
			if v, err := m.Why(t.Context(), w, set, 0, 0, 0, q, "a"); err != nil || !v.Drawn {
				t.Errorf("%v, %v", v, err)
			}
		})
	}
	for runs.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for z := range uint32(8) {
		if _, err := m.Tile(ctx, w, set, z, 0, 0, nil); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := m.Why(ctx, w, set, 0, 0, 0, nil, "a"); err != nil || !v.Drawn {
		t.Errorf("%v, %v", v, err)
	}
	if n := runs.Load(); n != 2 {
		t.Errorf("%d filters run at once", n)
	}
	close(letGo)
	all.Wait()
}
