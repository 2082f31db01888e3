package people

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// person is a person as answers show it.
type person struct {
	*people.Staff
	// Current are the holdings in force; those of stand-ins with the places of those they stand in for.
	Current []people.Holding `json:"current"`
	Seq     data.Seq         `json:"seq"`
}

func (d *asked) showPerson(s *people.Staff) person {
	return person{s, d.current(s), d.SeqOf(data.AdminStaff, s.ID)}
}

func (d *asked) current(s *people.Staff) []people.Holding {
	current := []people.Holding{}
	for _, h := range d.HoldingsAt(s.ID, d.when) {
		current = append(current, h.Holding)
	}
	return current
}

// ListStaff lists persons in the order of their ids: GET /v1/staff. What is asked of holdings is asked of those in force.
func (a *API) ListStaff(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	search, postID, organisation, under, cell, cursor := q.Text("q"), q.Text("post"), q.Text("organisation"), q.Text("under"), q.Text("cell"), q.Text("cursor")
	d, err := a.ask(r, q)
	if err != nil {
		return err
	}
	page, err := newPage[person](q, d.Asked, cursor)
	if err == nil {
		err = q.Done("")
	}
	if err != nil {
		return err
	}
	scheme, code, ok := strings.Cut(cell, ":")
	if cell != "" && !ok {
		return rest.Fault(rest.BadRequest, "cell", cell, "must be the name of a scheme, a colon and the code of a cell")
	}
	for name, id := range map[string]string{"organisation": organisation, "under": under} {
		if _, ok := d.Organisation(id); id != "" && !ok {
			return rest.Fault(rest.BadRequest, name, id, "is no organisation of the directory")
		}
	}
	if _, ok := d.Post(postID); postID != "" && !ok {
		return rest.Fault(rest.BadRequest, "post", postID, "is no post of the directory")
	}
	within := map[string]bool{}
	for o := range d.Under(under) {
		within[o.ID] = true
	}
	wanted := func(h people.Holding) bool {
		return (postID == "" || h.Post == postID) && (organisation == "" || h.Organisation == organisation) && (under == "" || within[h.Organisation]) &&
			(cell == "" || h.Scheme == scheme && slices.Contains(h.Cells, code))
	}
	everybody := postID+organisation+under+cell == ""
	for _, s := range d.Staff() {
		if !matches(search, s.ID, s.Name) {
			continue
		}
		if everybody || slices.ContainsFunc(d.current(s), wanted) {
			page.add(s.ID, func() person { return d.showPerson(s) })
		}
	}
	d.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Staff []person `json:"staff"`
		Count int      `json:"count"`
		Next  string   `json:"next,omitempty"`
		Seq   data.Seq `json:"seq"`
		city.Shown
	}{page.items, page.all, page.cursor(d.Asked), d.World.Seq(), d.Shown})
}

// GetPerson shows one person: GET /v1/staff/{id}.
func (a *API) GetPerson(w http.ResponseWriter, r *http.Request) error {
	d, err := a.askOnly(r)
	if err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	s, ok := d.Person(id)
	if !ok {
		return unknown("person", id)
	}
	d.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, d.showPerson(s))
}

// PutPerson makes or replaces a person: PUT /v1/staff/{id}.
func (a *API) PutPerson(w http.ResponseWriter, r *http.Request) error {
	var given struct {
		people.Staff
		// What GET shows may come back.
		Current []people.Holding
		Seq     data.Seq
	}
	if err := a.read(w, r, &given, &given.ID); err != nil {
		return err
	}
	s := &given.Staff
	return a.put(w, r, data.AdminStaff, s.ID, &people.Update{Staff: []*people.Staff{s}}, func(d *people.Directory) any {
		s, _ := d.Person(s.ID)
		world := a.Engine.World()
		return (&asked{&city.Asked{World: world}, d, a.When(world)}).showPerson(s)
	})
}

// DeletePerson ends a person whom nobody stands in for: DELETE /v1/staff/{id}.
func (a *API) DeletePerson(w http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	return a.end(w, r, data.AdminStaff, id, unknown("person", id))
}
