package gazetteer

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/sample/sampletest"
)

func attributes(names ...string) (all []data.Attribute) {
	for _, name := range names {
		all = append(all, data.Attribute{Name: name, Type: data.Text})
	}
	return all
}

// definitions are layers of each role.
func definitions() []data.Change {
	return []data.Change{
		indextest.Define(&data.Layer{
			Name: "villages", Geometry: data.GeometryPolygon, Attributes: attributes("name"),
			Roles: data.Roles{Area: &data.AreaRole{Level: "village", Name: "name"}},
		}),
		indextest.Define(&data.Layer{
			Name: "roads", Geometry: data.GeometryLine, Attributes: attributes("name"),
			Roles: data.Roles{Road: &data.RoadRole{Name: "name"}},
		}),
		indextest.Define(&data.Layer{
			Name: "sights", Geometry: data.GeometryPoint, Attributes: attributes("name", "alias"),
			Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "name", Alias: "alias"}, Building: &data.BuildingRole{Name: "name"}},
		}),
		indextest.Define(&data.Layer{
			Name: "doors", Geometry: data.GeometryPoint, Attributes: attributes("full", "road", "section", "lane", "alley", "number"),
			Roles: data.Roles{Address: &data.AddressRole{Label: "full", Road: "road", Section: "section", Lane: "lane", Alley: "alley", Number: "number"}},
		}),
	}
}

func textOf(s string) data.Value {
	if s == "" {
		return data.Value{}
	}
	return data.TextValue(data.Text, s)
}

// change draws one edit of a small world in which things often have the same names.
func change(t *rapid.T) data.Change {
	layer := rapid.SampledFrom([]string{"villages", "roads", "sights", "doors", "doors"}).Draw(t, "layer")
	id := fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "id"))
	if rapid.IntRange(0, 3).Draw(t, "end") == 0 {
		return indextest.End(layer, id)
	}
	name := func() data.Value {
		return textOf(rapid.SampledFrom([]string{"", "和平里", "和平路", "和平東路", "Main Street", "和平社區(二期)", "和平社區活動中心", "大和平社區活動中心", "和平"}).Draw(t, "name"))
	}
	p := geo.Point{X: 1_215_000_000 + rapid.Int32Range(0, 3).Draw(t, "x")*1000, Y: 250_000_000}
	switch layer {
	case "villages":
		return indextest.Put(layer, id, indextest.Rect(p.X, p.Y, p.X+500, p.Y+500), name())
	case "roads":
		line, err := geo.NewShape(geo.KindLine, []geo.Point{p, {X: p.X + 100, Y: p.Y}}, []uint32{2}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return indextest.Put(layer, id, line, name())
	case "sights":
		return indextest.Put(layer, id, geo.PointShape(p), name(), textOf(rapid.SampledFrom([]string{"", "老和平", "老和平;和平路", "a、和平里"}).Draw(t, "alias")))
	}
	return indextest.Put(layer, id, geo.PointShape(p), data.Value{}, name(),
		textOf(rapid.SampledFrom([]string{"", "", "一段", "二段"}).Draw(t, "section")),
		textOf(rapid.SampledFrom([]string{"", "12巷", "学府巷"}).Draw(t, "lane")), data.Value{},
		textOf(rapid.SampledFrom([]string{"", "1號", "2之3號", "無"}).Draw(t, "number")))
}

// content is everything that a gazetteer finds, by names instead of their numbers.
func content(g *Gazetteer) map[string]any {
	all := map[string]any{}
	name := func(id names.ID) string { return string(g.Name(id)) }
	for id := range names.ID(g.Len()) {
		r := g.records.at(id)
		var senses []string
		for _, s := range r.senses {
			road := ""
			if s.Kind == Road {
				road = name(s.Road)
			}
			senses = append(senses, fmt.Sprint(s.Kind, s.Form, s.Layer, s.Slot, road))
		}
		slices.Sort(senses)
		if len(senses) > 0 {
			all[name(id)] = senses
			found := false
			g.Begins(g.Name(id), func(got names.ID, length int) bool {
				found = found || got == id && length == len(g.Name(id))
				return true
			})
			if !found {
				all[name(id)+" is not found"] = true
			}
			for _, l := range g.Guess(append(g.Name(id)[1:], 'x')).found {
				all[fmt.Sprint(name(id), " like ", name(l.ID))] = []int{l.Start, l.Length, l.Edits}
			}
		}
		for _, s := range r.sections {
			for _, lane := range []uint64{0, number.Number{Base: 12}.Packed()} {
				if doors := slices.Collect(g.Doors().Doors(houses.Street{Road: uint32(id), Section: s, Lane: lane})); len(doors) > 0 {
					all[fmt.Sprint(name(id), " doors ", s, " ", lane)] = doors
				}
			}
		}
		if at, radius, ok := g.Lines().Middle(uint32(id)); ok {
			all[name(id)+" middle"] = fmt.Sprint(at, radius)
		}
		if len(r.sections) > 0 {
			all[name(id)+" sections"] = r.sections
		}
	}
	all["doors"], all["lines"] = g.Doors().Len(), g.Lines().Len()
	return all
}

