// Package duplicate finds the cases that a report may say again: those about the same part first, then those of the same
// class near by, open or closed not long ago, then by the words. It decides nothing: whoever takes the report does.
package duplicate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Report is what is known of a matter before it becomes a case.
type Report struct {
	// Case is left out of the answer: that of the report itself, where it has one.
	Case        string
	Class       cases.Class
	Parts       []cases.Part
	Point       *cases.Position
	Description string
	At          time.Time
}

// Known is a case that may be the same.
type Known struct {
	ID     string
	Class  cases.Class
	Parts  []cases.Part
	Point  *cases.Position
	Opened time.Time
	// Rested is when it came to rest, zero while it is open.
	Rested time.Time
	// Description is empty where nobody may read it; then words say nothing.
	Description string
}

// Nearby finds cases. Both yield cases that were open at a time or came to rest after it, in any order; what they yield
// besides is left out.
type Nearby interface {
	// OfPart are the cases about a part.
	OfPart(ctx context.Context, layer, id string, since time.Time) ([]Known, error)
	// Around are the cases within so many metres of a point.
	Around(ctx context.Context, at cases.Position, metres float64, since time.Time) ([]Known, error)
}

// Rule is how near in space and time a case must be to be the same matter.
type Rule struct {
	// Classes are beginnings of class codes; the first rule that has one of the class of the report counts.
	Classes []string
	// Metres is the distance, Window how long ago a case may have come to rest.
	Metres float64
	Window time.Duration
	// Words is the least likeness of two descriptions, 0 to 1, that counts without the same class.
	Words float64
}

// Rules are rules by class with one for all others. They are immutable.
type Rules struct {
	ByClass []Rule
	Others  Rule
	// Windows, when not nil, is the distance and the window of a class that no rule names, as the table of classes has them;
	// no distance for a class that it does not know. The words are those of Others.
	Windows func(class cases.Class) (metres float64, window time.Duration)
}

// Default are 50 m and 7 days for every class.
func Default() *Rules {
	return &Rules{Others: Rule{Metres: 50, Window: 7 * 24 * time.Hour, Words: 0.5}}
}

type ruleRow struct {
	Classes []string `toml:"classes"`
	Metres  float64  `toml:"metres"`
	Days    float64  `toml:"days"`
	Words   float64  `toml:"words"`
}

// Parse reads rules from the text of a file: [others], and [classes.NAME] for rules by class, in their order. The error
// is a *rows.Error or several joined.
func Parse(file, text string) (*Rules, error) {
	var doc struct {
		Others  ruleRow            `toml:"others"`
		Classes map[string]ruleRow `toml:"classes"`
	}
	if err := rows.Decode(file, text, &doc); err != nil {
		return nil, err
	}
	var from rows.Source
	from.Read(file, text)
	var faults []error
	check := func(at string, row ruleRow) Rule {
		if !(row.Metres > 0 && row.Metres <= 10_000) {
			faults = append(faults, from.Fault(at, "metres", fmt.Sprint(row.Metres), "must be above 0 and at most 10000"))
		}
		if !(row.Days >= 0 && row.Days <= 366) {
			faults = append(faults, from.Fault(at, "days", fmt.Sprint(row.Days), "must be from 0 to 366"))
		}
		if !(row.Words >= 0 && row.Words <= 1) {
			faults = append(faults, from.Fault(at, "words", fmt.Sprint(row.Words), "must be from 0 to 1"))
		}
		return Rule{Classes: row.Classes, Metres: row.Metres, Window: time.Duration(row.Days * 24 * float64(time.Hour)), Words: row.Words}
	}
	out := &Rules{Others: check("others", doc.Others)}
	for _, id := range rows.Keys(&from, "classes", doc.Classes) {
		if len(doc.Classes[id].Classes) == 0 {
			faults = append(faults, from.Fault("classes."+id, "classes", "", "is missing: say for which classes the rule is"))
		}
		out.ByClass = append(out.ByClass, check("classes."+id, doc.Classes[id]))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return out, nil
}

// of is the rule for a class.
func (r *Rules) of(class cases.Class) *Rule {
	if class.Code == "" {
		return &r.Others
	}
	for i := range r.ByClass {
		if slices.ContainsFunc(r.ByClass[i].Classes, func(prefix string) bool { return strings.HasPrefix(class.Code, prefix) }) {
			return &r.ByClass[i]
		}
	}
	if r.Windows != nil {
		if metres, window := r.Windows(class); metres > 0 {
			return &Rule{Metres: metres, Window: window, Words: r.Others.Words}
		}
	}
	return &r.Others
}

// Code says why a case may be the same.
type Code string

// The reasons, strongest first.
const (
	SamePart  Code = "same-part"
	SameClass Code = "same-class"
	LikeWords Code = "like-words"
)

// Reason is why a case may be the same, with what was measured.
type Reason struct {
	Code Code
	// Metres is the distance, for reasons of place; Words the likeness of the descriptions, 0 to 1.
	Metres float64
	Words  float64
	Title  data.Title
}

// Match is a case that may be the same. Scores are from 0 to 1; those of the same part are above those of the same class,
// and these above those of words alone.
type Match struct {
	Known
	Score   float64
	Reasons []Reason
}

// Bounds of the scores of each kind of reason: the first is the least, the second what nearness in place, time and words
// adds.
var bounds = map[Code][2]float64{SamePart: {0.8, 0.2}, SameClass: {0.4, 0.35}, LikeWords: {0, 0.35}}

// Find are the cases that a report may say again, the most likely first, at most so many.
func (r *Rules) Find(ctx context.Context, report *Report, near Nearby, most int) ([]Match, error) {
	rule := r.of(report.Class)
	since := report.At.Add(-rule.Window)
	found := map[string]Known{}
	for _, p := range report.Parts {
		of, err := near.OfPart(ctx, p.Layer, p.ID, since)
		if err != nil {
			return nil, fmt.Errorf("cases of part %s/%s: %w", p.Layer, p.ID, err)
		}
		for _, k := range of {
			found[k.ID] = k
		}
	}
	if report.Point != nil {
		around, err := near.Around(ctx, *report.Point, rule.Metres, since)
		if err != nil {
			return nil, fmt.Errorf("cases around the report: %w", err)
		}
		for _, k := range around {
			found[k.ID] = k
		}
	}
	var out []Match
	for _, k := range found {
		if k.ID == report.Case || k.Opened.After(report.At) || !k.Rested.IsZero() && k.Rested.Before(since) {
			continue
		}
		if m := rule.match(report, k); len(m.Reasons) > 0 {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.Opened.Compare(a.Opened), strings.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), max(0, most))], nil
}

