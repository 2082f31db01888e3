package auth

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/server/rest"
)

// issuer is what programs for second factors show beside the login.
const issuer = "gewu"

// ChangeMe changes what belongs to the own account. PATCH /v1/me.
func (a *API) ChangeMe(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.member(r)
	if err != nil {
		return err
	}
	var body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	if _, err := store.SetEmail(r.Context(), p.Account, body.Password, body.Email, a.origin(r)); err != nil {
		return a.problem(err)
	}
	a.note(r, "mail-change", accountName+p.Account, "")
	m, err := a.show(p, false)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, m)
}

// SetPassword changes the own password. POST /v1/me/password.
func (a *API) SetPassword(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.member(r)
	if err != nil {
		return err
	}
	var body struct {
		Before   string `json:"before"`
		Password string `json:"password"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	token, err := store.SetPassword(r.Context(), a.sessionToken(r), body.Before, body.Password, a.origin(r))
	if err != nil {
		return a.problem(err)
	}
	a.setCookie(w, r, token)
	a.note(r, "password-set", accountName+p.Account, "")
	return done(w)
}

// Sessions lists the own sessions. GET /v1/me/sessions.
func (a *API) Sessions(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.member(r)
	if err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	all, err := store.Sessions(p.Account)
	if err != nil {
		return a.problem(err)
	}
	return answer(w, r, http.StatusOK, map[string]any{"sessions": all})
}

// EndSession ends one of the own sessions, without an id all others. DELETE /v1/me/sessions, /v1/me/sessions/{id}.
func (a *API) EndSession(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.member(r)
	if err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	but := p.Session
	if id != "" {
		but = ""
	}
	n, err := store.EndSessions(p.Account, id, but)
	if err != nil {
		return a.problem(err)
	}
	if n == 0 && id != "" {
		return rest.Refuse(rest.NotFound, "there is no such session")
	}
	if id == p.Session {
		a.setCookie(w, r, "")
	}
	a.note(r, "sessions-end", accountName+p.Account, "")
	return done(w)
}

// confirmed is a body that holds the password again.
type confirmed struct {
	Password string `json:"password"`
}

// ProposeSecond shows the key of a second factor. POST /v1/me/second.
func (a *API) ProposeSecond(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.member(r)
	if err != nil {
		return err
	}
	var body confirmed
	if err := read(w, r, &body); err != nil {
		return err
	}
	proposal, err := store.ProposeSecond(r.Context(), p.Account, body.Password, issuer, a.origin(r))
	if err != nil {
		return a.problem(err)
	}
	return answer(w, r, http.StatusOK, proposal)
}

// ConfirmSecond has the second factor count. PUT /v1/me/second.
func (a *API) ConfirmSecond(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.member(r)
	if err != nil {
		return err
	}
	var body struct {
		Code string `json:"code"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	token, codes, err := store.ConfirmSecond(a.sessionToken(r), body.Code, a.origin(r))
	if err != nil {
		return a.problem(err)
	}
	a.setCookie(w, r, token)
	a.note(r, "second-set", accountName+p.Account, "")
	return answer(w, r, http.StatusOK, map[string]any{"recovery": codes})
}

// RenewRecovery makes new recovery codes. POST /v1/me/second/recovery.
func (a *API) RenewRecovery(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.member(r)
	if err != nil {
		return err
	}
	var body confirmed
	if err := read(w, r, &body); err != nil {
		return err
	}
	codes, err := store.RenewRecovery(r.Context(), p.Account, body.Password, a.origin(r))
	if err != nil {
		return a.problem(err)
	}
	a.note(r, "second-recovery", accountName+p.Account, "")
	return answer(w, r, http.StatusOK, map[string]any{"recovery": codes})
}

// DropSecond takes the own second factor away. POST /v1/me/second/remove.
func (a *API) DropSecond(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.member(r)
	if err != nil {
		return err
	}
	var body confirmed
	if err := read(w, r, &body); err != nil {
		return err
	}
	token, err := store.DropSecond(r.Context(), a.sessionToken(r), body.Password, a.origin(r))
	if err != nil {
		return a.problem(err)
	}
	a.setCookie(w, r, token)
	a.note(r, "second-remove", accountName+p.Account, "")
	return done(w)
}
