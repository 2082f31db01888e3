package alarm_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/alarm"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
)

func TestMain(m *testing.M) {
	if sweeping() {
		return // this is a child of TestKill
	}
	goleak.VerifyTestMain(m)
}

const rules = `
[[clock]]
name = "accept"
title = { zh = "受理", en = "Acceptance" }
limit = "1 natural_day"
[[clock.mark]]
kind = "overdue"
share = 1

[[clock]]
name = "handle"
title = { zh = "处置", en = "Handling" }
limit = "5 natural_day"
[[clock.mark]]
kind = "warned"
share = 0.8
[[clock.mark]]
kind = "yellow"
title = { zh = "超期黄牌", en = "Yellow card" }
share = 1
[[clock.mark]]
kind = "alert"
level = 1
past = "1 natural_day"
[[clock.mark]]
kind = "red"
title = { zh = "超期红牌", en = "Red card" }
past = "5 natural_day"
`

const hours = `
name = "city"
title = { zh = "工作日历", en = "Working calendar" }
version = 1
valid = 2026-01-01
zone = "Asia/Shanghai"
holidays = { from = 2026-01-01, until = 2027-12-31 }
[[season]]
week = { "mon-fri" = ["08:00-12:00", "14:00-18:00"] }
`

// begin is a Monday.
var begin = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

var errDisk = errors.New("the disk is full")

// memory is a log that is held in memory, as bytes.
type memory struct {
	mu     sync.Mutex
	seq    data.Seq
	events map[string][][]byte
	// before and after are how many appends fail before and after they were written.
	before, after int
}

func (m *memory) Append(_ context.Context, events []*cases.Event) (data.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.before > 0 {
		m.before--
		return 0, errDisk
	}
	for _, e := range events {
		if have := len(m.events[e.Case]); e.Number != have+1 {
			return 0, &cases.StaleError{Case: e.Case, Want: e.Number - 1, Have: have}
		}
		b, err := cases.Encode(e)
		if err != nil {
			return 0, err
		}
		m.events[e.Case] = append(m.events[e.Case], b)
	}
	m.seq++
	if m.after > 0 {
		m.after--
		return 0, errDisk
	}
	return m.seq, nil
}

