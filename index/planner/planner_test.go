package planner_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/planner"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a store and an engine that run, as they do in a process. Time is that of the test's bubble.
type server struct {
	store  *boltstore.DB
	engine *index.Engine
	stop   func()
}

func serve(t *testing.T, dir string) *server {
	t.Helper()
	return serveBy(t, dir, time.Now)
}

// serveBy is serve by another clock.
func serveBy(t *testing.T, dir string, now func() time.Time) *server {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(dir, "gewu.db"), boltstore.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{store: store, engine: index.NewEngine(store)}
	if err := s.engine.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- s.engine.Run(ctx) }()
	go func() { ended <- store.Run(ctx, s.engine) }()
	s.stop = func() {
		t.Helper()
		cancel()
		if err := errors.Join(<-ended, <-ended, store.Close()); err != nil {
			t.Error(err)
		}
	}
	return s
}

// plan runs a planner over a store, which may be a faulty one, until the returned function is called.
func (s *server) plan(t *testing.T, store planner.Store) (p *planner.Planner, stop func()) {
	t.Helper()
	p = planner.New(s.engine, store, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	return p, func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func (s *server) append(t *testing.T, changes ...data.Change) data.Seq {
	t.Helper()
	seq, err := s.store.Append(t.Context(), data.Tx{Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine.Wait(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	return seq
}

// publications are the entries that a plan has caused, other than its failure.
func (s *server) publications(t *testing.T, id string) []*data.Entry {
	t.Helper()
	var found []*data.Entry
	for e, err := range s.store.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Cause == "plan:"+id && len(e.Changes) > 1 {
			found = append(found, e)
		}
	}
	return found
}

func (s *server) state(id string) data.PlanState {
	p, ok := s.engine.World().Plan(id)
	if !ok {
		return "unknown"
	}
	return p.State
}

// settle lets what is due happen.
func settle() {
	time.Sleep(2 * time.Second)
	synctest.Wait()
}

func in(d time.Duration, changes ...data.Change) data.Tx {
	return data.Tx{Effective: time.Now().Add(d), Actor: "planner", Cause: "new lamps", Changes: changes}
}

func must(t *testing.T, p *planner.Planner, id string, tx data.Tx) data.Seq {
	t.Helper()
	seq, err := p.Plan(t.Context(), id, tx)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// TestPlanAndPublish checks that nothing changes before the time, and that what was planned happens then, once, as of
// that time and on behalf of the one who planned.
func TestPlanAndPublish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, t.TempDir())
		defer s.stop()
		s.append(t, storetest.Define(storetest.Lamps()))
		p, stop := s.plan(t, s.store)
		defer stop()
		due := time.Now().Add(30 * 24 * time.Hour)
		must(t, p, "late", in(30*24*time.Hour, storetest.Put("a", 2)))
		must(t, p, "soon", in(24*time.Hour, storetest.Put("a", 1), storetest.Put("b", 1)))
		settle()
		l, _ := s.engine.World().Layer("lamps")
		if l.Len() != 0 || s.state("soon") != data.PlanPending {
			t.Fatalf("%d lamps before anything is due, soon is %s", l.Len(), s.state("soon"))
		}
		time.Sleep(24 * time.Hour)
		settle()
		if l, _ = s.engine.World().Layer("lamps"); l.Len() != 2 || s.state("soon") != data.PlanDone || s.state("late") != data.PlanPending {
			t.Fatalf("after a day %d lamps, soon is %s, late is %s", l.Len(), s.state("soon"), s.state("late"))
		}
		time.Sleep(60 * 24 * time.Hour)
		settle()
		entries := s.publications(t, "late")
		if len(entries) != 1 || !entries[0].Effective.Equal(due) || entries[0].Actor != "planner" {
			t.Fatalf("published %+v, due %s", entries, due)
		}
		if len(s.publications(t, "soon")) != 1 {
			t.Error("published twice")
		}
	})
}

// TestPlanRefuses checks what is wrong at the time of planning, and that nothing is recorded then.
func TestPlanRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, t.TempDir())
		defer s.stop()
		s.append(t, storetest.Define(storetest.Lamps()))
		s.append(t, storetest.Put("a", 1))
		p := planner.New(s.engine, s.store, time.Now, slog.New(slog.DiscardHandler))
		elsewhere := storetest.Put("a", 1)
		elsewhere.Layer = "nowhere"
		typed := storetest.Put("a", 1)
		typed.Feature.Values = []data.Value{data.IntValue(1)}
		before := s.store.Last()
		for name, tx := range map[string]data.Tx{"layer": in(time.Hour, elsewhere), "type": in(time.Hour, storetest.Put("b", 1), typed)} {
			_, err := p.Plan(t.Context(), "p", tx)
			if change, ok := errors.AsType[*data.ChangeError](err); !ok || change.Change != len(tx.Changes)-1 {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := p.Plan(t.Context(), "p", in(time.Hour, storetest.IfSeq(storetest.Put("a", 2), 1)))
		if conflict, ok := errors.AsType[*data.ConflictError](err); !ok || conflict.Have != 2 {
			t.Errorf("if_seq that does not hold: %v", err)
		}
		_, err = p.Plan(t.Context(), "p", in(time.Hour, make([]data.Change, data.MaxTxChanges)...))
		if !errors.Is(err, data.ErrTooLarge) {
			t.Errorf("too many changes: %v", err)
		}
		if s.store.Last() != before {
			t.Error("something was recorded")
		}
		if _, err := p.Cancel(t.Context(), "p", ""); !errors.Is(err, planner.ErrUnknown) {
			t.Errorf("cancel of nothing: %v", err)
		}
	})
}

