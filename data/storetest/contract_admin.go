package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/gewu-city/gewu/data"
)

// Record is an admin record with a value.
func Record(kind, id string, value int) *data.Admin {
	return &data.Admin{Kind: kind, ID: id, Body: json.RawMessage(fmt.Sprintf(`{"value":%d}`, value))}
}

// Unrecord is the change that ends a kept admin record.
func Unrecord(a *data.Admin) data.Change {
	return data.Change{Stream: data.StreamAdmin, Op: data.OpDelete, Layer: a.Name()}
}

// admin checks that kept records have a state, notes have none, and both survive reopening.
func (c contract) admin(t *testing.T) {
	s, dir := c.start(t)
	street, note := Record(data.AdminOrganisation, "street/1:a", 1), Record(data.AdminNote, "01J", 2)
	s.refuse(t, "kind", (&data.Admin{Kind: "person", ID: "1", Body: json.RawMessage("{}")}).Put())
	s.refuse(t, "id", Record(data.AdminStaff, "", 1).Put())
	s.refuse(t, "body", (&data.Admin{Kind: data.AdminStaff, ID: "1", Body: json.RawMessage("[1]")}).Put())
	s.refuse(t, "body", (&data.Admin{Kind: data.AdminStaff, ID: "1", Body: json.RawMessage(`{"a":`)}).Put())
	s.refuse(t, "body", (&data.Admin{Kind: data.AdminStaff, ID: "1", Body: json.RawMessage(`{"a":"` + string(make([]byte, data.MaxAdminBytes)) + `"}`)}).Put())
	misnamed := street.Put()
	misnamed.Layer = "organisation:2"
	s.refuse(t, "id", misnamed)
	s.refuse(t, "layer", Unrecord(street))
	s.refuse(t, "layer", street.Put(), street.Put())
	s.refuse(t, "op", Unrecord(note))
	demanding := note.Put()
	demanding.IfSeq = new(data.Seq(0))
	s.refuse(t, "op", demanding)

	ifSeq := func(ch data.Change, seq data.Seq) data.Change {
		ch.IfSeq = &seq
		return ch
	}
	first := s.Must(t, ifSeq(street.Put(), 0), note.Put(), Put("a", 1))
	noted := s.Must(t, note.Put()) // whoever writes notes gives them ids
	conflict := func(ch data.Change) {
		t.Helper()
		var e *data.ConflictError
		if err := s.fail(t, ch); !errors.As(err, &e) {
			t.Errorf("%s: %v", ch.Layer, err)
		}
	}
	conflict(ifSeq(street.Put(), 0))
	conflict(ifSeq(Unrecord(street), first+1))
	stands := func(want *data.Admin, at data.Seq) {
		t.Helper()
		if have, seq := s.Model.Admin(street.Name()); seq != at || (have == nil) != (want == nil) || have != nil && string(have.Body) != string(want.Body) {
			t.Errorf("the record is %+v of seq %d, want %+v of %d", have, seq, want, at)
		}
		if have, seq := s.Model.Admin(note.Name()); have != nil || seq != 0 {
			t.Errorf("a note has a state: %+v of seq %d", have, seq)
		}
		if m, _ := Restore(t, s); m.Diff(s.Model) != "" {
			t.Error(m.Diff(s.Model))
		}
		if d := Replay(t, s).Diff(s.Model); d != "" {
			t.Error(d)
		}
	}
	reopen := func() {
		t.Helper()
		s.Stop(t)
		s = Start(t, c.open(t, dir))
		s.Settle(t)
	}
	reopen()
	stands(street, first)
	demands := func(ok bool, want data.Seq, have data.Seq) {
		t.Helper()
		_, err := s.Append(t.Context(), data.Tx{Admin: &want, Changes: []data.Change{Put("b", 1)}})
		e, outdated := errors.AsType[*data.OutdatedError](err)
		if ok && err != nil || !ok && (!outdated || e.Want != want || e.Have != have) {
			t.Errorf("demanding %d of the records: %v", want, err)
		}
	}
	demands(true, first, first)
	demands(false, noted, first)
	demands(false, 0, first)

	ended := s.Must(t, ifSeq(Unrecord(street), first))
	stands(nil, ended)
	demands(false, first, ended)
	reopen()
	stands(nil, ended)
	demands(true, ended, ended)
	street.Body = json.RawMessage(`{"value":3}`)
	again := s.Must(t, ifSeq(street.Put(), 0))
	stands(street, again)
	// Each change leads to the one before, deletes included; notes lead nowhere.
	for seq, prev := range map[data.Seq]data.Seq{first: 0, ended: first, again: ended, noted: 0} {
		changes, err := s.Changes(t.Context(), seq, 0)
		if err != nil || len(changes) == 0 || changes[0].Prev != prev {
			t.Errorf("changes of entry %d are %+v, %v; want one that follows %d", seq, changes, err, prev)
		}
	}
	changes, err := s.Changes(t.Context(), first, 0)
	if err != nil || len(changes) != 2 || changes[1].Admin == nil || string(changes[1].Admin.Body) != string(note.Body) {
		t.Errorf("the note is %+v, %v", changes, err)
	}
}
