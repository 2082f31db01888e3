package style

import "github.com/gewu-city/gewu/data"

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

// border is the outline and the name of an area level, coarser ones thicker and larger.
func (p *painter) border(def *data.Layer, level int) {
	weight := 1 / float64(level+1)
	l := p.layer(def, "line", "line", p.areaLegend(level))
	l.Layout = map[string]any{"line-join": "round", "line-cap": "round"}
	l.Paint = map[string]any{
		"line-color":   byState(p.colors.accent, p.colors.accent, p.borderColor(level)),
		"line-width":   widths(0.4+0.6*weight, 0.8+2.4*weight),
		"line-opacity": byZoom(1, stop{8, 0.7}, stop{13, 0.95}),
	}
	p.lines = append(p.lines, l)

	size := 9.5 + 5.5*weight
	n := p.named(def, p.areaLegend(level), []float64{9, 12.5, 14}[min(level, 2)], get("label"),
		byZoom(1, stop{10, size - 1}, stop{14, size + 2}, stop{18, size + 5}))
	n.Layout["text-max-width"] = 14
	if level == 0 {
		n.Layout["text-letter-spacing"] = 0.18
		// A large area's name says little once the map shows a small part of it.
		n.Paint["text-opacity"] = byZoom(1, stop{14, 1}, stop{16, 0.45})
	} else {
		n.Paint["text-color"] = p.colors.faint
	}
	p.names = append(p.names, n)
}

// cell is a transparent polygon with the outline that the standards prescribe, and its code or name.
func (p *painter) cell(def *data.Layer) {
	legend := Legend{Kind: "fill", Color: "transparent", Stroke: p.colors.grid}
	f := p.layer(def, "fill", "fill", legend)
	f.Paint = map[string]any{"fill-color": p.colors.grid, "fill-opacity": byState(0.22, 0.1, 0)}
	p.grounds = append(p.grounds, f)

	l := p.layer(def, "line", "line", legend)
	l.Layout = map[string]any{"line-join": "round"}
	width := func(w float64) expr { return byState(w+2, w+0.8, w) }
	l.Paint = map[string]any{
		"line-color":   p.colors.grid,
		"line-width":   byZoom(1.4, stop{12, width(0.3)}, stop{15, width(0.8)}, stop{19, width(1.8)}),
		"line-opacity": byZoom(1, stop{12, byState(1, 0.8, 0.35)}, stop{15, byState(1, 0.9, 0.65)}, stop{18, byState(1, 1, 0.85)}),
	}
	p.lines = append(p.lines, l)

	n := p.named(def, legend, 16, get("label"), byZoom(1, stop{16, 10}, stop{19, 13}))
	n.Paint["text-color"] = p.colors.grid
	n.Paint["text-opacity"] = byZoom(1, stop{16, 0.75}, stop{18, 1})
	p.names = append(p.names, n)
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
	f.Paint = map[string]any{
		"fill-color":   byState(p.colors.accent, p.colors.accent, color),
		"fill-opacity": byState(0.4, 0.25, opacity),
	}
	p.grounds = append(p.grounds, f)

	l := p.layer(def, "line", "line", legend)
	l.Layout = map[string]any{"line-join": "round"}
	l.Paint = map[string]any{
		"line-color": byState(p.colors.accent, p.colors.accent, rim),
		"line-width": widths(0.3, 1.2),
	}
	p.lines = append(p.lines, l)

	if def.LabelAttribute() >= 0 {
		p.names = append(p.names, p.named(def, legend, 15, get("label"), byZoom(1, stop{15, 10}, stop{19, 12.5})))
	}
}
