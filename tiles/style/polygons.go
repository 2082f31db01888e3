package style

import (
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/tiles"
)

// border colour of an area level; levels finer than the list share its last colour.
func (p *painter) borderColor(level int) string {
	return p.colors.borders[min(level, len(p.colors.borders)-1)]
}

func (p *painter) areaLegend(level int) Legend {
	return Legend{Kind: "fill", Color: p.colors.paper, Stroke: p.borderColor(level)}
}

// ground is the fill of an area level: the coarsest is the paper that the city is drawn on, the others only answer
// to the pointer.
func (p *painter) ground(def *data.Layer, level int) {
	l := p.layer(def, "fill", "fill", p.areaLegend(level))
	if level == 0 {
		l.Paint = map[string]any{
			"fill-color":     byState(p.colors.accent, p.colors.accent, p.colors.paper),
			"fill-opacity":   byState(0.16, 0.08, 1),
			"fill-antialias": false,
		}
	} else {
		l.Paint = map[string]any{"fill-color": p.colors.accent, "fill-opacity": byState(0.16, 0.08, 0)}
	}
	p.grounds = append(p.grounds, l)
}

// border is the outline and the name of an area level, coarser ones thicker and larger. Neighbours both draw the edge
// that they share: so outlines are opaque, for the edge to look as if it were drawn once, and not dashed, since the dashes
// of one would fill the gaps of the other.
func (p *painter) border(def *data.Layer, level int) {
	weight := 1 / float64(level+1)
	l := p.layer(def, "line", "line", p.areaLegend(level))
	l.Layout = map[string]any{"line-join": "round", "line-cap": "round"}
	l.Paint = map[string]any{
		"line-color": byState(p.colors.accent, p.colors.accent, p.borderColor(level)),
		"line-width": p.colors.size(0.2+0.6*weight, wider, 1.4, stop{8, 0.3 + 0.7*weight}, stop{13, 0.5 + 1.5*weight}, stop{18, 1.4 + 3.6*weight}),
	}
	p.lines = append(p.lines, l)
	if isTotals(def) {
		return
	}

	size := 9.5 + 5.5*weight
	n := p.named(def, p.areaLegend(level), []float64{9, 12.5, 14}[min(level, 2)], p.label(),
		byZoom(1, stop{10, size - 1}, stop{14, size + 2}, stop{18, size + 5}))
	n.Layout["text-max-width"] = 14
	if level == 0 {
		n.Layout["text-letter-spacing"] = 0.18
		// A large area's name says little once the map shows a small part of it.
		n.Paint["text-opacity"] = p.colors.opacity(byZoom(1, stop{14, 1}, stop{16, 0.45}))
	} else {
		n.Paint["text-color"] = p.colors.faint
	}
	p.names = append(p.names, n)
}

// isTotals tells the totals of a division, which are drawn as it is and have no label points.
func isTotals(def *data.Layer) bool { return strings.HasSuffix(def.Name, tiles.TotalsSuffix) }

func (p *painter) cellLegend() Legend {
	return Legend{Kind: "fill", Color: "transparent", Stroke: p.colors.grid}
}

// cellGround answers to the pointer.
func (p *painter) cellGround(def *data.Layer) {
	f := p.layer(def, "fill", "fill", p.cellLegend())
	f.Paint = map[string]any{"fill-color": p.colors.grid, "fill-opacity": byState(0.22, 0.1, 0)}
	p.grounds = append(p.grounds, f)
}

// cell is the magenta outline that the standards prescribe. The finest division has a thin line, each coarser one a
// broader band with a pale core, so that the levels can be told apart in one colour.
func (p *painter) cell(def *data.Layer, coarseness int) {
	k := float64(min(coarseness, 3))
	grid, paper := p.colors.grid, p.colors.paper
	l := p.layer(def, "line", "line", p.cellLegend())
	l.Layout = map[string]any{"line-join": "round"}
	l.Paint = map[string]any{
		"line-color": grid,
		"line-width": p.colors.size(0.18+0.5*k, wider, 1.4, stop{12, 0.35 + 1.2*k}, stop{15, 0.9 + 1.6*k}, stop{19, 1.9 + 2.4*k}),
	}
	if !p.colors.print && coarseness == 0 {
		// Far out the lines lie close together; paler ones leave the rest to be seen.
		l.Paint["line-color"] = byZoom(1, stop{12, blend(grid, paper, 0.5)}, stop{14, blend(grid, paper, 0.75)}, stop{16, grid})
	}
	p.lines = append(p.lines, l)
	if coarseness > 0 {
		c := p.layer(def, "core", "line", p.cellLegend())
		c.Layout = l.Layout
		c.Paint = map[string]any{
			"line-color": paper,
			"line-width": p.colors.size(0.25*k, [2]float64{}, 1.4, stop{12, 0.6 * k}, stop{15, 0.8 * k}, stop{19, 1.2 * k}),
		}
		p.lines = append(p.lines, c)
	}
}

// cellNames are codes or names, those of coarse divisions first to stay.
func (p *painter) cellNames(cells []*data.Layer) []Layer {
	var names []Layer
	for _, def := range cells {
		if isTotals(def) {
			continue
		}
		n := p.named(def, p.cellLegend(), 16, p.label(), byZoom(1, stop{16, 10}, stop{19, 13}))
		n.Paint["text-color"] = p.colors.grid
		names = append(names, n)
	}
	return names
}

// polygon is any other polygon: buildings in grey, the rest in a colour of its own.
func (p *painter) polygon(def *data.Layer) {
	color, rim, opacity := p.colors.building, p.colors.buildingRim, 0.9
	if def.Roles.Building == nil {
		color = p.generic()
		rim, opacity = color, 0.16
	}
	legend := Legend{Kind: "fill", Color: color, Stroke: rim}
	f := p.layer(def, "fill", "fill", legend)
	fill := byState(0.4, 0.25, opacity)
	if p.colors.print {
		fill = byState(0.4, 0.25, 1)
		color = blend(color, p.colors.paper, opacity)
		legend.Color = color
	}
	f.Paint = map[string]any{"fill-color": byState(p.colors.accent, p.colors.accent, color), "fill-opacity": fill}
	p.grounds = append(p.grounds, f)

	l := p.layer(def, "line", "line", legend)
	l.Layout = map[string]any{"line-join": "round"}
	l.Paint = map[string]any{
		"line-color": byState(p.colors.accent, p.colors.accent, rim),
		"line-width": p.colors.size(0.15, wider, 1.4, stop{8, 0.3}, stop{18, 1.2}),
	}
	p.lines = append(p.lines, l)

	if def.LabelAttribute() >= 0 {
		p.names = append(p.names, p.named(def, legend, 15, p.label(), byZoom(1, stop{15, 10}, stop{19, 12.5})))
	}
}
