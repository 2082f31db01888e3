package casework

import (
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

// processShown is a process as it is shown: its states and the steps out of them.
type processShown struct {
	Name       string            `json:"name"`
	Version    int               `json:"version"`
	Title      data.Title        `json:"title"`
	Posts      []titled          `json:"posts"`
	States     []stateShown      `json:"states"`
	Actions    []titled          `json:"actions"`
	Steps      []stepShown       `json:"steps"`
	Clocks     []limited         `json:"clocks"`
	Fields     []formField       `json:"fields"`
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

// each is a list of what something is shown as, never nil.
func each[T, S any](all []T, show func(*T) S) []S {
	out := make([]S, 0, len(all))
	for i := range all {
		out = append(out, show(&all[i]))
	}
	return out
}

func tableOf(t *process.Table) *processShown {
	name := func(n *process.Name) titled { return titled{n.ID, n.Title} }
	guard := func(g *process.Guard) guardShown { return guardShown{g.String(), g.Title()} }
	effect := func(e *process.Effect) process.Effect { return *e }
	out := &processShown{
		Name: t.Name, Version: t.Version, Title: t.Title, Posts: each(t.NewPosts, name), Marks: each(t.Marks, name), Counts: each(t.Counts, name),
		States: each(t.States, func(s *process.State) stateShown {
			return stateShown{titled{s.ID, s.Title}, list(s.Owner), s.Final, s.Public}
		}),
		Actions: each(t.Actions, func(a *process.Action) titled { return titled{a.ID, a.Title} }),
		Clocks:  each(t.Clocks, func(c *process.Clock) limited { return limited{titled{c.ID, c.Title}, c.Limit} }),
		Fields:  each(t.Fields, func(f *process.Field) formField { return fieldOf(f, false) }),
		Requests: each(t.Requests, func(r *process.Request) requestShown {
			return requestShown{titled{r.ID, r.Title}, list(r.States), list(r.Posts), r.Decide, each(r.Guards, guard), r.To, each(r.Clocks, effect)}
		}),
		Separation: each(t.Separation, func(s *process.Separation) separationShown { return separationShown(*s) }),
		Steps:      []stepShown{},
	}
	states := []string{process.New}
	for i := range t.States {
		states = append(states, t.States[i].ID)
	}
	for _, state := range states {
		for _, s := range t.Steps(state) {
			out.Steps = append(out.Steps, stepShown{
				State: state, Action: s.Action, To: s.To, Posts: list(s.Posts), Guards: each(s.Guards, guard), Require: list(s.Require), Optional: list(s.Optional),
				Clocks: each(s.Clocks, effect), Request: s.Request, Part: s.Part,
			})
		}
	}
	return out
}
