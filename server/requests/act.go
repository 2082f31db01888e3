package requests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/request"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// read reads the JSON body of a request whose URL has no parameters.
func (a *API) read(w http.ResponseWriter, r *http.Request, v any) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, min(a.Limits.BodyBytes, longestBody), rest.TypeJSON)
	if err != nil {
		return err
	}
	return rest.DecodeJSON(body, v)
}

// longestBody bounds a body in bytes: sketches have few vertices, and texts few characters.
const longestBody = 256 << 10

// newest is a World that shows all that is durable: what it says stands in nobody's way was not there.
func (a *API) newest(r *http.Request) (*index.World, error) {
	return a.Engine.Wait(r.Context(), a.Store.Last())
}

// keep appends an event of a request, which must be able to follow, and answers with the request.
func (a *API) keep(w http.ResponseWriter, r *http.Request, q *request.Request, id string, e *request.Event) error {
	next, err := q.After(e)
	if err != nil {
		return refused(err)
	}
	put, err := e.Put(id, next.Events)
	if err != nil {
		return err
	}
	seq, err := a.Append(r, data.Tx{Cause: cause(id), Changes: []data.Change{put}})
	if _, clash := errors.AsType[*data.ConflictError](err); clash {
		return rest.Refuse(rest.Conflict, "somebody else has moved the request on at the same time: read it again, and repeat").Because(err)
	}
	if err != nil {
		return err
	}
	return a.written(w, r, seq, id)
}

// cause is what the log says of entries of a request.
func cause(id string) string { return "request:" + id }

// report is the body of POST /v1/requests.
type report struct {
	Scheme   string          `json:"scheme"`
	Cells    []string        `json:"cells"`
	At       *[2]float64     `json:"at"`
	Reason   string          `json:"reason"`
	Proposal string          `json:"proposal"`
	Sketch   json.RawMessage `json:"sketch"`
	By       string          `json:"by"`
}

// Report takes a request: POST /v1/requests.
func (a *API) Report(w http.ResponseWriter, r *http.Request) error {
	b := report{}
	by, err := a.mayReport(r)
	if err != nil {
		return err
	}
	if err := a.read(w, r, &b); err != nil {
		return err
	}
	world, err := a.newest(r)
	if err != nil {
		return err
	}
	if b.By != "" {
		if by, err = a.reporter(r, world, b.By); err != nil {
			return err
		}
	}
	seen := a.See(r, world)
	scheme, cells, err := a.scheme(seen, b.Scheme)
	if err != nil {
		return err
	}
	if b.Cells, err = b.concerned(seen, scheme, cells); err != nil {
		return err
	}
	e := &request.Event{Kind: request.KindReport, By: by, At: a.now(), Report: &request.Report{Scheme: b.Scheme, Cells: b.Cells, Reason: b.Reason, Proposal: b.Proposal}}
	if e.Report.Sketch, err = drawn(b.Sketch, cells.Bounds()); err != nil {
		return err
	}
	if err := e.Check(); err != nil {
		return refused(err)
	}
	if code, crowded := request.Of(world).Crowded(b.Scheme, b.Cells); crowded {
		return rest.Fault(rest.Conflict, "cells", code, fmt.Sprintf("has %d requests that nobody has decided yet; GET /v1/requests?cell= lists them", request.MaxOpen))
	}
	id, err := a.NewID()
	if err != nil {
		return err
	}
	return a.keep(w, r, nil, id, e)
}

// mayReport is the reference to whoever asks, who may report.
func (a *API) mayReport(r *http.Request) (string, error) {
	who := auth.From(r.Context())
	switch {
	case who.Limited(string(people.Report)) && who.Limited(string(people.Draft)):
		return "", rest.Refuse(rest.Forbidden, "this needs the permission %s or %s, which your key leaves out", people.Report, people.Draft)
	case who.Way == account.Public && !a.Charter.Public:
		return "", rest.Refuse(rest.Unauthorized, "this city takes requests from those who are logged in: log in, or send an API key: Authorization: Bearer …").With("WWW-Authenticate", `Bearer realm="gewu"`)
	}
	by, _ := city.PersonOf(r)
	return by, nil
}

