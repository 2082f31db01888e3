package city

import (
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
)

// ground is the city of a World as those ask for it who name areas and cells.
type ground struct {
	world *index.World
	plan  *grid.Plan
}

// Ground is which levels, areas, schemes and cells there are in a World.
func (c *City) Ground(w *index.World) people.City { return ground{w, c.Locator.Plan(w)} }

// Level implements [people.City].
func (g ground) Level(name string) bool {
	for i := range g.plan.Levels {
		if g.plan.Levels[i].Name == name {
			return true
		}
	}
	return false
}

// Area implements [people.City].
func (g ground) Area(key people.AreaKey) bool {
	for i := range g.plan.Levels {
		if l := &g.plan.Levels[i]; l.Name == key.Level {
			if _, ok := l.Area(g.world, key.Code); ok {
				return true
			}
		}
	}
	return false
}

// Scheme implements [people.City].
func (g ground) Scheme(name string) bool {
	if _, ok := g.plan.Scheme(name); ok {
		return true
	}
	l, ok := g.world.Layer(name)
	return ok && grid.Subdivides(l.Def())
}

// Cell implements [people.City].
func (g ground) Cell(ref people.CellRef) bool {
	if scheme, ok := g.plan.Scheme(ref.Scheme); ok {
		_, _, ok = scheme.Cell(g.world, ref.Code)
		return ok
	}
	l, ok := g.world.Layer(ref.Scheme)
	if ok {
		_, ok = l.Lookup(ref.Code)
	}
	return ok
}
