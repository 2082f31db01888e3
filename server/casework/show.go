package casework

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework/album"
	"github.com/gewu-city/gewu/server/casework/dossier"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/casework/lights"
	"github.com/gewu-city/gewu/server/casework/place"
	"github.com/gewu-city/gewu/server/rest"
)

// summary is what lists say of a case.
type summary struct {
	ID         string      `json:"id"`
	Version    int         `json:"version"`
	Process    processRef  `json:"process"`
	State      string      `json:"state"`
	StateTitle data.Title  `json:"state_title"`
	Final      bool        `json:"final"`
	Public     string      `json:"public,omitempty"`
	Private    bool        `json:"private,omitempty"`
	Unreadable bool        `json:"unreadable,omitempty"`
	Class      *classShown `json:"class,omitempty"`
	Source     string      `json:"source,omitempty"`
	Unit       string      `json:"unit,omitempty"`
	UnitName   string      `json:"unit_name,omitempty"`
	UnitTitle  data.Title  `json:"unit_title,omitempty"`
	Task       string      `json:"task,omitempty"`
	Areas      []area      `json:"areas"`
	Cells      []cell      `json:"cells"`
	Point      *point      `json:"point,omitempty"`
	Address    string      `json:"address,omitempty"`
	// Description is its beginning in lists.
	Description string    `json:"description,omitempty"`
	Priority    int       `json:"priority,omitempty"`
	Marks       []string  `json:"marks"`
	Requests    []string  `json:"requests"`
	Opened      time.Time `json:"opened"`
	// Reported is when the matter was reported, where that was before the case began.
	Reported time.Time   `json:"reported,omitzero"`
	Updated  time.Time   `json:"updated"`
	Rested   time.Time   `json:"rested,omitzero"`
	Due      time.Time   `json:"due,omitzero"`
	Light    clock.Light `json:"light"`
}

type processRef struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

type classShown struct {
	Edition string     `json:"edition,omitempty"`
	Kind    string     `json:"kind,omitempty"`
	Code    string     `json:"code"`
	Row     string     `json:"row,omitempty"`
	Title   data.Title `json:"title,omitempty"`
}

type area struct {
	Level string `json:"level"`
	Code  string `json:"code"`
	Name  string `json:"name,omitempty"`
}

type cell struct {
	Scheme string `json:"scheme"`
	Code   string `json:"code"`
}

type point struct {
	Lon      float64 `json:"lon"`
	Lat      float64 `json:"lat"`
	Accuracy float64 `json:"accuracy,omitempty"`
}

// longestBeginning bounds a description in lists, in characters.
const longestBeginning = 120

// sketch is the summary of a case. Whoever sees it as the public does learns nothing of what was said and who works on it.
func (a *API) sketch(of *seen, d *dossier.Dossier) (*summary, error) {
	s := &of.summary
	t, ok := a.cfg.Tables().Table(s.Process.Name, s.Process.Version)
	if !ok {
		_, err := a.table(d.Case)
		return nil, err
	}
	state, _ := t.State(s.State)
	out := &summary{
		ID: s.ID, Version: s.Version, Process: processRef{s.Process.Name, s.Process.Version}, State: s.State, StateTitle: state.Title, Final: s.Final, Public: state.Public,
		Private: s.Private, Unreadable: s.Unreadable, Class: a.classOf(d.Case.Class), Source: s.Source, Areas: []area{}, Cells: []cell{}, Priority: s.Priority, Marks: list(s.Marks), Requests: list(s.Requests),
		Opened: s.Opened, Reported: d.Reported, Updated: s.Updated, Rested: s.Rested, Due: s.Due, Address: d.Address,
	}
	if p := d.Case.Place(); p != nil {
		for _, one := range p.Areas {
			out.Areas = append(out.Areas, area{one.Level, one.Code, one.Name})
		}
		for _, one := range p.Cells {
			out.Cells = append(out.Cells, cell{one.Scheme, one.Code})
		}
		if p.Point != nil {
			out.Point = &point{p.Point.Lon, p.Point.Lat, p.Point.Accuracy}
		}
	}
	if !of.full {
		out.Requests, out.Marks, out.Source, out.Private, out.Priority, out.Reported = []string{}, []string{}, "", false, 0, time.Time{}
		return out, nil
	}
	out.Unit, out.Task, out.Description = s.Unit, s.Task, beginning(d.Description)
	out.UnitTitle = a.titleOf(s.Unit)
	out.UnitName = nameIn(out.UnitTitle)
	return out, nil
}

