package contacts

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource contact of a case.
type API struct {
	*city.City
	Cases *casework.API
	// Book is where contacts are kept; nil keeps none.
	Book *File
	// Keep is how long a contact is kept after its case came to rest; zero is until somebody erases it.
	Keep time.Duration
	// Loading reports whether the city is still being filled; nil is never.
	Loading func() bool

	ahead ahead
}

// exists reports whether there is a case, also one that cannot be read.
func (a *API) exists(id string) bool {
	shelf := a.Cases.Cases()
	_, ok := shelf.Find(id)
	return ok || shelf.Spoilt(id) != nil
}

// Sealing implements [casework.Contacts]: the contact is kept right before the first event of its case, and durable before
// that is. A report that its process refuses leaves nothing.
func (a *API) Sealing(log cases.Log, given map[string]string) (cases.Log, error) {
	c, err := parse(given)
	if err != nil || c == (Contact{}) {
		return log, err
	}
	return first{log, a, c}, nil
}

// first keeps a contact before the first event of a case.
type first struct {
	cases.Log
	api     *API
	contact Contact
}

// Append implements [cases.Log].
func (f first) Append(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	if len(events) > 0 && events[0].Number == 1 {
		if err := f.api.Book.Keep(events[0].Case, f.contact, f.api.Now(), f.api.exists); err != nil {
			return 0, err
		}
	}
	return f.Log.Append(ctx, events)
}

// Seal keeps a contact before its case begins, and returns a reference to it: the same for the same case, which says nothing
// of whom it is about.
func (a *API) Seal(id string, c Contact) (ref string, err error) {
	if err := a.Book.Keep(id, c, a.Now(), a.exists); err != nil {
		return "", err
	}
	return reference(id), nil
}

// reference is letters alone: numbers may look like those of telephones, which no case takes.
func reference(id string) string {
	sum := sha256.Sum256([]byte(Layer + "\x00" + id))
	letters := []byte("contact:")
	for _, b := range sum[:16] {
		letters = append(letters, 'a'+b%26)
	}
	return string(letters)
}

// asked reads a request about the contact of a case.
func (a *API) asked(r *http.Request) (person, reason, id string, err error) {
	switch {
	case a.Cases.Service == nil:
		return "", "", "", rest.Refuse(rest.NotImplemented, "this server has no cases: start it with a profile, gewu serve --profile NAME")
	case a.Book == nil:
		return "", "", "", rest.Refuse(rest.NotImplemented, "this server keeps no names, telephone numbers and addresses of whoever reported")
	}
	q := rest.ParseParams(r)
	person = q.Text("person")
	_ = q.Text("min_seq")
	if reason, err = city.Reason(r, q); err != nil {
		return "", "", "", err
	}
	return person, reason, mux.Vars(r)["case"], q.Done("")
}

func none() error {
	return rest.Refuse(rest.NotFound, "nothing is kept of how whoever reported the case is reached, or it was erased")
}

// Get shows how whoever reported a case is reached: GET /v1/cases/{case}/contact. It goes to whom the reference to them is told,
// for a reason, and is noted before.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	person, reason, id, err := a.asked(r)
	if err != nil {
		return err
	}
	if err := a.Cases.TellsReporter(r, person, id); err != nil {
		return err
	}
	found, ok, err := a.Book.Read(id, reason)
	switch {
	case errors.Is(err, vault.ErrSealed):
		return rest.Refuse(rest.Damaged, "what is kept of whoever reported this case is damaged").Because(err)
	case err != nil:
		return err
	case !ok:
		return none()
	}
	seq, err := a.Note(r, city.Read{Did: "read-personal", Layer: Layer, IDs: []string{id}, Sealed: found.Reason, From: a.Origin(r)})
	if err != nil {
		return err
	}
	city.SetSeq(w, seq)
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Case string `json:"case"`
		Contact
	}{id, found.Contact})
}

// Erase erases it: DELETE /v1/cases/{case}/contact. First the key goes, and with it every copy; sent again it completes what was
// broken off.
func (a *API) Erase(w http.ResponseWriter, r *http.Request) error {
	if err := rest.SkipBody(w, r); err != nil {
		return err
	}
	person, reason, id, err := a.asked(r)
	if err != nil {
		return err
	}
	whole, err := a.Cases.SeesCase(r, person, id)
	if err != nil {
		return err
	}
	if !whole || !city.May(r, people.ReadPersonal) || !city.May(r, people.Edit) {
		return rest.Refuse(rest.Forbidden, "it is erased by posts with the permissions %s and %s that the case is in sight of", people.Edit, people.ReadPersonal)
	}
	if there, err := a.Book.Has(id); err != nil || !there {
		if err == nil {
			err = none()
		}
		return err
	}
	erased, err := a.Book.Destroy(a.Today(), id)
	if err != nil {
		return err
	}
	seq, err := a.gone(r, reason, erased, id)
	if err != nil {
		return err
	}
	return a.ErasedAgain(w, r, seq, nil)
}

// ErasedAgain answers that the entry seq notes an erasure, also to whoever sends the request again.
func (a *API) ErasedAgain(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	city.SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Case   string   `json:"case"`
		Erased bool     `json:"erased"`
		Seq    data.Seq `json:"seq"`
	}{mux.Vars(r)["case"], true, seq})
}

// gone notes that contacts were erased, so that an older copy of the keys does not bring them back, and drops what is left.
func (a *API) gone(r *http.Request, reason string, erased time.Time, ids ...string) (data.Seq, error) {
	note, err := a.NoteOf(vault.Erasure{Did: vault.Erase, Layer: Layer, IDs: ids, Reason: reason, Erased: erased, From: a.Origin(r)})
	if err != nil {
		return 0, err
	}
	seq, err := a.Store.Append(r.Context(), data.Tx{Actor: city.ActorOf(r), Cause: vault.Cause, Changes: []data.Change{note}, Receipt: once.ReceiptOf(r)})
	if err != nil {
		return 0, err
	}
	once.Landed(r, seq)
	a.WaitShown(r, seq)
	return seq, a.Book.Drop(ids...)
}
