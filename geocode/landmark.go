package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/geocode/relation"
)

// Precisions and points of what has a name.
const (
	landmarkPrecision = 97
	areaPrecision     = 72
	buildingUnknown   = 12
	datedPoints       = 40 // it is not there: what has the same name and is comes first
)

// landmark looks up a landmark, an estate or a building.
func (f *finder) landmark(cl *relation.Claim, s gazetteer.Sense) {
	at, ok := f.g.Place(s)
	if !ok {
		return
	}
	c := candidate{kind: Landmark, at: at, sense: s, layer: f.g.Layer(s.Layer).Def().Name, slot: s.Slot}
	if s.Kind == gazetteer.Building {
		c.kind = Building
	}
	c.radius = 10 + ground.Extent(f.g.Layer(s.Layer).Box(s.Slot), at)
	c.faults = f.nameFaults("name", &f.elements[cl.Main], s, nil)
	if n := houses.AddressOf(cl.Numbers); n.House.Base > 0 && len(cl.Numbers) > 0 && cl.Numbers[0].Unit != number.Floor {
		c.faults = append(slices.Clip(c.faults), Fault{Element: "number", Kind: NotFound, Text: n.House.String(), Points: buildingUnknown})
	}
	precision := landmarkPrecision
	if s.Form <= gazetteer.Alias && f.elements[cl.Main].Exact && hasDigit(f.g.Name(f.elements[cl.Main].Name)) {
		// A landmark that is called like an address is a correction of the address.
		precision, c.told = doorPrecision, pinned
	}
	if there, dates := f.g.InForce(s, f.when); !there {
		c.told = 0
		c.faults = append(slices.Clip(c.faults), Fault{Element: "dates", Kind: Dated, Text: dates, Points: datedPoints})
	}
	f.relate(cl, precision, c)
}

// pinned puts what operators say about a text before what else answers as well.
const pinned = 3

// area looks up an area by itself.
func (f *finder) area(cl *relation.Claim, s gazetteer.Sense) {
	at, ok := f.g.Place(s)
	if !ok {
		return
	}
	c := candidate{kind: Area, at: at, sense: s, layer: f.g.Layer(s.Layer).Def().Name, slot: s.Slot}
	c.radius = ground.Extent(f.g.Layer(s.Layer).Box(s.Slot), at)
	c.faults = f.nameFaults(f.g.Level(s.Layer), &f.elements[cl.Main], s, nil)
	if n := houses.AddressOf(cl.Numbers); n.House.Base > 0 {
		c.faults = append(slices.Clip(c.faults), Fault{Element: "number", Kind: NotFound, Text: n.House.String(), Points: buildingUnknown})
	}
	own := *cl
	own.Areas = slices.DeleteFunc(slices.Clone(cl.Areas), func(i int) bool { return i == cl.Main })
	f.relate(&own, areaPrecision, c)
}
