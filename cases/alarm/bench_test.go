package alarm_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/alarm"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
)

// bare answers the preconditions of a city without layers.
type bare struct{ db *boltstore.DB }

func (b bare) Applied() data.Seq                   { return b.db.Last() }
func (bare) Head(string, string) (data.Head, bool) { return data.Head{}, false }
func (bare) Layer(string) (*data.Layer, bool)      { return nil, false }
func (bare) Scheme(string) (*data.Scheme, bool)    { return nil, false }
func (bare) Values(string, int) iter.Seq2[string, data.Value] {
	return func(func(string, data.Value) bool) {}
}
func (bare) Holders(string, int, string) iter.Seq[string] { return func(func(string) bool) {} }
func (bare) Feature(string, string) (data.Feature, bool)  { return data.Feature{}, false }

// BenchmarkSweep tells a mark of each of 100,000 cases that are due at once, into a log on disk.
func BenchmarkSweep(b *testing.B) {
	const n = 100_000
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	city, tables, table := luqiao(b, hours)
	var moved atomic.Int64
	now := func() time.Time { return begin.Add(time.Duration(moved.Load())) }
	dir := b.TempDir()
	db, err := boltstore.Open(filepath.Join(dir, "gewu.db"), boltstore.Options{Now: now})
	check(err)
	ctx, cancel := context.WithCancel(context.Background())
	j := journal.New(db, filepath.Join(dir, "cases.checkpoint"), journal.Options{})
	ledger := timing.NewLedger(city, j)
	s := alarm.New(alarm.Config{City: city, Ledger: ledger, Now: now, Logger: slog.New(slog.DiscardHandler)})
	shelf, err := store.New(ledger, store.Options{Due: ledger.Due, Follow: s.Follow})
	check(err)
	check(j.Load(ctx, shelf))
	s.Open(shelf, func() alarm.Desk { return nil }, func() *process.Versions { return tables })
	ended := make(chan error, 3)
	go func() { ended <- db.Run(ctx, bare{db}) }()
	go func() { ended <- j.Run(ctx) }()
	go func() { ended <- s.Run(ctx) }()
	var events []*cases.Event
	for i := range n {
		events = append(events, &cases.Event{
			Case: fmt.Sprintf("L-%06d", i), Number: 1, At: begin, Actor: cases.Actor{Person: "ma", Organisation: "grid", Post: "grid-worker"}, Action: "find",
			Process: &cases.ProcessRef{Name: "luqiao", Version: table.Version}, To: "handling", Unit: process.Set, Form: cases.Form{Source: "grid", Description: "井盖缺失", Unit: "grid"},
			Clocks: []cases.ClockEffect{{Effect: process.Effect{Clock: "handle", Do: process.Start}, Limit: "5 natural_day", Calendar: "city"}},
		})
		if len(events) == 20 {
			_, err := shelf.Append(ctx, events)
			check(err)
			events = nil
		}
	}
	for b.Loop() {
		// The first mark, then no other: each turn needs cases of its own, so that -benchtime 1x is what can be had.
		moved.Store(int64(4 * 24 * time.Hour))
		begun := time.Now()
		check(s.Settle(ctx))
		took := time.Since(begun)
		if is := s.State(); is.Told == n {
			b.ReportMetric(float64(n)/took.Seconds(), "marks/s")
			b.ReportMetric(took.Seconds(), "s/100k")
		}
	}
	if is := s.State(); is.Told != n {
		b.Errorf("%+v", is)
	}
	cancel()
	for range cap(ended) {
		check(<-ended)
	}
	check(db.Close())
}
