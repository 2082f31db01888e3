package casework

import (
	"net/http"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/dossier"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/casework/titles"
	"github.com/gewu-city/gewu/server/rest"
)

// happened is an event as it is shown.
type happened struct {
	Number int         `json:"number"`
	At     time.Time   `json:"at"`
	Actor  *actor      `json:"actor,omitempty"`
	Action string      `json:"action"`
	Title  data.Title  `json:"title"`
	Form   *cases.Form `json:"form,omitempty"`
	From   string      `json:"from,omitempty"`
	To     string      `json:"to"`
	// Clocks are what happened to clocks.
	Clocks []cases.ClockEffect `json:"clocks,omitempty"`
	// Told are marks of clocks that were reached.
	Told []titles.Mark `json:"told,omitempty"`
	// Titles are what names in the form are called.
	Titles  *titles.Titles `json:"titles,omitempty"`
	Place   *placeShown    `json:"place,omitempty"`
	Request string         `json:"request,omitempty"`
	Part    process.Part   `json:"part,omitempty"`
	Granted bool           `json:"granted,omitempty"`
	Lapsed  []string       `json:"lapsed,omitempty"`
	Link    *cases.Link    `json:"link,omitempty"`
	// Via is the message of another platform that it came by.
	Via   *dossier.Via  `json:"via,omitempty"`
	Split []cases.Child `json:"children,omitempty"`
	// Picture is what the public sees from here on, or not any more.
	Picture string `json:"picture,omitempty"`
}

type actor struct {
	Person            string     `json:"person,omitempty"`
	Name              string     `json:"name,omitempty"`
	Organisation      string     `json:"organisation,omitempty"`
	OrganisationTitle data.Title `json:"organisation_title,omitempty"`
	Post              string     `json:"post"`
	PostTitle         data.Title `json:"post_title,omitempty"`
}

// Events shows what happened to a case: GET /v1/cases/{case}/events.
func (a *API) Events(w http.ResponseWriter, r *http.Request) error {
	of, _, err := a.asked(r, nil)
	if err != nil {
		return err
	}
	d, err := a.Dossier(r.Context(), of.summary.ID)
	if err != nil {
		return fault.Of(err)
	}
	t, err := a.table(d.Case)
	if err != nil {
		return err
	}
	all := []happened{}
	for _, e := range d.Events {
		all = append(all, a.happened(t, e, of.full))
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Events []happened `json:"events"`
		Now    time.Time  `json:"now"`
	}{all, a.Service.Now()})
}

func (a *API) happened(t *process.Table, e *cases.Event, full bool) happened {
	out := happened{Number: e.Number, At: e.At, Action: e.Action, Title: dossier.Titles[e.Action], From: e.From, To: e.To}
	if action, ok := t.Action(e.Action); ok {
		out.Title = action.Title
	}
	if out.Title == nil {
		out.Title = data.Title{}
	}
	if !full {
		return out
	}
	d := a.people()
	out.Actor = &actor{Person: e.Actor.Person, Organisation: e.Actor.Organisation, OrganisationTitle: a.titleOf(e.Actor.Organisation), Post: e.Actor.Post, PostTitle: postTitle(d, t, e.Actor.Post)}
	if p, ok := d.Person(e.Actor.Person); ok {
		out.Actor.Name = p.Name
	}
	form := e.Form
	form.Reporter, form.Client = "", ""
	if len(form.Filled()) > 0 || form.Private {
		out.Form = &form
	}
	names := &titles.Names{Directory: d, Field: t.Field, Rules: a.cfg.Timing.Rules, Class: a.classTitle}
	out.Told, out.Titles = names.Told(e.Told), names.Of(&form)
	out.Via, out.Picture = dossier.Came(e), e.Picture
	out.Clocks, out.Place, out.Request, out.Part, out.Granted, out.Lapsed, out.Link, out.Split = e.Clocks, a.placeOf(e.Place), e.Request, e.Part, e.Granted, e.Lapsed, e.Link, e.Children
	return out
}

// postTitle is what a post is called, by the directory or by the process.
func postTitle(d *people.Directory, t *process.Table, post string) data.Title {
	if post == process.System {
		return data.Title{"zh": "系统", "en": "The program"}
	}
	if p, ok := d.Post(post); ok {
		return p.Title
	}
	for _, p := range t.NewPosts {
		if p.ID == post {
			return p.Title
		}
	}
	return nil
}
