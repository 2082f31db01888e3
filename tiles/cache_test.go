package tiles_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// edit makes a random change of a feature among n.
func edit(rng *rand.Rand, center geo.Point, n int) data.Change {
	id := strconv.Itoa(rng.IntN(n))
	if rng.IntN(5) == 0 {
		return indextest.End("points", id)
	}
	p := geo.Point{X: center.X + int32(rng.IntN(400_000)), Y: center.Y + int32(rng.IntN(400_000))}
	return indextest.Put("points", id, geo.PointShape(p), text(fmt.Sprint("k", rng.IntN(3))))
}

// Whatever is edited, the cached answer is the one that a Maker without a cache gives, for the newest World and for
// older ones that a reader still holds; tiles that an edit did not touch are not drawn again.
func TestCacheFollowsTheData(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	worlds := []*index.World{city.Apply(indextest.Define(points()), indextest.Define(cells()))}
	cached, plain := tiles.NewMaker(tiles.Options{}), cold()
	for round := range 300 {
		switch round {
		case 150:
			def := points()
			def.Zoom.Max = 17
			worlds = append(worlds, city.Apply(indextest.Define(def)))
		case 200:
			city.Apply(indextest.Drop("points"))
			worlds = append(worlds[:0], city.Apply(indextest.Define(points())))
		default:
			worlds = append(worlds, city.Apply(edit(rng, center, 60)))
		}
		for range 10 {
			w := worlds[len(worlds)-1-rng.IntN(min(len(worlds), 4))]
			z := uint32(10 + rng.IntN(9))
			x, y := tileOf(geo.Point{X: center.X + int32(rng.IntN(400_000)), Y: center.Y + int32(rng.IntN(400_000))}, z)
			set := []string{"points", "city", "points,cells"}[rng.IntN(3)]
			got, want := draw(t, cached, w, set, z, x, y), draw(t, plain, w, set, z, x, y)
			if !bytes.Equal(got.Packed, want.Packed) || got.ETag != want.ETag || got.Seq != w.Seq() || got.Size != want.Size {
				t.Fatalf("round %d, %s %d/%d/%d at seq %d: the cached tile differs", round, set, z, x, y, w.Seq())
			}
		}
	}
	if s := cached.Stats(); s.Hits < 200 || s.Hits+s.Misses != 3000 || s.Builds != s.Misses {
		t.Errorf("stats %+v", s)
	}
}

func TestOnlyTouchedTilesAreDrawnAgain(t *testing.T) {
	city := tiletest.NewCity(t)
	at := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city.Apply(indextest.Define(points()))
	w := city.Apply(indextest.Put("points", "a", geo.PointShape(at), text("lamp")))
	m := tiles.NewMaker(tiles.Options{})
	const z = 16
	x, y := tileOf(at, z)
	drawAll := func() {
		for dx := range uint32(8) {
			for dy := range uint32(8) {
				draw(t, m, w, "points", z, x-4+dx, y-4+dy)
			}
		}
	}
	drawAll()
	before, old := m.Stats().Builds, draw(t, m, w, "points", z, x, y)
	w = city.Apply(indextest.Put("points", "a", geo.PointShape(at), text("tree")))
	drawAll()
	if again := m.Stats().Builds - before; again < 1 || again > 4 {
		t.Errorf("%d of 64 tiles were drawn again for one point", again)
	}
	if changed := draw(t, m, w, "points", z, x, y); changed.ETag == old.ETag {
		t.Error("the tile of the point did not change")
	}
	w = city.Apply(indextest.Put("points", "a", geo.PointShape(at), text("lamp")))
	if back := draw(t, m, w, "points", z, x, y); back.ETag != old.ETag || back.Seq != w.Seq() {
		t.Error("a tile that came back to what it was has another ETag")
	}
}

// The cache keeps to its bound.
func TestCacheBound(t *testing.T) {
	city := tiletest.NewCity(t)
	w := city.Apply(indextest.Define(points()))
	m := tiles.NewMaker(tiles.Options{CacheBytes: 20_000})
	for x := range uint32(500) {
		draw(t, m, w, "points", 12, x, 0)
	}
	if s := m.Stats(); s.Bytes > 20_000 || s.Tiles == 0 || s.Tiles > 40 {
		t.Errorf("stats %+v", s)
	}
}

// Callers who ask at once share one build, and one that gives up does not take the others with it.
func TestSharedBuild(t *testing.T) {
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()))
	var changes []data.Change
	for i := range 20_000 {
		changes = append(changes, indextest.Put("points", strconv.Itoa(i), geo.PointShape(geo.Point{X: int32(i) * 1000}), text("x")))
	}
	w := city.Apply(changes...)
	set := resolve(t, w, "points")
	m := tiles.NewMaker(tiles.Options{})
	var wait sync.WaitGroup
	for i := range 32 {
		wait.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if i%4 == 0 {
				go cancel()
			}
			tile, err := m.Tile(ctx, w, set, 0, 0, 0, nil)
			switch {
			case i%4 == 0 && errors.Is(err, context.Canceled):
			case err != nil:
				t.Errorf("caller %d: %v", i, err)
			case tile.Sum().Found != 20_000:
				t.Errorf("caller %d: %d features", i, tile.Sum().Found)
			}
		})
	}
	wait.Wait()
	if s := m.Stats(); s.Builds > 4 {
		t.Errorf("%d builds", s.Builds)
	}
}

// Eight readers draw while a writer publishes.
func TestReadersAndWriter(t *testing.T) {
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()), indextest.Define(cells()))
	changes, _ := grid(t, rand.New(rand.NewPCG(11, 12)), center, 6, 12_000)
	city.Apply(changes...)
	m := tiles.NewMaker(tiles.Options{CacheBytes: 1 << 20})
	var readers sync.WaitGroup
	for seed := range uint64(8) {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 13))
			for range 60 {
				z := uint32(10 + rng.IntN(9))
				x, y := tileOf(geo.Point{X: center.X + int32(rng.IntN(100_000)), Y: center.Y + int32(rng.IntN(100_000))}, z)
				set := tiles.Tileset{Name: "city", Layers: []string{"cells", "points"}}
				tile, err := m.Tile(context.Background(), city.World(), set, z, x, y, nil)
				if err != nil {
					t.Error(err)
					return
				}
				b, err := tile.Bytes()
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := tiletest.Decode(b); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		readers.Wait()
		close(done)
	}()
	rng := rand.New(rand.NewPCG(14, 15))
	for {
		select {
		case <-done:
			return
		default:
			city.Apply(edit(rng, center, 200))
		}
	}
}

// TestExplainAmongOthers asks whether a tile was in the cache while other tiles are drawn at the same moment: the answer
// is about this tile alone.
func TestExplainAmongOthers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	w := city.Apply(indextest.Define(points()), indextest.Define(cells()))
	for range 50 {
		w = city.Apply(edit(rng, center, 60))
	}
	m := tiles.NewMaker(tiles.Options{})
	set := tiles.Tileset{Name: "points", Layers: []string{"points"}}
	x, y := tileOf(center, 14)
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for i := range uint32(2) {
		others.Go(func() {
			for n := uint32(0); ctx.Err() == nil; n++ {
				if _, err := m.Tile(t.Context(), w, set, 17, (2*n+i)%(1<<17), 5, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := 0; m.Stats().Builds < 500; n++ {
		_, cached, err := m.Explain(t.Context(), w, set, 14, x, y, nil)
		if err != nil {
			t.Fatal(err)
		}
		if cached != (n > 0) {
			t.Errorf("ask %d: cached is %v", n, cached)
			break
		}
	}
	stop()
	others.Wait()
}
