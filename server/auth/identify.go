package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// Config says how requests are told apart.
type Config struct {
	// Token is the value that takes the place of a login while there are no accounts; empty is none.
	Token string
}

// API finds out who asks. It is safe for concurrent use.
type API struct {
	cfg Config
	// token is the hash of Config.Token: equal lengths compare in constant time.
	token [sha256.Size]byte
}

// New returns an API.
func New(cfg Config) *API { return &API{cfg: cfg, token: sha256.Sum256([]byte(cfg.Token))} }

// Identify is who asks. What a request brings along counts before where it comes from: a wrong token is refused even from
// where none is needed.
func (a *API) Identify(r *http.Request) (account.Principal, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return a.bearer(token)
	}
	switch {
	case FromSocket(r):
		return account.Principal{Way: account.Socket}, nil
	case fromHere(r) && foreign(r) == nil:
		return account.Principal{Way: account.Open}, nil
	}
	return account.Principal{Way: account.Public}, nil
}

// bearer is who holds a token.
func (a *API) bearer(token string) (account.Principal, error) {
	sum := sha256.Sum256([]byte(token))
	if a.cfg.Token != "" && subtle.ConstantTimeCompare(sum[:], a.token[:]) == 1 {
		return account.Principal{Way: account.Token}, nil
	}
	return account.Principal{Way: account.Public}, rest.Refuse(rest.Unauthorized, "the token is not the one that the server was started with (gewu serve --token)").
		With("WWW-Authenticate", `Bearer realm="gewu", error="invalid_token"`)
}

// MayWrite decides who may change things, as far as that does not depend on what.
func (a *API) MayWrite(r *http.Request) error {
	if From(r.Context()).Everything() {
		return nil
	}
	if err := foreign(r); err != nil {
		return rest.Refuse(rest.Forbidden, "a page of another site may not change things here").Because(err)
	}
	if a.cfg.Token == "" {
		return rest.Refuse(rest.Forbidden, "this server takes changes only from its own machine (http://127.0.0.1 or the control socket); start it with --token to allow them from elsewhere")
	}
	return rest.Refuse(rest.Unauthorized, "changes from elsewhere need the server's token: Authorization: Bearer <the value of --token>").
		With("WWW-Authenticate", `Bearer realm="gewu"`)
}

// foreign is an error when a browser sent the request for a page of another site.
func foreign(r *http.Request) error {
	// The check lets safe methods pass; what only writers may read deserves it too.
	probe := *r
	probe.Method = http.MethodPost
	return http.NewCrossOriginProtection().Check(&probe)
}

// fromHere reports whether the request came straight from this machine and was meant for it: not through a proxy, and
// not through a name that is not the machine's (DNS rebinding).
func fromHere(r *http.Request) bool {
	for _, forwarded := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(forwarded)) > 0 {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && isLoopbackName(r.Host)
}

func isLoopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
