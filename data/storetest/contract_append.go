package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

func (c contract) empty(t *testing.T) {
	dir := t.TempDir()
	s := Start(t, c.open(t, dir))
	if s.Last() != 0 {
		t.Errorf("last of an empty store is %d", s.Last())
	}
	if s.Horizon() != 0 {
		t.Errorf("horizon of an empty store is %d", s.Horizon())
	}
	if m := Replay(t, s); m.Applied() != 0 {
		t.Errorf("an empty store has entries up to %d", m.Applied())
	}
	if _, mark := Restore(t, s); mark != 0 {
		t.Errorf("mark of an empty store is %d", mark)
	}
	if err := s.fail(t); !errors.Is(err, data.ErrEmpty) {
		t.Errorf("no changes: %v", err)
	}
}

func (c contract) order(t *testing.T) {
	s, _ := c.start(t)
	for i := range 20 {
		if seq := s.Must(t, Put(fmt.Sprint("lamp", i), int64(i))); seq != data.Seq(i+2) {
			t.Fatalf("append %d has seq %d", i, seq)
		}
	}
	if d := Replay(t, s).Diff(s.Model); d != "" {
		t.Error(d)
	}
}

func (c contract) allOrNothing(t *testing.T) {
	s, _ := c.start(t)
	s.Must(t, Put("a", 1))
	err := s.fail(t, Put("b", 2), Put("c", 3), IfSeq(Put("a", 4), 99))
	var conflict *data.ConflictError
	if !errors.As(err, &conflict) || conflict.Change != 2 || conflict.ID != "a" || conflict.Layer != "lamps" || conflict.Want != 99 || conflict.Have != 2 {
		t.Errorf("got %v", err)
	}
	// What the failed transaction checked must leave no trace: b does not exist, and no permanent id was used up.
	s.Must(t, IfSeq(Put("b", 5), 0))
	if f, _ := s.Model.Get("lamps", "b"); f.Permanent != 2 {
		t.Errorf("b has permanent id %d", f.Permanent)
	}
}

func (c contract) ifSeq(t *testing.T) {
	s, _ := c.start(t)
	first := s.Must(t, IfSeq(Put("a", 1), 0))
	var conflict *data.ConflictError
	if err := s.fail(t, IfSeq(Put("a", 2), 0)); !errors.As(err, &conflict) || conflict.Have != first {
		t.Errorf("create of what exists: %v", err)
	}
	second := s.Must(t, IfSeq(Put("a", 2), first))
	if err := s.fail(t, IfSeq(Put("a", 3), first)); !errors.As(err, &conflict) || conflict.Have != second {
		t.Errorf("stale update: %v", err)
	}
	if err := s.fail(t, IfSeq(Delete("a"), first)); !errors.As(err, &conflict) {
		t.Errorf("stale delete: %v", err)
	}
	s.Must(t, IfSeq(Delete("a"), second))
	if err := s.fail(t, IfSeq(Put("a", 3), second)); !errors.As(err, &conflict) || conflict.Have != 0 {
		t.Errorf("update of what was deleted: %v", err)
	}
	// Within one transaction each change sees the ones before it.
	seq := s.Last() + 1
	s.Must(t, IfSeq(Put("a", 4), 0), IfSeq(Put("a", 5), seq), IfSeq(Delete("a"), seq), IfSeq(Put("a", 6), 0))
	f, ok := s.Model.Get("lamps", "a")
	if want := Lamp("a", 6); !ok || !f.Equal(&want) {
		t.Errorf("after four changes in one transaction: %+v", f)
	}
	for e, err := range s.Entries(t.Context(), seq-1) {
		if err != nil {
			t.Fatal(err)
		}
		for i, ch := range e.Changes {
			if want := []data.Seq{seq - 1, seq, seq, seq}[i]; ch.Prev != want || ch.IfSeq != nil {
				t.Errorf("change %d: prev %d, want %d; if_seq %v", i, ch.Prev, want, ch.IfSeq)
			}
		}
	}
}

func (c contract) permanentIDs(t *testing.T) {
	s, dir := c.start(t)
	s.Must(t, Put("a", 1), Put("b", 1), Put("a", 2))
	s.Must(t, Delete("a"))
	s.Must(t, Put("c", 1))
	s.Must(t, Put("a", 3))
	want := map[string]uint32{"a": 1, "b": 2, "c": 3}
	check := func(s *Running) {
		t.Helper()
		for id, permanent := range want {
			if f, _ := s.Model.Get("lamps", id); f.Permanent != permanent {
				t.Errorf("%s has permanent id %d, want %d", id, f.Permanent, permanent)
			}
		}
	}
	check(s)
	s.Must(t, Delete("c"))
	delete(want, "c")
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Must(t, Put("d", 1))
	s.Must(t, Put("c", 2))
	want["c"], want["d"] = 3, 4
	check(s)
}

func (c contract) deleteMissing(t *testing.T) {
	s, _ := c.start(t)
	var change *data.ChangeError
	if err := s.fail(t, Delete("a")); !errors.As(err, &change) || change.ID != "a" {
		t.Errorf("delete of what never existed: %v", err)
	}
	s.Must(t, Put("a", 1))
	s.Must(t, Delete("a"))
	if err := s.fail(t, Delete("a")); !errors.As(err, &change) {
		t.Errorf("second delete: %v", err)
	}
	var conflict *data.ConflictError
	if err := s.fail(t, IfSeq(Delete("b"), 7)); !errors.As(err, &conflict) || conflict.Have != 0 {
		t.Errorf("delete of what never existed, under if_seq: %v", err)
	}
}

