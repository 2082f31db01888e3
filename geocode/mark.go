package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/relation"
	"github.com/gewu-city/gewu/geocode/ways"
)

// What is taken off for a kilometre mark by how it is found.
const (
	markPoints   = 5
	beyondPoints = 20
)

// mark looks up a kilometre mark of a road by the plates that the city has, false where it has none near it.
func (f *finder) mark(cl *relation.Claim, s gazetteer.Sense, faults []Fault) bool {
	e := &f.elements[cl.Mark]
	at, radius, how := f.ways.Mark(s.Road, e.Metres)
	fault := Fault{Element: "mark", Kind: Interpolated, Text: f.written(e), Points: markPoints}
	switch how {
	case ways.None:
		return false
	case ways.Between:
		faults = append(slices.Clip(faults), fault)
	case ways.Beyond:
		fault.Kind, fault.Points = Approximate, beyondPoints
		faults = append(slices.Clip(faults), fault)
	default:
	}
	f.relate(cl, doorPrecision, candidate{kind: House, road: s.Road, at: at, radius: radius, number: f.written(e), faults: faults})
	return true
}
