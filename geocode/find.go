package geocode

import (
	"slices"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/order"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
	"github.com/gewu-city/gewu/geocode/roman"
	"github.com/gewu-city/gewu/geocode/ways"
	"github.com/gewu-city/gewu/index"
)

// candidate is a place before it is written out.
type candidate struct {
	kind     Kind
	relation Relation
	at       geo.Point
	anchor   geo.Point // what it is described by: at, where it lies there itself
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
	label       string // of a part: its code; of a crossing: its name, where lanes are part of it
	slot        index.Slot
	open        float64 // the share of the text that nothing about it explains
	told        int     // more of what the text says stands in the label of the door
	cue         int     // what it has before other places of a report, for words that something happens there
	apart       bool    // the text says how it lies to what it is described by
	spans       bool    // it lies between two places of the text
	rival       bool    // what the text has for its name sounds like another one
	void        bool    // what the text says of it cannot be
	split       bool    // it is not where the crossing is that the text says it stands at
	// street and number are those of a house without a door; the number is empty for a whole street.
	street houses.Street
	number string
}

// finder answers one question. It keeps its memory for the next.
type finder struct {
	g        *gazetteer.Gazetteer
	ways     ways.Ways
	text     normal.Text
	reader   phrase.Reader
	elements []phrase.Element
	claims   relation.Reader
	found    []candidate
	rest     normal.Text
	near     []names.Match
	firm     [][2]int // where the text names areas in full
	roads    [][2]int // where it names roads in full
	foreign  [][2]int // where it names cities and districts elsewhere
	wide     bool     // an area will do
	local    bool     // only the sentence around a place counts, not all of the text
	slips    []int    // elements that are a misspelt name of an area around the place that is scored
	disorder bool     // characters were put where they belong
	when     time.Time
	left     int // of what the question may cost, see spend
}

// newFinder is a finder that knows no city yet.
func newFinder() *finder {
	f := &finder{}
	f.ways.Spend = f.spend
	return f
}

// begin makes f ready for a question about a city.
func (f *finder) begin(city *gazetteer.Gazetteer, text string, when time.Time) {
	f.g, f.ways.City, f.when = city, city, when
	f.wide, f.local, f.left = false, false, mostCost
	f.text.Set(text)
	f.found = f.found[:0]
}

// written is what an element looks like in the source.
func (f *finder) written(e *phrase.Element) string { return f.text.Written(e.Start, e.End) }

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
	costRune    = 10   // to read a character
	costNear    = 400  // to look for names with slips at a character
	costGuess   = 8000 // to look for names that the text resembles
	costMeaning = 20   // to look up what a name means
	costOutside = 20   // to look whether a place is near an area
	costKeep    = 20   // to score a place
	keptShare   = 16   // elements of the text that scoring a place looks at for one unit
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
	f.firm, f.roads, f.foreign = f.firm[:0], f.roads[:0], f.foreign[:0]
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
		var plain []phrase.Element
		if len(readings) > 0 {
			plain = readings[0].Elements
		}
		near := f.doubtful(plain)
		f.cheapest(f.reader.Read(f.text.Runes, f.g, fuzzily, func(at int) bool { return near(at) && f.spend(costNear) }))
	}
	if open > 0 && f.best() < StandardLeast && f.spend(costGuess) {
		guess := f.g.Guess(f.text.Runes[:min(len(f.text.Runes), phrase.MostRunes)])
		f.cheapest(f.reader.Read(f.text.Runes, guess, fuzzily, guess.At))
	}
	f.reorder()
	f.cover()
	f.together()
	f.rivals()
	f.tell()
	f.sort()
}

// reorder reads the text again with the number of a section where it belongs, if nothing is found without.
func (f *finder) reorder() {
	if f.best() >= StandardLeast {
		return
	}
	mended, _, ok := order.Section(f.text.Runes)
	if !ok || !f.spend(costRune*len(mended)) {
		return
	}
	written := f.text.Runes
	f.text.Runes, f.disorder = mended, true
	f.cheapest(f.reader.Read(mended, f.g, plainly, nil))
	f.text.Runes, f.disorder = written, false
}

// romanised looks for a text in Latin letters, or with some among characters, as it is spelt in Chinese, and keeps what was
// found before where that finds nothing.
func (f *finder) romanised(source string) {
	found := f.found
	for variant := range roman.Variants {
		written, ok := roman.Han(f.text.Runes, variant)
		if !ok || !f.g.Han() || !f.spend(costRune*len(written.Runes)) {
			return
		}
		f.found = nil
		f.text.Rewrite(written.Runes, written.From)
		if f.search(); f.best() >= StandardLeast {
			return
		}
		f.found = found
		f.text.Set(source)
	}
}

// cheapest tries the readings that do not cost much more than the first.
func (f *finder) cheapest(readings []phrase.Reading) {
	for _, r := range readings {
		if r.Cost <= readings[0].Cost+fuzzySpread && f.heeds(r.Elements) {
			f.try(r.Elements)
		}
	}
}

// cover leaves out what lies within what lies between several: the ends of that, or a part of it, are not meant.
func (f *finder) cover() {
	spans := slices.DeleteFunc(slices.Clone(f.found), func(c candidate) bool { return !c.spans })
	for i := range spans {
		start, end := spans[i].start, spans[i].end
		f.found = slices.DeleteFunc(f.found, func(c candidate) bool {
			return start <= c.start && c.end <= end && (!c.spans || c.end-c.start < end-start)
		})
	}
}

