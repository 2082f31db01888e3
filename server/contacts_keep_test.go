package server

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/contacts"
)

// offices is the clock of an office, which is not there yet when its city is made.
type offices struct{ of atomic.Pointer[office] }

func (c *offices) Now() time.Time {
	if o := c.of.Load(); o != nil {
		return o.clockNow()
	}
	return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
}

func (c *offices) Move(context.Context, func(time.Time) (time.Time, error)) (int, error) {
	return 0, nil
}

// keeping is an office that keeps contacts for a number of days after cases came to rest.
func keeping(t *testing.T, dir string, days int) *office {
	t.Helper()
	clock := &offices{}
	o := workingOver(t, "base", func(cfg *Config) (eventLog, func(*store.Store) *recent.Ring) {
		guarded(t, dir)(cfg)
		file, err := contacts.Open(filepath.Join(dir, "contacts.db"), cfg.Vault)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		cfg.Contacts, cfg.KeepContacts, cfg.Clock = file, time.Duration(days)*24*time.Hour, clock
		return newCaseLog(), func(*store.Store) *recent.Ring { return nil }
	}, nil).reachable()
	clock.of.Store(o)
	return o
}

// called begins a case with a contact.
func (o *office) called() string {
	o.t.Helper()
	a := o.call("operator", "POST", "/v1/cases", body("report", hotlined, calling))
	if a.status != 201 {
		o.t.Fatalf("%d %s", a.status, a.body)
	}
	return read[doneView](o.t, a).Case.ID
}

// settled has the sweep done that is due, and says which of the cases have a contact.
func (o *office) settled(ids ...string) string {
	o.t.Helper()
	if err := o.server.Contacts().Settle(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	var all strings.Builder
	for _, id := range ids {
		switch a := o.get("boss", "/v1/cases/"+id+"/contact"+why); {
		case a.status == 200 && tellsCaller(a):
			all.WriteByte('1')
		case a.status == 404:
			all.WriteByte('0')
		default:
			o.t.Errorf("case %s: %d %s", id, a.status, a.body)
		}
	}
	return all.String()
}

// TestContactsGo lets months pass: the contact of a case goes so long after the case came to rest and not a moment before, one of an
// open case stays, as does that of a case that was taken up again, whatever the clock does, and each erasure is told.
func TestContactsGo(t *testing.T) {
	dir := t.TempDir()
	o := keeping(t, dir, 90)
	const day = 24 * time.Hour
	open, rejected, again := o.called(), o.called(), o.called()
	see := func(what, want string) {
		t.Helper()
		if got := o.settled(open, rejected, again); got != want {
			t.Errorf("%s: %s have a contact, want %s", what, got, want)
		}
	}
	see("at first", "111")
	o.wait(200 * day)
	see("while all are open", "111")
	o.act(rejected, "operator", "reject", `{"reason":"no"}`, "rejected")
	o.act(again, "operator", "reject", `{"reason":"no"}`, "rejected")
	if next, ok := o.server.Contacts().Next(); !ok || next.After(o.clockNow().Add(90*day)) {
		t.Errorf("the next look is at %s, %v", next, ok)
	}
	o.wait(30 * day)
	see("a month later", "111")
	o.act(again, "chief", "reopen", `{"reason":"it is"}`, "submitted")
	o.wait(60*day - 2*time.Minute - time.Second) // each act takes a minute
	see("a second before", "111")
	// The clock goes back and forth: what is decided is decided by when the case came to rest.
	o.wait(-100 * day)
	see("a clock that went back", "111")
	o.wait(100 * day)
	see("and forth", "111")
	o.wait(time.Second)
	see("the time is over", "101")
	o.act(again, "operator", "reject", `{"reason":"no"}`, "rejected")
	see("at rest again", "101")
	o.wait(89 * day)
	see("the time begins anew", "101")
	o.wait(4000 * day)
	see("a leap of the clock", "100")
	see("once more", "100")

	held := 0
	if err := o.server.cfg.Vault.Keys().Each(func(s vault.Subject, state vault.State) error {
		if s.Layer == contacts.Layer && state.Key {
			held++
		}
		return nil
	}); err != nil || held != 1 {
		t.Errorf("%d keys are left, %v", held, err)
	}
	notes := o.get("boss", "/v1/audit?what=erase").body
	for _, id := range []string{rejected, again} {
		if strings.Count(notes, contacts.Layer+"/"+id) != 1 || !strings.Contains(notes, "rests for 90 days") {
			t.Errorf("%s is told as %s", id, notes)
		}
	}
	if strings.Contains(notes, open) {
		t.Errorf("the open case is told of: %s", notes)
	}
	if a := o.get("boss", "/v1/cases/"+rejected); a.status != 200 {
		t.Errorf("the case itself: %d", a.status)
	}
	hides(t, "a file", string(o.files(t, dir)))
}

// TestContactsGoAfterCrash: an erasure that was broken off after the key was destroyed, before it was told, is completed and told
// once; a log that cannot be written leaves it for the next sweep.
func TestContactsGoAfterCrash(t *testing.T) {
	o := keeping(t, t.TempDir(), 1)
	id := o.called()
	o.act(id, "operator", "reject", `{"reason":"no"}`, "rejected")
	o.wait(24 * time.Hour)
	if _, err := o.server.cfg.Contacts.Destroy(o.clockNow(), id); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.server.Contacts().Settle(cancelled); err == nil {
		t.Error("settled although nothing can be written")
	}
	if there, err := o.server.cfg.Contacts.Has(id); !there || err != nil {
		t.Fatalf("dropped before it is told: %v, %v", there, err)
	}
	if got := o.settled(id); got != "0" {
		t.Errorf("%s", got)
	}
	if there, err := o.server.cfg.Contacts.Has(id); there || err != nil {
		t.Errorf("something is left: %v, %v", there, err)
	}
	if notes := o.get("boss", "/v1/audit?what=erase").body; strings.Count(notes, contacts.Layer+"/"+id) != 1 {
		t.Errorf("told as %s", notes)
	}
}

// TestContactsStay: without a time nothing goes by itself.
func TestContactsStay(t *testing.T) {
	o := keeping(t, t.TempDir(), 0)
	id := o.called()
	o.act(id, "operator", "reject", `{"reason":"no"}`, "rejected")
	o.wait(36000 * 24 * time.Hour)
	if got := o.settled(id); got != "1" {
		t.Errorf("%s", got)
	}
	if _, ok := o.server.Contacts().Next(); ok {
		t.Error("something is due")
	}
}
