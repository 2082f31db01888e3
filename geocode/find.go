package geocode

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/index"
)

// candidate is a place before it is written out.
type candidate struct {
	kind     Kind
	relation Relation
	at       geo.Point
	radius   float64
	score    int
	faults   []Fault
	// What it is: a door, the feature of a sense, or roads by their names.
	door        uint32
	isDoor      bool
	sense       gazetteer.Sense
	road, cross names.ID
	start, end  int // characters of the text
	layer       string
	label       string // of a part: its code
	slot        index.Slot
	open        float64 // the share of the text that nothing about it explains
	told        int     // more of what the text says stands in the label of the door
	// street and number are those of a house without a door; the number is empty for a whole street.
	street houses.Street
	number string
}

// finder answers one question. It keeps its memory for the next.
type finder struct {
	g        *gazetteer.Gazetteer
	text     normal.Text
	reader   phrase.Reader
	elements []phrase.Element
	claims   claims
	found    []candidate
	rest     normal.Text
	near     []names.Match
	firm     [][2]int // where the text names areas in full
	wide     bool     // an area will do
	local    bool     // only the sentence around a place counts, not all of the text
	left     int      // of what the question may cost, see spend
}

// written is what an element looks like in the source.
func (f *finder) written(e *phrase.Element) string { return string(f.text.Runes[e.Start:e.End]) }

// What readings are tried.
const (
	plainly  = 3 // as the text stands
	fuzzily  = 8 // with slips
	enough   = 90
	doubted  = 72  // below it the names themselves are in doubt
	mostSame = 200 // things of one name that are looked at
)

// Readings that cost so much more than the cheapest say something else than the text.
const (
	plainSpread = 0.9
	fuzzySpread = 1.6
)

// What a question may cost, in units of about a tenth of a microsecond: some 15 ms in all. What is left undone then are
// crossings, slips and claims behind those that were looked at.
const (
	mostCost    = 150_000
	costRune    = 10  // to read a character
	costNear    = 400 // to look for names with slips at a character
	costMeaning = 20  // to look up what a name means
	costPoint   = 2   // to look at a door of a road
	costOutside = 100 // to measure how far a place is from an area
)

// spend takes off what something costs and reports whether it may be done.
func (f *finder) spend(cost int) bool {
	f.left -= cost
	return f.left >= 0
}

// search finds the candidates of the text, the best first. It looks for slips where the text as it stands is not
// explained, or what it says is not there.
func (f *finder) search() {
	if !f.spend(costRune * len(f.text.Runes)) {
		return
	}
	readings := f.reader.Read(f.text.Runes, f.g, plainly, nil)
	open := 0
	for i, r := range readings {
		n := gaps(r.Elements)
		if i == 0 {
			open = n
			f.note(r.Elements)
		}
		if n > open || !f.heeds(r.Elements) || r.Cost > readings[0].Cost+plainSpread {
			continue
		}
		f.try(r.Elements)
		if f.best() >= 100 {
			break
		}
	}
	if f.own() {
		return
	}
	if f.best() < doubted && len(readings) > 0 {
		f.doubt(slices.Clone(readings[0].Elements))
	}
	if best := f.best(); (best < doubted || open > 0 && best < enough) && f.spend(costRune*len(f.text.Runes)) {
		near := f.doubtful()
		readings := f.reader.Read(f.text.Runes, f.g, fuzzily, func(at int) bool { return near(at) && f.spend(costNear) })
		for _, r := range readings {
			if r.Cost <= readings[0].Cost+fuzzySpread && f.heeds(r.Elements) {
				f.try(r.Elements)
			}
		}
	}
	f.tell()
	f.sort()
}

// note remembers where the text names areas in full.
func (f *finder) note(elements []phrase.Element) {
	f.firm = f.firm[:0]
	for i := range elements {
		if e := &elements[i]; e.Kind == phrase.Name && !f.g.Weak(e.Name) && means(f.g, e, gazetteer.Area) {
			f.firm = append(f.firm, [2]int{e.Start, e.End})
		}
	}
}

// heeds reports whether a reading does not pass over an area that the text names in full: what lies elsewhere must not
// win by it.
func (f *finder) heeds(elements []phrase.Element) bool {
	for i := range elements {
		if e := &elements[i]; e.Kind == phrase.Gap || e.Kind == phrase.Admin {
			for _, span := range f.firm {
				if e.Start < span[1] && span[0] < e.End {
					return false
				}
			}
		}
	}
	return true
}

// own reports whether the text is the label of a door that was found: then that is meant, whatever the register and the
// borders disagree about.
func (f *finder) own() bool {
	for i := range f.found {
		c := &f.found[i]
		if !c.isDoor || c.relation != At {
			continue
		}
		if f.rest.Set(f.g.DoorLabel(c.door)); slices.Equal(f.rest.Runes, f.text.Runes) {
			c.score, c.faults = doorPrecision, nil
			f.found[0], f.found = *c, f.found[:1]
			return true
		}
	}
	return false
}

