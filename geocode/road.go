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
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

// address is the numbers of a text, by what they count.
type address struct {
	section, lane, alley, house number.Number
	// bare says that no 号 stands behind the number of the house.
	bare bool
	// last is the last section of several.
	last uint32
}

func addressOf(numbers []number.Element) (a address) {
	for _, n := range numbers {
		switch n.Unit {
		case number.Section:
			a.section = n.Number
		case number.Lane:
			a.lane = n.Number
		case number.Alley:
			a.alley = n.Number
		case number.House:
			a.house = n.Number
		case number.None, number.Yard, number.Building:
			if a.house.Base == 0 {
				a.house, a.bare = n.Number, n.Unit == number.None
			}
		default:
		}
	}
	return a
}

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

// street is where the numbers of an address are found.
func (a *address) street(road names.ID, section uint32) houses.Street {
	return houses.Street{Road: uint32(road), Section: section, Lane: a.lane.Packed(), Alley: a.alley.Packed()}
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
	a := addressOf(cl.Numbers)
	e := &f.elements[cl.Main]
	if s.Form == gazetteer.Short && len(cl.Numbers) == 0 {
		return // 中山 alone is many things, and so is Pearl
	}
	faults := f.nameFaults("road", e, s, nil)
	if cl.Disordered || f.disorder && a.section.Base > 0 {
		faults = append(faults, Fault{Element: "number", Kind: Disordered, Points: disorderedPoints})
	}
	if cl.Mark >= 0 {
		// Where a road's kilometres begin is not known: the mark is none of its numbers.
		f.way(cl, s, &address{section: a.section}, append(faults, Fault{Element: "mark", Kind: NotFound, Text: f.written(&f.elements[cl.Mark]), Points: markUnknown}))
		return
	}
	if a.bare && f.counts(cl) {
		a.house = number.Number{}
	}
	switch {
	case a.house.Base == 0 && cl.Until != nil:
		a.last = addressOf(cl.Until).section.Base
		f.way(cl, s, &a, faults)
		return
	case a.house.Base == 0:
		if cl.Crossing && cl.Second < 0 && a.lane.Base == 0 {
			faults = append(faults, Fault{Element: "crossing", Kind: NotFound, Points: crossingUnknown})
		}
		f.way(cl, s, &a, faults)
		return
	case cl.Until != nil:
		f.interval(cl, s, a, faults)
		return
	}
	sections := f.g.Sections(s.Road)
	stated := a.section.Base
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
	if a.lane.Base > 0 {
		// A lane leaves its road where the house of its number would be.
		b := a
		b.house, b.lane, b.alley = a.lane, number.Number{}, number.Number{}
		b.house.Mark, b.house.Sub = number.Plain, 0
		f.house(cl, s, &b, stated, append(slices.Clip(faults), Fault{Element: "lane", Kind: NotFound, Text: a.lane.String(), Points: laneUnknown}), houses.Beside)
		return
	}
	if !e.Exact {
		return // neither the name nor the number is there
	}
	f.way(cl, s, &a, append(slices.Clip(faults), Fault{Element: "number", Kind: NotFound, Text: a.house.String(), Points: houseUnknown}))
}

// swapped looks up a house in a lane of which each has the unit of the other: 76号19巷.
func (f *finder) swapped(cl *relation.Claim, s gazetteer.Sense, a address, faults []Fault) bool {
	if a.lane.Base == 0 || a.alley.Base > 0 {
		return false
	}
	a.house, a.lane = a.lane, a.house
	faults = append(slices.Clip(faults), Fault{Element: "lane", Kind: Misspelt, Text: a.house.String(), Meant: a.lane.String(), Points: unitWrong})
	return f.house(cl, s, &a, a.section.Base, faults, houses.Exact) == houses.Exact
}

