package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

var listed = store.Options{Levels: []string{"street"}, Schemes: []string{"unit"}, Due: dueOf}

func anyMark(store.Mark) error { return nil }

// TestSaved sees that a store that is read from a checkpoint shows what the one that wrote it did.
func TestSaved(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := open(t, newPages(), listed)
		for i := range rapid.SampledFrom([]int{0, 1, 30, 511, 512, 513, 1100}).Draw(r, "cases") {
			// Few are drawn, so that large stores cost little.
			c := cases.NewCase()
			c.ID, c.Version, c.State = fmt.Sprint("B", i), 1, "submitted"
			if i < 30 {
				c = drawCase(r, fmt.Sprint("A", i))
				if c.Intake != nil && rapid.Bool().Draw(r, "touches") {
					c.Intake.Parts = []cases.Part{{Layer: "lamps", ID: rapid.SampledFrom([]string{"1", "2"}).Draw(r, "part")}}
				}
			}
			put(s, c)
		}
		mark := store.Mark{Epoch: "e", Seq: 7, Hash: data.Hash{1, 31: 9}}
		var b bytes.Buffer
		if err := s.Save(&b, mark); err != nil {
			r.Fatal(err)
		}
		again := open(t, newPages(), listed)
		got, err := again.Load(bytes.NewReader(b.Bytes()), anyMark)
		if err != nil || got != mark {
			r.Fatalf("%+v, %v", got, err)
		}
		compare(r, again, s)
		// Words that come later have numbers of their own.
		late := drawCase(r, "late")
		late.Source = "another"
		put(s, late)
		put(again, late)
		compare(r, again, s)
	})
}

// compare sees that two stores show the same.
func compare(t rapid.TB, is, want *store.Store) {
	t.Helper()
	list := func(s *store.Store) []store.Summary {
		all, _, err := s.List(&store.Filter{}, store.ByUpdated, 5000, store.Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if diff := cmp.Diff(list(want), list(is)); diff != "" {
		t.Fatal(diff)
	}
	for _, one := range list(want) {
		seq, number := is.Newest(one.ID)
		if wantSeq, wantNumber := want.Newest(one.ID); seq != wantSeq || number != wantNumber || seq == 0 {
			t.Fatalf("%s is at %d/%d, want %d/%d", one.ID, seq, number, wantSeq, wantNumber)
		}
	}
	for _, part := range []string{"1", "2", "3"} {
		if diff := cmp.Diff(want.OfPart("lamps", part, day), is.OfPart("lamps", part, day)); diff != "" {
			t.Fatal(diff)
		}
	}
	for _, by := range []store.Column{store.ByState, store.ByUnit, store.ByClass, "area:street", "cell:unit"} {
		a, err := want.CountBy(&store.Filter{}, by)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := is.CountBy(&store.Filter{}, by); err != nil || cmp.Diff(a, b) != "" {
			t.Fatalf("by %s: %v, %v, %v", by, a, b, err)
		}
	}
}

// savedStore is a checkpoint of a few cases.
func savedStore(t testing.TB) []byte {
	t.Helper()
	s := open(t, newPages(), listed)
	for i := range 3 {
		e := begin(fmt.Sprint("A", i), day)
		e.Form.Parts = []cases.Part{{Layer: "lamps", ID: "1"}}
		e.Form.External = []cases.External{{System: "city", ID: fmt.Sprint("SZ-", i/2)}}
		if _, err := s.Append(t.Context(), []*cases.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := s.Save(&b, store.Mark{Epoch: "e", Seq: 3}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSavedIsDamaged sees that a checkpoint that lost a byte, or has another, is refused as a whole.
func TestSavedIsDamaged(t *testing.T) {
	good := savedStore(t)
	refused := func(what string, b []byte, options store.Options, accept func(store.Mark) error) {
		t.Helper()
		s := open(t, newPages(), options)
		if _, err := s.Load(bytes.NewReader(b), accept); !errors.Is(err, data.ErrFormat) || s.Len() != 0 {
			t.Fatalf("%s: %v, %d cases", what, err, s.Len())
		}
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		refused(fmt.Sprint("byte ", i), bad, listed, anyMark)
		refused(fmt.Sprint("cut at ", i), good[:i], listed, anyMark)
	}
	refused("other levels", good, store.Options{Levels: []string{"village"}, Schemes: []string{"unit"}}, anyMark)
	refused("other log", good, listed, func(store.Mark) error { return errors.New("no") })
	if s := open(t, newPages(), listed); s.Len() != 0 {
		t.Error("there are cases")
	} else if _, err := s.Load(bytes.NewReader(good), anyMark); err != nil || s.Len() != 3 || len(s.OfPart("lamps", "1", day)) != 3 {
		t.Errorf("%d cases, %v", s.Len(), err)
	} else {
		numbered(t, s)
	}
}

// numbered finds the cases of savedStore by their numbers in another system.
func numbered(t *testing.T, s *store.Store) {
	t.Helper()
	for number, want := range map[string][]string{"SZ-0": {"A0", "A1"}, "SZ-1": {"A2"}, "SZ-2": nil} {
		found, err := s.OfNumber(number, &store.Filter{})
		var ids []string
		for _, one := range found {
			ids = append(ids, one.ID)
		}
		if err != nil || !slices.Equal(ids, want) || !slices.Equal(s.Outside(number), append([]string{}, want...)) {
			t.Errorf("%s is %v and %v, want %v (%v)", number, ids, s.Outside(number), want, err)
		}
		if found, err := s.OfNumber(number, &store.Filter{States: []string{"nowhere"}}); err != nil || len(found) > 0 {
			t.Errorf("%s in another state: %v, %v", number, found, err)
		}
	}
	if _, err := s.OfNumber("SZ-0", &store.Filter{Areas: []people.AreaKey{{Level: "moon", Code: "1"}}}); err == nil {
		t.Error("a level that nobody lists by")
	}
}

// FuzzLoad gives the content of sections, which a checksum guards, straight to the reader.
func FuzzLoad(f *testing.F) {
	good := savedStore(f)
	for kind, b := range store.Sections(good) {
		f.Add(kind, b)
	}
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		s := open(t, newPages(), listed)
		if _, err := s.Load(bytes.NewReader(store.WithSection(good, kind, b)), anyMark); err != nil && !errors.Is(err, data.ErrFormat) {
			t.Error(err)
		}
	})
}
