package tiles_test

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// TestDiff edits a city at random and compares the differences that tiles show, between moments of two kinds, with those
// of all features.
func TestDiff(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	center := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	city.Apply(indextest.Define(points()))
	for range 200 {
		last := city.World().Seq()
		if rng.IntN(3) == 0 {
			city.ApplyAt(indextest.Recorded(last+1).Add(-time.Duration(rng.IntN(50))*time.Second), edit(rng, center, 60))
		} else {
			city.Apply(edit(rng, center, 60))
		}
	}
	m := tiles.NewMaker(tiles.Options{})
	last := city.World().Seq()
	moment := func() index.Moment {
		when := index.Moment{AsOf: index.Newest}
		switch rng.IntN(3) {
		case 0:
			when.AsOf = 1 + last*data.Seq(rng.IntN(100))/100
		case 1:
			when.At = indextest.Recorded(1 + last*data.Seq(rng.IntN(100))/100)
		}
		return when
	}
	total := 0
	for range 60 {
		a, b := city.At(moment()), city.At(moment())
		want := differences(a, b)
		got := map[string]string{}
		lb, _ := b.Layer("points")
		la, _ := a.Layer("points")
		box := geo.EmptyBox()
		if lb != nil {
			box = box.Union(lb.Bounds())
		}
		if la != nil {
			box = box.Union(la.Bounds())
		}
		if box.Empty() {
			continue
		}
		for x, y := range tilesOf(box, 11) {
			for range 2 { // the second comes from the cache
				tile, err := m.Diff(t.Context(), a, b, tiles.Tileset{Layers: []string{"points"}}, 11, x, y, nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range decode(t, tile) {
					for _, f := range l.Features {
						id, _ := f.Get("id").(string)
						got[id] = strings.TrimPrefix(l.Name, "points_")
					}
				}
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%v → %v: %v, want %v", a.Seq(), b.Seq(), got, want)
		}
		total += len(got)
	}
	if s := m.Stats(); total < 500 || s.Hits < s.Builds/2 {
		t.Errorf("%d differences, %+v", total, s)
	}
	if _, err := m.Diff(t.Context(), city.World(), city.World(), tiles.Tileset{Layers: []string{"points_clusters"}}, 1, 0, 0, nil); err == nil {
		t.Error("groups have differences")
	}
}

// differences says for each feature that two Worlds do not both have alike what became of it.
func differences(a, b *index.World) map[string]string {
	out := map[string]string{}
	la, inA := a.Layer("points")
	lb, inB := b.Layer("points")
	if inB {
		for s := range lb.Slots() {
			if !inA {
				out[lb.ID(s)] = "added"
			} else if there, ok := la.Lookup(lb.ID(s)); !ok {
				out[lb.ID(s)] = "added"
			} else if !lb.Shape(s).Equal(la.Shape(there)) || lb.Value(s, 0) != la.Value(there, 0) || lb.Value(s, 1) != la.Value(there, 1) {
				out[lb.ID(s)] = "changed"
			}
		}
	}
	if inA {
		for s := range la.Slots() {
			if !inB {
				out[la.ID(s)] = "removed"
			} else if _, ok := lb.Lookup(la.ID(s)); !ok {
				out[la.ID(s)] = "removed"
			}
		}
	}
	return out
}
