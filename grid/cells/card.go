package cells

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/geodesy"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
)

// Row is one cell with its totals, as a table of cells has it.
type Row struct {
	Code string `json:"code"`
	Name string `json:"name,omitempty"`
	ID   string `json:"id"`
	// AreaM2 is the area in square metres.
	AreaM2 float64     `json:"area_m2"`
	Areas  []grid.Area `json:"areas"`
	// Households is the sum over the buildings of the cell; absent where no layer of buildings says.
	Households *float64 `json:"households,omitempty"`
	Totals     []Count  `json:"totals"`
}

// Card is everything that hangs on a cell.
type Card struct {
	Scheme string `json:"scheme"`
	Layer  string `json:"layer"`
	Row
	// Namesakes are the ids of further cells that have the same code, which the card does not count; absent when there are
	// none, as it should be.
	Namesakes []string `json:"same_code,omitempty"`
	// Point lies inside, BBox is west, south, east, north; both in degrees.
	Point      [2]float64 `json:"point"`
	BBox       [4]float64 `json:"bbox"`
	PerimeterM float64    `json:"perimeter_m"`
	// Attributes are those of the cell's feature, without nulls.
	Attributes map[string]any `json:"attributes"`
	Neighbours []Neighbour    `json:"neighbours"`
	Sides      Sides          `json:"sides"`
	Roads      []Road         `json:"roads"`
	Doors      Members        `json:"doors"`
	Buildings  Members        `json:"buildings"`
	Entrances  Members        `json:"entrances"`
	Landmarks  Members        `json:"landmarks"`
	// Organisations lie in the cell themselves, or refer to a door or building in it.
	Organisations Members `json:"organisations"`
	Parts         Members `json:"parts"`
	// Seq is the position of the newest change of the cell itself.
	Changed data.Seq `json:"changed_seq"`
}

// Members are features in a cell.
type Members struct {
	// Count is how many there are; Items may be fewer.
	Count int      `json:"count"`
	Items []Member `json:"items"`
}

// Member is one feature in a cell.
type Member struct {
	Layer string  `json:"layer"`
	ID    string  `json:"id"`
	Label string  `json:"label,omitempty"`
	Class string  `json:"class,omitempty"`
	Lon   float64 `json:"lon"`
	Lat   float64 `json:"lat"`
}

// places are the layers of a World by what a card asks for.
type places struct {
	roads, doorRoads, marks, buildings []named
	// level is the finest one of the scheme, areas its layer and own the area that the cell lies in; nil without one.
	level *grid.Level
	areas *index.Layer
	own   index.Slot
}

func placesOf(w *index.World) places {
	var p places
	for _, l := range w.Layers() {
		def := l.Def()
		if r := def.Roles.Road; r != nil && r.Name != "" && def.Geometry == data.GeometryLine {
			p.roads = append(p.roads, named{l, def.AttributeIndex(r.Name)})
		}
		if r := def.Roles.Address; r != nil && r.Road != "" && def.Geometry == data.GeometryPoint {
			p.doorRoads = append(p.doorRoads, named{l, def.AttributeIndex(r.Road)})
		}
		extended := def.Geometry == data.GeometryLine || def.Geometry == data.GeometryPolygon
		if r := def.Roles.Landmark; r != nil && r.Name != "" && extended {
			p.marks = append(p.marks, named{l, def.AttributeIndex(r.Name)})
		}
		if r := def.Roles.Building; r != nil && r.Name != "" && extended {
			p.buildings = append(p.buildings, named{l, def.AttributeIndex(r.Name)})
		}
	}
	return p
}

// within tells in which area of the scheme's finest level a cell lies.
func (p *places) within(w *index.World, locator *grid.Locator, s grid.Scheme, cell index.Slot) {
	plan := locator.Plan(w)
	for _, name := range slices.Backward(s.Levels) {
		i := slices.IndexFunc(plan.Levels, func(l grid.Level) bool { return l.Name == name })
		if i < 0 || plan.Levels[i].Layer == s.Cells.Layer {
			continue
		}
		level := &plan.Levels[i]
		if own, ok := locator.Parent(w, s.Cells.Layer, cell, level.Layer); ok {
			p.level, p.areas, p.own = level, level.In(w), own
		}
		return
	}
}

// RowOf is a cell of a scheme with its totals.
func (b *Book) RowOf(w *index.World, locator *grid.Locator, s grid.Scheme, cell index.Slot) Row {
	cells, _ := w.Layer(s.Cells.Layer)
	row := Row{
		Code: s.CodeOf(cells, cell), Name: s.NameOf(cells, cell), ID: cells.ID(cell),
		AreaM2: math.Round(geodesy.AreaM2(cells.Shape(cell))*100) / 100, Areas: locator.AreasOf(w, s, cell), Totals: []Count{},
	}
	d := b.At(w).Division(s.Cells.Layer)
	if d == nil {
		return row
	}
	row.Totals = d.Of(cell)
	for i, c := range d.layers {
		building := c.features.Def().Roles.Building
		if building == nil || building.Households == "" {
			continue
		}
		for _, sum := range row.Totals[i].Sums {
			if sum.Attribute == building.Households {
				if row.Households == nil {
					row.Households = new(float64)
				}
				*row.Households += sum.Sum
			}
		}
	}
	return row
}

