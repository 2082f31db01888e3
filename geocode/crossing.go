package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/relation"
)

// Roads that have doors and no lines meet where doors of both are nearest to each other.
const (
	crossingPrecision = 99
	mostCrossings     = 4
	noCrossing        = 15
	otherSection      = 12   // roads cross, and not in the sections that are named
	thirdRoad         = 17   // of three roads one does not pass the crossing
	crossingRadius    = 10.0 // metres: from the middle of a crossing to its corners
	// doorsRadius is where doors are all that is known, in metres, beside the gap between the nearest: of 841 in Taipei 256
	// of 260 with a gap below 10 m are nearer than 50 m, and 94 of 100 of the others.
	doorsRadius = 40.0
)

// crossing looks up where the road of a sense meets the second road of a claim.
func (f *finder) crossing(cl *relation.Claim, s gazetteer.Sense) {
	first := f.nameFaults("road", &f.elements[cl.Main], s, nil)
	e := &f.elements[cl.Second]
	written, also := e.Name, e.Also
	defer func() { e.Name, e.Also = written, also }()
	e.Also = nil
	f.crossings(cl, s, first)
	for _, id := range also {
		e.Name = id
		f.crossings(cl, s, first)
	}
}

// crossings looks up where a road meets what the second road of a claim means.
func (f *finder) crossings(cl *relation.Claim, s gazetteer.Sense, first []Fault) {
	e := &f.elements[cl.Second]
	for i, t := range f.g.Senses(e.Name) {
		if i >= mostSame {
			break
		}
		a, b := houses.AddressOf(cl.Numbers), houses.AddressOf(cl.Other)
		if t.Kind != gazetteer.Road || t.Road == s.Road && a.Section == b.Section {
			continue
		}
		faults := f.nameFaults("road", e, t, slices.Clip(first))
		lanes := a.Lane.Base > 0 || b.Lane.Base > 0 || t.Road == s.Road // lines are those of roads
		if on := f.g.Lines(); !lanes && on.Has(uint32(s.Road)) && on.Has(uint32(t.Road)) {
			met := on.Crossings(uint32(s.Road), uint32(t.Road))
			if len(met) == 0 && cl.Relation == Between {
				f.strip(cl, s.Road, t.Road, faults)
			}
			for _, x := range met {
				f.cross(cl, candidate{kind: Crossing, at: x.At, radius: x.Radius + crossingRadius, faults: faults, road: s.Road, cross: t.Road})
			}
			continue
		}
		met := ground.Meet(f.ways.Doors(s.Road, a), f.ways.Doors(t.Road, b), f.spend)
		if len(met) == 0 && !lanes && a.Section.Base+b.Section.Base > 0 {
			// Where a section ends at the crossing its doors may be far from it.
			met = ground.Meet(f.ways.Doors(s.Road, houses.Address{}), f.ways.Doors(t.Road, houses.Address{}), f.spend)
			faults = append(faults, Fault{Element: "section", Kind: Contradicts, Points: otherSection})
		}
		if len(met) == 0 && !lanes && cl.Relation == Between {
			f.strip(cl, s.Road, t.Road, faults)
		}
		if len(met) == 0 && a.Lane.Base > 0 {
			f.way(cl, s, &a, append(slices.Clip(faults), Fault{Element: "crossing", Kind: NotFound, Points: noCrossing}))
		}
		for _, m := range met {
			c := candidate{kind: Crossing, at: m.At, radius: m.Gap + doorsRadius, faults: faults, road: s.Road, cross: t.Road}
			if lanes {
				c.label = f.ways.Title(s.Road, a) + " / " + f.ways.Title(t.Road, b)
			}
			if m.Gap > ground.Apart/3 {
				c.faults = append(slices.Clip(c.faults), Fault{Element: "crossing", Kind: Approximate, Points: max(vaguePoints, int(m.Gap/8))})
			}
			f.cross(cl, c)
		}
	}
}

// three looks up three roads without a word between them: any two of them may cross, or the first runs between the others.
func (f *finder) three(cl *relation.Claim, s gazetteer.Sense) {
	stretch := *cl
	stretch.Relation = Between
	f.stretch(&stretch, s, false)
	all := [3]int{cl.Main, cl.Second, cl.Third}
	for left := range all {
		two := *cl
		two.Main, two.Second, two.Third = all[(left+1)%3], all[(left+2)%3], all[left]
		if two.Main > two.Second {
			two.Main, two.Second = two.Second, two.Main
		}
		for _, t := range f.g.Senses(f.elements[two.Main].Name) {
			if t.Kind == gazetteer.Road && (two.Main != cl.Main || t == s) {
				f.crossing(&two, t)
			}
		}
	}
}

// cross keeps a crossing of two roads. A third one that the text names with them has to pass it, or is left over.
func (f *finder) cross(cl *relation.Claim, c candidate) {
	if cl.Third >= 0 {
		e := &f.elements[cl.Third]
		if !slices.ContainsFunc(f.roadsOf(e), func(road names.ID) bool { return f.ways.Passes(road, c.at) }) {
			c.faults = append(slices.Clip(c.faults), Fault{Element: "road", Kind: Unknown, Text: f.written(e), Points: thirdRoad})
		}
	}
	f.relate(cl, crossingPrecision, c)
}
