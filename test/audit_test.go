package test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// noted is an entry of the audit.
type noted struct {
	Seq                                                           uint64
	Actor, Login, From, Action, Object, Outcome, Reason, ID, Kind string
	Count                                                         int
}

// audit are the newest entries that a search finds.
func (c *caller) audit(query string) []noted {
	c.s.t.Helper()
	var page struct{ Entries []noted }
	c.want(http.StatusOK, http.MethodGet, "/v1/audit?limit=1000&"+query, nil, &page)
	return page.Entries
}

// TestAudit has people log in, be refused, export and change something, and looks for it, also after a restart and after a
// kill; then somebody changes a byte of a note in the file.
func TestAudit(t *testing.T) {
	const password = "four words in a row"
	dir := t.TempDir()
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	if out, ok := run(t, strings.NewReader(password+"\n"), "user", "add", "root", "--admin", "--data", dir); !ok {
		t.Fatal(out)
	}
	root, plan, nobody := s.caller("root", ""), s.caller("plan", ""), s.caller("nobody", "")
	login := func(c *caller, with string, want int) {
		t.Helper()
		c.want(want, http.MethodPost, "/v1/login", object{"login": c.who, "password": with}, nil)
	}
	login(root, password, http.StatusOK)
	root.want(http.StatusOK, "PUT", "/v1/organisations/o", object{"title": object{"en": "Office"}, "level": "department"}, nil)
	root.want(http.StatusOK, "PUT", "/v1/staff/P-1", object{"name": "P", "holdings": []object{{"post": "planner", "organisation": "o"}}}, nil)
	root.want(http.StatusCreated, "POST", "/v1/accounts", object{"login": "plan", "password": password, "staff": "P-1"}, nil)
	login(plan, "not "+password, http.StatusUnauthorized)
	login(plan, password, http.StatusOK)
	root.want(http.StatusOK, "POST", "/v1/changes", object{"changes": []object{lamp("a", 1), lamp("b", 2)}}, nil)
	root.want(http.StatusOK, "GET", "/v1/layers/lamps/export?format=csv", nil, nil)
	for _, path := range []string{"/v1/audit", "/v1/audit/export", "/v1/backup", "/v1/changes"} {
		plan.want(http.StatusForbidden, "GET", path, nil, nil)
		nobody.want(http.StatusUnauthorized, "GET", path, nil, nil)
	}
	check := func(when string) {
		t.Helper()
		entries := root.audit("")
		for _, want := range []noted{
			{Login: "root", Action: "login", Outcome: "done", From: "127.0.0.1"},
			{Actor: "public", Action: "login", Outcome: "refused", From: "127.0.0.1", Reason: "credentials"},
			{Login: "plan", Action: "login", Outcome: "done", From: "127.0.0.1"},
			{Login: "root", Action: "change", Object: "lamps", Outcome: "done", Reason: "api", Count: 2},
			{Login: "root", Action: "export", Object: "lamps", Outcome: "done", Reason: "csv", From: "127.0.0.1"},
			{Login: "plan", Action: "GET /v1/audit", Outcome: "refused", Reason: "forbidden", From: "127.0.0.1"},
			{Login: "plan", Action: "GET /v1/backup", Outcome: "refused", Reason: "forbidden", From: "127.0.0.1"},
			{Actor: "public", Action: "GET /v1/audit/export", Outcome: "refused", Reason: "unauthorized", From: "127.0.0.1"},
			{Login: "root", Action: "account-make", Outcome: "done", Reason: "staff:P-1", From: "127.0.0.1"},
		} {
			found := 0
			for _, e := range entries {
				if e.Login == want.Login && (want.Actor == "" || e.Actor == want.Actor) && e.Action == want.Action && e.Outcome == want.Outcome && e.From == want.From &&
					(want.Object == "" || e.Object == want.Object) && (want.Reason == "" || e.Reason == want.Reason) && (want.Count == 0 || e.Count == want.Count) {
					found++
				}
			}
			if found == 0 || found > 1 && want.Login != "root" {
				t.Errorf("%s: %+v is there %d times, in %+v", when, want, found, entries)
			}
		}
		if got := root.audit("object=lamps/a"); len(got) != 1 || got[0].Action != "change" {
			t.Errorf("%s: of a lamp: %+v", when, got)
		}
		if raw, err := os.ReadFile(filepath.Join(dir, "gewu.db")); err != nil || bytes.Contains(raw, []byte(password)) || bytes.Contains(raw, []byte("gewu_")) {
			t.Errorf("%s: a password is in the store, %v", when, err)
		}
	}
	check("at once")
	var page struct {
		Entries []noted
		Next    string
	}
	root.want(http.StatusOK, "GET", "/v1/audit?limit=2", nil, &page)
	again := func(how func()) {
		t.Helper()
		how()
		s = serve(t, dir)
		for _, c := range []*caller{root, plan, nobody} {
			c.s = s
		}
		// Browsers keep no cookies for another port; who was logged in logs in again.
		root.http.Jar, plan.http.Jar = s.caller("", "").http.Jar, s.caller("", "").http.Jar
		login(root, password, http.StatusOK)
	}
	// A refusal of just now is written when the server stops, and the list goes on where it was.
	nobody.want(http.StatusUnauthorized, "GET", "/v1/plans", nil, nil)
	again(s.stop)
	check("after a restart")
	if got := root.audit("what=" + "GET%20/v1/plans"); len(got) != 1 {
		t.Errorf("the last refusal before the stop: %+v", got)
	}
	root.want(http.StatusOK, "GET", "/v1/audit?limit=2&cursor="+page.Next, nil, &page)
	if len(page.Entries) != 2 {
		t.Errorf("a page goes on with %+v", page.Entries)
	}
	again(s.kill)
	check("after a kill")

	// The command says the same, over the socket and on the closed store.
	for _, running := range []bool{true, false} {
		if !running {
			s.stop()
		}
		out := mustRun(t, "audit", "--data", dir, "--who", "plan", "--what", "login", "--since", "1d")
		if strings.Count(out, "\n") != 2 || !strings.Contains(out, "plan") {
			t.Errorf("running %v: %s", running, out)
		}
		file := filepath.Join(t.TempDir(), "all.csv")
		mustRun(t, "audit", "--data", dir, "--refused", "-o", file)
		if raw, err := os.ReadFile(file); err != nil || !bytes.Contains(raw, []byte("GET /v1/backup")) || bytes.Contains(raw, []byte(",done,")) {
			t.Errorf("running %v: %s, %v", running, raw, err)
		}
	}
	export := seqOf(t, dir, "lamps")
	if out := mustRun(t, "check", "--data", dir); !strings.Contains(out, "sound") {
		t.Errorf("check: %s", out)
	}
	store := filepath.Join(dir, "gewu.db")
	whole, err := os.ReadFile(store)
	if err != nil {
		t.Fatal(err)
	}
	note, other := []byte(`"action":"export","object":"lamps"`), []byte(`"action":"import","object":"lamps"`)
	if !bytes.Contains(whole, note) {
		t.Fatal("the note is not in the file as a text")
	}
	if err := os.WriteFile(store, bytes.ReplaceAll(whole, note, other), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, ok := run(t, nil, "check", "--data", dir); ok || !strings.Contains(out, fmt.Sprintf("entry %d", export)) {
		t.Errorf("check of a changed note of entry %d: %v\n%s", export, ok, out)
	}
}

// seqOf is the entry of the note of the export of a layer.
func seqOf(t *testing.T, dir, layer string) (seq uint64) {
	t.Helper()
	out := mustRun(t, "audit", "--data", dir, "--what", "export", "--object", layer)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	if _, err := fmt.Sscan(fields[len(fields)-1], &seq); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return seq
}