// CardOf is the card of a cell. Lists of features hold at most limit items each, by permanent id.
func (b *Book) CardOf(w *index.World, locator *grid.Locator, s grid.Scheme, cell index.Slot, limit int) Card {
	cells, _ := w.Layer(s.Cells.Layer)
	shape, box := cells.Shape(cell), cells.Box(cell)
	at := geo.LabelPoint(shape)
	c := Card{
		Scheme: s.Name, Layer: s.Cells.Layer, Row: b.RowOf(w, locator, s, cell), Namesakes: s.Namesakes(cells, cell),
		Point: [2]float64{at.Lon(), at.Lat()}, BBox: [4]float64{box.Min.Lon(), box.Min.Lat(), box.Max.Lon(), box.Max.Lat()},
		PerimeterM: centimetres(geodesy.LengthM(shape)), Attributes: map[string]any{}, Changed: cells.ChangedAt(cell),
	}
	for i, a := range cells.Def().Attributes {
		if v := cells.Value(cell, i); !v.Null() {
			c.Attributes[a.Name] = v.Any()
		}
	}
	c.Neighbours = neighbours(cells, cell)
	for i := range c.Neighbours {
		n := &c.Neighbours[i]
		n.Code, n.Name = s.CodeOf(cells, n.slot), s.NameOf(cells, n.slot)
	}
	if c.Neighbours == nil {
		c.Neighbours = []Neighbour{}
	}
	label := func(o index.Slot) string { return cmp.Or(s.NameOf(cells, o), s.CodeOf(cells, o)) }
	p := placesOf(w)
	p.within(w, locator, s, cell)
	c.Sides = p.sidesOf(cells, cell, c.Neighbours, label)
	d := b.At(w).Division(s.Cells.Layer)
	c.Roads = p.roadsIn(cells, cell, func(l *index.Layer, f index.Slot) bool { return d != nil && d.owns(l, f, cell) })
	for _, group := range []struct {
		of    *Members
		plays func(data.Roles) bool
	}{
		{&c.Doors, func(r data.Roles) bool { return r.Address != nil }},
		{&c.Buildings, func(r data.Roles) bool { return r.Building != nil }},
		{&c.Entrances, func(r data.Roles) bool { return r.Entrance != nil }},
		{&c.Landmarks, func(r data.Roles) bool { return r.Landmark != nil }},
		{&c.Organisations, func(r data.Roles) bool { return r.Organisation != nil }},
		{&c.Parts, func(r data.Roles) bool { return r.Part != nil }},
	} {
		*group.of = d.list(cell, group.plays, limit)
	}
	return c
}

// owns reports whether a feature is counted in a polygon.
func (d *Division) owns(l *index.Layer, f, cell index.Slot) bool {
	c := d.counted(l.Def().Name)
	return c != nil && c.owners.at(uint32(f)) == uint32(cell)+1
}

// list are the features of the layers that play a role which are counted in a polygon, the first ones by permanent id.
func (d *Division) list(cell index.Slot, plays func(data.Roles) bool, limit int) Members {
	m := Members{Items: []Member{}}
	if d == nil {
		return m
	}
	for _, c := range d.layers {
		l, def := c.features, c.features.Def()
		if !plays(def.Roles) {
			continue
		}
		var slots []index.Slot
		d.members(c, cell, func(s index.Slot) bool {
			slots = append(slots, s)
			return true
		})
		m.Count += len(slots)
		slices.SortFunc(slots, func(a, b index.Slot) int { return cmp.Compare(l.Permanent(a), l.Permanent(b)) })
		label := def.LabelAttribute()
		for _, s := range slots[:min(len(slots), max(0, limit-len(m.Items)))] {
			placed, at := c.place(s)
			p := geo.LabelPoint(placed.Shape(at))
			m.Items = append(m.Items, Member{
				Layer: def.Name, ID: l.ID(s), Label: l.Value(s, label).String(), Class: classOf(l, s, c.class),
				Lon: p.Lon(), Lat: p.Lat(),
			})
		}
	}
	return m
}

// Owned yields the features of a layer that are counted in a polygon of a division; ok is false for a layer that is not
// counted.
func (t *Totals) Owned(division string, cell index.Slot, layer string) (slots iter.Seq[index.Slot], ok bool) {
	d := t.Division(division)
	if d == nil {
		return nil, false
	}
	c := d.counted(layer)
	if c == nil {
		return nil, false
	}
	return func(yield func(index.Slot) bool) { d.members(c, cell, yield) }, true
}