// doubt takes names of a reading for slips of others where a number follows that they do not have: a name may be written
// so that it is another one.
func (f *finder) doubt(elements []phrase.Element) {
	for i := range elements {
		e := &elements[i]
		if e.Kind != phrase.Name || !e.Exact || !means(f.g, e, gazetteer.Road) || !f.spend(costNear) {
			continue
		}
		written := *e
		f.near = f.g.Near(f.text.Runes[e.Start:], f.near[:0])
		e.Also = nil
		for _, m := range f.near {
			if m.Length != e.End-e.Start {
				continue
			}
			if e.Exact {
				e.Exact, e.Name, e.Fault, e.Edits = false, m.ID, m.Fault, m.Edits
			} else if m.Fault == e.Fault && m.Edits == e.Edits {
				e.Also = append(e.Also, m.ID)
			}
		}
		if !e.Exact {
			f.try(elements)
		}
		*e = written
	}
}

// gaps is how many characters of a text nothing explains.
func gaps(elements []phrase.Element) (n int) {
	for i := range elements {
		if e := &elements[i]; e.Kind == phrase.Gap {
			n += e.End - e.Start
		}
	}
	return n
}

func (f *finder) best() int {
	best := 0
	for i := range f.found {
		best = max(best, f.found[i].score)
	}
	return best
}

// doubtful says where slips are looked for: everywhere in short texts, in longer ones where nothing is explained, and
// just before.
func (f *finder) doubtful() func(at int) bool {
	const short, before, most = 24, 8, 40
	n := len(f.text.Runes)
	if n <= short {
		return func(int) bool { return true }
	}
	marked := make([]bool, n)
	for _, r := range f.reader.Read(f.text.Runes, f.g, 1, nil) {
		for _, e := range r.Elements {
			if e.Kind == phrase.Gap {
				for i := max(0, e.Start-before); i < e.End && i < n; i++ {
					marked[i] = true
				}
			}
		}
	}
	// Names stand before numbers: of a long text what is near them comes first.
	left := most
	chosen := make([]bool, n)
	for i := n - 1; i >= 0 && left > 0; i-- {
		if marked[i] && i+12 < n && hasDigit(f.text.Runes[i:i+12]) {
			chosen[i], left = true, left-1
		}
	}
	for i := 0; i < n && left > 0; i++ {
		if marked[i] && !chosen[i] {
			chosen[i], left = true, left-1
		}
	}
	return func(at int) bool { return at < n && chosen[at] }
}

func hasDigit(text []rune) bool {
	return slices.ContainsFunc(text, func(r rune) bool { return '0' <= r && r <= '9' })
}

// try looks up the claims of a reading.
func (f *finder) try(elements []phrase.Element) {
	f.elements = elements
	f.claims = claims{g: f.g, elements: elements, found: f.claims.found}
	f.claims.read()
	first := len(f.found)
	for i := range f.claims.found {
		f.resolve(&f.claims.found[i], false)
	}
	if len(f.found) > first || len(f.claims.areas) == 0 {
		return
	}
	for i := range elements {
		if e := &elements[i]; e.Kind == phrase.Number && counted(e.Numbers) && !f.wide {
			return // it says where in the area
		}
	}
	for i := range f.claims.found {
		if cl := &f.claims.found[i]; cl.main == f.claims.areas[len(f.claims.areas)-1] {
			f.resolve(cl, true)
		}
	}
}

// resolve looks up what the name of a claim means, or each of the names that it may be a slip for.
func (f *finder) resolve(cl *claim, areas bool) {
	if cl.sides != nil {
		if !areas {
			f.bounds(cl)
		}
		return
	}
	e := &f.elements[cl.main]
	written, also := e.Name, e.Also
	defer func() { e.Name, e.Also = written, also }()
	e.Also = nil
	f.meanings(cl, areas)
	for _, id := range also {
		e.Name = id
		f.meanings(cl, areas)
	}
}

// meanings looks up what the name of a claim means.
func (f *finder) meanings(cl *claim, areas bool) {
	for i, s := range f.g.Senses(f.elements[cl.main].Name) {
		if i >= mostSame || !f.spend(costMeaning) {
			break
		}
		switch {
		case areas != (s.Kind == gazetteer.Area):
		case s.Kind == gazetteer.Area:
			f.area(cl, s)
		case s.Kind == gazetteer.Road && cl.third >= 0:
			f.stretch(cl, s)
		case s.Kind == gazetteer.Road && cl.second >= 0:
			f.crossing(cl, s)
		case s.Kind == gazetteer.Road:
			f.road(cl, s)
		default:
			f.landmark(cl, s)
		}
	}
}

// What is taken off for names.
const (
	soundPoints = 2
	slipPoints  = 3
	otherPoints = 12 // more for a name that another is told apart from by what differs
	aliasPoints = 1
	shortPoints = 3
)

