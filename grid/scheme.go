package grid

import (
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

// Cell finds a cell of the scheme by its code, which is the feature id where the cells have no attribute for it. Of
// several with the same code, a defect of the data, the one with the lowest permanent id is found.
func (s Scheme) Cell(w *index.World, code string) (cells *index.Layer, cell index.Slot, ok bool) {
	cells, ok = w.Layer(s.Cells.Layer)
	if !ok {
		return nil, 0, false
	}
	if cell, ok = cells.Lookup(code); ok && s.CodeOf(cells, cell) == code {
		return cells, cell, true
	}
	if s.code < 0 {
		return cells, 0, false
	}
	ok = false
	a := cells.Def().Attributes[s.code]
	v, err := data.ParseValue(a.Type, code, a.Location())
	if err != nil {
		return cells, 0, false
	}
	for found := range cells.Equal(s.code, v) {
		if !ok || cells.Permanent(found) < cells.Permanent(cell) {
			cell, ok = found, true
		}
	}
	return cells, cell, ok
}

// CodeOf is the code of a cell.
func (s Scheme) CodeOf(cells *index.Layer, cell index.Slot) string {
	if s.code < 0 {
		return cells.ID(cell)
	}
	return cells.Value(cell, s.code).String()
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
