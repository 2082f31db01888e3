package planner_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/index/planner"
)

// TestSettle publishes what is due by a clock that stands still and is moved, before Settle returns.
func TestSettle(t *testing.T) {
	begin := time.Now().Truncate(time.Microsecond)
	var moved atomic.Int64
	now := func() time.Time { return begin.Add(time.Duration(moved.Load())) }
	s := serveBy(t, t.TempDir(), now)
	defer s.stop()
	s.append(t, storetest.Define(storetest.Lamps()))
	p := planner.New(s.engine, s.store, now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	if at, ok := p.Next(); ok {
		t.Errorf("next is %s before anything is planned", at)
	}
	for i, id := range []string{"c", "a", "b"} {
		seq, err := p.Plan(t.Context(), id, data.Tx{Effective: begin.Add(time.Duration(3-i) * time.Hour), Changes: []data.Change{storetest.Put(id, int64(i))}})
		if err == nil {
			_, err = s.engine.Wait(t.Context(), seq)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if at, ok := p.Next(); !ok || !at.Equal(begin.Add(time.Hour)) {
		t.Errorf("next is %s, %v", at, ok)
	}
	for hour := range 4 {
		moved.Store(int64(hour) * int64(time.Hour))
		if err := p.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if l, _ := s.engine.World().Layer("lamps"); l.Len() != hour {
			t.Errorf("%d lamps after %d hours", l.Len(), hour)
		}
	}
	if at, ok := p.Next(); ok {
		t.Errorf("next is %s when all is done", at)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	// Nobody publishes any more.
	if _, err := p.Plan(t.Context(), "d", data.Tx{Effective: begin, Changes: []data.Change{storetest.Put("d", 1)}}); err != nil {
		t.Fatal(err)
	}
	soon, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	for _, ok := p.Next(); !ok; _, ok = p.Next() {
		time.Sleep(time.Millisecond)
	}
	if err := p.Settle(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("settled without anybody who publishes: %v", err)
	}
}
