package tiles_test

import (
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

func kinds(titles ...data.Title) data.Change {
	d := &data.Dictionary{Name: "kinds"}
	for i, title := range titles {
		d.Entries = append(d.Entries, data.Term{Code: "0" + strconv.Itoa(i+1), Title: title})
	}
	return data.Change{Stream: data.StreamDictionary, Op: data.OpPut, Layer: d.Name, Dictionary: d}
}

// said is the attributes of the only feature of a layer of a tile, but its id.
func said(t *testing.T, tile tiles.Tile, layer string) map[string]any {
	t.Helper()
	fs := decode(t, tile).Layer(layer).Features
	if len(fs) != 1 {
		t.Fatalf("%d features in %s", len(fs), layer)
	}
	got := map[string]any{}
	for _, tag := range fs[0].Tags {
		if _, twice := got[tag.Key]; twice {
			t.Errorf("%s is there twice", tag.Key)
		}
		if tag.Key != "id" {
			got[tag.Key] = tag.Value
		}
	}
	return got
}

func TestLanguages(t *testing.T) {
	at := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	square := indextest.Rect(at.X, at.Y, at.X+1000, at.Y+1000)
	city := tiletest.NewCity(t)
	city.Apply(kinds(data.Title{"zh": "公园", "en": "Park"}, data.Title{"zh": "绿地"}), indextest.Define(&data.Layer{
		Name: "parks", Geometry: data.GeometryPolygon, Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "name"}},
		Attributes: []data.Attribute{
			{Name: "name", Type: data.Text},
			{Name: "name_en", Type: data.Text},
			{Name: "name_zh_hant", Type: data.Text},
			{Name: "kind", Type: data.Code, Dictionary: "kinds"},
			{Name: "name_fr", Type: data.Int},
			{Name: "name_old", Type: data.Text},
		},
	}))
	null := data.Value{}
	code := func(s string) data.Value { return data.TextValue(data.Code, s) }
	w := city.Apply(indextest.Put("parks", "a", square, text("大安森林公园"), text("Daan Park"), text("大安森林公園"), code("01"), data.IntValue(7), text("旧")))
	x, y := tileOf(at, 16)
	all := map[string]any{"name": "大安森林公园", "name_en": "Daan Park", "name_zh_hant": "大安森林公園", "kind": "01", "name_fr": int64(7), "name_old": "旧"}
	with := func(changes map[string]any) map[string]any {
		m := maps.Clone(all)
		maps.Copy(m, changes)
		return m
	}
	m := tiles.NewMaker(tiles.Options{})
	for _, c := range []struct {
		lang        string
		main, label map[string]any
	}{
		{"", all, map[string]any{"name": "大安森林公园", "label": "大安森林公园", "name_en": "Daan Park"}},
		{"en", with(map[string]any{"name": "Daan Park", "kind_label": "Park"}), map[string]any{"name": "Daan Park", "label": "Daan Park", "name_en": "Daan Park"}},
		{"en-GB", with(map[string]any{"name": "Daan Park", "kind_label": "Park"}), map[string]any{"name": "Daan Park", "label": "Daan Park", "name_en": "Daan Park"}},
		{"zh", with(map[string]any{"kind_label": "公园"}), map[string]any{"name": "大安森林公园", "label": "大安森林公园", "name_en": "Daan Park"}},
		{"zh-Hant", with(map[string]any{"name": "大安森林公園", "kind_label": "公园"}), map[string]any{"name": "大安森林公園", "label": "大安森林公園", "name_en": "Daan Park"}},
		// A number is no translation; words are in English where there are none.
		{"fr", with(map[string]any{"kind_label": "Park"}), map[string]any{"name": "大安森林公园", "label": "大安森林公园", "name_en": "Daan Park"}},
	} {
		tile := ask(t, m, w, "parks", 16, x, y, &tiles.Query{Lang: c.lang})
		if diff := cmp.Diff(c.main, said(t, tile, "parks")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.lang, diff)
		}
		if diff := cmp.Diff(c.label, said(t, tile, "parks_label")); diff != "" {
			t.Errorf("label in %q (-want +got):\n%s", c.lang, diff)
		}
		doc := tiles.Describe(w, resolve(t, w, "parks"), "", &tiles.Query{Lang: c.lang})
		for i, want := range []map[string]any{c.main, c.label} {
			for name := range want {
				if doc.VectorLayers[i].Fields[name] == "" {
					t.Errorf("%q: TileJSON does not know %s of %s", c.lang, name, doc.VectorLayers[i].ID)
				}
			}
		}
	}
	// What has no translation reads as it does without a language.
	w = city.Apply(indextest.Put("parks", "a", square, text("公园"), null, null, code("02")))
	tile := ask(t, m, w, "parks", 16, x, y, &tiles.Query{Lang: "en"})
	if diff := cmp.Diff(map[string]any{"name": "公园", "kind": "02", "kind_label": "绿地"}, said(t, tile, "parks")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Only what is asked for, and its words.
	tile = ask(t, m, w, "parks", 16, x, y, &tiles.Query{Lang: "en", Properties: []string{"kind"}})
	if diff := cmp.Diff(map[string]any{"kind": "02", "kind_label": "绿地"}, said(t, tile, "parks")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Other words, another tile, at once; a code without words is its own.
	before := ask(t, m, w, "parks", 16, x, y, &tiles.Query{Lang: "en"})
	w = city.Apply(kinds(data.Title{"en": "Park"}, data.Title{"zh": "绿地", "en": "Green"}))
	after := ask(t, m, w, "parks", 16, x, y, &tiles.Query{Lang: "en"})
	if before.ETag == after.ETag || said(t, after, "parks")["kind_label"] != "Green" {
		t.Errorf("after the dictionary changed: %v", said(t, after, "parks"))
	}
	w = city.Apply(kinds(data.Title{"en": "Park"}, data.Title{}))
	if got := said(t, ask(t, m, w, "parks", 16, x, y, &tiles.Query{Lang: "en"}), "parks")["kind_label"]; got != "02" {
		t.Errorf("a code without words reads %v", got)
	}
}

// Every feature reads as the rule says, however many there are and however the memory came to hold them.
func TestTranslatedColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	at := geo.Point{X: 1_215_000_000, Y: 250_300_000}
	city := tiletest.NewCity(t)
	city.Apply(kinds(data.Title{"en": "one"}, data.Title{"en": "two"}, data.Title{"en": "one"}), indextest.Define(&data.Layer{
		Name: "doors", Geometry: data.GeometryPoint,
		Attributes: []data.Attribute{{Name: "name", Type: data.Text}, {Name: "name_en", Type: data.Text}, {Name: "kind", Type: data.Code, Dictionary: "kinds"}},
	}))
	want := map[string][2]any{}
	var w *index.World
	for round := range 3 {
		var changes []data.Change
		for i := range 700 {
			values := make([]data.Value, 3)
			says := [2]any{}
			if rng.IntN(4) > 0 {
				s := "名" + strconv.Itoa(rng.IntN(300))
				values[0], says[0] = text(s), s
			}
			if rng.IntN(2) == 0 {
				s := "Name " + strconv.Itoa(rng.IntN(300+400*round))
				values[1], says[0] = text(s), s
			}
			if k := rng.IntN(4); k > 0 {
				values[2], says[1] = data.TextValue(data.Code, "0"+strconv.Itoa(k)), []any{"one", "two", "one"}[k-1]
			}
			id := strconv.Itoa(i)
			changes = append(changes, indextest.Put("doors", id, geo.PointShape(geo.Point{X: at.X + int32(rng.IntN(9000)), Y: at.Y + int32(rng.IntN(9000))}), values...))
			want[id] = says
		}
		w = city.Apply(changes...)
	}
	x, y := tileOf(at, 12)
	fs := decode(t, ask(t, cold(), w, "doors", 12, x, y, &tiles.Query{Lang: "en"})).Layer("doors").Features
	if len(fs) != len(want) {
		t.Fatalf("%d features", len(fs))
	}
	for _, f := range fs {
		id, _ := f.Get("id").(string)
		if got := [2]any{f.Get("name"), f.Get("kind_label")}; got != want[id] {
			t.Errorf("%s reads %v, want %v", id, got, want[id])
		}
	}
}
