package tiles_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// Tiles of the past, by position and by date, come out of the cache as a Maker without one draws them, while the city
// is edited and the present is drawn from the same cache.
func TestCacheKnowsTheTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()), indextest.Define(cells()))
	cached, plain := tiles.NewMaker(tiles.Options{}), cold()
	for round := range 300 {
		last := city.World().Seq()
		switch {
		case round == 150:
			def := points()
			def.Zoom.Max = 17
			city.Apply(indextest.Define(def))
		case rng.IntN(4) == 0:
			city.ApplyAt(indextest.Recorded(last+1).Add(-time.Duration(rng.IntN(100))*time.Second), edit(rng, center, 60))
		default:
			city.Apply(edit(rng, center, 60))
		}
		last = city.World().Seq()
		for range 4 {
			when := index.Moment{AsOf: index.Newest}
			if rng.IntN(3) > 0 {
				// Few moments, so that they are asked for again.
				when.AsOf = min(last, data.Seq(1+20*rng.IntN(int(last)/20+1)))
			}
			if rng.IntN(3) > 0 {
				when.At = indextest.Recorded(data.Seq(25 * rng.IntN(int(last)/25+1)))
			}
			w := city.At(when)
			z := uint32(12 + rng.IntN(4))
			x, y := tileOf(geo.Point{X: center.X + int32(rng.IntN(400_000)), Y: center.Y + int32(rng.IntN(400_000))}, z)
			set := []string{"points", "city"}[rng.IntN(2)]
			got, want := draw(t, cached, w, set, z, x, y), draw(t, plain, w, set, z, x, y)
			if !bytes.Equal(got.Packed, want.Packed) || got.ETag != want.ETag || got.Seq != w.Seq() {
				t.Fatalf("round %d, %s %d/%d/%d of %+v: the cached tile differs (-want +got):\n%s", round, set, z, x, y, when, cmp.Diff(tiletest.Text(decode(t, want)), tiletest.Text(decode(t, got))))
			}
		}
	}
	if s := cached.Stats(); s.Hits < s.Builds/4 {
		t.Errorf("%+v", s)
	}
}

// What has not changed since a position is not drawn again for it, and drawing the past does not push the present out.
func TestPastSharesTiles(t *testing.T) {
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	put := func(id string, x int32) data.Change {
		return indextest.Put("points", id, geo.PointShape(geo.Point{X: center.X + x, Y: center.Y}), text("k"))
	}
	city.Apply(indextest.Define(points()), put("here", 0), put("there", 5_000_000))
	var before *index.World
	for i := range int32(10) {
		before = city.Apply(put("there", 5_000_000+1000*i))
	}
	now := city.Apply(put("there", 6_000_000))
	m := tiles.NewMaker(tiles.Options{})
	past := city.At(index.Moment{AsOf: before.Seq() - 3})
	if !past.Past() {
		t.Fatal("not a World of the past")
	}
	builds := func(w *index.World, x int32) uint64 {
		t.Helper()
		tx, ty := tileOf(geo.Point{X: center.X + x, Y: center.Y}, 14)
		was := m.Stats().Builds
		draw(t, m, w, "points", 14, tx, ty)
		return m.Stats().Builds - was
	}
	got := fmt.Sprint(builds(now, 0), builds(past, 0), builds(now, 5_006_000), builds(past, 5_006_000), builds(now, 5_006_000), builds(past, 5_006_000))
	if got != "1 0 1 1 0 0" {
		t.Errorf("drawn %s", got)
	}
}
