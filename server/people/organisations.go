package people

import (
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// organisation is an organisation as answers show it.
type organisation struct {
	*people.Organisation
	// Path are the ids from the top of the tree to it, Children those directly below.
	Path     []string `json:"path"`
	Children []string `json:"children"`
	Seq      data.Seq `json:"seq"`
}

func showOrganisation(d *people.Directory, o *people.Organisation) organisation {
	return organisation{o, organisationIDs(d.Path(o.ID)), organisationIDs(d.Children(o.ID)), d.SeqOf(data.AdminOrganisation, o.ID)}
}

func organisationIDs(all []*people.Organisation) []string {
	ids := make([]string, len(all))
	for i, o := range all {
		ids[i] = o.ID
	}
	return ids
}

// ListOrganisations lists organisations in the order of their ids: GET /v1/organisations.
func (a *API) ListOrganisations(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	search, level, under, cursor := q.Text("q"), q.Text("level"), q.Text("under"), q.Text("cursor")
	d, err := a.ask(r, q)
	if err != nil {
		return err
	}
	page, err := newPage[organisation](q, d.Asked, cursor)
	if err == nil {
		err = q.Done("")
	}
	if err != nil {
		return err
	}
	if _, ok := d.Organisation(under); under != "" && !ok {
		return rest.Fault(rest.BadRequest, "under", under, "is no organisation of the directory")
	}
	for _, o := range d.Organisations() {
		if (level == "" || o.Level == level) && matchesTitle(search, o.ID, o.Title) && (under == "" || slices.Contains(organisationIDs(d.Path(o.ID)), under)) {
			page.add(o.ID, func() organisation { return showOrganisation(d.Directory, o) })
		}
	}
	d.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Organisations []organisation `json:"organisations"`
		Count         int            `json:"count"`
		Next          string         `json:"next,omitempty"`
		Seq           data.Seq       `json:"seq"`
		city.Shown
	}{page.items, page.all, page.cursor(d.Asked), d.World.Seq(), d.Shown})
}

func matchesTitle(search, id string, t data.Title) bool {
	texts := []string{id}
	for _, text := range t {
		texts = append(texts, text)
	}
	return matches(search, texts...)
}

// GetOrganisation shows one organisation: GET /v1/organisations/{id}.
func (a *API) GetOrganisation(w http.ResponseWriter, r *http.Request) error {
	d, err := a.askOnly(r)
	if err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	o, ok := d.Organisation(id)
	if !ok {
		return unknown("organisation", id)
	}
	d.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, showOrganisation(d.Directory, o))
}

// PutOrganisation makes or replaces an organisation: PUT /v1/organisations/{id}.
func (a *API) PutOrganisation(w http.ResponseWriter, r *http.Request) error {
	var given struct {
		people.Organisation
		// What GET shows may come back.
		Path, Children []string
		Seq            data.Seq
	}
	if err := a.read(w, r, &given, &given.ID); err != nil {
		return err
	}
	o := &given.Organisation
	return a.put(w, r, data.AdminOrganisation, o.ID, &people.Update{Organisations: []*people.Organisation{o}}, func(d *people.Directory) any {
		o, _ := d.Organisation(o.ID)
		return showOrganisation(d, o)
	})
}

// DeleteOrganisation ends an organisation that nothing hangs on: DELETE /v1/organisations/{id}.
func (a *API) DeleteOrganisation(w http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	return a.end(w, r, data.AdminOrganisation, id, unknown("organisation", id))
}
