package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

func TestLogin(t *testing.T) {
	f := open(t)
	_, ming := f.staff(t)
	token := f.login(t, "Ming")
	p := must(f.Session(token))(t)
	if p.Way != Session || p.Account != ming.ID || p.Staff != "S-1" || p.Everything() || p.Actor() != "account:"+ming.ID {
		t.Errorf("%+v", p)
	}
	if a := must(f.Get(ming.ID))(t); a.Used == nil {
		t.Error("the login is not noted")
	}
	for name, tc := range map[string][2]string{
		"wrong password": {"ming", "not the password at all"}, "nobody": {"nobody", good}, "empty": {"ming", ""},
		"long": {"ming", strings.Repeat("x", 1<<20)},
	} {
		if token, _, err := f.Login(t.Context(), tc[0], tc[1], here, ""); !errors.Is(err, ErrCredentials) || token != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	yes := true
	must(f.Change(ming.ID, Change{Disabled: &yes}))(t)
	if _, _, err := f.Login(t.Context(), "ming", good, here, ""); !errors.Is(err, ErrCredentials) {
		t.Errorf("disabled: %v", err)
	}
	// An account without a password cannot log in with none.
	must(f.Create(t.Context(), New{Login: "later"}))(t)
	if _, _, err := f.Login(t.Context(), "later", "", here, ""); !errors.Is(err, ErrCredentials) {
		t.Errorf("without password: %v", err)
	}
}

// TestSameWorkForNobody counts the passes of the hash instead of taking times: who has no account costs what others cost.
func TestSameWorkForNobody(t *testing.T) {
	f := open(t)
	_, ming := f.staff(t)
	must(f.Create(t.Context(), New{Login: "later"}))(t)
	var known *accountRecord
	if err := f.db.View(func(tx *bbolt.Tx) (err error) { known, err = load(tx, ming.ID); return err }); err != nil {
		t.Fatal(err)
	}
	cost, salt, hash, err := decodeHash(known.Hash)
	if err != nil {
		t.Fatal(err)
	}
	dummyCost, dummySalt, dummyHash, err := decodeHash(f.hasher.dummy)
	if err != nil || cost != dummyCost || len(salt) != len(dummySalt) || len(hash) != len(dummyHash) {
		t.Errorf("nobody's hash has another cost: %v and %v, %v", cost, dummyCost, err)
	}
}

// TestLoginTime compares the shortest of many logins, in turns: other work on the machine can only make one longer. The
// bound is generous, the missing hash would be a hundred times less.
func TestLoginTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes times")
	}
	f := open(t)
	f.opts.Cost = Cost{Time: 1, Memory: 8 << 10, Threads: 1}
	f.reopen(t)
	f.staff(t)
	logins := [2]string{"ming", "nobody"}
	shortest := [2]time.Duration{time.Hour, time.Hour}
	for i := range 31 {
		for k, login := range logins {
			from := Origin{Address: netip.AddrFrom4([4]byte{10, 0, byte(k), byte(i)})}
			start := time.Now()
			_, _, err := f.Login(t.Context(), login, "not the password at all", from, "")
			shortest[k] = min(shortest[k], time.Since(start))
			if !errors.Is(err, ErrCredentials) {
				t.Fatal(err)
			}
			f.clock.pass(longestWait)
		}
	}
	if ratio := float64(shortest[0]) / float64(shortest[1]); ratio < 0.5 || ratio > 2 {
		t.Errorf("a login takes %v with an account and %v without", shortest[0], shortest[1])
	}
}

