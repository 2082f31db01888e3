package grid

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Ask says what is wanted of a place. The zero Ask wants nothing.
type Ask struct {
	// Areas and Cells ask for those that own the place. Scheme is the only scheme whose cells are wanted; empty means
	// all.
	Areas, Cells bool
	Scheme       string
	// Edge asks how far it is to the outline of each of them.
	Edge bool
	// AddressMeters is how far the nearest address may be; 0 finds none.
	AddressMeters float64
	// PartMeters is how far parts may be and MostParts how many are returned; 0 finds none.
	PartMeters float64
	MostParts  int
	// WithinMeters asks for all areas and cells that come within so many metres of the place; 0 finds none.
	WithinMeters float64
	// Rule says who owns lines and polygons. Shares, when not 0, asks for all areas and cells with at least this share
	// of them, from 0 to 1, and not only the owners.
	Rule   Rule
	Shares float64
}

// Everything asks for areas, cells, an address within 200 m and at most 10 parts within 50 m.
var Everything = Ask{Areas: true, Cells: true, AddressMeters: 200, PartMeters: 50, MostParts: 10}

// Area is the area of one level that a point or cell belongs to.
type Area struct {
	Level string `json:"level"`
	Code  string `json:"code"`
	Name  string `json:"name"`
	Layer string `json:"layer"`
	ID    string `json:"id"`
	Measures
}

// Measures are how an area or cell lies to a place, as far as they were asked for.
type Measures struct {
	// EdgeM is the distance in metres to its outline.
	EdgeM *float64 `json:"edge_m,omitempty"`
	// Share is its share of a line's length or a polygon's area, 0 for places that are points.
	Share float64 `json:"share,omitzero"`
}

// Cell is the cell of one scheme that a point belongs to.
type Cell struct {
	Scheme string `json:"scheme"`
	Code   string `json:"code"`
	Name   string `json:"name"`
	Layer  string `json:"layer"`
	ID     string `json:"id"`
	// Areas are the cell's parents, by largest overlap, of the levels where they differ from the place's own areas.
	Areas []Area `json:"areas"`
	Measures
}

// Location is whose ground a place is, all from one World. Lists are never nil.
type Location struct {
	Areas   []Area   `json:"areas"`
	Cells   []Cell   `json:"cells"`
	Address *Address `json:"address"`
	Parts   []Part   `json:"parts"`
	// Within is what lies within a radius of the place, nil when not asked for.
	Within *Within `json:"within,omitempty"`
}

// Locator answers locate requests. It keeps what follows from definitions and the parents of cells between requests;
// both are derived again when the World changed. It is safe for concurrent use.
type Locator struct {
	plan    atomic.Pointer[Plan]
	views   plans
	parents parents
}

// NewLocator returns a Locator.
func NewLocator() *Locator { return &Locator{} }

// Plan is which layers play which part in the World.
func (l *Locator) Plan(w *index.World) *Plan {
	if w.View() != "" {
		return l.views.of(w)
	}
	if p := l.plan.Load(); p != nil && p.defined == w.Defined() && p.epoch == w.Epoch() {
		return p
	}
	p := newPlan(w)
	l.plan.Store(p)
	return p
}

// plans are those of Worlds as somebody sees them, by what they see.
type plans struct {
	mu    sync.Mutex
	known map[string]*Plan
}

// mostPlans bounds the plans that are kept.
const mostPlans = 256

func (v *plans) of(w *index.World) *Plan {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.known[w.View()]; p != nil && p.defined == w.Defined() && p.epoch == w.Epoch() {
		return p
	}
	if v.known == nil || len(v.known) >= mostPlans {
		v.known = map[string]*Plan{}
	}
	p := newPlan(w)
	v.known[w.View()] = p
	return p
}

// Locate finds what is asked for at p. Each level and scheme is tested by itself: they need not nest.
//
// A point on a shared edge is treated as moved infinitesimally east, then north, the same for all levels. On the
// outline, where no cell is on that side, it belongs to the touching cell with the lowest permanent id and to that
// cell's parents. A point outside the city has no areas and no cells.
func (l *Locator) Locate(w *index.World, p geo.Point, ask Ask) Location {
	plan := l.Plan(w)
	loc := Location{Areas: []Area{}, Cells: []Cell{}, Parts: []Part{}}
	if ask.Areas || ask.Cells {
		// Room for the usual city without the heap.
		var areas, cells [8]Found
		own := Owners{Areas: areas[:0], Cells: cells[:0]}
		l.Owners(w, plan, p, ask.Scheme, &own)
		l.describe(w, plan, &own, ask, &loc)
	}
	if ask.Edge {
		measureEdges(w, p, &loc)
	}
	beside(w, plan, p, ask, &loc)
	return loc
}

