package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
)

const passphrase = "einmal um den Block"

// members is a city with accounts: root, who administrates, and ming.
type members struct {
	*town
	accounts *account.Store
}

func withAccounts(t *testing.T, change func(*Config)) *members {
	t.Helper()
	m := &members{}
	store, err := account.OpenFile(filepath.Join(t.TempDir(), "people.db"), account.Options{Now: time.Now, Cost: account.Cost{Time: 1, Memory: 64, Threads: 1}, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	m.accounts = store
	m.town = newCity(t, func(cfg *Config) {
		cfg.Login.Store = store
		if change != nil {
			change(cfg)
		}
	}).fill()
	return m
}

func (m *members) populate() *members {
	m.t.Helper()
	for _, n := range []account.New{
		{Login: "root", Password: passphrase, Administrator: true},
		{Login: "ming", Password: passphrase, Staff: "S-1", Email: "ming@example.org"},
	} {
		if _, err := m.accounts.Create(context.Background(), n); err != nil {
			m.t.Fatal(err)
		}
	}
	return m
}

var jsonBody = map[string]string{"Content-Type": "application/json"}

// session is the cookie that an answer sets, empty for one that it takes away.
func session(a answer) string {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == "gewu" || c.Name == "__Host-gewu" {
			return c.Value
		}
	}
	return ""
}

func (m *members) login(login string) string {
	m.t.Helper()
	a := m.do("POST", "/v1/login", jsonBody, fmt.Sprintf(`{"login":%q,"password":%q}`, login, passphrase))
	token := session(a)
	if a.status != 200 || token == "" {
		m.t.Fatalf("login: %d %s", a.status, a.body)
	}
	return token
}

// as asks with a session, as our own pages do.
func (m *members) as(token, method, target, body string) answer {
	m.t.Helper()
	return m.do(method, target, map[string]string{"Content-Type": "application/json", "Cookie": "gewu=" + token, auth.Header: "1"}, body)
}

func (a answer) member(t *testing.T, name string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(a.body), &all); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return fmt.Sprint(all[name])
}

// TestOpenUntilAccounts walks from a city without accounts to one with them.
func TestOpenUntilAccounts(t *testing.T) {
	m := withAccounts(t, func(cfg *Config) { cfg.Token = "s3cret" })
	tree := changes(put("trees", "x", somewhere, "{}"))
	token := map[string]string{"Content-Type": "application/json", "Authorization": "Bearer s3cret"}
	if a := m.do("GET", "/v1/me", nil, ""); a.member(t, "open") != "true" || a.member(t, "everything") != "true" || a.member(t, "accounts") != "false" {
		t.Errorf("%s", a.body)
	}
	for _, header := range []map[string]string{jsonBody, token} {
		if a := m.do("POST", "/v1/changes", header, tree); a.status != 200 {
			t.Errorf("open: %d %s", a.status, a.body)
		}
	}
	if a := m.do("POST", "/v1/accounts", jsonBody, `{"login":"ming"}`); a.status != 409 {
		t.Errorf("the first account: %d %s", a.status, a.body)
	}
	if a := m.do("POST", "/v1/accounts", jsonBody, `{"login":"root","password":"`+passphrase+`","administrator":true}`); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := m.do("GET", "/v1/me", nil, ""); a.member(t, "open") != "false" || a.member(t, "everything") != "false" || a.member(t, "way") != "public" {
		t.Errorf("%s", a.body)
	}
	for _, header := range []map[string]string{jsonBody, token} {
		if a := m.do("POST", "/v1/changes", header, tree); a.status != 401 || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("with accounts: %d %s", a.status, a.body)
		}
	}
	if a := m.do("GET", "/v1/accounts", nil, ""); a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
	root := m.login("root")
	if a := m.as(root, "POST", "/v1/changes", tree); a.status != 200 {
		t.Errorf("administrator: %d %s", a.status, a.body)
	}
	if a := m.as(root, "GET", "/v1/changes", ""); !strings.Contains(a.body, `"account:`) {
		t.Errorf("the log does not name the account: %s", a.body)
	}
}

// TestDemoStaysOpen also when there are accounts; who logs in has the rights of the account.
func TestDemoStaysOpen(t *testing.T) {
	m := withAccounts(t, func(cfg *Config) { cfg.Login.Demo = true }).populate()
	tree := changes(put("trees", "x", somewhere, "{}"))
	if a := m.do("GET", "/v1/me", nil, ""); a.member(t, "demo") != "true" || a.member(t, "everything") != "true" {
		t.Errorf("%s", a.body)
	}
	if a := m.do("POST", "/v1/changes", jsonBody, tree); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.as(m.login("ming"), "POST", "/v1/changes", tree); a.status != 403 {
		t.Errorf("ming: %d %s", a.status, a.body)
	}
}

