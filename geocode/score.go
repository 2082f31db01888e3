package geocode

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

// keep scores a candidate and keeps it: of the same place by two readings the better one.
func (f *finder) keep(cl *relation.Claim, precision int, c candidate) {
	first := cl.First
	if len(cl.Areas) > 0 {
		first = min(first, cl.Areas[0])
	}
	c.start, c.end = f.elements[first].Start, f.elements[cl.Last].End
	if f.otherKind(cl, c.kind) || !f.spend(costKeep+len(f.elements)/keptShare) {
		return
	}
	c.faults = f.within(cl.Areas, c.at, c.faults)
	c.faults = f.meant(cl, c.at, c.faults)
	c.faults = f.elsewhere(first, c.faults)
	c.open = f.unexplained(cl)
	kind := c.kind
	if cl.Ends != nil || cl.Sides != nil || cl.Third >= 0 || cl.Until != nil {
		kind = Crossing // several names are said
	}
	points := int(c.open*weight(kind, len(c.faults)) + 0.5)
	if long := f.elements[cl.Main].End-f.elements[cl.Main].Start >= namedLength; long && (kind == Landmark || kind == Building) && (f.elements[cl.Main].Exact || cl.Relation != At) {
		// Whatever is said around a name that is long enough to be no other word.
		left := precision - StandardLeast
		for _, fault := range c.faults {
			left -= fault.Points
		}
		points = min(points, max(left, 0))
	}
	if points > 0 {
		c.faults = append(c.faults, Fault{Element: "text", Kind: Unknown, Points: points})
	}
	points, c.cue = f.aside(cl)
	if points > 0 {
		c.faults = append(slices.Clip(c.faults), Fault{Element: "text", Kind: Aside, Points: points})
	}
	if f.partOfWord(cl, c.kind) {
		c.faults = append(slices.Clip(c.faults), Fault{Element: "name", Kind: Unknown, Points: wordPoints})
	}
	c.score = precision
	for _, fault := range c.faults {
		c.score -= fault.Points
	}
	if unsure(c.kind) && !f.elements[cl.Main].Exact {
		c.faults = append(slices.Clip(c.faults), Fault{Element: "name", Kind: Approximate, Points: unconfirmed})
		c.score -= unconfirmed
	}
	if c.void {
		c.score = 1
	}
	if c.score = max(c.score, 0); c.score == 0 {
		return
	}
	for i := range f.found {
		if old := &f.found[i]; old.same(&c) {
			if !old.void && !old.split && (c.void || c.split || c.better(old)) {
				*old = c
			}
			return
		}
	}
	f.found = append(f.found, c)
}

// elsewhere adds the fault of a place before which the text names another city.
func (f *finder) elsewhere(first int, faults []Fault) []Fault {
	const few = 3 // characters that nothing explains may stand between them
	points, open := outsidePoints, 0
	for i := first - 1; i >= 0 && f.elements[i].Kind != phrase.Name && open <= few; i-- {
		e := &f.elements[i]
		if e.Kind != phrase.Admin && e.Kind != phrase.Mark {
			open += e.End - e.Start
		}
		if e.Kind == phrase.Admin && !slices.Contains(f.slips, i) && f.g.Elsewhere(f.text.Runes[e.Start:e.End]) {
			faults = append(slices.Clip(faults), Fault{Element: adminLevel(f.text.Runes[e.End-1]), Kind: Contradicts, Text: f.written(e), Points: points})
			points = 2 * outsidePoints // a city and a district of it: the text is surely about that
		}
	}
	return faults
}

// namedLength is how many characters a name of a landmark or a building has at least to be no part of other words.
const namedLength = 4

// wordPoints is what a name of two characters loses between others that nothing explains: it may be part of a word.
const wordPoints = 40

// partOfWord reports whether the name of a claim may be part of a word: 和平 in 世界和平.
func (f *finder) partOfWord(cl *relation.Claim, kind Kind) bool {
	const short = 2
	e := &f.elements[cl.Main]
	if kind != Landmark && kind != Building && kind != Area || len(cl.Sides) > 0 || cl.Ends != nil || e.End-e.Start > short || relation.InLetters(f.g.Name(e.Name)) {
		return false
	}
	open := func(i int) bool { return i >= 0 && i < len(f.elements) && f.elements[i].Kind == phrase.Gap }
	return open(cl.Main-1) || open(cl.Main+1)
}

// adminLevel is what a name that ends with a character is called among faults.
func adminLevel(last rune) string {
	if strings.ContainsRune("区镇乡", last) {
		return "district"
	}
	return "city"
}

