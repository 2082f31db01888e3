package server

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/people/account"
)

// TestHeaders asks every route, in order and not, for the headers that tell browsers what not to do.
func TestHeaders(t *testing.T) {
	c := newCity(t, nil)
	type ask struct{ method, path string }
	asks := []ask{{"GET", "/"}, {"GET", "/nothing"}, {"GET", "/nothing.js"}, {"GET", "/v1/nothing"}, {"PUT", "/"}}
	for _, rt := range c.server.routes() {
		path := strings.NewReplacer("{", "", "}", "").Replace(rt.path)
		if !rt.stream {
			asks = append(asks, ask{rt.method, path})
		}
		asks = append(asks, ask{"BREW", path}, ask{"OPTIONS", path})
	}
	for _, a := range asks {
		for _, secure := range []bool{false, true} {
			w, r := httptest.NewRecorder(), httptest.NewRequest(a.method, a.path, nil)
			if r.RemoteAddr = "203.0.113.7:1"; secure {
				r.TLS = &tls.ConnectionState{}
			} else {
				r.TLS = nil
			}
			c.server.Handler().ServeHTTP(w, r)
			h := w.Header()
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Permissions-Policy": permissions,
			} {
				if h.Get(name) != want {
					t.Errorf("%s %s: %s is %q", a.method, a.path, name, h.Get(name))
				}
			}
			policy := h.Get("Content-Security-Policy")
			if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s %s: the policy is %q", a.method, a.path, policy)
			}
			if got := h.Get("Strict-Transport-Security") != ""; got != secure {
				t.Errorf("%s %s: HSTS %v over TLS %v", a.method, a.path, got, secure)
			}
		}
	}
}

// from asks for /healthz from an address.
func (c *town) from(remote string, header ...string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://localhost/healthz", nil)
	r.RemoteAddr = remote
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	c.server.Handler().ServeHTTP(w, r)
	return w
}

// TestRateOfAddresses asks too often from everywhere.
func TestRateOfAddresses(t *testing.T) {
	// One request in 1,000 s: a bucket holds one.
	c := newCity(t, func(cfg *Config) {
		cfg.Rates.Address = 0.001
		cfg.Login.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	const forwarded = "X-Forwarded-For"
	for _, step := range []struct {
		what, remote string
		header       []string
		status       int
	}{
		{"first", "203.0.113.7:1", nil, 200},
		{"again from another port", "203.0.113.7:2", nil, 429},
		{"its header is nobody's word", "203.0.113.7:2", []string{forwarded, "203.0.113.9"}, 429},
		{"another", "203.0.113.8:1", nil, 200},
		{"through a proxy", "10.0.0.1:1", []string{forwarded, "203.0.113.10"}, 200},
		{"through another proxy", "10.0.0.2:1", []string{forwarded, "203.0.113.10"}, 429},
		{"invents hops", "10.0.0.2:1", []string{forwarded, "198.51.100.1, 203.0.113.10"}, 429},
		{"another through the proxy", "10.0.0.1:1", []string{forwarded, "203.0.113.11"}, 200},
		{"IPv6", "[2001:db8:1:1::1]:1", nil, 200},
		{"the same network", "[2001:db8:1:1::2]:1", nil, 429},
		{"another network", "[2001:db8:1:2::1]:1", nil, 200},
		{"IPv4 in IPv6", "[::ffff:203.0.113.7]:1", nil, 429},
		{"this machine", "127.0.0.1:1", nil, 200},
		{"this machine again", "127.0.0.1:1", nil, 200},
		{"a proxy that nobody named", "127.0.0.1:1", []string{forwarded, "203.0.113.12"}, 200},
		{"that proxy again", "127.0.0.1:1", []string{forwarded, "203.0.113.13"}, 429},
		{"control socket", "@", nil, 200},
		{"control socket again", "@", nil, 200},
	} {
		w := c.from(step.remote, step.header...)
		if w.Code != step.status {
			t.Errorf("%s: %d %s", step.what, w.Code, w.Body)
		}
		if w.Code != http.StatusTooManyRequests {
			continue
		}
		if after, err := strconv.Atoi(w.Header().Get("Retry-After")); err != nil || after < 900 || after > 1000 {
			t.Errorf("%s: Retry-After %q", step.what, w.Header().Get("Retry-After"))
		}
		if w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(w.Body.String(), "/docs#too-many-requests") {
			t.Errorf("%s: %s", step.what, w.Body)
		}
	}
	if log := c.logged(); strings.Count(log, "level=INFO") != 0 {
		t.Errorf("refusals fill the log:\n%s", log)
	}
}

// TestRateOfAccounts has accounts and keys ask too often: each for itself.
func TestRateOfAccounts(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Rates = Rates{Account: 0.001, Key: 0.001} })
	for _, step := range []struct {
		who account.Principal
		may bool
	}{
		{account.Principal{Account: "a"}, true},
		{account.Principal{Account: "a"}, false},
		{account.Principal{Account: "a", Key: "k"}, true},
		{account.Principal{Account: "a", Key: "k"}, false},
		{account.Principal{Account: "b"}, true},
		{account.Principal{}, true},
		{account.Principal{}, true},
	} {
		if err := c.server.admitWho(&step.who); (err == nil) != step.may {
			t.Errorf("%+v: %v", step.who, err)
		}
	}
	m := withAccounts(t, func(cfg *Config) { cfg.Rates.Account = 0.001 }).populate()
	token := m.login("ming")
	if first, second := m.as(token, "GET", "/v1/me", ""), m.as(token, "GET", "/v1/me", ""); first.status != 200 || second.status != 429 || second.header.Get("Retry-After") == "" {
		t.Errorf("%d %d", first.status, second.status)
	}
}

// BenchmarkLocateRates shows what bounds cost a request, beside one without any.
func BenchmarkLocateRates(b *testing.B) {
	for name, rates := range map[string]Rates{"none": {}, "bounded": {Address: 1e9, Account: 1e9, Key: 1e9}} {
		b.Run(name, func(b *testing.B) {
			c := newCity(b, func(cfg *Config) { cfg.Rates, cfg.Logger = rates, nil }).fill()
			for b.Loop() {
				w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/locate?lon=121.505&lat=25.005", nil)
				r.RemoteAddr = "203.0.113.7:1"
				c.server.Handler().ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
