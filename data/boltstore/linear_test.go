package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	worlds "github.com/gewu-city/gewu/index/compare"
)

// register is what one feature holds: Seq 0 when it does not exist.
type register struct {
	seq data.Seq
	n   int64
}

// operation is one call of a client on one feature, as the client saw it.
type operation struct {
	// invoked and answered are moments of one clock that never gives out a moment twice.
	invoked, answered int64
	kind              string // put, delete, read
	// ifSeq is the precondition of a write, nil for none.
	ifSeq *data.Seq
	n     int64 // what a put wrote
	// refused is set when a write was refused.
	refused bool
	// seen is what a read found; of a write that was done only seq counts, of a conflict what it said is there.
	seen register
}

// apply says whether an operation may have happened to a register that holds r, and what it holds afterwards.
func (o *operation) apply(r register) (register, bool) {
	if o.kind == "read" {
		return r, o.seen == r
	}
	missing := o.kind == "delete" && r.seq == 0
	if o.ifSeq != nil && *o.ifSeq != r.seq {
		return r, o.refused && o.seen.seq == r.seq
	}
	if o.refused || missing {
		return r, o.refused && missing
	}
	if o.kind == "delete" {
		return register{}, o.seen.seq > r.seq
	}
	return register{o.seen.seq, o.n}, o.seen.seq > r.seq
}

// linearizable looks for an order of the operations in which each one happened at a moment between its invocation and
// its answer, after Wing and Gong: whatever was invoked before the first answer may have been first. States that were
// seen to lead nowhere are not tried again (Lowe). It returns the operations that it could not place at best.
func linearizable(history []operation) (ok bool, stuck []operation) {
	slices.SortFunc(history, func(a, b operation) int { return int(a.invoked - b.invoked) })
	type key struct {
		done  string
		state register
	}
	seen := map[key]bool{}
	done := make([]byte, len(history))
	most := -1
	var try func(state register, placed int) bool
	try = func(state register, placed int) bool {
		if placed == len(history) {
			return true
		}
		k := key{string(done), state}
		if seen[k] {
			return false
		}
		seen[k] = true
		if placed > most {
			most, stuck = placed, nil
			for i := range history {
				if done[i] == 0 && len(stuck) < 10 {
					stuck = append(stuck, history[i])
				}
			}
		}
		first := int64(1) << 62
		for i := range history {
			if done[i] == 0 {
				first = min(first, history[i].answered)
			}
		}
		for i := range history {
			if history[i].invoked > first {
				break
			}
			if done[i] != 0 {
				continue
			}
			next, possible := history[i].apply(state)
			if !possible {
				continue
			}
			done[i] = 1
			if try(next, placed+1) {
				return true
			}
			done[i] = 0
		}
		return false
	}
	return try(register{}, 0), stuck
}