func TestLockoutOfNames(t *testing.T) {
	for _, login := range []string{"ming", "nobody"} {
		f := open(t)
		f.staff(t)
		for i := range freeForName {
			if _, _, err := f.Login(t.Context(), login, "not the password at all", here, ""); !errors.Is(err, ErrCredentials) {
				t.Fatalf("%s, guess %d: %v", login, i, err)
			}
		}
		var locked *LockedError
		if _, _, err := f.Login(t.Context(), login, good, here, ""); !errors.As(err, &locked) {
			t.Fatalf("%s: the right password after %d wrong ones: %v", login, freeForName, err)
		}
		f.reopen(t) // the count outlives the process
		if _, _, err := f.Login(t.Context(), login, good, here, ""); !errors.As(err, &locked) {
			t.Errorf("%s: a restart forgives: %v", login, err)
		}
		// The waits double and end at a bound.
		last := time.Duration(0)
		for range 15 {
			f.clock.pass(locked.Until.Sub(f.clock.now()))
			f.Login(t.Context(), login, "not the password at all", here, "")
			if _, _, err := f.Login(t.Context(), login, good, here, ""); !errors.As(err, &locked) {
				t.Fatalf("%s: %v", login, err)
			}
			pause := locked.Until.Sub(f.clock.now())
			if pause < last || pause > longestWait {
				t.Errorf("%s: waits %v after %v", login, pause, last)
			}
			last = pause
		}
		if last != longestWait {
			t.Errorf("%s: the longest wait is %v", login, last)
		}
		f.clock.pass(longestWait)
		if login == "ming" {
			f.login(t, login) // and the right one is let in, from then on without a wait
			f.login(t, login)
		}
	}
}

func TestLockoutOfAddresses(t *testing.T) {
	f := open(t)
	f.staff(t)
	var locked *LockedError
	for i := range freeForAddress {
		from := Origin{Address: netip.MustParseAddr(fmt.Sprintf("2001:db8:1:1::%x", i+1))} // one customer
		if _, _, err := f.Login(t.Context(), fmt.Sprint("nobody", i), "not the password at all", from, ""); !errors.Is(err, ErrCredentials) {
			t.Fatal(err)
		}
	}
	if _, _, err := f.Login(t.Context(), "ming", good, Origin{Address: netip.MustParseAddr("2001:db8:1:1::ffff")}, ""); !errors.As(err, &locked) {
		t.Errorf("a guesser of many names is let in: %v", err)
	}
	if _, _, err := f.Login(t.Context(), "ming", good, Origin{Address: netip.MustParseAddr("2001:db8:1:2::1")}, ""); err != nil {
		t.Errorf("a neighbour is locked out: %v", err)
	}
	// Many who log in from one address never wait.
	for range 3 * freeForAddress {
		f.login(t, "ming")
	}
}

