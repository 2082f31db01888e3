package geocode

import (
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/relation"
)

// What is at a crossing is within so many metres of it; what is not and is said to be loses points.
const (
	atCrossing   = 150.0
	doorPoints   = 12 // of the crossing, whose door is elsewhere
	cornerPoints = 26 // of the door
)

// corner adds the fault of a house that the text says stands at a crossing, or of that crossing, where they are apart.
func (f *finder) corner(cl *relation.Claim, c *candidate) {
	apart, fault := math.Inf(1), Fault{Element: "crossing", Kind: Contradicts, Points: cornerPoints}
	switch {
	case cl.Cross >= 0 && c.kind == House:
		for _, road := range f.roadsOf(&f.elements[cl.Cross]) {
			if p, ok := f.ways.Nearest(road, c.at); ok {
				apart = min(apart, geo.Distance(p, c.at))
			}
		}
	case len(cl.House) > 0 && c.kind == Crossing:
		a := houses.AddressOf(cl.House)
		fault = Fault{Element: "number", Kind: Contradicts, Text: a.House.String(), Points: doorPoints}
		for _, section := range f.g.Sections(c.road) {
			if found := f.g.Doors().Find(a.Street(uint32(c.road), section), a.House); found.How != houses.None {
				apart = min(apart, geo.Distance(found.At, c.at))
			}
		}
	default:
		return
	}
	if c.split = apart > atCrossing; c.split {
		c.faults = append(slices.Clip(c.faults), fault)
	}
}

// together prefers a landmark at the crossing that stands before it in the text, and doubts one that is elsewhere: A路与B路
// 交叉口的麦当劳.
func (f *finder) together() {
	const few = 2 // characters between them
	for i := range f.found {
		x := &f.found[i]
		for j := range f.found {
			l := &f.found[j]
			if x.kind != Crossing || l.kind != Landmark && l.kind != Building || l.start < x.start || l.end <= x.end || l.start > x.end+few {
				continue
			}
			k := slices.IndexFunc(l.faults, func(e Fault) bool { return e.Element == "text" && e.Kind == Unknown })
			switch near := geo.Distance(x.at, l.at) <= atCrossing; {
			case near && k >= 0: // the crossing is what it says beside the name
				l.told, l.score = 1, l.score+l.faults[k].Points
				l.faults = slices.Delete(slices.Clone(l.faults), k, k+1)
				if less := x.score - l.score; less > 0 {
					x.faults, x.score = append(slices.Clip(x.faults), Fault{Element: "name", Kind: Unknown, Points: less}), l.score
				}
			case !near:
				l.faults = append(slices.Clip(l.faults), Fault{Element: "crossing", Kind: Contradicts, Points: outsidePoints})
				l.score = max(l.score-outsidePoints, 0)
			}
		}
	}
}

// cell keeps the cells that a claim names with a number in them that the city does not have: 3号网格5号楼.
func (f *finder) cell(cl *relation.Claim) {
	if cl.Sides != nil || cl.Ends != nil || !relation.Counted(cl.Numbers) {
		return
	}
	for _, s := range f.g.Senses(f.elements[cl.Main].Name) {
		if s.Kind == gazetteer.Area && f.g.Layer(s.Layer).Def().Roles.Cell != nil && f.spend(costMeaning) {
			f.area(cl, s)
		}
	}
}