// TestCancel checks that a cancelled plan does nothing and that an ended one cannot be cancelled.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, t.TempDir())
		defer s.stop()
		s.append(t, storetest.Define(storetest.Lamps()))
		p, stop := s.plan(t, s.store)
		defer stop()
		must(t, p, "p", in(time.Hour, storetest.Put("a", 1)))
		settle()
		if _, err := p.Cancel(t.Context(), "p", "other"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		settle()
		if n := len(s.publications(t, "p")); n != 0 || s.state("p") != data.PlanCancelled {
			t.Errorf("%d publications of a plan that is %s", n, s.state("p"))
		}
		if _, err := p.Cancel(t.Context(), "p", ""); !isEnded(err, data.PlanCancelled) {
			t.Errorf("cancelled twice: %v", err)
		}
	})
}

func isEnded(err error, state data.PlanState) bool {
	ended, ok := errors.AsType[*planner.EndedError](err)
	return ok && ended.State == state
}

// TestFails checks that a plan that does not fit any more fails once, with the reason, and leaves the city alone.
func TestFails(t *testing.T) {
	other := storetest.Lamps()
	other.Attributes[0].Name = "label"
	for name, test := range map[string]struct {
		change    data.Change
		meanwhile []data.Change
		reason    string
	}{
		"if_seq": {storetest.IfSeq(storetest.Put("a", 5), 2), []data.Change{storetest.Put("a", 3)}, "is at seq 4, if_seq demands 2"},
		"delete": {storetest.Delete("a"), []data.Change{storetest.Delete("a")}, "does not exist"},
		"layer":  {storetest.Put("a", 5), []data.Change{storetest.Drop("lamps")}, "lamps"},
		"other":  {storetest.Put("a", 5), []data.Change{storetest.Drop("lamps"), storetest.Define(other)}, "has label where the plan has the attribute name"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, t.TempDir())
				defer s.stop()
				s.append(t, storetest.Define(storetest.Lamps()))
				s.append(t, storetest.Put("a", 1))
				p, stop := s.plan(t, s.store)
				defer stop()
				must(t, p, "p", in(time.Hour, test.change))
				settle()
				for _, c := range test.meanwhile {
					s.append(t, c)
				}
				last := s.store.Last()
				time.Sleep(48 * time.Hour)
				settle()
				plan, _ := s.engine.World().Plan("p")
				if plan.State != data.PlanFailed || !strings.Contains(plan.Reason, test.reason) {
					t.Errorf("the plan is %s: %s", plan.State, plan.Reason)
				}
				if s.store.Last() != last+1 || len(s.publications(t, "p")) != 0 {
					t.Errorf("%d entries instead of the failure alone", s.store.Last()-last)
				}
			})
		})
	}
}

