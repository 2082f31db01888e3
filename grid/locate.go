package grid

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Reach bounds what locate finds beside a point.
type Reach struct {
	// AddressMeters is how far the nearest address may be; 0 finds none.
	AddressMeters float64
	// PartMeters is how far parts may be and MostParts how many are returned; 0 finds none.
	PartMeters float64
	MostParts  int
}

// DefaultReach is an address within 200 m and at most 10 parts within 50 m.
var DefaultReach = Reach{AddressMeters: 200, PartMeters: 50, MostParts: 10}

// Area is the area of one level that a point or cell belongs to.
type Area struct {
	Level string `json:"level"`
	Code  string `json:"code"`
	Name  string `json:"name"`
	Layer string `json:"layer"`
	ID    string `json:"id"`
}

// Cell is the cell of one scheme that a point belongs to.
type Cell struct {
	Scheme string `json:"scheme"`
	Code   string `json:"code"`
	Name   string `json:"name"`
	Layer  string `json:"layer"`
	ID     string `json:"id"`
	// Areas are the cell's parents, by largest overlap, of the levels where they differ from the point's own areas.
	Areas []Area `json:"areas"`
}

// Address is a door plate near a point.
type Address struct {
	Layer   string  `json:"layer"`
	ID      string  `json:"id"`
	Label   string  `json:"label"`
	Road    string  `json:"road,omitempty"`
	Section string  `json:"section,omitempty"`
	Lane    string  `json:"lane,omitempty"`
	Alley   string  `json:"alley,omitempty"`
	Number  string  `json:"number,omitempty"`
	Lon     float64 `json:"lon"`
	Lat     float64 `json:"lat"`
	// DistanceM is the distance in metres.
	DistanceM float64 `json:"distance_m"`
}

// Part is a city part near a point.
type Part struct {
	Layer     string  `json:"layer"`
	ID        string  `json:"id"`
	Class     string  `json:"class,omitempty"`
	Code      string  `json:"code,omitempty"`
	DistanceM float64 `json:"distance_m"`

	permanent uint32
}

// Location is whose ground a point is, all from one World. Lists are never nil.
type Location struct {
	Areas   []Area   `json:"areas"`
	Cells   []Cell   `json:"cells"`
	Address *Address `json:"address"`
	Parts   []Part   `json:"parts"`
}

// Locator answers locate requests. It keeps what follows from definitions and the parents of cells between requests;
// both are derived again when the World changed. It is safe for concurrent use.
type Locator struct {
	plan    atomic.Pointer[Plan]
	parents parents
}

// NewLocator returns a Locator.
func NewLocator() *Locator { return &Locator{} }

// Plan is which layers play which part in the World.
func (l *Locator) Plan(w *index.World) *Plan {
	if p := l.plan.Load(); p != nil && p.defined == w.Defined() && p.epoch == w.Epoch() {
		return p
	}
	p := newPlan(w)
	l.plan.Store(p)
	return p
}

// Locate finds the areas of every level, the cells of every scheme (or of the named one), the nearest address and
// the parts around p. Each level and scheme is tested by itself: they need not nest.
//
// A point on a shared edge is treated as moved infinitesimally east, then north, the same for all levels. On the
// outline, where no cell is on that side, it belongs to the touching cell with the lowest permanent id and to that
// cell's parents. A point outside the city has no areas and no cells.
func (l *Locator) Locate(w *index.World, p geo.Point, scheme string, reach Reach) Location {
	plan := l.Plan(w)
	loc := Location{Areas: []Area{}, Cells: []Cell{}, Parts: []Part{}}
	found := l.owners(w, plan, p, scheme)
	for i, level := range plan.Levels {
		if found.areas[i].ok {
			loc.Areas = append(loc.Areas, areaOf(w, level, found.areas[i].slot))
		}
	}
	for i, s := range plan.Schemes {
		if found.cells[i].ok {
			loc.Cells = append(loc.Cells, l.cellOf(w, plan, s, found.cells[i].slot, found.areas))
		}
	}
	if reach.AddressMeters > 0 {
		loc.Address = nearestAddress(w, plan, p, reach.AddressMeters)
	}
	if reach.PartMeters > 0 && reach.MostParts > 0 {
		loc.Parts = nearestParts(w, plan, p, reach)
	}
	return loc
}

// owner is the feature of one level or scheme that owns a point.
type owner struct {
	slot index.Slot
	ok   bool
}

// owners holds one owner for each level and scheme of a plan.
type owners struct{ areas, cells []owner }

