package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/storetest/model"
)

// Eraser is a store whose retention can be asked to erase history. The contract of erased changes is checked for
// stores that have the method.
type Eraser interface {
	// EraseBefore keeps the history of the newest entries complete and erases before that what it may.
	EraseBefore(ctx context.Context, keep data.Seq) error
}

// remembered are the entries of a log as they were written.
type remembered []*data.Entry

// follow takes over the entries that were written since, which are not erased yet.
func (r *remembered) follow(t testing.TB, s data.Store) {
	t.Helper()
	for e, err := range s.Entries(t.Context(), data.Seq(len(*r))) {
		if err != nil {
			t.Fatal(err)
		}
		*r = append(*r, e)
	}
}

// erase checks that a store keeps what it must: the same entries with the same changes, of which some before the
// horizon have lost their content, and the exact city at every Seq and effective time from the horizon on.
func (c contract) erase(t *testing.T) {
	probe := c.open(t, t.TempDir())
	_, erases := probe.(Eraser)
	if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	if !erases {
		t.Skip("this store erases nothing")
	}
	rapid.Check(t, func(r *rapid.T) {
		dir, remove := tempDir(t)
		defer remove()
		s := Start(t, c.open(t, dir))
		defer func() {
			if s.stop != nil {
				s.Stop(t)
			}
		}()
		var log remembered
		start := time.Now()
		s.Must(t, Define(Lamps()))
		log.follow(t, s)
		id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		change := rapid.Custom(func(r *rapid.T) data.Change {
			if rapid.IntRange(0, 4).Draw(r, "op") == 0 {
				return Delete(id.Draw(r, "id"))
			}
			return Put(id.Draw(r, "id"), rapid.Int64Range(0, 99).Draw(r, "n"))
		})
		hours := func(r *rapid.T) time.Time {
			return start.Add(-time.Duration(rapid.IntRange(0, 4).Draw(r, "hours")) * time.Hour)
		}
		append1 := func(effective time.Time, changes ...data.Change) {
			_, err := s.Append(t.Context(), data.Tx{Effective: effective, Changes: changes})
			if _, refused := errors.AsType[*data.ChangeError](err); err != nil && !refused {
				r.Fatalf("append: %v", err)
			}
			s.Settle(t)
			log.follow(t, s)
		}
		r.Repeat(map[string]func(*rapid.T){
			"append": func(r *rapid.T) {
				append1(time.Time{}, rapid.SliceOfN(change, 1, 6).Draw(r, "changes")...)
			},
			"backdated": func(r *rapid.T) {
				append1(hours(r), rapid.SliceOfN(change, 1, 3).Draw(r, "changes")...)
			},
			"renew": func(r *rapid.T) {
				append1(hours(r), Drop("lamps"))
				append1(time.Time{}, Define(Lamps()), Put("a", 1))
			},
			"erase": func(r *rapid.T) {
				before := s.Horizon()
				keep := data.Seq(rapid.IntRange(0, 8).Draw(r, "keep"))
				if err := s.Store.(Eraser).EraseBefore(t.Context(), keep); err != nil {
					r.Fatalf("erase: %v", err)
				}
				want := before
				if s.Last() > keep {
					want = max(want, s.Last()-keep)
				}
				if s.Horizon() != want {
					r.Fatalf("horizon is %d after keeping %d of %d, want %d", s.Horizon(), keep, s.Last(), want)
				}
			},
			"reopen": func(r *rapid.T) {
				before := s.Horizon()
				s.Stop(t)
				s = Start(t, c.open(t, dir))
				if s.Horizon() != before {
					r.Fatalf("horizon was %d and is %d after reopening", before, s.Horizon())
				}
				s.Settle(t)
			},
			"": func(r *rapid.T) { log.compare(t, r, s) },
		})
	})
}

