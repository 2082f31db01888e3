package readings

import (
	"net/http"
	"time"

	"github.com/gewu-city/gewu/cases/sensor/book"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// shown is a sensor as it is shown.
type shown struct {
	Part  string    `json:"part"`
	Code  string    `json:"code,omitempty"`
	Name  string    `json:"name"`
	Unit  string    `json:"unit"`
	Value float64   `json:"value"`
	Time  time.Time `json:"time"`
	// Readings are the newest ones, the oldest first.
	Readings []value    `json:"readings"`
	Rules    []standing `json:"rules"`
}

type value struct {
	Time  time.Time `json:"time"`
	Value float64   `json:"value"`
}

// standing is how a rule stands with a sensor.
type standing struct {
	Rule   string     `json:"rule"`
	Title  data.Title `json:"title"`
	Side   string     `json:"side"`
	Raise  float64    `json:"raise"`
	Clear  float64    `json:"clear"`
	Raised bool       `json:"raised"`
	Number int        `json:"number"`
	// Row is how many readings in a row are too much now.
	Row   int       `json:"row"`
	Began time.Time `json:"began,omitzero"`
	Over  time.Time `json:"over,omitzero"`
	// Case is that of the last matter, for those who see it.
	Case string `json:"case,omitempty"`
}

// List shows sensors of parts that are in sight: GET /v1/readings.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	part, name, raised := q.Text("part"), q.Text("name"), q.Text("raised")
	only := raised != "" && q.Flag("raised")
	limit := q.Whole("limit", 1, 1000, 100)
	after, err := city.ParseCursor(q.Text("cursor"), a.Store.Epoch())
	if err != nil {
		q.Fail(err)
	}
	if err := q.Done(""); err != nil {
		return err
	}
	world := a.Present(r)
	list, next := a.Book.List(after, limit, func(s *book.Sensor) bool {
		return (part == "" || part == s.Layer+"/"+s.Part) && (name == "" || name == s.Name) && (raised == "" || only == isRaised(s)) && inSight(world, s)
	})
	out := []shown{}
	for _, s := range list {
		out = append(out, a.show(r, s))
	}
	cursor := ""
	if next != "" {
		cursor = city.FormatCursor(a.Store.Epoch(), next)
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Sensors []shown   `json:"sensors"`
		Next    string    `json:"next,omitempty"`
		Now     time.Time `json:"now"`
	}{out, cursor, a.Service.Cases.Now()})
}

func isRaised(s *book.Sensor) bool {
	for _, one := range s.States {
		if one.Raised {
			return true
		}
	}
	return false
}

// inSight reports whether whoever sees a World sees the part of a sensor.
func inSight(w *index.World, s *book.Sensor) bool {
	l, ok := w.Layer(s.Layer)
	if !ok {
		return false
	}
	_, ok = l.Lookup(s.Part)
	return ok
}

func (a *API) show(r *http.Request, s *book.Sensor) shown {
	out := shown{Part: s.Layer + "/" + s.Part, Code: s.Code, Name: s.Name, Unit: s.Unit, Readings: []value{}, Rules: []standing{}}
	for _, m := range s.Readings {
		out.Readings = append(out.Readings, value{m.At, m.Value})
	}
	if newest := s.Newest(); newest != nil {
		out.Value, out.Time = newest.Value, newest.At
	}
	rules := a.Book.Rules().Rules
	for i := range rules {
		state, ok := s.States[rules[i].ID]
		if !ok {
			continue
		}
		one := standing{
			Rule: rules[i].ID, Title: rules[i].Title, Side: string(rules[i].Side), Raise: rules[i].Raise, Clear: rules[i].Clear,
			Raised: state.Raised, Number: state.Number, Row: state.Row, Began: state.Began, Over: state.Over,
		}
		if state.Case != "" {
			if full, err := a.Cases.SeesCase(r, "", state.Case); err == nil && full {
				one.Case = state.Case
			}
		}
		out.Rules = append(out.Rules, one)
	}
	return out
}