// TestAnswersDoNotEnumerate compares what is said of accounts that are there, are not, and are disabled.
func TestAnswersDoNotEnumerate(t *testing.T) {
	m := withAccounts(t, func(cfg *Config) { cfg.PublicURL, cfg.Login.Post = "https://city.example", newBox() }).populate()
	if _, err := m.accounts.Create(t.Context(), account.New{Login: "gone", Password: passphrase}); err != nil {
		t.Fatal(err)
	}
	gone, err := m.accounts.Find("gone")
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	if _, err := m.accounts.Change(gone.ID, account.Change{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`"request_id":"[^"]*"`)
	for _, path := range []string{"/v1/login", "/v1/password-reset"} {
		var first answer
		for i, login := range []string{"ming", "nobody", "gone"} {
			body := fmt.Sprintf(`{"login":%q,"password":"not the password at all"}`, login)
			if path != "/v1/login" {
				body = fmt.Sprintf(`{"login":%q}`, login)
			}
			a := m.do("POST", path, jsonBody, body)
			a.body = id.ReplaceAllString(a.body, "")
			if i == 0 {
				first = a
			}
			if a.status != first.status || a.body != first.body || len(a.header) != len(first.header) || session(a) != "" {
				t.Errorf("%s tells %s from ming: %d %s, %d %s", path, login, a.status, a.body, first.status, first.body)
			}
		}
	}
	for range 8 {
		m.do("POST", "/v1/login", jsonBody, `{"login":"nobody","password":"x"}`)
	}
	if a := m.do("POST", "/v1/login", jsonBody, `{"login":"nobody","password":"x"}`); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if log := m.logged(); strings.Contains(log, passphrase) || strings.Contains(log, "not the password") {
		t.Error("the log holds passwords")
	}
}

// TestForgery has pages of other sites, and pages of ours that forget the header, send changes with a cookie.
func TestForgery(t *testing.T) {
	m := withAccounts(t, nil).populate()
	root := m.login("root")
	tree := changes(put("trees", "x", somewhere, "{}"))
	for name, header := range map[string]map[string]string{
		"without the header":    {},
		"cross-site":            {"Sec-Fetch-Site": "cross-site", auth.Header: "1"},
		"same-site":             {"Sec-Fetch-Site": "same-site", auth.Header: "1"},
		"another origin":        {"Origin": "https://evil.example", auth.Header: "1"},
		"no origin (sandboxed)": {"Origin": "null", auth.Header: "1"},
	} {
		header["Content-Type"], header["Cookie"] = "application/json", "gewu="+root
		for target, body := range map[string]string{
			"POST /v1/changes": tree, "POST /v1/accounts": `{"login":"evil"}`, "DELETE /v1/me/sessions": "", "POST /v1/logout": "", "POST /v1/keys": `{"name":"evil"}`,
		} {
			method, path, _ := strings.Cut(target, " ")
			if a := m.do(method, path, header, body); a.status != 403 {
				t.Errorf("%s, %s: %d %s", name, target, a.status, a.body)
			}
		}
	}
	// Login itself: somebody may not be logged in as somebody else.
	body := fmt.Sprintf(`{"login":"ming","password":%q}`, passphrase)
	if a := m.do("POST", "/v1/login", map[string]string{"Content-Type": "application/json", "Origin": "https://evil.example"}, body); a.status != 403 || session(a) != "" {
		t.Errorf("login: %d %s", a.status, a.body)
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} { // what forms can send
		if a := m.do("POST", "/v1/login", map[string]string{"Content-Type": kind}, body); a.status != 415 {
			t.Errorf("login as %s: %d %s", kind, a.status, a.body)
		}
	}
	a := m.do("OPTIONS", "/v1/login", map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, "")
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("other sites are let in by the preflight")
	}
	if a := m.do("GET", "/v1/me", map[string]string{"Cookie": "gewu=" + root, "Origin": "https://evil.example"}, ""); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("other sites may read who asks")
	}
}

