package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// Identify is who asks. What a request brings along counts before where it comes from: a wrong key is refused even from
// where none is needed. The error is a problem that says why what was brought does not count.
func (a *API) Identify(r *http.Request) (account.Principal, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return a.bearer(token)
	}
	p, err := a.byCookie(r)
	if err != nil || p.Known() {
		return p, err
	}
	switch {
	case FromSocket(r):
		return account.Principal{Way: account.Socket}, nil
	case a.Open() && fromHere(r) && foreign(r) == nil:
		return account.Principal{Way: account.Open}, nil
	}
	return p, nil
}

// Open reports whether the machine itself may do everything, and everybody read: rights do not count yet.
func (a *API) Open() bool { return a.cfg.Demo || !a.populated() }

// populated reports whether there are accounts.
func (a *API) populated() bool { return a.store != nil && a.store.Any() }

// bearer is who holds a key or the token.
func (a *API) bearer(token string) (account.Principal, error) {
	nobody := account.Principal{Way: account.Public}
	if account.IsKey(token) && a.store != nil {
		p, err := a.store.ByKey(token)
		if errors.Is(err, account.ErrToken) {
			return nobody, invalidToken("the key is not valid, or no more; gewu key list shows those that are").Because(err)
		}
		return p, err
	}
	sum := sha256.Sum256([]byte(token))
	if a.cfg.Token == "" || subtle.ConstantTimeCompare(sum[:], a.token[:]) != 1 {
		return nobody, invalidToken("the token is not the one that the server was started with (gewu serve --token)")
	}
	if !a.Open() {
		return nobody, invalidToken("the server has accounts now, so that its --token counts no more; gewu key create makes a key for programs")
	}
	return account.Principal{Way: account.Token}, nil
}

func invalidToken(why string) *rest.Problem {
	return rest.Refuse(rest.Unauthorized, "%s", why).With("WWW-Authenticate", `Bearer realm="gewu", error="invalid_token"`)
}

// MayWrite decides who may change things, as far as that does not depend on what.
func (a *API) MayWrite(r *http.Request) error {
	p := From(r.Context())
	if p.Everything() {
		return nil
	}
	if err := foreign(r); err != nil {
		return rest.Refuse(rest.Forbidden, "a page of another site may not change things here").Because(err)
	}
	switch {
	case p.Known():
		return rest.Refuse(rest.Forbidden, "this account may not do that")
	case a.populated():
		return unauthorized("changes need a login, or a key: Authorization: Bearer gewu_…")
	case a.cfg.Token == "":
		return rest.Refuse(rest.Forbidden, "this server takes changes only from its own machine (http://127.0.0.1 or the control socket); start it with --token to allow them from elsewhere, or make accounts")
	}
	return unauthorized("changes from elsewhere need the server's token: Authorization: Bearer <the value of --token>")
}

// MayVisit refuses changes that a page of another site has a browser send. Who may do what is the handler's matter.
func (a *API) MayVisit(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if err := foreign(r); err != nil {
		return rest.Refuse(rest.Forbidden, "a page of another site may not send this here: open a page of this server, or send an API key from a program").Because(err)
	}
	return nil
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
