package server

import (
	"bufio"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/auth/openid"
)

// late is a provider that is known only when the address of the server is.
type late struct{ auth.Provider }

func (*late) Name() string  { return "city" }
func (*late) Title() string { return "City" }

// startProvider builds and starts an OpenID provider and returns its issuer.
func startProvider(t *testing.T, redirect string) string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "openid.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := txtar.Write(archive, dir); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "openid")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("GEWU_E2E") == "" {
			t.Skipf("the provider cannot be built: %v\n%s", err, out)
		}
		t.Fatalf("build the provider: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, redirect)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// browser follows redirections, except those that it is told to stop at.
type browser struct {
	*http.Client
	stop string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	b := &browser{}
	b.Client = &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if b.stop != "" && strings.Contains(r.URL.Path, b.stop) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return b
}

// signIn goes to the provider, gives a password there, and ends where stop says, or at the end.
func (b *browser) signIn(t *testing.T, from, issuer, stop string) *http.Response {
	t.Helper()
	b.stop = ""
	page, err := b.Get(from)
	if err != nil {
		t.Fatal(err)
	}
	_ = page.Body.Close()
	id := page.Request.URL.Query().Get("authRequestID")
	if id == "" {
		t.Fatalf("not at the provider but at %s", page.Request.URL)
	}
	b.stop = stop
	back, err := b.PostForm(strings.TrimSuffix(issuer, "/")+"/login/username", url.Values{"id": {id}, "username": {"test-user2"}, "password": {"verysecure"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = back.Body.Close()
	return back
}

// TestOpenID logs in at a real provider, and tries what must not work.
func TestOpenID(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a provider")
	}
	provider := &late{}
	m := withAccounts(t, func(cfg *Config) { cfg.Login.Providers = []auth.Provider{provider} }).populate()
	begin := m.http.URL + "/v1/login/outside/city"
	issuer := startProvider(t, begin+"/back")
	cfg := openid.Config{
		Name: "city", Issuer: issuer, ClientID: "gewu", ClientSecret: "secret", Create: true,
		Groups: []openid.Group{{Group: "grid", Post: "operator", Organisation: "da-an"}, {Group: "chiefs", Administrator: true}},
	}
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	provider.Provider = openid.New(cfg)

	b := newBrowser(t)
	end := b.signIn(t, begin, issuer, "")
	if end.Request.URL.Path != "/" {
		t.Fatalf("the login ends at %s: %s", end.Request.URL, m.logged())
	}
	token := ""
	home, err := url.Parse(m.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(home) {
		if c.Name == "gewu" {
			token = c.Value
		}
	}
	p, err := m.accounts.Session(token)
	if err != nil || p.Login != "test-user2" || p.Everything() || len(p.Granted) != 1 || p.Granted[0] != (account.Grant{Post: "operator", Organisation: "da-an"}) {
		t.Errorf("%+v, %v", p, err)
	}
	if a := m.as(token, "GET", "/v1/me", ""); !strings.Contains(a.body, `"organisation":"da-an"`) {
		t.Errorf("%s", a.body)
	}

	// The answer of one browser is worth nothing in another, nor a second time.
	victim, thief := newBrowser(t), newBrowser(t)
	answer := thief.signIn(t, begin, issuer, "/back").Header.Get("Location")
	if !strings.Contains(answer, "code=") {
		t.Fatalf("no code in %q", answer)
	}
	refused := func(name string, b *browser, address, why string) {
		t.Helper()
		b.stop = "/account/login"
		got, err := b.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if to := got.Header.Get("Location"); to != "/account/login#outside="+why {
			t.Errorf("%s: %d to %q, want %s", name, got.StatusCode, to, why)
		}
	}
	refused("a login is planted in another browser", victim, answer, "state")
	refused("another state", thief, strings.Replace(answer, "state=", "state=x", 1), "state")
	refused("the state was used up with the first answer", thief, answer, "state")
	thief.stop = "/auth"
	if again, err := thief.Get(begin); err != nil {
		t.Fatal(err)
	} else {
		_ = again.Body.Close()
	}
	// With the state of another login, whose verifier and nonce do not fit the code.
	memory := ""
	for _, c := range thief.Jar.Cookies(home) {
		if c.Name == "gewu-outside" {
			memory = c.Value
		}
	}
	if memory == "" {
		t.Fatal("the browser remembers nothing")
	}
	fresh := thief.signIn(t, begin, issuer, "/back").Header.Get("Location")
	at, err := url.Parse(fresh)
	if err != nil {
		t.Fatal(err)
	}
	code, err := url.Parse(answer)
	if err != nil {
		t.Fatal(err)
	}
	q := at.Query()
	q.Set("code", code.Query().Get("code"))
	at.RawQuery = q.Encode()
	refused("the code of another login (PKCE)", thief, at.String(), "provider")
	refused("no code", newBrowser(t), begin+"/back?error=access_denied", "state")
	if log := m.logged(); strings.Contains(log, code.Query().Get("code")) || strings.Contains(log, "secret") {
		t.Error("the log holds codes or secrets")
	}
}
