package storetest

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
)

// headers checks that each header is that of its entry.
func (c contract) headers(t *testing.T) {
	s, dir := c.start(t)
	for i := range 5 {
		s.Must(t, Put("a", int64(i)), Put("b", int64(i)))
	}
	check := func(s *Running) {
		t.Helper()
		for e, err := range s.Entries(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			h, err := s.Header(t.Context(), e.Seq)
			s.outlined(t, e)
			if err != nil || h.Seq != e.Seq || !h.Recorded.Equal(e.Recorded) || !h.Effective.Equal(e.Effective) ||
				h.Actor != e.Actor || h.Cause != e.Cause || h.PrevHash != e.PrevHash || len(h.Payloads) != len(e.Changes) {
				t.Errorf("header %d is %+v, %v", e.Seq, h, err)
			}
		}
		for _, seq := range []data.Seq{0, s.Last() + 1, 1 << 60} {
			if _, err := s.Header(t.Context(), seq); !errors.Is(err, data.ErrNoEntry) {
				t.Errorf("header %d: %v", seq, err)
			}
			if _, err := s.Changes(t.Context(), seq, 1); !errors.Is(err, data.ErrNoEntry) {
				t.Errorf("changes of %d: %v", seq, err)
			}
			if err := s.Outline(t.Context(), seq, func(data.PayloadHead) {}); !errors.Is(err, data.ErrNoEntry) {
				t.Errorf("outline of %d: %v", seq, err)
			}
		}
	}
	check(s)
	s.Stop(t)
	check(Start(t, c.open(t, dir)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Header(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("header under an ended context: %v", err)
	}
}

// outlined compares the outline of an entry with the entry.
func (s *Running) outlined(t *testing.T, e *data.Entry) {
	t.Helper()
	n := 0
	err := s.Outline(t.Context(), e.Seq, func(h data.PayloadHead) {
		if n >= len(e.Changes) {
			t.Errorf("entry %d: more than %d changes", e.Seq, n)
			return
		}
		c := &e.Changes[n]
		if h.Stream != c.Stream || h.Op != c.Op || h.Permanent != c.Permanent || h.Prev != c.Prev || string(h.Layer) != c.Layer {
			t.Errorf("entry %d, change %d: outline %+v of %+v", e.Seq, n, h, c)
		}
		n++
	})
	if err != nil || n != len(e.Changes) {
		t.Errorf("entry %d: %d of %d changes, %v", e.Seq, n, len(e.Changes), err)
	}
}

// seqAt checks the answer for each recorded time and for those before and after it.
func (c contract) seqAt(t *testing.T) {
	s, _ := c.start(t)
	for i := range 40 {
		s.Must(t, Put("a", int64(i)))
	}
	var recorded []time.Time // of entry i+1
	for e, err := range s.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		recorded = append(recorded, e.Recorded)
	}
	for _, r := range recorded {
		for _, at := range []time.Time{r.Add(-time.Microsecond), r, r.Add(time.Microsecond)} {
			want := data.Seq(0)
			for i, r := range recorded {
				if !r.After(at) {
					want = data.Seq(i + 1)
				}
			}
			if got, err := s.SeqAt(t.Context(), at); err != nil || got != want {
				t.Errorf("at %s: %d, %v; want %d", at, got, err, want)
			}
		}
	}
	for at, want := range map[time.Time]data.Seq{{}: 0, recorded[0].AddDate(500, 0, 0): s.Last()} {
		if got, err := s.SeqAt(t.Context(), at); err != nil || got != want {
			t.Errorf("at %s: %d, %v; want %d", at, got, err, want)
		}
	}
}

// changesOf checks that the changes of some features are found in their entries, in order, however often one changed.
func (c contract) changesOf(t *testing.T) {
	s, dir := c.start(t)
	const many = 3000
	changes := make([]data.Change, many)
	for i := range changes {
		changes[i] = Put(strconv.Itoa(i), int64(i))
	}
	first := s.Must(t, changes...)
	second := s.Must(t, Put("7", 1), Put("8", 2), Delete("7"), Put("7", 3))
	check := func(s *Running) {
		t.Helper()
		permanent := func(id string) uint32 {
			h, _ := s.Model.Head("lamps", id)
			return h.Permanent
		}
		found, err := s.Changes(t.Context(), second, permanent("7"))
		if err != nil || len(found) != 3 || found[0].Prev != first || found[1].Op != data.OpDelete || found[1].Prev != second {
			t.Errorf("changes of 7: %+v, %v", found, err)
		}
		if want := Lamp("7", 3); len(found) == 3 && !found[2].Feature.Equal(&want) {
			t.Errorf("the last change of 7 is %+v", found[2])
		}
		found, err = s.Changes(t.Context(), first, permanent("2999"), permanent("0"), 1<<31)
		if err != nil || len(found) != 2 || found[0].Feature.ID != "0" || found[1].Feature.ID != "2999" {
			t.Errorf("changes of 0 and 2999: %+v, %v", found, err)
		}
		found, err = s.Changes(t.Context(), 1, 0)
		if err != nil || len(found) != 1 || found[0].Definition == nil {
			t.Errorf("the definition: %+v, %v", found, err)
		}
		if found, err = s.Changes(t.Context(), second); err != nil || len(found) != 0 {
			t.Errorf("changes of nothing: %+v, %v", found, err)
		}
	}
	check(s)
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	check(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Changes(ctx, first, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("changes under an ended context: %v", err)
	}
}

// noFuture checks that nothing is recorded as effective later than it was recorded.
func (c contract) noFuture(t *testing.T) {
	s, _ := c.start(t)
	before := s.Last()
	_, err := s.Append(t.Context(), data.Tx{Effective: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), Changes: []data.Change{Put("a", 1)}})
	field, ok := errors.AsType[*data.FieldError](err)
	if !ok || field.Field != "effective" || s.Last() != before {
		t.Errorf("an effective time in the future: %v, last %d", err, s.Last())
	}
}

// Planned is a plan of changes of the layer lamps.
func Planned(id string, due time.Time, changes ...data.Change) *data.Plan {
	return &data.Plan{
		ID: id, Due: due, State: data.PlanPending, Actor: "planner", Cause: "new lamps", Count: len(changes),
		Layers: []data.PlanLayer{data.PlannedFor(Lamps())}, Changes: changes,
	}
}

// plans checks that a plan keeps its changes, ends once, and survives reopening.
func (c contract) plans(t *testing.T) {
	s, dir := c.start(t)
	due := time.Date(2100, 1, 2, 3, 4, 5, 6000, time.UTC)
	plan := Planned("p", due, IfSeq(Put("a", 1), 0), Put("b", 2))
	begun := s.Must(t, plan.Change(0))
	if _, ok := s.Model.Get("lamps", "a"); ok {
		t.Error("a plan changed the city")
	}
	refused := func(field string, ch ...data.Change) {
		t.Helper()
		s.refuse(t, field, ch...)
	}
	twin := Planned("p", due, Put("c", 1)).Change(0)
	twin.IfSeq = nil
	refused("id", twin)
	refused("state", Planned("q", due, Put("a", 1)).End(data.PlanDone, "").Change(0))
	refused("id", Planned("a/b", due, Put("a", 1)).Change(0))
	refused("due", Planned("q", time.Time{}, Put("a", 1)).Change(0))
	refused("plan", data.Change{Stream: data.StreamAdmin, Op: data.OpDelete, Layer: plan.Name()})
	misnamed := plan.Change(0)
	misnamed.Layer = "plan:other"
	refused("id", misnamed)
	var conflict *data.ConflictError
	if err := s.fail(t, plan.End(data.PlanDone, "").Change(begun+1)); !errors.As(err, &conflict) || conflict.Have != begun {
		t.Errorf("end after another record: %v", err)
	}

	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	if p, seq := s.Model.Plan("p"); p == nil || p.State != data.PlanPending || seq != begun || !p.Due.Equal(due) {
		t.Errorf("after reopening: %+v at %d", p, seq)
	}
	stored, err := s.Changes(t.Context(), begun, 0)
	if err != nil || len(stored) != 1 || len(stored[0].Plan.Changes) != 2 {
		t.Fatalf("record of the plan: %+v, %v", stored, err)
	}
	planned := stored[0].Plan.Changes
	if planned[0].IfSeq == nil || *planned[0].IfSeq != 0 || planned[1].IfSeq != nil {
		t.Errorf("preconditions are %v and %v", planned[0].IfSeq, planned[1].IfSeq)
	}
	// It ends together with what it does, and only once.
	end := plan.End(data.PlanDone, "").Change(begun)
	done := s.Must(t, append(planned, end)...)
	if f, ok := s.Model.Get("lamps", "a"); !ok || f.Seq != done {
		t.Errorf("a is %+v", f)
	}
	again := plan.End(data.PlanFailed, "late").Change(done)
	refused("state", Put("c", 1), again)
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	if p, seq := s.Model.Plan("p"); p == nil || p.State != data.PlanDone || seq != done {
		t.Errorf("after the end and reopening: %+v at %d", p, seq)
	}
	refused("state", again)
	if d := Replay(t, s).Diff(s.Model); d != "" {
		t.Error(d)
	}
}
