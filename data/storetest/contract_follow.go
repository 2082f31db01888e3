package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
)

func (c contract) entriesResume(t *testing.T) {
	s, dir := c.start(t)
	for i := range 300 {
		s.Must(t, Put(strconv.Itoa(i%7), int64(i)))
	}
	check := func(s *Running) {
		t.Helper()
		for _, after := range []data.Seq{0, 1, 150, 299, 300, 301, 1000} {
			next := after + 1
			for e, err := range s.Entries(t.Context(), after) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Seq != next {
					t.Fatalf("after %d: entry %d instead of %d", after, e.Seq, next)
				}
				next++
			}
			if want := max(after, s.Last()) + 1; next != want {
				t.Errorf("after %d: ended before %d instead of %d", after, next, want)
			}
		}
		// Breaking off releases what the sequence held.
		for range s.Entries(t.Context(), 0) {
			break
		}
	}
	check(s)
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	check(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Entries(ctx, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("entries under an ended context: %v", err)
		}
	}
}

// entriesLarge checks entries that are larger than what a store reads at once.
func (c contract) entriesLarge(t *testing.T) {
	s, dir := c.start(t)
	const n = 5000
	for k := range 3 {
		changes := make([]data.Change, n)
		for i := range changes {
			changes[i] = Put(strconv.Itoa(i), int64(i+k))
		}
		s.Must(t, changes...)
	}
	want := s.Model
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	if d := Replay(t, s).Diff(want); d != "" {
		t.Error(d)
	}
}

func (c contract) wait(t *testing.T) {
	s, _ := c.start(t)
	if err := s.Wait(t.Context(), 0); err != nil {
		t.Errorf("wait for what is there: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Wait(ctx, s.Last()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait for what does not come: %v", err)
	}
	const waiters = 8
	woken := make(chan error, waiters)
	target := s.Last() + 3
	for range waiters {
		go func() { woken <- s.Wait(t.Context(), target-1) }()
	}
	for i := range 3 {
		select {
		case err := <-woken:
			t.Fatalf("woken at %d instead of %d: %v", s.Last(), target, err)
		default:
		}
		s.Must(t, Put("a", int64(i)))
	}
	for range waiters {
		if err := <-woken; err != nil {
			t.Error(err)
		}
	}
}

func (c contract) cancel(t *testing.T) {
	s, _ := c.start(t)
	before := s.Last()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ended, data.Tx{Changes: []data.Change{Put("a", 1)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("append under an ended context: %v", err)
	}
	if s.Last() != before {
		t.Error("it was written all the same")
	}
	// An append whose context ends meanwhile is in the log or not, and says so; never half of it.
	done := make(chan data.Seq)
	const n = 200
	for i := range n {
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*20*time.Microsecond)
			defer cancel()
			seq, err := s.Append(ctx, data.Tx{Changes: []data.Change{Put(fmt.Sprint("x", i), 1), Put(fmt.Sprint("y", i), 1)}})
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			done <- seq
		}()
	}
	acknowledged := data.Seq(0)
	for range n {
		if <-done != 0 {
			acknowledged++
		}
	}
	if s.Last() != before+acknowledged {
		t.Errorf("%d acknowledged, %d in the log", acknowledged, s.Last()-before)
	}
	for e, err := range s.Entries(t.Context(), before) {
		if err != nil || len(e.Changes) != 2 {
			t.Errorf("entry %+v, %v", e, err)
		}
	}
}

func (c contract) closed(t *testing.T) {
	s, _ := c.start(t)
	waiting := make(chan error, 1)
	go func() { waiting <- s.Wait(context.Background(), 1000) }()
	s.Stop(t)
	if err := <-waiting; !errors.Is(err, data.ErrClosed) {
		t.Errorf("wait on a closed store: %v", err)
	}
	if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{Put("a", 1)}}); !errors.Is(err, data.ErrClosed) {
		t.Errorf("append to a closed store: %v", err)
	}
}

func (c contract) epoch(t *testing.T) {
	s, dir := c.start(t)
	epoch := s.Epoch()
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	if epoch == "" || s.Epoch() != epoch {
		t.Errorf("epoch %q became %q", epoch, s.Epoch())
	}
	other, _ := c.start(t)
	if other.Epoch() == epoch {
		t.Error("two stores have one epoch")
	}
}
