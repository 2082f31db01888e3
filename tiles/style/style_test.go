package style_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/style"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// world has a layer of every look.
func world(t *testing.T) *index.World {
	t.Helper()
	name := []data.Attribute{{Name: "name", Type: data.Text}, {Name: "kind", Type: data.Text}, {Name: "no", Type: data.Int}}
	layer := func(n, zh, en string, g data.GeometryKind, zoom data.ZoomRange, r data.Roles) data.Change {
		l := &data.Layer{Name: n, Title: data.Title{"zh": zh, "en": en}, Geometry: g, Zoom: zoom, Roles: r, Attributes: name}
		if err := l.Validate(); err != nil {
			t.Fatal(err)
		}
		return indextest.Define(l)
	}
	const point, line, polygon = data.GeometryPoint, data.GeometryLine, data.GeometryPolygon
	return tiletest.NewCity(t).Apply(
		layer("trees", "树木", "Trees", point, data.ZoomRange{Min: 15, Max: 22}, data.Roles{Part: &data.PartRole{Class: "kind", Code: "name"}}),
		layer("doors", "门牌", "Addresses", point, data.ZoomRange{Min: 16}, data.Roles{Address: &data.AddressRole{Label: "name", Number: "no"}}),
		layer("sights", "地标", "Landmarks", point, data.ZoomRange{}, data.Roles{Landmark: &data.LandmarkRole{Name: "name"}}),
		layer("notes", "备注", "", point, data.ZoomRange{}, data.Roles{}),
		layer("roads", "道路", "Roads", line, data.ZoomRange{Min: 10}, data.Roles{Road: &data.RoadRole{Name: "name"}}),
		layer("pipes", "管线", "Pipes", line, data.ZoomRange{Min: 12, Max: 16}, data.Roles{}),
		layer("houses", "建筑", "Buildings", polygon, data.ZoomRange{Min: 14}, data.Roles{Building: &data.BuildingRole{Name: "name"}}),
		layer("parks", "公园", "Parks", polygon, data.ZoomRange{}, data.Roles{}),
		layer("units", "单元网格", "Unit grid", polygon, data.ZoomRange{Min: 13}, data.Roles{Cell: &data.CellRole{Scheme: "unit", Code: "name"}}),
		layer("villages", "里", "Villages", polygon, data.ZoomRange{Min: 10}, data.Roles{Area: &data.AreaRole{Level: "village", Name: "name"}}),
		layer("districts", "区", "Districts", polygon, data.ZoomRange{}, data.Roles{Area: &data.AreaRole{Level: "district", Name: "name"}}),
		layer("people", "人", "People", data.GeometryNone, data.ZoomRange{}, data.Roles{}),
		tiletest.Scheme(&data.Scheme{Name: "unit", Levels: []string{"district", "village"}, Cells: data.SchemeCells{Layer: "units"}}),
		indextest.Put("districts", "d", indextest.Rect(1_214_000_000, 249_000_000, 1_217_000_000, 252_000_000)),
		indextest.Put("trees", "t", geo.PointShape(geo.Point{X: 1_215_000_000, Y: 250_000_000})),
	)
}

func build(t *testing.T, w *index.World, set, theme, lang string) (style.Style, []byte) {
	t.Helper()
	resolved, err := tiles.Resolve(w, set)
	if err != nil {
		t.Fatal(err)
	}
	s, err := style.Build(w, resolved, theme, lang, "https://city.example")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	return s, b.Bytes()
}

func TestGolden(t *testing.T) {
	w := world(t)
	for _, c := range []struct{ theme, lang string }{{"light", "zh"}, {"dark", "en"}} {
		file := "testdata/" + c.theme + "_" + c.lang + ".json"
		_, got := build(t, w, "city", c.theme, c.lang)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got; -update rewrites):\n%s", file, diff)
		}
	}
}

// What the page and MapLibre rely on, for every theme, language and tileset.
func TestContract(t *testing.T) {
	w := world(t)
	for _, theme := range style.Themes {
		for _, lang := range style.Languages {
			for _, set := range []string{"city", "trees", "villages,districts", "pipes,houses"} {
				s, text := build(t, w, set, theme, lang)
				for _, member := range []string{`"glyphs"`, `"sprite"`} {
					if bytes.Contains(text, []byte(member)) {
						t.Errorf("%s %s %s has %s", set, theme, lang, member)
					}
				}
				if s.Sources[set].URL != "https://city.example/tiles/"+set+".json" || len(s.Sources) != 1 {
					t.Errorf("%s: sources %v", set, s.Sources)
				}
				resolved, err := tiles.Resolve(w, set)
				if err != nil {
					t.Fatal(err)
				}
				check(t, s, tiles.Describe(w, resolved, ""), resolved)
			}
		}
	}
}

func check(t *testing.T, s style.Style, doc tiles.TileJSON, set tiles.Tileset) {
	t.Helper()
	seen := map[string]bool{}
	drawn := map[string]bool{}
	for _, l := range s.Layers {
		if seen[l.ID] {
			t.Errorf("layer %s occurs twice", l.ID)
		}
		seen[l.ID] = true
		if l.Type == "background" {
			continue
		}
		if !slices.ContainsFunc(doc.VectorLayers, func(v tiles.VectorLayer) bool { return v.ID == l.SourceLayer }) {
			t.Errorf("%s draws %s, which the tiles do not have", l.ID, l.SourceLayer)
		}
		if l.Type == "symbol" && l.Layout["text-font"] == nil {
			t.Errorf("%s has no font", l.ID)
		}
		if l.Metadata == nil || l.Metadata.Legend.Title == "" || l.Metadata.Legend.Color == "" {
			t.Errorf("%s has no legend", l.ID)
			continue
		}
		drawn[l.Metadata.Layer] = true
	}
	for _, name := range set.Layers {
		if !drawn[name] {
			t.Errorf("%s is not drawn", name)
		}
	}
}

func TestUnknown(t *testing.T) {
	w := world(t)
	for _, c := range []struct{ theme, lang, field, value string }{
		{"sepia", "zh", "style", "sepia"}, {"", "zh", "style", ""}, {"light", "fr", "lang", "fr"}, {"dark", "", "lang", ""},
	} {
		_, err := style.Build(w, tiles.Tileset{Name: "city"}, c.theme, c.lang, "")
		var field *data.FieldError
		if !errors.As(err, &field) || field.Field != c.field || field.Value != c.value {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// A city without layers has a style: an empty ground.
func TestEmpty(t *testing.T) {
	s, _ := build(t, index.NewEngine(indextest.NewLog()).World(), "city", "light", "zh")
	if len(s.Layers) != 1 || s.Layers[0].Type != "background" {
		t.Errorf("%+v", s.Layers)
	}
}
