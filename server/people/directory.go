package people

import (
	"errors"
	"net/http"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

func (a *API) askOnly(r *http.Request) (*asked, error) {
	q := rest.ParseParams(r)
	d, err := a.ask(r, q)
	if err == nil {
		err = q.Done("")
	}
	return d, err
}

// whole is the directory as a document: what export writes and import reads.
type whole struct {
	Organisations []*people.Organisation `json:"organisations,omitempty"`
	// Posts are without the standard ones.
	Posts []*people.Post  `json:"posts,omitempty"`
	Staff []*people.Staff `json:"staff,omitempty"`
	Seq   data.Seq        `json:"seq,omitempty"`
}

// Export answers with the whole directory: GET /v1/people.
func (a *API) Export(w http.ResponseWriter, r *http.Request) error {
	d, err := a.askOnly(r)
	if err != nil {
		return err
	}
	if err := a.Witness(r, "export-people", "", ""); err != nil {
		return err
	}
	all := whole{Organisations: d.Organisations(), Staff: d.Staff(), Seq: d.World.Seq()}
	for _, p := range d.Posts() {
		if d.SeqOf(data.AdminPost, p.ID) > 0 {
			all.Posts = append(all.Posts, p)
		}
	}
	d.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, all)
}

// recordFault is what is wrong with one member of a record.
type recordFault struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Field string `json:"field"`
	Value string `json:"value,omitempty"`
	Why   string `json:"why"`
}

// imported says what an import did, or would do.
type imported struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	// Faults are at most [mostFaults]; with any nothing was done.
	Faults []recordFault `json:"faults"`
	Failed int           `json:"failed"`
	// Seq is the entry, 0 when there was nothing to do.
	Seq data.Seq `json:"seq"`
}

const mostFaults = 1000

// Import puts many records at once, all or none: POST /v1/people. Records that are as given are left alone.
func (a *API) Import(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	dry := q.Flag("dry_run")
	if err := q.Done(""); err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	var given whole
	if err := rest.DecodeJSON(body, &given); err != nil {
		return err
	}
	for range attempts {
		result, err := a.importAll(r, &given, dry)
		if _, outdated := errors.AsType[*data.OutdatedError](err); outdated {
			a.WaitShown(r, a.Store.Last())
			continue
		}
		if err != nil {
			return err
		}
		if result.Seq > 0 {
			city.SetSeq(w, result.Seq)
		}
		return rest.WriteJSON(w, r, http.StatusOK, result)
	}
	return rest.Refuse(rest.Unavailable, "others change the directory all the time; try again").With("Retry-After", "1")
}

func (a *API) importAll(r *http.Request, given *whole, dry bool) (*imported, error) {
	world := a.Engine.World()
	d := people.Of(world)
	result := &imported{Faults: []recordFault{}}
	var update people.Update
	twice := map[people.Name]bool{}
	sift := func(kind, id string, same bool, put func()) {
		switch name := (people.Name{Kind: kind, ID: id}); {
		case twice[name]:
			result.Failed++
			result.Faults = append(result.Faults, recordFault{Kind: kind, ID: id, Field: "id", Value: id, Why: "is named twice"})
			return
		default:
			twice[name] = true
		}
		switch {
		case same:
			result.Unchanged++
			return
		case d.SeqOf(kind, id) > 0:
			result.Changed++
		default:
			result.Added++
		}
		put()
	}
	for _, o := range given.Organisations {
		have, _ := d.Organisation(o.ID)
		sift(data.AdminOrganisation, o.ID, people.Same(have, o), func() { update.Organisations = append(update.Organisations, o) })
	}
	for _, p := range given.Posts {
		have, _ := d.Post(p.ID)
		sift(data.AdminPost, p.ID, people.Same(have, p) && d.SeqOf(data.AdminPost, p.ID) > 0, func() { update.Posts = append(update.Posts, p) })
	}
	for _, s := range given.Staff {
		have, _ := d.Person(s.ID)
		sift(data.AdminStaff, s.ID, people.Same(have, s), func() { update.Staff = append(update.Staff, s) })
	}
	for _, f := range d.Check(&update, a.Ground(world)) {
		result.Failed++
		for _, field := range rest.FieldErrors(f.Err) {
			result.Faults = append(result.Faults, recordFault{f.Kind, f.ID, field.Field, field.Value, field.Why})
		}
	}
	if len(result.Faults) > mostFaults {
		result.Faults = result.Faults[:mostFaults]
	}
	if result.Failed > 0 || dry || result.Added+result.Changed == 0 {
		return result, nil
	}
	changes, err := update.Changes()
	if err != nil {
		return nil, err
	}
	result.Seq, err = a.Append(r, data.Tx{Cause: "people", Admin: new(d.Seq()), Changes: changes})
	return result, err
}
