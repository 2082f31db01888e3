package eval

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/geo"
)

// Options are what [Run] needs beside cases and a geocoder.
type Options struct {
	// Now is the clock; it is read before and after each query.
	Now func() time.Time
	// Locate says where a feature is, so that errors of cases with ids only are measured, too; without it they are not.
	// A case whose ids it all does not know has failed: the case is wrong, or the city another one.
	Locate func(layer, id string) (geo.Point, bool)
	// Failures gets a line for every case that is no hit, as TSV with a header, if it is not nil.
	Failures io.Writer
}

// Outcome is what became of a case. Each case has one.
type Outcome string

// Outcomes, and how they are counted.
const (
	// Hit: the first answer is right. Of a text without a place: there was no answer.
	Hit Outcome = "hit"
	// Tied: the first answer is not right, but one with the same score is. The text is ambiguous (the same road in two
	// districts, two doors with one label), or the geocoder does not tell what it could; which of the two the runner
	// cannot know, so that these are counted apart and not among the hits.
	Tied Outcome = "tied"
	// Listed: an answer with a lower score is right.
	Listed Outcome = "listed"
	// Wrong: no answer is right. Of a text without a place: there was an answer.
	Wrong Outcome = "wrong"
	// Refused: there was no answer to a text that names a place.
	Refused Outcome = "refused"
	// Failed: the geocoder returned an error, or the case names features that are not there.
	Failed Outcome = "failed"
)

// Run asks the geocoder for each case, one after the other, and counts. The geocoder returns its answers with the best
// first, none to refuse. The error is that of the context or of writing failures; the report then counts the cases so far.
// With some cases run before, caches and pages are warm: speeds of a first run are those of a cold start.
func Run(ctx context.Context, cases []Case, geocode func(text string) ([]Answer, error), o Options) (Report, error) {
	t := tally{rows: map[string]*counts{}}
	if o.Failures != nil {
		if _, err := fmt.Fprintln(o.Failures, "case\tclass\toutcome\tquery\twanted\tgot\tscore\terror_m"); err != nil {
			return Report{}, fmt.Errorf("write the list of failures: %w", err)
		}
	}
	for i := range cases {
		if err := ctx.Err(); err != nil {
			return t.report(), err
		}
		c := &cases[i]
		start := o.Now()
		answers, err := geocode(c.Query)
		took := o.Now().Sub(start)
		v := judge(c, answers, err, o.Locate)
		t.add(c, v, took)
		if v.outcome != Hit && o.Failures != nil {
			if _, err := io.WriteString(o.Failures, v.line(c, answers)); err != nil {
				return t.report(), fmt.Errorf("write the list of failures: %w", err)
			}
		}
	}
	return t.report(), nil
}

// verdict is a judged case.
type verdict struct {
	outcome Outcome
	err     error
	score   int     // of the first answer
	errorM  float64 // of the first answer, infinite where no place is right, NaN where it is not known
}

func judge(c *Case, answers []Answer, err error, locate func(layer, id string) (geo.Point, bool)) verdict {
	v := verdict{err: err, errorM: math.NaN()}
	truth, known := places(c, locate)
	if err == nil && !known {
		v.err = fmt.Errorf("the city has none of %s", strings.Join(c.IDs, ", "))
	}
	if v.err != nil {
		v.outcome = Failed
		return v
	}
	if len(answers) == 0 {
		v.outcome = Refused
		if c.None {
			v.outcome = Hit
		}
		return v
	}
	v.score = answers[0].Score
	if c.None {
		v.outcome, v.errorM = Wrong, math.Inf(1)
		return v
	}
	for _, p := range truth {
		d := geo.Distance(p, answers[0].At)
		if math.IsNaN(v.errorM) || d < v.errorM {
			v.errorM = d
		}
	}
	first := slices.IndexFunc(answers, c.right)
	switch {
	case first < 0:
		v.outcome = Wrong
	case first == 0:
		v.outcome = Hit
	case answers[first].Score == answers[0].Score:
		v.outcome = Tied
	default:
		v.outcome = Listed
	}
	return v
}

// places are where the text of a case lies; known is false when locate has none of its ids.
func places(c *Case, locate func(layer, id string) (geo.Point, bool)) (at []geo.Point, known bool) {
	if c.Placed {
		return []geo.Point{c.At}, true
	}
	if locate == nil || len(c.IDs) == 0 {
		return nil, true
	}
	for _, id := range c.IDs {
		layer, id, _ := strings.Cut(id, "/")
		if p, ok := locate(layer, id); ok {
			at = append(at, p)
		}
	}
	return at, len(at) > 0
}

// oneCell replaces what would begin another cell or row.
var oneCell = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")

// line is a failure as a row: what was asked, what was wanted, what came first.
func (v verdict) line(c *Case, answers []Answer) string {
	where, got, score, distance := "", "", "", ""
	if c.Row > 0 {
		where = c.File + ":" + strconv.Itoa(c.Row)
	}
	switch {
	case v.err != nil:
		got = v.err.Error()
	case len(answers) > 0:
		a := answers[0]
		got = a.Label
		if a.ID != "" {
			got = strings.TrimSpace(a.Layer + "/" + a.ID + " " + a.Label)
		}
		score = strconv.Itoa(a.Score)
		if !math.IsNaN(v.errorM) && !math.IsInf(v.errorM, 0) {
			distance = metres(v.errorM)
		}
	}
	cells := []string{where, c.Class, string(v.outcome), c.Query, c.wanted(), got, score, distance}
	for i := range cells {
		cells[i] = oneCell.Replace(cells[i])
	}
	return strings.Join(cells, "\t") + "\n"
}

// metres is a distance for people, to the decimetre.
func metres(m float64) string { return strings.TrimSuffix(strconv.FormatFloat(m, 'f', 1, 64), ".0") }