// compare checks a store against what was written.
func (r remembered) compare(t *testing.T, rt *rapid.T, s *Running) {
	t.Helper()
	if m, mark := Restore(t, s); m.Diff(s.Model) != "" {
		rt.Fatalf("checkpoint at %d of %d and model differ: %s", mark, s.Last(), m.Diff(s.Model))
	}
	horizon := s.Horizon()
	var left []*data.Entry
	was, is := model.New(), model.New()
	for e, err := range s.Entries(t.Context(), 0) {
		if err != nil {
			rt.Fatalf("entries: %v", err)
		}
		if problem := same(r[e.Seq-1], e, horizon); problem != "" {
			rt.Fatalf("entry %d, horizon %d: %s", e.Seq, horizon, problem)
		}
		s.outlined(t, e)
		if changes, err := s.Changes(t.Context(), e.Seq, permanents(e)...); err != nil || !reflect.DeepEqual(changes, e.Changes) {
			rt.Fatalf("changes of entry %d: %+v, %v; the entry has %+v", e.Seq, changes, err, e.Changes)
		}
		left = append(left, e)
		was.Apply(r[e.Seq-1])
		is.Apply(e)
		if d := is.Diff(was); e.Seq >= horizon && d != "" {
			rt.Fatalf("the city at %d, horizon %d: %s", e.Seq, horizon, d)
		}
	}
	if len(left) != len(r) {
		rt.Fatalf("%d entries of %d", len(left), len(r))
	}
	if horizon == 0 {
		return
	}
	recorded := left[horizon-1].Recorded
	for _, e := range r {
		if at := e.Recorded; !at.Before(recorded) {
			compareAt(rt, r, left, at)
		}
	}
	compareAt(rt, r, left, recorded)
}

// permanents are the permanent ids of an entry's changes.
func permanents(e *data.Entry) []uint32 {
	var ids []uint32
	for i := range e.Changes {
		ids = append(ids, e.Changes[i].Permanent)
	}
	return ids
}

// same says how an entry differs from what was written, apart from content that may be erased.
func same(was, is *data.Entry, horizon data.Seq) string {
	head := func(e *data.Entry) data.Entry {
		h := *e
		h.Changes = nil
		return h
	}
	if a, b := head(was), head(is); !reflect.DeepEqual(a, b) {
		return fmt.Sprintf("is %+v, was %+v", b, a)
	}
	if len(was.Changes) != len(is.Changes) {
		return fmt.Sprintf("%d changes, were %d", len(is.Changes), len(was.Changes))
	}
	for i := range is.Changes {
		a, b := was.Changes[i], is.Changes[i]
		switch {
		case b.Erased && (is.Seq > horizon || b.Stream != data.StreamFeature):
			return fmt.Sprintf("change %d must not be erased", i)
		case b.Erased:
			a = data.Change{Stream: a.Stream, Op: a.Op, Layer: a.Layer, Permanent: a.Permanent, Prev: a.Prev, Erased: true}
			if !reflect.DeepEqual(a, b) {
				return fmt.Sprintf("change %d is %+v, want %+v", i, b, a)
			}
		case string(model.Encode(a)) != string(model.Encode(b)):
			return fmt.Sprintf("change %d is %+v, was %+v", i, b, a)
		}
	}
	return ""
}

// moment is one change with its place in both times.
type moment struct {
	seq    data.Seq
	since  time.Time
	change *data.Change
}

// compareAt checks what is known of an effective time. Which change counts when a later one is effective earlier is the
// matter of whoever asks, so both rules must find the same as before: the newest of those effective by then, and the
// one effective last.
func compareAt(rt *rapid.T, was, is []*data.Entry, at time.Time) {
	newest := func(a, b moment) int { return cmp.Compare(a.seq, b.seq) }
	latest := func(a, b moment) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.seq, b.seq)) }
	for name, order := range map[string]func(a, b moment) int{"newest": newest, "latest": latest} {
		a, b := cityAt(was, at, order), cityAt(is, at, order)
		if !slices.Equal(a, b) {
			rt.Fatalf("the city effective at %s by the %s change is %q, was %q", at, name, b, a)
		}
	}
}

// cityAt is what the changes in force at an effective time say, in a given order of changes. A layer that ends takes
// its features along.
func cityAt(entries []*data.Entry, at time.Time, order func(a, b moment) int) []string {
	features := map[uint32]moment{}
	ends := map[uint32]moment{}
	living := map[string][]uint32{} // permanent ids of a layer since its creation
	for _, e := range entries {
		for i := range e.Changes {
			c := &e.Changes[i]
			m := moment{e.Seq, e.Since(), c}
			if c.Stream == data.StreamSchema && c.Op == data.OpDelete {
				for _, p := range living[c.Layer] {
					ends[p] = m
				}
				delete(living, c.Layer)
			}
			if c.Stream != data.StreamFeature {
				continue
			}
			living[c.Layer] = append(living[c.Layer], c.Permanent)
			if old, ok := features[c.Permanent]; !e.Since().After(at) && (!ok || order(old, m) <= 0) {
				features[c.Permanent] = m
			}
		}
	}
	var city []string
	for p, m := range features {
		end, ended := ends[p]
		over := ended && !end.since.After(at) && order(m, end) <= 0
		if !over && m.change.Op == data.OpPut {
			city = append(city, string(model.Encode(*m.change)))
		}
	}
	slices.Sort(city)
	return city
}
