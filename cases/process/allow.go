package process

import (
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// Code names why something may not be done with a case.
type Code string

// The codes of refusals.
const (
	NoState       Code = "no-state"        // the table has no such state
	NoAction      Code = "no-action"       // the table has no such action
	NotHere       Code = "not-here"        // the action is not possible in the state
	WrongPost     Code = "wrong-post"      // the post may not take the step
	GuardFails    Code = "guard"           // a guard does not hold
	FieldMissing  Code = "field-missing"   // a required field is not filled in
	FieldUnknown  Code = "field-unknown"   // a field is filled in that the form does not have
	FieldWrong    Code = "field-wrong"     // a field is filled in with something that it cannot be
	Separated     Code = "separated"       // whoever did something before never does this
	Pending       Code = "request-pending" // the request was asked for already
	NotPending    Code = "no-request"      // nobody asked for it
	WrongStage    Code = "wrong-stage"     // another post decides first
	DecidedBefore Code = "decided-before"  // the same person decided at a stage before
	NothingBefore Code = "nothing-before"  // there is no state, or no unit, to go back to
	Outside       Code = "outside"         // the point lies in no area of the city
)

// RefusalError says why something may not be done. It is an error.
type RefusalError struct {
	Code   Code
	State  string
	Action string
	Post   string
	// Guard, Field and Value say more, by code.
	Guard string
	Field string
	Value string
	// Title is the reason for people.
	Title data.Title
}

// Error is the reason in English.
func (r *RefusalError) Error() string {
	return fmt.Sprintf("%s in state %s: %s", r.Action, r.State, r.Title["en"])
}

// Step finds the step that an action is in a state for a post. Guards and forms are not looked at.
func (t *Table) Step(state, action, post string) (*Step, *RefusalError) {
	refuse := func(code Code, zh, en string) (*Step, *RefusalError) {
		return nil, &RefusalError{Code: code, State: state, Action: action, Post: post, Title: data.Title{"zh": zh, "en": en}}
	}
	a, ok := t.actions[action]
	if !ok {
		return refuse(NoAction, "流程中没有该操作", "the process has no such action")
	}
	of, ok := t.states[state]
	if !ok && state != New {
		return refuse(NoState, "流程中没有该状态", "the process has no such state")
	}
	s := t.steps[state][action]
	if s == nil {
		zh, en := "新建", "a new case"
		if state != New {
			zh, en = of.Title["zh"], of.Title["en"]
		}
		return refuse(NotHere, fmt.Sprintf("“%s”状态下不能%s", zh, a.Title["zh"]), fmt.Sprintf("%q is not possible in %q", a.Title["en"], en))
	}
	if !slices.Contains(s.Posts, post) {
		return refuse(WrongPost, "该岗位无此权限", "the post may not do this")
	}
	return s, nil
}

// Refuse is a refusal of the step.
func (s *Step) Refuse(code Code, post string, title data.Title) *RefusalError {
	return &RefusalError{Code: code, State: s.State, Action: s.Action, Post: post, Title: title}
}

// Admit looks at the guards of the step, and is the refusal of the first that does not hold. While nothing is filled in
// yet, guards about that are left aside.
func (s *Step) Admit(post string, f Facts, filled bool) *RefusalError {
	for _, g := range s.Guards {
		if (filled || !g.AboutForm()) && !g.Holds(f) {
			title := g.Title()
			r := s.Refuse(GuardFails, post, data.Title{"zh": "条件不满足：" + title["zh"], "en": "this must hold: " + title["en"]})
			r.Guard = g.String()
			return r
		}
	}
	return nil
}

// Fill looks at the form of the step: whether filled has all required fields and no other ones than the form has.
func (s *Step) Fill(t *Table, post string, filled []string) *RefusalError {
	// A name with a slip is told before the field that it should have been.
	for _, id := range filled {
		if _, ok := t.Field(id); !ok && fixed[id] == "" {
			return s.field(t, FieldUnknown, post, id, "不是流程中的字段", "is no field of the process")
		}
	}
	for _, id := range s.Require {
		if !slices.Contains(filled, id) {
			return s.field(t, FieldMissing, post, id, "未填写", "is not filled in")
		}
	}
	for _, id := range filled {
		if !slices.Contains(s.Require, id) && !slices.Contains(s.Optional, id) {
			return s.field(t, FieldUnknown, post, id, "不在本环节表单中", "is not in the form of this step")
		}
	}
	return nil
}

func (s *Step) field(t *Table, code Code, post, id, zh, en string) *RefusalError {
	title := data.Title{"zh": id, "en": id}
	if f, ok := t.fields[id]; ok {
		title = f.Title
	}
	r := s.Refuse(code, post, data.Title{"zh": title["zh"] + zh, "en": title["en"] + " " + en})
	r.Field = id
	return r
}

// Begins reports whether a case can begin with an action, by whatever post.
func (t *Table) Begins(action string) bool { return t.steps[New][action] != nil }

// PartAction is the action with which a part of another case begins: one out of [New] that asks for is_child.
func (t *Table) PartAction() (string, bool) {
	for _, s := range t.Steps(New) {
		for _, g := range s.Guards {
			if g.fact == "is_child" && g.least == 1 {
				return s.Action, true
			}
		}
	}
	return "", false
}
