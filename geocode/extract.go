package geocode

import (
	"cmp"
	"slices"
	"time"

	"github.com/gewu-city/gewu/geo"
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
	mostClasses = 3
	leastSpan   = 45 // a place of a report may be less sure than the answer to a question
)

// Extract finds the places in the text of a report, and the one that it is about: the surest that the text does not say
// of something else, as the home of the caller or the office that is to handle it; of equals the first. When is as that of a [Question].
func (g *Geocoder) Extract(text string, when time.Time) (Report, *index.World) {
	r := Report{Reported: -1, Classes: classes.Suggest(text, mostClasses)}
	city := g.Gazetteer()
	if city == nil {
		return r, nil
	}
	f := g.finders.Get().(*finder)
	defer g.finders.Put(f)
	f.begin(city, text, when)
	f.local = true
	f.codes(text)
	all := slices.Clone(f.found)
	for _, p := range phrase.Pieces(f.text.Runes) {
		all = append(all, f.piece(p[0], p[1])...)
	}
	if len(all) == 0 {
		f.romanised(text)
		all = f.found
	}
	f.found = all
	f.widen()
	// The surest first; what overlaps one that was kept says the same, or less.
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.start, b.start)) })
	var kept []candidate
	for _, c := range all {
		if c.score >= leastSpan-asidePoints && !slices.ContainsFunc(kept, func(k candidate) bool { return c.start < k.end && k.start < c.end }) {
			kept = append(kept, f.doubted(c, all))
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
	whole := f.text
	f.text = whole.Part(start, end)
	f.found = f.found[:0]
	f.search()
	f.text = whole
	found := slices.Clone(f.found)
	for i := range found {
		found[i].start, found[i].end = found[i].start+start, found[i].end+start
	}
	return found
}

// doubted is a candidate with the fault that others are as good as it, if there are any that the same words may mean.
func (f *finder) doubted(c candidate, all []candidate) candidate {
	for i := range all {
		o := &all[i]
		if o.start < c.end && c.start < o.end && o.score >= c.score-sameScore && o.told == c.told && geo.Distance(o.at, c.at) > samePlace {
			c.faults = append(slices.Clip(c.faults), Fault{Element: "text", Kind: Ambiguous, Points: ambiguousPoints})
			c.score = max(c.score-ambiguousPoints, 0)
			return c
		}
	}
	return c
}
