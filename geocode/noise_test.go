package geocode_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/geocode/eval"
	"github.com/gewu-city/gewu/geocode/noise"
	"github.com/gewu-city/gewu/index"
)

// doors are the labels of a layer of addresses as cases, in an order by r: labels that several doors have stand for all.
func doors(l *index.Layer, r *rand.Rand) []eval.Case {
	ids := map[string][]string{}
	var order []string
	for s := range l.Slots() {
		label := l.Value(s, l.Def().AttributeIndex("full")).Text()
		if ids[label] == nil {
			order = append(order, label)
		}
		ids[label] = append(ids[label], l.Def().Name+"/"+l.ID(s))
	}
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	cases := make([]eval.Case, len(order))
	for i, label := range order {
		cases[i] = eval.Case{Query: label, IDs: ids[label]}
	}
	return cases
}

// ask is a geocoder for the runner.
func ask(g *geocode.Geocoder) func(text string) ([]eval.Answer, error) {
	return func(text string) ([]eval.Answer, error) {
		places, _ := g.Search(geocode.Question{Text: text})
		answers := make([]eval.Answer, len(places))
		for i, p := range places {
			answers[i] = eval.Answer{Layer: p.Layer, ID: p.ID, At: p.At, Score: p.Score, Label: p.Label}
		}
		return answers, nil
	}
}

// run measures cases and logs the report and what failed.
func run(t *testing.T, g *geocode.Geocoder, l *index.Layer, cases []eval.Case) eval.Report {
	t.Helper()
	var failures, text strings.Builder
	report, err := eval.Run(t.Context(), cases, ask(g), eval.Options{Now: time.Now, Failures: &failures, Locate: func(_, id string) (geo.Point, bool) {
		s, ok := l.Lookup(id)
		if !ok {
			return geo.Point{}, false
		}
		return l.Point(s)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text.String())
	if name := os.Getenv("GEWU_EVAL_FAILURES"); name != "" {
		if err := os.WriteFile(name, []byte(failures.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return report
}

// chance is the chance of a test, or with GEWU_EVAL_SEED another one: tables that are published have a seed that nothing
// else has.
func chance(t *testing.T, a, b uint64) *rand.Rand {
	t.Helper()
	text := os.Getenv("GEWU_EVAL_SEED")
	if text == "" {
		return rand.New(rand.NewPCG(a, b))
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return rand.New(rand.NewPCG(seed, a))
}

// TestNoise holds what is published about noisy addresses: shares of first answers that are right, in percent. The table
// in docs/benchmarks.md has a seed of its own.
func TestNoise(t *testing.T) {
	g, w := city(t)
	l, _ := w.Layer("addresses")
	n := 400
	if testing.Short() {
		n = 60
	}
	r := chance(t, 5, 11)
	clean := doors(l, r)
	var cases []eval.Case
	for _, class := range noise.Classes() {
		cases = append(cases, eval.Noisy(clean, class, n, r)...)
	}
	least := map[string]float64{string(noise.Exact): 100, string(noise.PrefixDropped): 100, string(noise.Deletion): 90, string(noise.Combination): 85}
	for _, row := range run(t, g, l, cases).Classes {
		want, ok := least[row.Class]
		if !ok {
			want = 97
		}
		right := row.Hit
		if row.Class == string(noise.PrefixDropped) {
			right += row.Tied + row.Listed // ambiguous: all candidates count
		}
		if share := 100 * float64(right) / float64(row.N); share < want {
			t.Errorf("%s: %.1f %% of %d, want %v", row.Class, share, row.N, want)
		}
	}
}

// TestRelations asks for crossings and for places so far from a door, of which the truth is computed from the doors.
func TestRelations(t *testing.T) {
	g, w := city(t)
	l, _ := w.Layer("addresses")
	def := l.Def()
	text := func(s index.Slot, name string) string { return l.Value(s, def.AttributeIndex(name)).Text() }
	roads := map[string]*eval.Road{}
	var order []string
	anchors := map[string]*eval.Anchor{}
	for s := range l.Slots() {
		if text(s, "lane") != "" {
			continue
		}
		name := text(s, "road") + text(s, "section")
		if roads[name] == nil {
			roads[name] = &eval.Road{Name: name}
			order = append(order, name)
		}
		at, _ := l.Point(s)
		roads[name].Doors = append(roads[name].Doors, at)
		if s%501 == 0 {
			anchors[name] = &eval.Anchor{Text: name + text(s, "number"), At: at}
		}
	}
	r := chance(t, 6, 12)
	var all []eval.Road
	var from []eval.Anchor
	for _, name := range order {
		all = append(all, *roads[name])
		if a := anchors[name]; a != nil {
			a.Road = roads[name].Doors
			from = append(from, *a)
		}
	}
	cases := append(eval.Crossings(all, 300, r), eval.Offsets(from, 300, r)...)
	for _, row := range run(t, g, l, cases).Classes {
		if share := 100 * float64(row.Hit) / float64(row.N); share < 95 || row.N < 200 {
			t.Errorf("%s: %.1f %% of %d, want 95", row.Class, share, row.N)
		}
	}
}

// BenchmarkNoise asks for noisy addresses, as many of each class.
func BenchmarkNoise(b *testing.B) {
	g, w := city(b)
	l, _ := w.Layer("addresses")
	r := rand.New(rand.NewPCG(5, 12))
	clean := doors(l, r)
	for _, class := range noise.Classes() {
		cases := eval.Noisy(clean, class, 1000, r)
		if len(cases) == 0 {
			continue
		}
		b.Run(string(class), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				g.Search(geocode.Question{Text: cases[i%len(cases)].Query})
				i++
			}
		})
	}
}
