package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
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
			if owner, ok := l.Owner(ground.Moved(p, bearing, nearBorder)); ok && owner == s.Slot {
				best = border
			}
		}
	}
	return best
}

// meant adds the faults of names of areas that the text misspells before a place, which lies in them, and notes which elements
// these are: what nothing else explains is compared with the names of the areas around the place.
func (f *finder) meant(cl *relation.Claim, p geo.Point, faults []Fault) []Fault {
	const before, least = 12, 3
	f.slips = f.slips[:0]
	main := &f.elements[cl.Main]
	for i := cl.Main - 1; i >= 0 && main.Start-f.elements[i].Start <= before; i-- {
		e := &f.elements[i]
		if e.Kind == phrase.Mark && f.text.Runes[e.Start] == ',' {
			break
		}
		if e.Kind != phrase.Gap && e.Kind != phrase.Admin {
			continue
		}
		for _, layer := range f.g.Areas() {
			l := f.g.Layer(layer)
			owner, ok := l.Owner(p)
			if !ok || !f.spend(costOutside) {
				continue
			}
			sense := gazetteer.Sense{Kind: gazetteer.Area, Layer: layer, Slot: owner}
			title := f.g.Title(sense)
			f.rest.Set(title)
			name := f.rest.Runes
			if len(name) < least {
				continue
			}
			if start, ok := names.SlipAround(f.text.Runes[:main.Start], name, e.Start, e.End); ok {
				faults = append(slices.Clip(faults), Fault{Element: f.g.Level(layer), Kind: Misspelt, Text: f.text.Written(start, start+len(name)), Meant: title, Points: slipPoints})
				f.slips = append(f.slips, i)
				break
			}
		}
	}
	return faults
}
