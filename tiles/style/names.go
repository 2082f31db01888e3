package style

import (
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/tiles"
)

// label is what the label points of polygons show, which they have in the language of the style.
func (p *painter) label() any { return get(tiles.LabelKey) }

// text is what the features of a layer show for an attribute, which tiles have in the language of the style: for codes
// the words beside them.
func (p *painter) text(def *data.Layer, attribute string) any {
	words := attribute + tiles.WordsSuffix
	i := def.AttributeIndex(attribute)
	said := i >= 0 && def.Attributes[i].Dictionary != "" &&
		slices.ContainsFunc(p.fields, func(v tiles.VectorLayer) bool { return v.ID == def.Name && v.Fields[words] != "" })
	if said {
		return expr{"coalesce", get(words), get(attribute)}
	}
	return get(attribute)
}
