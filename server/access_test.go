package server

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhoMayWrite walks over the ways a request can come in.
func TestWhoMayWrite(t *testing.T) {
	closed := newCity(t, nil).fill()
	open := newCity(t, func(cfg *Config) { cfg.Token = "s3cret" }).fill()
	for _, tc := range []struct {
		name   string
		city   *town
		remote string
		host   string
		header map[string]string
		status int
		want   string
	}{
		{"loopback", closed, "127.0.0.1:1", "127.0.0.1:8080", nil, 200, ""},
		{"loopback by name", closed, "127.0.0.1:1", "localhost:8080", nil, 200, ""},
		{"loopback, IPv6", closed, "[::1]:1", "[::1]:8080", nil, 200, ""},
		{"loopback, mapped", closed, "[::ffff:127.0.0.1]:1", "app.localhost", nil, 200, ""},
		{"loopback by another name", closed, "127.0.0.1:1", "evil.example", nil, 403, "--token"},
		{"loopback through a proxy", closed, "127.0.0.1:1", "127.0.0.1", map[string]string{"X-Forwarded-For": "1.2.3.4"}, 403, "--token"},
		{"loopback through a proxy (RFC 7239)", closed, "127.0.0.1:1", "127.0.0.1", map[string]string{"Forwarded": "for=1.2.3.4"}, 403, "--token"},
		{"elsewhere", closed, "192.0.2.1:1", "127.0.0.1", nil, 403, "--token"},
		{"elsewhere, the server has a token", open, "192.0.2.1:1", "city.example", nil, 401, "Authorization: Bearer"},
		{"elsewhere with the token", open, "192.0.2.1:1", "city.example", map[string]string{"Authorization": "Bearer s3cret"}, 200, ""},
		{"elsewhere with a wrong token", open, "192.0.2.1:1", "city.example", map[string]string{"Authorization": "Bearer s3cre"}, 401, "not the one"},
		{"here with a wrong token", open, "127.0.0.1:1", "127.0.0.1", map[string]string{"Authorization": "Bearer x"}, 401, "not the one"},
		{"an empty token where none is set", closed, "192.0.2.1:1", "city.example", map[string]string{"Authorization": "Bearer "}, 401, "not the one"},
		{"a page of another site", closed, "127.0.0.1:1", "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "another site"},
		{"a page of another origin", closed, "127.0.0.1:1", "127.0.0.1:8080", map[string]string{"Origin": "https://evil.example"}, 403, "another site"},
		{"our own page", closed, "127.0.0.1:1", "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8080"}, 200, ""},
		{"no address", closed, "@", "127.0.0.1", nil, 403, "--token"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, target := range []string{"POST /v1/changes", "GET /v1/backup", "PATCH /v1/layers/trees"} {
				method, path, _ := strings.Cut(target, " ")
				body := changes(put("trees", "x", somewhere, "{}"))
				if method == "PATCH" {
					body = "{}"
				}
				r := httptest.NewRequest(method, path, strings.NewReader(body))
				r.RemoteAddr, r.Host = tc.remote, tc.host
				r.Header.Set("Content-Type", "application/json")
				for name, v := range tc.header {
					r.Header.Set(name, v)
				}
				w := httptest.NewRecorder()
				tc.city.server.Handler().ServeHTTP(w, r)
				want := tc.status
				if path == "/v1/backup" && want == 200 {
					want = 501 // allowed, but the test store has none
				}
				if w.Code != want || !strings.Contains(w.Body.String(), tc.want) {
					t.Errorf("%s: %d %s, want %d with %q", target, w.Code, w.Body, want, tc.want)
				}
				if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
					t.Errorf("%s: 401 without WWW-Authenticate", target)
				}
				if w.Header().Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s: other origins may read the answer", target)
				}
			}
		})
	}
}

// TestControlSocket writes over a unix socket, whatever the request says of itself.
func TestControlSocket(t *testing.T) {
	c := newCity(t, nil).fill()
	res, err := c.overSocket().Post("http://gewu/v1/changes", "application/json", strings.NewReader(changes(put("trees", "x", somewhere, "{}"))))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
}

// overSocket is a client that asks the server over a unix socket.
func (c *town) overSocket() *http.Client {
	t := c.t
	t.Helper()
	path := filepath.Join(t.TempDir(), "gewu.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewUnstartedServer(c.server.Handler())
	_ = ts.Listener.Close()
	ts.Listener = listener
	ts.Start()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ts.Close()
	})
	return &http.Client{Transport: transport}
}