func (m *memory) Events(_ context.Context, id string) iter.Seq2[*cases.Event, error] {
	m.mu.Lock()
	list := slices.Clone(m.events[id])
	m.mu.Unlock()
	return func(yield func(*cases.Event, error) bool) {
		for _, b := range list {
			if e, err := cases.Decode(b); !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// all are the events of a case.
func (m *memory) all(t testing.TB, id string) []*cases.Event {
	t.Helper()
	var list []*cases.Event
	for e, err := range m.Events(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// office is one where everybody holds every post.
type office struct{}

func (office) Path(id string) []string { return []string{"district", id} }

func (office) Holds(_, _, _ string) bool { return true }

// town is cases with their clocks, which run.
type town struct {
	log     *memory
	city    *timing.City
	shelf   *store.Store
	desk    *cases.Desk
	sweeper *alarm.Sweeper
	stop    func()
}

// luqiao is the working time of a calendar with the rules above, and the processes of a profile that has cards.
func luqiao(t testing.TB, text string) (*timing.City, *process.Versions, *process.Table) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := clock.ParseRules(rules)
	check(err)
	d, err := calendar.Parse(text)
	check(err)
	book, err := calendar.NewBook(d)
	check(err)
	var posts []string
	for _, p := range people.DefaultPosts() {
		posts = append(posts, p.ID)
	}
	table, err := process.Load(process.FromFS(profiles.Files), "luqiao", posts)
	check(err)
	tables, err := process.Make(table)
	check(err)
	return &timing.City{Rules: r, Book: book, Table: class.Default(), Calendar: "city"}, tables, table
}

func run(t testing.TB, log *memory, text string, now func() time.Time) *town {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	city, tables, _ := luqiao(t, text)
	w := &town{log: log, city: city}
	ledger := timing.NewLedger(w.city, log)
	w.sweeper = alarm.New(alarm.Config{City: w.city, Ledger: ledger, Now: now, Logger: slog.New(slog.DiscardHandler)})
	var err error
	w.shelf, err = store.New(ledger, store.Options{Due: ledger.Due, Follow: w.sweeper.Follow})
	check(err)
	w.desk = &cases.Desk{
		Log: w.shelf, Shelf: w.shelf, Tables: tables, Process: "luqiao", Directory: func(time.Time) cases.Directory { return office{} }, Limits: ledger.Limits(),
	}
	w.sweeper.Open(w.shelf, func() alarm.Desk { return w.desk }, func() *process.Versions { return tables })
	for id := range log.events {
		c, err := cases.Fold(log.all(t, id)...)
		check(err)
		w.shelf.Show([]store.Shown{{Case: c, Seq: log.seq}})
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.sweeper.Run(ctx) }()
	w.stop = func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	return w
}

func (w *town) do(id, post, action string, form cases.Form, at time.Time) error {
	if err := w.sweeper.Before(context.Background(), id); err != nil {
		return err
	}
	_, err := w.desk.Do(context.Background(), &cases.Command{
		Case: id, At: at, Action: action, Form: form, Actor: cases.Actor{Person: post + "@grid", Organisation: "grid", Post: post},
	})
	return err
}

func (w *town) find(id string, at time.Time) error {
	return w.do(id, "grid-worker", "find", cases.Form{Source: "grid", Description: "井盖缺失", Unit: "grid"}, at)
}

// told are the marks of a case in the order in which they were told, with when since the beginning, and the action with them.
func told(t testing.TB, m *memory, id string) []string {
	t.Helper()
	var list []string
	for _, e := range m.all(t, id) {
		for _, mark := range e.Told {
			list = append(list, fmt.Sprintf("%s %s.%s %s", e.At.Sub(begin).Round(time.Second), mark.Clock, mark.Key, e.Action))
		}
		for _, request := range e.Lapsed {
			list = append(list, fmt.Sprintf("%s %s lapsed", e.At.Sub(begin).Round(time.Second), request))
		}
	}
	return list
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestMonths lets cases lie for months: warnings, cards with their steps and alerts come at their times, once.
func TestMonths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin))
		log := &memory{events: map[string][][]byte{}}
		w := run(t, log, hours, time.Now)
		defer w.stop()
		for _, id := range []string{"L-1", "L-2"} {
			if err := w.find(id, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(4*24*time.Hour - time.Second)
		synctest.Wait()
		same(t, told(t, log, "L-1"))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		same(t, told(t, log, "L-1"), "96h0m0s handle.warned tells")
		if err := w.do("L-2", "grid-worker", "done", cases.Form{Note: "已补装"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * 24 * time.Hour)
		synctest.Wait()
		same(t, told(t, log, "L-1"), "96h0m0s handle.warned tells", "120h0m0s handle.yellow yellow-card", "144h0m0s handle.alert1 tells", "240h0m0s handle.red red-card")
		same(t, told(t, log, "L-2"), "96h0m0s handle.warned tells")
		c, err := w.shelf.Case(t.Context(), "L-1")
		if err != nil || !c.Marks["yellow"] || !c.Marks["red"] {
			t.Errorf("the cards: %v, %v", c.Marks, err)
		}
		events := log.all(t, "L-1")
		if alert := events[3]; alert.Actor.Post != process.System || !slices.Equal(alert.Notify, []process.Notify{"unit", "above"}) || alert.Told[0].Level != 1 {
			t.Errorf("the alert: %+v", alert)
		}
		if red := events[4]; red.Form.Reason != "处置：超期红牌" || red.Key != "L-1/handle/red/1" {
			t.Errorf("the red card: %+v", red)
		}
		if is := w.sweeper.State(); is.Told != 5 || is.Clocks != 0 || is.Behind != 0 {
			t.Errorf("%+v", is)
		}
	})
}

// TestPause checks that a suspension ends by itself with the step of the process, that its clock goes on from there, and
// that a request which nobody decides lapses.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin))
		log := &memory{events: map[string][][]byte{}}
		w := run(t, log, hours, time.Now)
		day := 24 * time.Hour
		for _, id := range []string{"L-1", "L-2"} {
			if err := w.find(id, time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := w.do(id, "handler", "suspend-ask", cases.Form{Reason: "等雨停", Until: begin.Add(10 * day)}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * day)
		if err := w.do("L-1", "street-head", "suspend-grant", cases.Form{}, time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * day)
		// While nobody runs, the pause ends.
		w.stop()
		time.Sleep(4 * day)
		w = run(t, log, hours, time.Now)
		defer w.stop()
		synctest.Wait()
		c, err := w.shelf.Case(t.Context(), "L-1")
		if err != nil || c.State != "handling" {
			t.Fatalf("after the pause the case is in %s, %v", c.State, err)
		}
		time.Sleep(2*day + time.Second)
		synctest.Wait()
		same(t, told(t, log, "L-1"), "264h0m0s handle.resume1 resume", "312h0m0s handle.warned tells")
		same(t, told(t, log, "L-2"),
			"96h0m0s handle.warned tells", "120h0m0s handle.yellow yellow-card", "144h0m0s handle.alert1 tells", "264h0m0s handle.red red-card", "264h0m0s suspend lapsed")
		if err := w.do("L-2", "street-head", "suspend-grant", cases.Form{}, time.Now()); !errors.As(err, new(*process.RefusalError)) {
			t.Errorf("a request that has lapsed is granted: %v", err)
		}
	})
}

// TestBefore checks that what was reached is told before the case moves on, also when the program has just started, and
// that whoever saw the case before the mark may act.
func TestBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin))
		log := &memory{events: map[string][][]byte{}}
		w := run(t, log, hours, time.Now)
		if err := w.find("L-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		w.stop()
		time.Sleep(5*24*time.Hour + time.Minute)
		w = run(t, log, hours, time.Now)
		w.stop() // it tells nothing any more
		if err := w.do("L-1", "grid-worker", "done", cases.Form{Note: "已补装"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		same(t, told(t, log, "L-1"), "120h1m0s handle.warned yellow-card", "120h1m0s handle.yellow yellow-card")
		if last := log.all(t, "L-1"); last[len(last)-1].Action != "done" {
			t.Errorf("the last event is %s", last[len(last)-1].Action)
		}
		if err := w.find("L-2", time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * 24 * time.Hour)
		if err := w.sweeper.Before(t.Context(), "L-2"); err != nil {
			t.Fatal(err)
		}
		// The first changes the case, so that the second has not seen what it is like.
		for i := range 2 {
			version := 1
			_, err := w.desk.Do(t.Context(), &cases.Command{
				Case: "L-2", IfVersion: &version, At: time.Now(), Action: "annotate", Form: cases.Form{Note: "看过"}, Actor: cases.Actor{Person: "x@grid", Organisation: "grid", Post: "grid-head"},
			})
			if stale := errors.As(err, new(*cases.StaleError)); stale != (i == 1) || err != nil && !stale {
				t.Errorf("annotated %d times: %v", i, err)
			}
		}
	})
}