// TestAfterDowntime checks that what became due while nobody ran is published at the next start, in order and as of
// the times for which it was planned.
func TestAfterDowntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := serve(t, dir)
		s.append(t, storetest.Define(storetest.Lamps()))
		p, stop := s.plan(t, s.store)
		start := time.Now()
		must(t, p, "second", in(2*time.Hour, storetest.Put("a", 2)))
		must(t, p, "first", in(time.Hour, storetest.Put("a", 1)))
		must(t, p, "twin", in(2*time.Hour, storetest.IfSeq(storetest.Put("b", 2), 0)))
		settle()
		stop()
		s.stop()
		time.Sleep(100 * time.Hour)
		s = serve(t, dir)
		defer s.stop()
		_, stop = s.plan(t, s.store)
		defer stop()
		settle()
		var order []string
		for e, err := range s.store.Entries(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(e.Cause, "plan:") {
				order = append(order, fmt.Sprint(e.Cause, " ", e.Effective.Sub(start.Truncate(time.Microsecond))))
				if e.Recorded.Sub(start) < 100*time.Hour {
					t.Errorf("%s was recorded at %s", e.Cause, e.Recorded)
				}
			}
		}
		if want := []string{"plan:first 1h0m0s", "plan:second 2h0m0s", "plan:twin 2h0m0s"}; !slices.Equal(order, want) {
			t.Errorf("published %v, want %v", order, want)
		}
	})
}

// faulty is a store on which the append of a publication goes wrong.
type faulty struct {
	*boltstore.DB
	// written says whether the entry is in the log when the append fails.
	written bool
	fails   int64
	err     error
	tries   atomic.Int64
}

func (f *faulty) Append(ctx context.Context, tx data.Tx) (data.Seq, error) {
	if !strings.HasPrefix(tx.Cause, "plan:") {
		return f.DB.Append(ctx, tx)
	}
	if f.tries.Add(1) > f.fails {
		return f.DB.Append(ctx, tx)
	}
	if f.written {
		if _, err := f.DB.Append(ctx, tx); err != nil {
			return 0, err
		}
	}
	return 0, f.err
}

// TestNeverTwice kills a server between the time at which a plan is due and the end of its append, before and after
// the entry is written, and checks that the next one finds the plan in the state in which the log has it.
func TestNeverTwice(t *testing.T) {
	for _, written := range []bool{false, true} {
		t.Run(fmt.Sprint("written ", written), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				s := serve(t, dir)
				s.append(t, storetest.Define(storetest.Lamps()))
				broken := &faulty{DB: s.store, written: written, fails: 1 << 30, err: data.ErrUncertain}
				p, stop := s.plan(t, broken)
				must(t, p, "p", in(time.Hour, storetest.Put("a", 1)))
				time.Sleep(time.Hour)
				settle()
				if broken.tries.Load() == 0 {
					t.Fatal("nothing was tried")
				}
				stop()
				s.stop()
				s = serve(t, dir)
				defer s.stop()
				_, stop = s.plan(t, s.store)
				defer stop()
				time.Sleep(time.Hour)
				settle()
				if n := len(s.publications(t, "p")); n != 1 || s.state("p") != data.PlanDone {
					t.Errorf("%d publications of a plan that is %s", n, s.state("p"))
				}
			})
		})
	}
}

// TestTwoPlanners checks that several planners of one store publish each plan once between them.
func TestTwoPlanners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, t.TempDir())
		defer s.stop()
		s.append(t, storetest.Define(storetest.Lamps()))
		p, stop := s.plan(t, s.store)
		defer stop()
		for range 3 {
			_, stop := s.plan(t, s.store)
			defer stop()
		}
		for i := range 20 {
			must(t, p, fmt.Sprint(i), in(time.Duration(1+i/5)*time.Hour, storetest.Put(fmt.Sprint(i), 1)))
		}
		time.Sleep(24 * time.Hour)
		settle()
		for i := range 20 {
			if n := len(s.publications(t, fmt.Sprint(i))); n != 1 || s.state(fmt.Sprint(i)) != data.PlanDone {
				t.Errorf("plan %d was published %d times and is %s", i, n, s.state(fmt.Sprint(i)))
			}
		}
	})
}

// TestWaitsForTheDisk checks that a store that cannot write makes a plan late, not failed.
func TestWaitsForTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, t.TempDir())
		defer s.stop()
		s.append(t, storetest.Define(storetest.Lamps()))
		full := &faulty{DB: s.store, fails: 3, err: data.ErrReadOnly}
		p, stop := s.plan(t, full)
		defer stop()
		must(t, p, "p", in(time.Hour, storetest.Put("a", 1)))
		time.Sleep(time.Hour)
		settle()
		if s.state("p") != data.PlanPending || full.tries.Load() != 1 {
			t.Errorf("the plan is %s after %d tries", s.state("p"), full.tries.Load())
		}
		time.Sleep(time.Minute)
		settle()
		if n := len(s.publications(t, "p")); n != 1 || full.tries.Load() != 4 {
			t.Errorf("%d publications after %d tries", n, full.tries.Load())
		}
	})
}
