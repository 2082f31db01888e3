package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// outsideSeconds is how long a login at a provider may take.
const outsideSeconds = 600

// outsideCookie holds a [Memory]. It must come back from another site, which SameSite=Lax allows for a link.
func (a *API) outsideCookie(r *http.Request, value string) *http.Cookie {
	//nolint:gosec // Secure is set wherever the browser came over TLS
	return &http.Cookie{
		Name: a.cookieName(r) + "-outside", Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.secure(r), MaxAge: outsideSeconds,
	}
}

func (a *API) provider(r *http.Request) (Provider, string, error) {
	if _, err := a.accounts(); err != nil {
		return nil, "", err
	}
	name := mux.Vars(r)["provider"]
	i := slices.IndexFunc(a.cfg.Providers, func(p Provider) bool { return p.Name() == name })
	if i < 0 {
		return nil, "", rest.Fault(rest.NotFound, "provider", name, "is not configured")
	}
	return a.cfg.Providers[i], a.base(r) + "/v1/login/outside/" + name + "/back", nil
}

// Outside sends a browser to a provider. GET /v1/login/outside/{provider}.
func (a *API) Outside(w http.ResponseWriter, r *http.Request) error {
	p, redirect, err := a.provider(r)
	if err != nil {
		return err
	}
	url, memory, err := p.Begin(r.Context(), redirect)
	if err != nil {
		return rest.Refuse(rest.Unavailable, "%s does not answer; try again later", p.Title()).With("Retry-After", "10").Because(err)
	}
	kept, err := json.Marshal(memory)
	if err != nil {
		return err
	}
	http.SetCookie(w, a.outsideCookie(r, base64.RawURLEncoding.EncodeToString(kept)))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, url, http.StatusSeeOther) //nolint:gosec // the provider's address, from the configuration
	return nil
}

// memory is what the browser kept; it must belong to the answer that it brings.
func (a *API) memory(r *http.Request) (m Memory, ok bool) {
	c, err := r.Cookie(a.outsideCookie(r, "").Name)
	if err != nil {
		return m, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || json.Unmarshal(raw, &m) != nil {
		return m, false
	}
	state := r.URL.Query().Get("state")
	return m, m.State != "" && subtle.ConstantTimeCompare([]byte(m.State), []byte(state)) == 1
}

// Back takes a browser that comes back from a provider. People see the page it ends on, so that what goes wrong is told
// there. GET /v1/login/outside/{provider}/back.
func (a *API) Back(w http.ResponseWriter, r *http.Request) error {
	p, redirect, err := a.provider(r)
	if err != nil {
		return err
	}
	spent := a.outsideCookie(r, "") //nolint:gosec // it is the one that was set
	spent.MaxAge = -1
	http.SetCookie(w, spent)
	w.Header().Set("Cache-Control", "no-store")
	fail := func(why string, err error) error {
		a.refuse(r, "login", "", p.Name()+": "+why)
		if err != nil {
			a.cfg.Logger.InfoContext(r.Context(), "login at a provider failed", "provider", p.Name(), "error", err)
		}
		http.Redirect(w, r, "/account/login#outside="+why, http.StatusSeeOther)
		return nil
	}
	m, ok := a.memory(r)
	if !ok {
		return fail("state", nil)
	}
	code := r.URL.Query().Get("code")
	if code == "" {
		return fail("refused", nil)
	}
	identity, err := p.Finish(r.Context(), redirect, code, m)
	if err != nil {
		return fail("provider", err)
	}
	token, err := a.store.LoginOutside(identity, a.origin(r), a.sessionToken(r))
	switch {
	case errors.Is(err, account.ErrNotInvited):
		return fail("unknown", err)
	case errors.Is(err, account.ErrTaken), errors.Is(err, account.ErrFirst):
		return fail("taken", err)
	case err != nil:
		return fail("account", err)
	}
	a.setCookie(w, r, token)
	in, err := a.store.Session(token)
	if err != nil {
		return a.problem(err)
	}
	a.note(r.WithContext(With(r.Context(), in)), "login", accountName+in.Account, p.Name())
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
