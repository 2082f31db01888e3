package geocode

import (
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// nearBorder is how far in metres a place may be outside an area that is named with it: registers and borders disagree
// by so much.
const nearBorder = 60

// outside is what a place loses that is not in an area that is named with it.
const (
	outsidePoints = 15
	borderPoints  = 1
)

// within adds the faults of a place that lies outside of areas that the text names before it.
func (f *finder) within(areas []int, p geo.Point, faults []Fault) []Fault {
	for _, i := range areas {
		e := &f.elements[i]
		best := f.gap(e, p)
		if best == 0 {
			continue
		}
		level := "area"
		for _, s := range f.g.Senses(e.Name) {
			if s.Kind == gazetteer.Area {
				level = f.g.Level(s.Layer)
				break
			}
		}
		points := outsidePoints
		if best <= nearBorder {
			points = borderPoints
		}
		faults = append(faults, Fault{Element: level, Kind: Contradicts, Text: f.written(e), Points: points})
	}
	return faults
}

// gap is the distance in metres between a point and the nearest area that an element may mean, 0 inside.
func (f *finder) gap(e *phrase.Element, p geo.Point) float64 {
	const far = 1e9
	best := far
	for _, id := range e.Also {
		other := phrase.Element{Name: id}
		if best = min(best, f.gap(&other, p)); best == 0 {
			return 0
		}
	}
	for _, s := range f.g.Senses(e.Name) {
		if s.Kind != gazetteer.Area {
			continue
		}
		l := f.g.Layer(s.Layer)
		if owner, ok := l.Owner(p); ok && owner == s.Slot {
			return 0
		}
		if !f.spend(costOutside) {
			return best
		}
		best = min(best, l.Distance(s.Slot, p))
	}
	return best
}
