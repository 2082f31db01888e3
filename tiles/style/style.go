// Package style makes the map style of a tileset: a MapLibre style document, generated from what the layers of a World
// are for. It has no glyphs: text is drawn with the fonts of the reader's machine. Symbols come from the sprites of
// package symbol.
package style

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/style/symbol"
)

// Themes and Languages are what [Build] knows.
var (
	Themes    = symbol.Themes
	Languages = []string{"zh", "en"}
)

// Style is a MapLibre style document, version 8.
type Style struct {
	Version  int               `json:"version"`
	Name     string            `json:"name"`
	Metadata Metadata          `json:"metadata"`
	Center   [2]float64        `json:"center"`
	Zoom     float64           `json:"zoom"`
	Sources  map[string]Source `json:"sources"`
	// Sprite is where the symbols are; a style without symbols has none.
	Sprite string  `json:"sprite,omitempty"`
	Layers []Layer `json:"layers"`
}

// Metadata says what the style was made for.
type Metadata struct {
	Lang  string `json:"lang"`
	Theme string `json:"theme"`
}

// Source is a vector source described by a TileJSON document.
type Source struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// Layer is one layer of the style. Several draw one layer of the city.
type Layer struct {
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	Source      string         `json:"source,omitempty"`
	SourceLayer string         `json:"source-layer,omitempty"`
	MinZoom     float64        `json:"minzoom,omitempty"`
	MaxZoom     float64        `json:"maxzoom,omitempty"`
	Filter      expr           `json:"filter,omitempty"`
	Layout      map[string]any `json:"layout,omitempty"`
	Paint       map[string]any `json:"paint,omitempty"`
	Metadata    *LayerMetadata `json:"metadata,omitempty"`
}

// LayerMetadata ties a style layer to the layer of the city that it draws.
type LayerMetadata struct {
	Layer  string `json:"gewu:layer"`
	Legend Legend `json:"gewu:legend"`
}

// Legend is what a layer tree shows beside a layer's title. All style layers of one layer have the same.
type Legend struct {
	Title  string `json:"title"`
	Kind   string `json:"kind"` // fill, line or circle
	Color  string `json:"color"`
	Stroke string `json:"stroke,omitempty"`
	// Symbol names the symbol of most points of the layer.
	Symbol string `json:"symbol,omitempty"`
}

// Build makes the style of a tileset of w in a theme and language, for a map with the given shift, nil for none: its
// tiles are in that language and on that map. baseURL is what comes before /tiles, without a slash at its end. Layers that
// w does not have are left out. An unknown theme or language is a *data.FieldError.
func Build(w *index.World, set tiles.Tileset, theme, lang, baseURL string, shift *proj.Shift) (Style, error) {
	colors, ok := themes[theme]
	if !ok {
		return Style{}, &data.FieldError{Field: "style", Value: theme, Why: "must be " + strings.Join(Themes, ", ")}
	}
	if !slices.Contains(Languages, lang) {
		return Style{}, &data.FieldError{Field: "lang", Value: lang, Why: "must be " + strings.Join(Languages, ", ")}
	}
	doc := tiles.Describe(w, set, baseURL, &tiles.Query{Lang: lang, Shift: shift})
	asked := url.Values{"lang": {lang}}
	if shift != nil {
		asked.Set("crs", shift.Name())
	}
	s := Style{
		Version: 8, Name: title(colors, lang), Metadata: Metadata{Lang: lang, Theme: theme},
		Center: [2]float64{doc.Center[0], doc.Center[1]}, Zoom: doc.Center[2],
		Sources: map[string]Source{set.Name: {Type: "vector", URL: baseURL + "/tiles/" + set.Name + ".json?" + asked.Encode()}},
	}
	palette, ok := symbol.In(theme)
	if !ok {
		return Style{}, &data.FieldError{Field: "style", Value: theme, Why: "has no symbols"}
	}
	p := painter{world: w, colors: colors, palette: palette, lang: lang, source: set.Name, fields: doc.VectorLayers}
	p.paint(ordered(w, set))
	s.Layers = p.layers()
	if p.symbols {
		s.Sprite = baseURL + "/v1/sprites/" + theme
	}
	return s, nil
}

func title(c *theme, lang string) string {
	if lang == "zh" {
		return "格物 · " + c.titles.In(lang, "")
	}
	return "gewu · " + c.titles.In(lang, "")
}

// ordered is the definitions of the set's layers in drawing order, whatever the order in which they were listed. Totals
// and groups of a layer follow it, as a copy of its definition under their own name: no layer has a name like theirs.
func ordered(w *index.World, set tiles.Tileset) []*data.Layer {
	all, err := tiles.Resolve(w, tiles.City)
	if err != nil {
		return nil
	}
	var defs []*data.Layer
	for _, name := range all.Layers {
		l, ok := w.Layer(name)
		if !ok {
			continue
		}
		for _, suffix := range []string{"", tiles.TotalsSuffix, tiles.ClustersSuffix} {
			if !slices.Contains(set.Layers, name+suffix) {
				continue
			}
			def := *l.Def()
			def.Name += suffix
			defs = append(defs, &def)
		}
	}
	return defs
}