func (l *Locator) owners(w *index.World, plan *Plan, p geo.Point, scheme string) owners {
	found := owners{areas: make([]owner, len(plan.Levels)), cells: make([]owner, len(plan.Schemes))}
	inside := func(layer string) (own owner) {
		if lay, ok := w.Layer(layer); ok {
			own.slot, own.ok = lay.Owner(p)
		}
		return own
	}
	for i, level := range plan.Levels {
		found.areas[i] = inside(level.Layer)
	}
	for i, s := range plan.Schemes {
		if scheme != "" && scheme != s.Name {
			continue
		}
		if found.cells[i] = inside(s.Cells.Layer); !found.cells[i].ok {
			found.cells[i] = touchingOwner(w, s.Cells.Layer, p)
			if found.cells[i].ok {
				l.parentsOnOutline(w, plan, p, s, found.cells[i].slot, found.areas)
			}
		}
	}
	for i := len(plan.Levels) - 1; i >= 0; i-- {
		if !found.areas[i].ok {
			found.areas[i] = touchingOwner(w, plan.Levels[i].Layer, p)
		}
	}
	return found
}

// Parent is the area of a level's layer that a cell overlaps most: its parent for display where levels need not nest.
func (l *Locator) Parent(w *index.World, cellLayer string, cell index.Slot, levelLayer string) (index.Slot, bool) {
	return l.parents.of(w, cellLayer, cell, levelLayer)
}

func touchingOwner(w *index.World, layer string, p geo.Point) owner {
	if lay, ok := w.Layer(layer); ok {
		return touching(lay, p)
	}
	return owner{}
}

// parentsOnOutline gives a point on the outline the parents of the cell that it was given to, where those touch it.
func (l *Locator) parentsOnOutline(w *index.World, plan *Plan, p geo.Point, s Scheme, cell index.Slot, areas []owner) {
	for i, level := range plan.Levels {
		if areas[i].ok || !slices.Contains(s.Levels, level.Name) {
			continue
		}
		if parent, ok := l.parents.of(w, s.Cells.Layer, cell, level.Layer); ok {
			lay, _ := w.Layer(level.Layer)
			lay.Touching(p, func(touched index.Slot) bool {
				if touched == parent {
					areas[i] = owner{slot: parent, ok: true}
				}
				return touched != parent
			})
		}
	}
}

func areaOf(w *index.World, level Level, s index.Slot) Area {
	lay, _ := w.Layer(level.Layer)
	a := Area{Level: level.Name, Code: lay.ID(s), Layer: level.Layer, ID: lay.ID(s), Name: lay.Value(s, level.name).String()}
	if level.code >= 0 {
		a.Code = lay.Value(s, level.code).String()
	}
	return a
}

func (l *Locator) cellOf(w *index.World, plan *Plan, scheme Scheme, s index.Slot, own []owner) Cell {
	lay, _ := w.Layer(scheme.Cells.Layer)
	c := Cell{
		Scheme: scheme.Name, Code: scheme.CodeOf(lay, s), Layer: scheme.Cells.Layer, ID: lay.ID(s),
		Name: scheme.NameOf(lay, s), Areas: []Area{},
	}
	for i, level := range plan.Levels {
		if !slices.Contains(scheme.Levels, level.Name) {
			continue
		}
		parent, ok := l.parents.of(w, scheme.Cells.Layer, s, level.Layer)
		if ok && (!own[i].ok || own[i].slot != parent) {
			c.Areas = append(c.Areas, areaOf(w, level, parent))
		}
	}
	return c
}

func nearestAddress(w *index.World, plan *Plan, p geo.Point, meters float64) *Address {
	var best *Address
	for _, a := range plan.addresses {
		lay, ok := w.Layer(a.layer)
		if !ok {
			continue
		}
		near := lay.Nearest(p, meters, 1)
		if len(near) == 0 || best != nil && near[0].Meters >= best.DistanceM {
			continue
		}
		s := near[0].Slot
		text := func(i int) string { return lay.Value(s, i).String() }
		at := lay.Shape(s).Vertices()[0]
		best = &Address{
			Layer: a.layer, ID: lay.ID(s), Label: text(a.label), Road: text(a.road), Section: text(a.section),
			Lane: text(a.lane), Alley: text(a.alley), Number: text(a.number),
			Lon: at.Lon(), Lat: at.Lat(), DistanceM: centimetres(near[0].Meters),
		}
	}
	return best
}

func nearestParts(w *index.World, plan *Plan, p geo.Point, reach Reach) []Part {
	parts := []Part{}
	for _, l := range plan.parts {
		lay, ok := w.Layer(l.layer)
		if !ok {
			continue
		}
		for _, n := range lay.Nearest(p, reach.PartMeters, reach.MostParts) {
			parts = append(parts, Part{
				Layer: l.layer, ID: lay.ID(n.Slot), Class: lay.Value(n.Slot, l.class).String(),
				Code: lay.Value(n.Slot, l.code).String(), DistanceM: centimetres(n.Meters), permanent: lay.Permanent(n.Slot),
			})
		}
	}
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.permanent, b.permanent))
	})
	return parts[:min(len(parts), reach.MostParts)]
}

// centimetres rounds a distance for output: coordinates are no finer.
func centimetres(meters float64) float64 { return float64(int64(meters*100+0.5)) / 100 }

// HasScheme reports whether the World has a scheme of this name.
func (l *Locator) HasScheme(w *index.World, name string) bool {
	return slices.ContainsFunc(l.Plan(w).Schemes, func(s Scheme) bool { return s.Name == name })
}
