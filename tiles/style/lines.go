package style

import "github.com/gewu-city/gewu/data"

// wider is what being selected and being under the pointer add to lines, in pixels.
var wider = [2]float64{2, 1}

// line is a line layer: roads as bands with a rim and their names along them, other lines in a colour of their own.
func (p *painter) line(def *data.Layer) {
	round := map[string]any{"line-join": "round", "line-cap": "round"}
	if def.Roles.Road == nil {
		color := p.generic()
		legend := Legend{Kind: "line", Color: color}
		l := p.layer(def, "line", "line", legend)
		l.Layout = round
		l.Paint = map[string]any{
			"line-color": byState(p.colors.accent, p.colors.accent, color),
			"line-width": p.colors.size(0.35, wider, 1.4, stop{8, 0.6}, stop{18, 3.0}),
		}
		p.lines = append(p.lines, l)
		p.along(def, legend)
		return
	}
	legend := Legend{Kind: "line", Color: p.colors.road, Stroke: p.colors.roadRim}
	for _, band := range []struct {
		part      string
		color     any
		extra, mm float64
	}{
		{"rim", p.colors.roadRim, 1.2, 1.3},
		{"line", byState(p.colors.accent, p.colors.accent, p.colors.road), 0, 1},
	} {
		l := p.layer(def, band.part, "line", legend)
		l.Layout = round
		l.Paint = map[string]any{
			"line-color": band.color,
			"line-width": p.colors.size(band.mm, [2]float64{}, 1.5,
				stop{11, 0.5 + band.extra/2}, stop{15, 3 + band.extra}, stop{19, 16 + 1.5*band.extra}),
		}
		// Roads lie on the ground, below the outlines of cells and areas.
		p.grounds = append(p.grounds, l)
	}
	p.along(def, legend)
}

// along is the names of lines.
func (p *painter) along(def *data.Layer, legend Legend) {
	i := def.LabelAttribute()
	if i < 0 {
		return
	}
	n := p.named(def, legend, 14, p.text(def, def.Attributes[i].Name), byZoom(1, stop{14, 10}, stop{18, 13}))
	n.Layout["symbol-placement"] = "line"
	n.Layout["symbol-spacing"] = 320
	n.Paint["text-color"] = p.colors.faint
	p.names = append(p.names, n)
}