// list is never nil, so that an answer has an empty list.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// beginning is a text for a list.
func beginning(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > longestBeginning {
		return string(r[:longestBeginning]) + "…"
	}
	return s
}

// titleOf is what an organisation is called, nothing for one that nobody knows.
func (a *API) titleOf(organisation string) data.Title {
	o, ok := a.people().Organisation(organisation)
	if !ok {
		return nil
	}
	return o.Title
}

func nameIn(t data.Title) string { return cmp.Or(t["zh"], t["en"]) }

// classOf is a class with its name; nil for none.
func (a *API) classOf(c cases.Class) *classShown {
	if c.Code == "" {
		return nil
	}
	return &classShown{Edition: place.KeyOf(c, a.cfg.Classes).Edition, Kind: c.Kind, Code: c.Code, Row: c.Row, Title: a.classTitle(c)}
}

func (a *API) classTitle(c cases.Class) data.Title {
	if known, ok := a.cfg.Classes.Class(place.KeyOf(c, a.cfg.Classes)); ok {
		return place.TitleOf(&known)
	}
	return nil
}

// shown is a case as it is shown by itself.
type shown struct {
	summary
	Parent   string   `json:"parent,omitempty"`
	Children []child  `json:"children"`
	Into     string   `json:"into,omitempty"`
	Joined   []string `json:"joined"`
	// Elsewhere are its numbers with other platforms.
	Elsewhere []dossier.Elsewhere `json:"elsewhere,omitempty"`
	First     string              `json:"first,omitempty"`
	Units     []string            `json:"units"`
	Intake    *placeShown         `json:"intake,omitempty"`
	Filing    *placeShown         `json:"filing,omitempty"`
	Duty      *duty               `json:"duty,omitempty"`
	Clocks    []lights.Clock      `json:"clocks"`
	Counts    counts              `json:"counts"`
	Photos    album.Photos        `json:"photos"`
	// Reviews says that whoever asks decides which pictures the public sees.
	Reviews bool         `json:"reviews,omitempty"`
	Voice   []album.File `json:"voice,omitempty"`
	Offers  []offer      `json:"offers"`
	// Now is the time by the clock of the cases.
	Now time.Time `json:"now"`
}

type counts map[string]int

type child struct {
	Case string `json:"case"`
	Unit string `json:"unit"`
	Open bool   `json:"open"`
}

type placeShown struct {
	Seq       data.Seq `json:"seq"`
	Point     *point   `json:"point,omitempty"`
	Areas     []area   `json:"areas"`
	Cells     []cell   `json:"cells"`
	Address   string   `json:"address,omitempty"`
	AddressID string   `json:"address_id,omitempty"`
	Parts     []part   `json:"parts"`
	Disputes  []string `json:"disputes"`
	Duty      *duty    `json:"duty,omitempty"`
}

type part struct {
	Layer string `json:"layer"`
	ID    string `json:"id"`
	Code  string `json:"code,omitempty"`
	Class string `json:"class,omitempty"`
	Owner string `json:"owner,omitempty"`
}

type duty struct {
	Rule              string     `json:"rule"`
	Reason            data.Title `json:"reason,omitempty"`
	Organisation      string     `json:"organisation,omitempty"`
	OrganisationTitle data.Title `json:"organisation_title,omitempty"`
	Post              string     `json:"post,omitempty"`
	Limit             string     `json:"limit,omitempty"`
	Priority          int        `json:"priority,omitempty"`
	Automatic         bool       `json:"automatic,omitempty"`
}

