package server

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/audit"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/trail"
)

// seen is an entry of the audit as it is told.
type seen struct {
	Kind, ID, Actor, Login, Staff, From, Action, Object, Outcome, Reason string
	Seq                                                                  uint64
	Count                                                                int
	IDs                                                                  []string
	BreakGlass                                                           bool `json:"break_glass"`
}

// audited are all entries that a search finds, page by page.
func (m *members) audited(token, query string) []seen {
	m.t.Helper()
	var all []seen
	cursor := ""
	for {
		a := m.as(token, "GET", "/v1/audit?limit=50&"+query+cursor, "")
		var page struct {
			Entries []seen
			Next    string
		}
		if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != 200 {
			m.t.Fatalf("audit?%s: %d %s", query, a.status, a.body)
		}
		all = append(all, page.Entries...)
		if page.Next == "" {
			return all
		}
		cursor = "&cursor=" + page.Next
	}
}

// watched is a city with accounts whose sums may be looked at as often as one likes: each look is a minute after the one
// before.
func watched(t *testing.T, change func(*Config)) *members {
	t.Helper()
	m := withAccounts(t, func(cfg *Config) {
		if change != nil {
			change(cfg)
		}
	}).populate()
	var minutes atomic.Int64
	m.server.trail.Now = func() time.Time { return time.Now().Add(time.Duration(minutes.Add(1)) * time.Minute) }
	return m
}

// idOf is the actor of a login.
func (m *members) idOf(login string) string {
	m.t.Helper()
	found, err := m.accounts.Find(login)
	if err != nil {
		m.t.Fatal(err)
	}
	return "account:" + found.ID
}

