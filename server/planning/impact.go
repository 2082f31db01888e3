package planning

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// answer is the impact of a change.
type answer struct {
	Scheme string `json:"scheme"`
	*impact.Report
	// Staff are how many work for each cell that ends or changes: they have to be told.
	Staff []staff `json:"staff"`
	// OpenCases are the cases that wait for somebody now; nil in a city without, and for the past.
	OpenCases *openCases `json:"open_cases,omitempty"`
	// Tilesets are of drafts.
	Tilesets *tilesets `json:"tilesets,omitempty"`
	Seq      data.Seq  `json:"seq"`
}

// caseLayer names open cases among layers: no layer has a hyphen in its name.
const caseLayer = "open-cases"

// openCases are counted by cell as the features of a layer are.
type openCases struct {
	impact.Layer
	// Unplaced have no place, and so no cell.
	Unplaced int `json:"unplaced"`
}

// tilesets are addresses of TileJSON: of the cells of a draft, and of what they change.
type tilesets struct {
	Cells   string `json:"cells"`
	Changes string `json:"changes"`
}

// staff is who works for a cell that changes.
type staff struct {
	Code  string   `json:"code"`
	Posts []string `json:"posts"`
}

// Between answers what has become of a scheme between two times: GET /v1/schemes/{scheme}/impact?from=&to=.
func (a *API) Between(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	from, to, format := q.Text("from"), q.Text("to"), q.OneOf("format", "json", "csv")
	if err := q.Done(""); err != nil {
		return err
	}
	if from == "" {
		return rest.Fault(rest.BadRequest, "from", "", "is missing: the time, date or position of the earlier city; to is the later one, now without it")
	}
	var cells [2][]impact.Cell
	var world *index.World
	for i, at := range []string{from, to} {
		var err error
		if world, err = a.Moment(r, []string{"from", "to"}[i], at); err != nil {
			return err
		}
		scheme, err := a.scheme(world, schemeOf(r))
		if err != nil {
			return err
		}
		cells[i] = survey.Cells(world, a.Locator, scheme)
	}
	return a.answer(w, r, world, answer{Scheme: schemeOf(r)}, cells[0], cells[1], format)
}

// Of answers what it would do to put the cells of the body, as GeoJSON, in the place of those of a scheme:
// POST /v1/schemes/{scheme}/impact.
func (a *API) Of(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	id, format := q.Text("id"), q.OneOf("format", "json", "csv")
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	scheme, err := a.scheme(world.World, schemeOf(r))
	if err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, "application/geo+json", "application/json")
	if err != nil {
		return err
	}
	before := survey.Cells(world.World, a.Locator, scheme)
	after, err := readCells(r.Context(), body, id)
	if err != nil {
		return err
	}
	survey.Adopt(world.World, a.Locator, scheme, before, after)
	return a.answer(w, r, world.World, answer{Scheme: scheme.Name}, before, after, format)
}

// After answers what it does to put the cells of a draft in the place of those that they are compared with.
func (a *API) After(w http.ResponseWriter, r *http.Request, draft, format string, proposal *survey.Proposal) error {
	if _, err := a.scheme(proposal.World, proposal.Scheme); err != nil {
		return err
	}
	before, after := proposal.Cells(a.Locator)
	at := a.BaseURL(r) + "/v1/drafts/" + url.PathEscape(draft) + "/tiles/"
	look := &tilesets{Cells: at + "cells.json", Changes: at + "changes.json"}
	// What the draft is compared with, and as whom somebody asks, is the same there.
	query := url.Values{}
	for _, name := range []string{"at", "as_of", "version"} {
		if text := r.URL.Query().Get(name); text != "" {
			query.Set(name, text)
		}
	}
	if as := city.As(r); as != "" {
		query.Set("as", as)
	}
	if len(query) > 0 {
		look.Changes += "?" + query.Encode()
	}
	return a.answer(w, r, proposal.World, answer{Scheme: proposal.Scheme, Tilesets: look}, before, after, format)
}