func (a *API) placeOf(p *cases.Place) *placeShown {
	if p == nil {
		return nil
	}
	out := &placeShown{Seq: p.Seq, Areas: []area{}, Cells: []cell{}, Parts: []part{}, Address: p.Address, AddressID: p.AddressID, Disputes: list(p.Disputes), Duty: a.dutyOf(p.Duty)}
	for _, one := range p.Areas {
		out.Areas = append(out.Areas, area{one.Level, one.Code, one.Name})
	}
	for _, one := range p.Cells {
		out.Cells = append(out.Cells, cell{one.Scheme, one.Code})
	}
	for _, one := range p.Parts {
		out.Parts = append(out.Parts, part(one))
	}
	if p.Point != nil {
		out.Point = &point{p.Point.Lon, p.Point.Lat, p.Point.Accuracy}
	}
	return out
}

func (a *API) dutyOf(d *cases.Duty) *duty {
	if d == nil {
		return nil
	}
	return &duty{
		Rule: d.Rule, Reason: d.Reason, Organisation: d.Organisation, OrganisationTitle: a.titleOf(d.Organisation), Post: d.Post,
		Limit: d.Limit, Priority: d.Priority, Automatic: d.Automatic,
	}
}

// show is a case by itself, as somebody sees it.
func (a *API) show(r *http.Request, of *seen) (*shown, error) {
	d, err := a.Dossier(r.Context(), of.summary.ID)
	if err != nil {
		return nil, fault.Of(err)
	}
	c := d.Case
	// What a list says may be older or newer than the events: the case is shown as it is now.
	if now, ok := a.cfg.Store.Find(c.ID); ok {
		of.summary = now
	}
	s, err := a.sketch(of, d)
	if err != nil {
		return nil, err
	}
	out := &shown{summary: *s, Children: []child{}, Joined: []string{}, Units: []string{}, Clocks: []lights.Clock{}, Counts: counts{}, Photos: album.Public(d), Offers: []offer{}, Now: a.Service.Now()}
	t, err := a.table(c)
	if err != nil {
		return nil, err
	}
	clocks, light, err := lights.Of(r.Context(), a.cfg.Ledger, a.cfg.Timing, c.ID, t, a.Service.Now())
	if err != nil {
		return nil, fault.Of(err)
	}
	out.Light = light
	if out.Offers, err = a.offers(of, c, &as{}); err != nil {
		return nil, err
	}
	if !of.full {
		return out, nil
	}
	out.Description = d.Description
	out.Parent, out.Into, out.First, out.Units, out.Joined = c.Parent, c.Into, c.First, list(c.Units), list(c.Joined)
	for _, one := range c.Children {
		out.Children = append(out.Children, child{one.Case, one.Unit, one.Open})
	}
	out.Elsewhere = dossier.Others(c)
	out.Intake, out.Filing = a.placeOf(c.Intake), a.placeOf(c.Filing)
	if p := c.Place(); p != nil {
		out.Duty = a.dutyOf(p.Duty)
	}
	out.Clocks, out.Photos, out.Voice = clocks, album.Whole(d), album.Sounds(d)
	_, out.Reviews = a.reviewer(r, of, &as{})
	if len(c.Counts) > 0 {
		out.Counts = c.Counts
	}
	return out, nil
}

// asked reads what all questions about one case have in common, and finds the case.
func (a *API) asked(r *http.Request, more func(q *rest.Params) *as) (*seen, *as, error) {
	if err := a.ready(); err != nil {
		return nil, nil, err
	}
	q := rest.ParseParams(r)
	want := &as{Person: q.Text("person")}
	if more != nil {
		want = more(q)
		want.Person = q.Text("person")
	}
	_ = q.Text("min_seq")
	if err := q.Done(""); err != nil {
		return nil, nil, err
	}
	c, err := a.caller(r, want.Person)
	if err != nil {
		return nil, nil, err
	}
	of, err := a.see(r, c, mux.Vars(r)["case"])
	return of, want, err
}

// Get shows a case: GET /v1/cases/{case}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	of, _, err := a.asked(r, nil)
	if err != nil {
		return err
	}
	out, err := a.show(r, of)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", strconv.Quote(strconv.Itoa(out.Version)))
	return rest.WriteJSON(w, r, http.StatusOK, out)
}
