package style

import "github.com/gewu-city/gewu/data"

// Zoom levels from which there is room.
const (
	symbolZoom   = 17
	numberZoom   = 17
	landmarkZoom = 14
	nameZoom     = 18
)

// point is a point layer: small dots with the house number for addresses, larger ones in a colour of their own for
// city parts, landmarks and everything else. Close in, parts have the symbol of their class, where there is room for it;
// where there is not, the dot stays.
func (p *painter) point(def *data.Layer) {
	icon, most := p.icon(def)
	var color any
	legend := Legend{Kind: "circle", Stroke: p.colors.rim, Symbol: most}
	small := 1.0
	switch {
	case icon != nil:
		// Dots have the colour of their symbols.
		color, legend.Color = p.inks(def, most)
	case def.Roles.Address != nil:
		color, legend.Color, small = p.colors.address, p.colors.address, 0.6
	default:
		legend.Color = p.generic()
		color = legend.Color
	}
	c := p.layer(def, "point", "circle", legend)
	c.Paint = map[string]any{
		"circle-color":        byState(p.colors.accent, p.colors.accent, color),
		"circle-radius":       p.radius(small, icon != nil),
		"circle-opacity":      p.colors.opacity(byZoom(1, stop{11, byState(1, 1, 0.6)}, stop{16, byState(1, 1, 0.9)})),
		"circle-stroke-color": p.colors.rim,
		"circle-stroke-width": byZoom(1, stop{14, 0}, stop{17, 0.9}),
	}
	p.points = append(p.points, c)
	if icon != nil {
		p.symbol(def, legend, icon)
		return
	}
	p.pointNames(def, legend)
}

// symbol is the symbols of a layer, each with its name below where there is room for that too: in one layer, so that a
// name does not push out the symbol that it belongs to. They lie below all other names and give way to them.
func (p *painter) symbol(def *data.Layer, legend Legend, icon any) {
	p.symbols = true
	s := p.layer(def, "symbol", "symbol", legend)
	attribute, from, named := pointName(def)
	if named {
		s = p.named(def, legend, symbolZoom, p.text(def, attribute), byZoom(1, stop{15, 10.5}, stop{20, 13}))
		s.ID = def.Name + "-symbol"
		if from > symbolZoom {
			s.Layout["text-field"] = expr{"step", expr{"zoom"}, "", from, s.Layout["text-field"]}
		}
		s.Layout["text-anchor"] = "top"
		s.Layout["text-offset"] = []float64{0, 0.9}
		s.Layout["text-optional"] = true
		s.Layout["text-padding"] = 2
		s.Paint["text-color"] = p.colors.faint
	} else {
		s.MinZoom = max(s.MinZoom, symbolZoom)
		s.Layout = map[string]any{}
	}
	s.Layout["icon-image"], s.Layout["icon-padding"], s.Layout["icon-size"] = icon, 0, 0.75
	if !p.colors.print {
		s.Layout["icon-size"] = byZoom(1, stop{17, 0.7}, stop{18.5, 1}, stop{21, 1.2})
	}
	p.points = append(p.points, s)
}

// clusters is the groups of a layer: a disc in the colour of its symbols with the number of features, larger by the same
// for each tenfold.
func (p *painter) clusters(def *data.Layer) {
	_, most := p.icon(def)
	_, ink := p.inks(def, most)
	legend := Legend{Kind: "circle", Color: ink, Stroke: p.palette.Plate}
	number := expr{"coalesce", get("point_count"), 1}
	c := p.layer(def, "group", "circle", legend)
	at := func(more float64) expr {
		return expr{"min", 28 + more, expr{"+", 7 + more, expr{"*", 4, expr{"log10", number}}}}
	}
	// Where discs overlap, the larger one and its number are seen.
	c.Layout = map[string]any{"circle-sort-key": number}
	c.Paint = map[string]any{
		"circle-color": ink, "circle-radius": byState(at(3), at(1.5), at(0)),
		"circle-stroke-color": p.palette.Plate, "circle-stroke-width": 1.5,
	}
	n := p.layer(def, "number", "symbol", legend)
	n.Layout = map[string]any{
		"text-field": expr{"number-format", number, map[string]any{"locale": p.lang}}, "text-font": fonts, "text-size": 11,
		"text-padding": 0, "symbol-sort-key": expr{"-", 0, number},
	}
	n.Paint = map[string]any{"text-color": p.palette.Plate, "text-halo-color": ink, "text-halo-width": 1}
	p.points = append(p.points, c, n)
}

// radius is that of dots. A dot that stands for several features of a thinned tile is larger, gently: a hundredfold makes
// it twice as large. What is selected shows around its symbol.
func (p *painter) radius(small float64, symbol bool) expr {
	grown := func(r float64) any {
		return expr{"*", round(r), expr{"min", 3, expr{"^", expr{"coalesce", get("point_count"), 1}, 0.15}}}
	}
	at := func(r, selected float64) expr {
		r *= small
		return byState(round(r+selected), round(r+selected/2), grown(r))
	}
	if p.colors.print {
		// A dot that is too small is a flaw of the paper.
		small = max(small, 0.75)
		return at(0.45*96/25.4, 3)
	}
	far := 3.0
	if symbol {
		far = 9
	}
	return byZoom(1.4, stop{11, at(0.9, 3)}, stop{15, at(2.2, 3)}, stop{17, at(4, far)}, stop{20, at(7, far)})
}

func (p *painter) pointNames(def *data.Layer, legend Legend) {
	attribute, from, ok := pointName(def)
	if !ok {
		return
	}
	n := p.named(def, legend, from, p.text(def, attribute), byZoom(1, stop{15, 10.5}, stop{20, 13}))
	n.Layout["text-anchor"] = "top"
	n.Layout["text-offset"] = []float64{0, 0.5}
	n.Paint["text-color"] = p.colors.faint
	if def.Roles.Landmark != nil {
		n.Paint["text-color"] = p.colors.text
	}
	p.names = append(p.names, n)
}

// pointName is the attribute to write beside the points of a layer and the zoom level from which there is room.
func pointName(def *data.Layer) (attribute string, from float64, ok bool) {
	if a := def.Roles.Address; a != nil && def.AttributeIndex(a.Number) >= 0 {
		return a.Number, numberZoom, true
	}
	if r := def.Roles.Part; r != nil && def.AttributeIndex(r.Class) >= 0 {
		// What a part is says more to a reader than its code.
		return r.Class, nameZoom, true
	}
	i := def.LabelAttribute()
	if i < 0 {
		return "", 0, false
	}
	switch {
	case def.Roles.Landmark != nil:
		from = landmarkZoom
	case def.Roles.Address != nil:
		from = numberZoom + 1
	default:
		from = nameZoom
	}
	return def.Attributes[i].Name, from, true
}
