package calendars

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases/alarm"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework/texts"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Clocks are the clocks of open cases.
type Clocks interface {
	// Dry says which of them another book would give other due times, with how many there are.
	Dry(ctx context.Context, book *calendar.Book) ([]alarm.Shift, int, error)
	// Recount counts them by the calendars as they are now.
	Recount(ctx context.Context) (int, error)
}

// Sight says who sees which cases.
type Sight interface {
	// SeesCase reports whether whoever asks sees a case as a whole; the error is that of not at all.
	SeesCase(r *http.Request, named, id string) (bool, error)
}

// Service is the calendars of a city with what follows from them.
type Service struct {
	*Kept
	// Standard is the calendar that limits of cases are counted by.
	Standard string
	Clocks   Clocks
	// Now is the clock of the cases.
	Now func() time.Time
}

// API is the resource.
type API struct {
	*city.City
	// Service is nil in a city without cases: then everything is answered 501.
	*Service
	Cases Sight
}

func (a *API) ready() error {
	if a.Service == nil {
		return rest.Refuse(rest.NotImplemented, "this server has no cases: start it with a profile, gewu serve --profile NAME")
	}
	return nil
}

// shown is a version of a calendar.
type shown struct {
	*calendar.Definition
	// Complete is the date until which holidays are known, with the tables of later versions.
	Complete calendar.Date `json:"complete_until"`
	Newest   bool          `json:"newest"`
	Standard bool          `json:"standard"`
	// Changes is how often the version was put; Since when last, By who did. All are absent for that of the profile.
	Changes int       `json:"changes"`
	Since   time.Time `json:"since,omitzero"`
	By      string    `json:"by,omitempty"`
}

// brief leaves the tables out of a version.
func (s shown) brief() shown {
	d := *s.Definition
	d.Seasons, d.Exceptions = []calendar.Season{}, nil
	s.Definition = &d
	return s
}

// all are the versions of all calendars by name and version.
func (a *API) all() (list []shown, err error) {
	editions, changes, _ := a.now()
	book := editions.Newest()
	for d := range book.All() {
		c, err := book.Version(calendar.Ref{Name: d.Name, Version: d.Version})
		if err != nil {
			return nil, err
		}
		one := shown{Definition: d, Complete: c.Until(), Standard: d.Name == a.Standard, Newest: true}
		for _, change := range of(changes, d.Name) {
			if change.Version == d.Version {
				one.Changes, one.Since, one.By = one.Changes+1, change.At, change.By
			}
		}
		if n := len(list); n > 0 && list[n-1].Name == d.Name {
			list[n-1].Newest = false
		}
		list = append(list, one)
	}
	return list, nil
}

// List lists the calendars in all versions: GET /v1/calendars.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	all, err := a.all()
	if err != nil {
		return err
	}
	out := make([]shown, len(all))
	for i := range all {
		out[i] = all[i].brief()
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Calendars []shown `json:"calendars"`
	}{out})
}

// Get shows a version of a calendar, the newest unless it is named, as TOML to who wants that: GET /v1/calendars/{name}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	name, number := mux.Vars(r)["name"], q.Whole("version", 1, 1<<30, 0)
	if err := q.Done(""); err != nil {
		return err
	}
	all, err := a.all()
	if err != nil {
		return err
	}
	var names, versions []string
	for i := range all {
		one := &all[i]
		if one.Newest {
			names = append(names, one.Name)
		}
		if one.Name != name {
			continue
		}
		versions = append(versions, strconv.Itoa(one.Version))
		if one.Version != number && (number > 0 || !one.Newest) {
			continue
		}
		w.Header().Set("Vary", "Accept")
		if kind := texts.Wanted(r); kind != "" {
			return rest.WriteBody(w, r, http.StatusOK, kind, []byte(one.Text))
		}
		return rest.WriteJSON(w, r, http.StatusOK, struct {
			*shown
			// Written is the text that PUT takes.
			Written string `json:"text"`
		}{one, one.Text})
	}
	if len(versions) > 0 {
		return rest.Fault(rest.NotFound, "version", strconv.Itoa(number), "is none of the calendar; there are "+strings.Join(versions, ", "))
	}
	return rest.Unknown("calendar", name, names)
}

// shift is a clock of an open case that is due at another time.
type shift struct {
	Case  string    `json:"case"`
	Clock string    `json:"clock"`
	Was   time.Time `json:"was,omitzero"`
	Is    time.Time `json:"is,omitzero"`
	// By is how many seconds later it is due.
	By    float64 `json:"by_s"`
	Fault string  `json:"fault,omitempty"`
}

// outcome is what a change of a calendar brings about.
type outcome struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	// Fresh says that the version is a new one.
	Fresh bool `json:"new"`
	// Clocks run or are paused in open cases; of them Changed are due at another time, Dated have a due time where they had
	// none, and Undated none where they had one.
	Clocks  int `json:"clocks"`
	Changed int `json:"changed"`
	Dated   int `json:"dated"`
	Undated int `json:"undated"`
	// Cases are the clocks that change, as far as whoever asks sees the cases; More says that there are others.
	Cases []shift  `json:"cases"`
	More  bool     `json:"more"`
	Seq   data.Seq `json:"seq,omitempty"`
}