// TestParallelGuesses: as many guesses at once as one likes are as few as one after the other.
func TestParallelGuesses(t *testing.T) {
	f := open(t)
	f.staff(t)
	var looked atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, _, err := f.Login(context.Background(), "ming", "not the password at all", here, "")
			var locked *LockedError
			if !errors.As(err, &locked) && !errors.Is(err, ErrBusy) {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if n := looked.Load(); n > freeForName {
		t.Errorf("%d of 50 guesses were looked at", n)
	}
}

// TestBoundedWork: what passwords take of memory does not grow with the number of logins.
func TestBoundedWork(t *testing.T) {
	h := must(newHasher(cheap, bytes.NewReader(make([]byte, 1<<16))))(t)
	var leaves []func()
	for range cap(h.slots) {
		leaves = append(leaves, must(h.enter(t.Context()))(t))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var waiters sync.WaitGroup
	for range waiting - cap(h.slots) {
		waiters.Go(func() {
			if _, err := h.enter(ctx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	for len(h.line) < waiting {
		time.Sleep(time.Millisecond)
	}
	if _, err := h.enter(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("one more than may wait: %v", err)
	}
	cancel()
	waiters.Wait()
	for _, leave := range leaves {
		leave()
	}
	must(h.hash(t.Context(), good))(t)
	if len(h.line) != 0 || len(h.slots) != 0 {
		t.Error("turns are lost")
	}
}

// TestHashesAreRenewed: a login with an old hash leaves one of the present cost.
func TestHashesAreRenewed(t *testing.T) {
	f := open(t)
	_, ming := f.staff(t)
	hash := func() (h string) {
		if err := f.db.View(func(tx *bbolt.Tx) error { r, err := load(tx, ming.ID); h = r.Hash; return err }); err != nil {
			t.Fatal(err)
		}
		return h
	}
	before := hash()
	f.login(t, "ming")
	if hash() != before {
		t.Error("a hash of the present cost was made anew")
	}
	f.opts.Cost.Time++
	f.reopen(t)
	f.login(t, "ming")
	if cost, _, _, err := decodeHash(hash()); err != nil || cost != f.opts.Cost {
		t.Errorf("cost %+v after the login, %v", cost, err)
	}
	f.login(t, "ming")
}

func TestSetPassword(t *testing.T) {
	f := open(t)
	f.staff(t)
	mine, other := f.login(t, "ming"), f.login(t, "ming")
	if _, err := f.SetPassword(t.Context(), mine, "not the password at all", "ein ganz anderer Satz", here); !errors.Is(err, ErrCredentials) {
		t.Fatalf("without the password before: %v", err)
	}
	var weak *PasswordError
	if _, err := f.SetPassword(t.Context(), mine, good, "ming", here); !errors.As(err, &weak) {
		t.Fatalf("a weak one: %v", err)
	}
	fresh := must(f.SetPassword(t.Context(), mine, good, "ein ganz anderer Satz", here))(t)
	for name, token := range map[string]string{"the session's token before": mine, "another session": other} {
		if _, err := f.Session(token); !errors.Is(err, ErrToken) {
			t.Errorf("%s goes on: %v", name, err)
		}
	}
	must(f.Session(fresh))(t)
	if _, _, err := f.Login(t.Context(), "ming", good, here, ""); !errors.Is(err, ErrCredentials) {
		t.Errorf("the password before: %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	f := open(t)
	_, ming := f.staff(t)
	idle := f.login(t, "ming")
	f.clock.pass(StandardIdle)
	if _, err := f.Session(idle); !errors.Is(err, ErrToken) {
		t.Errorf("idle: %v", err)
	}
	used := f.login(t, "ming")
	for range 47 {
		f.clock.pass(StandardAge / 48)
		must(f.Session(used))(t)
	}
	f.reopen(t)
	must(f.Session(used))(t)
	fresh := must(f.Rotate(used, here))(t)
	if _, err := f.Session(used); !errors.Is(err, ErrToken) {
		t.Errorf("rotated: %v", err)
	}
	f.clock.pass(StandardAge / 48)
	if _, err := f.Session(fresh); !errors.Is(err, ErrToken) {
		t.Errorf("a rotated session lives longer than a day: %v", err)
	}
	ended := f.login(t, "ming")
	if err := f.End(ended); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Session(ended); !errors.Is(err, ErrToken) {
		t.Errorf("ended: %v", err)
	}
	one, two, three := f.login(t, "ming"), f.login(t, "ming"), f.login(t, "ming")
	id := must(f.Session(two))(t).Session
	if n := must(f.EndSessions(ming.ID, id, ""))(t); n != 1 {
		t.Errorf("%d sessions ended, want 1", n)
	}
	if n := must(f.EndSessions(ming.ID, "", must(f.Session(one))(t).Session))(t); n < 1 {
		t.Errorf("%d sessions ended", n)
	}
	must(f.Session(one))(t)
	for _, token := range []string{two, three} {
		if _, err := f.Session(token); !errors.Is(err, ErrToken) {
			t.Errorf("%v", err)
		}
	}
	for range maxSessions + 5 {
		f.clock.pass(time.Second)
		f.login(t, "ming")
	}
	if n := len(must(f.Sessions(ming.ID))(t)); n > maxSessions {
		t.Errorf("%d sessions", n)
	}
}

// TestFixation: a session that somebody knew before the login is not the one after it.
func TestFixation(t *testing.T) {
	f := open(t)
	f.staff(t)
	known := f.login(t, "ming") // by whoever plants it in another browser
	token, _, err := f.Login(t.Context(), "root", good, here, known)
	if err != nil || token == known {
		t.Fatalf("the token stays: %v", err)
	}
	if _, err := f.Session(known); !errors.Is(err, ErrToken) {
		t.Errorf("the session before goes on: %v", err)
	}
}

// TestNoSecretsAtRest looks for tokens, codes and passwords in the bytes of the file.
func TestNoSecretsAtRest(t *testing.T) {
	f := open(t)
	root, ming := f.staff(t)
	secrets := []string{good, f.login(t, "ming")}
	_, key, err := f.NewKey(ming.ID, "export", nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	_, link, err := f.ResetLink(ming.ID, root.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.Login(t.Context(), "a password in the wrong field", "x", here, "")
	_, codes := f.enrol(t, "root")
	secrets = append(append(secrets, key, link, "a password in the wrong field"), codes...)
	file := f.bytes(t)
	for _, s := range secrets {
		if bytes.Contains(file, []byte(s)) {
			t.Errorf("the file holds %q", s)
		}
	}
	if !bytes.Contains(file, []byte("ming@example.org")) {
		t.Error("the test looks at the wrong bytes")
	}
}
