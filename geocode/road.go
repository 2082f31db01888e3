package geocode

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/lines"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

// counters are what a number without 号 may count: years, hours, buses, lamps; plots (地) are no basements (地下).
const counters = "年月日天周时分秒点度个位人元块次盏支根棵台辆件份期届线班公多余几"

// counts reports whether the number of a claim counts something that follows it.
func (f *finder) counts(cl *relation.Claim) bool {
	rest := f.text.Runes[f.elements[cl.Last].End:]
	return cl.Last > cl.Main && len(rest) > 0 && (strings.ContainsRune(counters, rest[0]) || rest[0] == '地' && (len(rest) == 1 || rest[1] != '下'))
}

func neighborhood(e *phrase.Element) bool {
	return e.Kind == phrase.Number && !relation.Counted(e.Numbers)
}

// What is taken off for numbers.
const (
	sectionMissing   = 4
	sectionWrong     = 30
	subUnknown       = 11 // 15-3 where the city has 15
	subMissing       = 11 // 15 where the city has 15-1 and 15-2
	betweenPoints    = 14 // between two doors
	besidePoints     = 24 // beside one
	laneUnknown      = 25
	rangePoints      = 5
	crossingUnknown  = 4  // of the road of a crossing whose other road the city does not have
	unitWrong        = 4  // 148弄 where the city has 148巷
	markUnknown      = 15 // a kilometre mark
	disorderedPoints = 4
	houseUnknown     = 30
	roadPrecision    = 75
	lanePrecision    = 80
	doorPrecision    = 100
	mostInterpolate  = 60.0 // metres: what lies between doors further apart is no better than beside one
)

// road looks up an address on a road.
func (f *finder) road(cl *relation.Claim, s gazetteer.Sense) {
	a := houses.AddressOf(cl.Numbers)
	e := &f.elements[cl.Main]
	if s.Form == gazetteer.Short && len(cl.Numbers) == 0 {
		return // 中山 alone is many things, and so is Pearl
	}
	faults := f.nameFaults("road", e, s, nil)
	if cl.Disordered || f.disorder && a.Section.Base > 0 {
		faults = append(faults, Fault{Element: "number", Kind: Disordered, Points: disorderedPoints})
	}
	if cl.Mark >= 0 {
		if f.mark(cl, s, faults) {
			return
		}
		// Where a road's kilometres begin is not known: the mark is none of its numbers.
		f.way(cl, s, &houses.Address{Section: a.Section}, append(faults, Fault{Element: "mark", Kind: NotFound, Text: f.written(&f.elements[cl.Mark]), Points: markUnknown}))
		return
	}
	if a.Bare && f.counts(cl) {
		a.House = number.Number{}
	}
	switch {
	case a.House.Base == 0 && cl.Until != nil:
		a.Last = houses.AddressOf(cl.Until).Section.Base
		f.way(cl, s, &a, faults)
		return
	case a.House.Base == 0:
		if cl.Crossing && cl.Second < 0 && a.Lane.Base == 0 {
			faults = append(faults, Fault{Element: "crossing", Kind: NotFound, Points: crossingUnknown})
		}
		f.way(cl, s, &a, faults)
		return
	case cl.Until != nil:
		f.interval(cl, s, a, faults)
		return
	}
	sections := f.g.Sections(s.Road)
	stated := a.Section.Base
	best := houses.None
	if stated > 0 || slices.Contains(sections, 0) || len(sections) == 0 {
		best = f.house(cl, s, &a, stated, faults, houses.Beside)
	}
	if best == houses.Exact {
		return
	}
	if best != houses.Whole && best != houses.Part && f.along(cl, s, &a, faults) {
		return
	}
	for _, other := range sections {
		if other == stated {
			continue
		}
		fault := Fault{Element: "section", Kind: Missing, Points: sectionMissing}
		most := houses.Beside
		if stated > 0 {
			fault.Kind, fault.Points, most = Contradicts, sectionWrong, houses.Exact
		}
		best = max(best, f.house(cl, s, &a, other, append(slices.Clip(faults), fault), most))
	}
	if best != houses.None || cl.Disordered && f.swapped(cl, s, a, faults) {
		return
	}
	if a.Lane.Base > 0 {
		// A lane leaves its road where the house of its number would be.
		b := a
		b.House, b.Lane, b.Alley = a.Lane, number.Number{}, number.Number{}
		b.House.Mark, b.House.Sub = number.Plain, 0
		f.house(cl, s, &b, stated, append(slices.Clip(faults), Fault{Element: "lane", Kind: NotFound, Text: a.Lane.String(), Points: laneUnknown}), houses.Beside)
		return
	}
	if !e.Exact {
		return // neither the name nor the number is there
	}
	f.way(cl, s, &a, append(slices.Clip(faults), Fault{Element: "number", Kind: NotFound, Text: a.House.String(), Points: houseUnknown}))
}