// reporter is a reference to a member of staff for whom the operator of the machine reports: an id of the directory, for names
// of persons do not come into the log. What was given is in no answer for the same reason.
func (a *API) reporter(r *http.Request, w *index.World, by string) (string, error) {
	if who, certain := city.PersonOf(r); certain || !auth.From(r.Context()).Everything() {
		if by == who {
			return who, nil
		}
		return "", rest.Fault(rest.Forbidden, "by", "", "may be said by the operator of the machine only; you report for yourself")
	}
	p, ok := people.Of(w).Person(by)
	if !ok || !p.Left.IsZero() && !a.Today().Before(p.Left) {
		return "", rest.Fault(rest.Invalid, "by", "", "must be the id of a person of the directory who works here (gewu people list): names do not come into requests; leave it out for somebody else")
	}
	return "staff:" + p.ID, nil
}

// scheme finds a scheme with the layer of its cells.
func (a *API) scheme(w *index.World, name string) (grid.Scheme, *index.Layer, error) {
	s, ok := a.Locator.Plan(w).Scheme(name)
	if ok {
		if cells := s.In(w); cells != nil {
			return s, cells, nil
		}
	}
	names := []string{}
	for _, one := range w.Schemes() {
		if _, ok := w.Layer(one.Cells.Layer); ok {
			names = append(names, one.Name)
		}
	}
	if name == "" {
		return s, nil, rest.Fault(rest.Invalid, "scheme", "", "must be the name of a scheme: "+strings.Join(names, ", "))
	}
	return s, nil, rest.Unknown("scheme", name, names)
}

// concerned are the codes of the cells that a report is about: those that it names, or the one at its place.
func (b *report) concerned(w *index.World, s grid.Scheme, cells *index.Layer) ([]string, error) {
	if b.At == nil {
		return b.Cells, exist(w, s, b.Cells)
	}
	if len(b.Cells) > 0 {
		return nil, rest.Fault(rest.Invalid, "at", "", "goes without cells: say one of them")
	}
	place := fmt.Sprintf("%g,%g", b.At[0], b.At[1])
	p, ok := geo.FromDegrees(b.At[0], b.At[1])
	if !ok {
		return nil, rest.Fault(rest.Invalid, "at", place, "must be [longitude, latitude] within ±180 and ±90")
	}
	slot, ok := grid.Owner(cells, p)
	if !ok {
		return nil, rest.Fault(rest.Invalid, "at", place, "lies in no cell of scheme "+s.Name)
	}
	return []string{s.CodeOf(cells, slot)}, nil
}