// house looks up a number in a section of a road, by ways not worse than most, and says how it was found.
func (f *finder) house(cl *relation.Claim, s gazetteer.Sense, a *address, section uint32, faults []Fault, most houses.How) houses.How {
	found := f.g.Doors().Find(a.street(s.Road, section), a.house)
	if found.How == houses.None || found.How > most {
		return houses.None
	}
	c := candidate{kind: House, radius: doorRadius, faults: faults, road: s.Road, street: a.street(s.Road, section), number: a.house.String()}
	fault := func(kind FaultKind, points int) {
		c.faults = append(slices.Clip(faults), Fault{Element: "number", Kind: kind, Text: a.house.String(), Points: points})
	}
	reach := subRadius
	switch found.How {
	case houses.Whole:
		if last := f.g.Doors().Find(a.street(s.Road, section), number.Number{Base: a.house.Last}); last.How == houses.Exact {
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
	known := c.faults
	for _, d := range f.said(cl, found.Doors) {
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
func (f *finder) along(cl *relation.Claim, s gazetteer.Sense, a *address, faults []Fault) bool {
	road := uint32(s.Road)
	if !f.g.Lines().Has(road) || a.lane.Base > 0 {
		return false
	}
	var anchors []lines.Anchor
	for d := range f.g.Doors().Doors(a.street(s.Road, a.section.Base)) {
		anchors = append(anchors, lines.Anchor{Number: d.Number.Base, At: d.At})
	}
	found := f.g.Lines().Number(road, a.house.Base, anchors)
	for _, at := range found {
		c := candidate{kind: House, at: at.At, radius: at.Radius, road: s.Road, street: a.street(s.Road, a.section.Base), number: a.house.String()}
		points := linePoints[at.How]
		if at.Radius > mostInterpolate {
			points = max(points, besidePoints) + min(int(at.Radius/50), 20)
		}
		c.faults = append(slices.Clip(faults), Fault{Element: "number", Kind: Interpolated, Text: a.house.String(), Points: points})
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
	if len(doors) < 2 {
		return doors
	}
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
	following := f.text.Runes[end:]
	best, kept := -1, doors[:0:0]
	for _, d := range doors {
		rest := f.behind(d)
		length := len(rest)
		if length > len(following) || !slices.Equal(following[:length], rest) {
			continue
		}
		if length > best {
			best, kept = length, kept[:0]
		}
		if length == best {
			kept = append(kept, d)
		}
	}
	if len(kept) == 0 {
		return doors
	}
	return kept
}

// behind is what stands behind the number on the plate of a door.
func (f *finder) behind(d houses.Door) []rune {
	f.rest.Set(f.g.DoorPlate(d.ID).Number)
	elements, _ := number.Parse(f.rest.Runes, nil)
	for _, e := range elements {
		if e.Unit == number.House || e.Unit == number.None || e.Unit == number.Yard {
			return slices.Clone(f.rest.Runes[e.End:])
		}
	}
	return nil
}

// way looks up a road, a section or a lane without a number: its middle, with a radius over all of it.
func (f *finder) way(cl *relation.Claim, s gazetteer.Sense, a *address, faults []Fault) {
	sections := f.g.Sections(s.Road)
	switch {
	case a.last > 0:
		low, high := min(a.section.Base, a.last), max(a.section.Base, a.last)
		sections = slices.DeleteFunc(slices.Clone(sections), func(n uint32) bool { return n < low || n > high })
		a.section.Base = 0
	case a.section.Base > 0:
		sections = []uint32{a.section.Base}
	}
	var points []geo.Point
	for _, section := range sections {
		for d := range f.g.Doors().Doors(a.street(s.Road, section)) {
			if !f.spend(costPoint) {
				return
			}
			points = append(points, d.At)
		}
	}
	c := candidate{kind: Road, faults: faults, road: s.Road, street: a.street(s.Road, a.section.Base)}
	precision := roadPrecision
	if a.lane.Base > 0 {
		c.kind, precision = Lane, lanePrecision
	}
	at, radius, lined := f.g.Lines().Middle(uint32(s.Road))
	switch {
	case lined && a.section.Base == 0 && a.last == 0 && a.lane.Base == 0:
		c.at, c.radius = at, radius
	case len(points) > 0:
		c.at, c.radius = ground.Middle(points)
	default:
		return
	}
	c.radius = max(c.radius, doorRadius)
	f.relate(cl, precision, c)
}
