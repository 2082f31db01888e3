package style_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/style"
	"github.com/gewu-city/gewu/tiles/style/symbol"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// world has a layer of every look.
func world(t *testing.T) *index.World {
	t.Helper()
	name := []data.Attribute{
		{Name: "name", Type: data.Text},
		{Name: "kind", Type: data.Text},
		{Name: "no", Type: data.Int},
		{Name: "name_en", Type: data.Text},
		{Name: "class", Type: data.Code, Dictionary: "classes"},
	}
	layer := func(n, zh, en string, g data.GeometryKind, zoom data.ZoomRange, r data.Roles) data.Change {
		l := &data.Layer{Name: n, Title: data.Title{"zh": zh, "en": en}, Geometry: g, Zoom: zoom, Roles: r, Attributes: name}
		if err := l.Validate(); err != nil {
			t.Fatal(err)
		}
		return indextest.Define(l)
	}
	const point, line, polygon = data.GeometryPoint, data.GeometryLine, data.GeometryPolygon
	symbols := func(c data.Change, s data.Symbols) data.Change {
		c.Definition.Symbols = s
		if err := c.Definition.Validate(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	classes := &data.Dictionary{Name: "classes", Source: "CJ/T 214-2007", Entries: []data.Term{
		{Code: "0118", Title: data.Title{"zh": "路灯", "en": "Street lamp"}}, {Code: "0305", Title: data.Title{"zh": "垃圾箱"}}, {Code: "0901"},
	}}
	return tiletest.NewCity(t).Apply(
		data.Change{Stream: data.StreamDictionary, Op: data.OpPut, Layer: classes.Name, Dictionary: classes},
		symbols(layer("parts", "部件", "Parts", point, data.ZoomRange{Min: 14}, data.Roles{Part: &data.PartRole{Code: "name"}}),
			data.Symbols{Attribute: "kind", Values: map[string]string{"榕樹": "old-tree", "gone": "no-such-symbol"}}),
		layer("lamps", "部件（2007）", "Parts of 2007", point, data.ZoomRange{Min: 14}, data.Roles{Part: &data.PartRole{Class: "class"}}),
		symbols(layer("stops", "车站", "Stops", point, data.ZoomRange{}, data.Roles{}), data.Symbols{Default: "bus-stop"}),
		layer("blocks", "管理网格", "Management grid", polygon, data.ZoomRange{Min: 11}, data.Roles{Cell: &data.CellRole{Scheme: "block", Code: "name"}}),
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
		indextest.Put("units", "u1", indextest.Rect(1_214_000_000, 249_000_000, 1_215_000_000, 250_000_000)),
		indextest.Put("units", "u2", indextest.Rect(1_215_000_000, 249_000_000, 1_216_000_000, 250_000_000)),
		indextest.Put("blocks", "b", indextest.Rect(1_214_000_000, 249_000_000, 1_216_000_000, 250_000_000)),
		indextest.Put("trees", "t", geo.PointShape(geo.Point{X: 1_215_000_000, Y: 250_000_000})),
	)
}

func build(t *testing.T, w *index.World, set, theme, lang string) (style.Style, []byte) {
	t.Helper()
	resolved, err := tiles.Resolve(w, set)
	if err != nil {
		t.Fatal(err)
	}
	s, err := style.Build(w, resolved, theme, lang, "https://city.example", nil)
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
	for _, c := range []struct{ set, theme, lang string }{
		{"city", "light", "zh"},
		{"city", "dark", "en"},
		{"city", "print", "zh"},
		{"units_totals,trees_clusters,sights_clusters", "light", "en"},
	} {
		file := "testdata/" + c.theme + "_" + c.lang + ".json"
		_, got := build(t, w, c.set, c.theme, c.lang)
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
			for _, set := range []string{"city", "trees", "villages,districts", "pipes,houses", "sights", "trees_clusters,units_totals", "villages_totals,villages,sights_clusters"} {
				s, text := build(t, w, set, theme, lang)
				if bytes.Contains(text, []byte(`"glyphs"`)) {
					t.Errorf("%s %s %s has glyphs", set, theme, lang)
				}
				sprite := "https://city.example/v1/sprites/" + theme
				if !bytes.Contains(text, []byte(`"icon-image"`)) {
					sprite = ""
				}
				if s.Sprite != sprite {
					t.Errorf("%s %s: sprite %q", set, theme, s.Sprite)
				}
				if s.Sources[set].URL != "https://city.example/tiles/"+set+".json?lang="+lang || len(s.Sources) != 1 {
					t.Errorf("%s: sources %v", set, s.Sources)
				}
				resolved, err := tiles.Resolve(w, set)
				if err != nil {
					t.Fatal(err)
				}
				check(t, s, tiles.Describe(w, resolved, "", nil), resolved)
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
		if l.Layout["text-field"] != nil && l.Layout["text-font"] == nil {
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

// Totals look like what they are totals of, without names; groups carry their number and keep their contrast.
func TestDerived(t *testing.T) {
	for _, theme := range style.Themes {
		s, _ := build(t, world(t), "units_totals,trees_clusters,blocks", theme, "en")
		var ids []string
		for _, l := range s.Layers {
			ids = append(ids, l.ID)
			if l.ID == "trees_clusters-number" {
				disc, text := l.Metadata.Legend.Color, l.Paint["text-color"].(string)
				if c := contrast(t, disc, text); c < 4.5 {
					t.Errorf("%s: numbers %s on %s have a contrast of %.2f", theme, text, disc, c)
				}
			}
		}
		want := []string{
			"background", "units_totals-fill", "blocks-fill", "units_totals-line", "blocks-line", "blocks-core",
			"trees_clusters-group", "trees_clusters-number", "blocks-label",
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("%s (-want +got):\n%s", theme, diff)
		}
	}
}

func TestUnknown(t *testing.T) {
	w := world(t)
	for _, c := range []struct{ theme, lang, field, value string }{
		{"sepia", "zh", "style", "sepia"}, {"", "zh", "style", ""}, {"light", "fr", "lang", "fr"}, {"dark", "", "lang", ""},
	} {
		_, err := style.Build(w, tiles.Tileset{Name: "city"}, c.theme, c.lang, "", nil)
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

// Luminance and contrast as WCAG 2.1 defines them.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var rgb [3]uint8
	if n, err := fmt.Sscanf(hex, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); n != 3 || err != nil {
		t.Fatalf("colour %q: %v", hex, err)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(rgb[i]) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	high, low := luminance(t, a), luminance(t, b)
	if low > high {
		high, low = low, high
	}
	return (high + 0.05) / (low + 0.05)
}

// Names can be read against their halo, lines and dots be seen on the paper, symbols on their plate.
func TestContrast(t *testing.T) {
	w := world(t)
	for _, theme := range style.Themes {
		s, _ := build(t, w, "city", theme, "zh")
		paper := ""
		for _, l := range s.Layers {
			if l.ID == "districts-fill" {
				paper = l.Metadata.Legend.Color
			}
		}
		for _, l := range s.Layers {
			if l.Type == "symbol" && l.Paint != nil {
				text, halo := l.Paint["text-color"].(string), l.Paint["text-halo-color"].(string)
				if c := contrast(t, text, halo); c < 4.5 {
					t.Errorf("%s %s: text %s on %s has a contrast of %.2f", theme, l.ID, text, halo, c)
				}
			}
			if l.Metadata == nil || l.Metadata.Layer == "houses" {
				continue
			}
			seen := l.Metadata.Legend.Color
			if l.Type == "line" || l.Metadata.Legend.Kind == "fill" {
				if stroke := l.Metadata.Legend.Stroke; stroke != "" {
					seen = stroke
				}
			}
			if c := contrast(t, seen, paper); l.Metadata.Layer != "roads" && c < 3 {
				t.Errorf("%s %s: %s on the paper %s has a contrast of %.2f", theme, l.ID, seen, paper, c)
			}
		}
		palette, ok := symbol.In(theme)
		if !ok {
			t.Fatalf("no symbols for %s", theme)
		}
		for _, s := range symbol.All() {
			if c := contrast(t, palette.Ink(s.Family), palette.Plate); c < 4.5 {
				t.Errorf("%s: symbols of %s have a contrast of %.2f", theme, s.Family, c)
			}
		}
	}
}

// On paper nothing shines through and nothing grows with the zoom level but names.
func TestPrint(t *testing.T) {
	s, text := build(t, world(t), "city", "print", "zh")
	for _, l := range s.Layers {
		for name, value := range l.Paint {
			rest := fmt.Sprint(value)
			if strings.HasSuffix(name, "-opacity") {
				// What is chosen may shine through; the last branch is what is printed.
				if i := strings.LastIndex(rest, " "); i >= 0 {
					rest = strings.TrimSuffix(rest[i+1:], "]")
				}
				if rest != "0" && rest != "1" {
					t.Errorf("%s: %s is %v", l.ID, name, value)
				}
			}
			if (name == "line-width" || name == "circle-radius") && strings.Contains(rest, "zoom") {
				t.Errorf("%s: %s follows the zoom level: %v", l.ID, name, value)
			}
		}
	}
	if !bytes.Contains(text, []byte("https://city.example/v1/sprites/print")) {
		t.Error("the symbols are not those for paper")
	}
}

// Cells are magenta in every theme, and the outlines of coarse divisions lie above those of fine ones, all of them above
// the outlines of areas. None is dashed or shines through: neighbours both draw their common edge.
func TestGrid(t *testing.T) {
	for theme, magenta := range map[string]string{"light": "#d6006c", "dark": "#f0419a", "print": "#d0006f"} {
		s, _ := build(t, world(t), "city", theme, "zh")
		var order []string
		for _, l := range s.Layers {
			if l.Type != "line" || l.Metadata.Legend.Kind != "fill" {
				continue
			}
			order = append(order, l.ID)
			if l.Paint["line-dasharray"] != nil || l.Paint["line-opacity"] != nil {
				t.Errorf("%s %s is not drawn as if once", theme, l.ID)
			}
			if cells := l.ID == "units-line" || l.ID == "blocks-line"; cells != strings.Contains(fmt.Sprint(l.Paint["line-color"]), magenta) {
				t.Errorf("%s %s is %v", theme, l.ID, l.Paint["line-color"])
			}
		}
		want := []string{"houses-line", "parks-line", "villages-line", "districts-line", "units-line", "blocks-line", "blocks-core"}
		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("%s (-want +got):\n%s", theme, diff)
		}
	}
}

// Tiles come in the language of the style, with the words of codes beside them.
func TestTranslations(t *testing.T) {
	for lang, want := range map[string][2]string{
		"zh": {`[step [zoom]  18 [coalesce [get class_label] [get class]]]`, `[get name]`},
		"en": {`[step [zoom]  18 [coalesce [get class_label] [get class]]]`, `[get name]`},
	} {
		s, _ := build(t, world(t), "city", "light", lang)
		got := [2]string{}
		for _, l := range s.Layers {
			switch l.ID {
			case "lamps-symbol":
				got[0] = fmt.Sprint(l.Layout["text-field"])
			case "sights-label":
				got[1] = fmt.Sprint(l.Layout["text-field"])
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