// readCells reads polygons from GeoJSON. All must be sound: a city would refuse the others.
func readCells(ctx context.Context, body []byte, id string) ([]impact.Cell, error) {
	o := convert.Options{Layer: &data.Layer{Name: "cells", Geometry: data.GeometryPolygon}, ID: id, File: "the body"}
	var out []impact.Cell
	seen := map[string]int{}
	for row, err := range convert.Read(ctx, "geojson", bytes.NewReader(body), o) {
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, err
		case err != nil:
			return nil, rest.Fault(rest.BadRequest, "body", "", err.Error())
		case row.Err != nil:
			return nil, rest.Fault(rest.Invalid, "features["+strconv.Itoa(row.Number-1)+"]", "", row.Err.Error())
		}
		code := row.Feature.ID
		if other, ok := seen[code]; ok {
			return nil, rest.Fault(rest.Invalid, "features["+strconv.Itoa(row.Number-1)+"].id", code, "is the code of feature "+strconv.Itoa(other)+" too; every cell has its own")
		}
		seen[code] = row.Number
		out = append(out, impact.Cell{Code: code, Shape: row.Feature.Shape})
	}
	if len(out) == 0 {
		return nil, rest.Fault(rest.Invalid, "features", "", "is empty: send the cells of the whole scheme as it should be, not only those that change")
	}
	return out, nil
}

// answer writes what it does to the objects of a World to put one set of cells in the place of another.
func (a *API) answer(w http.ResponseWriter, r *http.Request, world *index.World, about answer, before, after []impact.Cell, format string) error {
	change := impact.Compare(before, after)
	layers, err := located(r.Context(), change, survey.Layers(world))
	if err != nil {
		return err
	}
	report := change.Report(layers...)
	open, err := a.openCases(r, world, change)
	if err != nil {
		return err
	}
	city.SetSeq(w, world.Seq())
	if format == "csv" {
		if open != nil {
			report.Layers = append(report.Layers, open.Layer)
		}
		var table bytes.Buffer
		if err := report.WriteCSV(&table); err != nil {
			return err
		}
		return rest.WriteBody(w, r, http.StatusOK, "text/csv; charset=utf-8", table.Bytes())
	}
	about.Report, about.Staff, about.OpenCases, about.Seq = report, a.staffOf(world, about.Scheme, report.Cells), open, world.Seq()
	return rest.WriteJSON(w, r, http.StatusOK, about)
}

// located is what a change does to the objects of layers; it tells how many of them it has looked at.
func located(ctx context.Context, change *impact.Change, all []survey.Objects) (layers []impact.Layer, err error) {
	done, total := 0, 0
	for _, o := range all {
		total += o.Len()
	}
	for _, o := range all {
		if err := city.Progress(ctx, int64(done), int64(total), "objects"); err != nil {
			return nil, err
		}
		flows, err := o.Flows(ctx, change, func(n int) { _ = city.Progress(ctx, int64(done+n), int64(total), "objects") })
		if err != nil {
			return nil, err
		}
		layers = append(layers, change.Layer(o.Def().Name, o.Amount, flows))
		done += o.Len()
	}
	return layers, city.Progress(ctx, int64(total), int64(total), "objects")
}

// openCases is what a change does to the open cases that whoever asks sees: by where they are, whatever codes they were filed
// under, which they keep. Which cases were open in the past nobody counts.
func (a *API) openCases(r *http.Request, world *index.World, change *impact.Change) (*openCases, error) {
	if a.Cases == nil || world.Past() {
		return nil, nil //nolint:nilnil // no cases are no fault
	}
	points, without, ok, err := a.Cases.OpenCases(r)
	if err != nil || !ok {
		return nil, err
	}
	flows := change.Flows(func(yield func(geo.Point, float64) bool) {
		for _, p := range points {
			if !yield(p, 0) {
				return
			}
		}
	})
	return &openCases{change.Layer(caseLayer, "", flows), without}, nil
}

// staffOf lists the posts of those who work for cells that change.
func (a *API) staffOf(world *index.World, scheme string, rows []impact.Row) []staff {
	out := []staff{}
	for _, row := range rows {
		one := staff{Code: row.Code}
		for _, h := range people.Of(world).StaffOfCell(people.CellRef{Scheme: scheme, Code: row.Code}, a.When(world)) {
			one.Posts = append(one.Posts, h.Post)
		}
		if len(one.Posts) > 0 {
			out = append(out, one)
		}
	}
	return out
}
