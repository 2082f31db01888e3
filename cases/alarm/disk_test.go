package alarm_test

import (
	"bufio"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// disk is cases with their clocks in a log on the disk.
type disk struct {
	db      *boltstore.DB
	journal *journal.Journal
	shelf   *store.Store
	sweeper *alarm.Sweeper
	table   *process.Table
	moved   atomic.Int64
	halt    func()
}

// onDisk opens what is in a folder, with the clock at the beginning.
func onDisk(t testing.TB, dir string) *disk {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	d := &disk{}
	city, tables, table := luqiao(t, hours)
	d.table = table
	now := func() time.Time { return begin.Add(time.Duration(d.moved.Load())) }
	var err error
	d.db, err = boltstore.Open(filepath.Join(dir, "gewu.db"), boltstore.Options{Now: now})
	check(err)
	ctx, cancel := context.WithCancel(context.Background())
	d.journal = journal.New(d.db, filepath.Join(dir, "cases.checkpoint"), journal.Options{})
	ledger := timing.NewLedger(city, d.journal)
	d.sweeper = alarm.New(alarm.Config{City: city, Ledger: ledger, Now: now, Logger: slog.New(slog.DiscardHandler)})
	d.shelf, err = store.New(ledger, store.Options{Due: ledger.Due, Follow: d.sweeper.Follow})
	check(err)
	check(d.journal.Load(ctx, d.shelf))
	d.sweeper.Open(d.shelf, func() alarm.Desk { return nil }, func() *process.Versions { return tables })
	ended := make(chan error, 3)
	go func() { ended <- d.db.Run(ctx, bare{d.db}) }()
	go func() { ended <- d.journal.Run(ctx) }()
	go func() { ended <- d.sweeper.Run(ctx) }()
	d.halt = func() {
		t.Helper()
		cancel()
		for range cap(ended) {
			check(<-ended)
		}
		check(d.db.Close())
	}
	return d
}

func caseID(i int) string { return fmt.Sprintf("L-%06d", i) }

// begin begins cases whose clock of five days starts, some in each transaction.
func (d *disk) begin(t testing.TB, n, some int) {
	t.Helper()
	var events []*cases.Event
	for i := range n {
		events = append(events, &cases.Event{
			Case: caseID(i), Number: 1, At: begin, Actor: cases.Actor{Person: "ma", Organisation: "grid", Post: "grid-worker"}, Action: "find",
			Process: &cases.ProcessRef{Name: "luqiao", Version: d.table.Version}, To: "handling", Unit: process.Set, Form: cases.Form{Source: "grid", Description: "井盖缺失", Unit: "grid"},
			Clocks: []cases.ClockEffect{{Effect: process.Effect{Clock: "handle", Do: process.Start}, Limit: "5 natural_day", Calendar: "city"}},
		})
		if len(events) == some {
			if _, err := d.shelf.Append(context.Background(), events); err != nil {
				t.Fatal(err)
			}
			events = nil
		}
	}
}

// BenchmarkSweep tells a mark of each of 100,000 cases that are due at once, into a log on disk.
func BenchmarkSweep(b *testing.B) {
	const n = 100_000
	d := onDisk(b, b.TempDir())
	d.begin(b, n, 20)
	for b.Loop() {
		// The first mark, then no other: each turn needs cases of its own, so that -benchtime 1x is what can be had.
		d.moved.Store(int64(4 * 24 * time.Hour))
		begun := time.Now()
		if err := d.sweeper.Settle(context.Background()); err != nil {
			b.Fatal(err)
		}
		took := time.Since(begun)
		if is := d.sweeper.State(); is.Told == n {
			b.ReportMetric(float64(n)/took.Seconds(), "marks/s")
			b.ReportMetric(took.Seconds(), "s/100k")
		}
	}
	if is := d.sweeper.State(); is.Told != n {
		b.Errorf("%+v", is)
	}
	d.halt()
}

// sweepDir tells a child of TestKill where the cases are.
const sweepDir = "ALARM_SWEEP_DIR"

// sweeping is the child of TestKill: it tells what is reached and says so.
func sweeping() bool {
	dir := os.Getenv(sweepDir)
	if dir == "" {
		return false
	}
	d := onDisk(&alone{}, dir)
	told := 0
	for i := range killed {
		if d.shelf.Knows(caseID(i), 2) {
			told++
		}
	}
	fmt.Println("told", told)
	go func() {
		for d.sweeper.State().Told == 0 {
			time.Sleep(time.Millisecond)
		}
		fmt.Println("tells")
	}()
	d.moved.Store(int64(4 * 24 * time.Hour))
	if err := d.sweeper.Settle(context.Background()); err != nil {
		(&alone{}).Error(err)
	}
	fmt.Println("done")
	d.halt()
	return true
}

// alone is the test of a child: it ends it.
type alone struct{ testing.TB }

func (*alone) Helper() {}
func (*alone) Error(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

func (a *alone) Fatal(args ...any) { a.Error(args...) }

// killed is how many cases TestKill has: more than are told at once.
const killed = 12_000

// TestKill kills a process while it tells the marks of many cases, until one comes to its end. Then each mark is in the log,
// once.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	d := onDisk(t, dir)
	d.begin(t, killed, 1000)
	d.halt()
	rounds := 6
	if testing.Short() {
		rounds = 1
	}
	midway := 0
	for round, done := 0, false; !done; round++ {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), sweepDir+"="+dir)
		var errs strings.Builder
		child.Stderr = &errs
		out, err := child.StdoutPipe()
		if err == nil {
			err = child.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var told int
			switch n, _ := fmt.Sscanf(lines.Text(), "told %d", &told); {
			case n == 1 && told > 0 && told < killed:
				midway++
			case lines.Text() == "tells" && round < rounds:
				time.AfterFunc(time.Duration(rand.IntN(10))*time.Millisecond, func() { _ = child.Process.Kill() })
			case lines.Text() == "done":
				done = true
			}
		}
		if err := child.Wait(); errs.Len() > 0 || err != nil && round >= rounds {
			t.Fatalf("child ended with %v: %s", err, errs.String())
		}
	}
	d = onDisk(t, dir)
	defer d.halt()
	told := map[string]int{}
	for e, err := range d.journal.Since(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range e.Event.Told {
			told[e.Event.Case+" "+m.Key]++
		}
	}
	for i := range killed {
		if key := caseID(i) + " warned"; told[key] != 1 {
			t.Errorf("%s was told %d times", key, told[key])
		}
	}
	if len(told) != killed {
		t.Errorf("%d marks were told of %d", len(told), killed)
	}
	if t.Logf("%d processes began midway", midway); midway == 0 {
		t.Error("no process was killed midway")
	}
}
