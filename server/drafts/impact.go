package drafts

import (
	"net/http"

	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Measure answers a request with what it does to a World to put other cells in the place of those of a scheme; after makes
// these from the cells of the city.
type Measure func(w http.ResponseWriter, r *http.Request, world *index.World, scheme, format string, after func(before []impact.Cell) []impact.Cell) error

// Impact answers what it would do to publish a draft now: GET /v1/drafts/{draft}/impact.
func (a *API) Impact(measure Measure) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		q := rest.ParseParams(r)
		format := q.OneOf("format", "json", "csv")
		have, err := a.find(r, q)
		if err != nil {
			return err
		}
		if err := q.Done(""); err != nil {
			return err
		}
		d, err := a.open(r.Context(), have)
		if err != nil {
			return err
		}
		world := a.Present(r)
		layer, ok := world.Layer(d.Base.Scheme.Cells.Layer)
		if !ok {
			return city.UnknownLayer(world, d.Base.Scheme.Cells.Layer)
		}
		return measure(w, r, world, d.Base.Scheme.Name, format, func(before []impact.Cell) []impact.Cell {
			known := make(map[string]impact.Cell, len(before))
			for _, c := range before {
				known[c.Code] = c
			}
			var after []impact.Cell
			for id, f := range d.Now.Faces() {
				if city.RightsOf(r) != nil && !visible(layer, d, id, f) {
					continue
				}
				c := impact.Cell{Code: f.Code, Parent: f.Parent, Shape: d.Now.Shape(id)}
				if now, ok := known[f.Code]; ok && kept(d, f.Code, c) {
					c = now // as the city has it, where polygons were repaired when the draft began
				}
				after = append(after, c)
			}
			return after
		})
	}
}

// kept reports whether a cell is as it was when the draft began.
func kept(d *version.Draft, code string, c impact.Cell) bool {
	id, ok := d.Base.Coverage.Lookup(code)
	return ok && d.Base.Coverage.Face(id).Parent == c.Parent && impact.SameGround(d.Base.Coverage.Shape(id), c.Shape)
}
