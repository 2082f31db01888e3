package recent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// paper is a log in memory. What is applied is said by the test.
type paper struct {
	mu      sync.Mutex
	entries [][]*cases.Event
	applied data.Seq
	moved   chan struct{}
}

func newPaper() *paper { return &paper{moved: make(chan struct{})} }

func (p *paper) Append(_ context.Context, events []*cases.Event) (data.Seq, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries = append(p.entries, events)
	return data.Seq(len(p.entries)), nil
}

func (p *paper) Events(_ context.Context, id string) iter.Seq2[*cases.Event, error] {
	return func(yield func(*cases.Event, error) bool) {
		for e := range p.Since(context.Background(), 0) {
			if e.Event.Case == id && !yield(e.Event, nil) {
				return
			}
		}
	}
}

func (p *paper) Since(_ context.Context, after data.Seq) iter.Seq2[journal.Entry, error] {
	p.mu.Lock()
	all := slices.Clone(p.entries)
	p.mu.Unlock()
	return func(yield func(journal.Entry, error) bool) {
		for i, events := range all {
			for _, e := range events {
				if data.Seq(i+1) > after && !yield(journal.Entry{Seq: data.Seq(i + 1), Event: e}, nil) {
					return
				}
			}
		}
	}
}

func (p *paper) Applied() data.Seq {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.applied
}

func (p *paper) apply(seq data.Seq) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.applied = seq
	close(p.moved)
	p.moved = make(chan struct{})
}

func (p *paper) Followed(ctx context.Context, after data.Seq) (data.Seq, error) {
	for {
		p.mu.Lock()
		applied, moved := p.applied, p.moved
		p.mu.Unlock()
		if applied > after {
			return applied, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return applied, ctx.Err()
		}
	}
}

// event is the next one of a case, which moves between two units.
func event(id string, number int, unit string) *cases.Event {
	if number == 1 {
		return &cases.Event{
			Case: id, Number: 1, At: day, Actor: cases.Actor{Post: "public"}, Action: "report", To: "submitted", Process: &cases.ProcessRef{Name: "base", Version: 1},
			Form: cases.Form{Source: "public"},
		}
	}
	return &cases.Event{
		Case: id, Number: number, At: day.Add(time.Duration(number) * time.Hour), Actor: cases.Actor{Post: "dispatcher"}, Action: fmt.Sprint("to-", unit, number),
		From: "submitted", To: "submitted", Form: cases.Form{Unit: unit}, Unit: "set",
	}
}