// TestHolidaysEnd checks that a clock without a due time is a named fault, and tells nothing wrong.
func TestHolidaysEnd(t *testing.T) {
	log := &memory{events: map[string][][]byte{}}
	w := run(t, log, strings.Replace(hours, "until = 2027-12-31", "until = 2026-03-04", 1), func() time.Time { return begin.AddDate(0, 3, 0) })
	defer w.stop()
	if err := w.find("L-1", begin); err != nil {
		t.Fatal(err)
	}
	if err := w.sweeper.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	clocks, err := w.city.Fold(log.all(t, "L-1"))
	if err != nil {
		t.Fatal(err)
	}
	if c := clocks.Clock("handle"); (c.Fault != "") != (w.sweeper.State().Undated == 1) {
		t.Errorf("%+v, %+v", c, w.sweeper.State())
	}
	faults := strings.Join(w.sweeper.Faults(), "\n")
	if !strings.Contains(faults, "city@1") || !strings.Contains(faults, "2026-03-04") {
		t.Errorf("faults: %s", faults)
	}
}

// TestNothingTwice lets cases move at random while appends fail, the program ends anywhere and the clock jumps: in the end
// every mark that was reached is in the log, once.
func TestNothingTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := &memory{events: map[string][][]byte{}}
		now, lock := begin, sync.Mutex{}
		clock := func() time.Time { lock.Lock(); defer lock.Unlock(); return now }
		set := func(at time.Time) { lock.Lock(); now = at; lock.Unlock() }
		w := run(t, log, hours, clock)
		defer func() { w.stop() }()
		latest := begin
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			id := rapid.SampledFrom([]string{"L-1", "L-2", "L-3"}).Draw(rt, "case")
			hours := time.Duration(rapid.IntRange(0, 100).Draw(rt, "hours")) * time.Hour
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0, 1, 2:
				_ = w.find(id, clock()) // it may be there already
			case 3:
				set(clock().Add(hours))
			case 4:
				set(clock().Add(-hours))
			case 5:
				w.stop()
				w = run(t, log, hoursText, clock)
			case 6:
				log.mu.Lock()
				log.before = rapid.IntRange(0, 2).Draw(rt, "fail")
				log.mu.Unlock()
				_ = w.sweeper.Settle(t.Context())
			case 7:
				_ = w.do(id, "handler", "suspend-ask", cases.Form{Reason: "等", Until: clock().Add(hours + time.Hour)}, clock())
			case 8:
				_ = w.do(id, "street-head", "suspend-grant", cases.Form{}, clock())
			case 9:
				// The log has it, and the program ends before it hears of that.
				log.mu.Lock()
				log.after = 1
				log.mu.Unlock()
				_ = w.sweeper.Settle(t.Context())
				w.stop()
				log.mu.Lock()
				log.after = 0
				log.mu.Unlock()
				w = run(t, log, hoursText, clock)
			}
			if at := clock(); at.After(latest) {
				latest = at
			}
		}
		log.mu.Lock()
		log.before = 0
		log.mu.Unlock()
		set(latest)
		if err := w.sweeper.Settle(t.Context()); err != nil {
			rt.Fatal(err)
		}
		for id := range log.events {
			events := log.all(t, id)
			seen := map[string]bool{}
			for _, e := range events {
				for _, m := range e.Told {
					key := fmt.Sprint(m.Clock, m.Key, m.Generation)
					if seen[key] || m.At.After(e.At) {
						rt.Fatalf("%s: %s of %s is told again, or early, at %s", id, key, m.At, e.At)
					}
					seen[key] = true
				}
			}
			clocks, err := w.city.Fold(events)
			if err != nil {
				rt.Fatal(err)
			}
			for n := range clocks {
				c := &clocks[n]
				if left := w.city.Rules.Rule(c.Name).Reached(c, latest, w.city.Book, nil); len(left) > 0 {
					rt.Fatalf("%s: %+v of %+v was not told", id, left, c)
				}
			}
		}
	})
}

const hoursText = hours
