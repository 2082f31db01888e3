package survey

import (
	"iter"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/index"
)

// Proposal is cells that somebody has drawn to be those of a scheme.
type Proposal struct {
	Scheme string
	// World is the present city, Against the one whose cells the proposal is compared with: the same, or an earlier one.
	World, Against *index.World
	// Drawn are the cells as they are drawn.
	Drawn []impact.Cell
	// Kept reports whether the cell with a code is as the city had it when the drawing began.
	Kept func(code string) bool
	// Locked reports whether the cell with a code is not to be changed.
	Locked func(code string) bool
}

// Cells are the cells to compare: those of Against, and those that the city would have. Cells that were not drawn anew are as
// the city has them, also where their polygons were repaired to be drawn on.
func (p *Proposal) Cells(locator *grid.Locator) (before, after []impact.Cell) {
	of := func(w *index.World) []impact.Cell {
		s, ok := locator.Plan(w).Scheme(p.Scheme)
		if !ok {
			return nil
		}
		return Cells(w, locator, s)
	}
	city := of(p.World)
	known := make(map[string]int, len(city))
	for i := range city {
		known[city[i].Code] = i
	}
	after = make([]impact.Cell, len(p.Drawn))
	for i, c := range p.Drawn {
		if now, ok := known[c.Code]; ok && p.Kept(c.Code) {
			c = city[now]
		}
		after[i] = c
	}
	if s, ok := locator.Plan(p.World).Scheme(p.Scheme); ok {
		Adopt(p.World, locator, s, city, after)
	}
	if p.Against == p.World {
		return city, after
	}
	return of(p.Against), after
}

// Move is an object that comes from one cell to another, by their codes; an empty one is ground of no cell.
type Move struct {
	Slot     index.Slot
	At       geo.Point
	From, To string
}

// Moves are the objects that a change brings to other cells, in the order of their slots: those that [Objects.Flows] counts
// as moved.
func (o Objects) Moves(c *impact.Change) iter.Seq[Move] {
	return func(yield func(Move) bool) {
		for s := range o.Slots() {
			p, ok := o.Point(s)
			if !ok {
				shape := o.Shape(s)
				if shape.Kind() == geo.KindNone || !c.Meets(shape.Box()) {
					continue
				}
				p = geo.LabelPoint(shape)
			}
			if from, to, ok := c.Locate(p); ok && from != to && !yield(Move{s, p, from, to}) {
				return
			}
		}
	}
}
