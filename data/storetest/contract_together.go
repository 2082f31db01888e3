package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
)

// sequence yields transactions of the changes given.
func sequence(txs ...[]data.Change) iter.Seq2[data.Tx, error] {
	return func(yield func(data.Tx, error) bool) {
		for _, changes := range txs {
			if !yield(data.Tx{Actor: "test", Cause: "import:1", Operation: "1", Changes: changes}, nil) {
				return
			}
		}
	}
}

// entries are the entries after a Seq.
func (s *Running) entries(t *testing.T, after data.Seq) (all []*data.Entry) {
	t.Helper()
	for e, err := range s.Entries(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func (c contract) together(t *testing.T) {
	s, dir := c.start(t)
	s.Must(t, Put("a", 1), Put("b", 1))
	before := s.Last()
	seq, err := s.AppendTogether(t.Context(), 3, sequence(
		[]data.Change{IfSeq(Put("a", 2), before), Put("c", 1)},
		[]data.Change{IfSeq(Put("a", 3), before+1), Delete("b")},
		[]data.Change{IfSeq(Put("b", 2), 0), IfSeq(Delete("c"), before+1)},
	))
	if err != nil || seq != before+3 || s.Last() != seq {
		t.Fatalf("three together: %d, %v; the log ends at %d", seq, err, s.Last())
	}
	check := func(s *Running) {
		t.Helper()
		all := s.entries(t, before)
		if len(all) != 3 {
			t.Fatalf("%d entries", len(all))
		}
		links := [][]data.Seq{{before, 0}, {before + 1, before}, {before + 2, before + 1}}
		for i, e := range all {
			if e.Visible != seq || !e.Recorded.Equal(all[0].Recorded) || e.Operation != "1" || e.Cause != "import:1" {
				t.Errorf("entry %d: %+v", e.Seq, e)
			}
			for j, ch := range e.Changes {
				if ch.Prev != links[i][j] || ch.IfSeq != nil {
					t.Errorf("entry %d, change %d: prev %d, want %d", e.Seq, j, ch.Prev, links[i][j])
				}
			}
		}
		for to, want := range map[data.Seq]data.Seq{before - 1: before - 1, before: before, seq - 2: before, seq - 1: before, seq: seq, seq + 1: seq} {
			last := data.Seq(0)
			for e, err := range data.Whole(s.Entries(t.Context(), 0), to) {
				if err != nil {
					t.Fatal(err)
				}
				last = e.Seq
			}
			if last != want {
				t.Errorf("the world at %d ends with entry %d, want %d", to, last, want)
			}
		}
	}
	check(s)
	s.Settle(t)
	want := s.Model
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	check(s)
	if d := Replay(t, s).Diff(want); d != "" {
		t.Error(d)
	}
	if e := s.entries(t, before-1)[0]; e.Visible != e.Seq {
		t.Errorf("a transaction by itself is visible with entry %d", e.Visible)
	}
	s.Must(t, Put("d", 1))
	if f, _ := s.Model.Get("lamps", "d"); f.Permanent != 4 {
		t.Errorf("d has permanent id %d", f.Permanent)
	}
}

// togetherFails checks that nothing is left of a group that fails, wherever and for whatever reason.
func (c contract) togetherFails(t *testing.T) {
	s, dir := c.start(t)
	s.Must(t, Put("a", 1))
	broken := errors.New("broken")
	gone, cancel := context.WithCancel(t.Context())
	defer cancel()
	var conflict *data.ConflictError
	var change *data.ChangeError
	for name, test := range map[string]struct {
		ctx  context.Context //nolint:containedctx // of one case
		n    int
		txs  iter.Seq2[data.Tx, error]
		fits func(error) bool
	}{
		"conflict in the last": {
			t.Context(), 3, sequence([]data.Change{Put("x", 1)}, []data.Change{Put("y", 1)}, []data.Change{IfSeq(Put("x", 1), 0)}),
			func(err error) bool {
				return errors.As(err, &conflict) && conflict.ID == "x" && conflict.Have == s.Last()+1
			},
		},
		"conflict in the first": {
			t.Context(), 2, sequence([]data.Change{IfSeq(Put("a", 1), 0)}, []data.Change{Put("y", 1)}),
			func(err error) bool { return errors.As(err, &conflict) && conflict.ID == "a" },
		},
		"does not fit": {t.Context(), 2, sequence([]data.Change{Put("x", 1)}, []data.Change{Delete("nothing")}), func(err error) bool { return errors.As(err, &change) && change.ID == "nothing" }},
		"empty":        {t.Context(), 2, sequence([]data.Change{Put("x", 1)}, nil), func(err error) bool { return errors.Is(err, data.ErrEmpty) }},
		"none":         {t.Context(), 0, sequence(), func(err error) bool { return errors.Is(err, data.ErrEmpty) }},
		"too few":      {t.Context(), 3, sequence([]data.Change{Put("x", 1)}, []data.Change{Put("y", 1)}), func(err error) bool { return err != nil }},
		"too many":     {t.Context(), 1, sequence([]data.Change{Put("x", 1)}, []data.Change{Put("y", 1)}), func(err error) bool { return err != nil }},
		"definition":   {t.Context(), 2, sequence([]data.Change{Put("x", 1)}, []data.Change{Drop("lamps")}), func(err error) bool { return errors.As(err, &change) }},
		"broken source": {t.Context(), 3, func(yield func(data.Tx, error) bool) {
			_ = yield(data.Tx{Changes: []data.Change{Put("x", 1)}}, nil) && yield(data.Tx{Changes: []data.Change{Put("y", 1)}}, nil) && yield(data.Tx{}, broken)
		}, func(err error) bool { return errors.Is(err, broken) }},
		"broken behind the last": {t.Context(), 1, func(yield func(data.Tx, error) bool) {
			_ = yield(data.Tx{Changes: []data.Change{Put("x", 1)}}, nil) && yield(data.Tx{}, broken)
		}, func(err error) bool { return errors.Is(err, broken) }},
		"cancelled": {gone, 3, func(yield func(data.Tx, error) bool) {
			_ = yield(data.Tx{Changes: []data.Change{Put("x", 1)}}, nil)
			cancel()
			_ = yield(data.Tx{Changes: []data.Change{Put("y", 1)}}, nil) && yield(data.Tx{Changes: []data.Change{Put("z", 1)}}, nil) && yield(data.Tx{}, context.Cause(gone))
		}, func(err error) bool { return errors.Is(err, context.Canceled) }},
	} {
		before := s.Last()
		seq, err := s.AppendTogether(test.ctx, test.n, test.txs)
		if !test.fits(err) || seq != 0 {
			t.Errorf("%s: %d, %v", name, seq, err)
		}
		if s.Last() != before {
			t.Errorf("%s: the log moved from %d to %d", name, before, s.Last())
		}
		// What comes next stands where the group would have begun, and no permanent id is lost.
		if seq := s.Must(t, Put("a", int64(before))); seq != before+1 {
			t.Errorf("%s: the next transaction is %d after %d", name, seq, before)
		}
	}
	if f, _ := s.Model.Get("lamps", "a"); f.Permanent != 1 {
		t.Errorf("a has permanent id %d", f.Permanent)
	}
	s.Must(t, IfSeq(Put("x", 1), 0))
	if f, _ := s.Model.Get("lamps", "x"); f.Permanent != 2 {
		t.Errorf("x has permanent id %d", f.Permanent)
	}
	want := s.Model
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	if d := Replay(t, s).Diff(want); d != "" {
		t.Error(d)
	}
}

// togetherAmong appends groups while others write: entries of a group stand in a row, nobody sees the log end within
// one, and every acknowledged change of the others is there.
func (c contract) togetherAmong(t *testing.T) {
	s, _ := c.start(t)
	const groups, each, writers = 10, 4, 6
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var acknowledged atomic.Int64
	for w := range writers {
		wg.Go(func() {
			for n := int64(1); ctx.Err() == nil; n++ {
				switch _, err := s.Append(ctx, data.Tx{Changes: []data.Change{Put(fmt.Sprint("own", w), n)}}); {
				case err == nil:
					acknowledged.Add(1)
				case ctx.Err() == nil:
					t.Error(err)
					return
				}
			}
		})
	}
	seen := map[data.Seq]bool{}
	wg.Go(func() {
		for ctx.Err() == nil {
			seen[s.Last()] = true
			time.Sleep(50 * time.Microsecond)
		}
	})
	for g := range groups {
		txs := make([][]data.Change, each)
		for i := range txs {
			for k := range 20 {
				txs[i] = append(txs[i], Put("group"+strconv.Itoa(k), int64(g*100+i)))
			}
		}
		if _, err := s.AppendTogether(t.Context(), each, sequence(txs...)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	wg.Wait()
	s.Settle(t)
	singles, open := 0, data.Seq(0)
	for _, e := range s.entries(t, 1) {
		switch {
		case open == 0 && e.Visible > e.Seq:
			open = e.Visible
		case open != 0 && e.Visible != open:
			t.Errorf("entry %d stands within the group that ends with %d", e.Seq, open)
		}
		if e.Visible == e.Seq && open == 0 {
			singles++
		}
		if seen[e.Seq] && e.Visible != e.Seq {
			t.Errorf("the log was seen to end with %d, within the group that ends with %d", e.Seq, e.Visible)
		}
		if e.Seq == open {
			open = 0
		}
	}
	// A write that was cancelled may have landed.
	if n := int(acknowledged.Load()); singles < n || singles > n+writers {
		t.Errorf("%d acknowledged, %d in the log", n, singles)
	}
	if d := Replay(t, s).Diff(s.Model); d != "" {
		t.Error(d)
	}
}

// defined checks the precondition on definitions, and that what a transaction says about itself is kept.
func (c contract) defined(t *testing.T) {
	s, dir := c.start(t)
	layer, _ := s.Model.Layer("lamps")
	again := *layer
	again.Title = data.Title{"en": "Lanterns"}
	second := s.Must(t, Define(&again))
	var redefined *data.RedefinedError
	for _, want := range []data.Seq{0, 1, second + 1} {
		_, err := s.Append(t.Context(), data.Tx{Defined: map[string]data.Seq{"lamps": want}, Changes: []data.Change{Put("a", 1)}})
		if !errors.As(err, &redefined) || redefined.Have != second || redefined.Want != want || redefined.Layer != "lamps" {
			t.Errorf("defined at %d: %v", want, err)
		}
	}
	receipt := data.Receipt{Key: [16]byte{1}, Request: [16]byte{15: 2}}
	if _, err := s.Append(t.Context(), data.Tx{
		Defined: map[string]data.Seq{"lamps": second}, Operation: "操作", Receipt: receipt, Changes: []data.Change{Put("a", 1)},
	}); err != nil {
		t.Error(err)
	}
	s.Must(t, Drop("lamps"))
	if _, err := s.Append(t.Context(), data.Tx{Defined: map[string]data.Seq{"lamps": second}, Changes: []data.Change{Define(Cells())}}); !errors.As(err, &redefined) || redefined.Have != 0 {
		t.Errorf("dropped: %v", err)
	}
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	if e := s.entries(t, second)[0]; e.Operation != "操作" || e.Receipt != receipt || e.Visible != e.Seq {
		t.Errorf("entry %+v", e)
	}
}
