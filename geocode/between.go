package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// Precisions of what lies between others.
const (
	stretchPrecision = 86
	boundsPrecision  = 80
	betweenRadius    = 15.0
)

// meetings are where two roads meet, by their lines or else by their doors.
func (f *finder) meetings(a, b names.ID) (points []geo.Point) {
	if on := f.g.Lines(); on.Has(uint32(a)) && on.Has(uint32(b)) {
		for _, x := range on.Crossings(uint32(a), uint32(b)) {
			points = append(points, x.At)
		}
		return points
	}
	for _, m := range f.meet(f.doorsOf(a, address{}), f.doorsOf(b, address{})) {
		points = append(points, m.at)
	}
	return points
}

// roadsOf are the roads that an element may mean, the likeliest first.
func (f *finder) roadsOf(e *phrase.Element) (all []names.ID) {
	for _, id := range append([]names.ID{e.Name}, e.Also...) {
		for _, s := range f.g.Senses(id) {
			if s.Kind == gazetteer.Road && !slices.Contains(all, s.Road) && len(all) < mostCrossings {
				all = append(all, s.Road)
			}
		}
	}
	return all
}

// stretch looks up the part of a road between two others: half-way between where it meets them.
func (f *finder) stretch(cl *claim, s gazetteer.Sense) {
	faults := f.nameFaults("road", &f.elements[cl.main], s, nil)
	for _, a := range f.roadsOf(&f.elements[cl.second]) {
		for _, b := range f.roadsOf(&f.elements[cl.third]) {
			best, found := candidate{}, false
			for _, p := range f.meetings(s.Road, a) {
				for _, q := range f.meetings(s.Road, b) {
					half := geo.Distance(p, q) / 2
					if half > 0 && (!found || half+betweenRadius < best.radius) {
						best = candidate{kind: Road, at: geo.Between(p, q, 0.5), radius: half + betweenRadius, road: s.Road, cross: b, faults: faults}
						found = true
					}
				}
			}
			if !found {
				continue
			}
			if on, _, ok := f.g.Lines().Nearest(uint32(s.Road), best.at); ok {
				best.at = on
			}
			f.relate(cl, stretchPrecision, best)
		}
	}
}

// interval looks up what lies between two numbers of a road.
func (f *finder) interval(cl *claim, s gazetteer.Sense, a address, faults []Fault) {
	b := a
	b.house = cl.until[0].Number
	for _, section := range f.g.Sections(s.Road) {
		if a.section.Base > 0 && section != a.section.Base {
			continue
		}
		p, q := f.g.Doors().Find(a.street(s.Road, section), a.house), f.g.Doors().Find(b.street(s.Road, section), b.house)
		if p.How == houses.None || q.How == houses.None {
			continue
		}
		half := geo.Distance(p.At, q.At) / 2
		f.relate(cl, stretchPrecision, candidate{
			kind: Road, at: geo.Between(p.At, q.At, 0.5), radius: half + p.Radius + q.Radius + betweenRadius, road: s.Road, faults: faults, street: a.street(s.Road, section),
		})
	}
}

// bounds looks up what lies within roads on its sides: in the middle of the corners where they meet.
func (f *finder) bounds(cl *claim) {
	var corners []geo.Point
	for i, a := range cl.sides {
		for _, b := range cl.sides[i+1:] {
			turn := int(f.elements[a-1].Bearing-f.elements[b-1].Bearing+720) % 180
			if turn == 0 {
				continue // opposite sides
			}
			roads, others := f.roadsOf(&f.elements[a]), f.roadsOf(&f.elements[b])
			if len(roads) == 0 || len(others) == 0 {
				return
			}
			at := f.meetings(roads[0], others[0])
			if len(at) == 0 {
				continue
			}
			corners = append(corners, at[0])
		}
	}
	const least = 2
	if len(corners) < least {
		return
	}
	box := geo.EmptyBox()
	for _, p := range corners {
		box = box.Extend(p)
	}
	c := candidate{kind: Area, at: geo.Between(box.Min, box.Max, 0.5)}
	c.radius = extent(box, c.at)
	f.relate(cl, boundsPrecision, c)
}
