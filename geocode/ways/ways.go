// Package ways says where the roads of a city run and meet: by their lines, or by their doors where they have none.
package ways

import (
	"math"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
)

// Ways are the roads of a city. It may be used by one goroutine at a time if Spend may.
type Ways struct {
	City *gazetteer.Gazetteer
	// Spend is told what is to be done in units of about a tenth of a microsecond, and reports whether it may be.
	Spend func(cost int) bool
}

// What is spent.
const (
	costDoor  = 2
	costPlate = 20
)

// Doors are the doors of a road on itself, or of the lane of it that is stated, of the section that is stated, or of the
// sections up to the last of several; none where they cost too much.
func (w *Ways) Doors(road names.ID, a houses.Address) (points []geo.Point) {
	low, high := a.Section.Base, a.Section.Base
	if a.Last > 0 {
		low, high = min(low, a.Last), max(low, a.Last)
	}
	for _, section := range w.City.Sections(road) {
		if low > 0 && (section < low || section > high) {
			continue
		}
		for d := range w.City.Doors().Doors(a.Street(uint32(road), section)) {
			if !w.Spend(costDoor) {
				return nil
			}
			points = append(points, d.At)
		}
	}
	return points
}

// Nearest is the point of a road that is nearest to another, by its lines or else by its doors.
func (w *Ways) Nearest(road names.ID, from geo.Point) (at geo.Point, ok bool) {
	if at, _, ok = w.City.Lines().Nearest(uint32(road), from); ok {
		return at, true
	}
	best := math.Inf(1)
	for _, p := range w.Doors(road, houses.Address{}) {
		if d := geo.Distance(from, p); d < best {
			at, best = p, d
		}
	}
	return at, best < math.Inf(1)
}

// Meetings are where two roads meet, by their lines or else by their doors.
func (w *Ways) Meetings(a, b names.ID) (points []geo.Point) {
	if on := w.City.Lines(); on.Has(uint32(a)) && on.Has(uint32(b)) {
		for _, x := range on.Crossings(uint32(a), uint32(b)) {
			points = append(points, x.At)
		}
		return points
	}
	for _, m := range ground.Meet(w.Doors(a, houses.Address{}), w.Doors(b, houses.Address{}), w.Spend) {
		points = append(points, m.At)
	}
	return points
}

// Passes reports whether a road passes a crossing.
func (w *Ways) Passes(road names.ID, at geo.Point) bool {
	const near = 40.0
	p, ok := w.Nearest(road, at)
	return ok && geo.Distance(p, at) < near
}

// Reach is the middle of a road and how far in metres it reaches from there, by its lines or else by its doors.
func (w *Ways) Reach(road names.ID) (at geo.Point, radius float64, ok bool) {
	if at, radius, ok = w.City.Lines().Middle(uint32(road)); ok {
		return at, radius, true
	}
	points := w.Doors(road, houses.Address{})
	if len(points) == 0 {
		return at, 0, false
	}
	at, radius = ground.Middle(points)
	return at, radius, true
}

// Title is the name of a road with its section, the lane and the alley that leave it.
func (w *Ways) Title(road names.ID, a houses.Address) string {
	section := ""
	for d := range w.City.Doors().Doors(houses.Street{Road: uint32(road), Section: a.Section.Base}) {
		section = w.City.DoorPlate(d.ID).Section
		break
	}
	name := w.City.RoadTitle(road) + section
	if a.Lane.Base > 0 {
		name += a.Lane.String() + "巷"
	}
	if a.Alley.Base > 0 {
		name += a.Alley.String() + "弄"
	}
	return name
}
