package style

import (
	"slices"

	"github.com/gewu-city/gewu/data"
)

// point is a point layer: small dots with the house number for addresses, larger ones in a colour of their own for
// city parts, landmarks and everything else.
func (p *painter) point(def *data.Layer) {
	color, small := p.colors.address, 0.6
	if def.Roles.Address == nil {
		color, small = p.generic(), 1
	}
	legend := Legend{Kind: "circle", Color: color, Stroke: p.colors.rim}
	c := p.layer(def, "point", "circle", legend)
	radius := func(r float64) expr { return byState(r*small+3, r*small+1.5, r*small) }
	c.Paint = map[string]any{
		"circle-color":          byState(p.colors.accent, p.colors.accent, color),
		"circle-radius":         byZoom(1.4, stop{11, radius(0.9)}, stop{15, radius(2.2)}, stop{17, radius(4)}, stop{20, radius(7)}),
		"circle-opacity":        byZoom(1, stop{11, byState(1, 1, 0.6)}, stop{16, byState(1, 1, 0.9)}),
		"circle-stroke-color":   p.colors.rim,
		"circle-stroke-width":   byZoom(1, stop{14, 0}, stop{17, 0.9}),
		"circle-stroke-opacity": 0.9,
	}
	p.points = append(p.points, c)

	if attribute, from, ok := pointName(def); ok {
		n := p.named(def, legend, from, get(attribute), byZoom(1, stop{15, 10.5}, stop{20, 13}))
		n.Layout["text-anchor"] = "top"
		n.Layout["text-offset"] = []float64{0, 0.5}
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
}

// pointName is the attribute to write beside the points of a layer and the zoom level from which there is room.
func pointName(def *data.Layer) (attribute string, from float64, ok bool) {
	const numbers, landmarks, others = 17, 14, 18
	if a := def.Roles.Address; a != nil && def.AttributeIndex(a.Number) >= 0 {
		return a.Number, numbers, true
	}
	if r := def.Roles.Part; r != nil && def.AttributeIndex(r.Class) >= 0 {
		// What a part is says more to a reader than its code.
		return r.Class, others, true
	}
	i := def.LabelAttribute()
	if i < 0 {
		return "", 0, false
	}
	switch {
	case def.Roles.Landmark != nil:
		from = landmarks
	case def.Roles.Address != nil:
		from = numbers + 1
	default:
		from = others
	}
	return def.Attributes[i].Name, from, true
}