// otherKind reports whether a short name with nothing that confirms it ends with the kind of another thing than what it would be
// a slip for: 阳明山 is no slip for 阳明路.
func (f *finder) otherKind(cl *relation.Claim, kind Kind) bool {
	const short = 4
	e := &f.elements[cl.Main]
	name := f.g.Name(e.Name)
	if e.Exact || e.Fault != names.Slip || !unsure(kind) || relation.Counted(cl.Numbers) || cl.Ends != nil || len(cl.Sides) > 0 || len(name) > short || relation.InLetters(name) {
		return false
	}
	text := f.text.Runes[e.Start:e.End]
	last := len(name) - 1
	return len(text) == len(name) && text[last] != name[last] && slices.Equal(text[:last], name[:last])
}

// unconfirmed is what is taken off for a name with slips that nothing else confirms, as a number on a road does.
const unconfirmed = 12

func unsure(k Kind) bool { return k == Road || k == Lane || k == Area }

// same reports whether two candidates are one place, or lie to one in two ways.
func (c *candidate) same(d *candidate) bool {
	if c.kind == Area && c.relation == Between {
		return d.kind == Area && d.relation == Between
	}
	return c.kind == d.kind && c.isDoor == d.isDoor && c.door == d.door && c.sense == d.sense && c.road == d.road &&
		c.cross == d.cross && (c.isDoor || c.sense != gazetteer.Sense{} || geo.Distance(c.anchor, d.anchor) < samePlace)
}

// better reports whether c reads the text better than d does, which is the same place: it explains more of it without
// much more to forgive, or as much with less.
func (c *candidate) better(d *candidate) bool {
	const more, much = 0.02, 12
	switch {
	case c.apart != d.apart && (c.open < d.open-more) == c.apart:
		return c.apart // how it lies to the place is never passed over
	case c.open < d.open-more:
		return c.score >= d.score-much
	case d.open < c.open-more:
		return d.score < c.score-much
	}
	return c.score > d.score
}

// weight is what a text loses of which nothing about a place explains anything: words around a door say little against
// it, words around the name of an area much.
func weight(kind Kind, faults int) float64 {
	w := map[Kind]float64{House: 8, Crossing: 8, Part: 4, Lane: 20, Landmark: 35, Building: 35, Road: 40, Area: 60}[kind]
	return w * float64(1+min(faults, 3))
}

// unexplained is the share of the text that nothing about a claim explains: of other names and words half.
func (f *finder) unexplained(cl *relation.Claim) float64 {
	from, to := 0, len(f.elements)
	if f.local {
		from, to = f.sentence(cl)
	}
	var all, open float64
	for i := from; i < to; i++ {
		e := &f.elements[i]
		n := float64(e.End - e.Start)
		if e.Kind == phrase.Mark || e.Word == phrase.About || e.Word == phrase.Spot {
			continue
		}
		all += n
		switch {
		case i >= cl.First && i <= cl.Last && e.Kind != phrase.Gap:
		case slices.Contains(cl.Areas, i), e.Kind == phrase.Admin, neighborhood(e), slices.Contains(f.slips, i):
		case e.Kind == phrase.Gap:
			open += n
		default:
			open += n / 2
		}
	}
	return open / max(all, 1)
}

// sentence is the elements of the sentence, or part of one, that a claim stands in.
func (f *finder) sentence(cl *relation.Claim) (from, to int) {
	ends := func(e *phrase.Element) bool { return e.Kind == phrase.Mark && f.text.Runes[e.Start] == ',' }
	for from = cl.First; from > 0 && !ends(&f.elements[from-1]); from-- {
	}
	for to = cl.Last + 1; to < len(f.elements) && !ends(&f.elements[to]); to++ {
	}
	return from, to
}

// tell prefers of doors that answer as well those whose label is the text, or says the neighbourhood that the text says.
func (f *finder) tell() {
	f.sort()
	n := 0
	for n < len(f.found) && n < 16 && f.found[n].isDoor && f.found[n].score == f.found[0].score {
		n++
	}
	if n < 2 {
		return
	}
	quarter := ""
	for i := range f.elements {
		if e := &f.elements[i]; neighborhood(e) {
			quarter = string(f.text.Runes[e.Start:e.End])
		}
	}
	for i := range f.found[:n] {
		c := &f.found[i]
		f.rest.Set(f.g.DoorLabel(c.door))
		label := f.rest.String()
		if label == f.text.String() {
			c.told = 2
		} else if quarter != "" && strings.Contains(label, quarter) {
			c.told = 1
		}
	}
}

// sort puts the best candidates first: by score, then by how they lie to the focus, then by what they are.
func (f *finder) sort() {
	slices.SortStableFunc(f.found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.told, a.told), cmp.Compare(a.radius, b.radius), cmp.Compare(a.door, b.door), cmp.Compare(a.sense.Layer, b.sense.Layer), cmp.Compare(a.sense.Slot, b.sense.Slot), cmp.Compare(a.at.X, b.at.X), cmp.Compare(a.at.Y, b.at.Y))
	})
}
