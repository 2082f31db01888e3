package rights

import (
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/relate"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter"
)

// judge is a rule in one World. It is safe for concurrent use.
type judge struct {
	all   bool
	cases []verdict
	// since is the newest Seq of the areas that it looks at.
	since data.Seq
}

// verdict is a part of a rule in one World.
type verdict struct {
	filter *filter.Bound
	within bool
	zones  []*zone
	// strict asks that no part of a feature lies in areas that are not held.
	strict bool
}

// zone is the areas that are held of one layer.
type zone struct {
	layer *index.Layer
	held  map[index.Slot]*relate.Prepared
}

// judge finds the areas of the rule in a World, and binds its filters to a layer. A filter that does not fit the layer
// takes nothing.
func (r *rule) judge(w *index.World, def *data.Layer, strict bool) *judge {
	j := &judge{all: r.all}
	for i := range r.parts {
		p := &r.parts[i]
		v := verdict{within: p.within, strict: strict}
		if p.where != nil {
			var err error
			if v.filter, err = filter.Bind(p.where, def, w.Dictionary); err != nil {
				continue
			}
		}
		if p.within {
			// Areas that are not there now may be drawn later.
			j.since = max(j.since, newest(w, p.areas))
			if v.zones = zonesOf(w, p.areas); len(v.zones) == 0 {
				continue
			}
		}
		j.cases = append(j.cases, v)
	}
	return j
}

// newest is the newest change of the layers in which areas would be.
func newest(w *index.World, areas []area) (seq data.Seq) {
	seq = w.Defined()
	for _, a := range areas {
		for _, l := range layersOf(w, a) {
			seq = max(seq, l.layer.Seq())
		}
	}
	return seq
}

// divided is a layer of areas or cells and the attribute with their codes, -1 when that is the id.
type divided struct {
	layer *index.Layer
	code  int
}

// layersOf are the layers in which an area may be.
func layersOf(w *index.World, a area) (found []divided) {
	if a.scheme != "" {
		s, ok := w.Scheme(a.scheme)
		if !ok {
			return nil
		}
		l, ok := w.Layer(s.Cells.Layer)
		if !ok {
			return nil
		}
		code := -1
		if r := l.Def().Roles.Cell; r != nil && r.Scheme == s.Name && r.Code != "" {
			code = l.Def().AttributeIndex(r.Code)
		}
		if s.Cells.Code != "" {
			code = l.Def().MatchAttribute(s.Cells.Code)
		}
		return []divided{{l, code}}
	}
	for _, l := range w.Layers() {
		if r := l.Def().Roles.Area; r != nil && r.Level == a.level && l.Def().Geometry == data.GeometryPolygon {
			code := -1
			if r.Code != "" {
				code = l.Def().AttributeIndex(r.Code)
			}
			found = append(found, divided{l, code})
		}
	}
	return found
}

// zonesOf finds the polygons of areas in a World.
func zonesOf(w *index.World, areas []area) (zones []*zone) {
	for _, a := range areas {
		for _, of := range layersOf(w, a) {
			i := slices.IndexFunc(zones, func(z *zone) bool { return z.layer == of.layer })
			for s := range of.find(a.code) {
				if i < 0 {
					i = len(zones)
					zones = append(zones, &zone{layer: of.layer, held: map[index.Slot]*relate.Prepared{}})
				}
				zones[i].held[s] = relate.Prepare(of.layer.Shape(s))
			}
		}
	}
	return zones
}

// find yields the polygons of a code; when the layer is wrong they are several.
func (d divided) find(code string) func(yield func(index.Slot) bool) {
	if d.code < 0 {
		return func(yield func(index.Slot) bool) {
			if s, ok := d.layer.Lookup(code); ok {
				yield(s)
			}
		}
	}
	a := &d.layer.Def().Attributes[d.code]
	v, err := data.ParseValue(a.Type, code, a.Location())
	if err != nil {
		return func(func(index.Slot) bool) {}
	}
	return d.layer.Equal(d.code, v)
}

// keep leaves of slots those that the rule takes, in order. It overwrites slots.
func (j *judge) keep(l *index.Layer, slots []index.Slot) []index.Slot {
	switch {
	case j.all:
		return slots
	case len(j.cases) == 0:
		return slots[:0]
	case len(j.cases) == 1:
		return j.cases[0].keep(l, slots)
	}
	taken := map[index.Slot]bool{}
	left := slices.Clone(slots)
	for i := range j.cases {
		for _, s := range j.cases[i].keep(l, slices.Clone(left)) {
			taken[s] = true
		}
		left = slices.DeleteFunc(left, func(s index.Slot) bool { return taken[s] })
	}
	return slices.DeleteFunc(slots, func(s index.Slot) bool { return !taken[s] })
}

func (v *verdict) keep(l *index.Layer, slots []index.Slot) []index.Slot {
	if v.filter != nil {
		slots = v.filter.Keep(l, slots)
	}
	if !v.within {
		return slots
	}
	return slices.DeleteFunc(slots, func(s index.Slot) bool {
		return !slices.ContainsFunc(v.zones, func(z *zone) bool { return z.has(l, s, v.strict) })
	})
}

// has reports whether a feature lies in the areas of the zone: a point by the edge rule, others as the package says.
func (z *zone) has(l *index.Layer, s index.Slot, strict bool) bool {
	if p, single := l.Point(s); single {
		return z.owns(p)
	}
	shape := l.Shape(s)
	switch shape.Kind() {
	case geo.KindNone:
		return false
	case geo.KindPoint:
		if strict {
			return !slices.ContainsFunc(shape.Vertices(), func(p geo.Point) bool { return !z.owns(p) })
		}
		return slices.ContainsFunc(shape.Vertices(), z.owns)
	case geo.KindLine, geo.KindPolygon:
	}
	box, own := shape.Box(), relate.Prepare(shape)
	reached, beyond := false, false
	z.layer.Search(box, func(area index.Slot) bool {
		held, mine := z.held[area]
		if !mine {
			if strict && shares(own, relate.Prepare(z.layer.Shape(area))) {
				beyond = true
			}
			return !beyond
		}
		if !reached {
			reached = shape.Kind() == geo.KindLine && reaches(own, held) || shares(own, held)
		}
		return strict || !reached
	})
	return reached && !beyond
}

// shares reports whether the interiors of two shapes share points.
func shares(a, b *relate.Prepared) bool {
	m := relate.Of(a, b)
	return m.Intersects() && !m.Touches()
}

func reaches(a, b *relate.Prepared) bool {
	m := relate.Of(a, b)
	return m.Intersects()
}

// owns reports whether a held area owns a point: by the edge rule, and on the outline of all areas the first that it
// touches.
func (z *zone) owns(p geo.Point) bool {
	owner, ok := z.layer.Owner(p)
	if !ok {
		z.layer.Touching(p, func(s index.Slot) bool {
			owner, ok = s, true
			return false
		})
	}
	_, held := z.held[owner]
	return ok && held
}
