package auth

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// The names of the cookie. A browser takes the first one over TLS only, from no other host, and for all paths
// (draft-ietf-httpbis-rfc6265bis, section 4.1.3.2).
const (
	secureCookie = "__Host-gewu"
	plainCookie  = "gewu"
)

// Header is what our own pages send with each change. A page of another site cannot set it without being asked for by a
// preflight, which is not answered for it.
const Header = "X-Gewu-Request"

// secure reports whether the client came over TLS.
func (a *API) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(a.cfg.PublicURL, "https://") || a.Proxied(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func (a *API) cookieName(r *http.Request) string {
	if a.secure(r) {
		return secureCookie
	}
	return plainCookie
}

// sessionToken is the token of the cookie, empty without one.
func (a *API) sessionToken(r *http.Request) string {
	c, err := r.Cookie(a.cookieName(r))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie hands a token to the browser, or has it forget one when that is empty.
func (a *API) setCookie(w http.ResponseWriter, r *http.Request, token string) {
	//nolint:gosec // Secure is set wherever the browser came over TLS; without TLS it would lose the cookie
	c := &http.Cookie{
		Name: a.cookieName(r), Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.secure(r),
	}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// byCookie is who has the session of the cookie; somebody unknown without one that is in force.
func (a *API) byCookie(r *http.Request) (account.Principal, error) {
	nobody := account.Principal{Way: account.Public}
	token := a.sessionToken(r)
	if token == "" || a.store == nil {
		return nobody, nil
	}
	p, err := a.store.Session(token)
	if err != nil || p.Way != account.Session {
		return nobody, nil //nolint:nilerr // a session that has ended is none
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return p, nil
	}
	if err := ownPage(r); err != nil {
		return nobody, err
	}
	return p, nil
}

// ownPage is an error unless one of our own pages sends a change.
func ownPage(r *http.Request) error {
	if err := foreign(r); err != nil {
		return rest.Refuse(rest.Forbidden, "a page of another site may not change things here").Because(err)
	}
	if r.Header.Get(Header) == "" {
		return rest.Refuse(rest.Forbidden, "a change by cookie needs the header "+Header+": 1; programs use keys: Authorization: Bearer gewu_…")
	}
	return nil
}

// Proxied reports whether the request came from a proxy whose word is believed.
func (a *API) Proxied(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && a.isProxy(peer.Addr())
}

func (a *API) isProxy(addr netip.Addr) bool {
	for _, p := range a.cfg.Proxies {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// From is the address that a request came from, past the proxies whose word is believed; invalid when it came through the
// control socket. here says that it came straight from this machine.
func (a *API) From(r *http.Request) (address netip.Addr, here bool) {
	return a.origin(r).Address, fromHere(r)
}

// origin is where a request came from: the last address that no trusted proxy has.
func (a *API) origin(r *http.Request) account.Origin {
	from := account.Origin{Agent: r.UserAgent()}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return from
	}
	from.Address = peer.Addr().Unmap()
	if !a.isProxy(from.Address) {
		return from
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return from
		}
		if from.Address = addr.Unmap(); !a.isProxy(from.Address) {
			return from
		}
	}
	return from
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
