package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/people"
)

// Where the million cases are kept between runs, and how many there are.
const (
	benchDir   = "GEWU_CASES_BENCH_DIR"
	benchCases = "GEWU_CASES_BENCH_COUNT"
)

var wide = store.Options{Levels: []string{"district", "street", "community"}, Schemes: []string{"unit"}}

// life is a case of three years in 17 streets, 205 communities, 1,593 cells and 60 units, with six events or so; one in
// twenty is open.
func life(r *rand.Rand, id string) []*cases.Event {
	cell := r.IntN(1593)
	place := &cases.Place{
		Seq: 4711, Point: &cases.Position{Lon: 116.37 + r.Float64()*0.07, Lat: 39.86 + r.Float64()*0.11, Accuracy: 5},
		Areas: []cases.Area{
			{AreaKey: people.AreaKey{Level: "district", Code: "110101"}, Name: "东城区"},
			{AreaKey: people.AreaKey{Level: "street", Code: fmt.Sprint("s", cell%17)}, Name: "东华门"},
			{AreaKey: people.AreaKey{Level: "community", Code: fmt.Sprint("c", cell%205)}, Name: "多福巷"},
		},
		Cells: []people.CellRef{{Scheme: "unit", Code: fmt.Sprint("u", cell)}}, Address: "东华门大街 12 号",
		Duty: &cases.Duty{Rule: "covers-to-owner", Reason: data.Title{"zh": "部件权属单位", "en": "Owner of the part"}, Organisation: fmt.Sprint("unit", r.IntN(60)), Post: "handler", Limit: "4 work_hour"},
	}
	at := day.Add(-time.Duration(r.IntN(3*365*24*3600)) * time.Second)
	var events []*cases.Event
	add := func(post, action, to string, form cases.Form, more func(*cases.Event)) {
		e := &cases.Event{
			Case: id, Number: len(events) + 1, At: at, Actor: cases.Actor{Person: fmt.Sprint("S-", r.IntN(900)), Organisation: "centre", Post: post},
			Action: action, To: to, Form: form, Final: to == "closed", Notify: []process.Notify{"owner", "reporter"},
		}
		if n := len(events); n > 0 {
			e.From = events[n-1].To
		}
		if more != nil {
			more(e)
		}
		events = append(events, e)
		at = at.Add(time.Duration(r.IntN(8*3600)) * time.Second)
	}
	photo := []cases.File{{Hash: fmt.Sprintf("%064x", r.Uint64()), Type: "image/jpeg", Size: 183_021}}
	class := &cases.Class{Edition: "GBT30428.2-2013", Kind: "event", Code: fmt.Sprintf("%02d%02d", 1+r.IntN(6), r.IntN(38))}
	add("collector", "report", "submitted", cases.Form{
		Source: []string{"collector", "public", "sensor"}[r.IntN(3)], Description: "路边有一堆建筑垃圾，影响通行", Point: place.Point, Before: photo,
	}, func(e *cases.Event) { e.Process, e.Place = &cases.ProcessRef{Name: "base", Version: 1}, place })
	add("operator", "accept", "accepted", cases.Form{}, nil)
	add("duty-chief", "register", "registered", cases.Form{Class: class}, func(e *cases.Event) { e.Place = place })
	add("dispatcher", "dispatch", "assigned", cases.Form{Unit: place.Duty.Organisation}, func(e *cases.Event) {
		e.Unit = process.Set
		e.Clocks = []cases.ClockEffect{{Effect: process.Effect{Clock: "handle", Do: process.Start}, Limit: "4 work_hour", Calendar: "city"}}
	})
	if r.IntN(20) == 0 {
		return events
	}
	add("handler", "feedback", "handled", cases.Form{After: photo, Note: "已清运"}, func(e *cases.Event) {
		e.Clocks = []cases.ClockEffect{{Effect: process.Effect{Clock: "handle", Do: process.Stop}}}
	})
	add("duty-chief", "close", "closed", cases.Form{}, nil)
	return events
}

// manyCases is a folder with the log of many cases, their events in the order in which they came about, mixed with those
// of others. It is made once if its folder is named.
func manyCases(b *testing.B) (dir string, count int) {
	b.Helper()
	count = 1_000_000
	if n := os.Getenv(benchCases); n != "" {
		if _, err := fmt.Sscan(n, &count); err != nil {
			b.Fatal(err)
		}
	}
	dir = os.Getenv(benchDir)
	if dir == "" {
		dir = b.TempDir()
	}
	if _, err := os.Stat(filepath.Join(dir, "made")); err == nil {
		return dir, count
	}
	db, err := boltstore.Open(logFile(dir), boltstore.Options{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = db.Run(ctx, bare{db}) })
	// Hundreds of writers have some cases each at a time, so that the events of a case lie apart in the log.
	const writers, some = 256, 16
	known := db.Last()
	var next atomic.Int64
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(w)))
			for at := int(next.Add(some)) - some; at < count; at = int(next.Add(some)) - some {
				lives := make([][]*cases.Event, 0, some)
				for i := at; i < min(at+some, count); i++ {
					lives = append(lives, life(r, caseID(i)))
				}
				if err := live(ctx, db, known, lives); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	stop()
	running.Wait()
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "made"), nil, 0o600); err != nil {
		b.Fatal(err)
	}
	return dir, count
}

