package casework

import (
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/dossier"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Reporter shows the reference to whoever reported: GET /v1/cases/{case}/reporter. Whoever looks is noted first, and nobody of
// a unit that has or ever had the case, or of one below it, is told; nor of one above it, unless the case needs that one.
func (a *API) Reporter(w http.ResponseWriter, r *http.Request) error {
	of, _, err := a.asked(r, nil)
	if err != nil {
		return err
	}
	d, err := a.tells(r, of)
	if err != nil {
		return err
	}
	if d.Reporter == "" {
		return rest.Refuse(rest.NotFound, "nobody is named as whoever reported the case")
	}
	if err := a.Witness(r, "read-personal", "case/"+d.Case.ID, ""); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Case     string `json:"case"`
		Reporter string `json:"reporter"`
	}{d.Case.ID, d.Reporter})
}

// tells is a case that whoever asks may be told the reporter of. Its errors are problems.
func (a *API) tells(r *http.Request, of *seen) (*dossier.Dossier, error) {
	d, err := a.Dossier(r.Context(), of.summary.ID)
	if err != nil {
		return nil, fault.Of(err)
	}
	if !of.full || !city.May(r, people.ReadPersonal) {
		return nil, rest.Refuse(rest.Forbidden, "who reported is told to posts with the permission %s that the case is in sight of", people.ReadPersonal)
	}
	return d, a.keptFrom(of.caller, d)
}

// TellsReporter refuses, with a problem, to tell whoever asks, or named on the machine itself, who reported a case.
func (a *API) TellsReporter(r *http.Request, named, id string) error {
	c, err := a.caller(r, named)
	if err != nil {
		return err
	}
	of, err := a.see(r, c, id)
	if err == nil {
		_, err = a.tells(r, of)
	}
	return err
}

// keptFrom refuses to tell somebody who reported a case.
func (a *API) keptFrom(c *caller, d *dossier.Dossier) error {
	directory, needs := a.directory(a.Service.Now()), a.needs(d)
	above, needed := false, false
	for _, held := range c.held {
		if slices.ContainsFunc(directory.Path(held.Organisation), func(o string) bool { return slices.Contains(d.Units, o) }) {
			return rest.Refuse(rest.Forbidden, "who reported is not told to a unit that handles the case")
		}
		needed = needed || slices.Contains(needs, held.Organisation)
		above = above || slices.ContainsFunc(d.Units, func(unit string) bool { return slices.Contains(directory.Path(unit), held.Organisation) })
	}
	if above && !needed {
		return rest.Refuse(rest.Forbidden, "who reported is not told to an organisation above a unit that handles the case, unless it took the case in, filed or dispatched it")
	}
	return nil
}

// needs are the organisations that have to know who reported a case: those that took it in, filed and dispatched it, and those
// that the rules send what fits none of them and what is disputed.
func (a *API) needs(d *dossier.Dossier) (ids []string) {
	fold := cases.NewCase()
	for _, e := range d.Events {
		ids = append(ids, e.Actor.Organisation)
		if fold.Apply(e) != nil || fold.Unit() != "" {
			break
		}
	}
	if a.cfg.Kept != nil {
		if rules, _ := a.cfg.Kept.Rules(); rules != nil {
			ids = append(ids, rules.Last, rules.Ruling)
		}
	}
	return ids
}
