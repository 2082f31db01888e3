package geocode

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geocode/classes"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/index"
)

// Report is what the text of a report says about places.
type Report struct {
	// Places are those that the text names, in its order: none overlaps another.
	Places []Place
	// Reported is the position of the place that the report is about in Places, -1 where it names none.
	Reported int
	// Classes are what it may be about, by its words: up to three of each edition, the likeliest first.
	Classes []classes.Suggestion
}

// Bounds of reports.
const (
	mostPieces  = 32 // pieces of phrase.MostRunes at most; more than normal.MostBytes can be
	mostClasses = 3
	leastSpan   = 45 // a place of a report may be less sure than the answer to a question
)

// Extract finds the places in the text of a report, and the one that it is about: the surest that the text does not say
// of something else, as the home of the caller or the office that is to handle it; of equals the first.
func (g *Geocoder) Extract(text string) (Report, *index.World) {
	r := Report{Reported: -1, Classes: classes.Suggest(text, mostClasses)}
	city := g.Gazetteer()
	if city == nil {
		return r, nil
	}
	f := g.finders.Get().(*finder)
	defer g.finders.Put(f)
	f.g, f.wide, f.local, f.left = city, false, true, mostCost
	f.text.Set(text)
	f.found = f.found[:0]
	f.codes(text)
	all := slices.Clone(f.found)
	for _, p := range pieces(f.text.Runes) {
		all = append(all, f.piece(p[0], p[1])...)
	}
	f.found = all
	f.widen()
	// The surest first; what overlaps one that was kept says the same, or less.
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.start, b.start)) })
	var kept []candidate
	for _, c := range all {
		if c.score >= leastSpan-asidePoints && !slices.ContainsFunc(kept, func(k candidate) bool { return c.start < k.end && k.start < c.end }) {
			kept = append(kept, c)
		}
	}
	slices.SortFunc(kept, func(a, b candidate) int { return cmp.Compare(a.start, b.start) })
	for i := range kept {
		r.Places = append(r.Places, f.place(&kept[i]))
		if c := &kept[i]; c.score >= leastSpan && (r.Reported < 0 || c.score+c.cue > kept[r.Reported].score+kept[r.Reported].cue) {
			r.Reported = i
		}
	}
	return r, city.World()
}

// piece finds the candidates in a piece of the text; their places in the text are those in all of it.
func (f *finder) piece(start, end int) []candidate {
	whole := f.text.Runes
	f.text.Runes = whole[start:end]
	f.found = f.found[:0]
	f.search()
	f.text.Runes = whole
	found := slices.Clone(f.found)
	for i := range found {
		found[i].start, found[i].end = found[i].start+start, found[i].end+start
	}
	return found
}

// pieces cuts a text where sentences end, into pieces that can be read at once.
func pieces(text []rune) (all [][2]int) {
	for start := 0; start < len(text) && len(all) < mostPieces; {
		end := min(len(text), start+phrase.MostRunes)
		if end < len(text) {
			for i, r := range slices.Backward(text[start:end]) {
				if r == ',' {
					end = start + i + 1
					break
				}
			}
		}
		all = append(all, [2]int{start, end})
		start = end
	}
	return all
}
