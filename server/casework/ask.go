package casework

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geocode/classes"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/casework/place"
	"github.com/gewu-city/gewu/server/rest"
)

// match is a case that a report may say again.
type match struct {
	Case    *summary `json:"case"`
	Score   float64  `json:"score"`
	Reasons []reason `json:"reasons"`
	// DistanceM is how far away it is, absent where nobody knows.
	DistanceM *float64 `json:"distance_m,omitempty"`
}

type reason struct {
	Code duplicate.Code `json:"code"`
	ZH   string         `json:"zh"`
	EN   string         `json:"en"`
}

// mostMatches bounds the cases that a report may say again.
const mostMatches = 10

// question is the body of a question about a report that is not a case yet.
type question struct {
	As   as         `json:"as"`
	Form cases.Form `json:"form"`
	// At is the time that is asked about; now without it.
	At time.Time `json:"at"`
}

func (a *API) question(w http.ResponseWriter, r *http.Request) (*question, *caller, error) {
	if err := a.ready(); err != nil {
		return nil, nil, err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return nil, nil, err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return nil, nil, err
	}
	q := &question{}
	if err := rest.DecodeJSON(body, q); err != nil {
		return nil, nil, err
	}
	if err := q.Form.Check(); err != nil {
		return nil, nil, fault.Of(err)
	}
	a.edition(&q.Form)
	if q.At.IsZero() {
		q.At = a.Service.Now()
	}
	c, err := a.caller(r, q.As.Person)
	return q, c, err
}

// point is where a report is: as it says, else where its words are.
func (a *API) point(r *http.Request, f *cases.Form) (*cases.Position, error) {
	if f.Point != nil || f.Address == "" || a.cfg.Geocode == nil {
		return f.Point, nil
	}
	at, ok, err := a.cfg.Geocode.Geocode(r.Context(), f.Address)
	if err != nil || !ok {
		return nil, err
	}
	return &at, nil
}

// Duplicates shows the cases that a report may say again, of those that whoever asks may see: POST /v1/cases/duplicates.
func (a *API) Duplicates(w http.ResponseWriter, r *http.Request) error {
	q, c, err := a.question(w, r)
	if err != nil {
		return err
	}
	at, err := a.point(r, &q.Form)
	if err != nil {
		return err
	}
	found, err := a.alike(r.Context(), r, c, &duplicate.Report{Parts: q.Form.Parts, Point: at, Description: q.Form.Description, At: q.At}, q.Form.Class)
	if err != nil {
		return fault.Of(err)
	}
	out := []match{}
	for i := range found {
		of, err := a.see(r, c, found[i].ID)
		if err != nil {
			continue // it was moved out of sight meanwhile
		}
		d, err := a.Dossier(r.Context(), found[i].ID)
		if err != nil {
			return fault.Of(err)
		}
		one := match{Score: found[i].Score, Reasons: []reason{}}
		if one.Case, err = a.sketch(of, d); err != nil {
			return err
		}
		for _, why := range found[i].Reasons {
			one.Reasons = append(one.Reasons, reason{Code: why.Code, ZH: why.Title["zh"], EN: why.Title["en"]})
			if at != nil && found[i].Point != nil {
				one.DistanceM = new(why.Metres)
			}
		}
		out = append(out, one)
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Matches []match `json:"matches"`
	}{out})
}

// routeStep is why a rule does not answer.
type routeStep struct {
	Rule     string     `json:"rule"`
	Why      data.Title `json:"why"`
	Disabled bool       `json:"disabled,omitempty"`
}

// Route shows who would get a report, and why each rule before does not fit: POST /v1/cases/route. No rule is switched off.
func (a *API) Route(w http.ResponseWriter, r *http.Request) error {
	q, c, err := a.question(w, r)
	if err != nil {
		return err
	}
	at, err := a.point(r, &q.Form)
	if err != nil {
		return err
	}
	m := &cases.Matter{Parts: q.Form.Parts, Source: q.Form.Source, At: q.At}
	if q.Form.Class != nil {
		m.Class = *q.Form.Class
	}
	if posts := c.posts(&q.As); len(posts) > 0 {
		m.By = posts[0]
	}
	var where *cases.Place
	if at != nil {
		m.Point = *at
		if where, err = a.cfg.Ground.Look(m); err != nil {
			return fault.Of(err)
		}
	}
	answer, err := a.cfg.Ground.Route(m, where, true)
	if err != nil {
		return fault.Of(err)
	}
	if answer == nil {
		answer = &route.Answer{Duty: cases.Duty{Rule: "none", Reason: data.Title{"zh": "未配置派遣规则", "en": "there are no rules"}}}
	}
	steps := []routeStep{}
	for _, s := range answer.Trace {
		steps = append(steps, routeStep(s))
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Answer *duty       `json:"answer"`
		Steps  []routeStep `json:"steps"`
		Place  *placeShown `json:"place,omitempty"`
	}{a.dutyOf(&answer.Duty), steps, a.placeOf(where)})
}

