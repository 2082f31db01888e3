package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/test/peers/proc"
)

// metric is one figure that every contestant of a contest gives in each round.
type metric struct {
	name, unit string
	// lower says that less is better.
	lower bool
	// goals are what the budgets ask of the first contestant, which is gewu.
	goals []goal
}

// goal is one demand on the first contestant: on its median, or, with than, on the median ratio to another one.
type goal struct {
	than            string
	atLeast, atMost float64
}

// contestant takes its turn in each round and returns a figure for each metric. A figure that it does not have is NaN.
type contestant struct {
	who  string
	turn func() ([]float64, error)
}

// contest is what is measured, and by how many.
type contest struct {
	budget, what string
	metrics      []metric
	by           []contestant
}

// result is a contest with the figures of all rounds: figures[contestant][metric][round].
type result struct {
	contest
	figures [][][]float64
}

// report is the results, and tables of another form.
type report struct {
	results []result
	texts   []string
}

// contest runs the rounds. The order within a round turns with the rounds, so that none always comes first.
func (r *rig) contest(c contest) error {
	res := result{contest: c, figures: make([][][]float64, len(c.by))}
	for i := range c.by {
		res.figures[i] = make([][]float64, len(c.metrics))
	}
	for round := range r.options.rounds {
		for turn := range c.by {
			i := (turn + round) % len(c.by)
			if err := r.ctx.Err(); err != nil {
				return err
			}
			got, err := c.by[i].turn()
			if err != nil {
				return fmt.Errorf("%s: %s: %w", c.what, c.by[i].who, err)
			}
			for m, v := range got {
				res.figures[i][m] = append(res.figures[i][m], v)
			}
		}
	}
	for i, by := range c.by {
		for m := range c.metrics {
			s := summarise(res.figures[i][m])
			if !math.IsNaN(s.median) {
				r.say("   %-34s %-28s %s", by.who, c.metrics[m].name, s.text(c.metrics[m].unit))
			}
		}
	}
	r.report.results = append(r.report.results, res)
	return nil
}

// summary is a median with its range.
type summary struct{ median, low, high float64 }

func summarise(values []float64) summary {
	if len(values) == 0 {
		return summary{math.NaN(), math.NaN(), math.NaN()}
	}
	v := slices.Clone(values)
	slices.Sort(v)
	mid := v[len(v)/2]
	if len(v)%2 == 0 {
		mid = (v[len(v)/2-1] + mid) / 2
	}
	return summary{mid, v[0], v[len(v)-1]}
}

func (s summary) text(unit string) string {
	if s.low == s.high {
		return figure(s.median) + " " + unit
	}
	return fmt.Sprintf("%s %s (%s … %s)", figure(s.median), unit, figure(s.low), figure(s.high))
}

// figure shows three significant digits, with thousands set apart.
func figure(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v == 0:
		return "0"
	case math.Abs(v) < 100:
		return strconv.FormatFloat(v, 'f', max(0, 2-int(math.Floor(math.Log10(math.Abs(v))))), 64)
	}
	step := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
	text := strconv.FormatFloat(math.Round(v/step)*step, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// ratios are the figures of the first contestant over those of another one, round by round.
func (r *result) ratios(other, metric int) []float64 {
	var out []float64
	for round, v := range r.figures[0][metric] {
		if o := r.figures[other][metric]; round < len(o) && o[round] != 0 {
			out = append(out, v/o[round])
		}
	}
	return out
}

// verdicts say whether goals are met, and by how much a missed one is missed.
func (r *result) verdicts(m int) string {
	var out []string
	for _, g := range r.metrics[m].goals {
		got, name := summarise(r.figures[0][m]).median, ""
		if g.than != "" {
			other := slices.IndexFunc(r.by, func(c contestant) bool { return c.who == g.than })
			if other < 0 {
				continue // left out of this run
			}
			got, name = summarise(r.ratios(other, m)).median, "× "+g.than
		}
		want, miss, sign := g.atLeast, g.atLeast/got, "≥"
		if g.atMost != 0 {
			want, miss, sign = g.atMost, got/g.atMost, "≤"
		}
		verdict := "met"
		if !(miss <= 1) {
			verdict = fmt.Sprintf("**missed by %.2f×**", miss)
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", sign, figure(want), name))+": "+verdict)
	}
	return strings.Join(out, "; ")
}

// markdown is the table of all contests.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Taken on %s by `go run ./test/peers`: %s\n\n", time.Now().Format(time.DateOnly), proc.Machine())
	b.WriteString("| budget | what | who | median (range) | gewu ÷ it, by round | goal |\n|---|---|---|---|---|---|\n")
	for i := range r.results {
		res := &r.results[i]
		for m, metric := range res.metrics {
			for j, by := range res.by {
				s := summarise(res.figures[j][m])
				if math.IsNaN(s.median) {
					continue
				}
				budget, what, ratio, verdict := "", "", "", ""
				if j == 0 {
					budget, what, verdict = res.budget, res.what+": "+metric.name, res.verdicts(m)
				} else {
					q := summarise(res.ratios(j, m))
					ratio = fmt.Sprintf("%s× (%s … %s)", figure(q.median), figure(q.low), figure(q.high))
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", budget, what, by.who, s.text(metric.unit), ratio, verdict)
			}
		}
	}
	for _, text := range r.texts {
		b.WriteString("\n" + text)
	}
	return b.String()
}
