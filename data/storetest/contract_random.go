package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/storetest/model"
)

func (c contract) writers(t *testing.T) {
	s, dir := c.start(t)
	const writers, each = 16, 50
	type ack struct {
		id  string
		n   int64
		seq data.Seq
	}
	var mu sync.Mutex
	acks := map[string]ack{}
	seqs := map[data.Seq]bool{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for i := range each {
				// Shared ids, so that writers meet.
				id, n := strconv.Itoa(random.IntN(20)), int64(w*each+i)
				head, _ := s.Model.Head("lamps", id)
				ch := Put(id, n)
				if random.IntN(2) == 0 {
					ch = IfSeq(ch, head.Seq)
				}
				seq, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{ch, Put(fmt.Sprint("own", w), n)}})
				if _, conflict := errors.AsType[*data.ConflictError](err); conflict {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seqs[seq] {
					t.Errorf("seq %d was given twice", seq)
				}
				seqs[seq] = true
				if seq > acks[id].seq {
					acks[id] = ack{id, n, seq}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	s.Settle(t)
	if int(s.Last()) != len(seqs)+1 {
		t.Errorf("%d acknowledged, log ends at %d", len(seqs), s.Last())
	}
	want := s.Model
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	if d := s.Model.Diff(want); d != "" {
		t.Error(d)
	}
	for id, a := range acks {
		f, ok := s.Model.Get("lamps", id)
		if wanted := Lamp(id, a.n); !ok || f.Seq != a.seq || !f.Equal(&wanted) {
			t.Errorf("%s: have %+v, acknowledged %+v", id, f, a)
		}
	}
}

// lagging is a store whose heads know only what they are told when they are told.
type lagging struct {
	t     testing.TB
	store data.Store
	heads *model.City
	stop  func()
}

func startLagging(t testing.TB, store data.Store) *lagging {
	t.Helper()
	l := &lagging{t: t, store: store, heads: model.New()}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- store.Run(ctx, l.heads) }()
	l.stop = func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	return l
}

func (l *lagging) must(ch ...data.Change) data.Seq {
	l.t.Helper()
	seq, err := l.store.Append(l.t.Context(), data.Tx{Changes: ch})
	if err != nil {
		l.t.Fatal(err)
	}
	return seq
}

// append appends a transaction, and tells the heads only when the store waits for them.
func (l *lagging) append(changes []data.Change) error {
	const patience = 20 * time.Millisecond
	for {
		ctx, cancel := context.WithTimeout(l.t.Context(), patience)
		_, err := l.store.Append(ctx, data.Tx{Changes: changes})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		l.catchUp()
	}
}

func (l *lagging) catchUp() {
	l.t.Helper()
	if err := l.heads.CatchUp(l.t.Context(), l.store); err != nil {
		l.t.Fatal(err)
	}
}

// laggingHeads checks that preconditions hold although the engine lags behind the log.
func (c contract) laggingHeads(t *testing.T) {
	lag := startLagging(t, c.open(t, t.TempDir()))
	defer lag.stop()
	must := lag.must
	conflict := func(ch data.Change) {
		t.Helper()
		var e *data.ConflictError
		if _, err := lag.store.Append(t.Context(), data.Tx{Changes: []data.Change{ch}}); !errors.As(err, &e) {
			t.Errorf("%s: %v", ch.Feature.ID, err)
		}
	}
	must(Define(Lamps()))
	seq := must(Put("a", 1))
	conflict(IfSeq(Put("a", 2), 0))
	seq = must(IfSeq(Put("a", 2), seq))
	must(IfSeq(Delete("a"), seq))
	conflict(IfSeq(Put("a", 3), seq))
	seq = must(IfSeq(Put("a", 3), 0))
	lag.catchUp()
	conflict(IfSeq(Put("a", 4), 0))
	must(IfSeq(Put("a", 4), seq))
	// The engine still knows features of a layer that was dropped and created again.
	must(Drop("lamps"))
	must(Define(Lamps()))
	must(IfSeq(Put("a", 5), 0))
	lag.catchUp()
	if f, _ := lag.heads.Get("lamps", "a"); f.Permanent != 2 {
		t.Errorf("permanent id in the new layer is %d", f.Permanent)
	}
}

// histories runs random histories with reopening and compares log, checkpoint and the model.
func (c contract) histories(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, remove := tempDir(t)
		defer remove()
		s := Start(t, c.open(t, dir))
		defer func() {
			if s.stop != nil {
				s.Stop(t)
			}
		}()
		s.Must(t, Define(Lamps()))
		id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		change := rapid.Custom(func(r *rapid.T) data.Change {
			if rapid.IntRange(0, 4).Draw(r, "op") == 0 {
				return Delete(id.Draw(r, "id"))
			}
			return Put(id.Draw(r, "id"), rapid.Int64Range(0, 99).Draw(r, "n"))
		})
		append1 := func(changes ...data.Change) {
			_, err := s.Append(t.Context(), data.Tx{Changes: changes})
			if _, refused := errors.AsType[*data.ChangeError](err); err != nil && !refused {
				r.Fatalf("append: %v", err)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"append": func(r *rapid.T) { append1(rapid.SliceOfN(change, 1, 6).Draw(r, "changes")...) },
			"burst": func(r *rapid.T) {
				changes := rapid.SliceOfN(change, 2, 8).Draw(r, "changes")
				var wg sync.WaitGroup
				for _, ch := range changes {
					wg.Go(func() { append1(ch) })
				}
				wg.Wait()
			},
			"together": func(r *rapid.T) {
				txs := rapid.SliceOfN(rapid.SliceOfN(change, 1, 4), 1, 4).Draw(r, "transactions")
				_, err := s.AppendTogether(t.Context(), len(txs), sequence(txs...))
				if _, refused := errors.AsType[*data.ChangeError](err); err != nil && !refused {
					r.Fatalf("append together: %v", err)
				}
			},
			"renew": func(*rapid.T) {
				append1(Drop("lamps"))
				append1(Define(Lamps()))
			},
			"plan": func(r *rapid.T) {
				p := Planned(id.Draw(r, "plan"), time.Unix(1<<33, 0), Put("a", 1))
				if _, begun := s.Model.Plan(p.ID); begun > 0 {
					append1(Put("b", 2), p.End(data.PlanDone, "").Change(begun))
					return
				}
				append1(p.Change(0))
			},
			"admin": func(r *rapid.T) {
				kind := rapid.SampledFrom([]string{data.AdminOrganisation, data.AdminStaff, data.AdminNote}).Draw(r, "kind")
				record := Record(kind, id.Draw(r, "record"), rapid.IntRange(0, 9).Draw(r, "value"))
				if rapid.Bool().Draw(r, "delete") {
					append1(Put("c", 1), Unrecord(record))
					return
				}
				append1(record.Put())
			},
			"reopen": func(*rapid.T) {
				s.Stop(t)
				s = Start(t, c.open(t, dir))
			},
			"": func(r *rapid.T) {
				s.Settle(t)
				if d := Replay(t, s).Diff(s.Model); d != "" {
					r.Fatalf("log and model differ: %s", d)
				}
				if m, mark := Restore(t, s); m.Diff(s.Model) != "" {
					r.Fatalf("checkpoint at %d of %d and model differ: %s", mark, s.Last(), m.Diff(s.Model))
				}
			},
		})
	})
}

// tempDir is a folder that can be removed before the test ends: a property makes thousands.
func tempDir(t *testing.T) (dir string, remove func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "storetest") //nolint:usetesting // t.TempDir keeps it until the test ends
	if err != nil {
		t.Fatal(err)
	}
	return dir, func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}
}
