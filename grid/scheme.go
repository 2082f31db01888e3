package grid

import (
	"cmp"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// Scheme finds a scheme by name.
func (p *Plan) Scheme(name string) (Scheme, bool) {
	i := slices.IndexFunc(p.Schemes, func(s Scheme) bool { return s.Name == name })
	if i < 0 {
		return Scheme{}, false
	}
	return p.Schemes[i], true
}

// Cell finds a cell of the scheme by its code, as [Scheme.CodeOf] has it. Of several with the same code, a defect of the
// data that [Scheme.Namesakes] tells, it is the one with that id, else the one with the lowest permanent id.
func (s Scheme) Cell(w *index.World, code string) (cells *index.Layer, cell index.Slot, ok bool) {
	cells, ok = w.Layer(s.Cells.Layer)
	if !ok {
		return nil, 0, false
	}
	named, known := cells.Lookup(code)
	if known && (s.code < 0 || s.ownCode(cells, named) == code) {
		return cells, named, true
	}
	ok = false
	for found := range s.withCode(cells, code) {
		if !ok || cells.Permanent(found) < cells.Permanent(cell) {
			cell, ok = found, true
		}
	}
	if !ok && known && s.CodeOf(cells, named) == code {
		return cells, named, true
	}
	return cells, cell, ok
}

// Namesakes are the ids of further cells that have the code of a cell, in the order of their permanent ids: codes should
// differ, and where layers are edited they may not.
func (s Scheme) Namesakes(cells *index.Layer, cell index.Slot) []string {
	code := s.CodeOf(cells, cell)
	var others []index.Slot
	for found := range s.withCode(cells, code) {
		if found != cell {
			others = append(others, found)
		}
	}
	if named, ok := cells.Lookup(code); ok && named != cell && s.ownCode(cells, named) == "" {
		others = append(others, named)
	}
	slices.SortFunc(others, func(a, b index.Slot) int { return cmp.Compare(cells.Permanent(a), cells.Permanent(b)) })
	var ids []string
	for _, o := range others {
		ids = append(ids, cells.ID(o))
	}
	return ids
}

// withCode yields the cells whose attribute holds a code, none where cells have no attribute for it.
func (s Scheme) withCode(cells *index.Layer, code string) iter.Seq[index.Slot] {
	if s.code >= 0 {
		a := cells.Def().Attributes[s.code]
		if v, err := data.ParseValue(a.Type, code, a.Location()); err == nil && !v.Null() {
			return cells.Equal(s.code, v)
		}
	}
	return func(func(index.Slot) bool) {}
}

// ownCode is what the attribute for the code holds, empty without one.
func (s Scheme) ownCode(cells *index.Layer, cell index.Slot) string {
	return cells.Value(cell, s.code).String()
}

// CodeOf is the code of a cell: what its attribute for the code holds, and its feature id where there is none or it holds
// nothing, so that every cell can be asked for.
func (s Scheme) CodeOf(cells *index.Layer, cell index.Slot) string {
	if code := s.ownCode(cells, cell); code != "" {
		return code
	}
	return cells.ID(cell)
}

// NameOf is the name of a cell, empty when cells have none.
func (s Scheme) NameOf(cells *index.Layer, cell index.Slot) string {
	return cells.Value(cell, s.name).String()
}

// AreasOf are the parents of a cell, coarse to fine: of each level of the scheme the area that the cell overlaps most.
func (l *Locator) AreasOf(w *index.World, s Scheme, cell index.Slot) []Area {
	areas := []Area{}
	plan := l.Plan(w)
	for i := range plan.Levels {
		level := &plan.Levels[i]
		if !slices.Contains(s.Levels, level.Name) {
			continue
		}
		if parent, ok := l.parents.of(w, s.Cells.Layer, cell, level.Layer); ok {
			areas = append(areas, areaOf(w, level, parent))
		}
	}
	return areas
}

// CodeAttribute is the position of the attribute that holds codes in the layer of the cells, -1 when their ids do.
func (s Scheme) CodeAttribute() int { return s.code }