func (r *Rule) match(report *Report, k Known) Match {
	m := Match{Known: k}
	metres, placed := distance(report.Point, k.Point)
	words := Likeness(report.Description, k.Description)
	near := 0.0
	if placed {
		near = max(0, 1-metres/r.Metres)
	}
	fresh := 1.0
	if !k.Rested.IsZero() && r.Window > 0 {
		fresh = 1 - float64(report.At.Sub(k.Rested))/float64(r.Window)
	}
	add := func(code Code, why data.Title) {
		m.Reasons = append(m.Reasons, Reason{Code: code, Metres: metres, Words: words, Title: why})
		b := bounds[code]
		m.Score = max(m.Score, b[0]+b[1]*(0.5*near+0.3*words+0.2*max(0, fresh)))
	}
	if p, same := shared(report.Parts, k.Parts); same {
		add(SamePart, data.Title{"zh": "同一部件 " + p.ID, "en": "the same part, " + p.ID})
	}
	within := placed && metres <= r.Metres
	if within && report.Class.Code != "" && report.Class.Code == k.Class.Code && report.Class.Edition == k.Class.Edition && report.Class.Kind == k.Class.Kind {
		add(SameClass, data.Title{"zh": fmt.Sprintf("同类问题，相距 %.0f 米", metres), "en": fmt.Sprintf("the same class, %.0f m away", metres)})
	}
	if within && words > 0 && words >= r.Words {
		add(LikeWords, data.Title{"zh": fmt.Sprintf("描述相似 %.0f%%，相距 %.0f 米", 100*words, metres), "en": fmt.Sprintf("%.0f %% of the words, %.0f m away", 100*words, metres)})
	}
	return m
}

func shared(a, b []cases.Part) (cases.Part, bool) {
	for _, p := range a {
		if slices.ContainsFunc(b, func(q cases.Part) bool { return p.Layer == q.Layer && p.ID == q.ID }) {
			return p, true
		}
	}
	return cases.Part{}, false
}

func distance(a, b *cases.Position) (metres float64, ok bool) {
	if a == nil || b == nil {
		return 0, false
	}
	p, ok1 := geo.FromDegrees(a.Lon, a.Lat)
	q, ok2 := geo.FromDegrees(b.Lon, b.Lat)
	if !ok1 || !ok2 {
		return 0, false
	}
	return geo.Distance(p, q), true
}

// Likeness is how alike two texts are, from 0 to 1: the share of pairs of neighbouring characters that both have, twice
// those over all (Dice's coefficient). Letters count in small form, and only letters and digits count. Pairs of characters
// serve Chinese, which has no spaces, as well as words do elsewhere.
func Likeness(a, b string) float64 {
	p, q := pairs(a), pairs(b)
	if len(p) == 0 || len(q) == 0 {
		return 0
	}
	both, all := 0, 0
	for pair, n := range p {
		both, all = both+min(n, q[pair]), all+n
	}
	for _, n := range q {
		all += n
	}
	return 2 * float64(both) / float64(all)
}

func pairs(s string) map[[2]rune]int {
	out := map[[2]rune]int{}
	var last rune
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		r = unicode.ToLower(r)
		if last != 0 {
			out[[2]rune{last, r}]++
		}
		last = r
	}
	return out
}
