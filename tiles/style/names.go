package style

import (
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/tiles"
)

// maxTerms bounds the entries of a dictionary that a style spells out; with more, codes are shown as they are.
const maxTerms = 400

// label is what the label points of polygons show.
func (p *painter) label(def *data.Layer) any {
	return p.name(def, def.Name+tiles.LabelSuffix, def.LabelAttribute(), get("label"))
}

// text is what the features of a layer show for an attribute.
func (p *painter) text(def *data.Layer, attribute string) any {
	return p.name(def, def.Name, def.AttributeIndex(attribute), get(attribute))
}

// name is plain in the language of the style: by the dictionary of the attribute, or by an attribute beside it whose name
// ends in the language (name, name_en) and which the tiles have.
func (p *painter) name(def *data.Layer, tileLayer string, attribute int, plain expr) any {
	if attribute < 0 {
		return plain
	}
	a := &def.Attributes[attribute]
	if d, ok := p.world.Dictionary(a.Dictionary); ok && a.Dictionary != "" && len(d.Entries) <= maxTerms {
		if named := p.terms(d, plain); named != nil {
			return named
		}
	}
	translated := a.Name + "_" + p.lang
	has := slices.ContainsFunc(p.fields, func(v tiles.VectorLayer) bool { return v.ID == tileLayer && v.Fields[translated] != "" })
	if !has {
		return plain
	}
	return expr{"coalesce", get(translated), plain}
}

// terms is the titles of a dictionary for its codes, nil when it has none.
func (p *painter) terms(d *data.Dictionary, code expr) any {
	match := expr{"match", expr{"to-string", code}}
	for _, t := range d.Entries {
		if title := t.Title.In(p.lang, ""); title != "" {
			match = append(match, t.Code, title)
		}
	}
	if len(match) == 2 {
		return nil
	}
	return append(match, expr{"to-string", code})
}