// TestLinearizableChecker shows the checker histories that are in order and some that are not.
func TestLinearizableChecker(t *testing.T) {
	zero := data.Seq(0)
	put := func(from, to int64, seq data.Seq) operation {
		return operation{invoked: from, answered: to, kind: "put", n: int64(seq), seen: register{seq: seq}}
	}
	read := func(from, to int64, seq data.Seq) operation {
		return operation{invoked: from, answered: to, kind: "read", seen: register{seq, int64(seq)}}
	}
	for name, test := range map[string]struct {
		history []operation
		want    bool
	}{
		"nothing":                    {nil, true},
		"one after the other":        {[]operation{put(1, 2, 1), read(3, 4, 1), put(5, 6, 2), read(7, 8, 2)}, true},
		"read during a write":        {[]operation{put(1, 9, 1), read(2, 3, 0), read(4, 5, 1)}, true},
		"read goes back":             {[]operation{put(1, 9, 1), read(2, 3, 1), read(4, 5, 0)}, false},
		"stale read":                 {[]operation{put(1, 2, 1), put(3, 4, 2), read(5, 6, 1)}, false},
		"read of what never was":     {[]operation{put(1, 2, 1), read(3, 4, 7)}, false},
		"two writes, either order":   {[]operation{put(1, 9, 2), put(2, 8, 1), read(10, 11, 2)}, true},
		"two writes, seqs disagree":  {[]operation{put(1, 2, 2), put(3, 4, 1)}, false},
		"both create":                {[]operation{{1, 9, "put", &zero, 1, false, register{seq: 1}}, {2, 8, "put", &zero, 2, false, register{seq: 2}}}, false},
		"one creates, one conflicts": {[]operation{{1, 9, "put", &zero, 1, false, register{seq: 1}}, {2, 8, "put", &zero, 2, true, register{seq: 1}}}, true},
		"conflict with the future":   {[]operation{{1, 2, "put", &zero, 2, true, register{seq: 1}}, put(3, 4, 1)}, false},
		"delete what is there":       {[]operation{put(1, 2, 1), {3, 4, "delete", nil, 0, false, register{seq: 2}}, read(5, 6, 0)}, true},
		"delete what is not":         {[]operation{{1, 2, "delete", nil, 0, true, register{}}, put(3, 4, 1)}, true},
		"delete missed":              {[]operation{put(1, 2, 1), {3, 4, "delete", nil, 0, true, register{}}}, false},
	} {
		if ok, _ := linearizable(test.history); ok != test.want {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

// client is one caller. It does what the HTTP server does: a write is answered when it is visible, and a refusal when
// what it is about is.
type client struct {
	store  *boltstore.DB
	engine *index.Engine
	clock  *atomic.Int64
	random *rand.Rand
	// known is the newest Seq that the client has heard of.
	known data.Seq
}

// act does one random operation on a feature.
func (c *client) act(ctx context.Context, id string) (o operation, err error) {
	o.invoked = c.clock.Add(1)
	defer func() { o.answered = c.clock.Add(1) }()
	switch c.random.IntN(8) {
	case 0, 1:
		o.kind = "read"
		o.seen = c.look(c.engine.World(), id)
	case 2, 3:
		// What another client was told of must be there for who asks for it.
		o.kind = "read"
		w, err := c.engine.Wait(ctx, c.known)
		if err != nil {
			return o, err
		}
		if w.Seq() < c.known {
			return o, fmt.Errorf("asked for seq %d and got %d", c.known, w.Seq())
		}
		o.seen = c.look(w, id)
	case 4:
		o.kind = "delete"
	case 5:
		o.kind = "delete"
		o.ifSeq = c.guess(id)
	case 6:
		o.kind = "put"
	default:
		o.kind = "put"
		o.ifSeq = c.guess(id)
	}
	if o.kind == "read" {
		return o, nil
	}
	ch := storetest.Delete(id)
	if o.kind == "put" {
		o.n = c.random.Int64N(1_000_000)
		ch = storetest.Put(id, o.n)
	}
	ch.IfSeq = o.ifSeq
	seq, err := c.store.Append(ctx, data.Tx{Changes: []data.Change{ch}})
	if conflict, ok := errors.AsType[*data.ConflictError](err); ok {
		o.refused, o.seen.seq, err = true, conflict.Have, nil
	} else if _, ok := errors.AsType[*data.ChangeError](err); ok {
		o.refused, err = true, nil
	}
	if err != nil {
		return o, err
	}
	if o.refused {
		seq = c.store.Last()
	} else {
		o.seen.seq = seq
	}
	c.known = max(c.known, seq)
	_, err = c.engine.Wait(ctx, seq)
	return o, err
}

// guess is a precondition that holds now, or held a moment ago.
func (c *client) guess(id string) *data.Seq {
	seq := c.look(c.engine.World(), id).seq
	return &seq
}

func (c *client) look(w *index.World, id string) register {
	l, ok := w.Layer("lamps")
	if !ok {
		return register{}
	}
	slot, ok := l.Lookup(id)
	if !ok {
		return register{}
	}
	return register{l.ChangedAt(slot), l.Value(slot, 2).Int()}
}

// TestLinearizable records what many clients see of a few features, with the checkpointer and compactions at work, and
// checks that each feature behaved as one register. Then the World must be what the log says.
func TestLinearizable(t *testing.T) {
	rounds, operations := 20, 120
	if testing.Short() {
		rounds = 4
	}
	seed := uint64(time.Now().UnixNano())
	for round := range rounds {
		dir := t.TempDir()
		o := boltstore.Unsynced(boltstore.Options{CheckpointChanges: 50})
		if round%2 == 1 {
			o = boltstore.Unsynced(boltstore.Tiny(boltstore.Options{}))
		}
		store := openWith(t, dir, o)
		engine := index.NewEngine(store)
		if err := engine.Load(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running errgroup.Group
		running.Go(func() error { return store.Run(ctx, engine) })
		running.Go(func() error { return engine.Run(ctx) })
		if _, err := store.Append(ctx, data.Tx{Changes: []data.Change{storetest.Define(storetest.Lamps())}}); err != nil {
			t.Fatal(err)
		}
		ids := []string{"a", "b", "c"}
		var mu sync.Mutex
		histories := map[string][]operation{}
		var clock atomic.Int64
		var clients errgroup.Group
		for n := range 8 {
			c := &client{store: store, engine: engine, clock: &clock, random: rand.New(rand.NewPCG(seed, uint64(round*100+n)))}
			clients.Go(func() error {
				for range operations {
					id := ids[c.random.IntN(len(ids))]
					o, err := c.act(ctx, id)
					if err != nil {
						return err
					}
					mu.Lock()
					histories[id] = append(histories[id], o)
					mu.Unlock()
				}
				return nil
			})
		}
		clients.Go(func() error {
			for range 5 {
				if _, err := store.Compact(ctx, boltstore.Retention{KeepEntries: 20}, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err := clients.Wait(); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		refused := 0
		for id, h := range histories {
			if ok, stuck := linearizable(h); !ok {
				t.Errorf("seed %d, round %d: the %d operations on %s have no order; at best these were left: %+v", seed, round, len(h), id, stuck)
			}
			for i := range h {
				if h[i].refused {
					refused++
				}
			}
		}
		if refused < operations/10 {
			t.Errorf("only %d writes were refused: the clients hardly met", refused)
		}
		if _, err := engine.Wait(ctx, store.Last()); err != nil {
			t.Fatal(err)
		}
		isLog(t, engine.World(), store)
		stop()
		if err := errors.Join(running.Wait(), store.Close()); err != nil {
			t.Error(err)
		}
		checkClean(t, dir)
		if t.Failed() {
			return
		}
	}
}

// logOnly hides the checkpoint of a store.
type logOnly struct{ *boltstore.DB }

func (logOnly) Checkpoint(_ context.Context, mark *data.Seq) iter.Seq2[data.Record, error] {
	*mark = 0
	return func(func(data.Record, error) bool) {}
}

// isLog checks that a World is what the log says: rows and ids one by one, and the answers of searches beside those of
// a World that was built from the log alone.
func isLog(t *testing.T, w *index.World, store *boltstore.DB) {
	t.Helper()
	report := func(problem string) { t.Errorf("world: %s", problem) }
	if err := errors.Join(worlds.Check(t.Context(), w, report), worlds.World(t.Context(), w, store, report)); err != nil {
		t.Errorf("world: %v", err)
	}
	again := index.NewEngine(logOnly{store})
	if err := again.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := again.World().Seq(); got != w.Seq() {
		t.Fatalf("the log ends at %d and the world at %d", got, w.Seq())
	}
	for _, l := range w.Layers() {
		other, _ := again.World().Layer(l.Def().Name)
		for range 20 {
			box := geo.Box{Min: geo.Point{X: 1_215_000_000, Y: 250_000_000}, Max: geo.Point{X: 1_215_000_000 + rand.Int32N(1_000_000), Y: 250_000_000 + rand.Int32N(1_000_000)}}
			if a, b := found(l, box), found(other, box); !slices.Equal(a, b) {
				t.Errorf("search in %v finds %q, in a world of the log alone %q", box, a, b)
			}
		}
	}
}

// found are the features that a search finds, in a fixed order.
func found(l *index.Layer, box geo.Box) []string {
	var list []string
	l.Search(box, func(s index.Slot) bool {
		list = append(list, l.ID(s)+" "+strconv.Itoa(int(l.Permanent(s))))
		return true
	})
	slices.Sort(list)
	return list
}
