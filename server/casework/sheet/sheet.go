// Package sheet shows a process, and what is to be filled in at its steps, as programs read it.
package sheet

import (
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

// Process is a process as it is shown: its states and the steps out of them.
type Process struct {
	Name       string            `json:"name"`
	Version    int               `json:"version"`
	Title      data.Title        `json:"title"`
	Posts      []titled          `json:"posts"`
	States     []stateShown      `json:"states"`
	Actions    []titled          `json:"actions"`
	Steps      []stepShown       `json:"steps"`
	Clocks     []limited         `json:"clocks"`
	Fields     []Field           `json:"fields"`
	Marks      []titled          `json:"marks"`
	Counts     []titled          `json:"counts"`
	Requests   []requestShown    `json:"requests"`
	Separation []separationShown `json:"separation"`
}

type titled struct {
	ID    string     `json:"id"`
	Title data.Title `json:"title"`
}

type stateShown struct {
	titled
	Owner  []string `json:"owner"`
	Final  bool     `json:"final"`
	Public string   `json:"public,omitempty"`
}

type limited struct {
	titled
	Limit string `json:"limit,omitempty"`
}

type guardShown struct {
	Guard string     `json:"guard"`
	Title data.Title `json:"title"`
}

type stepShown struct {
	State    string           `json:"state"`
	Action   string           `json:"action"`
	To       string           `json:"to"`
	Posts    []string         `json:"posts"`
	Guards   []guardShown     `json:"guards"`
	Require  []string         `json:"require"`
	Optional []string         `json:"optional"`
	Clocks   []process.Effect `json:"clocks"`
	Request  string           `json:"request,omitempty"`
	Part     process.Part     `json:"part,omitempty"`
}

type requestShown struct {
	titled
	States []string         `json:"states"`
	Posts  []string         `json:"posts"`
	Decide [][]string       `json:"decide"`
	Guards []guardShown     `json:"guards"`
	To     string           `json:"to,omitempty"`
	Clocks []process.Effect `json:"clocks"`
}

type separationShown struct {
	Did            []string `json:"did"`
	Never          []string `json:"never"`
	ByOrganisation bool     `json:"by_organisation,omitempty"`
}

// Each is a list of what something is shown as, never nil.
func Each[T, S any](all []T, show func(*T) S) []S {
	out := make([]S, 0, len(all))
	for i := range all {
		out = append(out, show(&all[i]))
	}
	return out
}

// Of is a table as it is shown.
func Of(t *process.Table) *Process {
	name := func(n *process.Name) titled { return titled{n.ID, n.Title} }
	guard := func(g *process.Guard) guardShown { return guardShown{g.String(), g.Title()} }
	effect := func(e *process.Effect) process.Effect { return *e }
	out := &Process{
		Name: t.Name, Version: t.Version, Title: t.Title, Posts: Each(t.NewPosts, name), Marks: Each(t.Marks, name), Counts: Each(t.Counts, name),
		States: Each(t.States, func(s *process.State) stateShown {
			return stateShown{titled{s.ID, s.Title}, list(s.Owner), s.Final, s.Public}
		}),
		Actions: Each(t.Actions, func(a *process.Action) titled { return titled{a.ID, a.Title} }),
		Clocks:  Each(t.Clocks, func(c *process.Clock) limited { return limited{titled{c.ID, c.Title}, c.Limit} }),
		Fields:  Each(t.Fields, func(f *process.Field) Field { return fieldOf(f, false) }),
		Requests: Each(t.Requests, func(r *process.Request) requestShown {
			return requestShown{titled{r.ID, r.Title}, list(r.States), list(r.Posts), r.Decide, Each(r.Guards, guard), r.To, Each(r.Clocks, effect)}
		}),
		Separation: Each(t.Separation, func(s *process.Separation) separationShown { return separationShown(*s) }),
		Steps:      []stepShown{},
	}
	states := []string{process.New}
	for i := range t.States {
		states = append(states, t.States[i].ID)
	}
	for _, state := range states {
		for _, s := range t.Steps(state) {
			out.Steps = append(out.Steps, stepShown{
				State: state, Action: s.Action, To: s.To, Posts: list(s.Posts), Guards: Each(s.Guards, guard), Require: list(s.Require), Optional: list(s.Optional),
				Clocks: Each(s.Clocks, effect), Request: s.Request, Part: s.Part,
			})
		}
	}
	return out
}

// list is never nil, so that an answer has an empty list.
func list(s []string) []string { return Each(s, func(one *string) string { return *one }) }

// Field is something that is filled in at a step.
type Field struct {
	Name     string     `json:"name"`
	Title    data.Title `json:"title"`
	Type     string     `json:"type"`
	Required bool       `json:"required"`
	Choices  []Choice   `json:"choices,omitempty"`
}

// Choice is a value that a field can have.
type Choice struct {
	Value string     `json:"value"`
	Title data.Title `json:"title"`
}

// fieldTypes are the names of types for programs that draw forms.
var fieldTypes = map[string]string{"voices": "voice", "quantities": "quantity", "organisation": "unit", "organisations": "units"}

func fieldOf(f *process.Field, required bool) Field {
	out := Field{Name: f.ID, Title: f.Title, Type: f.Type, Required: required}
	if name, ok := fieldTypes[f.Type]; ok {
		out.Type = name
	}
	for _, c := range f.Choices {
		out.Choices = append(out.Choices, Choice{c.ID, c.Title})
	}
	return out
}

// Form is the form of a step, what must be filled in first.
func Form(t *process.Table, s *process.Step) []Field {
	out := []Field{}
	add := func(ids []string, required bool) {
		for _, id := range ids {
			f, ok := t.Field(id)
			if !ok {
				continue
			}
			out = append(out, fieldOf(f, required))
		}
	}
	add(s.Require, true)
	add(s.Optional, false)
	return out
}
