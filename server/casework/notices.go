package casework

import "net/http"

// Who is the person who asks, empty for none, with the organisations where they hold a post now. On the machine itself the
// request may name a person.
func (a *API) Who(r *http.Request) (person string, organisations []string, err error) {
	if err := a.ready(); err != nil {
		return "", nil, err
	}
	c, err := a.caller(r, r.URL.Query().Get("person"))
	if err != nil {
		return "", nil, err
	}
	for _, h := range c.held {
		organisations = append(organisations, h.Organisation)
	}
	return c.person, organisations, nil
}

// Sees reports whether whoever asks sees a case as a whole; the error is that of one that they do not see at all.
func (a *API) Sees(r *http.Request, id string) (full bool, err error) {
	if err := a.ready(); err != nil {
		return false, err
	}
	c, err := a.caller(r, r.URL.Query().Get("person"))
	if err != nil {
		return false, err
	}
	of, err := a.see(r, c, id)
	if err != nil {
		return false, err
	}
	return of.full, nil
}
