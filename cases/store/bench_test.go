package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/people"
)

const many = 1_000_000

// million is a store of a million cases of three years in 17 streets, 205 communities, 1,593 cells and 60 units, of which
// one in twenty is open.
func million(b *testing.B) *store.Store {
	b.Helper()
	s := open(b, newPages(), store.Options{Levels: []string{"district", "street", "community"}, Schemes: []string{"unit"}, Due: dueOf})
	r := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < many; at += 10_000 {
		batch := make([]*cases.Case, 0, 10_000)
		for i := at; i < at+10_000; i++ {
			c := cases.NewCase()
			c.ID, c.Version, c.Process = fmt.Sprintf("01KAX%021d", i), 12, cases.ProcessRef{Name: "base", Version: 1}
			c.State, c.Final = "closed", true
			c.Opened = day.Add(-time.Duration(r.IntN(3*365*24*3600)) * time.Second)
			c.Updated, c.Rested = c.Opened.Add(48*time.Hour), c.Opened.Add(48*time.Hour)
			if r.IntN(20) == 0 {
				c.State, c.Final, c.Rested = []string{"submitted", "registered", "handling", "inspecting"}[r.IntN(4)], false, time.Time{}
				c.Clocks["handle"] = process.Start
			}
			cell := r.IntN(1593)
			c.Units, c.First, c.Source = []string{fmt.Sprint("unit", r.IntN(60))}, "unit1", []string{"collector", "public", "sensor"}[r.IntN(3)]
			c.Class = cases.Class{Edition: "2013", Kind: "event", Code: fmt.Sprintf("%02d%02d", 1+r.IntN(6), r.IntN(38))}
			c.Intake = &cases.Place{
				Point: &cases.Position{Lon: 116.37 + r.Float64()*0.07, Lat: 39.86 + r.Float64()*0.11},
				Areas: []cases.Area{
					{AreaKey: people.AreaKey{Level: "district", Code: "110101"}},
					{AreaKey: people.AreaKey{Level: "street", Code: fmt.Sprint("s", cell%17)}},
					{AreaKey: people.AreaKey{Level: "community", Code: fmt.Sprint("c", cell%205)}},
				},
				Cells: []people.CellRef{{Scheme: "unit", Code: fmt.Sprint("u", cell)}},
			}
			batch = append(batch, c)
		}
		put(s, batch...)
	}
	return s
}

// limited are the filters of somebody of a unit with two below it, a task, two streets and forty cells: one of them must pass.
func limited() []store.Filter {
	units := []string{"unit7", "unit8", "unit9"}
	cells := make([]people.CellRef, 40)
	for i := range cells {
		cells[i] = people.CellRef{Scheme: "unit", Code: fmt.Sprint("u", 31*i)}
	}
	return []store.Filter{
		{Areas: []people.AreaKey{{Level: "street", Code: "s3"}, {Level: "street", Code: "s4"}}},
		{Cells: cells},
		{Tasks: []string{"li"}},
		{Units: units},
		{Firsts: units},
		{States: []string{"submitted"}},
	}
}

