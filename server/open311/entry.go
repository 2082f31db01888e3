package open311

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

// public is the post of whoever has none.
const public = "public"

// door is a step that a report from outside may take: by which post, and with which form.
type door struct {
	step *process.Step
	post string
}

// posts are those by which a request is taken, in their order: a process that lets no public report takes requests of
// programs, such as this one.
var posts = []string{public, process.System}

// fills are the fields that a request can fill in.
var fills = []string{"source", "description", "class", "point", "address", "parts", "before", "note"}

// entry finds the step by which a case begins with a request, false if the process has none.
func entry(t *process.Table) (door, bool) {
	part, _ := t.PartAction()
	for _, post := range posts {
		for _, s := range t.Steps(process.New) {
			if s.Action != part && slices.Contains(s.Posts, post) && !slices.ContainsFunc(s.Require, func(f string) bool { return !slices.Contains(fills, f) }) {
				return door{s, post}, true
			}
		}
	}
	return door{}, false
}

// remark finds the step by which somebody outside may say something about a case that goes on: one that asks for a note and
// moves nothing.
func remark(t *process.Table, state string) (door, bool) {
	for _, post := range posts {
		for _, s := range t.Steps(state) {
			if slices.Contains(s.Posts, post) && slices.Equal(s.Require, []string{"note"}) && (s.To == "" || s.To == state) {
				return door{s, post}, true
			}
		}
	}
	return door{}, false
}

// fit takes out of a form what the step has no field for.
func (d door) fit(f *cases.Form) {
	has := func(field string) bool {
		return slices.Contains(d.step.Require, field) || slices.Contains(d.step.Optional, field)
	}
	if !has("class") {
		f.Class = nil
	}
	if !has("parts") {
		f.Parts = nil
	}
	if !has("note") {
		f.Note = ""
	}
	if !has("before") {
		f.Before = nil
	}
	if !has("address") {
		f.Address, f.AddressID = "", ""
	}
	if !has("point") {
		f.Point = nil
	}
}

// refused says to whoever asked why a command was not done; errors that are nobody's fault stay as they are.
func (c *call) refused(err error) error {
	if refusal, ok := errors.AsType[*process.RefusalError](err); ok {
		return c.refuse(http.StatusBadRequest, refusal.Title.In("zh", refusal.Error()), refusal.Title.In("en", refusal.Error()))
	}
	if _, ok := errors.AsType[*cases.KeyError](err); ok {
		f := c.refuse(http.StatusBadRequest, "同一个 Idempotency-Key（或客户端编号）已用于另一个请求。", "The Idempotency-Key, or the number of the client, was used for another request.")
		f.all[0].Code = http.StatusUnprocessableEntity
		return f
	}
	if field, ok := errors.AsType[*data.FieldError](err); ok {
		return c.refuse(http.StatusBadRequest, "请求有误："+field.Error(), "The request is wrong: "+field.Error())
	}
	return err
}