// TestCookies looks at what the browser is handed.
func TestCookies(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Config)
		header map[string]string
		want   string
	}{
		"plain":           {nil, nil, "gewu"},
		"public URL":      {func(cfg *Config) { cfg.PublicURL = "https://city.example" }, nil, "__Host-gewu"},
		"untrusted proxy": {nil, map[string]string{"X-Forwarded-Proto": "https"}, "gewu"},
		"trusted proxy": {
			func(cfg *Config) { cfg.Login.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} },
			map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"},
			"__Host-gewu",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := withAccounts(t, tc.change).populate()
			header := map[string]string{"Content-Type": "application/json"}
			maps.Copy(header, tc.header)
			a := m.do("POST", "/v1/login", header, fmt.Sprintf(`{"login":"ming","password":%q}`, passphrase))
			cookies := (&http.Response{Header: a.header}).Cookies()
			if len(cookies) != 1 || cookies[0].Name != tc.want {
				t.Fatalf("%d %v", a.status, cookies)
			}
			c := cookies[0]
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != (tc.want == "__Host-gewu") {
				t.Errorf("%s", c.Raw)
			}
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
			sessions, err := m.accounts.Sessions(mustFind(t, m.accounts, "ming"))
			want := "127.0.0.1"
			if name == "trusted proxy" {
				want = "203.0.113.9"
			}
			if err != nil || len(sessions) != 1 || sessions[0].Address != want {
				t.Errorf("%+v, %v", sessions, err)
			}
		})
	}
}