// TestAgainstTheLog has listeners read a ring at their own pace, come back from anywhere, and be slower than the ring is long.
// Whatever they are told is what the log says: a listener who keeps the state of each case by what it is told has that of the
// log, and where a case was before is where it was at the place from which the listener came.
func TestAgainstTheLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx, stop := context.WithCancel(context.Background())
		log := newPaper()
		shelf, err := store.New(log, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		versions := map[string]int{}
		write := func(most int) {
			for range rapid.IntRange(1, most).Draw(t, "entries") {
				var events []*cases.Event
				for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"A", "B", "C", "D"}), 1, 3, rapid.ID[string]).Draw(t, "of") {
					versions[id]++
					events = append(events, event(id, versions[id], rapid.SampledFrom([]string{"water", "gas"}).Draw(t, "unit")))
				}
				if _, err := shelf.Append(ctx, events); err != nil {
					t.Fatal(err)
				}
			}
		}
		if rapid.Bool().Draw(t, "there were cases") {
			write(5)
			log.apply(data.Seq(len(log.entries)))
		}
		begun := log.Applied()
		ring := recent.New(log, shelf, rapid.IntRange(1, 6).Draw(t, "length"))
		done := make(chan error)
		go func() { done <- ring.Run(ctx) }()
		defer func() {
			stop()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}()
		states := func(upto data.Seq) map[string]*cases.Case {
			out := map[string]*cases.Case{}
			for e := range log.Since(ctx, 0) {
				if e.Seq > upto {
					break
				}
				if out[e.Event.Case] == nil {
					out[e.Event.Case] = cases.NewCase()
				}
				if err := out[e.Event.Case].Apply(e.Event); err != nil {
					t.Fatal(err)
				}
			}
			return out
		}
		at := map[int]data.Seq{0: begun, 1: begun, 2: 0}
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			write(4)
			to := data.Seq(len(log.entries))
			log.apply(to)
			for ring.Head() < to {
				time.Sleep(10 * time.Microsecond)
			}
			for who, from := range at {
				if rapid.IntRange(0, 2).Draw(t, "reads") == 0 {
					continue
				}
				list, upto, _, err := ring.After(from)
				if errors.Is(err, recent.ErrFar) {
					list, upto, err = ring.Read(ctx, from, shelf.Find)
				}
				if err != nil || upto != to {
					t.Fatalf("from %d to %d: %v, want %d", from, upto, err, to)
				}
				was, is := states(from), states(upto)
				told, last := map[string]bool{}, data.Seq(0)
				for _, m := range list {
					id := m.After.ID
					if told[id] || m.Seq <= from || m.Seq < last || m.Seq > upto {
						t.Fatalf("%s is told twice or out of order: %d after %d", id, m.Seq, last)
					}
					told[id], last = true, m.Seq
					before, err := ring.Before(ctx, m)
					if err != nil || (before == nil) != (was[id] == nil) || m.Begins() != (was[id] == nil) {
						t.Fatalf("%s was %+v: %v", id, before, err)
					}
					if before != nil && (before.Version != was[id].Version || before.Unit != was[id].Unit()) {
						t.Fatalf("%s was at version %d in %s, the log says %d in %s", id, before.Version, before.Unit, was[id].Version, was[id].Unit())
					}
					if m.After.Version != is[id].Version || m.After.Unit != is[id].Unit() {
						t.Fatalf("%s is at version %d in %s, the log says %d in %s", id, m.After.Version, m.After.Unit, is[id].Version, is[id].Unit())
					}
					had := 0
					if was[id] != nil {
						had = was[id].Version
					}
					if len(m.Actions) != is[id].Version-had {
						t.Fatalf("%s: %d actions between %d and %d", id, len(m.Actions), had, is[id].Version)
					}
				}
				for id, c := range is {
					if (was[id] == nil || was[id].Version != c.Version) != told[id] {
						t.Fatalf("from %d: whether %s is told: %v", from, id, told[id])
					}
				}
				at[who] = upto
			}
		}
		if _, _, _, err := ring.After(ring.Head() + 1); !errors.Is(err, recent.ErrFar) {
			t.Fatalf("the future is told: %v", err)
		}
		if _, _, err := ring.Read(ctx, ring.Head()+1, shelf.Find); !errors.Is(err, recent.ErrFar) {
			t.Fatalf("the future is told: %v", err)
		}
	})
}

// TestOrder tells entries in their order, also those that were shown the other way round, and only when all before them are.
func TestOrder(t *testing.T) {
	ctx := t.Context()
	log := newPaper()
	shelf, err := store.New(log, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ring := recent.New(log, shelf, 10)
	done := make(chan error)
	running, stop := context.WithCancel(ctx)
	go func() { done <- ring.Run(running) }()
	log.entries = [][]*cases.Event{{event("A", 1, "")}, {event("B", 1, "")}}
	_, _, moved, err := ring.After(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := shelf.Follow(ctx, event("B", 1, ""), 2); err != nil {
		t.Fatal(err)
	}
	log.apply(0)
	select {
	case <-moved:
		t.Error("the second is told, and the first is not there yet")
	case <-time.After(20 * time.Millisecond):
	}
	if err := shelf.Follow(ctx, event("A", 1, ""), 1); err != nil {
		t.Fatal(err)
	}
	log.apply(2)
	<-moved
	list, to, _, err := ring.After(0)
	if err != nil || to != 2 || len(list) != 2 || list[0].After.ID != "A" || list[1].After.ID != "B" {
		t.Errorf("%v to %d: %v", list, to, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestBounded notes no more than a few times its length while the log stands still, and says that something is missing.
func TestBounded(t *testing.T) {
	log := newPaper()
	shelf, err := store.New(log, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ring := recent.New(log, shelf, 4)
	for i := range 100 {
		if _, err := shelf.Append(t.Context(), []*cases.Event{event(fmt.Sprint(i), 1, "")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, _, err := ring.After(0); !errors.Is(err, recent.ErrFar) {
		t.Errorf("what was dropped is not told: %v", err)
	}
}
