package casework

import (
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Reporter shows the reference to whoever reported: GET /v1/cases/{case}/reporter. Whoever looks is noted first, and nobody of
// a unit that has or ever had the case, or of one below it, is told.
func (a *API) Reporter(w http.ResponseWriter, r *http.Request) error {
	of, _, err := a.asked(r, nil)
	if err != nil {
		return err
	}
	d, err := a.Dossier(r.Context(), of.summary.ID)
	if err != nil {
		return problem(err)
	}
	if !of.full || !city.May(r, people.ReadPersonal) {
		return rest.Refuse(rest.Forbidden, "who reported is told to posts with the permission %s that the case is in sight of", people.ReadPersonal)
	}
	directory := a.directory(a.Service.Now())
	for _, held := range of.caller.held {
		if slices.ContainsFunc(directory.Path(held.Organisation), func(o string) bool { return slices.Contains(d.Units, o) }) {
			return rest.Refuse(rest.Forbidden, "who reported is not told to a unit that handles the case")
		}
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