// TestFollow makes random edits and compares the gazetteer that followed them with one built from the World.
func TestFollow(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		log := indextest.NewLog()
		log.Append(definitions()...)
		follower := &Follower{}
		engine := index.NewEngine(log)
		engine.Follow(follower)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		if err := engine.Load(ctx, nil); err != nil {
			r.Fatal(err)
		}
		go func() { done <- engine.Run(ctx) }()
		defer func() {
			cancel()
			if err := <-done; err != nil {
				r.Error(err)
			}
		}()
		for range rapid.IntRange(1, 8).Draw(r, "transactions") {
			var changes []data.Change
			for range rapid.IntRange(1, 8).Draw(r, "changes") {
				if c := change(r); !slices.ContainsFunc(changes, func(d data.Change) bool { return d.Layer == c.Layer && d.Feature.ID == c.Feature.ID }) {
					changes = append(changes, c)
				}
			}
			w, err := engine.Wait(ctx, log.Append(changes...))
			if err != nil {
				r.Fatal(err)
			}
			if diff := gocmp.Diff(content(New(w)), content(follower.Gazetteer())); diff != "" {
				r.Fatalf("seq %d (-built +followed):\n%s", w.Seq(), diff)
			}
		}
	})
}

func TestSenses(t *testing.T) {
	log := indextest.NewLog()
	log.Append(definitions()...)
	p := geo.PointShape(geo.Point{X: 1_215_000_000, Y: 250_000_000})
	log.Append(
		indextest.Put("sights", "1", p, textOf("大安森林公園(北側)"), textOf("森林公园；小公園|Daan Park")),
		indextest.Put("sights", "2", p, textOf("榮華社區")),
		indextest.Put("roads", "3", geo.Shape{}, textOf("N Massachusetts Ave")),
		indextest.Put("doors", "4", p, textOf("某某路三段學府巷臨12之3號地下"), textOf("某某路"), textOf("三段"), textOf("學府巷"), data.Value{}, textOf("臨12之3號地下")),
	)
	engine := index.NewEngine(log)
	if err := engine.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	g := New(engine.World())
	for text, want := range map[string]string{
		"大安森林公园(北侧)":             "2 0, 3 0",
		"大安森林公园":                 "2 1, 3 1",
		"森林公园":                   "2 2",
		"小公园":                    "2 2",
		"daan park":              "2 2",
		"荣华":                     "2 3, 3 3",
		"n massachusetts ave":    "1 0",
		"north massachusetts av": "1 1",
		"n massachusetts":        "1 3",
		"某某路学府巷":                 "1 0",
		"massachusetts":          "",
		"大安森林":                   "",
	} {
		var got []string
		g.Begins([]rune(text), func(id names.ID, length int) bool {
			if length == len([]rune(text)) {
				for _, s := range g.Senses(id) {
					got = append(got, fmt.Sprint(s.Kind, " ", s.Form))
				}
			}
			return true
		})
		if joined := strings.Join(got, ", "); joined != want {
			t.Errorf("%s: %s, want %s", text, joined, want)
		}
	}
	road := names.ID(0)
	g.Begins([]rune("某某路学府巷"), func(id names.ID, _ int) bool { road = id; return true })
	n := number.Number{Base: 12, Sub: 3, Mark: number.Sub, Temporary: true}
	found := g.Doors().Find(houses.Street{Road: uint32(road), Section: 3}, n)
	if found.How != houses.Exact || g.DoorLabel(found.Doors[0].ID) != "某某路三段學府巷臨12之3號地下" {
		t.Error(found, g.Sections(road))
	}
}

// BenchmarkTaipei is the gazetteer of 246,000 doors, 456 villages and 12 districts.
func BenchmarkTaipei(b *testing.B) {
	w := sampletest.World(b, "addresses", "villages", "districts")
	b.ReportAllocs()
	for b.Loop() {
		New(w)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	g := New(w)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(g.Doors().Len()), "B/door")
}
