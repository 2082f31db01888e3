package style

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/style/symbol"
)

// painter collects style layers in four storeys, drawn one above the other: grounds, lines, points and names. Within
// a storey later layers lie on top, and of names that overlap those of later layers stay.
type painter struct {
	world                         *index.World
	colors                        *theme
	palette                       *symbol.Palette
	lang, source                  string
	fields                        []tiles.VectorLayer
	grounds, lines, points, names []Layer
	generics                      int  // generic colours given out
	symbols                       bool // whether a layer asks for symbols
}

// paint takes the layers in drawing order.
func (p *painter) paint(defs []*data.Layer) {
	var areas, cells []*data.Layer
	for _, def := range defs {
		switch {
		case def.Geometry != data.GeometryPolygon:
		case def.Roles.Area != nil:
			areas = append(areas, def)
		case def.Roles.Cell != nil:
			cells = append(cells, def)
		}
	}
	// Divisions with fewer cells have larger ones.
	slices.SortStableFunc(cells, func(a, b *data.Layer) int { return cmp.Compare(p.number(b), p.number(a)) })
	for i, def := range areas {
		p.ground(def, i)
	}
	for _, def := range cells {
		p.cellGround(def)
	}
	for _, def := range defs {
		switch {
		case def.Geometry == data.GeometryPolygon && def.Roles.Area == nil && def.Roles.Cell == nil:
			p.polygon(def)
		case def.Geometry == data.GeometryLine:
			p.line(def)
		case strings.HasSuffix(def.Name, tiles.ClustersSuffix):
			p.clusters(def)
		case def.Geometry == data.GeometryPoint:
			p.point(def)
		}
	}
	// Borders lie above the lines of everything else and coarse ones above fine ones; so do their names. Those of cells
	// are thinner and lie above those of areas, which show on both sides.
	for i, def := range slices.Backward(areas) {
		p.border(def, i)
	}
	for i, def := range cells {
		p.cell(def, i)
	}
	p.names = append(p.cellNames(cells), p.names...)
}

// number is how many features a layer has.
func (p *painter) number(def *data.Layer) int {
	if l, ok := p.world.Layer(strings.TrimSuffix(def.Name, tiles.TotalsSuffix)); ok {
		return l.Len()
	}
	return 0
}

// layers is the finished list.
func (p *painter) layers() []Layer {
	all := []Layer{{
		ID: "background", Type: "background", Paint: map[string]any{"background-color": p.colors.beyond},
	}}
	for _, storey := range [][]Layer{p.grounds, p.lines, p.points, p.names} {
		all = append(all, storey...)
	}
	return all
}

// layer starts a style layer of a layer of the city, drawn at that layer's zoom levels.
func (p *painter) layer(def *data.Layer, part, kind string, legend Legend) Layer {
	l := Layer{
		ID: def.Name + "-" + part, Type: kind, Source: p.source, SourceLayer: def.Name,
		MinZoom: float64(def.Zoom.Min), Metadata: &LayerMetadata{Layer: def.Name, Legend: legend},
	}
	l.Metadata.Legend.Title = def.Title.In(p.lang, def.Name)
	if def.Zoom.Max != 0 && def.Zoom.Max < data.MaxZoom {
		// MapLibre draws below maxzoom, a zoom range includes its end.
		l.MaxZoom = float64(def.Zoom.Max + 1)
	}
	return l
}

// generic is the next colour for a layer without a special look.
func (p *painter) generic() string {
	c := p.colors.generic[p.generics%len(p.colors.generic)]
	p.generics++
	return c
}

// named starts the names of a layer from a zoom level on.
func (p *painter) named(def *data.Layer, legend Legend, from float64, field, size any) Layer {
	l := p.layer(def, "label", "symbol", legend)
	if def.Geometry == data.GeometryPolygon {
		l.SourceLayer = def.Name + tiles.LabelSuffix
	}
	l.MinZoom = max(l.MinZoom, from)
	l.Layout = map[string]any{
		"text-field": field, "text-font": fonts, "text-size": size, "text-max-width": 16, "text-padding": 4,
	}
	l.Paint = map[string]any{
		"text-color": p.colors.text, "text-halo-color": p.colors.halo, "text-halo-width": 1.4,
	}
	if !p.colors.print {
		l.Paint["text-halo-blur"] = 0.4
	}
	return l
}
