package cells

import (
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/sensitive"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/stamp"
)

// Suffix makes the name under which the totals of a division are drawn, and the feed tells of them, from the name of
// its layer.
const Suffix = "_totals"

// Totals are what lies in each polygon of each division of one World. They are immutable and safe for any number of
// readers.
type Totals struct {
	world     *index.World
	divisions []*Division
}

// Division is the totals of one layer of areas or cells.
type Division struct {
	layer  string
	cells  *index.Layer
	layers []*counted
	stamps stamp.Stamps
}

// Count is what one layer has in one polygon.
type Count struct {
	Layer    string `json:"layer"`
	Features int    `json:"features"`
	// Range is set for persons and households, of which Features is rounded down, and nothing is added up.
	Range   string  `json:"range,omitempty"`
	Classes []Class `json:"classes,omitempty"`
	Sums    []Sum   `json:"sums,omitempty"`
}

// Sum is an attribute added up over the features of a layer in a polygon; features without a value count 0.
type Sum struct {
	Attribute string  `json:"attribute"`
	Sum       float64 `json:"sum"`
}

// Division finds the totals of a layer; nil when it divides nothing.
func (t *Totals) Division(layer string) *Division {
	i := slices.IndexFunc(t.divisions, func(d *Division) bool { return d.layer == layer })
	if i < 0 {
		return nil
	}
	return t.divisions[i]
}

// Of is what lies in a polygon, one Count for each counted layer in the order of the layers. It must not be changed.
func (d *Division) Of(cell index.Slot) []Count {
	counts := make([]Count, len(d.layers))
	for i, c := range d.layers {
		counts[i] = Count{Layer: c.name}
		t := c.tallies.at(uint32(cell))
		if t == nil {
			t = &tally{}
		}
		if c.features.Def().Sensitive != nil {
			counts[i].Features, counts[i].Range = sensitive.Rounded(t.features)
			continue
		}
		counts[i].Features, counts[i].Classes = t.features, t.classes
		for j, a := range c.sums {
			sum := Sum{Attribute: c.features.Def().Attributes[a].Name}
			if j < len(t.sums) {
				sum.Sum = t.sums[j]
			}
			counts[i].Sums = append(counts[i].Sums, sum)
		}
	}
	return counts
}

// Stamp is the newest Seq that can have changed the totals, or the polygons, in tile z/x/y.
func (d *Division) Stamp(z int, x, y uint32) data.Seq {
	return max(d.stamps.At(z, x, y), d.cells.DefSeq(), d.cells.Stamp(z, x, y))
}

// Fields are the attributes of every polygon's totals: the name of each counted layer holds the number of its features
// there, "layer.attribute" a sum.
func (d *Division) Fields() []string {
	var names []string
	for _, c := range d.layers {
		if c.features.Def().Sensitive != nil {
			continue // on no map
		}
		names = append(names, c.name)
		for _, a := range c.sums {
			names = append(names, c.name+"."+c.features.Def().Attributes[a].Name)
		}
	}
	return names
}

// Each calls add with the attributes of one polygon's totals: the [Division.Fields], and "layer:class" for each class
// that is there.
func (d *Division) Each(cell index.Slot, add func(name string, v data.Value)) {
	for i, c := range d.Of(cell) {
		if d.layers[i].features.Def().Sensitive != nil {
			continue
		}
		add(c.Layer, data.IntValue(int64(c.Features)))
		for _, s := range c.Sums {
			add(c.Layer+"."+s.Attribute, data.NumberValue(s.Sum))
		}
		for _, class := range c.Classes {
			add(c.Layer+":"+class.Class, data.IntValue(int64(class.Features)))
		}
	}
}

// owner is the polygon that a feature is counted in.
func (d *Division) owner(c *counted, s index.Slot) (index.Slot, bool) {
	if c.via >= 0 {
		return c.linkedOwner(s)
	}
	l := c.features
	p, single := l.Point(s)
	if !single {
		shape := l.Shape(s)
		if shape.Kind() == geo.KindNone {
			return 0, false
		}
		p = geo.LabelPoint(shape)
	}
	return grid.Owner(d.cells, p)
}

// compute counts everything in a World.
func compute(w *index.World) *Totals {
	t := &Totals{world: w}
	for _, cells := range w.Layers() {
		if !w.Divides(cells.Def()) {
			continue
		}
		d := &Division{layer: cells.Def().Name, cells: cells}
		d.stamps.MarkAll(w.Seq())
		for _, l := range w.Layers() {
			if l.Def().Geometry != data.GeometryNone && !w.Divides(l.Def()) {
				d.layers = append(d.layers, d.count(newCounted(l)))
			}
		}
		d.countLinked(w)
		t.divisions = append(t.divisions, d)
	}
	return t
}

func (d *Division) count(c *counted) *counted {
	l := c.features
	owners, tallies := c.owners.edit(), c.tallies.edit()
	members := map[index.Slot][]index.Slot{}
	for s := range l.Slots() {
		cell, ok := d.owner(c, s)
		if !ok {
			continue
		}
		owners.set(uint32(s), uint32(cell)+1)
		t := tallies.at(uint32(cell))
		if t == nil {
			t = &tally{}
			tallies.set(uint32(cell), t)
		}
		t.add(classOf(l, s, c.class), 1)
		if len(c.sums) > 0 {
			members[cell] = append(members[cell], s)
		}
	}
	for cell, slots := range members {
		tallies.at(uint32(cell)).sums = c.sum(slots)
	}
	c.owners, c.tallies = owners.chunks, tallies.chunks
	return c
}
