// Package listing reads what a request asks for of cases: which of them, and from where on.
package listing

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Lists says by which levels and schemes cases are listed.
type Lists interface {
	By() (levels, schemes []string)
}

// Filter reads which cases a request is about. The person is the one that `task=me` means, empty for nobody. What is wrong
// is a fault of q.
func Filter(q *rest.Params, lists Lists, person string) *store.Filter {
	f := &store.Filter{}
	names := func(name string) []string {
		all, given := q.Names(name)
		if given && len(all) == 0 {
			q.Fail(rest.Fault(rest.BadRequest, name, "", "must have at least one name, or be left out"))
		}
		return all
	}
	f.States, f.Sources, f.Units, f.Classes, f.Kinds, f.Editions = names("state"), names("source"), names("unit"), names("class"), names("kind"), names("edition")
	f.Marks, f.Requests, f.Parents, f.Processes, f.Firsts = names("mark"), names("request"), names("parent"), names("process"), names("first")
	for _, task := range names("task") {
		if task == "me" {
			task = person
		}
		if task == "" {
			q.Fail(rest.Fault(rest.BadRequest, "task", "me", "is for persons of the directory"))
		}
		f.Tasks = append(f.Tasks, task)
	}
	levels, schemes := lists.By()
	for _, text := range names("area") {
		level, code := Pair(q, "area", text, levels)
		f.Areas = append(f.Areas, people.AreaKey{Level: level, Code: code})
	}
	for _, text := range names("cell") {
		scheme, code := Pair(q, "cell", text, schemes)
		f.Cells = append(f.Cells, people.CellRef{Scheme: scheme, Code: code})
	}
	if text := q.Text("open"); text != "" {
		open := q.Flag("open")
		f.Open = &open
	}
	f.Opened, f.Updated, f.Rested, f.Due = span(q, "opened"), span(q, "updated"), span(q, "rested"), span(q, "due")
	if box, ok := q.Box("bbox"); ok {
		f.Box = &box
	}
	f.Priority = q.Whole("priority", 0, 1000, 0)
	return f
}

// Pair is KIND/CODE, where the kind is one by which cases are listed.
func Pair(q *rest.Params, name, text string, kinds []string) (kind, code string) {
	kind, code, ok := strings.Cut(text, "/")
	switch {
	case !ok || code == "":
		q.Fail(rest.Fault(rest.BadRequest, name, text, "must be written as "+strings.Join(kinds, "/CODE, ")+"/CODE"))
	case !slices.Contains(kinds, kind):
		q.Fail(rest.Fault(rest.BadRequest, name, text, "is none by which cases are listed; there are "+strings.Join(kinds, ", ")))
	}
	return kind, code
}

// span is FROM/TO, times in RFC 3339 or dates, of which one may be left out.
func span(q *rest.Params, name string) (r store.Range) {
	text := q.Text(name)
	if text == "" {
		return r
	}
	from, to, ok := strings.Cut(text, "/")
	read := func(text string) (t time.Time) {
		if text == "" || text == ".." {
			return t
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t, err = time.Parse(time.DateOnly, text)
		}
		if err != nil {
			ok = false
		}
		return t
	}
	r = store.Range{From: read(from), To: read(to)}
	if !ok || r == (store.Range{}) || !r.From.IsZero() && !r.To.IsZero() && !r.From.Before(r.To) {
		q.Fail(rest.Fault(rest.BadRequest, name, text, "must be FROM/TO, times as 2026-11-02T09:00:00+08:00 or dates, the first before the second; one may be left out"))
	}
	return r
}

// Cursor reads the place after which a page begins; empty is the beginning. The error is a problem document about the cursor.
func Cursor(text string, epoch data.Epoch) (c store.Cursor, err error) {
	at, err := city.ParseCursor(text, epoch)
	if err != nil || at == "" {
		return c, err
	}
	value, id, ok := strings.Cut(at, " ")
	c.Value, err = strconv.ParseInt(value, 10, 64)
	if c.ID = id; err != nil || !ok || id == "" {
		return c, rest.Fault(rest.BadRequest, "cursor", text, "is not one that this server gave")
	}
	return c, nil
}
