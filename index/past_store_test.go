package index_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/index"
)

// serving is an engine on the default store.
type serving struct {
	store  *boltstore.DB
	engine *index.Engine
	past   *index.Past
	stop   func()
}

func serve(t testing.TB, path string, now func() time.Time) *serving {
	t.Helper()
	store, err := boltstore.Open(path, boltstore.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	s := &serving{store: store, engine: index.NewEngine(store)}
	s.past = index.NewPast(s.engine, store, index.PastOptions{})
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

// TestPastOnAStore asks for the past of a city in the default store, while it is written, after a restart, and after
// retention has erased what lies behind a horizon: nothing but the horizon changes the answers.
func TestPastOnAStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gewu.db")
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { return clock }
	s := serve(t, path, now)
	r := rand.New(rand.NewPCG(11, 12))
	write := func(n int) {
		t.Helper()
		for range n {
			clock = clock.Add(time.Minute)
			tx := data.Tx{}
			if r.IntN(3) == 0 {
				tx.Effective = clock.Add(-time.Duration(r.IntN(100)) * time.Minute)
			}
			for range 1 + r.IntN(3) {
				c := storetest.Put(fmt.Sprint(r.IntN(10)), r.Int64N(1000))
				if _, alive := lookup(s.engine.World(), c.Feature.ID); alive && r.IntN(4) == 0 {
					c = storetest.Delete(c.Feature.ID)
				}
				tx.Changes = append(tx.Changes, c)
			}
			seq, err := s.store.Append(t.Context(), tx)
			if _, twice := errors.AsType[*data.ChangeError](err); twice {
				continue // deleted twice
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.engine.Wait(t.Context(), seq); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.store.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Define(storetest.Lamps())}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	write(100)
	type question struct {
		when  index.Moment
		print uint64
	}
	var asked []question
	for range 60 {
		q := question{when: index.Moment{AsOf: data.Seq(r.IntN(int(s.store.Last()) + 1))}}
		if r.IntN(2) == 0 {
			q.when.At = clock.Add(-time.Duration(r.IntN(110*60)) * time.Second)
		}
		w, err := s.past.World(t.Context(), q.when)
		if err != nil {
			t.Fatal(err)
		}
		q.print = contents(w)
		asked = append(asked, q)
	}
	again := func(what string) (gone int) {
		t.Helper()
		horizon := s.store.Horizon()
		var recorded time.Time
		if horizon > 0 {
			h, err := s.store.Header(t.Context(), horizon)
			if err != nil {
				t.Fatal(err)
			}
			recorded = h.Recorded
		}
		for _, q := range asked {
			w, err := s.past.World(t.Context(), q.when)
			_, over := errors.AsType[*index.HorizonError](err)
			// A date at which everything up to the entry counts is no bound.
			bound := !q.when.At.IsZero() && q.when.At.Before(recorded)
			if want := q.when.AsOf < horizon || bound; over != want || !over && err != nil {
				t.Fatalf("%s, horizon %d of %s, %+v: %v", what, horizon, recorded, q.when, err)
			}
			if over {
				gone++
				continue
			}
			if contents(w) != q.print {
				t.Fatalf("%s: %+v has another answer", what, q.when)
			}
		}
		return gone
	}
	write(40)
	again("after more was written")
	s.stop()
	s = serve(t, path, now)
	again("after a restart")
	write(20)
	if _, err := s.store.Compact(t.Context(), boltstore.Retention{KeepEntries: 110}, nil); err != nil {
		t.Fatal(err)
	}
	if gone := again("after retention"); gone == 0 || gone == len(asked) {
		t.Errorf("%d of %d moments are gone behind horizon %d", gone, len(asked), s.store.Horizon())
	}
	s.stop()
	s = serve(t, path, now)
	again("after retention and a restart")
	s.stop()
}

func lookup(w *index.World, id string) (index.Slot, bool) {
	l, ok := w.Layer("lamps")
	if !ok {
		return 0, false
	}
	return l.Lookup(id)
}

// contents is a hash of the features of a World.
func contents(w *index.World) uint64 {
	total := uint64(w.Seq())
	for _, l := range w.Layers() {
		for slot := range l.After("") {
			f := l.Feature(slot)
			total = total*31 + hashOf(l.Def().Name, f.ID, f.Shape.Vertices(), f.Values, l.ChangedAt(slot))
		}
	}
	return total
}

func hashOf(parts ...any) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range fmt.Append(nil, parts...) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}
