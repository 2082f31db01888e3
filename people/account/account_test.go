package account

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// cheap makes tests fast; what they are about does not depend on it.
var cheap = Cost{Time: 1, Memory: 64, Threads: 1}

const good = "einmal um den Block"

// clock is a wall clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type fixture struct {
	*Store
	clock *clock
	path  string
	opts  Options
}

func open(t testing.TB) *fixture {
	t.Helper()
	c := &clock{t: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}
	f := &fixture{clock: c, path: filepath.Join(t.TempDir(), "people.db"), opts: Options{Now: c.now, Cost: cheap, NoSync: true}}
	f.reopen(t)
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) reopen(t testing.TB) {
	t.Helper()
	if f.Store != nil {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if f.Store, err = OpenFile(f.path, f.opts); err != nil {
		t.Fatal(err)
	}
}

// staff makes an administrator "root" and an account "ming".
func (f *fixture) staff(t testing.TB) (root, ming Account) {
	t.Helper()
	root = must(f.Create(t.Context(), New{Login: "root", Password: good, Administrator: true}))(t)
	ming = must(f.Create(t.Context(), New{Login: "ming", Password: good, Staff: "S-1", Email: "ming@example.org"}))(t)
	return root, ming
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var here = Origin{Address: netip.MustParseAddr("192.0.2.1"), Agent: "test"}

func (f *fixture) login(t testing.TB, login string) string {
	t.Helper()
	token, pending, err := f.Login(t.Context(), login, good, here, "")
	if err != nil || pending {
		t.Fatalf("login %s: %v, pending %v", login, err, pending)
	}
	return token
}

func TestFirstAccountIsAdministrator(t *testing.T) {
	f := open(t)
	if f.Any() {
		t.Error("a new file has accounts")
	}
	if _, err := f.Create(t.Context(), New{Login: "ming", Password: good}); !errors.Is(err, ErrFirst) {
		t.Errorf("the first account is nobody: %v", err)
	}
	root, ming := f.staff(t)
	if !f.Any() {
		t.Error("no accounts after two were made")
	}
	off, yes := false, true
	for name, err := range map[string]error{
		"demote":  second(f.Change(root.ID, Change{Administrator: &off})),
		"disable": second(f.Change(root.ID, Change{Disabled: &yes})),
		"remove":  f.Remove(root.ID),
	} {
		if !errors.Is(err, ErrLastAdministrator) {
			t.Errorf("%s the last administrator: %v", name, err)
		}
	}
	if a := must(f.Get(root.ID))(t); !a.Administrator || a.Disabled {
		t.Errorf("the refused change was made: %+v", a)
	}
	if err := f.Remove(ming.ID); err != nil {
		t.Error(err)
	}
	if _, err := f.Find("ming"); !errors.Is(err, ErrUnknown) {
		t.Errorf("removed account is found: %v", err)
	}
	must(f.Create(t.Context(), New{Login: "ming"}))(t)
}

func second[T any](_ T, err error) error { return err }

func TestFileIsPrivate(t *testing.T) {
	f := open(t)
	if err := os.Chmod(f.path, 0o644); err != nil {
		t.Fatal(err)
	}
	f.reopen(t)
	info, err := os.Stat(f.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := OpenFile(f.path, f.opts); !errors.Is(err, ErrLocked) {
		t.Errorf("a second process opens the file: %v", err)
	}
}

func TestLoginsAreOneNameForOnePerson(t *testing.T) {
	f := open(t)
	f.staff(t)
	for _, login := range []string{"MING", "Ming", "ming"} {
		if _, err := f.Create(t.Context(), New{Login: login, Password: good}); !errors.Is(err, ErrTaken) {
			t.Errorf("%s: %v", login, err)
		}
	}
	// Full-width letters look the same.
	if _, err := f.Create(t.Context(), New{Login: "ｍｉｎｇ"}); !errors.Is(err, ErrTaken) {
		t.Errorf("full width: %v", err)
	}
	for _, login := range []string{"", "a b", "a\n", "a/b", "<b>", string(make([]byte, 65))} {
		var field *FieldError
		if _, err := f.Create(t.Context(), New{Login: login}); !errors.As(err, &field) || field.Field != "login" {
			t.Errorf("%q: %v", login, err)
		}
	}
	if _, err := f.Create(t.Context(), New{Login: "李明"}); err != nil {
		t.Error(err)
	}
	other := "ROOT"
	if _, err := f.Change(must(f.Find("李明"))(t).ID, Change{Login: &other}); !errors.Is(err, ErrTaken) {
		t.Errorf("renamed to a taken login: %v", err)
	}
	free := "li.ming"
	must(f.Change(must(f.Find("李明"))(t).ID, Change{Login: &free}))(t)
	if _, err := f.Find("李明"); !errors.Is(err, ErrUnknown) {
		t.Errorf("the login before is found: %v", err)
	}
}

func TestPasswordRules(t *testing.T) {
	for password, ok := range map[string]bool{
		good: true, "correct horse battery": true, "正确的马电池订书钉很好记得住": true, "kxqpvzmwjtrb": true,
		"short": false, "elevensigns": false, "password1234": false, "PASSWORD!!!!": false, "qwertyuiop12": false,
		"aaaaaaaaaaaaaa": false, "abcabcabcabcabc": false, "123456789012": false, "ming.li.1234": false, "Ming.li!!!!!!": false,
		"a\xffbcdefghijklmn": false, string(make([]byte, 1025)): false, "hello世界你好吗我们走": true,
	} {
		if err := CheckPassword(password, "ming.li"); (err == nil) != ok {
			t.Errorf("%.40q: %v", password, err)
		}
	}
	// A long password may hold the login: what is left over counts.
	if err := CheckPassword("ming.li geht heute spazieren", "ming.li"); err != nil {
		t.Error(err)
	}
}

// TestChangedRightsEndSessions: a session never goes on with other rights than it began with.
func TestChangedRightsEndSessions(t *testing.T) {
	yes, staff, email := true, "S-2", "new@example.org"
	for name, c := range map[string]struct {
		change Change
		ends   bool
	}{
		"administrator": {Change{Administrator: &yes}, true},
		"staff":         {Change{Staff: &staff}, true},
		"disabled":      {Change{Disabled: &yes}, true},
		"email":         {Change{Email: &email}, false},
	} {
		f := open(t)
		_, ming := f.staff(t)
		token := f.login(t, "ming")
		must(f.Change(ming.ID, c.change))(t)
		if p, err := f.Session(token); (err != nil) != c.ends || (p.Way == Session) == c.ends {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if n := len(must(f.Sessions(ming.ID))(t)); (n == 0) != c.ends {
			t.Errorf("%s: %d sessions are listed", name, n)
		}
	}
}
