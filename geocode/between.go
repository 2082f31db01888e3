package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

// Precisions of what lies between others.
const (
	stretchPrecision = 86
	spanPrecision    = 92 // of two places that are known
	boundsPrecision  = 80
	betweenRadius    = 15.0
	longestSpan      = 5000.0 // metres between two places between which another is
	mostEnds         = 8
	endUnknown       = 25 // one end is not found
	endRadius        = 500.0
)

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

// stretch looks up the part of a road between two others: half-way between where it meets them. Where the text says so for
// sure the crossings with these are not meant.
func (f *finder) stretch(cl *relation.Claim, s gazetteer.Sense, sure bool) {
	faults := f.nameFaults("road", &f.elements[cl.Main], s, nil)
	for _, a := range f.roadsOf(&f.elements[cl.Second]) {
		for _, b := range f.roadsOf(&f.elements[cl.Third]) {
			best, found := candidate{}, false
			for _, p := range f.ways.Meetings(s.Road, a) {
				for _, q := range f.ways.Meetings(s.Road, b) {
					half := geo.Distance(p, q) / 2
					if half > 0 && (!found || half+betweenRadius < best.radius) {
						best = candidate{kind: Road, at: geo.Between(p, q, 0.5), radius: half + betweenRadius, road: s.Road, cross: b, faults: faults, spans: sure}
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
func (f *finder) interval(cl *relation.Claim, s gazetteer.Sense, a houses.Address, faults []Fault) {
	b := a
	b.House = cl.Until[0].Number
	for _, section := range f.g.Sections(s.Road) {
		if a.Section.Base > 0 && section != a.Section.Base {
			continue
		}
		p, q := f.g.Doors().Find(a.Street(uint32(s.Road), section), a.House), f.g.Doors().Find(b.Street(uint32(s.Road), section), b.House)
		if p.How == houses.None || q.How == houses.None {
			continue
		}
		half := geo.Distance(p.At, q.At) / 2
		f.relate(cl, stretchPrecision, candidate{
			kind: Road, spans: true, at: geo.Between(p.At, q.At, 0.5), radius: half + p.Radius + q.Radius + betweenRadius, road: s.Road, faults: faults, street: a.Street(uint32(s.Road), section),
		})
	}
}

// bounds looks up what lies within roads on its sides: in the middle of the corners where they meet.
func (f *finder) bounds(cl *relation.Claim) {
	var corners []geo.Point
	for i, a := range cl.Sides {
		for _, b := range cl.Sides[i+1:] {
			turn := int(f.elements[a-1].Bearing-f.elements[b-1].Bearing+720) % 180
			if turn == 0 {
				continue // opposite sides
			}
			roads, others := f.roadsOf(&f.elements[a]), f.roadsOf(&f.elements[b])
			if len(roads) == 0 || len(others) == 0 {
				return
			}
			at := f.ways.Meetings(roads[0], others[0])
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
	c := candidate{kind: Area, spans: true, at: geo.Between(box.Min, box.Max, 0.5)}
	c.radius = ground.Extent(box, c.at)
	f.relate(cl, boundsPrecision, c)
}

// span looks up what lies between two places: half-way between them, with a radius that reaches both.
func (f *finder) span(cl *relation.Claim) {
	a, b := f.end(&cl.Ends[0]), f.end(&cl.Ends[1])
	if len(a) == 0 || len(b) == 0 {
		// Of one end it is only known that the place is not there.
		for _, c := range slices.Concat(a, b) {
			c.radius += endRadius
			c.faults = append(slices.Clip(c.faults), Fault{Element: "relation", Kind: NotFound, Points: endUnknown})
			f.relate(cl, doorPrecision, c)
		}
		return
	}
	var p, q *candidate
	apart := longestSpan
	for i := range a {
		for j := range b {
			if d := geo.Distance(a[i].at, b[j].at); d < apart && d > 0 {
				p, q, apart = &a[i], &b[j], d
			}
		}
	}
	if p == nil {
		return
	}
	c := candidate{kind: Area, spans: true, at: geo.Between(p.at, q.at, 0.5), radius: apart/2 + max(p.radius, q.radius) + betweenRadius, faults: slices.Concat(p.faults, q.faults)}
	if p.road == q.road && p.kind == House && q.kind == House {
		c.kind, c.road, c.street = Road, p.road, p.street
		if on, _, ok := f.g.Lines().Nearest(uint32(c.road), c.at); ok {
			c.at = on
		}
	}
	f.relate(cl, spanPrecision, c)
}

// end are the places that one end of a span may be: the surest, with the faults of their names and numbers.
func (f *finder) end(cl *relation.Claim) []candidate {
	const alike = 5
	all := f.found
	f.found = nil
	f.resolve(cl, false)
	f.sort()
	ends := f.found
	f.found = all
	n := 0
	for n < len(ends) && ends[n].score >= ends[0].score-alike && n < mostEnds {
		ends[n].faults = slices.DeleteFunc(slices.Clone(ends[n].faults), func(e Fault) bool {
			return e.Element == "text" || e.Kind == Contradicts && e.Element != "section" // of all of the claim
		})
		n++
	}
	return ends[:n]
}

// strip is what lies between two roads that do not meet: its middle, with a radius over all of it.
func (f *finder) strip(cl *relation.Claim, a, b names.ID, faults []Fault) {
	at, radius, ok := f.ways.Reach(a)
	if !ok {
		return
	}
	other, ok := f.ways.Nearest(b, at)
	if !ok || geo.Distance(at, other) > longestSpan {
		return
	}
	f.relate(cl, roadPrecision, candidate{kind: Area, at: geo.Between(at, other, 0.5), radius: radius + geo.Distance(at, other)/2, faults: faults})
}