func (c contract) featureMustFit(t *testing.T) {
	s, _ := c.start(t)
	elsewhere := Put("a", 1)
	elsewhere.Layer = "nowhere"
	line := Put("a", 1)
	line.Feature.Shape = geo.Shape{}
	typed := Put("a", 1)
	typed.Feature.Values = []data.Value{data.IntValue(1)}
	many := Put("a", 1)
	many.Feature.Values = make([]data.Value, 8)
	long := Put("a", 1)
	long.Feature.Values = []data.Value{data.TextValue(data.Text, strings.Repeat("x", data.MaxTextBytes+1))}
	outside := Put("a", 1)
	outside.Feature.Shape = geo.PointShape(geo.Point{X: geo.MaxX + 1})
	stream := Put("a", 1)
	stream.Stream = data.StreamCase
	for name, ch := range map[string]data.Change{
		"layer": elsewhere, "geometry": line, "type": typed, "values": many, "text": long, "range": outside, "stream": stream,
	} {
		var change *data.ChangeError
		var field *data.FieldError
		if err := s.fail(t, Put("ok", 1), ch); !errors.As(err, &change) || change.Change != 1 || !errors.As(err, &field) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (c contract) ids(t *testing.T) {
	s, dir := c.start(t)
	// Ids are bytes: no folding of case or accents, no trimming, no collation.
	ids := []string{"a", "A", "é", "e\u0301", " a", "a ", "路灯", "路燈", "a/b", "%2F", "0", "00", strings.Repeat("x", data.MaxIDBytes)}
	for i, id := range ids {
		s.Must(t, IfSeq(Put(id, int64(i)), 0))
	}
	for _, id := range []string{"", strings.Repeat("x", data.MaxIDBytes+1), "a\nb", "\xff"} {
		var change *data.ChangeError
		if err := s.fail(t, Put(id, 1)); !errors.As(err, &change) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	for i, id := range ids {
		f, ok := s.Model.Get("lamps", id)
		if want := Lamp(id, int64(i)); !ok || !f.Equal(&want) {
			t.Errorf("id %q: %+v", id, f)
		}
	}
}

func (c contract) times(t *testing.T) {
	s, _ := c.start(t)
	old := time.Date(1234, 5, 6, 7, 8, 9, 1000, time.FixedZone("", 8*3600))
	for _, effective := range []time.Time{{}, old} {
		if _, err := s.Append(t.Context(), data.Tx{Effective: effective, Actor: "测试", Cause: "import:1", Changes: []data.Change{Put("a", 1)}}); err != nil {
			t.Fatal(err)
		}
	}
	want := []time.Time{{}, {}, old}
	last := time.Time{}
	for e, err := range s.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Recorded.Before(last) {
			t.Errorf("entry %d was recorded at %s, before the entry before it", e.Seq, e.Recorded)
		}
		last = e.Recorded
		effective := want[e.Seq-1]
		if effective.IsZero() {
			effective = e.Recorded
		}
		if !e.Effective.Equal(effective) || e.Effective.Location() != time.UTC {
			t.Errorf("entry %d is effective at %s, want %s", e.Seq, e.Effective, effective)
		}
		if e.Seq > 1 && (e.Actor != "测试" || e.Cause != "import:1") {
			t.Errorf("entry %d: actor %q, cause %q", e.Seq, e.Actor, e.Cause)
		}
	}
}

func (c contract) tooLarge(t *testing.T) {
	s, _ := c.start(t)
	many := make([]data.Change, data.MaxTxChanges+1)
	for i := range many {
		many[i] = Put("a", 1)
	}
	if err := s.fail(t, many...); !errors.Is(err, data.ErrTooLarge) {
		t.Errorf("too many changes: %v", err)
	}
	big := make([]data.Change, data.MaxTxBytes/data.MaxTextBytes+1)
	for i := range big {
		big[i] = Put("a", 1)
		big[i].Feature.Values = []data.Value{data.TextValue(data.Text, strings.Repeat("x", data.MaxTextBytes))}
	}
	if err := s.fail(t, big...); !errors.Is(err, data.ErrTooLarge) {
		t.Errorf("too many bytes: %v", err)
	}
	s.Must(t, Put("a", 1))
}

// copies checks that the store does not share what its caller may change.
func (c contract) copies(t *testing.T) {
	s, _ := c.start(t)
	layer := Lamps()
	layer.Name = "copied"
	s.Must(t, Define(layer))
	layer.Attributes[0].Name = "changed"
	layer.Title["en"] = "changed"
	changes := []data.Change{Put("a", 1)}
	s.Must(t, changes...)
	if changes[0].Permanent != 0 || changes[0].Prev != 0 {
		t.Errorf("append changed its argument: %+v", changes[0])
	}
	changes[0] = Put("b", 2)
	m := Replay(t, s)
	if l, _ := m.Layer("copied"); l.Attributes[0].Name != "name" || l.Title["en"] != "Lamps" {
		t.Errorf("definition was shared: %+v", l)
	}
	if _, ok := m.Get("lamps", "a"); !ok {
		t.Error("changes were shared")
	}
}
