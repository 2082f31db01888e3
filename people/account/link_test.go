package account

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestInvitation(t *testing.T) {
	f := open(t)
	first := must(f.FirstInvitation())(t)
	again := must(f.FirstInvitation())(t)
	if _, err := f.Look(first, Invite); !errors.Is(err, ErrToken) {
		t.Errorf("the first link of two is open: %v", err)
	}
	f.reopen(t)
	root, err := f.Accept(t.Context(), again, "root", good)
	if err != nil || !root.Administrator {
		t.Fatalf("%+v, %v", root, err)
	}
	if _, err := f.Accept(t.Context(), again, "root2", good); !errors.Is(err, ErrToken) {
		t.Errorf("used twice: %v", err)
	}
	if token := must(f.FirstInvitation())(t); token != "" {
		t.Error("a first link although there are accounts")
	}
	l, token, err := f.Invitation(Link{Login: "ming", Staff: "S-1", By: root.ID}, InviteAge)
	if err != nil {
		t.Fatal(err)
	}
	if got := must(f.Invitations())(t); len(got) != 1 || got[0].ID != l.ID {
		t.Errorf("%+v", got)
	}
	var weak *PasswordError
	if _, err := f.Accept(t.Context(), token, "", "weak"); !errors.As(err, &weak) {
		t.Errorf("weak: %v", err)
	}
	ming, err := f.Accept(t.Context(), token, "somebody-else", good)
	if err != nil || ming.Login != "ming" || ming.Staff != "S-1" || ming.Administrator {
		t.Errorf("%+v, %v", ming, err)
	}
	if _, _, err := f.Invitation(Link{Login: "Ming"}, InviteAge); !errors.Is(err, ErrTaken) {
		t.Errorf("%v", err)
	}
	_, late, err := f.Invitation(Link{}, InviteAge)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.pass(InviteAge)
	if _, err := f.Accept(t.Context(), late, "late", good); !errors.Is(err, ErrToken) {
		t.Errorf("too late: %v", err)
	}
	l, back, err := f.Invitation(Link{}, InviteAge)
	if err != nil || f.TakeBack(l.ID) != nil {
		t.Fatal(err)
	}
	if _, err := f.Look(back, Invite); !errors.Is(err, ErrToken) {
		t.Errorf("taken back: %v", err)
	}
	if err := f.TakeBack(l.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}

// TestLinkIsUsedOnce also when many use it at once.
func TestLinkIsUsedOnce(t *testing.T) {
	f := open(t)
	token := must(f.FirstInvitation())(t)
	var made atomic.Int32
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := f.Accept(context.Background(), token, "root"+string(rune('a'+i)), good); err == nil {
				made.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("%d accounts of one link", made.Load())
	}
}

func TestReset(t *testing.T) {
	f := open(t)
	root, ming := f.staff(t)
	session := f.login(t, "ming")
	_, old, err := f.ResetLink(ming.ID, root.ID)
	if err != nil {
		t.Fatal(err)
	}
	l, token, err := f.ResetLink(ming.ID, root.ID)
	if err != nil || l.Email != "ming@example.org" || l.Login != "ming" {
		t.Fatalf("%+v, %v", l, err)
	}
	if _, err := f.SetByLink(t.Context(), old, "ein ganz anderer Satz"); !errors.Is(err, ErrToken) {
		t.Errorf("the link before: %v", err)
	}
	if _, err := f.Accept(t.Context(), token, "x", good); !errors.Is(err, ErrToken) {
		t.Errorf("a reset used as an invitation: %v", err)
	}
	for range 2 * freeForName {
		f.Login(t.Context(), "ming", "not the password at all", here, "")
	}
	must(f.SetByLink(t.Context(), token, "ein ganz anderer Satz"))(t)
	if _, err := f.SetByLink(t.Context(), token, "noch ein anderer Satz"); !errors.Is(err, ErrToken) {
		t.Errorf("used twice: %v", err)
	}
	if _, err := f.Session(session); !errors.Is(err, ErrToken) {
		t.Errorf("the session before goes on: %v", err)
	}
	if _, _, err := f.Login(t.Context(), "ming", "ein ganz anderer Satz", here, ""); err != nil {
		t.Errorf("locked out after the reset: %v", err)
	}
	_, token, err = f.ResetLink(ming.ID, root.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.pass(ResetAge)
	if _, err := f.SetByLink(t.Context(), token, "noch ein anderer Satz"); !errors.Is(err, ErrToken) {
		t.Errorf("too late: %v", err)
	}
	_, token, err = f.ResetLink(ming.ID, root.ID)
	if err != nil {
		t.Fatal(err)
	}
	other := "thief@example.org"
	must(f.Change(ming.ID, Change{Email: &other}))(t)
	if _, err := f.Look(token, Reset); !errors.Is(err, ErrToken) {
		t.Errorf("a link to another address: %v", err)
	}
}

func TestKeys(t *testing.T) {
	f := open(t)
	root, ming := f.staff(t)
	until := f.clock.now().Add(time.Hour)
	k, token, err := f.NewKey(ming.ID, "nightly export", []string{"export"}, until)
	if err != nil {
		t.Fatal(err)
	}
	if p := must(f.ByKey(token))(t); p.Way != APIKey || p.Account != ming.ID || p.Key != k.ID || !p.Limited("edit") || p.Limited("export") {
		t.Errorf("%+v", p)
	}
	if !IsKey(token) || token[:len(k.Hint)] != k.Hint {
		t.Errorf("hint %s of %s", k.Hint, token)
	}
	if got := must(f.Keys(ming.ID))(t); len(got) != 1 || got[0].Used == nil {
		t.Errorf("%+v", got)
	}
	if _, err := f.Session(token); !errors.Is(err, ErrToken) {
		t.Errorf("a key used as a session: %v", err)
	}
	if _, err := f.ByKey(f.login(t, "ming")); !errors.Is(err, ErrToken) {
		t.Errorf("a session used as a key: %v", err)
	}
	if err := f.Revoke(root.ID, k.ID); !errors.Is(err, ErrNoKey) {
		t.Errorf("revoked by somebody else: %v", err)
	}
	f.clock.pass(time.Hour)
	if _, err := f.ByKey(token); !errors.Is(err, ErrToken) {
		t.Errorf("expired: %v", err)
	}
	k, token, err = f.NewKey(root.ID, "all", nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if p := must(f.ByKey(token))(t); !p.Everything() {
		t.Errorf("%+v", p)
	}
	if err := f.Revoke("", k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ByKey(token); !errors.Is(err, ErrToken) {
		t.Errorf("revoked: %v", err)
	}
	_, token, err = f.NewKey(ming.ID, "more", nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	must(f.Change(ming.ID, Change{Disabled: &yes}))(t)
	if _, err := f.ByKey(token); !errors.Is(err, ErrToken) {
		t.Errorf("of a disabled account: %v", err)
	}
	for name, e := range map[string]error{
		"":          third(f.NewKey(ming.ID, " ", nil, time.Time{})),
		"new\nline": third(f.NewKey(ming.ID, "new\nline", nil, time.Time{})),
		"past":      third(f.NewKey(ming.ID, "past", nil, f.clock.now())),
	} {
		if _, ok := errors.AsType[*FieldError](e); !ok {
			t.Errorf("%q: %v", name, e)
		}
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

func TestOutside(t *testing.T) {
	f := open(t)
	_, ming := f.staff(t)
	i := Identity{Provider: "city", Issuer: "https://id.example", Subject: "42", Login: "ming", Granted: []Grant{{Post: "operator"}}}
	if _, err := f.LoginOutside(i, here, ""); !errors.Is(err, ErrTaken) {
		t.Errorf("an account of the same login was taken over: %v", err)
	}
	i.Match = true
	p := must(f.Session(must(f.LoginOutside(i, here, ""))(t)))(t)
	if p.Account != ming.ID || len(p.Granted) != 1 || p.Everything() {
		t.Errorf("%+v", p)
	}
	// From then on the subject counts, whatever the login at the provider is.
	i.Login, i.Match = "other", false
	if p := must(f.Session(must(f.LoginOutside(i, here, ""))(t)))(t); p.Account != ming.ID {
		t.Errorf("%+v", p)
	}
	thief := Identity{Issuer: "https://id.example", Subject: "43", Login: "ming", Match: true}
	if _, err := f.LoginOutside(thief, here, ""); !errors.Is(err, ErrTaken) {
		t.Errorf("a second subject got the login: %v", err)
	}
	stranger := Identity{Issuer: "https://id.example", Subject: "44", Login: "new", Email: "not an address"}
	if _, err := f.LoginOutside(stranger, here, ""); !errors.Is(err, ErrNotInvited) {
		t.Errorf("%v", err)
	}
	stranger.Create, stranger.Administrator = true, true
	if p := must(f.Session(must(f.LoginOutside(stranger, here, ""))(t)))(t); !p.Everything() || p.Login != "new" {
		t.Errorf("%+v", p)
	}
	if a := must(f.Find("new"))(t); a.Administrator || !a.Outside || a.Password {
		t.Errorf("what a group brings stays with the account: %+v", a)
	}
	yes := true
	must(f.Change(ming.ID, Change{Disabled: &yes}))(t)
	if _, err := f.LoginOutside(i, here, ""); !errors.Is(err, ErrCredentials) {
		t.Errorf("disabled: %v", err)
	}
}
