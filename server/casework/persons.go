package casework

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/rest"
)

// candidate is a person who can be named in a form.
type candidate struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	Post         string     `json:"post"`
	PostTitle    data.Title `json:"post_title,omitempty"`
	Organisation string     `json:"organisation"`
	OrgTitle     data.Title `json:"organisation_title,omitempty"`
	// Here says that the person works for a cell of the case.
	Here bool `json:"here"`
}

// nearness orders candidates: those who work for a cell of the case, then colleagues of whoever asks, then others.
func (c *candidate) nearness(colleagues string) int {
	switch {
	case c.Here:
		return 0
	case c.Organisation == colleagues:
		return 1
	}
	return 2
}

// Persons shows who can be named where an action asks for a person: GET /v1/cases/{case}/persons. Names of staff are told to
// those alone who may take the action now.
func (a *API) Persons(w http.ResponseWriter, r *http.Request) error {
	var action, unit, words string
	var limit int
	of, want, err := a.asked(r, func(q *rest.Params) *as {
		action, unit, words = q.Text("action"), q.Text("unit"), strings.ToLower(strings.TrimSpace(q.Text("q")))
		limit = q.Whole("limit", 1, 100, 20)
		if action == "" {
			q.Fail(rest.Fault(rest.BadRequest, "action", "", "is missing: name the action that asks for the person"))
		}
		return narrowed(q)
	})
	if err != nil {
		return err
	}
	c, err := a.cfg.Store.Case(r.Context(), of.summary.ID)
	if err != nil {
		return fault.Of(err)
	}
	t, err := a.table(c)
	if err != nil {
		return err
	}
	step, actor := a.step(t, c, of.posts(want), action)
	if step == nil {
		return rest.Fault(rest.Forbidden, "action", action, "is nothing that you may do with this case now")
	}
	if !asksPerson(t, step) {
		return rest.Fault(rest.BadRequest, "action", action, "asks for no person")
	}
	var owners []string
	if state, ok := t.State(step.To); ok {
		owners = state.Owner
	}
	all := a.candidates(c, owners, unit, words)
	slices.SortStableFunc(all, func(x, y candidate) int {
		return x.nearness(actor.Organisation) - y.nearness(actor.Organisation)
	})
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Persons []candidate `json:"persons"`
	}{all[:min(len(all), limit)]})
}

// step is what an action does that one of some posts may take now, and by which; nil when none may.
func (a *API) step(t *process.Table, c *cases.Case, posts []cases.Actor, action string) (*process.Step, cases.Actor) {
	for _, post := range posts {
		for _, o := range a.offersOf(t, c, post) {
			if o.Action == action && o.Refusal == nil {
				return o.Step, post
			}
		}
	}
	return nil, cases.Actor{}
}

func asksPerson(t *process.Table, step *process.Step) bool {
	return slices.ContainsFunc(slices.Concat(step.Require, step.Optional), func(id string) bool {
		f, ok := t.Field(id)
		return ok && f.Type == "person"
	})
}

// candidates are the persons who hold one of some posts now, each once, in the order of their ids; without posts whoever
// holds any. A unit narrows them down to those who work there or below it.
func (a *API) candidates(c *cases.Case, posts []string, unit, words string) []candidate {
	d, now := a.people(), a.Service.Now()
	here := map[string]bool{}
	if p := c.Place(); p != nil {
		for _, cell := range p.Cells {
			for _, h := range d.StaffOfCell(cell, now) {
				here[h.Staff.ID] = true
			}
		}
	}
	out := []candidate{}
	for _, s := range d.Staff() {
		if words != "" && !strings.Contains(strings.ToLower(s.ID+"\n"+s.Name), words) {
			continue
		}
		held := d.HoldingsAt(s.ID, now)
		i := slices.IndexFunc(held, func(h people.Held) bool {
			return (len(posts) == 0 || slices.Contains(posts, h.Post)) && (unit == "" || slices.ContainsFunc(d.Path(h.Organisation), func(o *people.Organisation) bool { return o.ID == unit }))
		})
		if i < 0 {
			continue
		}
		one := candidate{ID: s.ID, Name: s.Name, Post: held[i].Post, Organisation: held[i].Organisation, OrgTitle: a.titleOf(held[i].Organisation), Here: here[s.ID]}
		if p, ok := d.Post(one.Post); ok {
			one.PostTitle = p.Title
		}
		out = append(out, one)
	}
	return out
}
