package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/test/peers/figure"
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
			s := figure.Summarise(res.figures[i][m])
			if !math.IsNaN(s.Median) {
				r.say("   %-34s %-28s %s", by.who, c.metrics[m].name, s.Text(c.metrics[m].unit))
			}
		}
	}
	r.report.results = append(r.report.results, res)
	return nil
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
		got, name := figure.Summarise(r.figures[0][m]).Median, ""
		if g.than != "" {
			other := slices.IndexFunc(r.by, func(c contestant) bool { return c.who == g.than })
			if other < 0 {
				continue // left out of this run
			}
			got, name = figure.Summarise(r.ratios(other, m)).Median, "× "+g.than
		}
		want, miss, sign := g.atLeast, g.atLeast/got, "≥"
		if g.atMost != 0 {
			want, miss, sign = g.atMost, got/g.atMost, "≤"
		}
		verdict := "met"
		if !(miss <= 1) {
			verdict = fmt.Sprintf("**missed by %.2f×**", miss)
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", sign, figure.Text(want), name))+": "+verdict)
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
				s := figure.Summarise(res.figures[j][m])
				if math.IsNaN(s.Median) {
					continue
				}
				budget, what, ratio, verdict := "", "", "", ""
				if j == 0 {
					budget, what, verdict = res.budget, res.what+": "+metric.name, res.verdicts(m)
				} else {
					q := figure.Summarise(res.ratios(j, m))
					ratio = fmt.Sprintf("%s× (%s … %s)", figure.Text(q.Median), figure.Text(q.Low), figure.Text(q.High))
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", budget, what, by.who, s.Text(metric.unit), ratio, verdict)
			}
		}
	}
	for _, text := range r.texts {
		b.WriteString("\n" + text)
	}
	return b.String()
}
