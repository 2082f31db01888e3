package process

import (
	"slices"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

// What the actions of a request are called: %s stands in the titles for that of the request.
var parts = []struct {
	part   Part
	zh, en [2]string
}{
	{Ask, [2]string{"申请", ""}, [2]string{"Ask: ", ""}},
	{Grant, [2]string{"同意", ""}, [2]string{"Grant: ", ""}},
	{Refuse, [2]string{"不同意", ""}, [2]string{"Refuse: ", ""}},
	{Withdraw, [2]string{"撤回", "申请"}, [2]string{"Withdraw: ", ""}},
}

// RequestAction is the action that does a part of a request.
func RequestAction(request string, part Part) string { return request + "-" + string(part) }

// buildRequests makes four actions of each request, with their steps in all of its states: so what may be done with
// requests is rows of the same table.
func (b *builder) buildRequests() {
	for _, id := range rows.Keys(b.origin, "requests", b.doc.Requests) {
		row, at := b.doc.Requests[id], "requests."+id
		b.titled(at, row.Title)
		b.knownPosts(at, "posts", row.Posts)
		var deciders []string
		for _, stage := range row.Decide {
			b.knownPosts(at, "decide", stage)
			if len(stage) == 0 {
				b.fault(at, "decide", "", "has a stage in which nobody decides")
			}
			deciders = append(deciders, stage...)
		}
		if len(row.Posts) == 0 || len(row.Decide) == 0 {
			b.fault(at, "posts", "", "or decide is missing: somebody asks, somebody decides")
		}
		if row.To != "" && b.states[row.To] == nil {
			b.fault(at, "to", row.To, "there is no such state")
		}
		if len(row.States) == 0 {
			b.fault(at, "states", "", "is missing")
		}
		b.form(at, map[string][]string{"require": row.Require, "optional": row.Optional})
		b.named(at, "mark", row.Mark, b.Marks)
		r := Request{
			ID: id, Title: row.Title, States: row.States, Posts: row.Posts, Decide: row.Decide, Guards: b.guards(at, row.Guards),
			Require: row.Require, Optional: row.Optional, To: row.To, Clocks: b.effects(at, row.Clocks), Mark: row.Mark,
		}
		b.Requests = append(b.Requests, r)
		slices.Sort(deciders)
		b.requestSteps(&r, slices.Compact(deciders), at)
	}
	b.lapse()
}

func (b *builder) requestSteps(r *Request, deciders []string, at string) {
	for _, p := range parts {
		action := RequestAction(r.ID, p.part)
		if slices.ContainsFunc(b.Actions, func(a Action) bool { return a.ID == action }) {
			b.fault(at, "", action, "there is an action of this name already")
		}
		b.Actions = append(b.Actions, Action{ID: action, Request: r.ID, Part: p.part, Title: data.Title{
			"zh": p.zh[0] + r.Title["zh"] + p.zh[1], "en": p.en[0] + r.Title["en"] + p.en[1],
		}})
		s := &Step{Action: action, Request: r.ID, Part: p.part, Stages: r.Decide, row: at}
		switch p.part {
		case Ask:
			s.Posts, s.Guards, s.Require, s.Optional, s.Notify = r.Posts, r.Guards, r.Require, r.Optional, []Notify{"above"}
		case Withdraw:
			s.Posts = r.Posts
		case Refuse:
			s.Posts, s.Require, s.Notify = deciders, b.reason(), []Notify{"unit"}
		case Grant:
			s.Posts, s.To, s.Clocks, s.Mark, s.Notify = deciders, r.To, r.Clocks, r.Mark, []Notify{"unit"}
			s.Optional = b.untilOf(r)
		}
		for _, state := range r.States {
			if b.states[state] == nil {
				b.fault(at, "states", state, "there is no such state")
				continue
			}
			b.put(s, state)
		}
	}
}

// reason is required of whoever refuses, where the table has such a field.
func (b *builder) reason() []string {
	if _, ok := b.doc.Fields["reason"]; ok {
		return []string{"reason"}
	}
	return nil
}

// untilOf lets whoever grants a request that has a date set another one.
func (b *builder) untilOf(r *Request) []string {
	if slices.Contains(r.Require, "until") || slices.Contains(r.Optional, "until") {
		return []string{"until"}
	}
	return nil
}

// lapse finds for each step the requests that cannot be decided any more when it is taken.
func (b *builder) lapse() {
	for _, byAction := range b.steps {
		for _, s := range byAction {
			if s.To == s.State {
				continue
			}
			for i := range b.Requests {
				r := &b.Requests[i]
				if r.ID != s.Request && slices.Contains(r.States, s.State) && !slices.Contains(r.States, s.To) {
					s.Lapse = append(s.Lapse, r.ID)
				}
			}
		}
	}
}
