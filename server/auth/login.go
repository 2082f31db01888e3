package auth

import (
	"net/http"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// me is who asks, as it is shown.
type me struct {
	// Accounts says that there are accounts; without them this machine may do everything.
	Accounts bool `json:"accounts"`
	// Open says that requests from the machine itself need no login, Demo that this is so although there are accounts.
	Open bool        `json:"open"`
	Demo bool        `json:"demo"`
	Way  account.Way `json:"way"`
	// Everything says that no rights limit who asks.
	Everything bool             `json:"everything"`
	Account    *account.Account `json:"account,omitempty"`
	Session    string           `json:"session,omitempty"`
	Key        string           `json:"key,omitempty"`
	Scopes     []string         `json:"scopes,omitempty"`
	Granted    []account.Grant  `json:"granted,omitempty"`
	// Pending says that the second factor is asked for.
	Pending   bool       `json:"pending"`
	Mail      bool       `json:"mail"`
	Cases     bool       `json:"cases,omitempty"`
	Providers []provider `json:"providers"`
}

type provider struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// show is what a principal may know of itself.
func (a *API) show(p account.Principal, pending bool) (me, error) {
	m := me{
		Accounts: a.populated(), Open: a.Open(), Demo: a.cfg.Demo, Way: p.Way, Everything: p.Everything(),
		Session: p.Session, Key: p.Key, Scopes: p.Scopes, Granted: p.Granted, Pending: pending, Mail: a.mails(), Cases: a.cfg.Cases, Providers: []provider{},
	}
	for _, v := range a.cfg.Providers {
		m.Providers = append(m.Providers, provider{v.Name(), v.Title()})
	}
	if !p.Known() {
		return m, nil
	}
	known, err := a.store.Get(p.Account)
	if err != nil {
		return m, a.problem(err)
	}
	m.Account = &known
	return m, nil
}

// Me answers who asks. GET /v1/me.
func (a *API) Me(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	p := From(r.Context())
	pending := !p.Known() && a.store != nil && a.store.Pending(a.sessionToken(r))
	m, err := a.show(p, pending)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, m)
}

// Login begins a session. POST /v1/login.
func (a *API) Login(w http.ResponseWriter, r *http.Request) error {
	store, err := a.accounts()
	if err != nil {
		return err
	}
	var body struct {
		Login    string `json:"login"`
		Password string `json:"password"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	token, pending, err := store.Login(r.Context(), body.Login, body.Password, a.origin(r), a.sessionToken(r))
	if err != nil {
		// Not the login: people type passwords there.
		a.refused(r, "login", a.objectOf(body.Login), err)
		return a.problem(err)
	}
	return a.enter(w, r, token, pending)
}

// Second ends a login with the code of the second factor. POST /v1/login/second.
func (a *API) Second(w http.ResponseWriter, r *http.Request) error {
	store, err := a.accounts()
	if err != nil {
		return err
	}
	var body struct {
		Code string `json:"code"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	half := a.sessionToken(r)
	token, err := store.Second(half, body.Code, a.origin(r))
	if err != nil {
		a.refused(r, "second-factor", "", err)
		if !store.Pending(half) {
			a.setCookie(w, r, "")
		}
		return a.problem(err)
	}
	return a.enter(w, r, token, false)
}

// enter hands the token of a session over and answers who has it.
func (a *API) enter(w http.ResponseWriter, r *http.Request, token string, pending bool) error {
	a.setCookie(w, r, token)
	p := account.Principal{Way: account.Public}
	if !pending {
		var err error
		if p, err = a.store.Session(token); err != nil {
			return a.problem(err)
		}
		r = r.WithContext(With(r.Context(), p))
		a.note(r, "login", accountName+p.Account, "")
	}
	m, err := a.show(p, pending)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, m)
}

// Logout ends the session. POST /v1/logout.
func (a *API) Logout(w http.ResponseWriter, r *http.Request) error {
	// It says nothing; but a client that sends more than is read would not get to read the answer.
	if err := rest.SkipBody(w, r); err != nil {
		return err
	}
	if token := a.sessionToken(r); token != "" {
		// Half a login has no principal, but its end is nobody else's matter either.
		if err := ownPage(r); err != nil {
			return err
		}
		if a.store != nil {
			if err := a.store.End(token); err != nil {
				return err
			}
		}
		a.setCookie(w, r, "")
		// Anybody may send a cookie that is none.
		if p := From(r.Context()); p.Known() {
			a.note(r, "logout", accountName+p.Account, "")
		}
	}
	return done(w)
}
