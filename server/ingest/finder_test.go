package ingest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

var posts = &data.Layer{Name: "posts", Geometry: data.GeometryPoint, Attributes: []data.Attribute{}}

func postAt(x int32) geo.Shape { return geo.PointShape(geo.Point{X: x, Y: 1}) }

// TestFinder asks for ids that exist, ended or never were, while the layer grows: the answers are those of the layer.
func TestFinder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := indextest.NewLog()
		e := indextest.Start(t, log)
		indextest.At(t, e, log.Append(indextest.Define(posts)))
		f := newFinder()
		most := 0
		exists := map[string]bool{}
		for range rapid.IntRange(1, 6).Draw(rt, "versions") {
			var changes []data.Change
			for range rapid.SampledFrom([]int{0, 1, 20, 900}).Draw(rt, "new") {
				id := fmt.Sprint("lamp ", most)
				most++
				exists[id] = true
				changes = append(changes, indextest.Put("posts", id, postAt(1)))
			}
			for range rapid.IntRange(0, 3).Draw(rt, "ended") {
				if id := fmt.Sprint("lamp ", rapid.IntRange(0, most).Draw(rt, "which")); exists[id] {
					exists[id] = false
					changes = append(changes, indextest.End("posts", id))
				}
			}
			if len(changes) == 0 {
				continue
			}
			l, _ := indextest.At(t, e, log.Append(changes...)).Layer("posts")
			for i := range rapid.IntRange(0, most+10).Draw(rt, "asked") {
				id := fmt.Sprint("lamp ", i)
				slot, ok := f.find(l, id)
				want, exists := l.Lookup(id)
				if ok != exists || ok && slot != want {
					rt.Fatalf("%s: found %d %v, the layer has %d %v", id, slot, ok, want, exists)
				}
			}
		}
	})
}

// BenchmarkFind compares a Finder with the layer's own lookup, in a layer of a million with random ids.
func BenchmarkFind(b *testing.B) {
	const n = 1 << 20
	log := indextest.NewLog()
	var changes []data.Change
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15)
		changes = append(changes, indextest.Put("posts", ids[i], postAt(int32(i))))
	}
	log.Append(indextest.Define(posts))
	log.Append(changes...)
	e := index.NewEngine(log)
	if err := e.Load(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	l, _ := e.World().Layer("posts")
	b.Run("lookup", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, ok := l.Lookup(ids[i*7919%n]); !ok {
				b.Fatal("not found")
			}
		}
	})
	b.Run("finder", func(b *testing.B) {
		f := newFinder()
		for i := 0; b.Loop(); i++ {
			if _, ok := f.find(l, ids[i*7919%n]); !ok {
				b.Fatal("not found")
			}
		}
	})
}