// live lets cases live, each an event at a time.
func live(ctx context.Context, db *boltstore.DB, known data.Seq, lives [][]*cases.Event) error {
	heads := make([]data.Seq, len(lives))
	for step := range 6 {
		tx := data.Tx{Actor: "bench", Cause: "case", Known: max(known, slices.Max(heads))}
		var of []int
		for i, l := range lives {
			if step >= len(l) {
				continue
			}
			body, err := cases.Encode(l[step])
			if err != nil {
				return err
			}
			of = append(of, i)
			tx.Changes = append(tx.Changes, data.Change{
				Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName(l[step].Case), IfSeq: &heads[i], Case: &data.CaseEvent{Number: step + 1, Body: body},
			})
		}
		if len(of) == 0 {
			return nil
		}
		for {
			seq, err := db.Append(ctx, tx)
			if behind, is := errors.AsType[*data.BehindError](err); is {
				tx.Known = behind.Need // nobody else has these cases
				continue
			}
			if err != nil {
				return err
			}
			for _, i := range of {
				heads[i] = seq
			}
			break
		}
	}
	return nil
}

func caseID(i int) string { return fmt.Sprintf("01KAX%021d", i) }

// opened is what it takes to have the cases of a folder: the log opened, and the cases loaded.
type opened struct {
	city       *city
	open, load time.Duration
	heap       uint64
}

func reopen(b *testing.B, dir string) *opened {
	b.Helper()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, began := heap(), time.Now()
	db, err := boltstore.Open(logFile(dir), boltstore.Options{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	o := &opened{open: time.Since(began)}
	c := &city{dir: dir, db: db, j: journal.New(db, checkpointFile(dir), journal.Options{})}
	began = time.Now()
	if c.shelf, err = store.New(c.j, wide); err == nil {
		err = c.j.Load(context.Background(), c.shelf)
	}
	if err != nil {
		b.Fatal(err)
	}
	o.load = time.Since(began)
	o.heap = heap() - before
	c.desk = desk(b, c.shelf)
	o.city = c
	return o
}

// BenchmarkStart opens the log of a million cases and loads them: all from the log, then from the checkpoint.
func BenchmarkStart(b *testing.B) {
	dir, count := manyCases(b)
	for _, from := range []string{"log", "checkpoint"} {
		b.Run(from, func(b *testing.B) {
			var open, load time.Duration
			var heap uint64
			for b.Loop() {
				if from == "log" {
					_ = os.Remove(checkpointFile(dir))
				}
				o := reopen(b, dir)
				open, load, heap = open+o.open, load+o.load, o.heap
				if n := o.city.shelf.Len(); n < count {
					b.Fatalf("%d cases of %d", n, count)
				}
				b.StopTimer()
				if err := errors.Join(o.city.j.Save(context.Background()), o.city.db.Close()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(open.Seconds()/float64(b.N), "open-s")
			b.ReportMetric(load.Seconds()/float64(b.N), "load-s")
			b.ReportMetric(float64(heap)/float64(count), "heap-B/case")
		})
	}
}

// BenchmarkSave writes the checkpoint of a million cases.
func BenchmarkSave(b *testing.B) {
	dir, count := manyCases(b)
	o := reopen(b, dir)
	defer o.city.db.Close()
	file := filepath.Join(b.TempDir(), "checkpoint")
	for b.Loop() {
		f, err := os.Create(file)
		if err == nil {
			err = o.city.shelf.Save(f, store.Mark{})
		}
		if err != nil {
			b.Fatal(err)
		}
		_ = f.Close()
	}
	if info, err := os.Stat(file); err == nil {
		b.ReportMetric(float64(info.Size())/float64(count), "B/case")
	}
}

// BenchmarkDurable lets 64 people move cases through the desk of a city with a million: each takes a new case from report to
// filing, and notes something on a case of before that must be read first.
func BenchmarkDurable(b *testing.B) {
	dir, count := manyCases(b)
	c := reopen(b, dir).city
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = c.db.Run(ctx, bare{c.db}) })
	running.Go(func() { _ = c.j.Run(ctx) })
	run := fmt.Sprint(time.Now().UnixNano())
	const writers = 64
	var next, failed atomic.Int64
	b.ResetTimer()
	began := c.db.Last()
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 5))
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				id := fmt.Sprint("N-", run, "-", n)
				for step := range 3 {
					if _, err := c.desk.Do(ctx, way(id, step)); err != nil {
						b.Error(err)
						return
					}
				}
				note := &cases.Command{
					Case: caseID(r.IntN(count)), At: day.AddDate(0, 1, 0), Actor: cases.Actor{Person: "o", Organisation: "city", Post: "operator"},
					Action: "annotate", Key: id, Form: cases.Form{Note: "意见"},
				}
				if _, err := c.desk.Do(ctx, note); err != nil {
					failed.Add(1) // it is at rest, or somebody was faster
				}
			}
		})
	}
	writing.Wait()
	b.StopTimer()
	b.ReportMetric(float64(c.db.Last()-began)/b.Elapsed().Seconds(), "transitions/s")
	b.ReportMetric(float64(failed.Load())/float64(b.N), "refused/op")
	stop()
	running.Wait()
	if err := c.db.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkReadBack folds a case with 20 events out of the log, where they lie apart.
func BenchmarkReadBack(b *testing.B) {
	c := start(b, b.TempDir(), journal.Options{})
	const n, each = 200, 20
	for step := range each {
		for i := range n {
			cmd := way(fmt.Sprint("A", i), 0)
			if step > 0 {
				cmd.Action, cmd.Form, cmd.Key = "annotate", cases.Form{Note: "意见"}, fmt.Sprint(step)
			}
			c.do(b, cmd)
		}
	}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		got := cases.NewCase()
		for e, err := range c.j.Events(b.Context(), fmt.Sprint("A", i%n)) {
			if err == nil {
				err = got.Apply(e)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		if got.Version != each {
			b.Fatal(got.Version)
		}
	}
}
