package drafts

import (
	"cmp"
	"net/http"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Measure answers a request with what it does to put the cells of a draft in the place of others.
type Measure func(w http.ResponseWriter, r *http.Request, draft, format string, proposal *survey.Proposal) error

// Impact answers what it would do to publish a draft now, or what it is to an earlier version: GET /v1/drafts/{draft}/impact.
func (a *API) Impact(measure Measure) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		q := rest.ParseParams(r)
		format := q.OneOf("format", "json", "csv")
		id, _, proposal, err := a.Proposal(r, q)
		if err != nil {
			return err
		}
		return measure(w, r, id, format, proposal)
	}
}

// Proposal is the draft of a request as whoever asks sees it, with its id and the Seq of its newest record. Cells have the codes
// that the check gave once the draft is checked, and those that they were drawn with before. It refuses those
// who may not read drafts. Whatever else the request may say must have been read from its parameters before.
func (a *API) Proposal(r *http.Request, q *rest.Params) (id string, seq data.Seq, p *survey.Proposal, err error) {
	have, err := a.find(r, q)
	if err != nil {
		return "", 0, nil, err
	}
	against, err := a.Ask(r, q)
	if err != nil {
		return "", 0, nil, err
	}
	if err := q.Done(""); err != nil {
		return "", 0, nil, err
	}
	d, err := a.open(r.Context(), have)
	if err != nil {
		return "", 0, nil, err
	}
	p = &survey.Proposal{Scheme: d.Base.Scheme.Name, World: a.Present(r)}
	if p.Against = against.World; !against.Past() {
		p.Against = p.World
	}
	layer, ok := p.World.Layer(d.Base.Scheme.Cells.Layer)
	if !ok {
		return "", 0, nil, city.UnknownLayer(p.World, d.Base.Scheme.Cells.Layer)
	}
	given, err := a.codesOf(r.Context(), have, d)
	if err != nil {
		return "", 0, nil, err
	}
	faces := map[string]coverage.FaceID{}
	for id, f := range d.Now.Faces() {
		code := cmp.Or(given[id], f.Code)
		faces[code] = id
		if city.RightsOf(r) == nil || visible(layer, d, id, f) {
			p.Drawn = append(p.Drawn, impact.Cell{Code: code, Parent: f.Parent, Shape: d.Now.Shape(id)})
		}
	}
	p.Kept = func(code string) bool {
		id, ok := faces[code]
		return ok && kept(d, code, id)
	}
	p.Locked = func(code string) bool {
		id, ok := faces[code]
		return ok && d.Now.Face(id).Locked
	}
	return have.header.ID, have.seq, p, nil
}

// kept reports whether a cell of a draft is as the cell with its code was when the draft began.
func kept(d *version.Draft, code string, is coverage.FaceID) bool {
	was, known := d.Base.Coverage.Lookup(code)
	return known && d.Base.Coverage.Face(was).Parent == d.Now.Face(is).Parent && impact.SameGround(d.Base.Coverage.Shape(was), d.Now.Shape(is))
}
