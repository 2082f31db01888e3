package auth

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// keeper is who may look after keys, and of which account; empty is all.
func (a *API) keeper(r *http.Request) (p account.Principal, of string, store *account.Store, err error) {
	if store, err = a.accounts(); err != nil {
		return p, "", nil, err
	}
	if p = From(r.Context()); p.Everything() {
		return p, "", store, nil
	}
	p, store, err = a.member(r)
	return p, p.Account, store, err
}

// Keys lists the own keys; administrators see all, or those of ?account=. GET /v1/keys.
func (a *API) Keys(w http.ResponseWriter, r *http.Request) error {
	_, of, store, err := a.keeper(r)
	if err != nil {
		return err
	}
	q := rest.ParseParams(r)
	asked := q.Text("account")
	if err := q.Done(""); err != nil {
		return err
	}
	if asked != "" {
		found, err := store.Find(asked)
		if err != nil || of != "" && of != found.ID {
			return a.problem(account.ErrUnknown)
		}
		of = found.ID
	}
	all, err := store.Keys(of)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, map[string]any{"keys": all})
}

// CreateKey makes a key; its secret is in this answer only. POST /v1/keys.
func (a *API) CreateKey(w http.ResponseWriter, r *http.Request) error {
	p, of, store, err := a.keeper(r)
	if err != nil {
		return err
	}
	var body struct {
		Account string     `json:"account"`
		Name    string     `json:"name"`
		Scopes  []string   `json:"scopes"`
		Expires *time.Time `json:"expires"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	for _, scope := range body.Scopes {
		if a.cfg.Permissions != nil && !slices.Contains(a.cfg.Permissions, scope) {
			return rest.Fault(rest.Invalid, "scopes", scope, "must be some of "+strings.Join(a.cfg.Permissions, ", "))
		}
	}
	owner := p.Account
	if body.Account != "" {
		found, err := store.Find(body.Account)
		if err != nil || of != "" && of != found.ID {
			return a.problem(account.ErrUnknown)
		}
		owner = found.ID
	}
	if owner == "" {
		return rest.Fault(rest.Invalid, "account", "", "is missing: a key acts for an account")
	}
	var expires time.Time
	if body.Expires != nil {
		expires = *body.Expires
	}
	key, token, err := store.NewKey(owner, body.Name, body.Scopes, expires)
	if err != nil {
		return a.problem(err)
	}
	if err := a.witness(r, "key-make", keyName+key.ID, accountName+owner); err != nil {
		return errors.Join(err, store.Revoke("", key.ID))
	}
	return answer(w, r, http.StatusCreated, map[string]any{"key": key, "token": token})
}

// RevokeKey ends a key. DELETE /v1/keys/{key}.
func (a *API) RevokeKey(w http.ResponseWriter, r *http.Request) error {
	_, of, store, err := a.keeper(r)
	if err != nil {
		return err
	}
	id := mux.Vars(r)["key"]
	if err := store.Revoke(of, id); err != nil {
		return a.problem(err)
	}
	a.note(r, "key-revoke", keyName+id, "")
	return done(w)
}