// TestAuditTellsWhoDidWhat does one of each and looks for it.
func TestAuditTellsWhoDidWhat(t *testing.T) {
	m := watched(t, nil)
	m.put(data.Tx{Changes: []data.Change{
		record(t, people.Organisation{ID: "d1", Title: data.Title{"en": "x"}, Level: "department", Areas: []people.AreaRef{{Level: "district", Code: "D1"}}}),
		record(t, people.Staff{ID: "S-1", Name: "Ming", Holdings: []people.Holding{{Post: people.PostHandler, Organisation: "d1"}}}),
	}})
	for range 3 {
		m.do("POST", "/v1/login", jsonBody, `{"login":"ming","password":"not the right one"}`)
	}
	root, ming := m.login("root"), m.login("ming")
	made := m.as(root, "POST", "/v1/keys", `{"account":"root","name":"night","scopes":["export"]}`)
	key := map[string]string{"Authorization": "Bearer " + made.member(t, "token")}
	keyID := "key:" + between(made.body, `"id":"`, `"`)
	for _, step := range []struct {
		got  answer
		want int
	}{
		{made, 201},
		{m.as(root, "PUT", "/v1/layers/trees/features/new1", fmt.Sprintf(treeBody, "new1", 121.505)), 200},
		{m.do("GET", "/v1/layers/trees/export?format=csv", key, ""), 200},
		{m.do("GET", "/v1/changes", key, ""), 403},
		{m.as(root, "GET", "/v1/changes", ""), 200},
		{m.as(root, "GET", "/v1/changes/1", ""), 200},
		{m.as(root, "GET", "/v1/layers/trees?as=S-1", ""), 200},
		{m.as(root, "GET", "/v1/people", ""), 200},
		{m.as(ming, "GET", "/v1/audit", ""), 403},
		{m.as(ming, "GET", "/v1/accounts", ""), 403},
		{m.as(ming, "GET", "/v1/layers/trees/features/tree20", ""), 404},
		{m.as(ming, "GET", "/v1/layers/trees/features/tree99", ""), 404},
		{m.do("GET", "/v1/audit", nil, ""), 401},
		{m.do("GET", "/v1/me", map[string]string{"Authorization": "Bearer gewu_" + strings.Repeat("a", 40)}, ""), 401},
		{m.as(ming, "POST", "/v1/me/password", `{"before":"wrong it is","password":"einmal um den ganzen Block"}`), 401},
		{m.as(root, "POST", "/v1/invitations", `{"email":"new@example.org"}`), 201},
		{m.as(root, "PATCH", "/v1/accounts/ming", `{"disabled":true}`), 200},
	} {
		if step.got.status != step.want {
			t.Fatalf("%d %s, want %d", step.got.status, step.got.body, step.want)
		}
	}
	rootID, mingID := m.idOf("root"), m.idOf("ming")
	all := m.audited(root, "")
	find := func(what string, match func(e *seen) bool) {
		t.Helper()
		if !slices.ContainsFunc(all, func(e seen) bool { return match(&e) }) {
			t.Errorf("%s is not in\n%+v", what, all)
		}
	}
	find("the failed login", func(e *seen) bool {
		return e.Action == "login" && e.Outcome == "refused" && e.Count == 3 && e.Object == mingID && e.From == "127.0.0.1" && e.Actor == "public"
	})
	for _, c := range []struct{ actor, action, object, reason string }{
		{rootID, "login", rootID, ""},
		{mingID, "login", mingID, ""},
		{rootID, "key-make", keyID, rootID},
		{rootID, "change", "trees", "api"},
		{keyID, "export", "trees", "csv"},
		{rootID, "see-as", "staff:S-1", ""},
		{rootID, "export-people", "", ""},
		{rootID, "account-block", mingID, "staff:S-1"},
	} {
		find(fmt.Sprint(c), func(e *seen) bool {
			return e.Actor == c.actor && e.Action == c.action && e.Object == c.object && e.Reason == c.reason && e.Outcome == "done" && (e.Kind == "change" || e.From == "127.0.0.1")
		})
	}
	find("a look at the log", func(e *seen) bool { return e.Action == "read-log" && e.Object == "" && e.Actor == rootID })
	find("a look at an entry", func(e *seen) bool { return e.Action == "read-log" && e.Object == "seq:1" && e.Actor == rootID })
	find("where root writes from", func(e *seen) bool {
		return e.Action == "writes" && e.From == "127.0.0.1" && e.Actor == rootID && e.Count == 1
	})
	find("the login of root", func(e *seen) bool { return e.Action == "login" && e.Login == "root" })
	find("the person of ming", func(e *seen) bool { return e.Action == "login" && e.Staff == "S-1" })
	refusals := 0
	for _, e := range all {
		if e.Outcome == "refused" && e.Reason != "credentials" {
			refusals += max(1, e.Count)
		}
	}
	if refusals != 7 {
		t.Errorf("%d refusals, want 7: tree99 is not there, and is none\n%+v", refusals, all)
	}
	for query, want := range map[string][]string{
		"who=root&what=key-make":              {"key-make"},
		"who=S-1&what=login&outcome=done":     {"login"},
		"who=" + keyID:                        {"GET /v1/changes", "export"},
		"who=root&what=export":                {"export"}, // by a key of root
		"what=export,key-make":                {"export", "key-make"},
		"object=trees/new1":                   {"change"},
		"object=trees/tree99":                 nil,
		"object=" + keyID:                     {"key-make"},
		"address=127.0.0.0/8&what=export":     {"export"},
		"address=10.0.0.1":                    nil,
		"outcome=refused&what=login":          {"login"},
		"what=export&from=2100-01-01":         nil,
		"what=export&to=2100-01-01":           {"export"},
		"what=export&to=2020-01-01T00:00:00Z": nil,
		// Texts are texts.
		"who=" + url.QueryEscape("' OR '1'='1"): nil,
		"what=*":                                nil,
		"object=" + url.QueryEscape("%"):        nil,
		"who=ROO":                               nil,
		"who=" + url.QueryEscape("account:"):    nil,
	} {
		var got []string
		for _, e := range m.audited(root, query) {
			got = append(got, e.Action)
		}
		if !slices.Equal(got, want) {
			t.Errorf("audit?%s finds %v, want %v", query, got, want)
		}
	}
	// With each page of one, the same comes out.
	var single []seen
	for cursor := ""; ; {
		a := m.as(root, "GET", "/v1/audit?limit=1&to="+url.QueryEscape(time.Now().Add(-time.Hour).Format(time.RFC3339))+cursor, "")
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		var page struct {
			Entries []seen
			Next    string
		}
		if err := json.Unmarshal([]byte(a.body), &page); err != nil {
			t.Fatal(err)
		}
		if single = append(single, page.Entries...); page.Next == "" {
			break
		}
		cursor = "&cursor=" + page.Next
	}
	if len(single) != 0 {
		t.Errorf("%d entries of an hour ago", len(single))
	}
}

