package grid

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

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
}

// beside adds the address, the parts and what is within a radius of a place.
func beside(w *index.World, plan *Plan, p geo.Point, ask Ask, loc *Location) {
	if ask.AddressMeters > 0 {
		if a, ok := plan.NearestAddress(w, p, ask.AddressMeters); ok {
			loc.Address = &a
		}
	}
	if ask.PartMeters > 0 && ask.MostParts > 0 {
		loc.Parts = nearestParts(w, plan, p, ask)
	}
	if ask.WithinMeters > 0 {
		loc.Within = within(w, plan, p, ask)
	}
}

// NearestAddress is the address nearest to p within so many metres. The plan must be that of the World.
func (plan *Plan) NearestAddress(w *index.World, p geo.Point, meters float64) (Address, bool) {
	var found [1]index.Near
	best, layer := index.Near{Meters: meters}, -1
	for i := range plan.addresses {
		lay := plan.addresses[i].of.in(w)
		// Of equal distances the layer that was made first answers.
		near := lay.AppendNearest(found[:0], p, best.Meters, 1)
		if len(near) == 1 && (layer < 0 || near[0].Meters < best.Meters) {
			best, layer = near[0], i
		}
	}
	if layer < 0 {
		return Address{}, false
	}
	a := &plan.addresses[layer]
	lay, s := a.of.in(w), best.Slot
	text := func(i int) string { return lay.Value(s, i).String() }
	at, single := lay.Point(s)
	if !single {
		at = lay.Shape(s).Vertices()[0]
	}
	return Address{
		Layer: a.of.name, ID: lay.ID(s), Label: text(a.label), Road: text(a.road), Section: text(a.section),
		Lane: text(a.lane), Alley: text(a.alley), Number: text(a.number),
		Lon: at.Lon(), Lat: at.Lat(), DistanceM: centimetres(best.Meters),
	}, true
}

// partNear is a part that was found, by the position of its layer in the plan.
type partNear struct {
	index.Near
	layer     int
	permanent uint32
}

func nearestParts(w *index.World, plan *Plan, p geo.Point, ask Ask) []Part {
	var room [16]index.Near
	var all [32]partNear
	found := all[:0]
	for i := range plan.parts {
		lay := plan.parts[i].of.in(w)
		for _, n := range lay.AppendNearest(room[:0], p, ask.PartMeters, ask.MostParts) {
			found = append(found, partNear{n, i, lay.Permanent(n.Slot)})
		}
	}
	slices.SortFunc(found, func(a, b partNear) int {
		return cmp.Or(cmp.Compare(a.Meters, b.Meters), cmp.Compare(a.permanent, b.permanent))
	})
	found = found[:min(len(found), ask.MostParts)]
	parts := make([]Part, len(found))
	for i, n := range found {
		l := &plan.parts[n.layer]
		lay := l.of.in(w)
		parts[i] = Part{
			Layer: l.of.name, ID: lay.ID(n.Slot), Class: lay.Value(n.Slot, l.class).String(),
			Code: lay.Value(n.Slot, l.code).String(), DistanceM: centimetres(n.Meters),
		}
	}
	return parts
}

// centimetres rounds a distance for output: coordinates are no finer.
func centimetres(meters float64) float64 { return float64(int64(meters*100+0.5)) / 100 }
