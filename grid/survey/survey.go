// Package survey reads from a World what planning looks at: the cells of a scheme with their parents, and the objects of the
// city as points that weigh something.
package survey

import (
	"context"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/index"
)

// Cells are the cells of a scheme in the order of their slots, with the codes of the areas of the scheme's finest level that
// they overlap most.
func Cells(w *index.World, locator *grid.Locator, s grid.Scheme) []impact.Cell {
	layer, ok := w.Layer(s.Cells.Layer)
	if !ok {
		return nil
	}
	out := make([]impact.Cell, 0, layer.Len())
	level := finest(locator.Plan(w), s)
	for slot := range layer.Slots() {
		c := impact.Cell{Code: s.CodeOf(layer, slot), ID: layer.Permanent(slot), Shape: layer.Shape(slot)}
		if level != nil {
			if parent, ok := locator.Parent(w, s.Cells.Layer, slot, level.Layer); ok {
				c.Parent = level.CodeOf(level.In(w), parent)
			}
		}
		out = append(out, c)
	}
	return out
}

// finest is the last level of a scheme that the World has, nil for none.
func finest(p *grid.Plan, s grid.Scheme) *grid.Level {
	for _, name := range slices.Backward(s.Levels) {
		for k := range p.Levels {
			if p.Levels[k].Name == name {
				return &p.Levels[k]
			}
		}
	}
	return nil
}

// Objects are the features of one layer as points, each with what it weighs.
type Objects struct {
	*index.Layer
	// Amount is the attribute that is added up, the households of buildings; empty when features are only counted.
	Amount string

	attribute int
}

// Layers are the layers whose features planning counts: doors, parts, buildings, entrances, landmarks and organisations with
// a place. Layers about persons are not among them: their counts are rounded where they are shown.
func Layers(w *index.World) []Objects {
	var out []Objects
	for _, l := range w.Layers() {
		def := l.Def()
		r := def.Roles
		placed := r.Address != nil || r.Part != nil || r.Building != nil || r.Entrance != nil || r.Landmark != nil || r.Organisation != nil
		if !placed || def.Geometry == data.GeometryNone || def.Sensitive != nil || w.Divides(def) {
			continue
		}
		out = append(out, Of(l))
	}
	return out
}

// Of are the objects of a layer.
func Of(l *index.Layer) Objects {
	o := Objects{Layer: l, attribute: -1}
	if r := l.Def().Roles.Building; r != nil && r.Households != "" {
		o.Amount, o.attribute = r.Households, l.Def().AttributeIndex(r.Households)
	}
	return o
}

// Place is where an object is counted: the point of a point, of others one within.
func (o Objects) Place(s index.Slot) (geo.Point, bool) {
	if p, ok := o.Point(s); ok {
		return p, true
	}
	shape := o.Shape(s)
	if shape.Kind() == geo.KindNone {
		return geo.Point{}, false
	}
	return geo.LabelPoint(shape), true
}

// Weight is what an object weighs, 0 for those without a value.
func (o Objects) Weight(s index.Slot) float64 {
	if o.attribute < 0 {
		return 0
	}
	v := o.Value(s, o.attribute)
	if v.Null() {
		return 0
	}
	return v.Number()
}

// checkEvery is how many objects are looked at between two looks at the context.
const checkEvery = 1 << 12

// Flows is what a change does to the objects. told, when not nil, is called now and then with how many were looked at. The
// error is that of ctx.
func (o Objects) Flows(ctx context.Context, c *impact.Change, told func(n int)) (impact.Flows, error) {
	aside := 0
	f := c.Flows(o.near(ctx, c, &aside, told))
	f.Points += aside
	return f, ctx.Err()
}

// near yields the objects where something changes, and counts the others: of a shape the point within takes a while.
func (o Objects) near(ctx context.Context, c *impact.Change, aside *int, told func(n int)) iter.Seq2[geo.Point, float64] {
	return func(yield func(geo.Point, float64) bool) {
		n := 0
		for s := range o.Slots() {
			if n++; n%checkEvery == 0 {
				if ctx.Err() != nil {
					return
				}
				if told != nil {
					told(n)
				}
			}
			p, ok := o.Point(s)
			if !ok {
				switch shape := o.Shape(s); {
				case shape.Kind() == geo.KindNone:
					continue
				case !c.Meets(shape.Box()):
					*aside++
					continue
				default:
					p = geo.LabelPoint(shape)
				}
			}
			if !yield(p, o.Weight(s)) {
				return
			}
		}
	}
}

// Adopt gives cells that are not in the city yet what they keep of those that are, by code: the permanent id, and the parent
// where the ground is the same. Others get the parent that they overlap most.
func Adopt(w *index.World, locator *grid.Locator, s grid.Scheme, city, cells []impact.Cell) {
	known := make(map[string]*impact.Cell, len(city))
	for i := range city {
		known[city[i].Code] = &city[i]
	}
	level := finest(locator.Plan(w), s)
	for i := range cells {
		c := &cells[i]
		old := known[c.Code]
		if old != nil {
			c.ID = old.ID
		}
		switch {
		case c.Parent != "" || level == nil:
		case old != nil && impact.SameGround(old.Shape, c.Shape):
			c.Parent = old.Parent
		default:
			if parent, ok := grid.LargestOverlap(c.Shape, level.In(w)); ok {
				c.Parent = level.CodeOf(level.In(w), parent)
			}
		}
	}
}
