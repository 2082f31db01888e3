package places

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gewu-city/gewu/geocode/eval"
)

// Hits is the share of first answers that are right for each class, in Markdown, and how long those of the first of all
// took. The first of all is asked all texts,
// and then, as the others are, the few first ones of each class. say is told what goes on.
func Hits(ctx context.Context, all []Named, classes [][]eval.Case, few int, say func(format string, args ...any)) (string, error) {
	var t table
	for i, s := range append(all[:1:1], all...) {
		n := few
		if i == 0 {
			n = len(classes[0])
		}
		start := time.Now()
		report, err := ask(ctx, s, Evenly(classes, n))
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.Who, err)
		}
		say("   %-34s %d of %d texts right, %.1f s", s.Who, report.Total.Hit, report.Total.N, time.Since(start).Seconds())
		t.who, t.reports = append(t.who, s.Who), append(t.reports, report)
	}
	return t.markdown(), nil
}

// ask asks for cases. A question that fails ends it.
func ask(ctx context.Context, s Search, cases []eval.Case) (eval.Report, error) {
	var failed error
	report, err := eval.Run(ctx, cases, func(text string) ([]eval.Answer, error) {
		door, err := s.Find(s.Prepare(text))
		if err != nil && failed == nil {
			failed = fmt.Errorf("asked for %s: %w", text, err)
		}
		if err != nil || door == "" {
			return nil, err
		}
		layer, id, _ := strings.Cut(door, "/")
		return []eval.Answer{{Layer: layer, ID: id}}, nil
	}, eval.Options{Now: time.Now})
	if err == nil {
		err = failed
	}
	return report, err
}

// table has a column for each report.
type table struct {
	who     []string
	reports []eval.Report
}

func (t *table) markdown() string {
	var b strings.Builder
	b.WriteString("| right first answers, by class |")
	for i, name := range t.who {
		fmt.Fprintf(&b, " %s, %d of each |", name, t.reports[i].Classes[0].N)
	}
	fmt.Fprintf(&b, " p50 and p99 of %s, µs |\n|---|%s\n", t.who[0], strings.Repeat("---|", len(t.who)+1))
	line := func(name string, row func(r *eval.Report) *eval.Row) {
		fmt.Fprintf(&b, "| %s |", name)
		for i := range t.reports {
			r := row(&t.reports[i])
			fmt.Fprintf(&b, " %.1f %% |", 100*float64(r.Hit)/float64(r.N))
		}
		first := row(&t.reports[0])
		fmt.Fprintf(&b, " %.0f, %.0f |\n", first.P50Micros, first.P99Micros)
	}
	for i := range t.reports[0].Classes {
		line(t.reports[0].Classes[i].Class, func(r *eval.Report) *eval.Row { return &r.Classes[i] })
	}
	line("all, evenly", func(r *eval.Report) *eval.Row { return &r.Total })
	return b.String()
}
