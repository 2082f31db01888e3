package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/server/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(1_000_000, c.at.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.at.Add(int64(d)) }
func (c *clock) options(o jobs.Options) jobs.Options {
	var next atomic.Int64
	o.Now = c.now
	o.NewID = func() (string, error) { return fmt.Sprintf("J%03d", next.Add(1)), nil }
	return o
}

// open returns a registry that runs until the test ends, or stop is called.
func open(t *testing.T, o jobs.Options) (r *jobs.Registry, stop func()) {
	t.Helper()
	r, err := jobs.Open((&clock{}).options(o))
	if err != nil {
		t.Fatal(err)
	}
	return r, run(t, r)
}

func run(t *testing.T, r *jobs.Registry) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// must is the job when it has ended.
func must(t *testing.T, r *jobs.Registry, id string, state jobs.State) jobs.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	j, err := r.Wait(ctx, id)
	if err != nil || j.State != state {
		t.Errorf("job %s is %s (%s), %v; want %s", id, j.State, j.Error, err, state)
	}
	if j.State.Ended() != (j.Ended != nil) {
		t.Errorf("job %s is %s and ended %v", id, j.State, j.Ended)
	}
	return j
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 5000 {
		if holds() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%s: does not happen", what)
}

// block is work that ends with its context, or when it is let go.
func block(let <-chan struct{}) jobs.Work {
	return func(ctx context.Context, _ *jobs.Handle) (any, error) {
		select {
		case <-let:
			return "let go", nil
		case <-ctx.Done():
			return "as far as it came", ctx.Err()
		}
	}
}