// note remembers where the text names areas and roads in full.
func (f *finder) note(elements []phrase.Element) {
	f.firm, f.roads, f.foreign = f.firm[:0], f.roads[:0], f.foreign[:0]
	for i := range elements {
		e := &elements[i]
		if e.Kind == phrase.Admin && f.g.Elsewhere(f.text.Runes[e.Start:e.End]) {
			f.foreign = append(f.foreign, [2]int{e.Start, e.End})
		}
		if e.Kind != phrase.Name || f.g.Weak(e.Name) {
			continue
		}
		if relation.Means(f.g, e, gazetteer.Area) {
			f.firm = append(f.firm, [2]int{e.Start, e.End})
		}
		if relation.Means(f.g, e, gazetteer.Road) {
			f.roads = append(f.roads, [2]int{e.Start, e.End})
		}
	}
}

// heeds reports whether a reading does not pass over an area that the text names in full, or takes it for a slip: what lies elsewhere must not
// win by it.
func (f *finder) heeds(elements []phrase.Element) bool {
	for _, span := range f.foreign {
		if !slices.ContainsFunc(elements, func(e phrase.Element) bool { return e.Start == span[0] && e.End == span[1] }) {
			return false
		}
	}
	for i := range elements {
		if e := &elements[i]; e.Kind == phrase.Gap || e.Kind == phrase.Admin || e.Kind == phrase.Name && !e.Exact {
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
		if e.Kind != phrase.Name || !e.Exact || !relation.Means(f.g, e, gazetteer.Road) || !f.spend(costNear) {
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
				e.Also, e.Shared = append(e.Also, m.ID), true
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

// doubtful says where slips are looked for: where nothing is explained and just before, in a text without such places
// everywhere; of a long text at so many characters at most.
func (f *finder) doubtful(elements []phrase.Element) func(at int) bool {
	const before, most, soon = 6, 40, 12
	n := len(f.text.Runes)
	chosen := make([]bool, n)
	left := most
	choose := func(at int) {
		if left > 0 && !chosen[at] {
			chosen[at], left = true, left-1
		}
	}
	open := gaps(elements) > 0
	// Names stand before numbers: what is near them comes first.
	for _, near := range []bool{true, false} {
		for i := range elements {
			e := &elements[i]
			if open && e.Kind != phrase.Gap {
				continue
			}
			for at := max(0, e.Start-before); at < e.End; at++ {
				if hasDigit(f.text.Runes[at:min(n, at+soon)]) == near {
					choose(at)
				}
			}
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
	f.claims.Read(f.g, elements)
	first := len(f.found)
	for i := range f.claims.Found {
		f.resolve(&f.claims.Found[i], false)
	}
	if len(f.found) > first {
		return
	}
	for i := range f.claims.Found {
		f.cell(&f.claims.Found[i])
	}
	if len(f.found) > first || len(f.claims.Areas) == 0 {
		return
	}
	for i := range elements {
		if e := &elements[i]; e.Kind == phrase.Number && relation.Counted(e.Numbers) && !f.wide {
			return // it says where in the area
		}
	}
	for i := range f.claims.Found {
		if cl := &f.claims.Found[i]; cl.Main == f.claims.Areas[len(f.claims.Areas)-1] {
			f.resolve(cl, true)
		}
	}
}

// resolve looks up what the name of a claim means, or each of the names that it may be a slip for.
func (f *finder) resolve(cl *relation.Claim, areas bool) {
	if cl.Sides != nil {
		if !areas {
			f.bounds(cl)
		}
		return
	}
	if cl.Ends != nil {
		if !areas {
			f.span(cl)
		}
		return
	}
	e := &f.elements[cl.Main]
	written, also := e.Name, e.Also
	defer func() { e.Name, e.Also = written, also }()
	e.Also = nil
	f.meanings(cl, areas)
	for _, id := range also {
		e.Name = id
		f.meanings(cl, areas)
	}
}

// around is a box around the last area that is named before a claim, empty when there is none or few things have its name.
func (f *finder) around(cl *relation.Claim, things int) geo.Box {
	const many = 20
	box := geo.EmptyBox()
	if things < many || len(cl.Areas) == 0 {
		return box
	}
	for _, s := range f.g.Senses(f.elements[cl.Areas[len(cl.Areas)-1]].Name) {
		if s.Kind == gazetteer.Area {
			box = box.Union(f.g.Layer(s.Layer).Box(s.Slot))
		}
	}
	return box
}

// meanings looks up what the name of a claim means.
func (f *finder) meanings(cl *relation.Claim, areas bool) {
	senses := f.g.Senses(f.elements[cl.Main].Name)
	near := f.around(cl, len(senses))
	looked := 0
	for _, s := range senses {
		if !near.Empty() && s.Kind > gazetteer.Road && !near.Intersects(f.g.Layer(s.Layer).Box(s.Slot)) {
			continue // of many things of one name only those in the area that is named
		}
		if looked++; looked > mostSame || !f.spend(costMeaning) {
			break
		}
		switch {
		case areas != (s.Kind == gazetteer.Area):
		case s.Kind == gazetteer.Area:
			f.area(cl, s)
		case s.Kind == gazetteer.Road && cl.Third >= 0 && cl.Relation == Between:
			f.stretch(cl, s, true)
		case s.Kind == gazetteer.Road && cl.Third >= 0:
			f.three(cl, s)
		case s.Kind == gazetteer.Road && cl.Second >= 0:
			f.crossing(cl, s)
		case s.Kind == gazetteer.Road:
			f.road(cl, s)
		default:
			f.landmark(cl, s)
		}
	}
}