// classFull is a class with all that is known of it.
type classFull struct {
	Edition  string         `json:"edition"`
	Kind     catalogue.Kind `json:"kind"`
	Code     string         `json:"code"`
	Title    data.Title     `json:"title"`
	Major    string         `json:"major,omitempty"`
	Mark     catalogue.Mark `json:"mark,omitempty"`
	City     bool           `json:"city,omitempty"`
	Plan     data.Title     `json:"plan,omitempty"`
	Standard data.Title     `json:"standard,omitempty"`
	Rows     []limitRow     `json:"rows"`
}

// limitRow is one row of the table of limits: what must be so, and how long handling may take.
type limitRow struct {
	Row       string     `json:"row"`
	Condition data.Title `json:"condition"`
	Closing   data.Title `json:"closing,omitempty"`
	Limit     string     `json:"limit"`
	LimitText data.Title `json:"limit_title"`
}

func (a *API) classFull(c *class.Class) classFull {
	out := classFull{
		Edition: c.Edition, Kind: c.Kind, Code: c.Code, Title: place.TitleOf(c), Major: c.Major, Mark: c.Mark, City: c.City, Plan: c.Plan, Standard: c.Standard, Rows: []limitRow{},
	}
	for i, row := range a.cfg.Classes.Limits(c.Key) {
		out.Rows = append(out.Rows, limitRow{
			Row: strconv.Itoa(i + 1), Condition: row.Filing, Closing: row.Closing, Limit: row.Limit.String(),
			LimitText: data.Title{"zh": row.Limit.In("zh"), "en": row.Limit.In("en")},
		})
	}
	return out
}

// ListClasses lists the classes by which cases are filed: GET /v1/classes.
func (a *API) ListClasses(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	edition, kind, code := q.Text("edition"), catalogue.Kind(q.OneOf("kind", "", string(catalogue.Part), string(catalogue.Event))), q.Text("code")
	if err := q.Done(""); err != nil {
		return err
	}
	if edition == "" {
		edition = a.cfg.Classes.Edition()
	}
	all := a.cfg.Classes.Classes(edition)
	if len(all) == 0 {
		var known []string
		for _, e := range catalogue.Editions() {
			known = append(known, e.Key)
		}
		return rest.Unknown("edition", edition, known)
	}
	out := []classFull{}
	for i := range all {
		if c := &all[i]; (kind == "" || c.Kind == kind) && (code == "" || c.Code == code) {
			out = append(out, a.classFull(c))
		}
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Edition string      `json:"edition"`
		Classes []classFull `json:"classes"`
	}{edition, out})
}

// suggestion is a class that words may be about.
type suggestion struct {
	Class *classShown `json:"class"`
	Score float64     `json:"score"`
}

// Suggest shows the classes that words may be about, those of the city's edition first: GET /v1/classes/suggest.
func (a *API) Suggest(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	words, limit, edition := q.Text("words"), q.Whole("limit", 1, 20, 3), q.Text("edition")
	if words == "" {
		q.Fail(rest.Fault(rest.BadRequest, "words", "", "is missing"))
	}
	if err := q.Done(""); err != nil {
		return err
	}
	if edition == "" {
		edition = a.cfg.Classes.Edition()
	}
	out := []suggestion{}
	for _, s := range classes.Suggest(words, limit) {
		if s.Edition == edition {
			shown := &classShown{Edition: s.Edition, Kind: string(s.Kind), Code: s.Code, Title: data.Title{"zh": s.Name, "en": s.Title.EN}}
			out = append(out, suggestion{shown, float64(s.Score) / 100})
		}
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Suggestions []suggestion `json:"suggestions"`
	}{out[:min(len(out), limit)]})
}
