// Package pictures decides which pictures of cases the public sees. None is seen before a person has looked whether a face, a door
// or a number plate is on it and let it go; each decision is an event of the case.
package pictures

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/attachment"
	"github.com/gewu-city/gewu/cases/attachment/media"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/casework/dossier"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource of what the public sees of the pictures of cases.
type API struct {
	*city.City
	Cases *casework.API
}

// retries is how often a decision is written anew after a case went on in between.
const retries = 8

// Release lets the public see a picture: PUT /v1/cases/{case}/attachments/{hash}/public.
func (a *API) Release(w http.ResponseWriter, r *http.Request) error { return a.decide(w, r, true) }

// Withdraw takes it away from the public: DELETE /v1/cases/{case}/attachments/{hash}/public.
func (a *API) Withdraw(w http.ResponseWriter, r *http.Request) error { return a.decide(w, r, false) }

// decide writes a decision; sent again it changes nothing.
func (a *API) decide(w http.ResponseWriter, r *http.Request, public bool) error {
	if err := rest.SkipBody(w, r); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	by := casework.As{Person: q.Text("person"), Organisation: q.Text("organisation"), Post: q.Text("post")}
	if err := q.Done(""); err != nil {
		return err
	}
	id, hash := mux.Vars(r)["case"], mux.Vars(r)["hash"]
	for try := 0; ; try++ {
		c, seq, err := a.once(r, by, id, hash, public)
		if _, stale := errors.AsType[*cases.StaleError](err); stale && try < retries && r.Context().Err() == nil {
			continue
		}
		if err != nil {
			return casework.Problem(err)
		}
		city.SetSeq(w, seq)
		w.Header().Set("Cache-Control", "no-store")
		return rest.WriteJSON(w, r, http.StatusOK, struct {
			Case    string   `json:"case"`
			Hash    string   `json:"hash"`
			Public  bool     `json:"public"`
			Version int      `json:"version"`
			Seq     data.Seq `json:"seq"`
		}{id, hash, c.Shows(hash), c.Version, seq})
	}
}

// once decides about the case as it is now.
func (a *API) once(r *http.Request, by casework.As, id, hash string, public bool) (*cases.Case, data.Seq, error) {
	actor, d, err := a.Cases.Reviewer(r, by, id)
	switch {
	case err != nil:
		return nil, 0, err
	case !attachment.ValidHash(hash) || !pictured(d, hash):
		return nil, 0, rest.Fault(rest.NotFound, "hash", hash, "is no picture of the case")
	case public && d.Case.Private:
		return nil, 0, rest.Refuse(rest.Conflict, "the case is private: the public sees nothing of it").Named("case-is-private", data.Title{"zh": "案件不公开，照片不能公开", "en": "The case is private: its pictures cannot be opened to the public"})
	}
	shelf := a.Cases.Cases()
	e, key := d.Case.Review(a.Cases.Service.Now(), actor, hash, public), keyOf(r)
	if e == nil || key != "" && d.Case.Done(key) > 0 {
		seq, _ := shelf.Newest(id)
		return d.Case, seq, nil
	}
	e.Key = key
	after := d.Case.Clone()
	if err := after.Apply(e); err != nil {
		return nil, 0, err
	}
	seq, err := shelf.Append(r.Context(), []*cases.Event{e})
	return after, seq, err
}

// pictured reports whether an event of a case has a picture.
func pictured(d *dossier.Dossier, hash string) bool {
	return slices.ContainsFunc(slices.Concat(d.Before, d.After), func(f cases.File) bool { return f.Hash == hash && f.Type == media.JPEG })
}

// keyOf recognises a request that is sent again: one that comes late does not open what was withdrawn since.
func keyOf(r *http.Request) string {
	key := r.Header.Get(once.Header)
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("picture\n" + city.ActorOf(r) + "\n" + key))
	return hex.EncodeToString(sum[:16])
}
