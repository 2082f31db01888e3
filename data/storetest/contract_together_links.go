package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
)

// togetherLinks checks that links are those between what a whole group leaves behind, wherever in it that is.
func (c contract) togetherLinks(t *testing.T) {
	dir := t.TempDir()
	s := Start(t, c.open(t, dir))
	home := func(id, no string) data.Change { return row(Homes(), id, no) }
	tenant := func(id string, texts ...string) data.Change { return row(Tenants(), id, texts...) }
	s.Must(t, Define(Homes()), Define(Tenants()))
	group := func(txs ...[]data.Change) error {
		t.Helper()
		before := s.Last()
		seq, err := s.AppendTogether(t.Context(), len(txs), sequence(txs...))
		if want := before + data.Seq(len(txs)); err == nil && seq != want || err != nil && s.Last() != before {
			t.Errorf("%d, %v; the log ends at %d", seq, err, s.Last())
		}
		s.Settle(t)
		return err
	}
	must := func(txs ...[]data.Change) {
		t.Helper()
		if err := group(txs...); err != nil {
			t.Error(err)
		}
	}
	refuse := func(id, field string, txs ...[]data.Change) {
		t.Helper()
		err := group(txs...)
		change, _ := errors.AsType[*data.ChangeError](err)
		why, _ := errors.AsType[*data.FieldError](err)
		if change == nil || why == nil || change.ID != id || why.Field != field {
			t.Errorf("%v, want %s of %s refused", err, field, id)
		}
	}
	// Forward, in a circle, and to itself.
	must([]data.Change{tenant("p", "h", "", "q", "1")}, []data.Change{tenant("q", "h", "", "p", "2")}, []data.Change{home("h", "7"), tenant("r", "", "", "r")})
	refuse("x", "properties.home", []data.Change{tenant("x", "nowhere")}, []data.Change{tenant("y", "h")})
	refuse("y", "properties.friend", []data.Change{tenant("x", "h")}, []data.Change{tenant("y", "h", "", "nobody")})
	// Exchanged, and back by a chain.
	must([]data.Change{tenant("p", "h", "", "q", "2")}, []data.Change{tenant("q", "h", "", "p", "1")})
	must([]data.Change{tenant("p", "h", "", "q", "1")}, []data.Change{tenant("q", "h", "", "p", "3")}, []data.Change{tenant("r", "", "", "r", "2")})
	refuse("p", "properties.number", []data.Change{tenant("p", "h", "", "q", "3")}, []data.Change{tenant("r", "", "", "r", "1")})
	// A value that the group frees by its last change, and a feature that goes with those that refer to it.
	must([]data.Change{tenant("s", "", "", "", "2")}, []data.Change{gone("tenants", "r")})
	refuse("h", "id", []data.Change{gone("homes", "h")}, []data.Change{gone("tenants", "p")})
	must([]data.Change{home("g", "8")}, []data.Change{tenant("p", "g", "g", "q", "1"), tenant("t", "", "g", "p")})
	// What is emptied are changes of the last, once, and nothing that the group says itself.
	before := s.Last()
	refuse("p", "properties.owns", []data.Change{gone("homes", "g")}, []data.Change{tenant("p", "", "g", "q", "1")})
	must([]data.Change{gone("homes", "g")}, []data.Change{tenant("p", "h", "", "q", "1")}, []data.Change{tenant("q", "h", "", "", "3"), gone("tenants", "p")})
	var made []string
	for _, e := range s.entries(t, before) {
		for _, ch := range e.Changes {
			made = append(made, fmt.Sprint(e.Seq-before, ch.Op, ch.Layer, "/", ch.Feature.ID))
		}
	}
	if want := []string{"1 2homes/g", "2 1tenants/p", "3 1tenants/q", "3 2tenants/p", "3 1tenants/t"}; !slices.Equal(made, want) {
		t.Errorf("made %q, want %q", made, want)
	}
	if f, _ := s.Model.Feature("tenants", "t"); !f.Value(1).Null() || !f.Value(2).Null() {
		t.Errorf("t is %+v", f)
	}
	// The next is checked against what groups have left.
	s.refuse(t, "properties.number", tenant("u", "", "", "", "3"))
	s.refuse(t, "properties.home", tenant("u", "g"))
	s.Must(t, tenant("u", "h", "", "t", "1"))
	want := s.Model
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	if d := Replay(t, s).Diff(want); d != "" {
		t.Error(d)
	}
}

// togetherLinksEqualModel cuts random transactions into groups: what is accepted and what it leaves is that of the
// transaction.
func (c contract) togetherLinksEqualModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, remove := tempDir(t)
		defer remove()
		s := Start(t, c.open(t, dir))
		defer s.Stop(t)
		s.Must(t, Define(Homes()), Define(Tenants()))
		city := household{"homes": {}, "tenants": {}}
		for range rapid.IntRange(1, 8).Draw(r, "groups") {
			changes := rapid.SliceOfN(AnyHousehold, 1, 8).Draw(r, "changes")
			next := city.clone()
			want := next.take(changes)
			var txs [][]data.Change
			for rest := changes; len(rest) > 0; {
				n := rapid.IntRange(1, len(rest)).Draw(r, "changes of a transaction")
				txs, rest = append(txs, rest[:n]), rest[n:]
			}
			_, err := s.AppendTogether(t.Context(), len(txs), sequence(txs...))
			if _, refused := errors.AsType[*data.ChangeError](err); want != (err == nil) || err != nil && !refused {
				r.Fatalf("possible %v, got %v", want, err)
			}
			if want {
				city = next
			}
			s.Settle(t)
			if now := householdOf(Replay(t, s)); fmt.Sprint(now) != fmt.Sprint(city) {
				r.Fatalf("have %v, want %v", now, city)
			}
		}
	})
}
