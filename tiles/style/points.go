package style

import (
	"slices"

	"github.com/gewu-city/gewu/data"
)

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
	color, small := p.colors.address, 0.6
	if def.Roles.Address == nil {
		color, small = p.generic(), 1
	}
	legend := Legend{Kind: "circle", Color: color, Stroke: p.colors.rim}
	icon, most := p.icon(def)
	legend.Symbol = most
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
		p.symbols = true
		s := p.layer(def, "symbol", "symbol", legend)
		s.MinZoom = max(s.MinZoom, symbolZoom)
		s.Layout = map[string]any{"icon-image": icon, "icon-padding": 0, "icon-size": 0.75}
		if !p.colors.print {
			s.Layout["icon-size"] = byZoom(1, stop{17, 0.62}, stop{19, 0.9}, stop{21, 1.1})
		}
		p.points = append(p.points, s)
	}
	p.pointNames(def, legend, icon != nil)
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
		return at(0.55*96/25.4, 3)
	}
	far := 3.0
	if symbol {
		far = 9
	}
	return byZoom(1.4, stop{11, at(0.9, 3)}, stop{15, at(2.2, 3)}, stop{17, at(4, far)}, stop{20, at(7, far)})
}

func (p *painter) pointNames(def *data.Layer, legend Legend, symbol bool) {
	attribute, from, ok := pointName(def)
	if !ok {
		return
	}
	n := p.named(def, legend, from, p.text(def, attribute), byZoom(1, stop{15, 10.5}, stop{20, 13}))
	n.Layout["text-anchor"] = "top"
	n.Layout["text-offset"] = []float64{0, 0.5}
	if symbol {
		n.Layout["text-offset"] = []float64{0, 1}
	}
	n.Paint["text-color"] = p.colors.faint
	if def.Roles.Landmark != nil {
		n.Paint["text-color"] = p.colors.text
	}
	if def.Roles.Part != nil {
		// Parts are many: their names give way to all others.
		p.names = slices.Insert(p.names, 0, n)
		return
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
