package clock_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cmd/gewu/clock"
	"github.com/gewu-city/gewu/data"
)

var begin = time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)

// job is something that is due, and what becomes due when it is done.
type job struct {
	at   time.Duration
	then []job
}

// list does jobs by a clock and notes when.
type list struct {
	clock *clock.Virtual
	jobs  []job
	done  *[]time.Duration
	fail  error
}

func (l *list) Next() (time.Time, bool) {
	if len(l.jobs) == 0 {
		return time.Time{}, false
	}
	first := slices.MinFunc(l.jobs, func(a, b job) int { return int(a.at - b.at) })
	return begin.Add(first.at), true
}

func (l *list) Settle(context.Context) error {
	for {
		next, ok := l.Next()
		if !ok || next.After(l.clock.Now()) {
			return nil
		}
		if l.fail != nil {
			return l.fail
		}
		i := slices.IndexFunc(l.jobs, func(j job) bool { return begin.Add(j.at).Equal(next) })
		j := l.jobs[i]
		l.jobs = slices.Delete(l.jobs, i, i+1)
		l.jobs = append(l.jobs, j.then...)
		*l.done = append(*l.done, l.clock.Now().Sub(begin))
	}
}

// log is one whose newest entry was recorded at an instant, the zero time for one without entries.
type log struct{ at time.Time }

func (l log) Last() data.Seq {
	if l.at.IsZero() {
		return 0
	}
	return 7
}

func (l log) Header(_ context.Context, seq data.Seq) (data.Header, error) {
	if seq != 7 {
		return data.Header{}, errors.New("no such entry")
	}
	return data.Header{Seq: seq, Recorded: l.at}, nil
}

func to(d time.Duration) func(time.Time) (time.Time, error) {
	return func(time.Time) (time.Time, error) { return begin.Add(d), nil }
}

// TestMove has what is due done at its time, in order, also what becomes due meanwhile, however the way is cut.
func TestMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64Range(-50, 1000)
		leaf := rapid.Custom(func(t *rapid.T) job { return job{at: time.Duration(at.Draw(t, "at")) * time.Microsecond} })
		tree := rapid.Custom(func(t *rapid.T) job {
			j := leaf.Draw(t, "job")
			j.then = rapid.SliceOfN(leaf, 0, 3).Draw(t, "then")
			return j
		})
		v := clock.NewVirtual(begin)
		var done, want []time.Duration
		a := &list{clock: v, jobs: rapid.SliceOfN(tree, 0, 10).Draw(t, "a"), done: &done}
		b := &list{clock: v, jobs: rapid.SliceOfN(tree, 0, 10).Draw(t, "b"), done: &done}
		const end = 500 * time.Microsecond
		// A job is done at its time, or at once when that is over: then what follows it.
		var expect func(jobs []job, from time.Duration)
		expect = func(jobs []job, from time.Duration) {
			for _, j := range jobs {
				if j.at <= end {
					when := max(j.at, from)
					want = append(want, when)
					expect(j.then, when)
				}
			}
		}
		expect(a.jobs, 0)
		expect(b.jobs, 0)
		slices.Sort(want)
		if err := v.Begin(t.Context(), log{begin.Add(-time.Hour)}, a, b); err != nil {
			t.Fatal(err)
		}
		for _, cut := range rapid.SliceOfN(rapid.Int64Range(0, 500), 0, 3).Draw(t, "cuts") {
			if _, err := v.Move(t.Context(), to(time.Duration(cut)*time.Microsecond)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := v.Move(t.Context(), to(end)); err != nil {
			t.Fatal(err)
		}
		if !v.Now().Equal(begin.Add(end)) || !slices.Equal(done, want) {
			t.Fatalf("the clock shows %s; done at %v, want %v", v.Now(), done, want)
		}
	})
}

// TestStands checks where the clock stands when it cannot be moved.
func TestStands(t *testing.T) {
	v := clock.NewVirtual(begin)
	var done []time.Duration
	fault := errors.New("the disk is full")
	l := &list{clock: v, jobs: []job{{at: time.Minute}}, done: &done, fail: fault}
	if err := v.Begin(t.Context(), log{}, l); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Move(t.Context(), to(-time.Hour)); err != nil || !v.Now().Equal(begin) {
		t.Errorf("to the past: %v, the clock shows %s", err, v.Now())
	}
	if _, err := v.Move(t.Context(), func(now time.Time) (time.Time, error) { return now.Add(time.Hour), fault }); !errors.Is(err, fault) || !v.Now().Equal(begin) {
		t.Errorf("refused: %v, the clock shows %s", err, v.Now())
	}
	if _, err := v.Move(t.Context(), to(time.Hour)); !errors.Is(err, fault) || !v.Now().Equal(begin.Add(time.Minute)) {
		t.Errorf("what is due fails: %v, the clock shows %s", err, v.Now())
	}
	l.fail = nil
	if stops, err := v.Move(t.Context(), to(time.Hour)); err != nil || stops != 0 || len(done) != 1 {
		t.Errorf("goes on: %v, %d stops, done at %v", err, stops, done)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Move(ended, to(2*time.Hour)); !errors.Is(err, context.Canceled) || !v.Now().Equal(begin.Add(time.Hour)) {
		t.Errorf("cancelled: %v, the clock shows %s", err, v.Now())
	}
	later := clock.NewVirtual(begin)
	if err := later.Begin(t.Context(), log{begin.Add(time.Hour)}); err != nil || !later.Now().Equal(begin.Add(time.Hour)) {
		t.Errorf("a clock that begins behind its log shows %s", later.Now())
	}
}

// TestFlags reads which clock is wanted.
func TestFlags(t *testing.T) {
	for text, want := range map[string]string{
		"wall": "", "": "", "virtual=2026-11-02T09:00:00+08:00": "2026-11-02T01:00:00Z", "virtual=2026-11-02": "error", "sun": "error", "virtual=": "error",
	} {
		f := clock.Flags{Clock: text}
		v, err := f.Open()
		got := ""
		switch {
		case err != nil:
			got = "error"
		case v != nil:
			got = v.Now().Format(time.RFC3339Nano)
		}
		if got != want || (f.Validate() != nil) != (want == "error") {
			t.Errorf("--clock %s: %s, %v; want %s", text, got, err, want)
		}
	}
	if v, err := (clock.Flags{Clock: "virtual"}).Open(); err != nil || time.Since(v.Now()).Abs() > time.Hour {
		t.Errorf("--clock virtual: %v, %v", v, err)
	}
	var wall *clock.Virtual
	if time.Since(wall.Now()).Abs() > time.Hour {
		t.Errorf("the wall shows %s", wall.Now())
	}
}
