package survey

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/along"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/grid/report"
	"github.com/gewu-city/gewu/index"
)

// reachEvery is the number of cells between two tellings of how far a measuring is.
const reachEvery = 256

// Measures is a scheme with what lies in it, as reports are made of it. It tells how many cells it has measured; an error of
// reached ends it.
func Measures(w *index.World, locator *grid.Locator, book *cells.Book, s grid.Scheme, o report.Options, reached func(cells int) error) (report.Input, error) {
	in := report.Input{Options: o, Areas: map[string]geo.Shape{}}
	layer, ok := w.Layer(s.Cells.Layer)
	if !ok {
		return in, nil
	}
	level := finest(locator.Plan(w), s)
	objects := Layers(w)
	outside := make([]int, len(objects))
	for i, o := range objects {
		in.Measures = append(in.Measures, o.Def().Name)
		outside[i] = o.Len()
	}
	at := map[index.Slot]int{}
	kind, grade, reason := attributesOf(layer.Def())
	for slot := range layer.Slots() {
		if n := len(in.Cells); n%reachEvery == 0 {
			if err := reached(n); err != nil {
				return in, err
			}
		}
		row := book.RowOf(w, locator, s, slot)
		c := report.Cell{
			Code: row.Code, Shape: layer.Shape(slot), Households: row.Households, Counts: make([]int, len(objects)),
			Kind: layer.Value(slot, kind).String(), Grade: layer.Value(slot, grade).String(), Reason: layer.Value(slot, reason).String(),
		}
		for i, o := range objects {
			if k := slices.IndexFunc(row.Totals, func(t cells.Count) bool { return t.Layer == o.Def().Name }); k >= 0 {
				c.Counts[i] = row.Totals[k].Features
				outside[i] -= c.Counts[i]
			}
		}
		if level != nil {
			if parent, ok := locator.Parent(w, s.Cells.Layer, slot, level.Layer); ok {
				areas := level.In(w)
				c.Parent = level.CodeOf(areas, parent)
				in.Areas[c.Parent] = areas.Shape(parent)
			}
		}
		at[slot] = len(in.Cells)
		in.Cells = append(in.Cells, c)
	}
	for i, n := range outside {
		if n > 0 {
			in.Outside = append(in.Outside, report.Outside{Layer: in.Measures[i], Count: n})
		}
	}
	if err := reached(len(in.Cells)); err != nil {
		return in, err
	}
	streets(w, layer, func(cell index.Slot, a, b geo.Point) {
		c := &in.Cells[at[cell]]
		c.Streets = append(c.Streets, [2]geo.Point{a, b})
	})
	stops(objects, layer, func(cell index.Slot, p geo.Point) {
		c := &in.Cells[at[cell]]
		c.Stops = append(c.Stops, p)
	})
	for _, o := range objects {
		switch r := o.Def().Roles; {
		case r.Building != nil:
			in.Buildings = append(in.Buildings, cut(o.Layer, layer, s)...)
		case r.Part != nil:
			in.Parts = append(in.Parts, cut(o.Layer, layer, s)...)
		}
		if err := reached(len(in.Cells)); err != nil {
			return in, err
		}
	}
	return in, nil
}

// attributesOf are the positions of the attributes that say kind, grade and reason of cells, -1 for none.
func attributesOf(def *data.Layer) (kind, grade, reason int) {
	r := def.Roles.Cell
	if r == nil {
		return -1, -1, -1
	}
	return def.AttributeIndex(r.Kind), def.AttributeIndex(r.Grade), def.AttributeIndex(r.Reason)
}

// streets yields the pieces of all roads within each cell: a piece along a border is of the cell that the edge rule says.
func streets(w *index.World, layer *index.Layer, add func(cell index.Slot, a, b geo.Point)) {
	var spans []along.Span
	for _, roads := range w.Layers() {
		if roads.Def().Roles.Road == nil || roads.Def().Geometry != data.GeometryLine {
			continue
		}
		for s := range roads.Slots() {
			line := roads.Shape(s)
			for i := range line.NumRings() {
				run := line.Ring(i)
				for k := 1; k < len(run); k++ {
					a, b := run[k-1], run[k]
					layer.Search(geo.EmptyBox().Extend(a).Extend(b), func(cell index.Slot) bool {
						spans = along.Spans(spans[:0], layer.Shape(cell), a, b)
						for _, span := range spans {
							add(cell, geo.Between(a, b, span.From), geo.Between(a, b, span.To))
						}
						return true
					})
				}
			}
		}
	}
}

// stops yields the doors of each cell, or the parts in a city without doors.
func stops(objects []Objects, layer *index.Layer, add func(cell index.Slot, p geo.Point)) {
	for _, plays := range []func(data.Roles) bool{
		func(r data.Roles) bool { return r.Address != nil }, func(r data.Roles) bool { return r.Part != nil },
	} {
		found := false
		for _, o := range objects {
			if !plays(o.Def().Roles) {
				continue
			}
			for s := range o.Slots() {
				if p, ok := o.Point(s); ok {
					if cell, ok := grid.Owner(layer, p); ok {
						add(cell, p)
						found = true
					}
				}
			}
		}
		if found {
			return
		}
	}
}

// leastCut is the share of an object from which a cell cuts it: less is drawn less exactly than that.
const leastCut = 0.01

// cut lists the polygons of a layer that several cells have parts of.
func cut(objects, layer *index.Layer, s grid.Scheme) []report.Object {
	if objects.Def().Geometry != data.GeometryPolygon {
		return nil
	}
	var out []report.Object
	var measure geo.Overlaps
	for f := range objects.Slots() {
		shape := objects.Shape(f)
		if shape.Kind() != geo.KindPolygon {
			continue
		}
		type share struct {
			cell index.Slot
			area float64
		}
		var shares []share
		layer.Search(shape.Box(), func(cell index.Slot) bool {
			shares = append(shares, share{cell, 0})
			return true
		})
		if len(shares) < 2 {
			continue
		}
		least := leastCut * shape.Area()
		for i := range shares {
			shares[i].area = measure.Area(shape, layer.Shape(shares[i].cell))
		}
		shares = slices.DeleteFunc(shares, func(s share) bool { return s.area <= least })
		if len(shares) < 2 {
			continue
		}
		slices.SortFunc(shares, func(a, b share) int {
			return cmp.Or(cmp.Compare(b.area, a.area), cmp.Compare(layer.Permanent(a.cell), layer.Permanent(b.cell)))
		})
		one := report.Object{Layer: objects.Def().Name, ID: objects.ID(f)}
		for _, share := range shares {
			one.Cells = append(one.Cells, s.CodeOf(layer, share.cell))
		}
		out = append(out, one)
	}
	return out
}