// exist sees that cells exist.
func exist(w *index.World, s grid.Scheme, codes []string) error {
	if len(codes) > request.MaxCells {
		return nil // told when the event is checked
	}
	var missing []string
	for _, code := range codes {
		if _, _, ok := s.Cell(w, code); !ok {
			missing = append(missing, code)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	p := rest.Fault(rest.Invalid, "cells", missing[0], "is the code of no cell of scheme "+s.Name)
	for _, code := range missing[1:] {
		p.Also("cells", code, "is the code of no cell of scheme "+s.Name)
	}
	return p
}

// drawn reads a sketch and writes it as it is kept: the geometry alone, in whole units of 1e-7 degree.
func drawn(text json.RawMessage, city geo.Box) (json.RawMessage, error) {
	if len(text) == 0 || bytes.Equal(text, []byte("null")) {
		return nil, nil
	}
	g, err := geom.ParseGeoJSON(text)
	if err != nil {
		return nil, rest.Fault(rest.Invalid, "sketch", "", "is no GeoJSON geometry: "+err.Error()).Because(err)
	}
	switch g.(type) {
	case orb.LineString, orb.Polygon:
	default:
		kind := ""
		if g != nil {
			kind = g.GeoJSONType()
		}
		return nil, rest.Fault(rest.Invalid, "sketch", kind, "must be a LineString or a Polygon, in longitude and latitude (EPSG:4326)")
	}
	s, err := geo.FromOrb(g)
	if err == nil {
		err = request.CheckSketch(s, city)
	}
	if fields := rest.FieldErrors(err); len(fields) > 0 {
		return nil, rest.Faults(rest.Invalid, "", err).Because(err)
	}
	if err != nil {
		return nil, rest.Fault(rest.Invalid, "sketch", "", "is no line or polygon: "+err.Error()).Because(err)
	}
	return geom.NewPlaces(nil).AppendGeoJSON(nil, s), nil
}

// surveyed is the body of POST /v1/requests/{request}/survey.
type surveyed struct {
	Findings string   `json:"findings"`
	Cells    []string `json:"cells"`
	By       string   `json:"by"`
}

// Survey records what a surveyor found: POST /v1/requests/{request}/survey. From then on the departments decide that the
// profile names now.
func (a *API) Survey(w http.ResponseWriter, r *http.Request) error {
	b := surveyed{}
	q, world, by, err := a.about(w, r, &b, &b.By)
	if err != nil {
		return err
	}
	s := &request.Survey{Findings: b.Findings, Cells: b.Cells, Departments: a.Charter.Departments, Rule: a.Charter.Rule}
	if s.Rule == "" {
		s.Rule = request.All
	}
	e := &request.Event{Kind: request.KindSurvey, By: by, At: a.now(), Survey: s}
	if _, err := q.After(e); err != nil {
		return refused(err)
	}
	seen := a.See(r, world)
	scheme, _, err := a.scheme(seen, q.Scheme)
	if err != nil {
		return err
	}
	if err := exist(seen, scheme, b.Cells); err != nil {
		return err
	}
	if err := a.standing(world, s.Departments); err != nil {
		return err
	}
	return a.keep(w, r, q, q.ID, e)
}

// standing sees that the departments work in the city: what nobody can speak for would never be decided. A city without
// organisations has its operator speak for all.
func (a *API) standing(w *index.World, departments []string) error {
	d := people.Of(w)
	if len(d.Organisations()) == 0 {
		return nil
	}
	for _, id := range departments {
		if !d.Active(id, a.Today()) {
			return rest.Fault(rest.Conflict, "departments", id, "is named by the profile of the city to decide about requests, and is no organisation of its directory that works now: make it, or serve the city with another profile")
		}
	}
	return nil
}

// about reads a request that moves another one on: its body, what it is about, and who acts. by is the member of the body
// that says for whom the operator acts.
func (a *API) about(w http.ResponseWriter, r *http.Request, body any, by *string) (*request.Request, *index.World, string, error) {
	if err := a.read(w, r, body); err != nil {
		return nil, nil, "", err
	}
	world, err := a.newest(r)
	if err != nil {
		return nil, nil, "", err
	}
	q, err := a.lookup(r, world)
	if err != nil {
		return nil, nil, "", err
	}
	who, err := city.ActFor(r, *by)
	return q, world, who, err
}

// opinionBody is the body of POST /v1/requests/{request}/opinion.
type opinionBody struct {
	Department string `json:"department"`
	Agree      *bool  `json:"agree"`
	Words      string `json:"words"`
	By         string `json:"by"`
}

// Opinion records that of a department: POST /v1/requests/{request}/opinion. With the last one the request is decided.
func (a *API) Opinion(w http.ResponseWriter, r *http.Request) error {
	b := opinionBody{}
	q, world, by, err := a.about(w, r, &b, &b.By)
	if err != nil {
		return err
	}
	if b.Agree == nil {
		return rest.Fault(rest.Invalid, "agree", "", "must be true or false")
	}
	if b.Department, err = a.speaksFor(r, world, q, b.Department); err != nil {
		return err
	}
	return a.keep(w, r, q, q.ID, &request.Event{Kind: request.KindOpinion, By: by, At: a.now(), Opinion: &request.Opinion{Department: b.Department, Agree: *b.Agree, Words: b.Words}})
}

// speaksFor is the department for which whoever asks speaks: the operator of the machine for the one that is named, all others
// for one in which a post of theirs lets them work with drafts.
func (a *API) speaksFor(r *http.Request, w *index.World, q *request.Request, department string) (string, error) {
	who := auth.From(r.Context())
	if !who.Known() {
		if department == "" {
			return "", rest.Fault(rest.Invalid, "department", "", "must be that for which you speak"+among(q))
		}
		return department, nil
	}
	var works, decides []string
	d := people.Of(w)
	hold := func(post, organisation string) {
		p, ok := d.Post(post)
		if !ok || organisation == "" || slices.Contains(works, organisation) {
			return
		}
		if slices.ContainsFunc(p.Permissions, func(may people.Permission) bool {
			return may == people.Draft || may == people.Approve || may == people.Publish
		}) {
			works = append(works, organisation)
		}
	}
	for _, h := range d.HoldingsAt(who.Staff, a.Today()) {
		hold(h.Post, h.Organisation)
	}
	for _, g := range who.Granted {
		hold(g.Post, g.Organisation)
	}
	if q.Survey != nil {
		for _, one := range q.Survey.Departments {
			if slices.Contains(works, one) {
				decides = append(decides, one)
			}
		}
	}
	switch {
	case department == "" && len(decides) == 1:
		return decides[0], nil
	case department == "" && len(decides) > 1:
		return "", rest.Fault(rest.Invalid, "department", "", "must be one of those for which you may speak: "+strings.Join(decides, ", "))
	case department == "":
		department = strings.Join(works, ", ")
	case slices.Contains(works, department):
		return department, nil
	}
	return "", rest.Fault(rest.Forbidden, "department", department, fmt.Sprintf("is no department for which you may speak: that takes a post there with the permission %s, %s or %s%s", people.Draft, people.Approve, people.Publish, among(q)))
}

// among names those that decide about a request.
func among(q *request.Request) string {
	if q.Survey == nil {
		return ""
	}
	return "; " + strings.Join(q.Survey.Departments, ", ") + " decide"
}

// Draft begins a draft that answers a request which was accepted: POST /v1/requests/{request}/draft.
func (a *API) Draft(w http.ResponseWriter, r *http.Request) error {
	world, err := a.newest(r)
	if err != nil {
		return err
	}
	q, err := a.lookup(r, world)
	if err != nil {
		return err
	}
	e := &request.Event{Kind: request.KindDraft, By: "nobody", At: a.now(), Draft: "none"}
	if state, _ := q.Of(world); q.State == request.Drafted && state == request.Accepted {
		e.Instead = q.Draft // which was forgotten
	}
	if _, err := q.After(e); err != nil {
		return refused(err)
	}
	return a.Drafts.Answer(w, r, q, func(draft, by string) (data.Change, error) {
		e.Draft, e.By = draft, by
		next, err := q.After(e)
		if err != nil {
			return data.Change{}, refused(err)
		}
		return e.Put(q.ID, next.Events)
	})
}

// withdrawn is the body of POST /v1/requests/{request}/withdraw. It names nobody: who withdraws is who reported.
type withdrawn struct {
	Words string `json:"words"`
}

// Withdraw takes a request back, by whoever reported it, or by the operator of the machine for those who have no account:
// POST /v1/requests/{request}/withdraw.
func (a *API) Withdraw(w http.ResponseWriter, r *http.Request) error {
	b := withdrawn{}
	q, _, by, err := a.about(w, r, &b, new(string))
	if err != nil {
		return err
	}
	who := auth.From(r.Context())
	if !mine(r, q) && (who.Known() || !who.Everything() || strings.HasPrefix(q.Reported.By, "account:")) {
		return rest.Refuse(rest.Forbidden, "only whoever reported a request takes it back; for those without an account the operator of the machine does").Named("not_reporter", map[string]string{"zh": "只有上报人可以撤回", "en": "only whoever reported it takes it back"})
	}
	return a.keep(w, r, q, q.ID, &request.Event{Kind: request.KindWithdraw, By: by, At: a.now(), Words: b.Words})
}
