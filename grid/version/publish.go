package version

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/edit"
	"github.com/gewu-city/gewu/index"
)

// Publication is what a draft does to the city: changes of features, each bound to what it was made for.
type Publication struct {
	Changes []data.Change
	// Created, Changed and Ended are numbers of cells, Cells of all there will be.
	Cells, Created, Changed, Ended int
	// Areas are the areas of levels above that get other borders with those of their cells, as LEVEL/CODE.
	Areas []string
}

// Publish makes the changes of a draft for a World in which its cells are those of the base. Attributes that the draft does
// not set stay as the World has them. The error is a *[data.FieldError] for a cell that the layer does not take.
func (d *Draft) Publish(w *index.World, n *Naming, l *grid.Locator) (*Publication, error) {
	layer := d.Base.Scheme.In(w)
	if layer == nil {
		return nil, ErrNoCells
	}
	p := &Publication{Cells: d.Now.NumFaces()}
	final := map[string]bool{}
	var kept, fresh []data.Change
	for id, f := range d.Now.Faces() {
		text := n.Codes[id]
		final[text] = true
		base, exists := d.Base.cells[text]
		if !exists {
			c, err := d.create(layer, id, f, text)
			if err != nil {
				return nil, err
			}
			fresh = append(fresh, c)
			p.Created++
			continue
		}
		c, differs, err := d.alter(layer, id, f, text, base)
		if err != nil {
			return nil, err
		}
		if differs {
			kept = append(kept, c)
			p.Changed++
		}
	}
	var ended []data.Change
	for _, f := range d.Base.Coverage.Faces() {
		if final[f.Code] {
			continue
		}
		base := d.Base.cells[f.Code]
		seq := base.seq
		if slot, ok := layer.Lookup(base.id); ok {
			seq = layer.ChangedAt(slot)
		}
		ended = append(ended, data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: layer.Def().Name, Feature: data.Feature{ID: base.id}, IfSeq: &seq})
		p.Ended++
	}
	areas, names, err := d.areas(w, l)
	if err != nil {
		return nil, err
	}
	p.Areas = names
	p.Changes = slices.Concat(ended, kept, fresh, areas)
	return p, nil
}

// attributes are the values that a face has and another has not, by name; those that it lacks are empty.
func attributes(f, than *coverage.Face) map[string]string {
	out := map[string]string{}
	if than != nil {
		for _, a := range than.Attributes {
			out[a.Name] = ""
		}
	}
	for _, a := range f.Attributes {
		out[a.Name] = a.Value
	}
	if than != nil {
		for _, a := range than.Attributes {
			if out[a.Name] == a.Value {
				delete(out, a.Name)
			}
		}
	}
	return out
}

// set writes attributes into a feature.
func set(def *data.Layer, f *data.Feature, code string, values map[string]string) error {
	for name, text := range values {
		i := def.AttributeIndex(name)
		if i < 0 {
			return &data.FieldError{Field: "cells." + code + "." + name, Value: text, Why: "is no attribute of " + def.Name}
		}
		v, err := data.ParseValue(def.Attributes[i].Type, text, def.Attributes[i].Location())
		if err != nil {
			return &data.FieldError{Field: "cells." + code + "." + name, Value: text, Why: err.Error()}
		}
		for len(f.Values) <= i {
			f.Values = append(f.Values, data.Value{})
		}
		f.Values[i] = v
	}
	return nil
}

func (d *Draft) create(layer *index.Layer, id coverage.FaceID, f *coverage.Face, text string) (data.Change, error) {
	def := layer.Def()
	feature := data.Feature{ID: text, Shape: d.Now.Shape(id)}
	values := attributes(f, nil)
	name := codeName(d.Base.Scheme, layer)
	if name != "" {
		values[name] = text
	}
	if i := def.IDAttribute(); i >= 0 && def.Attributes[i].Name != name {
		return data.Change{}, &data.FieldError{Field: "cells." + text, Value: def.Attributes[i].Name, Why: "holds the ids of the layer and is not the code of cells, so that new cells get none"}
	}
	if err := set(def, &feature, text, values); err != nil {
		return data.Change{}, err
	}
	if err := def.Check(&feature); err != nil {
		return data.Change{}, fmt.Errorf("cell %s: %w", text, err)
	}
	return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: def.Name, Feature: feature, IfSeq: new(data.Seq)}, nil
}