func BenchmarkMillionCases(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := million(b)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Logf("%d MB for %d cases", (after.HeapAlloc-before.HeapAlloc)>>20, s.Len())
	yes := true
	box := geo.Box{Min: geo.Point{X: 116_38 * geo.Unit / 100, Y: 39_88 * geo.Unit / 100}, Max: geo.Point{X: 116_40 * geo.Unit / 100, Y: 39_90 * geo.Unit / 100}}
	for _, q := range []struct {
		name   string
		filter store.Filter
	}{
		{"all", store.Filter{}},
		{"state", store.Filter{States: []string{"handling"}}},
		{"closed", store.Filter{States: []string{"closed"}}},
		{"unit-open", store.Filter{Units: []string{"unit7"}, Open: &yes}},
		{"class", store.Filter{Classes: []string{"01"}}},
		{"street-month", store.Filter{Areas: []people.AreaKey{{Level: "street", Code: "s3"}}, Opened: store.Range{From: day.AddDate(0, -1, 0), To: day}}},
		{"cell", store.Filter{Cells: []people.CellRef{{Scheme: "unit", Code: "u99"}}}},
		{"box", store.Filter{Box: &box}},
		{"due", store.Filter{Due: store.Range{To: day}}},
		{"sight", store.Filter{Any: limited()}},
		{"sight-box-class", store.Filter{Classes: []string{"01", "02"}, Box: &box, Any: limited()}},
		{"sight-inbox", store.Filter{Any: []store.Filter{
			{States: []string{"handling"}, Units: []string{"unit7"}, Any: limited()},
			{States: []string{"submitted", "registered"}, Any: limited()},
			{Requests: []string{"extend"}, Any: limited()},
		}}},
		{"source", store.Filter{Sources: []string{"public"}}},
		{"first", store.Filter{Firsts: []string{"unit1"}}},
		{"task", store.Filter{Tasks: []string{"li"}}},
		{"parent", store.Filter{Parents: []string{"01KAX000000000000000000007"}}},
		{"edition-kind", store.Filter{Editions: []string{"2013"}, Kinds: []string{"event"}}},
		{"process", store.Filter{Processes: []string{"base"}}},
		{"mark", store.Filter{Marks: []string{"yellow"}}},
		{"private", store.Filter{Private: &yes}},
		{"district", store.Filter{Areas: []people.AreaKey{{Level: "district", Code: "110101"}}}},
		{"street", store.Filter{Areas: []people.AreaKey{{Level: "street", Code: "s3"}}}},
		{"community", store.Filter{Areas: []people.AreaKey{{Level: "community", Code: "c3"}}}},
		{"opened", store.Filter{Opened: store.Range{From: day.AddDate(0, -6, 0), To: day}}},
		{"updated", store.Filter{Updated: store.Range{From: day.AddDate(0, -6, 0)}}},
		{"rested", store.Filter{Rested: store.Range{To: day.AddDate(0, -6, 0)}}},
		{"priority", store.Filter{Priority: 2}},
		{"everything", store.Filter{
			States: []string{"closed", "handling"}, Sources: []string{"public", "collector"}, Classes: []string{"01", "02"}, Kinds: []string{"event"},
			Areas: []people.AreaKey{{Level: "street", Code: "s3"}, {Level: "street", Code: "s4"}}, Opened: store.Range{From: day.AddDate(-2, 0, 0)}, Box: &box,
		}},
	} {
		b.Run("count/"+q.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Count(&q.filter); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("list/"+q.name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.List(&q.filter, store.ByUpdated, 100, store.Cursor{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, order := range []store.Order{store.ByOpened, store.ByDue} {
		b.Run("list/sight-"+string(order), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.List(&store.Filter{Any: limited()}, order, 100, store.Cursor{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, by := range []store.Column{store.ByState, store.ByUnit, store.ByClass, "area:community", "cell:unit"} {
		b.Run("by/"+string(by), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.CountBy(&store.Filter{}, by); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("put", func(b *testing.B) {
		c, err := cases.Fold(begin("01KAX000000000000000000007", day))
		if err != nil {
			b.Fatal(err)
		}
		c.Version = 100
		for b.Loop() {
			put(s, c)
		}
	})
}

// BenchmarkTransition is a case from report to filing, three transitions with everything but a disk.
func BenchmarkTransition(b *testing.B) {
	d, _ := newDesk(b)
	n := 0
	for b.Loop() {
		n++
		move(b, d, fmt.Sprint("T-", n))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(3*b.N), "ns/transition")
}

// BenchmarkCold is a transition of a case with a dozen events that is not held: it is folded from the log first.
func BenchmarkCold(b *testing.B) {
	ctx := context.Background()
	log := newPages()
	s := open(b, log, store.Options{Recent: 1})
	const n = 1000
	for i := range n {
		id := fmt.Sprint("A", i)
		if _, err := s.Append(ctx, []*cases.Event{begin(id, day)}); err != nil {
			b.Fatal(err)
		}
		for j := 2; j <= 12; j++ {
			e := &cases.Event{Case: id, Number: j, At: day, Actor: cases.Actor{Person: "li", Organisation: "water", Post: "handler"}, Action: "annotate", From: "submitted", To: "submitted", Form: cases.Form{Note: "意见"}}
			if _, err := s.Append(ctx, []*cases.Event{e}); err != nil {
				b.Fatal(err)
			}
		}
	}
	i := 0
	for b.Loop() {
		i++
		if _, err := s.Case(ctx, fmt.Sprint("A", i%n)); err != nil {
			b.Fatal(err)
		}
	}
}
