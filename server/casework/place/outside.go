package place

import (
	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
)

// nearMetres is how far an area may be off a point outside of the city that is told of it. What is farther away was not meant.
const nearMetres = 20_000

// outside says of a point in no area and no cell that it is outside, with the nearest area; nil in a city that has neither areas
// nor cells, where every place will do.
func outside(w *index.World, plan *grid.Plan, at geo.Point) *cases.Outside {
	var out *cases.Outside
	for i := range plan.Levels {
		level := &plan.Levels[i]
		areas := level.In(w)
		if areas == nil || areas.Placed() == 0 {
			continue
		}
		if out == nil {
			out = &cases.Outside{}
		}
		// Levels share their outlines mostly: of areas as near the finest says more.
		for _, n := range areas.Nearest(at, nearMetres, 1) {
			if out.Near == nil || n.Meters <= out.Metres {
				out.Metres = n.Meters
				out.Near = &cases.Area{AreaKey: people.AreaKey{Level: level.Name, Code: level.CodeOf(areas, n.Slot)}, Name: level.NameOf(areas, n.Slot)}
			}
		}
	}
	for i := range plan.Schemes {
		if cells := plan.Schemes[i].In(w); out == nil && cells != nil && cells.Placed() > 0 {
			out = &cases.Outside{}
		}
	}
	return out
}