// swapped looks up a house in a lane of which each has the unit of the other: 76号19巷.
func (f *finder) swapped(cl *relation.Claim, s gazetteer.Sense, a houses.Address, faults []Fault) bool {
	if a.Lane.Base == 0 || a.Alley.Base > 0 {
		return false
	}
	a.House, a.Lane = a.Lane, a.House
	faults = append(slices.Clip(faults), Fault{Element: "lane", Kind: Misspelt, Text: a.House.String(), Meant: a.Lane.String(), Points: unitWrong})
	return f.house(cl, s, &a, a.Section.Base, faults, houses.Exact) == houses.Exact
}

// house looks up a number in a section of a road, by ways not worse than most, and says how it was found.
func (f *finder) house(cl *relation.Claim, s gazetteer.Sense, a *houses.Address, section uint32, faults []Fault, most houses.How) houses.How {
	found := f.g.Doors().Find(a.Street(uint32(s.Road), section), a.House)
	if found.How == houses.None || found.How > most {
		return houses.None
	}
	c := candidate{kind: House, radius: doorRadius, faults: faults, road: s.Road, street: a.Street(uint32(s.Road), section), number: a.House.String()}
	fault := func(kind FaultKind, points int) {
		c.faults = append(slices.Clip(faults), Fault{Element: "number", Kind: kind, Text: a.House.String(), Points: points})
	}
	reach := subRadius
	switch found.How {
	case houses.Whole:
		if last := f.g.Doors().Find(a.Street(uint32(s.Road), section), number.Number{Base: a.House.Last}); last.How == houses.Exact {
			// 12-16 of which the city has 12 and 16, each for itself.
			reach = geo.Distance(found.At, last.At)
			points := rangePoints
			if reach > surely {
				points = vaguePoints
			}
			fault(Approximate, points)
		} else {
			fault(NotFound, subUnknown)
		}
	case houses.Part:
		fault(Missing, subMissing)
	case houses.Between:
		points := betweenPoints
		if found.Radius > mostInterpolate {
			points = besidePoints
		}
		fault(Interpolated, points)
	case houses.Beside:
		fault(Approximate, besidePoints+min(int(found.Radius/20), 20))
	default:
	}
	if found.How == houses.Between {
		c.at, c.radius = found.At, found.Radius+doorRadius
		f.relate(cl, doorPrecision, c)
		return found.How
	}
	doors := f.said(cl, f.g.Yards(found.Doors, a))
	if found.How == houses.Exact && f.inYard(cl, a, doors, c) {
		return found.How
	}
	known := c.faults
	for _, d := range doors {
		c.at, c.door, c.isDoor = d.At, d.ID, true
		c.faults = f.unitFault(cl, d.ID, known)
		switch found.How {
		case houses.Exact:
		case houses.Whole, houses.Part:
			c.radius = max(found.Radius, reach) + doorRadius
		default:
			c.radius = found.Radius + doorRadius
		}
		f.relate(cl, doorPrecision, c)
	}
	return found.How
}

