package definitions

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// dictionaryInfo is a dictionary and the position at which it was read.
type dictionaryInfo struct {
	*data.Dictionary
	Seq data.Seq `json:"seq"`
}

// dictionaryLine is a dictionary in the list of all: without its entries, which may be thousands.
type dictionaryLine struct {
	Name   string     `json:"name"`
	Title  data.Title `json:"title,omitempty"`
	Source string     `json:"source,omitempty"`
	Count  int        `json:"count"`
}

// ListDictionaries lists the dictionaries in the order in which they were made.
func (a *API) ListDictionaries(w http.ResponseWriter, r *http.Request) error {
	world, err := a.askOnly(r)
	if err != nil {
		return err
	}
	list := struct {
		Dictionaries []dictionaryLine `json:"dictionaries"`
		Seq          data.Seq         `json:"seq"`
		city.Shown
	}{[]dictionaryLine{}, world.Seq(), world.Shown}
	for _, d := range world.Dictionaries() {
		list.Dictionaries = append(list.Dictionaries, dictionaryLine{d.Name, d.Title, d.Source, len(d.Entries)})
	}
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

// GetDictionary shows one dictionary with its entries.
func (a *API) GetDictionary(w http.ResponseWriter, r *http.Request) error {
	world, err := a.askOnly(r)
	if err != nil {
		return err
	}
	world.Header(w)
	return answerDictionary(w, r, http.StatusOK, world.World, mux.Vars(r)["dictionary"])
}

func answerDictionary(w http.ResponseWriter, r *http.Request, status int, world *index.World, name string) error {
	d, ok := world.Dictionary(name)
	if !ok {
		return unknownDictionary(world, name)
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, status, dictionaryInfo{d, world.Seq()})
}

func unknownDictionary(world *index.World, name string) error {
	names := make([]string, len(world.Dictionaries()))
	for i, d := range world.Dictionaries() {
		names[i] = d.Name
	}
	return rest.Unknown("dictionary", name, names)
}

// readDictionary reads the dictionary of a body.
func (a *API) readDictionary(w http.ResponseWriter, r *http.Request) (*data.Dictionary, error) {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return nil, err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return nil, err
	}
	// The strict reading finds misspelt members, which a type that reads itself would let pass.
	type plain data.Dictionary
	given := struct {
		plain
		Seq data.Seq `json:"seq"` // what GET shows may come back
	}{}
	if err := rest.DecodeJSON(body, &given); err != nil {
		return nil, err
	}
	d := data.Dictionary(given.plain)
	if d.Entries == nil {
		d.Entries = []data.Term{}
	}
	if err := d.Validate(); err != nil {
		return nil, rest.Faults(rest.Invalid, "", err).Because(err)
	}
	return &d, nil
}

// CreateDictionary makes a dictionary that does not exist yet.
func (a *API) CreateDictionary(w http.ResponseWriter, r *http.Request) error {
	d, err := a.readDictionary(w, r)
	if err != nil {
		return err
	}
	world, err := a.Define(r, data.Change{Stream: data.StreamDictionary, Op: data.OpPut, Layer: d.Name, Dictionary: d, IfSeq: new(data.Seq)})
	if _, exists := errors.AsType[*data.ConflictError](err); exists {
		return rest.Fault(rest.Conflict, "name", d.Name, "names a dictionary that exists; replace it with PUT /v1/dictionaries/"+d.Name).Because(err)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/dictionaries/"+d.Name)
	return answerDictionary(w, r, http.StatusCreated, world, d.Name)
}

// PutDictionary replaces a dictionary as a whole.
func (a *API) PutDictionary(w http.ResponseWriter, r *http.Request) error {
	name := mux.Vars(r)["dictionary"]
	d, err := a.readDictionary(w, r)
	if err != nil {
		return err
	}
	if d.Name != name {
		return rest.Fault(rest.Invalid, "name", d.Name, "differs from the name in the path, "+name)
	}
	if world := a.Present(r); !has(world, name) {
		return unknownDictionary(world, name)
	}
	world, err := a.Define(r, data.Change{Stream: data.StreamDictionary, Op: data.OpPut, Layer: name, Dictionary: d})
	if err != nil {
		return err
	}
	return answerDictionary(w, r, http.StatusOK, world, name)
}

func has(world *index.World, name string) bool {
	_, ok := world.Dictionary(name)
	return ok
}

// DropDictionary drops a dictionary that no attribute names.
func (a *API) DropDictionary(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	name := mux.Vars(r)["dictionary"]
	if world := a.Present(r); !has(world, name) {
		return unknownDictionary(world, name)
	}
	return a.Write(w, r, data.Tx{Changes: []data.Change{{Stream: data.StreamDictionary, Op: data.OpDelete, Layer: name}}})
}