func TestEnds(t *testing.T) {
	r, _ := open(t, jobs.Options{Public: func(err error) string { return "public: " + err.Error() }})
	broken := errors.New("broken")
	spec := jobs.Spec{Kind: "import", About: "lamps", Actor: "me"}
	for _, background := range []bool{false, true} {
		start := func(work jobs.Work) string {
			t.Helper()
			id := ""
			keep := func(ctx context.Context, h *jobs.Handle) (any, error) { return work(ctx, h) }
			if background {
				var err error
				if id, err = r.Submit(spec, keep); err != nil {
					t.Fatal(err)
				}
				return id
			}
			_ = r.Do(t.Context(), spec, func(ctx context.Context, h *jobs.Handle) (any, error) {
				id = h.ID()
				return work(ctx, h)
			})
			return id
		}
		j := must(t, r, start(func(_ context.Context, h *jobs.Handle) (any, error) {
			h.Progress(3, 10, "rows")
			return map[string]int{"rows": 10}, nil
		}), jobs.Done)
		if string(j.Result) != `{"rows":10}` || *j.Progress != (jobs.Progress{Done: 3, Total: 10, Unit: "rows"}) || j.Kind != "import" || j.About != "lamps" || j.Actor != "me" || j.Started == nil || j.Error != "" {
			t.Errorf("%+v", j)
		}
		j = must(t, r, start(func(context.Context, *jobs.Handle) (any, error) { return 7, broken }), jobs.Failed)
		if string(j.Result) != "7" || j.Error != "public: broken" {
			t.Errorf("%+v", j)
		}
		id := start(func(ctx context.Context, h *jobs.Handle) (any, error) {
			if err := r.Cancel(h.ID()); err != nil {
				t.Error(err)
			}
			<-ctx.Done()
			return 5, ctx.Err()
		})
		if j = must(t, r, id, jobs.Cancelled); string(j.Result) != "5" || j.Error == "" {
			t.Errorf("%+v", j)
		}
		if err := r.Cancel(id); !errors.Is(err, jobs.ErrEnded) {
			t.Errorf("cancelling again: %v", err)
		}
	}
	if err := r.Do(t.Context(), spec, func(context.Context, *jobs.Handle) (any, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("Do returned %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := r.Do(ctx, spec, func(ctx context.Context, _ *jobs.Handle) (any, error) { cancel(); <-ctx.Done(); return nil, ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Errorf("Do returned %v", err)
	}
	if j := r.List(func(*jobs.Job) bool { return true }, 1)[0]; j.State != jobs.Cancelled {
		t.Errorf("a job whose request went away is %s", j.State)
	}
	func() {
		defer func() { _ = recover() }()
		_ = r.Do(t.Context(), spec, func(context.Context, *jobs.Handle) (any, error) { panic("oops") })
	}()
	if j := r.List(func(*jobs.Job) bool { return true }, 1)[0]; j.State != jobs.Failed {
		t.Errorf("a job that panicked is %s", j.State)
	}
	for _, err := range []error{r.Cancel("nobody"), func() error { _, err := r.Get("nobody"); return err }(), func() error { _, err := r.Wait(t.Context(), "nobody"); return err }()} {
		if !errors.Is(err, jobs.ErrUnknown) {
			t.Errorf("an unknown job: %v", err)
		}
	}
}

// TestSlots runs many jobs: no more at once than there are slots, in the order in which they came, and kinds do not
// wait for each other.
func TestSlots(t *testing.T) {
	r, _ := open(t, jobs.Options{Slots: map[string]int{"import": 3}, Waiting: 100})
	var now, most atomic.Int64
	var mu sync.Mutex
	var order []string
	var ids []string
	let := make(chan struct{})
	for range 30 {
		id, err := r.Submit(jobs.Spec{Kind: "import"}, func(_ context.Context, h *jobs.Handle) (any, error) {
			n := now.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			mu.Lock()
			order = append(order, h.ID())
			mu.Unlock()
			<-let
			now.Add(-1)
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	until(t, "three run", func() bool { return now.Load() == 3 })
	if q := r.Count(jobs.Queued); q != 27 {
		t.Errorf("%d wait", q)
	}
	if err := r.Do(t.Context(), jobs.Spec{Kind: "check"}, func(context.Context, *jobs.Handle) (any, error) { return nil, nil }); err != nil {
		t.Errorf("another kind: %v", err)
	}
	for range 30 {
		let <- struct{}{}
	}
	for _, id := range ids {
		must(t, r, id, jobs.Done)
	}
	if most.Load() != 3 {
		t.Errorf("%d ran at once", most.Load())
	}
	slices.Sort(order)
	if !slices.Equal(order, ids) {
		t.Errorf("%d jobs ran: %v", len(order), order)
	}
}

// TestTurns runs jobs of a kind with one slot: in the order in which they came, whoever's goroutine they are in.
func TestTurns(t *testing.T) {
	r, _ := open(t, jobs.Options{Waiting: 100})
	let := make(chan struct{})
	var order, ids []string
	note := func(_ context.Context, h *jobs.Handle) (any, error) {
		order = append(order, h.ID())
		return nil, nil
	}
	first, err := r.Submit(jobs.Spec{Kind: "undo"}, block(let))
	if err != nil {
		t.Fatal(err)
	}
	var inline sync.WaitGroup
	for i := range 20 {
		id := fmt.Sprintf("%02d", i)
		ids = append(ids, id)
		if i%2 == 0 {
			if _, err := r.Submit(jobs.Spec{ID: id, Kind: "undo"}, note); err != nil {
				t.Fatal(err)
			}
			continue
		}
		inline.Go(func() {
			if err := r.Do(t.Context(), jobs.Spec{ID: id, Kind: "undo"}, note); err != nil {
				t.Error(err)
			}
		})
		until(t, "it waits", func() bool { _, err := r.Get(id); return err == nil })
	}
	close(let)
	inline.Wait()
	for _, id := range append(ids, first) {
		must(t, r, id, jobs.Done)
	}
	if !slices.Equal(order, ids) {
		t.Errorf("they ran in the order %v", order)
	}
}

func TestFull(t *testing.T) {
	r, _ := open(t, jobs.Options{Waiting: 2})
	let := make(chan struct{})
	var ids []string
	var released atomic.Int64
	for range 3 {
		id, err := r.Submit(jobs.Spec{Kind: "import", Ended: func() { released.Add(1) }}, block(let))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if _, err := r.Submit(jobs.Spec{Kind: "import"}, block(let)); !errors.Is(err, jobs.ErrFull) {
		t.Errorf("a fourth: %v", err)
	}
	if err := r.Do(t.Context(), jobs.Spec{Kind: "import"}, block(let)); !errors.Is(err, jobs.ErrFull) {
		t.Errorf("a fourth: %v", err)
	}
	// One that waits and is cancelled makes room, and never runs; what it held is released.
	if err := r.Cancel(ids[1]); err != nil {
		t.Error(err)
	}
	if j := must(t, r, ids[1], jobs.Cancelled); j.Started != nil || j.Result != nil || released.Load() != 1 {
		t.Errorf("%+v, %d released", j, released.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- r.Do(ctx, jobs.Spec{Kind: "import"}, block(let)) }()
	until(t, "it waits", func() bool { return r.Count(jobs.Queued) == 2 })
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("given up while it waits: %v", err)
	}
	close(let)
	must(t, r, ids[0], jobs.Done)
	must(t, r, ids[2], jobs.Done)
	if released.Load() != 3 {
		t.Errorf("%d released", released.Load())
	}
}

// TestStop ends Run with jobs in every state, also in the goroutines of others, and with jobs that take their time.
func TestStop(t *testing.T) {
	r, stop := open(t, jobs.Options{Slots: map[string]int{"import": 3}})
	never := make(chan struct{})
	quick := make(chan struct{})
	running, _ := r.Submit(jobs.Spec{Kind: "import"}, block(never))
	finishing, _ := r.Submit(jobs.Spec{Kind: "import"}, block(quick))
	inline := make(chan error, 1)
	go func() { inline <- r.Do(t.Context(), jobs.Spec{ID: "inline", Kind: "import"}, block(never)) }()
	until(t, "three run", func() bool { return r.Count(jobs.Running) == 3 })
	waiting, _ := r.Submit(jobs.Spec{Kind: "import"}, block(never))
	time.AfterFunc(50*time.Millisecond, func() { close(quick) })
	start := time.Now()
	stop()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if err := <-inline; err == nil {
		t.Error("the work of a request went on")
	}
	for _, id := range []string{running, waiting, "inline"} {
		must(t, r, id, jobs.Interrupted)
	}
	must(t, r, finishing, jobs.Done)
	if _, err := r.Submit(jobs.Spec{Kind: "import"}, block(never)); !errors.Is(err, jobs.ErrStopping) {
		t.Errorf("after the end: %v", err)
	}
}

// TestRecords opens a folder again: what has ended is as it was, what had not is interrupted.
func TestRecords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "jobs")
	key, request := [16]byte{1}, [16]byte{2}
	r, stop := open(t, jobs.Options{Dir: dir, Slots: map[string]int{"import": 2}})
	let := make(chan struct{})
	done := func(context.Context, *jobs.Handle) (any, error) { return map[string]int{"rows": 3}, nil }
	spec := jobs.Spec{ID: "01DONE", Kind: "import", About: "lamps", Actor: "me", Durable: true, Key: key, Request: request}
	if err := r.Do(t.Context(), spec, done); err != nil {
		t.Fatal(err)
	}
	if err := r.Do(t.Context(), jobs.Spec{ID: "01FORGOTTEN", Kind: "check"}, done); err != nil {
		t.Fatal(err)
	}
	want, _ := r.Get("01DONE")
	for _, id := range []string{"01RUNNING", "01RUNNING2", "01WAITING"} {
		if _, err := r.Submit(jobs.Spec{ID: id, Kind: "import", Durable: true}, block(let)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "two run", func() bool { return r.Count(jobs.Running) == 2 })
	if err := os.WriteFile(filepath.Join(dir, "new-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "01BROKEN.json"), []byte(`{"id":"01OTHER"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	// The process dies here: a second one finds the folder as it is.
	var log bytes.Buffer
	o := (&clock{}).options(jobs.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	again, err := jobs.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	j, err := again.Get("01DONE")
	if err != nil || fmt.Sprintf("%+v", flat(j)) != fmt.Sprintf("%+v", flat(want)) {
		t.Errorf("%+v, %v; it was %+v", j, err, want)
	}
	var known *jobs.AgainError
	for _, asked := range [][16]byte{request, {3}} {
		err := again.Do(t.Context(), jobs.Spec{ID: "01NEW", Kind: "import", Key: key, Request: asked}, done)
		if !errors.As(err, &known) || known.Job.ID != "01DONE" || known.Same != (asked == request) {
			t.Errorf("by its key: %v", err)
		}
	}
	for _, id := range []string{"01RUNNING", "01RUNNING2", "01WAITING"} {
		must(t, again, id, jobs.Interrupted)
	}
	if _, err := again.Get("01FORGOTTEN"); !errors.Is(err, jobs.ErrUnknown) {
		t.Errorf("a job that is not durable: %v", err)
	}
	if !strings.Contains(log.String(), "01BROKEN.json") {
		t.Errorf("log: %s", log.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "new-123")); err == nil {
		t.Error("what was half written stays")
	}
	if err := again.Do(t.Context(), jobs.Spec{ID: "../evil", Kind: "import", Durable: true}, done); err == nil {
		t.Error("an id left the folder")
	}
	// The same id again: an import that goes on where it was interrupted.
	if err := again.Do(t.Context(), jobs.Spec{ID: "01RUNNING", Kind: "import", Durable: true}, done); err != nil {
		t.Error(err)
	}
	must(t, again, "01RUNNING", jobs.Done)
	if n := again.Count(jobs.Interrupted); n != 2 {
		t.Errorf("%d are interrupted", n)
	}
	close(let)
	stop()
}

// TestAnotherHistory opens the records of another history: no job is known and no key is taken.
func TestAnotherHistory(t *testing.T) {
	dir := t.TempDir()
	spec := jobs.Spec{ID: "01DONE", Kind: "import", Durable: true, Key: [16]byte{1}, Request: [16]byte{2}}
	done := func(context.Context, *jobs.Handle) (any, error) { return nil, nil }
	for _, step := range []struct {
		history string
		known   bool
	}{{"one", false}, {"one", true}, {"two", false}, {"one", false}} {
		r, err := jobs.Open((&clock{}).options(jobs.Options{Dir: dir, History: step.history}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Get(spec.ID); (err == nil) != step.known {
			t.Errorf("%+v: %v", step, err)
		}
		again, _ := errors.AsType[*jobs.AgainError](r.Do(t.Context(), spec, done))
		if (again != nil) != step.known {
			t.Errorf("%+v: by its key %v", step, again)
		}
	}
}

// TestRecordsStay opens a folder in which the end of a job cannot be recorded: the others are served all the same.
func TestRecordsStay(t *testing.T) {
	dir := t.TempDir()
	const id = "no name of a file" // which the record of a job must have
	if err := os.WriteFile(filepath.Join(dir, id+".json"), []byte(`{"id":"`+id+`","kind":"import","state":"running"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r, _ := open(t, jobs.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, r, id, jobs.Interrupted)
	if !strings.Contains(log.String(), "is not recorded") {
		t.Errorf("log: %s", log.String())
	}
}

// flat is a job without pointers.
func flat(j jobs.Job) any {
	return []any{j.ID, j.Kind, j.About, j.Actor, j.State, j.Created, *j.Started, *j.Ended, string(j.Result), j.Error}
}

// TestKeys begins jobs with one key at once, one after the other, and after one has failed.
func TestKeys(t *testing.T) {
	r, _ := open(t, jobs.Options{Slots: map[string]int{"import": 10}})
	spec := jobs.Spec{Kind: "import", Key: [16]byte{7}, Request: [16]byte{8}}
	broken := errors.New("broken")
	var ran atomic.Int64
	id := ""
	if err := r.Do(t.Context(), spec, func(_ context.Context, h *jobs.Handle) (any, error) { id = h.ID(); return nil, broken }); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	let := make(chan struct{})
	var all sync.WaitGroup
	var again *jobs.AgainError
	for range 20 {
		all.Go(func() {
			err := r.Do(t.Context(), spec, func(_ context.Context, h *jobs.Handle) (any, error) {
				if h.ID() != id {
					t.Errorf("a job that had failed goes on as %s, it was %s", h.ID(), id)
				}
				ran.Add(1)
				<-let
				return nil, nil
			})
			var again *jobs.AgainError
			if err != nil && (!errors.As(err, &again) || !again.Same || again.Job.ID != id) {
				t.Error(err)
			}
		})
	}
	until(t, "one runs", func() bool { return ran.Load() == 1 })
	close(let)
	all.Wait()
	if err := r.Do(t.Context(), spec, func(context.Context, *jobs.Handle) (any, error) { return nil, nil }); !errors.As(err, &again) || again.Job.State != jobs.Done || ran.Load() != 1 {
		t.Errorf("%v; it ran %d times", err, ran.Load())
	}
	if n := r.Count(jobs.Done) + r.Count(jobs.Failed); n != 1 {
		t.Errorf("%d jobs are remembered", n)
	}
}

// TestForget checks both bounds of what is remembered, in memory and in the folder.
func TestForget(t *testing.T) {
	dir := t.TempDir()
	c := &clock{}
	o := c.options(jobs.Options{Dir: dir, Keep: 3, KeepFor: time.Hour})
	r, err := jobs.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, r)()
	count := func(want int) {
		t.Helper()
		files, err := os.ReadDir(dir)
		all := r.List(func(*jobs.Job) bool { return true }, 100)
		if err != nil || len(files) != want || len(all) != want {
			t.Errorf("%d records, %d jobs, want %d", len(files), len(all), want)
		}
	}
	let := make(chan struct{})
	held, err := r.Submit(jobs.Spec{Kind: "hold", Durable: true}, block(let))
	if err != nil {
		t.Fatal(err)
	}
	do := func() {
		t.Helper()
		if err := r.Do(t.Context(), jobs.Spec{Kind: "import", Durable: true}, func(context.Context, *jobs.Handle) (any, error) { return nil, nil }); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		do()
	}
	count(4)
	c.pass(time.Hour + time.Second)
	do()
	count(2)
	c.pass(2 * time.Hour)
	again, err := jobs.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	// The one that runs here is interrupted there, now.
	if all := again.List(func(*jobs.Job) bool { return true }, 100); len(all) != 1 || all[0].ID != held {
		t.Errorf("%+v", all)
	}
	close(let)
	must(t, r, held, jobs.Done)
}

// TestCancelUnderLoad cancels one of many busy jobs: it ends within a second.
func TestCancelUnderLoad(t *testing.T) {
	r, _ := open(t, jobs.Options{Slots: map[string]int{"import": 8}})
	var ids []string
	for range 8 {
		id, err := r.Submit(jobs.Spec{Kind: "import"}, func(ctx context.Context, h *jobs.Handle) (any, error) {
			for n := int64(0); ; n++ {
				if n%1000 == 0 && ctx.Err() != nil {
					return n, ctx.Err()
				}
				h.Progress(n, 0, "rows")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	until(t, "all run", func() bool { return r.Count(jobs.Running) == 8 })
	for _, id := range ids {
		if err := r.Cancel(id); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if j, err := r.Wait(ctx, id); err != nil || j.State != jobs.Cancelled {
			t.Errorf("a second after it was cancelled the job is %s, %v", j.State, err)
		}
		cancel()
	}
}