func (d *Draft) alter(layer *index.Layer, id coverage.FaceID, f *coverage.Face, text string, base held) (data.Change, bool, error) {
	def := layer.Def()
	old, _ := d.Base.Coverage.Lookup(text)
	slot, ok := layer.Lookup(base.id)
	if !ok {
		return data.Change{}, false, &ChangedError{[]string{text}}
	}
	was := d.Base.Coverage.Face(old)
	values := attributes(f, was)
	shape := d.Now.Shape(id)
	moved := !SameGround(shape, base.shape)
	locked := f.Locked != was.Locked && def.AttributeIndex(lockedAttribute) >= 0 && def.Attributes[def.AttributeIndex(lockedAttribute)].Type == data.Bool
	if !moved && len(values) == 0 && !locked {
		return data.Change{}, false, nil
	}
	feature := layer.Feature(slot)
	feature.Values = slices.Clone(feature.Values)
	if moved {
		feature.Shape = shape
	}
	if locked {
		values[lockedAttribute] = strconv.FormatBool(f.Locked)
	}
	if err := set(def, &feature, text, values); err != nil {
		return data.Change{}, false, err
	}
	if err := def.Check(&feature); err != nil {
		return data.Change{}, false, fmt.Errorf("cell %s: %w", text, err)
	}
	seq := layer.ChangedAt(slot)
	return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: def.Name, Feature: feature, IfSeq: &seq}, true, nil
}

// areas are the changes of areas of the levels above: where one has the very ground of its cells, it follows them.
func (d *Draft) areas(w *index.World, l *grid.Locator) (out []data.Change, names []string, err error) {
	levels := d.Base.Scheme.Levels
	if len(levels) == 0 {
		return nil, nil, nil
	}
	plan := l.Plan(w)
	above, was := d.Above(w, l), d.above(w, l)
	for k, name := range levels {
		i := slices.IndexFunc(plan.Levels, func(v grid.Level) bool { return v.Name == name })
		if i < 0 {
			continue
		}
		level := &plan.Levels[i]
		areas := level.In(w)
		before := d.Base.Coverage.Union(func(f *coverage.Face) string { return was[f.Parent][k] })
		after := d.Now.Union(func(f *coverage.Face) string { return above[f.Parent][k] })
		ended, of, err := d.joinAreas(w, level, before, after)
		if err != nil {
			return nil, nil, err
		}
		out, names = append(out, ended...), append(names, of...)
		codes := make([]string, 0, len(after))
		for code := range after {
			codes = append(codes, code)
		}
		slices.Sort(codes)
		for _, code := range codes {
			slot, ok := level.Area(w, code)
			if code == "" || !ok {
				continue
			}
			// Vertices that cuts put on a border leave it where it was.
			if _, same := edit.Keeps(before[code], after[code]); same || !sameArea(areas.Shape(slot), before[code]) {
				continue
			}
			feature := areas.Feature(slot)
			feature.Shape = after[code]
			seq := areas.ChangedAt(slot)
			out = append(out, data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: areas.Def().Name, Feature: feature, IfSeq: &seq})
			names = append(names, name+"/"+code)
		}
	}
	return out, names, nil
}

// sameArea reports whether two shapes cover the same ground, whichever vertices lie along their edges.
func sameArea(a, b geo.Shape) bool {
	if SameGround(a, b) {
		return true
	}
	x, y := a.Area(), b.Area()
	return a.Box() == b.Box() && min(x, y) > 0 && geo.OverlapArea(a, b) >= max(x, y)*(1-noisePart)
}

// above are the areas of all levels of the scheme, by the code of the lowest: those of its first cell in the base.
func (d *Draft) above(w *index.World, l *grid.Locator) map[string][]string {
	levels := d.Base.Scheme.Levels
	out := map[string][]string{}
	layer := d.Base.Scheme.In(w)
	for _, f := range d.Base.Coverage.Faces() {
		if out[f.Parent] != nil {
			continue
		}
		list := make([]string, len(levels))
		if slot, ok := layer.Lookup(d.Base.cells[f.Code].id); ok {
			for _, a := range l.AreasOf(w, d.Base.Scheme, slot) {
				if k := slices.Index(levels, a.Level); k >= 0 {
					list[k] = a.Code
				}
			}
		}
		list[len(list)-1] = f.Parent
		out[f.Parent] = list
	}
	for _, f := range d.Now.Faces() {
		if out[f.Parent] == nil {
			list := make([]string, len(levels))
			list[len(list)-1] = f.Parent
			out[f.Parent] = list
		}
	}
	return out
}

// Records are the changes that record a version with its lineage and its marks in the World in which it is published.
func (v *Record) Records(w *index.World, n *Naming) ([]data.Change, error) {
	var out []data.Change
	known := *v
	none := data.Seq(0)
	if n != nil {
		for rows := range slices.Chunk(n.Rows, rowsOfRecord) {
			known.Tables++
			c, err := put(data.AdminLineage, LineageID(v.Scheme, v.Number, known.Tables), lineageBody{rows}, &none)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		for prefix, highest := range n.Marks {
			have, seq := MarkOf(w, v.Scheme, prefix)
			if highest <= have {
				continue
			}
			c, err := put(data.AdminMark, v.Scheme+"/"+prefix, markBody{highest}, &seq)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	c, err := put(data.AdminVersion, RecordID(v.Scheme, v.Number), &known, &none)
	return append([]data.Change{c}, out...), err
}