// describe adds the areas and cells that own a place.
func (l *Locator) describe(w *index.World, plan *Plan, own *Owners, ask Ask, loc *Location) {
	if ask.Areas {
		loc.Areas = make([]Area, 0, len(plan.Levels))
		for i := range plan.Levels {
			if own.Areas[i].OK {
				loc.Areas = append(loc.Areas, areaOf(w, &plan.Levels[i], own.Areas[i].Slot))
			}
		}
	}
	if ask.Cells {
		loc.Cells = make([]Cell, 0, len(plan.Schemes))
		for i := range plan.Schemes {
			if own.Cells[i].OK {
				loc.Cells = append(loc.Cells, l.cellOf(w, plan, &plan.Schemes[i], own.Cells[i].Slot, own.Areas))
			}
		}
	}
}

// Found is the polygon of one level or scheme that owns a place.
type Found struct {
	Slot index.Slot
	OK   bool
}

// Owners hold one Found for each level and each scheme of a [Plan], in its order.
type Owners struct{ Areas, Cells []Found }

// Owners finds who owns p, as [Locator.Locate] says, and nothing about them: own gets the slots, in memory that it
// keeps between calls.
func (l *Locator) Owners(w *index.World, plan *Plan, p geo.Point, scheme string, own *Owners) {
	own.Areas, own.Cells = own.Areas[:0], own.Cells[:0]
	missing := false
	for i := range plan.Levels {
		o := inside(plan.Levels[i].In(w), p)
		missing = missing || !o.OK
		own.Areas = append(own.Areas, o)
	}
	for i := range plan.Schemes {
		s := &plan.Schemes[i]
		if scheme != "" && scheme != s.Name {
			own.Cells = append(own.Cells, Found{})
			continue
		}
		cells := s.In(w)
		o := inside(cells, p)
		if !o.OK {
			if o = touching(cells, p); o.OK {
				l.parentsOnOutline(w, plan, p, s, o.Slot, own.Areas)
			}
		}
		own.Cells = append(own.Cells, o)
	}
	if !missing {
		return
	}
	for i := range plan.Levels {
		if !own.Areas[i].OK {
			own.Areas[i] = touching(plan.Levels[i].In(w), p)
		}
	}
}

// Parent is the area of a level's layer that a cell overlaps most: its parent for display where levels need not nest.
func (l *Locator) Parent(w *index.World, cellLayer string, cell index.Slot, levelLayer string) (index.Slot, bool) {
	return l.parents.of(w, cellLayer, cell, levelLayer)
}

// parentsOnOutline gives a point on the outline the parents of the cell that it was given to, where those touch it.
func (l *Locator) parentsOnOutline(w *index.World, plan *Plan, p geo.Point, s *Scheme, cell index.Slot, areas []Found) {
	for i := range plan.Levels {
		level := &plan.Levels[i]
		if areas[i].OK || !slices.Contains(s.Levels, level.Name) {
			continue
		}
		if parent, ok := l.parents.of(w, s.Cells.Layer, cell, level.Layer); ok && touches(level.In(w), parent, p) {
			areas[i] = Found{Slot: parent, OK: true}
		}
	}
}

func areaOf(w *index.World, level *Level, s index.Slot) Area {
	lay := level.In(w)
	return Area{
		Level: level.Name, Code: level.CodeOf(lay, s), Name: level.NameOf(lay, s), Layer: level.Layer, ID: lay.ID(s),
	}
}

func (l *Locator) cellOf(w *index.World, plan *Plan, scheme *Scheme, s index.Slot, own []Found) Cell {
	lay := scheme.In(w)
	c := Cell{
		Scheme: scheme.Name, Code: scheme.CodeOf(lay, s), Name: scheme.NameOf(lay, s), Layer: scheme.Cells.Layer,
		ID: lay.ID(s), Areas: []Area{},
	}
	for i := range plan.Levels {
		level := &plan.Levels[i]
		if !slices.Contains(scheme.Levels, level.Name) {
			continue
		}
		parent, ok := l.parents.of(w, scheme.Cells.Layer, s, level.Layer)
		if ok && (!own[i].OK || own[i].Slot != parent) {
			c.Areas = append(c.Areas, areaOf(w, level, parent))
		}
	}
	return c
}

// HasScheme reports whether the World has a scheme of this name.
func (l *Locator) HasScheme(w *index.World, name string) bool {
	return slices.ContainsFunc(l.Plan(w).Schemes, func(s Scheme) bool { return s.Name == name })
}
