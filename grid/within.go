package grid

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/gap"
	"github.com/gewu-city/gewu/index"
)

// mostWithin bounds the areas and the cells of each level and scheme that a circle is answered with.
const mostWithin = 1000

// Within is what lies within a radius of a place, nearest first: what a circle around a point meets, or the buffer of a line
// or polygon. What the place itself meets is at distance 0.
type Within struct {
	RadiusM float64      `json:"radius_m"`
	Areas   []AreaWithin `json:"areas"`
	Cells   []CellWithin `json:"cells"`
	// More says that a level or scheme has more than are listed, which are the nearest 1,000.
	More bool `json:"more"`
}

// AreaWithin is an area within a radius.
type AreaWithin struct {
	Level     string  `json:"level"`
	Code      string  `json:"code"`
	Name      string  `json:"name"`
	Layer     string  `json:"layer"`
	ID        string  `json:"id"`
	DistanceM float64 `json:"distance_m"`
}

// CellWithin is a cell within a radius.
type CellWithin struct {
	Scheme    string  `json:"scheme"`
	Code      string  `json:"code"`
	Name      string  `json:"name"`
	Layer     string  `json:"layer"`
	ID        string  `json:"id"`
	DistanceM float64 `json:"distance_m"`
}

// within finds what a circle around a point meets.
func within(w *index.World, plan *Plan, p geo.Point, ask Ask) *Within {
	found, _ := withinReach(w, plan, ask, func(lay *index.Layer) ([]index.Near, error) {
		return lay.Nearest(p, ask.WithinMeters, mostWithin+1), nil
	})
	return found
}

// withinShape finds what lies within a radius of a shape: distances are those of the shapes, 0 where they meet. The error is
// a [*TooLargeError].
func withinShape(w *index.World, plan *Plan, shape geo.Shape, ask Ask) (*Within, error) {
	gauge := gap.New(shape, ask.WithinMeters)
	box := gauge.Box()
	work := mostWork
	return withinReach(w, plan, ask, func(lay *index.Layer) (near []index.Near, err error) {
		lay.Search(box, func(s index.Slot) bool {
			work -= len(lay.Shape(s).Vertices())
			var meters float64
			if meters, err = gauge.Distance(lay.Shape(s), &work); err != nil {
				err = &TooLargeError{Vertices: len(shape.Vertices())}
				return false
			}
			if meters <= ask.WithinMeters {
				near = append(near, index.Near{Slot: s, Meters: meters})
			}
			return true
		})
		slices.SortFunc(near, func(a, b index.Near) int {
			return cmp.Or(cmp.Compare(a.Meters, b.Meters), cmp.Compare(lay.Permanent(a.Slot), lay.Permanent(b.Slot)))
		})
		return near, err
	})
}

// withinReach lists what near finds in each layer of areas and cells, nearest first.
func withinReach(w *index.World, plan *Plan, ask Ask, near func(*index.Layer) ([]index.Near, error)) (*Within, error) {
	found := &Within{RadiusM: ask.WithinMeters, Areas: []AreaWithin{}, Cells: []CellWithin{}}
	var failed error
	nearest := func(lay *index.Layer) []index.Near {
		if failed != nil {
			return nil
		}
		all, err := near(lay)
		failed = err
		found.More = found.More || len(all) > mostWithin
		return all[:min(len(all), mostWithin)]
	}
	for i := range plan.Levels {
		level := &plan.Levels[i]
		lay := level.In(w)
		if !ask.Areas || lay == nil {
			continue
		}
		for _, n := range nearest(lay) {
			found.Areas = append(found.Areas, AreaWithin{
				Level: level.Name, Code: level.CodeOf(lay, n.Slot), Name: level.NameOf(lay, n.Slot), Layer: level.Layer,
				ID: lay.ID(n.Slot), DistanceM: centimetres(n.Meters),
			})
		}
	}
	for i := range plan.Schemes {
		s := &plan.Schemes[i]
		lay := s.In(w)
		if !ask.Cells || lay == nil || ask.Scheme != "" && ask.Scheme != s.Name {
			continue
		}
		for _, n := range nearest(lay) {
			found.Cells = append(found.Cells, CellWithin{
				Scheme: s.Name, Code: s.CodeOf(lay, n.Slot), Name: s.NameOf(lay, n.Slot), Layer: s.Cells.Layer,
				ID: lay.ID(n.Slot), DistanceM: centimetres(n.Meters),
			})
		}
	}
	return found, failed
}

// EdgeMeters is the distance in metres from p to the outline of a polygon, to the centimetre.
func EdgeMeters(l *index.Layer, s index.Slot, p geo.Point) float64 {
	return centimetres(l.Shape(s).OutlineDistance(p))
}

// measureEdges adds how far p is from the outlines of what owns it.
func measureEdges(w *index.World, p geo.Point, loc *Location) {
	measure := func(layer, id string) *float64 {
		lay, ok := w.Layer(layer)
		if !ok {
			return nil
		}
		s, ok := lay.Lookup(id)
		if !ok {
			return nil
		}
		return new(EdgeMeters(lay, s, p))
	}
	for i := range loc.Areas {
		loc.Areas[i].EdgeM = measure(loc.Areas[i].Layer, loc.Areas[i].ID)
	}
	for i := range loc.Cells {
		loc.Cells[i].EdgeM = measure(loc.Cells[i].Layer, loc.Cells[i].ID)
	}
}
