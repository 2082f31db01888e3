package eval

import (
	"encoding/json"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is what [Run] counted.
type Report struct {
	// Classes are in the order in which they came first among the cases.
	Classes []Row `json:"classes"`
	// Total is all of them.
	Total Row `json:"total"`
	// Calibration says how right answers are by their score.
	Calibration []Band `json:"calibration"`
	// None are the texts that name no place.
	None None `json:"none"`
}

// Row counts the cases of a class. N is the sum of the outcomes.
type Row struct {
	Class string `json:"class"`
	N     int    `json:"n"`
	// The outcomes, see [Outcome].
	Hit     int `json:"hit"`
	Tied    int `json:"tied"`
	Listed  int `json:"listed"`
	Wrong   int `json:"wrong"`
	Refused int `json:"refused"`
	Failed  int `json:"failed"`
	// Measured is how many first answers have a known error; MedianM and P95M are the error in metres that half and 95 %
	// of these do not exceed, null without any. Refusals have no error: see Refused beside them.
	Measured int      `json:"measured"`
	MedianM  *float64 `json:"median_m"`
	P95M     *float64 `json:"p95_m"`
	// QPS is queries a second, one after the other; P50Micros and P99Micros are what half and 99 % of the queries do not
	// exceed, in microseconds.
	QPS       float64 `json:"qps"`
	P50Micros float64 `json:"p50_us"`
	P99Micros float64 `json:"p99_us"`
}

// Band counts first answers with scores from From to To. Those to texts that name no place are in N and within no
// distance; those whose error is not known are left out.
type Band struct {
	From      int `json:"from"`
	To        int `json:"to"`
	N         int `json:"n"`
	Within50  int `json:"within_50m"`
	Within200 int `json:"within_200m"`
}

// None counts the texts that name no place.
type None struct {
	N       int `json:"n"`
	Refused int `json:"refused"`
}

// counts is a row while it is counted.
type counts struct {
	row    Row
	errors []float64
	took   []time.Duration
}

func (c *counts) add(v verdict, took time.Duration) {
	r := &c.row
	r.N++
	switch v.outcome {
	case Hit:
		r.Hit++
	case Tied:
		r.Tied++
	case Listed:
		r.Listed++
	case Wrong:
		r.Wrong++
	case Refused:
		r.Refused++
	case Failed:
		r.Failed++
	}
	if !math.IsNaN(v.errorM) && !math.IsInf(v.errorM, 0) {
		c.errors = append(c.errors, v.errorM)
	}
	c.took = append(c.took, took)
}

func (c *counts) done() Row {
	r := c.row
	r.Measured = len(c.errors)
	if r.Measured > 0 {
		slices.Sort(c.errors)
		median, p95 := rank(c.errors, 50), rank(c.errors, 95)
		r.MedianM, r.P95M = &median, &p95
	}
	if r.N == 0 {
		return r
	}
	slices.Sort(c.took)
	var all time.Duration
	for _, t := range c.took {
		all += t
	}
	if all > 0 {
		r.QPS = float64(r.N) / all.Seconds()
	}
	micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	r.P50Micros, r.P99Micros = micros(rank(c.took, 50)), micros(rank(c.took, 99))
	return r
}

// rank is the smallest of sorted values that percent of them do not exceed.
func rank[T any](sorted []T, percent int) T {
	return sorted[(len(sorted)*percent+99)/100-1]
}

// lows are the scores at which bands begin.
var lows = [...]int{0, 50, 60, 70, 80, 90}

// tally counts judged cases.
type tally struct {
	rows  map[string]*counts
	order []string
	total counts
	bands [len(lows)]Band
	none  None
}

func (t *tally) add(c *Case, v verdict, took time.Duration) {
	row := t.rows[c.Class]
	if row == nil {
		row = &counts{row: Row{Class: c.Class}}
		t.rows[c.Class], t.order = row, append(t.order, c.Class)
	}
	row.add(v, took)
	t.total.add(v, took)
	if c.None {
		t.none.N++
		if v.outcome == Hit {
			t.none.Refused++
		}
	}
	if math.IsNaN(v.errorM) {
		return
	}
	b := len(lows) - 1
	for b > 0 && v.score < lows[b] {
		b--
	}
	t.bands[b].N++
	if v.errorM <= 50 {
		t.bands[b].Within50++
	}
	if v.errorM <= 200 {
		t.bands[b].Within200++
	}
}

func (t *tally) report() Report {
	r := Report{Classes: []Row{}, None: t.none}
	for _, class := range t.order {
		r.Classes = append(r.Classes, t.rows[class].done())
	}
	t.total.row.Class = "all"
	r.Total = t.total.done()
	for i, b := range t.bands {
		b.From, b.To = lows[i], 100
		if i+1 < len(lows) {
			b.To = lows[i+1] - 1
		}
		r.Calibration = append(r.Calibration, b)
	}
	return r
}

// WriteJSON writes the report as one indented JSON object.
func (r Report) WriteJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// WriteText writes the report as aligned tables: classes in percent of n, the calibration, and the refusals.
func (r Report) WriteText(w io.Writer) error {
	classes := [][]string{{"class", "n", "hit %", "tied %", "listed %", "wrong %", "refused %", "failed %", "median m", "95 % m", "q/s", "p50 µs", "p99 µs"}}
	for _, c := range append(slices.Clone(r.Classes), r.Total) {
		classes = append(classes, []string{
			oneCell.Replace(c.Class), strconv.Itoa(c.N), percent(c.Hit, c.N), percent(c.Tied, c.N), percent(c.Listed, c.N), percent(c.Wrong, c.N),
			percent(c.Refused, c.N), percent(c.Failed, c.N), decimal(c.MedianM), decimal(c.P95M),
			strconv.FormatFloat(c.QPS, 'f', 0, 64), strconv.FormatFloat(c.P50Micros, 'f', 1, 64), strconv.FormatFloat(c.P99Micros, 'f', 1, 64),
		})
	}
	bands := [][]string{{"score", "n", "≤ 50 m %", "≤ 200 m %"}}
	for _, b := range r.Calibration {
		bands = append(bands, []string{strconv.Itoa(b.From) + "–" + strconv.Itoa(b.To), strconv.Itoa(b.N), percent(b.Within50, b.N), percent(b.Within200, b.N)})
	}
	refusals := [][]string{
		{"texts without a place", "n", "refused %"},
		{"", strconv.Itoa(r.None.N), percent(r.None.Refused, r.None.N)},
	}
	_, err := io.WriteString(w, table(classes)+"\n"+table(bands)+"\n"+table(refusals))
	return err
}

func percent(part, of int) string {
	if of == 0 {
		return "–"
	}
	return strconv.FormatFloat(100*float64(part)/float64(of), 'f', 1, 64)
}

func decimal(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'f', 1, 64)
}

// table aligns the first column on the left and the others on the right.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString(cell + pad)
			} else {
				b.WriteString("  " + pad + cell)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
