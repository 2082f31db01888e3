package geocode

import (
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// nearBorder is how far in metres a place may be outside an area that is named with it: registers and borders disagree
// by so much.
const nearBorder = 60

// boxMargin is nearBorder in units of coordinates, and more up to 60° of latitude.
const boxMargin = 12_000

// outside is what a place loses that is not in an area that is named with it.
const (
	outsidePoints = 15
	borderPoints  = 1
)

// within adds the faults of a place that lies outside of areas that the text names before it.
func (f *finder) within(areas []int, p geo.Point, faults []Fault) []Fault {
	for _, i := range areas {
		e := &f.elements[i]
		lies := f.lies(e, p)
		if lies == inside {
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
		if lies == border {
			points = borderPoints
		}
		faults = append(faults, Fault{Element: level, Kind: Contradicts, Text: f.written(e), Points: points})
	}
	return faults
}

// How a place lies to an area.
type side uint8

const (
	inside side = iota
	border      // so near to it that register and borders may disagree
	outside
)

// lies says how a point lies to the areas that an element may mean, by the best of them. It looks at the ground around the
// point instead of measuring outlines, which may have thousands of corners.
func (f *finder) lies(e *phrase.Element, p geo.Point) side {
	best := outside
	for _, id := range e.Also {
		other := phrase.Element{Name: id}
		if best = min(best, f.lies(&other, p)); best == inside {
			return inside
		}
	}
	for _, s := range f.g.Senses(e.Name) {
		if s.Kind != gazetteer.Area || !f.spend(costOutside) {
			continue
		}
		l := f.g.Layer(s.Layer)
		if owner, ok := l.Owner(p); ok && owner == s.Slot {
			return inside
		}
		if !l.Box(s.Slot).Widen(boxMargin).Contains(p) {
			continue
		}
		for bearing := 0.0; bearing < 360 && best == outside; bearing += 45 {
			if owner, ok := l.Owner(moved(p, bearing, nearBorder)); ok && owner == s.Slot {
				best = border
			}
		}
	}
	return best
}