// unitFault adds the fault of a lane that is said with another unit than the plate of a door has: 弄 for 巷.
func (f *finder) unitFault(cl *relation.Claim, door uint32, faults []Fault) []Fault {
	for _, n := range cl.Numbers {
		if n.Unit != number.Lane {
			continue
		}
		plate := f.g.DoorPlate(door)
		has, _ := utf8.DecodeLastRuneInString(plate.Lane)
		says := f.text.Runes[n.End-1]
		if (has == '巷') == (says == '巷') || has < 0x2e80 {
			continue
		}
		said, meant := string(f.text.Runes[n.Start:n.End]), n.Number.String()+string(has)
		if plate.Lane == meant && !strings.HasPrefix(plate.Alley, said) {
			return append(slices.Clip(faults), Fault{Element: "lane", Kind: Misspelt, Text: said, Meant: meant, Points: unitWrong})
		}
	}
	return faults
}

// What is taken off for a number that the lines of a road give, by how well they do.
var linePoints = map[lines.How]int{lines.InRange: 11, lines.OtherParity: 20, lines.Beyond: 32}

// along looks up a number that no door has along the lines of its road, between doors that are known or the ends of the
// ranges of the lines.
func (f *finder) along(cl *relation.Claim, s gazetteer.Sense, a *houses.Address, faults []Fault) bool {
	road := uint32(s.Road)
	if !f.g.Lines().Has(road) || a.Lane.Base > 0 {
		return false
	}
	var anchors []lines.Anchor
	for d := range f.g.Doors().Doors(a.Street(uint32(s.Road), a.Section.Base)) {
		anchors = append(anchors, lines.Anchor{Number: d.Number.Base, At: d.At})
	}
	found := f.g.Lines().Number(road, a.House.Base, anchors)
	for _, at := range found {
		c := candidate{kind: House, at: at.At, radius: at.Radius, road: s.Road, street: a.Street(uint32(s.Road), a.Section.Base), number: a.House.String()}
		points := linePoints[at.How]
		if at.Radius > mostInterpolate {
			points = max(points, besidePoints) + min(int(at.Radius/50), 20)
		}
		c.faults = append(slices.Clip(faults), Fault{Element: "number", Kind: Interpolated, Text: a.House.String(), Points: points})
		f.relate(cl, doorPrecision, c)
	}
	return len(found) > 0
}

// doorRadius is how far off a door plate may be, in metres, subRadius how far from 15 the door 15-3 is: of 38,523 in Taipei
// nine tenths are nearer than 38 m, and half than 9 m.
const (
	doorRadius = 5
	subRadius  = 40.0
)

// said leaves of doors with one number those that the text goes on to name (地下, 附楼), if it does, else those without.
func (f *finder) said(cl *relation.Claim, doors []houses.Door) []houses.Door {
	e := &f.elements[cl.Last]
	for i := cl.Main + 1; i <= cl.Last; i++ {
		if f.elements[i].Kind == phrase.Number {
			e = &f.elements[i]
		}
	}
	end := e.End
	for _, n := range e.Numbers {
		if n.Unit == number.House || n.Unit == number.None || n.Unit == number.Yard {
			end = n.End
		}
	}
	return f.g.Said(doors, f.text.Runes[end:])
}

// way looks up a road, a section or a lane without a number: its middle, with a radius over all of it.
func (f *finder) way(cl *relation.Claim, s gazetteer.Sense, a *houses.Address, faults []Fault) {
	points := f.ways.Doors(s.Road, *a)
	if a.Last > 0 {
		a.Section.Base = 0
	}
	c := candidate{kind: Road, faults: faults, road: s.Road, street: a.Street(uint32(s.Road), a.Section.Base)}
	precision := roadPrecision
	if a.Lane.Base > 0 {
		c.kind, precision = Lane, lanePrecision
	}
	at, radius, lined := f.g.Lines().Middle(uint32(s.Road))
	switch {
	case lined && a.Section.Base == 0 && a.Last == 0 && a.Lane.Base == 0:
		c.at, c.radius = at, radius
	case len(points) > 0:
		c.at, c.radius = ground.Middle(points)
	default:
		return
	}
	c.radius = max(c.radius, doorRadius)
	f.relate(cl, precision, c)
}