// draft is a calendar that a request brings.
type draft struct {
	def  *calendar.Definition
	text string
	next *calendar.Book
	// number is that of the change.
	number int
	fresh  bool
	limit  int
}

// read reads the calendar of a request and sees that it may be.
func (a *API) read(w http.ResponseWriter, r *http.Request) (*draft, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	q := rest.ParseParams(r)
	d := &draft{limit: q.Whole("limit", 1, mostShown, usuallyShown)}
	if err := q.Done(""); err != nil {
		return nil, err
	}
	var err error
	if d.text, err = texts.Read(w, r); err != nil {
		return nil, err
	}
	d.def = &calendar.Definition{Text: d.text}
	if err := rows.Decode("calendar.toml", d.text, d.def); err != nil {
		return nil, texts.Faults(err)
	}
	if err := d.def.Check(); err != nil {
		return nil, rest.Faults(rest.Invalid, "", err)
	}
	name := mux.Vars(r)["name"]
	if d.def.Name != name {
		return nil, rest.Fault(rest.Invalid, "name", d.def.Name, "differs from the name in the path, "+strconv.Quote(name))
	}
	editions, changes, _ := a.now()
	if own := of(changes, name); len(own) > 0 {
		for i := range own {
			d.number = max(d.number, own[i].Number)
		}
	}
	d.number++
	now := editions.Newest()
	_, missing := now.Version(calendar.Ref{Name: name, Version: d.def.Version})
	d.fresh = missing != nil
	d.next, err = now.With(d.def)
	if err == nil {
		err = now.Admits(d.next, a.Service.Now())
	}
	if err != nil {
		if field, ok := errors.AsType[*data.FieldError](err); ok {
			return nil, rest.Fault(rest.Invalid, field.Field, field.Value, field.Why).Because(err)
		}
		return nil, err
	}
	return d, nil
}

// usuallyShown and mostShown bound the cases of an answer.
const (
	usuallyShown = 100
	mostShown    = 1000
)

// weigh says what a draft changes.
func (a *API) weigh(r *http.Request, d *draft) (*outcome, error) {
	shifts, clocks, err := a.Clocks.Dry(r.Context(), d.next)
	if err != nil {
		return nil, fmt.Errorf("count clocks by another calendar: %w", err)
	}
	out := &outcome{Name: d.def.Name, Version: d.def.Version, Fresh: d.fresh, Clocks: clocks, Cases: []shift{}}
	for i := range shifts {
		s := &shifts[i]
		switch {
		case s.Was.IsZero() && !s.Is.IsZero():
			out.Dated++
		case s.Is.IsZero() && !s.Was.IsZero():
			out.Undated++
		default:
			out.Changed++
		}
		if len(out.Cases) == d.limit {
			out.More = true
			continue
		}
		if full, err := a.Cases.SeesCase(r, "", s.Case); err != nil || !full {
			out.More = true
			continue
		}
		out.Cases = append(out.Cases, shift{s.Case, s.Clock, s.Was, s.Is, s.By().Seconds(), s.Why})
	}
	return out, nil
}

// Dry says which open cases a changed or new version would make due at another time: POST /v1/calendars/{name}/dry. Nothing is
// written.
func (a *API) Dry(w http.ResponseWriter, r *http.Request) error {
	d, err := a.read(w, r)
	if err != nil {
		return err
	}
	out, err := a.weigh(r, d)
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, out)
}

// Put keeps a changed or new version of a calendar and counts the clocks of open cases by it: PUT /v1/calendars/{name}. When it
// answers, their due times have followed.
func (a *API) Put(w http.ResponseWriter, r *http.Request) error {
	d, err := a.read(w, r)
	if err != nil {
		return err
	}
	out, err := a.weigh(r, d)
	if err != nil {
		return err
	}
	change := Change{
		Name: d.def.Name, Version: d.def.Version, Number: d.number, Text: d.text,
		At: a.Service.Now().UTC().Truncate(time.Millisecond), By: city.ActorOf(r),
	}
	put, err := change.put()
	if err != nil {
		return rest.Faults(rest.Invalid, "", err)
	}
	seq, err := a.Append(r, data.Tx{Changes: []data.Change{put}})
	if _, clash := errors.AsType[*data.ConflictError](err); clash {
		return rest.Refuse(rest.Conflict, "somebody else has changed calendar %s at the same time: read it again", d.def.Name).Because(err)
	}
	if err != nil {
		return city.BareChange(err)
	}
	// Whoever asked may have gone; the calendar counts.
	ctx := context.WithoutCancel(r.Context())
	if _, err := a.Engine.Wait(ctx, seq); err != nil {
		return err
	}
	if _, err := a.Clocks.Recount(ctx); err != nil {
		return fmt.Errorf("count clocks by the calendar that was put: %w", err)
	}
	out.Seq = seq
	city.SetSeq(w, seq)
	status := http.StatusOK
	if d.fresh {
		status = http.StatusCreated
		w.Header().Set("Location", fmt.Sprintf("/v1/calendars/%s?version=%d", url.PathEscape(d.def.Name), d.def.Version))
	}
	return rest.WriteJSON(w, r, status, out)
}
