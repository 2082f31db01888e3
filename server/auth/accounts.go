package auth

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// managed is the account that an administrator's request names by id or login.
func (a *API) managed(r *http.Request) (account.Account, *account.Store, error) {
	_, store, err := a.administrator(r)
	if err != nil {
		return account.Account{}, nil, err
	}
	found, err := store.Find(mux.Vars(r)["account"])
	return found, store, a.problem(err)
}

// List lists the accounts. GET /v1/accounts.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	_, store, err := a.administrator(r)
	if err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	all, err := store.List()
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, map[string]any{"accounts": all})
}

// Create makes an account. POST /v1/accounts.
func (a *API) Create(w http.ResponseWriter, r *http.Request) error {
	_, store, err := a.administrator(r)
	if err != nil {
		return err
	}
	var body struct {
		Login         string `json:"login"`
		Password      string `json:"password"`
		Staff         string `json:"staff"`
		Email         string `json:"email"`
		Administrator bool   `json:"administrator"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	made, err := store.Create(r.Context(), account.New{Login: body.Login, Password: body.Password, Staff: body.Staff, Email: body.Email, Administrator: body.Administrator})
	if err != nil {
		return a.problem(err)
	}
	a.note(r, "account-make", accountName+made.ID, standing(&made))
	w.Header().Set("Location", "/v1/accounts/"+made.ID)
	return answer(w, r, http.StatusCreated, made)
}

// Get answers with one account. GET /v1/accounts/{account}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	found, _, err := a.managed(r)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, found)
}

// Change alters an account. PATCH /v1/accounts/{account}.
func (a *API) Change(w http.ResponseWriter, r *http.Request) error {
	found, store, err := a.managed(r)
	if err != nil {
		return err
	}
	var body struct {
		Login         *string `json:"login"`
		Staff         *string `json:"staff"`
		Email         *string `json:"email"`
		Administrator *bool   `json:"administrator"`
		Disabled      *bool   `json:"disabled"`
	}
	if err := read(w, r, &body); err != nil {
		return err
	}
	changed, err := store.Change(found.ID, account.Change{Login: body.Login, Staff: body.Staff, Email: body.Email, Administrator: body.Administrator, Disabled: body.Disabled})
	if err != nil {
		return a.problem(err)
	}
	action := "account-change"
	switch {
	case changed.Disabled && !found.Disabled:
		action = "account-block"
	case found.Disabled && !changed.Disabled:
		action = "account-unblock"
	}
	a.note(r, action, accountName+found.ID, standing(&changed))
	return answer(w, r, http.StatusOK, changed)
}

// Remove deletes an account. DELETE /v1/accounts/{account}.
func (a *API) Remove(w http.ResponseWriter, r *http.Request) error {
	found, store, err := a.managed(r)
	if err != nil {
		return err
	}
	if err := store.Remove(found.ID); err != nil {
		return a.problem(err)
	}
	a.note(r, "account-remove", accountName+found.ID, "")
	return done(w)
}

// standing says what an account may be, for notes: the person whose it is, and whether it may do everything.
func standing(a *account.Account) string {
	switch {
	case a.Administrator:
		return "administrator"
	case a.Staff != "":
		return "staff:" + a.Staff
	}
	return ""
}

// SessionsOf lists the sessions of an account. GET /v1/accounts/{account}/sessions.
func (a *API) SessionsOf(w http.ResponseWriter, r *http.Request) error {
	found, store, err := a.managed(r)
	if err != nil {
		return err
	}
	all, err := store.Sessions(found.ID)
	if err != nil {
		return a.problem(err)
	}
	return answer(w, r, http.StatusOK, map[string]any{"sessions": all})
}

// EndSessionsOf ends all sessions of an account. DELETE /v1/accounts/{account}/sessions.
func (a *API) EndSessionsOf(w http.ResponseWriter, r *http.Request) error {
	found, store, err := a.managed(r)
	if err != nil {
		return err
	}
	if _, err := store.EndSessions(found.ID, "", ""); err != nil {
		return a.problem(err)
	}
	a.note(r, "sessions-end", accountName+found.ID, "")
	return done(w)
}

// ClearSecond takes the second factor of an account away. DELETE /v1/accounts/{account}/second.
func (a *API) ClearSecond(w http.ResponseWriter, r *http.Request) error {
	found, store, err := a.managed(r)
	if err != nil {
		return err
	}
	if err := store.ClearSecond(found.ID); err != nil {
		return a.problem(err)
	}
	a.note(r, "second-remove", accountName+found.ID, "")
	return done(w)
}
