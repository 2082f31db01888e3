package grid

import (
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// layerRef finds a layer in the Worlds that a plan is for.
type layerRef struct {
	name string
	at   int // its position, as long as nobody changes the definitions
}

// in is the layer in a World, nil when it is not there.
func (r *layerRef) in(w *index.World) *index.Layer {
	if layers := w.Layers(); r.at < len(layers) && layers[r.at].Def().Name == r.name {
		return layers[r.at]
	}
	lay, _ := w.Layer(r.name)
	return lay
}

// Level is one level of areas, such as district or village.
type Level struct {
	Name string
	// Layer holds the areas; code and name are positions of its attributes, -1 when the feature id serves as code
	// or there is no name.
	Layer      string
	of         layerRef
	code, name int
}

// CodeOf is the code of an area.
func (l *Level) CodeOf(areas *index.Layer, area index.Slot) string {
	if l.code < 0 {
		return areas.ID(area)
	}
	return areas.Value(area, l.code).String()
}

// NameOf is the name of an area, empty when areas have none.
func (l *Level) NameOf(areas *index.Layer, area index.Slot) string {
	return areas.Value(area, l.name).String()
}

// CodeAttribute is the position of the attribute that holds codes, -1 when feature ids serve as codes.
func (l *Level) CodeAttribute() int { return l.code }

// Area finds an area of the level by its code, as [Level.CodeOf] has it.
func (l *Level) Area(w *index.World, code string) (area index.Slot, ok bool) {
	areas := l.In(w)
	switch {
	case areas == nil:
		return 0, false
	case l.code < 0:
		return areas.Lookup(code)
	}
	a := areas.Def().Attributes[l.code]
	v, err := data.ParseValue(a.Type, code, a.Location())
	if err != nil || v.Null() {
		return 0, false
	}
	for found := range areas.Equal(l.code, v) {
		return found, true
	}
	return 0, false
}

// In is the layer of the level in a World of the plan.
func (l *Level) In(w *index.World) *index.Layer { return l.of.in(w) }

// Scheme is a declared division of the city that locate answers for.
type Scheme struct {
	data.Scheme
	of         layerRef
	code, name int
}

// In is the layer of the scheme's cells in a World of the plan.
func (s *Scheme) In(w *index.World) *index.Layer { return s.of.in(w) }

// Plan says which layers play which part in the city. It depends on definitions only.
type Plan struct {
	epoch   data.Epoch
	defined data.Seq

	// Levels are all levels of areas, coarse to fine: in the order in which schemes name them, then those that no
	// scheme names in the order of their layers.
	Levels []Level
	// Schemes are the declared schemes whose layer exists.
	Schemes   []Scheme
	addresses []addressLayer
	parts     []partLayer
	disputes  []disputeLayer
}

type addressLayer struct {
	of                                        layerRef
	label, road, section, lane, alley, number int
}

type partLayer struct {
	of          layerRef
	class, code int
}

// newPlan reads the roles of a World's layers and its schemes.
func newPlan(w *index.World) *Plan {
	p := &Plan{epoch: w.Epoch(), defined: w.Defined()}
	for _, s := range w.Schemes() {
		if i := slices.IndexFunc(w.Layers(), func(l *index.Layer) bool { return l.Def().Name == s.Cells.Layer }); i >= 0 {
			p.Schemes = append(p.Schemes, newScheme(*s, w.Layers()[i].Def(), i))
		}
	}
	var levels []Level
	for i, layer := range w.Layers() {
		def := layer.Def()
		of := layerRef{def.Name, i}
		if r := def.Roles.Area; r != nil {
			levels = append(levels, Level{
				Name: r.Level, Layer: def.Name, of: of, code: def.AttributeIndex(r.Code), name: def.AttributeIndex(r.Name),
			})
		}
		if def.Roles.Dispute != nil {
			p.disputes = append(p.disputes, newDisputeLayer(def, of))
		}
		if r := def.Roles.Address; r != nil {
			p.addresses = append(p.addresses, addressLayer{
				of: of, label: def.AttributeIndex(r.Label), road: def.AttributeIndex(r.Road),
				section: def.AttributeIndex(r.Section), lane: def.AttributeIndex(r.Lane),
				alley: def.AttributeIndex(r.Alley), number: def.AttributeIndex(r.Number),
			})
		}
		if r := def.Roles.Part; r != nil {
			p.parts = append(p.parts, partLayer{
				of: of, class: def.AttributeIndex(r.Class), code: def.AttributeIndex(r.Code),
			})
		}
	}
	p.Levels = orderLevels(levels, p.Schemes)
	return p
}

func newScheme(s data.Scheme, def *data.Layer, at int) Scheme {
	scheme := Scheme{Scheme: s, of: layerRef{def.Name, at}, code: -1, name: -1}
	if r := def.Roles.Cell; r != nil && r.Scheme == s.Name {
		scheme.code, scheme.name = def.AttributeIndex(r.Code), def.AttributeIndex(r.Name)
	}
	if s.Cells.Code != "" {
		scheme.code = def.MatchAttribute(s.Cells.Code)
	}
	if s.Cells.Name != "" {
		scheme.name = def.MatchAttribute(s.Cells.Name)
	}
	return scheme
}

// orderLevels puts the levels that schemes name first, coarse to fine as they list them.
func orderLevels(levels []Level, schemes []Scheme) []Level {
	var ordered []Level
	take := func(name string) {
		for _, l := range levels {
			if l.Name == name && !slices.ContainsFunc(ordered, func(o Level) bool { return o.Layer == l.Layer }) {
				ordered = append(ordered, l)
			}
		}
	}
	for _, s := range schemes {
		for _, name := range s.Levels {
			take(name)
		}
	}
	for _, l := range levels {
		take(l.Name)
	}
	return ordered
}