// TestAuditRefusesWhatIsWrong sends wrong parameters and cursors of others.
func TestAuditRefusesWhatIsWrong(t *testing.T) {
	m := watched(t, nil)
	root := m.login("root")
	cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	epoch := string(m.store.Epoch())
	for query, want := range map[string]int{
		"limit=0": 400, "limit=1001": 400, "limit=x": 400, "outcome=maybe": 400, "from=yesterday": 400, "to=1": 400, "address=nowhere": 400, "address=10.0.0.0/99": 400, "address=10.0.0.1%27": 400,
		"nothing=1": 400, "what=" + strings.Repeat("a,", 21): 400, "who=" + strings.Repeat("a", 6000): 400,
		"cursor=x": 400, "cursor=" + cursor("another epoch\n5.1"): 410, "cursor=" + cursor(epoch+"\n5"): 400, "cursor=" + cursor(epoch+"\n-5.1"): 400, "cursor=" + cursor(epoch+"\n0.1"): 400,
		"cursor=" + cursor(epoch+"\n5.-1"): 400, "cursor=" + city.FormatCursor(m.store.Epoch(), "tree01"): 400,
		// Beyond the end of the log is before its end.
		"cursor=" + cursor(epoch+"\n18446744073709551615.9"): 200, "cursor=" + cursor(epoch+"\n18446744073709551616.9"): 400,
	} {
		if a := m.as(root, "GET", "/v1/audit?"+query, ""); a.status != want {
			t.Errorf("audit?%s: %d %s, want %d", query, a.status, a.body, want)
		}
		if strings.HasPrefix(query, "limit") || strings.HasPrefix(query, "cursor") {
			continue
		}
		if a := m.plainAs(root, "/v1/audit/export?"+query); a.status != want {
			t.Errorf("export?%s: %d, want %d", query, a.status, want)
		}
	}
	for _, target := range []string{"/v1/audit", "/v1/audit/export"} {
		if a := m.as(root, "POST", target, "{}"); a.status != 405 {
			t.Errorf("POST %s: %d", target, a.status)
		}
	}
	// Nobody writes a note but the city itself.
	for _, body := range []string{
		`{"changes":[{"op":"put","layer":"note:1","feature":{"type":"Feature","id":"1","geometry":null,"properties":{}}}]}`,
		`{"changes":[{"op":"delete","layer":"note:1","id":"1"}]}`,
		`{"changes":[{"op":"put","stream":"admin","kind":"note","id":"1","body":{"action":"login"}}]}`,
	} {
		if a := m.as(root, "POST", "/v1/changes", body); a.status < 400 || a.status >= 500 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}

// plainAs asks without looking into the document: what is streamed does not fit it.
func (m *members) plainAs(token, target string) answer {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Cookie", "gewu="+token)
	w := httptest.NewRecorder()
	m.server.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// TestAuditForTheAuditor: who may not ask learns nothing of what there is, whatever they ask for, and is noted.
func TestAuditForTheAuditor(t *testing.T) {
	c := staffed(t)
	want := ""
	for _, query := range []string{"", "?who=one", "?who=nobody", "?object=trees/tree20", "?object=trees/tree99", "?cursor=x", "?limit=0", "?from=x"} {
		for _, path := range []string{"/v1/audit", "/v1/audit/export"} {
			for _, who := range []string{"one", "two", "plan", "garden", "admin/edit", "root/export"} {
				a := c.get(who, path+query)
				text, _, _ := strings.Cut(a.body, `"instance"`)
				if want == "" {
					want = text
				}
				if a.status != 403 || text != want {
					t.Errorf("%s %s%s: %d %s", who, path, query, a.status, a.body)
				}
			}
			if a := c.get("", path+query); a.status != 401 {
				t.Errorf("the public %s%s: %d", path, query, a.status)
			}
		}
	}
	for _, who := range []string{"admin", "admin/audit", "root"} {
		if a := c.get(who, "/v1/audit?what=change"); a.status != 200 || !strings.Contains(a.body, `"entries":[{`) {
			t.Errorf("%s: %d %s", who, a.status, a.body)
		}
	}
	// An auditor who sees no layer is told that somebody changed something, and not of what.
	c.put(data.Tx{Changes: []data.Change{
		record(t, people.Post{ID: "auditor", Title: data.Title{"en": "x"}, Permissions: []people.Permission{people.Audit}}),
		record(t, people.Staff{ID: "eyes", Name: "E", Holdings: []people.Holding{{Post: "auditor", Organisation: "d1"}}}),
	}})
	c.move("tree01", 121.505, 25.005)
	a := c.get("eyes", "/v1/audit?what=change")
	if a.status != 200 || strings.Contains(a.body, "trees") || strings.Contains(a.body, "addresses") {
		t.Errorf("the auditor: %d %s", a.status, a.body)
	}
	for _, object := range []string{"trees", "trees/tree01", "t"} {
		if a := c.get("eyes", "/v1/audit?object="+object); !strings.Contains(a.body, `"entries":[]`) {
			t.Errorf("the auditor finds %s: %s", object, a.body)
		}
	}
}

// TestAuditExport compares both forms with the list, and looks for the note of itself.
func TestAuditExport(t *testing.T) {
	m := watched(t, nil)
	root := m.login("root")
	m.as(root, "POST", "/v1/changes", `{"cause":"=HYPERLINK(\"http://evil\",\"x\")","changes":[`+put("trees", "n1", somewhere, "{}")+`]}`)
	list := m.audited(root, "what=change,login")
	lines := m.as(root, "GET", "/v1/audit/export?format=ndjson&what=change,login", "")
	var told []seen
	for in := bufio.NewScanner(strings.NewReader(lines.body)); in.Scan(); {
		var e seen
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		told = append(told, e)
	}
	if fmt.Sprint(told) != fmt.Sprint(list) || len(list) < 4 {
		t.Errorf("exported %+v\nlisted %+v", told, list)
	}
	a := m.as(root, "GET", "/v1/audit/export?what=change,login", "")
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil || len(rows) != len(list)+1 || !strings.Contains(a.header.Get("Content-Disposition"), ".csv") {
		t.Fatalf("%d rows, %v: %s", len(rows), err, a.body)
	}
	reason, found := slices.Index(rows[0], "reason"), false
	for _, row := range rows {
		found = found || row[reason] == `'=HYPERLINK("http://evil","x")`
		for _, text := range row {
			if strings.HasPrefix(text, "=") {
				t.Errorf("a formula: %s", text)
			}
		}
	}
	if !found {
		t.Errorf("the cause is not in %v", rows)
	}
	if notes := m.audited(root, "what=audit-export"); len(notes) != 2 || notes[0].Reason != "csv" || notes[1].Reason != "ndjson" {
		t.Errorf("noted %+v", notes)
	}
}

// TestAddressIsThatOfTheClient: what a request says of where it comes from counts only through a proxy that is trusted.
func TestAddressIsThatOfTheClient(t *testing.T) {
	for want, proxies := range map[string][]netip.Prefix{"127.0.0.1": nil, "192.0.2.7": {netip.MustParsePrefix("127.0.0.0/8")}} {
		m := watched(t, func(cfg *Config) { cfg.Login.Proxies = proxies })
		m.do("POST", "/v1/login", map[string]string{"Content-Type": "application/json", "X-Forwarded-For": "198.51.100.1, 192.0.2.7"}, `{"login":"ming","password":"wrong it is"}`)
		got := m.audited(m.login("root"), "what=login&outcome=refused")
		if len(got) != 1 || got[0].From != want {
			t.Errorf("proxies %v: %+v, want from %s", proxies, got, want)
		}
	}
}

// full is a store that takes no notes.
type full struct {
	city.Store
	on *atomic.Bool
}

func (f full) Append(ctx context.Context, tx data.Tx) (data.Seq, error) {
	if f.on.Load() {
		return 0, fmt.Errorf("%w: %w", data.ErrReadOnly, data.ErrFull)
	}
	return f.Store.Append(ctx, tx)
}

// TestNothingIsHandedOutWithoutItsNote fills the disk.
func TestNothingIsHandedOutWithoutItsNote(t *testing.T) {
	var on atomic.Bool
	m := watched(t, func(cfg *Config) {
		guarded(t, t.TempDir())(cfg)
		cfg.Store = full{cfg.Store, &on}
	})
	root := m.login("root")
	if a := m.as(root, "POST", "/v1/layers", elders); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := m.as(root, "PUT", "/v1/layers/elders/features/e1", wang); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	on.Store(true)
	for _, try := range []struct{ method, target, body string }{
		{"GET", "/v1/layers/trees/export", ""},
		{"GET", "/v1/layers/elders/features/e1?break_glass=true&reason=gas+leak", ""},
		{"GET", "/v1/layers/elders/features?break_glass=true&reason=gas+leak&limit=5", ""},
		{"GET", "/v1/people", ""},
		{"GET", "/v1/audit/export", ""},
		{"POST", "/v1/keys", `{"account":"root","name":"night"}`},
		{"POST", "/v1/invitations", `{}`},
		{"POST", "/v1/accounts/ming/reset", ``},
	} {
		a := m.as(root, try.method, try.target, try.body)
		if a.status != 507 || strings.Contains(a.body, "tree01") || strings.Contains(a.body, personName) || strings.Contains(a.body, "gewu_") || strings.Contains(a.body, "gewul_") {
			t.Errorf("%s %s: %d %s", try.method, try.target, a.status, a.body)
		}
	}
	if a := m.as(root, "GET", "/v1/keys", ""); !strings.Contains(a.body, `"keys":[]`) {
		t.Errorf("a key that nobody knows of is left: %s", a.body)
	}
	if a := m.as(root, "GET", "/v1/invitations", ""); !strings.Contains(a.body, `"invitations":[]`) {
		t.Errorf("an invitation that nobody knows of is left: %s", a.body)
	}
	// What must go on goes on, and is noted when there is space.
	ming := m.login("ming")
	if a := m.as(ming, "POST", "/v1/logout", ""); a.status != 204 {
		t.Errorf("logout: %d", a.status)
	}
	if a := m.as(root, "GET", "/v1/audit?what=login", ""); a.status != 200 || strings.Contains(a.body, m.idOf("ming")) {
		t.Errorf("the audit with a full disk: %d %s", a.status, a.body)
	}
	on.Store(false)
	if got := m.audited(root, "who=ming&what=login,logout"); len(got) != 2 {
		t.Errorf("noted later: %+v", got)
	}
}

// TestFailedLoginsDoNotFillTheLog fails 10,000 times, for accounts that exist and for others, and asks in vain as often.
func TestFailedLoginsDoNotFillTheLog(t *testing.T) {
	m := withAccounts(t, nil).populate()
	if _, err := m.accounts.Create(t.Context(), account.New{Login: "root2", Password: passphrase, Administrator: true}); err != nil {
		t.Fatal(err)
	}
	before := m.store.Last()
	tries := 10_000
	if testing.Short() {
		tries = 2000
	}
	for i := range tries {
		r := httptest.NewRequest(http.MethodPost, "/v1/login", strings.NewReader(fmt.Sprintf(`{"login":%q,"password":"guess %d"}`, []string{"ming", "root", fmt.Sprint("user", i)}[i%3], i)))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1", i/1000, i%250)
		m.server.Handler().ServeHTTP(httptest.NewRecorder(), r)
		r = httptest.NewRequest(http.MethodGet, "/v1/accounts", nil)
		r.RemoteAddr = fmt.Sprintf("10.1.%d.%d:1", i/1000, i%250)
		m.server.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}
	minutes := data.Seq(5) // it may take some
	root := m.login("root2")
	m.server.trail.Look(t.Context())
	entries := m.store.Last() - before
	count, notes := 0, 0
	for _, e := range m.audited(root, "outcome=refused") {
		count += max(1, e.Count)
		notes++
	}
	if count != 2*tries || entries > minutes+2 || notes > int(minutes)*(audit.MaxSums+1) {
		t.Errorf("%d refusals in %d notes of %d entries", count, notes, entries)
	}
}

// TestOrdinaryReadsWriteNothing asks for everything that is no export, with rights and without: nothing is written while
// somebody waits.
func TestOrdinaryReadsWriteNothing(t *testing.T) {
	m := watched(t, guarded(t, t.TempDir()))
	root, ming := m.login("root"), m.login("ming")
	m.as(root, "POST", "/v1/layers", elders)
	m.as(root, "PUT", "/v1/layers/elders/features/e1", wang)
	before := m.store.Last()
	for _, target := range []string{
		"/v1/layers", "/v1/layers/trees", "/v1/layers/trees/features", "/v1/layers/trees/features/tree01", "/v1/layers/trees/features/tree01/history",
		"/v1/layers/elders/features", "/v1/layers/elders/features/e1", "/v1/locate?lon=121.505&lat=25.005", "/v1/geocode?q=" + url.QueryEscape("信義路1號"), "/v1/suggest?q=" + url.QueryEscape("信義"),
		"/tiles/trees/12/3430/1754.mvt", "/tiles/trees.json", "/styles/light.json", "/v1/schemes/unit/cells", "/v1/changes", "/v1/changes/1", "/v1/me", "/v1/accounts", "/v1/plans", "/v1/layers?as=S-1", "/v1/backup",
	} {
		for _, token := range []string{root, ming, "none"} {
			m.plainAs(token, target)
		}
	}
	if last := m.store.Last(); last != before {
		t.Errorf("%d entries were written", last-before)
	}
}

// TestNotesHoldNoSecrets walks through everything about accounts and reads every byte of the notes.
func TestNotesHoldNoSecrets(t *testing.T) {
	m := watched(t, guarded(t, t.TempDir()))
	root := m.login("root")
	secrets := []string{passphrase, root, "guess of mine", "ming@example.org", "new@example.org", personName, "13812341234", "another long passphrase", "typed in the wrong place"}
	step := func(a answer, want int) answer {
		t.Helper()
		if a.status != want {
			t.Fatalf("%d %s, want %d", a.status, a.body, want)
		}
		for _, name := range []string{`"token":"`, `"url":"`, `"secret":"`, `"uri":"`} {
			if s := between(a.body, name, `"`); s != "" {
				secrets = append(secrets, s)
				if _, token, ok := strings.Cut(s, "#"); ok {
					secrets = append(secrets, token)
				}
			}
		}
		if s := session(a); s != "" {
			secrets = append(secrets, s)
		}
		return a
	}
	step(m.do("POST", "/v1/login", jsonBody, `{"login":"ming","password":"guess of mine"}`), 401)
	step(m.do("POST", "/v1/login", jsonBody, `{"login":"typed in the wrong place","password":"x"}`), 401)
	step(m.as(root, "POST", "/v1/layers", elders), 201)
	step(m.as(root, "PUT", "/v1/layers/elders/features/e1", wang), 200)
	step(m.as(root, "GET", "/v1/layers/elders/features/e1", ""), 200)
	step(m.as(root, "GET", "/v1/layers/elders/features/e1?break_glass=true&reason=gas+leak+at+"+url.QueryEscape(personName), ""), 200)
	if got := m.audited(root, "object=elders/e1&what=read-personal"); len(got) != 1 || got[0].Reason != "gas leak at "+personName || !got[0].BreakGlass || got[0].From != "127.0.0.1" {
		t.Errorf("the reading: %+v", got)
	}
	if a := m.as(root, "GET", "/v1/personal/reviews", ""); !strings.Contains(a.body, "gas leak at "+personName) || strings.Contains(a.body, "sealed") {
		t.Errorf("the review: %s", a.body)
	}
	invited := step(m.as(root, "POST", "/v1/invitations", `{"email":"new@example.org"}`), 201)
	token := between(invited.body, "#", `"`)
	step(m.do("POST", "/v1/invitations/look", jsonBody, `{"token":"`+token+`"}`), 200)
	step(m.do("POST", "/v1/invitations/look", jsonBody, `{"token":"`+token[:len(token)-2]+`xx"}`), 410)
	step(m.do("POST", "/v1/invitations/accept", jsonBody, `{"token":"`+token+`","login":"newcomer","password":"another long passphrase"}`), 200)
	key := step(m.as(root, "POST", "/v1/keys", `{"account":"root","name":"night"}`), 201).member(t, "token")
	step(m.do("GET", "/v1/accounts", map[string]string{"Authorization": "Bearer " + key}, ""), 200)
	step(m.do("GET", "/v1/accounts", map[string]string{"Authorization": "Bearer " + key[:len(key)-2] + "xx"}, ""), 401)
	reset := step(m.as(root, "POST", "/v1/accounts/ming/reset", ""), 201)
	step(m.do("POST", "/v1/password-reset/accept", jsonBody, `{"token":"`+between(reset.body, "#", `"`)+`","password":"another long passphrase"}`), 204)
	step(m.as(root, "POST", "/v1/me/second", `{"password":"`+passphrase+`"}`), 200)
	step(m.as(root, "PUT", "/v1/me/second", `{"code":"000000"}`), 401)
	step(m.do("GET", "/v1/geocode?q="+url.QueryEscape("信義路1號"), nil, ""), 200)
	step(m.as(root, "POST", "/v1/layers/elders/features/e1/erase?reason=asked+to+be+forgotten", ""), 200)
	// What remains of the reading names nobody.
	if got := m.audited(root, "object=elders/e1&what=read-personal,erase"); len(got) != 2 || got[1].Reason != "" || got[1].Object != "elders/e1" || got[0].Reason != "asked to be forgotten" {
		t.Errorf("after the erasure: %+v", got)
	}
	m.server.trail.Look(t.Context())
	notes, told := 0, map[string]bool{}
	for e, err := range m.store.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range e.Changes {
			if c.Admin != nil && c.Kept() && strings.Contains(string(c.Admin.Body), personName) {
				t.Errorf("%s is in %s", personName, c.Admin.Body)
			}
			if c.Kept() {
				continue
			}
			notes++
			told[between(string(c.Admin.Body), `"action":"`, `"`)] = true
			for _, s := range append(secrets, "newcomer", "信義路") {
				if strings.Contains(string(c.Admin.Body), s) {
					t.Errorf("%q is in %s", s, c.Admin.Body)
				}
			}
		}
	}
	if notes < 10 || len(secrets) < 15 || !told["invite"] || !told["login"] || !told["key-make"] {
		t.Errorf("%d notes and %d secrets: %v", notes, len(secrets), told)
	}
}

// TestFeedTellsNothingOfNotes listens as the public while others are refused, log in and read the audit.
func TestFeedTellsNothingOfNotes(t *testing.T) {
	m := watched(t, nil)
	events := m.listen(t, "", "")
	events.want("hello")
	root := m.login("root")
	m.do("POST", "/v1/login", jsonBody, `{"login":"ming","password":"guess of mine"}`)
	m.audited(root, "")
	m.as(root, "PUT", "/v1/layers/trees/features/new1", fmt.Sprintf(treeBody, "new1", 121.505))
	m.put(data.Tx{Changes: []data.Change{record(t, people.Post{ID: people.PostPublic, Title: data.Title{"en": "x"}, Layers: []people.Grant{{Layers: []string{"trees"}, Read: true}}})}})
	seq := m.move("tree01", 121.505, 25.005)
	for {
		e, ok := events.next()
		if !ok {
			t.Fatal("the feed has ended")
		}
		if strings.Contains(e.data, "note") || strings.Contains(e.data, "account") || strings.Contains(e.data, "login") {
			t.Errorf("the feed tells %s %s", e.name, e.data)
		}
		if strings.Contains(e.data, fmt.Sprint(`"seq":`, seq)) {
			return
		}
	}
}

var _ auth.Trail = (*trail.Trail)(nil)
