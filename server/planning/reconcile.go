package planning

import (
	"bytes"
	"net/http"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/grid/reconcile"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// reconciled is how two schemes lie to each other.
type reconciled struct {
	*reconcile.Result

	Seq data.Seq `json:"seq"`
	city.Shown
}

// reconcileSteps are both schemes, and laying one on the other.
const reconcileSteps = 3

// Reconcile lays the cells of a scheme on those of a coarser one: GET /v1/schemes/{scheme}/reconcile?with=.
func (a *API) Reconcile(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	with, format := q.Text("with"), q.OneOf("format", "json", "csv")
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	names := [2]string{schemeOf(r), with}
	if with == "" || with == names[0] {
		return rest.Fault(rest.BadRequest, "with", with, "must be another scheme, whose cells are the coarser ones")
	}
	var cells [2][]impact.Cell
	for i, name := range names {
		scheme, err := a.scheme(world.World, name)
		if err != nil {
			return err
		}
		if err := city.Progress(r.Context(), int64(i), reconcileSteps, "steps"); err != nil {
			return err
		}
		cells[i] = survey.Cells(world.World, a.Locator, scheme)
	}
	if err := city.Progress(r.Context(), int64(len(cells)), reconcileSteps, "steps"); err != nil {
		return err
	}
	staff := people.Of(world.World)
	found := reconcile.Of(cells[0], cells[1], func(isFine bool, code string) (posts []string) {
		name := names[1]
		if isFine {
			name = names[0]
		}
		for _, h := range staff.StaffOfCell(people.CellRef{Scheme: name, Code: code}, a.When(world.World)) {
			posts = append(posts, h.Post)
		}
		return posts
	})
	if err := city.Progress(r.Context(), reconcileSteps, reconcileSteps, "steps"); err != nil {
		return err
	}
	found.Fine, found.Coarse = names[0], names[1]
	world.Header(w)
	if format == "csv" {
		var table bytes.Buffer
		if err := found.WriteCSV(&table); err != nil {
			return err
		}
		return rest.WriteBody(w, r, http.StatusOK, "text/csv; charset=utf-8", table.Bytes())
	}
	return rest.WriteJSON(w, r, http.StatusOK, reconciled{found, world.Seq(), world.Shown})
}