// nameFaults are what is wrong with a name.
func (f *finder) nameFaults(element string, e *phrase.Element, s gazetteer.Sense, faults []Fault) []Fault {
	meant := string(f.g.Name(e.Name))
	if !e.Exact {
		fault := Fault{Element: element, Kind: SoundsAlike, Text: f.written(e), Meant: meant, Points: soundPoints}
		if e.Fault == names.Slip {
			fault.Kind, fault.Points = Misspelt, slipPoints*e.Edits
			if tellsApart(f.text.Runes[e.Start:e.End], f.g.Name(e.Name)) {
				fault.Points += otherPoints
			}
		}
		faults = append(faults, fault)
	}
	switch s.Form {
	case gazetteer.Alias:
		faults = append(faults, Fault{Element: element, Kind: Aliased, Text: f.written(e), Meant: f.proper(s), Points: aliasPoints})
	case gazetteer.Short:
		faults = append(faults, Fault{Element: element, Kind: Shortened, Text: f.written(e), Meant: f.proper(s), Points: shortPoints})
	default:
	}
	return faults
}

// proper is the proper name of what a sense means.
func (f *finder) proper(s gazetteer.Sense) string {
	if s.Kind == gazetteer.Road {
		return string(f.g.Name(s.Road))
	}
	return f.g.Title(s)
}

// keep scores a candidate and keeps it: of the same place by two readings the better one.
func (f *finder) keep(cl *claim, precision int, c candidate) {
	first := cl.first
	if len(cl.areas) > 0 {
		first = min(first, cl.areas[0])
	}
	c.start, c.end = f.elements[first].Start, f.elements[cl.last].End
	c.faults = f.within(cl.areas, c.at, c.faults)
	c.open = f.unexplained(cl)
	if points := int(c.open*weight(c.kind, len(c.faults)) + 0.5); points > 0 {
		c.faults = append(c.faults, Fault{Element: "text", Kind: Unknown, Points: points})
	}
	if f.aside(cl) {
		c.faults = append(slices.Clip(c.faults), Fault{Element: "text", Kind: Aside, Points: asidePoints})
	}
	c.score = precision
	for _, fault := range c.faults {
		c.score -= fault.Points
	}
	if unsure(c.kind) && !f.elements[cl.main].Exact {
		c.faults = append(slices.Clip(c.faults), Fault{Element: "name", Kind: Approximate, Points: unconfirmed})
		c.score -= unconfirmed
	}
	if c.score = max(c.score, 0); c.score == 0 {
		return
	}
	for i := range f.found {
		if old := &f.found[i]; old.same(&c) {
			if c.better(old) {
				*old = c
			}
			return
		}
	}
	f.found = append(f.found, c)
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
		c.cross == d.cross && (c.isDoor || c.sense != gazetteer.Sense{} || geo.Distance(c.at, d.at) < samePlace)
}

// better reports whether c reads the text better than d does, which is the same place: it explains more of it without
// much more to forgive, or as much with less.
func (c *candidate) better(d *candidate) bool {
	const more, much = 0.02, 12
	switch {
	case c.open < d.open-more:
		return c.score >= d.score-much
	case d.open < c.open-more:
		return d.score < c.score-much
	}
	return c.score > d.score
}

// tellsApart reports whether a text differs from a name in a character that names are told apart by: 东路 is no slip for
// 西路, nor 一 for 二.
func tellsApart(text, name []rune) bool {
	if len(text) != len(name) {
		return false
	}
	for i, r := range text {
		if r != name[i] && (strings.ContainsRune(fourWinds, r) && strings.ContainsRune(fourWinds, name[i]) || strings.ContainsRune(numerals, r) && strings.ContainsRune(numerals, name[i])) {
			return true
		}
	}
	return false
}

const (
	fourWinds = "东南西北中"
	numerals  = "一二三四五六七八九十"
)

// weight is what a text loses of which nothing about a place explains anything: words around a door say little against
// it, words around the name of an area much.
func weight(kind Kind, faults int) float64 {
	w := map[Kind]float64{House: 8, Crossing: 8, Part: 4, Lane: 20, Landmark: 35, Building: 35, Road: 40, Area: 60}[kind]
	return w * float64(1+min(faults, 3))
}

// unexplained is the share of the text that nothing about a claim explains: of other names and words half.
func (f *finder) unexplained(cl *claim) float64 {
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
		case i >= cl.first && i <= cl.last && e.Kind != phrase.Gap:
		case slices.Contains(cl.areas, i), e.Kind == phrase.Admin, neighborhood(e):
		case e.Kind == phrase.Gap:
			open += n
		default:
			open += n / 2
		}
	}
	return open / max(all, 1)
}

// sentence is the elements of the sentence, or part of one, that a claim stands in.
func (f *finder) sentence(cl *claim) (from, to int) {
	ends := func(e *phrase.Element) bool { return e.Kind == phrase.Mark && f.text.Runes[e.Start] == ',' }
	for from = cl.first; from > 0 && !ends(&f.elements[from-1]); from-- {
	}
	for to = cl.last + 1; to < len(f.elements) && !ends(&f.elements[to]); to++ {
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
			quarter = f.written(e)
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
