package auth

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// The pages of links. What is secret stands behind the #, which browsers send to nobody and servers do not log.
const (
	invitationPage = "/account/invitation#"
	resetPage      = "/account/reset#"
)

// base is how people reach the server, without a slash at the end.
func (a *API) base(r *http.Request) string {
	switch {
	case a.cfg.PublicURL == "" && FromSocket(r) && a.cfg.Address != "":
		return a.cfg.Address
	case a.cfg.Base == nil:
		return strings.TrimRight(a.cfg.PublicURL, "/")
	}
	return a.cfg.Base(r)
}

// FirstLink is the address with which the first administrator begins, empty when there are accounts. It can be used once;
// the one before is worth nothing afterwards.
func (a *API) FirstLink(base string) (string, error) {
	if a.store == nil {
		return "", nil
	}
	token, err := a.store.FirstInvitation()
	if err != nil || token == "" {
		return "", err
	}
	return base + invitationPage + token, nil
}

// sent is a link that was made. The address is in this answer only.
type sent struct {
	Link account.Link `json:"link"`
	URL  string       `json:"url"`
	// Mailed says that it is on its way by mail.
	Mailed bool `json:"mailed"`
}

// Invitations lists open invitations. GET /v1/invitations.
func (a *API) Invitations(w http.ResponseWriter, r *http.Request) error {
	_, store, err := a.administrator(r)
	if err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	all, err := store.Invitations()
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, map[string]any{"invitations": all})
}

// Invite makes a link for a new account. POST /v1/invitations.
func (a *API) Invite(w http.ResponseWriter, r *http.Request) error {
	p, store, err := a.administrator(r)
	if err != nil {
		return err
	}
	var body struct {
		Login         string `json:"login"`
		Staff         string `json:"staff"`
		Email         string `json:"email"`
		Administrator bool   `json:"administrator"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	age := account.InviteAge
	if body.Administrator {
		age = account.FirstAge
	}
	link, token, err := store.Invitation(account.Link{Login: body.Login, Staff: body.Staff, Email: body.Email, Administrator: body.Administrator, By: p.Account}, age)
	if err != nil {
		return a.problem(err)
	}
	why := "account"
	if link.Administrator {
		why = "administrator"
	}
	if err := a.witness(r, "invite", invitationName+link.ID, why); err != nil {
		return errors.Join(err, store.TakeBack(link.ID))
	}
	s := sent{Link: link, URL: a.base(r) + invitationPage + token}
	s.Mailed = a.write(letter{to: link.Email, purpose: account.Invite, url: s.URL, until: link.Expires})
	return answer(w, r, http.StatusCreated, s)
}

// TakeBack takes an invitation back. DELETE /v1/invitations/{id}.
func (a *API) TakeBack(w http.ResponseWriter, r *http.Request) error {
	_, store, err := a.administrator(r)
	if err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	if err := store.TakeBack(id); err != nil {
		return a.problem(err)
	}
	a.note(r, "invitation-withdraw", invitationName+id, "")
	return done(w)
}

// shown is what who has a link may know of it.
type shown struct {
	Login         string    `json:"login,omitempty"`
	Administrator bool      `json:"administrator"`
	Expires       time.Time `json:"expires"`
}

// look answers what a link is for.
func (a *API) look(w http.ResponseWriter, r *http.Request, purpose account.Purpose) error {
	store, err := a.accounts()
	if err != nil {
		return err
	}
	var body struct {
		Token string `json:"token"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	link, err := store.Look(body.Token, purpose)
	if err != nil {
		a.refused(r, map[account.Purpose]string{account.Invite: "invitation-accept", account.Reset: "password-set"}[purpose], "", err)
		return a.problem(err)
	}
	return answer(w, r, http.StatusOK, shown{link.Login, link.Administrator, link.Expires})
}

// LookInvitation answers what an invitation is for. POST /v1/invitations/look.
func (a *API) LookInvitation(w http.ResponseWriter, r *http.Request) error {
	return a.look(w, r, account.Invite)
}

// LookReset answers whose password a link sets. POST /v1/password-reset/look.
func (a *API) LookReset(w http.ResponseWriter, r *http.Request) error {
	return a.look(w, r, account.Reset)
}

// Accept makes the account of an invitation and logs in with it. POST /v1/invitations/accept.
func (a *API) Accept(w http.ResponseWriter, r *http.Request) error {
	store, err := a.accounts()
	if err != nil {
		return err
	}
	var body struct {
		Token    string `json:"token"`
		Login    string `json:"login"`
		Password string `json:"password"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	made, err := store.Accept(r.Context(), body.Token, body.Login, body.Password)
	if err != nil {
		a.refused(r, "invitation-accept", "", err)
		return a.problem(err)
	}
	a.note(r, "invitation-accept", accountName+made.ID, "")
	token, pending, err := store.Login(r.Context(), made.Login, body.Password, a.origin(r), a.sessionToken(r))
	if err != nil {
		return a.problem(err)
	}
	return a.enter(w, r, token, pending)
}

// AskReset sends a link to who has a login, and answers the same when nobody has it. POST /v1/password-reset.
func (a *API) AskReset(w http.ResponseWriter, r *http.Request) error {
	store, err := a.accounts()
	if err != nil {
		return err
	}
	if !a.mails() {
		return rest.Refuse(rest.NotImplemented, "this server sends no mail; an administrator can make a link (gewu user reset)")
	}
	var body struct {
		Login string `json:"login"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	if err := store.MayAskReset(body.Login, a.origin(r)); err != nil {
		a.refused(r, "password-ask", a.objectOf(body.Login), err)
		return a.problem(err)
	}
	// Whether anybody has the login is looked up when nobody waits for it any more.
	a.write(letter{login: body.Login, purpose: account.Reset, url: a.base(r) + resetPage})
	a.count(r, "password-ask")
	return answer(w, r, http.StatusAccepted, map[string]any{})
}

// SetByLink sets a password by a link. POST /v1/password-reset/accept.
func (a *API) SetByLink(w http.ResponseWriter, r *http.Request) error {
	store, err := a.accounts()
	if err != nil {
		return err
	}
	var body struct {
		Token    string `json:"token"`
		Password string `json:"password"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	changed, err := store.SetByLink(r.Context(), body.Token, body.Password)
	if err != nil {
		a.refused(r, "password-set", "", err)
		return a.problem(err)
	}
	a.note(r, "password-set", accountName+changed.ID, "link")
	return done(w)
}

// ResetOf makes a link that sets the password of an account. POST /v1/accounts/{account}/reset.
func (a *API) ResetOf(w http.ResponseWriter, r *http.Request) error {
	found, store, err := a.managed(r)
	if err != nil {
		return err
	}
	link, token, err := store.ResetLink(found.ID, From(r.Context()).Account)
	if err != nil {
		return a.problem(err)
	}
	if err := a.witness(r, "password-link", accountName+found.ID, ""); err != nil {
		return err
	}
	s := sent{Link: link, URL: a.base(r) + resetPage + token}
	s.Mailed = a.write(letter{to: link.Email, purpose: account.Reset, url: s.URL, until: link.Expires})
	return answer(w, r, http.StatusCreated, s)
}
