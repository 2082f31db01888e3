package history_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/history"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/data/storetest/model"
)

func start(t *testing.T) *storetest.Running {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "gewu.db"), boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.Start(t, store)
	s.Must(t, storetest.Define(storetest.Lamps()))
	return s
}

// random writes random entries over a few lamps.
func random(t *testing.T, s *storetest.Running, r *rand.Rand, entries int) {
	t.Helper()
	for range entries {
		var changes []data.Change
		alive := map[string]bool{}
		for range 1 + r.IntN(5) {
			id := fmt.Sprint(r.IntN(8))
			exists, seen := alive[id]
			if !seen {
				_, exists = s.Model.Get("lamps", id)
			}
			if exists && r.IntN(3) == 0 {
				changes = append(changes, storetest.Delete(id))
				alive[id] = false
				continue
			}
			changes = append(changes, storetest.Put(id, r.Int64N(1000)))
			alive[id] = true
		}
		s.Must(t, changes...)
	}
}

// upTo is the model of the log up to an entry.
func upTo(t *testing.T, s *storetest.Running, seq data.Seq) *model.City {
	t.Helper()
	m := model.New()
	for e, err := range s.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq > seq {
			break
		}
		m.Apply(e)
	}
	return m
}

// TestOf compares the history of each feature with a scan of the log.
func TestOf(t *testing.T) {
	s := start(t)
	random(t, s, rand.New(rand.NewPCG(1, 2)), 60)
	for i := range 8 {
		head, ok := s.Model.Head("lamps", fmt.Sprint(i))
		if !ok {
			t.Fatalf("lamp %d never was", i)
		}
		var want, got []string
		for e, err := range s.Entries(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range e.Changes {
				if c.Permanent == head.Permanent {
					want = append(want, fmt.Sprint(e.Seq, c.Op, e.Recorded, c.Feature))
				}
			}
		}
		for step, err := range history.Of(t.Context(), s, head.Seq, head.Permanent) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(step.Header.Seq, step.Change.Op, step.Header.Recorded, step.Change.Feature))
		}
		slices.Reverse(want)
		if !slices.Equal(got, want) {
			t.Errorf("lamp %d: %d steps, want %d", i, len(got), len(want))
		}
	}
}

// TestRevert reverts each of a number of random entries, the newest and older ones, and compares its features with a
// replay of the log up to before it.
func TestRevert(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	clashing, clean := 0, 0
	for range 60 {
		s := start(t)
		random(t, s, r, 12)
		seq := s.Last() - data.Seq(r.IntN(8))
		entry, err := history.Entry(t.Context(), s, seq)
		if err != nil {
			t.Fatal(err)
		}
		before := upTo(t, s, seq-1)
		back, err := history.Revert(t.Context(), s, s.Model, seq)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(back.Changes, func(a, b data.Change) int { return cmp.Compare(place(entry, b), place(entry, a)) }) {
			t.Errorf("changes of seq %d are not turned around from the last to the first", seq)
		}
		for _, c := range entry.Changes {
			head, _ := s.Model.Head("lamps", c.Feature.ID)
			clash := slices.ContainsFunc(back.Clashes, func(clash history.Clash) bool { return clash.ID == c.Feature.ID && clash.Seq == head.Seq })
			if clash != (head.Seq != seq) {
				t.Errorf("lamp %s of seq %d, changed at %d: clash %v", c.Feature.ID, seq, head.Seq, clash)
			}
		}
		if len(back.Clashes) > 0 {
			clashing++
		} else {
			clean++
		}
		if len(back.Changes) > 0 {
			s.Must(t, back.Changes...)
		}
		for _, c := range entry.Changes {
			want, existed := before.Get("lamps", c.Feature.ID)
			got, exists := s.Model.Get("lamps", c.Feature.ID)
			if exists != existed || existed && !got.Equal(&want.Feature) {
				t.Fatalf("lamp %s is %+v, before seq %d it was %+v", c.Feature.ID, got, seq, want)
			}
		}
	}
	if clashing == 0 || clean == 0 {
		t.Errorf("%d with clashes, %d without", clashing, clean)
	}
}

// place is where an entry changes a feature first.
func place(e *data.Entry, c data.Change) int {
	return slices.IndexFunc(e.Changes, func(d data.Change) bool { return d.Feature.ID == c.Feature.ID })
}

// TestRevertDemands checks that a change between the look and the append is not overwritten.
func TestRevertDemands(t *testing.T) {
	s := start(t)
	s.Must(t, storetest.Put("a", 1), storetest.Put("b", 1))
	seq := s.Must(t, storetest.Put("a", 2), storetest.Delete("b"))
	for _, meanwhile := range []data.Change{storetest.Put("a", 3), storetest.Put("b", 3)} {
		back, err := history.Revert(t.Context(), s, s.Model, seq)
		if err != nil {
			t.Fatal(err)
		}
		s.Must(t, meanwhile)
		_, err = s.Append(t.Context(), data.Tx{Changes: back.Changes})
		if _, conflict := errors.AsType[*data.ConflictError](err); !conflict {
			t.Errorf("after another change of %s: %v", meanwhile.Feature.ID, err)
		}
	}
}

// TestRevertRefuses checks entries that cannot be turned around, and features whose layer is another one by now.
func TestRevertRefuses(t *testing.T) {
	s := start(t)
	plan := storetest.Planned("p", time.Now().Add(time.Hour), storetest.Put("x", 1))
	planned := s.Must(t, plan.Change(0))
	changed := s.Must(t, storetest.Put("a", 1))
	published := s.Must(t, storetest.Put("x", 1), plan.End(data.PlanDone, "").Change(planned))
	dropped := s.Must(t, storetest.Drop("lamps"))
	defined := s.Must(t, storetest.Define(storetest.Lamps()))
	record := storetest.Record(data.AdminStaff, "1", 1)
	hired := s.Must(t, record.Put())
	left := s.Must(t, storetest.Unrecord(record))
	noted := s.Must(t, storetest.Record(data.AdminNote, "1", 1).Put())
	for _, seq := range []data.Seq{1, planned, dropped, defined, hired, left, noted} {
		if _, err := history.Revert(t.Context(), s, s.Model, seq); err == nil {
			t.Errorf("seq %d was reverted", seq)
		} else if _, ok := errors.AsType[*history.CannotError](err); !ok {
			t.Errorf("seq %d: %v", seq, err)
		}
	}
	for _, seq := range []data.Seq{0, noted + 1} {
		if _, err := history.Revert(t.Context(), s, s.Model, seq); !errors.Is(err, data.ErrNoEntry) {
			t.Errorf("seq %d: %v", seq, err)
		}
	}
	s.Must(t, storetest.Put("a", 2))
	for _, seq := range []data.Seq{changed, published} {
		back, err := history.Revert(t.Context(), s, s.Model, seq)
		if err != nil || len(back.Changes) != 0 || len(back.Clashes) != 1 || back.Clashes[0].Seq != 0 {
			t.Errorf("seq %d in a layer that was dropped: %+v, %v", seq, back, err)
		}
	}
}
