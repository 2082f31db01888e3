package cells

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
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
	// Organisations are those whose own place lies in the cell.
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
	roads, doorRoads []named
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
	}
	return p
}

// RowOf is a cell of a scheme with its totals.
func (b *Book) RowOf(w *index.World, locator *grid.Locator, s grid.Scheme, cell index.Slot) Row {
	cells, _ := w.Layer(s.Cells.Layer)
	row := Row{
		Code: s.CodeOf(cells, cell), Name: s.NameOf(cells, cell), ID: cells.ID(cell),
		AreaM2: math.Round(cells.Shape(cell).Area()*100) / 100, Areas: locator.AreasOf(w, s, cell), Totals: []Count{},
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
		Scheme: s.Name, Layer: s.Cells.Layer, Row: b.RowOf(w, locator, s, cell),
		Point: [2]float64{at.Lon(), at.Lat()}, BBox: [4]float64{box.Min.Lon(), box.Min.Lat(), box.Max.Lon(), box.Max.Lat()},
		PerimeterM: centimetres(shape.Length()), Attributes: map[string]any{}, Changed: cells.ChangedAt(cell),
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
	c.Sides = p.sidesOf(cells, cell, c.Neighbours, label)
	d := b.At(w).Division(s.Cells.Layer)
	owned := func(l *index.Layer, f index.Slot) bool { return d != nil && d.owns(l, f, cell) }
	c.Roads = p.roadsIn(cells, cell, owned)
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
		*group.of = members(w, box, group.plays, owned, limit)
	}
	return c
}

// owns reports whether a feature is counted in a polygon.
func (d *Division) owns(l *index.Layer, f, cell index.Slot) bool {
	i := slices.IndexFunc(d.layers, func(c *counted) bool { return c.name == l.Def().Name })
	return i >= 0 && d.layers[i].owners.at(uint32(f)) == uint32(cell)+1
}

func members(w *index.World, box geo.Box, plays func(data.Roles) bool, owned func(*index.Layer, index.Slot) bool, limit int) Members {
	m := Members{Items: []Member{}}
	for _, l := range w.Layers() {
		def := l.Def()
		if !plays(def.Roles) || def.Geometry == data.GeometryNone {
			continue
		}
		var slots []index.Slot
		l.Search(box, func(s index.Slot) bool {
			if owned(l, s) {
				slots = append(slots, s)
			}
			return true
		})
		m.Count += len(slots)
		slices.SortFunc(slots, func(a, b index.Slot) int { return cmp.Compare(l.Permanent(a), l.Permanent(b)) })
		label, class := def.LabelAttribute(), -1
		if def.Roles.Part != nil {
			class = def.AttributeIndex(def.Roles.Part.Class)
		}
		for _, s := range slots[:min(len(slots), max(0, limit-len(m.Items)))] {
			at := geo.LabelPoint(l.Shape(s))
			m.Items = append(m.Items, Member{
				Layer: def.Name, ID: l.ID(s), Label: l.Value(s, label).String(), Class: l.Value(s, class).String(),
				Lon: at.Lon(), Lat: at.Lat(),
			})
		}
	}
	return m
}

// Owned yields the features of a layer that are counted in a polygon of a division.
func (t *Totals) Owned(division string, cell index.Slot, l *index.Layer) func(yield func(index.Slot) bool) {
	return func(yield func(index.Slot) bool) {
		d := t.Division(division)
		if d == nil {
			return
		}
		l.Search(d.cells.Box(cell), func(s index.Slot) bool { return !d.owns(l, s, cell) || yield(s) })
	}
}
