package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/relation"
)

// What is taken off for the buildings of a yard, and how large a yard of which no building is known is taken to be at least
// and at most, in metres.
const (
	buildingMissing = 5
	leastYard       = 75.0
	mostYard        = 500.0
)

// inYard keeps a candidate in the middle of the buildings of a yard where the text does not say which of them it means, or one
// that the city does not have; false where it says one that is known.
func (f *finder) inYard(cl *relation.Claim, a *houses.Address, doors []houses.Door, c candidate) bool {
	var points []geo.Point
	yard := a.Building.Base > 0
	for _, d := range doors {
		plate := f.g.DoorNumbers(d.ID)
		if a.Building.Base > 0 && (plate.Building == a.Building || plate.House == a.Building) {
			return false
		}
		yard = yard || plate.Yard && len(doors) > 1
		points = append(points, d.At)
	}
	if !yard {
		return false
	}
	fault := Fault{Element: "building", Kind: Missing, Points: buildingMissing}
	if c.at, c.radius = ground.Middle(points); c.radius > mostYard {
		return false // several yards have the number
	}
	if a.Building.Base > 0 {
		fault = Fault{Element: "building", Kind: NotFound, Text: a.Building.String(), Points: buildingUnknown}
		c.radius = max(c.radius, leastYard)
	}
	c.radius += doorRadius
	c.faults = append(slices.Clip(c.faults), fault)
	if len(doors) == 1 {
		c.door, c.isDoor = doors[0].ID, true
	} else {
		c.number += "院"
	}
	f.relate(cl, doorPrecision, c)
	return true
}