func mustFind(t *testing.T, s *account.Store, login string) string {
	t.Helper()
	a, err := s.Find(login)
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// TestFixationAndReplay uses sessions from before a login, after a logout and after a change of the password.
func TestFixationAndReplay(t *testing.T) {
	m := withAccounts(t, nil).populate()
	planted := m.login("ming")
	a := m.as(planted, "POST", "/v1/login", fmt.Sprintf(`{"login":"root","password":%q}`, passphrase))
	fresh := session(a)
	if fresh == "" || fresh == planted {
		t.Fatalf("%d %s", a.status, a.body)
	}
	made := m.do("POST", "/v1/login", map[string]string{"Content-Type": "application/json", "Cookie": "gewu=gewus_" + strings.Repeat("A", 43)}, fmt.Sprintf(`{"login":"root","password":%q}`, passphrase))
	if session(made) == "gewus_"+strings.Repeat("A", 43) {
		t.Error("a session is what the client says")
	}
	who := func(token string) string { return m.as(token, "GET", "/v1/me", "").member(t, "way") }
	if who(planted) != "public" || who(fresh) != "session" {
		t.Error("the planted session goes on, or the new one does not")
	}
	if a := m.as(fresh, "POST", "/v1/me/password", fmt.Sprintf(`{"before":%q,"password":"ein ganz anderer Satz"}`, passphrase)); a.status != 204 || who(fresh) != "public" || who(session(a)) != "session" {
		t.Errorf("change of the password: %d %s", a.status, a.body)
	} else {
		fresh = session(a)
	}
	if a := m.as(fresh, "POST", "/v1/logout", ""); a.status != 204 || session(a) != "" || who(fresh) != "public" {
		t.Errorf("logout: %d %s", a.status, a.body)
	}
}

// TestMine is what the page "my account" does.
func TestMine(t *testing.T) {
	m := withAccounts(t, nil).populate()
	ming, other := m.login("ming"), m.login("ming")
	if a := m.as(ming, "GET", "/v1/me/sessions", ""); a.status != 200 || strings.Count(a.body, `"id"`) != 2 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.as(ming, "DELETE", "/v1/me/sessions/nothing", ""); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.as(ming, "DELETE", "/v1/me/sessions", ""); a.status != 204 || m.as(other, "GET", "/v1/me/sessions", "").status != 401 || m.as(ming, "GET", "/v1/me/sessions", "").status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.as(ming, "PATCH", "/v1/me", `{"email":"li@example.org","password":"wrong"}`); a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.as(ming, "PATCH", "/v1/me", fmt.Sprintf(`{"email":"li","password":%q}`, passphrase)); a.status != 422 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.as(ming, "PATCH", "/v1/me", fmt.Sprintf(`{"email":"li@example.org","password":%q}`, passphrase)); a.status != 200 || !strings.Contains(a.body, "li@example.org") {
		t.Errorf("%d %s", a.status, a.body)
	}
	for target, body := range map[string]string{
		"GET /v1/accounts": "", "POST /v1/accounts": `{"login":"x"}`, "GET /v1/accounts/root": "", "PATCH /v1/accounts/root": `{"disabled":true}`, "DELETE /v1/accounts/root": "",
		"GET /v1/accounts/root/sessions": "", "DELETE /v1/accounts/root/sessions": "", "POST /v1/accounts/root/reset": "", "DELETE /v1/accounts/root/second": "",
		"GET /v1/invitations": "", "POST /v1/invitations": `{}`, "DELETE /v1/invitations/x": "", "POST /v1/changes": `{"changes":[]}`,
	} {
		method, path, _ := strings.Cut(target, " ")
		if a := m.as(ming, method, path, body); a.status != 403 {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		if a := m.do(method, path, jsonBody, body); a.status != 401 {
			t.Errorf("%s by nobody: %d %s", target, a.status, a.body)
		}
	}
	if a := m.as(ming, "GET", "/v1/keys?account=root", ""); a.status != 404 {
		t.Errorf("keys of others: %d %s", a.status, a.body)
	}
	if a := m.as(ming, "POST", "/v1/keys", `{"account":"root","name":"x"}`); a.status != 404 {
		t.Errorf("a key for somebody else: %d %s", a.status, a.body)
	}
}

// TestKeysOfAccounts makes a key, uses it and revokes it.
func TestKeysOfAccounts(t *testing.T) {
	m := withAccounts(t, func(cfg *Config) { cfg.Login.Permissions = []string{"edit", "export"} }).populate()
	root := m.login("root")
	if a := m.as(root, "POST", "/v1/keys", `{"name":"x","scopes":["anything"]}`); a.status != 422 {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := m.as(root, "POST", "/v1/keys", `{"name":"all"}`)
	token := a.member(t, "token")
	var made struct{ Key account.Key }
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	bearer := map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + token}
	if a := m.do("POST", "/v1/changes", bearer, changes(put("trees", "x", somewhere, "{}"))); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.do("GET", "/v1/me", bearer, ""); a.member(t, "way") != "key" || a.member(t, "key") != made.Key.ID {
		t.Errorf("%s", a.body)
	}
	if a := m.as(root, "GET", "/v1/keys", ""); strings.Contains(a.body, token) || !strings.Contains(a.body, made.Key.ID) {
		t.Errorf("%s", a.body)
	}
	if a := m.as(root, "DELETE", "/v1/keys/"+made.Key.ID, ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Also where anyone may read: a revoked key does not read on without being told.
	for _, path := range []string{"/v1/me", "/v1/layers", "/tiles/city/0/0/0.mvt"} {
		if a := m.do("GET", path, bearer, ""); a.status != 401 {
			t.Errorf("%s with a revoked key: %d %s", path, a.status, a.body)
		}
	}
	ming := m.login("ming")
	narrow := m.as(ming, "POST", "/v1/keys", `{"name":"narrow","scopes":["export"]}`).member(t, "token")
	bearer["Authorization"] = "Bearer " + narrow
	for _, target := range []string{"POST /v1/keys", "GET /v1/keys", "GET /v1/me/sessions", "POST /v1/me/password"} {
		method, path, _ := strings.Cut(target, " ")
		if a := m.do(method, path, bearer, `{"name":"wide"}`); a.status != 403 {
			t.Errorf("a key makes keys: %s %d %s", target, a.status, a.body)
		}
	}
	// Keys in addresses would be logged: they are not read there.
	if a := m.do("GET", "/v1/me?key="+narrow, nil, ""); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestLargeAndSlowBodies at the routes that nobody has logged in for.
func TestLargeAndSlowBodies(t *testing.T) {
	m := withAccounts(t, func(cfg *Config) { cfg.Limits = city.Limits{Request: 300 * time.Millisecond} }).populate()
	for _, path := range []string{"/v1/login", "/v1/login/second", "/v1/password-reset/accept", "/v1/invitations/accept", "/v1/invitations/look"} {
		if a := m.do("POST", path, jsonBody, `{"login":"`+strings.Repeat("x", 20<<10)+`"}`); a.status != 413 {
			t.Errorf("%s: large body: %d %s", path, a.status, a.body)
		}
		for _, body := range []string{"", "{", `[]`, `{"nonsense":1}`, `{"login":1}`, "{\"login\":\"\xff\"}", `{}{}`} {
			if a := m.do("POST", path, jsonBody, body); a.status != 400 {
				t.Errorf("%s: %q: %d %s", path, body, a.status, a.body)
			}
		}
		conn, err := net.Dial("tcp", m.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		got, err := io.ReadAll(conn)
		_ = conn.Close()
		if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 408") {
			t.Errorf("%s: slow body: %.60s, %v", path, got, err)
		}
	}
}

// TestInvitationsAndResets go by mail and by hand.
func TestInvitationsAndResets(t *testing.T) {
	mail := newBox()
	m := withAccounts(t, func(cfg *Config) { cfg.PublicURL, cfg.Login.Post = "https://city.example", mail }).populate()
	cookie := func(token string) map[string]string {
		return map[string]string{"Content-Type": "application/json", "Cookie": "__Host-gewu=" + token, auth.Header: "1"}
	}
	root := m.login("root")
	a := m.do("POST", "/v1/invitations", cookie(root), `{"email":"new@example.org","staff":"S-9"}`)
	if a.status != 201 || a.member(t, "mailed") != "true" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	letter := mail.take(t)
	link := regexp.MustCompile(`https://city\.example/account/invitation#(\S+)`).FindStringSubmatch(letter.text)
	if link == nil || letter.to != "new@example.org" || link[0] != a.member(t, "url") {
		t.Fatalf("%+v", letter)
	}
	if a := m.do("POST", "/v1/invitations/look", jsonBody, fmt.Sprintf(`{"token":%q}`, link[1])); a.status != 200 || a.member(t, "administrator") != "false" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.do("POST", "/v1/invitations/accept", jsonBody, fmt.Sprintf(`{"token":%q,"login":"MING","password":%q}`, link[1], passphrase)); a.status != 409 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.do("POST", "/v1/invitations/accept", jsonBody, fmt.Sprintf(`{"token":%q,"login":"new","password":"password1234"}`, link[1])); a.status != 422 || strings.Contains(a.body, "password1234") {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = m.do("POST", "/v1/invitations/accept", jsonBody, fmt.Sprintf(`{"token":%q,"login":"new","password":%q}`, link[1], passphrase))
	if a.status != 200 || session(a) == "" || !strings.Contains(a.body, `"staff":"S-9"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.do("POST", "/v1/invitations/accept", jsonBody, fmt.Sprintf(`{"token":%q,"login":"new2","password":%q}`, link[1], passphrase)); a.status != 410 {
		t.Errorf("used twice: %d %s", a.status, a.body)
	}
	// What a request says of itself must not get into mail.
	header := map[string]string{"Content-Type": "application/json", "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
	if a := m.do("POST", "/v1/password-reset", header, `{"login":"ming"}`); a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	letter = mail.take(t)
	link = regexp.MustCompile(`https://city\.example/account/reset#(\S+)`).FindStringSubmatch(letter.text)
	if link == nil || letter.to != "ming@example.org" || strings.Contains(letter.text, "evil") {
		t.Fatalf("%+v", letter)
	}
	if a := m.do("POST", "/v1/password-reset/accept", jsonBody, fmt.Sprintf(`{"token":%q,"password":"ein ganz anderer Satz"}`, link[1])); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := m.do("POST", "/v1/login", jsonBody, `{"login":"ming","password":"ein ganz anderer Satz"}`); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	m.do("POST", "/v1/password-reset", jsonBody, `{"login":"nobody"}`)
	m.do("POST", "/v1/password-reset", jsonBody, `{"login":"root"}`) // without an address
	a = m.do("POST", "/v1/accounts/ming/reset", cookie(root), "")
	if a.status != 201 || mail.take(t).to != "ming@example.org" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if mail.left() != 0 {
		t.Error("mail to nobody")
	}
}

// box is where mail goes.
type box struct{ c chan post }

type post struct{ to, subject, text string }

func newBox() *box { return &box{make(chan post, 100)} }

func (b *box) Send(_ context.Context, to, subject, text string) error {
	b.c <- post{to, subject, text}
	return nil
}

func (b *box) take(t *testing.T) post {
	t.Helper()
	select {
	case p := <-b.c:
		return p
	case <-time.After(10 * time.Second):
		t.Fatal("no mail")
		return post{}
	}
}

func (b *box) left() int { return len(b.c) }

// TestProxiesAreNotHere: what comes through a proxy on this machine is not this machine.
func TestProxiesAreNotHere(t *testing.T) {
	m := withAccounts(t, nil)
	r := httptest.NewRequest(http.MethodGet, "/v1/me", nil)
	r.RemoteAddr, r.Host = "127.0.0.1:1", "127.0.0.1:8080"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	w := httptest.NewRecorder()
	m.server.Handler().ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"everything":false`) {
		t.Errorf("%s", w.Body)
	}
}
