package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/data"
)

// happened appends events as somebody who knows the log up to known.
func (s *Running) happened(ctx context.Context, known data.Seq, changes ...data.Change) (data.Seq, error) {
	return s.Append(ctx, data.Tx{Actor: "test", Cause: "case", Known: known, Changes: changes})
}

// cases checks that events of a case follow each other, several in a transaction and among other changes, that none is
// taken twice, and that they are all there after reopening, whatever is erased.
func (c contract) cases(t *testing.T) {
	s, dir := c.start(t)
	must := func(changes ...data.Change) data.Seq {
		t.Helper()
		seq, err := s.happened(t.Context(), s.Last(), changes...)
		if err != nil {
			t.Fatal(err)
		}
		s.Settle(t)
		return seq
	}
	field := func(want string, changes ...data.Change) {
		t.Helper()
		var e *data.FieldError
		if err := s.fail(t, changes...); !errors.As(err, &e) || e.Field != want {
			t.Errorf("%v, want a fault of %s", err, want)
		}
	}
	stale := func(have data.Seq, change data.Change) {
		t.Helper()
		_, err := s.happened(t.Context(), s.Last(), change)
		if e, is := errors.AsType[*data.ConflictError](err); !is || e.Have != have || e.Layer != "case" || e.ID != data.CutCaseName(change.Layer) {
			t.Errorf("%v, want a conflict with %d", err, have)
		}
	}
	first := must(Happen("A", 1, 0))
	second := must(Happen("A", 2, first), Put("a", 1), Happen("B", 1, 0), Next("B", 2), Happen("lamps", 1, 0))
	stale(second, Happen("A", 2, first))
	stale(second, Happen("A", 1, 0))
	stale(second, Happen("B", 1, 0))
	field("number", Happen("A", 2, second))
	field("number", Happen("A", 4, second))
	field("number", Happen("C", 2, 0))
	field("if_seq", Next("A", 3))
	field("if_seq", Happen("A", 3, second), Happen("A", 4, second))
	field("number", Happen("A", 3, second), Next("A", 5))
	field("op", func() data.Change { ch := Happen("A", 3, second); ch.Op = data.OpDelete; return ch }())
	field("layer", func() data.Change { ch := Happen("A", 3, second); ch.Layer = "lamps"; return ch }())
	if _, err := s.AppendTogether(t.Context(), 1, func(yield func(data.Tx, error) bool) {
		yield(data.Tx{Known: s.Last(), Changes: []data.Change{Happen("A", 3, second)}}, nil)
	}); err == nil {
		t.Error("an event was appended together")
	}
	// What a transaction that fails would have appended is not in the way.
	conflict := Happen("A", 3, second)
	_ = s.fail(t, conflict, Delete("nothing"))
	third := must(conflict)
	body := []byte("opaque \x00\xff")
	last := must(data.Change{Stream: data.StreamCase, Op: data.OpPut, Layer: "case:B", Case: &data.CaseEvent{Number: 3, Body: body}, IfSeq: &second})
	body[0] = 'X' // the store has its own

	for i := range 30 {
		s.Must(t, Put("a", int64(i))) // for a checkpoint, and something to erase
	}
	if e, erases := s.Store.(Eraser); erases {
		if err := e.EraseBefore(t.Context(), 1); err != nil {
			t.Error(err)
		}
	}
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	type event struct {
		seq, prev data.Seq
		n         int
		body      string
	}
	var got []event
	for e, err := range s.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range e.Changes {
			if ch := &e.Changes[i]; ch.Layer == "case:B" {
				got = append(got, event{e.Seq, ch.Prev, ch.Case.Number, string(ch.Case.Body)})
			}
		}
	}
	want := []event{{second, 0, 1, `{"case":"B","number":1}`}, {second, second, 2, `{"case":"B","number":2}`}, {last, second, 3, "opaque \x00\xff"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("events of B are %+v, want %+v", got, want)
	}
	changes, err := s.Changes(t.Context(), second, 0)
	if err != nil || len(changes) != 4 || changes[0].Case == nil || changes[0].Prev != first || changes[3].Layer != "case:lamps" {
		t.Errorf("changes of %d: %+v, %v", second, changes, err)
	}
	if changes, err = s.Happened(t.Context(), second, "case:B"); err != nil || len(changes) != 2 || changes[1].Case.Number != 2 || changes[1].Prev != second {
		t.Errorf("events of B in %d: %+v, %v", second, changes, err)
	}
	if changes, err = s.Happened(t.Context(), first, "case:B"); err != nil || len(changes) != 0 {
		t.Errorf("events of B in %d: %+v, %v", first, changes, err)
	}
	if _, err = s.Happened(t.Context(), s.Last()+1, "case:B"); !errors.Is(err, data.ErrNoEntry) {
		t.Errorf("events of an entry that does not exist: %v", err)
	}
	// Somebody who has not read the log since is not believed.
	_, err = s.happened(t.Context(), 0, Happen("A", 3, second))
	if behind, is := errors.AsType[*data.BehindError](err); !conflicted(err) && (!is || behind.Need > s.Last()) {
		t.Errorf("append of somebody who knows nothing: %v", err)
	}
	fields := func(want string, change data.Change) {
		t.Helper()
		_, err := s.happened(t.Context(), s.Last(), change)
		if e, is := errors.AsType[*data.FieldError](err); !conflicted(err) && (!is || e.Field != want) {
			t.Errorf("%v, want a fault of %s", err, want)
		}
	}
	fields("if_seq", Happen("A", 4, first-1))
	fields("if_seq", Happen("A", 4, last))
	fields("if_seq", Happen("A", 4, s.Last()+1))
	fields("number", Happen("A", 6, third))
	must(Happen("A", 4, third))
	stale(s.Last(), Happen("A", 4, third))
}

// conflicted is what a store answers that remembers everything.
func conflicted(err error) bool {
	_, is := errors.AsType[*data.ConflictError](err)
	return is
}

// casesUnderWriters lets writers race for the next event of few cases: each number is taken once.
func (c contract) casesUnderWriters(t *testing.T) {
	s, _ := c.start(t)
	const writers, each = 8, 60
	ids := []string{"A", "B", "C"}
	type head struct {
		seq data.Seq
		n   int
	}
	var mu sync.Mutex
	heads, known := map[string]head{}, s.Last()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(w)))
			for range each {
				a := ids[random.IntN(len(ids))]
				mu.Lock()
				h := heads[a]
				mu.Unlock()
				own := fmt.Sprintf("own-%d-%d", w, random.Uint64())
				seq, err := s.happened(t.Context(), known, Happen(a, h.n+1, h.seq), Happen(own, 1, 0))
				if conflicted(err) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if heads[a].n < h.n+1 {
					heads[a] = head{seq, h.n + 1}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	read := map[string]head{}
	for e, err := range s.Entries(t.Context(), known) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range e.Changes {
			ch := &e.Changes[i]
			id := data.CutCaseName(ch.Layer)
			if before := read[id]; ch.Prev != before.seq || ch.Case.Number != before.n+1 {
				t.Fatalf("event %d of %s follows %d, the one before is %+v", ch.Case.Number, id, ch.Prev, before)
			}
			read[id] = head{e.Seq, ch.Case.Number}
		}
	}
	for _, id := range ids {
		if read[id] != heads[id] || read[id].n == 0 {
			t.Errorf("%s: the log has %+v, acknowledged was %+v", id, read[id], heads[id])
		}
	}
}
