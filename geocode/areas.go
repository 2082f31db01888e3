package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

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
		if lies == gazetteer.Inside {
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
		if lies == gazetteer.Border {
			points = borderPoints
		}
		faults = append(faults, Fault{Element: level, Kind: Contradicts, Text: f.written(e), Points: points})
	}
	return faults
}

// lies says how a point lies to the areas that an element may mean, by the best of them.
func (f *finder) lies(e *phrase.Element, p geo.Point) gazetteer.Lie {
	best := f.g.Lies(e.Name, p, f.ways.Spend)
	for _, id := range e.Also {
		best = min(best, f.g.Lies(id, p, f.ways.Spend))
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
