package process

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

// builder makes a table of a document. Faults are collected: an administrator wants to see all of them.
type builder struct {
	*Table
	doc    *document
	posts  map[string]bool
	faults []error
}

func (b *builder) fault(row, field, value, format string, args ...any) {
	b.faults = append(b.faults, b.origin.Fault(row, field, value, format, args...))
}

func build(doc *document, from *rows.Source, posts []string) (*Table, error) {
	b := &builder{doc: doc, posts: map[string]bool{System: true}, Table: &Table{
		Name: doc.Name, Version: doc.Version, Title: doc.Title, origin: from,
		steps: map[string]map[string]*Step{}, states: map[string]*State{}, actions: map[string]*Action{}, fields: map[string]*Field{},
	}}
	b.Files = from.Files()
	slices.Reverse(b.Files)
	for _, p := range posts {
		b.posts[p] = true
	}
	if !data.ValidName(underscored(doc.Name)) {
		b.fault("", "name", doc.Name, "must be small letters, digits and hyphens, a letter first")
	}
	if doc.Version < 1 {
		b.fault("", "version", "", "must be 1 or more: cases keep the version under which they began")
	}
	b.NewPosts = names(from, "posts", doc.Posts)
	for _, p := range b.NewPosts {
		b.titled("posts."+p.ID, p.Title)
		b.posts[p.ID] = true
	}
	b.vocabulary()
	b.buildStates()
	b.buildActions()
	b.buildSteps()
	b.buildRequests()
	b.buildSeparation()
	if len(b.faults) == 0 {
		b.index()
		b.order()
		b.check()
	}
	if len(b.faults) > 0 {
		slices.SortStableFunc(b.faults, func(a, c error) int { return strings.Compare(a.Error(), c.Error()) })
		return nil, errors.Join(slices.CompactFunc(b.faults, func(a, c error) bool { return a.Error() == c.Error() })...)
	}
	return b.Table, nil
}

func underscored(s string) string {
	out := []byte(s)
	for i := range out {
		switch out[i] {
		case '-':
			out[i] = '_'
		case '_':
			out[i] = ' '
		}
	}
	return string(out)
}

func (b *builder) titled(row string, t data.Title) {
	for _, lang := range []string{"zh", "en"} {
		if t[lang] == "" {
			b.fault(row, "title", "", "has no %s", lang)
		}
	}
}

func names(from *rows.Source, section string, titles map[string]data.Title) []Name {
	var out []Name
	for _, id := range rows.Keys(from, section, titles) {
		out = append(out, Name{ID: id, Title: titles[id]})
	}
	return out
}

func (b *builder) vocabulary() {
	for _, id := range rows.Keys(b.origin, "clocks", b.doc.Clocks) {
		row := b.doc.Clocks[id]
		b.titled("clocks."+id, row.Title)
		if row.Limit != "" && !ValidLimit(row.Limit) {
			b.fault("clocks."+id, "limit", row.Limit, "must be a number above 0 and a unit, as %q; units are %s", "2 work_day", strings.Join(units, ", "))
		}
		b.Clocks = append(b.Clocks, Clock{ID: id, Title: row.Title, Limit: row.Limit, ByClass: row.ByClass || row.Limit == ""})
	}
	for _, id := range rows.Keys(b.origin, "fields", b.doc.Fields) {
		row := b.doc.Fields[id]
		at := "fields." + id
		b.titled(at, row.Title)
		if want, ok := fixed[id]; ok && row.Type != want {
			b.fault(at, "type", row.Type, "must be %s: the field means the same in every process", want)
		} else if !ok && !slices.Contains(freeTypes, row.Type) {
			b.fault(at, "type", row.Type, "must be one of %v", freeTypes)
		}
		if (row.Type == "choice") != (len(row.Choices) > 0) {
			b.fault(at, "choices", "", "belong to fields of type choice, which must have some")
		}
		b.Fields = append(b.Fields, Field{ID: id, Title: row.Title, Type: row.Type, Choices: names(b.origin, at+".choices", row.Choices)})
	}
	b.Marks, b.Counts = names(b.origin, "marks", b.doc.Marks), names(b.origin, "counts", b.doc.Counts)
	for section, all := range map[string][]Name{"marks": b.Marks, "counts": b.Counts} {
		for _, n := range all {
			b.titled(section+"."+n.ID, n.Title)
		}
	}
}

// ValidLimit reports whether a text is a limit: a number above 0 and a unit, such as "2 work_day".
func ValidLimit(s string) bool {
	number, unit, _ := strings.Cut(s, " ")
	n, err := strconv.ParseFloat(number, 64)
	return err == nil && n > 0 && n <= 20_000*24 && slices.Contains(units, unit)
}

func (b *builder) buildStates() {
	for _, id := range rows.Keys(b.origin, "states", b.doc.States) {
		row, at := b.doc.States[id], "states."+id
		b.titled(at, row.Title)
		if id == New || id == Any || id == Previous {
			b.fault(at, "", id, "is a word with a meaning of its own and no state")
		}
		if row.Public != "open" && row.Public != "closed" {
			b.fault(at, "public", row.Public, "must be open or closed")
		}
		b.knownPosts(at, "owner", row.Owner)
		if !row.Final && len(row.Owner) == 0 {
			b.fault(at, "owner", "", "is missing: a case that is not at rest lies in somebody's inbox")
		}
		b.States = append(b.States, State{ID: id, Title: row.Title, Owner: row.Owner, Final: row.Final, Public: row.Public})
	}
	for i := range b.States {
		b.states[b.States[i].ID] = &b.States[i]
	}
}

func (b *builder) buildActions() {
	for _, n := range names(b.origin, "actions", b.doc.Actions) {
		b.titled("actions."+n.ID, n.Title)
		b.Actions = append(b.Actions, Action{ID: n.ID, Title: n.Title})
	}
}

func (b *builder) knownPosts(row, field string, posts []string) {
	for _, p := range posts {
		if !b.posts[p] {
			b.fault(row, field, p, "there is no such post")
		}
	}
}

func (b *builder) guards(row string, texts []string) []Guard {
	var out []Guard
	for _, s := range texts {
		g, err := ParseGuard(s)
		if err != nil {
			b.fault(row, "guards", s, "%s", err)
			continue
		}
		g.name = b.about(g.fact)
		out = append(out, g)
	}
	if why := contradiction(out); why != "" {
		b.fault(row, "guards", "", "%s", why)
	}
	return out
}

// about is what people call the thing that a fact with a point is about.
func (b *builder) about(fact string) data.Title {
	section, id, _ := strings.Cut(fact, ".")
	switch section {
	case "mark":
		return b.doc.Marks[id]
	case "count":
		return b.doc.Counts[id]
	case "granted", "asked":
		return b.doc.Requests[id].Title
	case "overdue":
		return b.doc.Clocks[id].Title
	case "field":
		return b.doc.Fields[id].Title
	}
	return nil
}

func (b *builder) effects(row string, clocks map[string]string) []Effect {
	var out []Effect
	for i := range b.Clocks {
		do, ok := clocks[b.Clocks[i].ID]
		if !ok || do == "" {
			continue
		}
		if !slices.Contains(dos, Do(do)) {
			b.fault(row, "clocks", do, "must be one of %v", dos)
		}
		out = append(out, Effect{Clock: b.Clocks[i].ID, Do: Do(do)})
	}
	for id := range clocks {
		if !slices.ContainsFunc(b.Clocks, func(c Clock) bool { return c.ID == id }) {
			b.fault(row, "clocks", id, "there is no such clock")
		}
	}
	return out
}

func (b *builder) form(row string, lists map[string][]string) {
	for field, list := range lists {
		for _, id := range list {
			if !slices.ContainsFunc(b.Fields, func(f Field) bool { return f.ID == id }) {
				b.fault(row, field, id, "there is no such field")
			}
		}
	}
}

func (b *builder) named(row, field, id string, all []Name) {
	if id != "" && !slices.ContainsFunc(all, func(n Name) bool { return n.ID == id }) {
		b.fault(row, field, id, "is not declared")
	}
}

// buildSteps lays rows of one state over rows of several, and these over rows of any.
func (b *builder) buildSteps() {
	all := rows.Keys(b.origin, "steps", b.doc.Steps)
	width := func(key string) int {
		if n := len(strings.Fields(key)); key != Any {
			return n
		}
		return len(b.States) + 1
	}
	slices.SortStableFunc(all, func(a, c string) int { return width(c) - width(a) })
	for _, key := range all {
		states := strings.Fields(key)
		if key == Any {
			states = b.open()
		}
		for _, action := range rows.Keys(b.origin, "steps."+key, b.doc.Steps[key]) {
			s := b.step(key, action, b.doc.Steps[key][action])
			for _, state := range states {
				if state != New && b.states[state] == nil {
					b.fault(s.row, "", state, "there is no such state")
					continue
				}
				b.put(s, state)
			}
		}
	}
}

func (t *Table) open() []string {
	var out []string
	for i := range t.States {
		if !t.States[i].Final {
			out = append(out, t.States[i].ID)
		}
	}
	return out
}

// put adds a copy of a step to a state. Without a target of its own it stays where it is.
func (b *builder) put(s *Step, state string) {
	one := *s
	one.State = state
	if one.To == "" {
		one.To = state
	}
	if b.steps[state] == nil {
		b.steps[state] = map[string]*Step{}
	}
	b.steps[state][one.Action] = &one
}

func (b *builder) step(state, action string, row stepRow) *Step {
	at := "steps." + state + "." + action
	if !slices.ContainsFunc(b.Actions, func(a Action) bool { return a.ID == action }) {
		b.fault(at, "", action, "there is no such action")
	}
	if len(row.Posts) == 0 {
		b.fault(at, "posts", "", "is missing: nobody could take the step")
	}
	b.knownPosts(at, "posts", row.Posts)
	if row.To != "" && row.To != Previous && b.states[row.To] == nil {
		b.fault(at, "to", row.To, "there is no such state")
	}
	if state == New && (row.To == "" || row.To == Previous) {
		b.fault(at, "to", row.To, "must name a state: a new case has none to stay in or go back to")
	}
	if !slices.Contains(moves, Move(row.Unit)) {
		b.fault(at, "unit", row.Unit, "must be one of %q", moves)
	}
	b.form(at, map[string][]string{"require": row.Require, "optional": row.Optional})
	if needs := Move(row.Unit); (needs == Set || needs == Push) && !slices.Contains(row.Require, "unit") {
		b.fault(at, "require", "", "must have unit: the step gives the case to the unit that is filled in")
	}
	if row.Split && !slices.Contains(row.Require, "units") {
		b.fault(at, "require", "", "must have units: each gets a case of its own")
	}
	b.named(at, "mark", row.Mark, b.Marks)
	b.named(at, "unmark", row.Unmark, b.Marks)
	b.named(at, "count", row.Count, b.Counts)
	s := &Step{
		Action: action, To: row.To, Posts: row.Posts, Guards: b.guards(at, row.Guards),
		Require: row.Require, Optional: row.Optional, Clocks: b.effects(at, row.Clocks), Unit: Move(row.Unit),
		Task: row.Task, Untask: row.Untask, Mark: row.Mark, Unmark: row.Unmark, Count: row.Count,
		Snapshot: row.Snapshot, Split: row.Split, row: at,
	}
	for _, n := range row.Notify {
		if !slices.Contains(notifies, Notify(n)) {
			b.fault(at, "notify", n, "must be one of %v", notifies)
		}
		s.Notify = append(s.Notify, Notify(n))
	}
	return s
}

func (b *builder) buildSeparation() {
	for _, id := range rows.Keys(b.origin, "separation", b.doc.Separation) {
		row, at := b.doc.Separation[id], "separation."+id
		for field, list := range map[string][]string{"did": row.Did, "never": row.Never} {
			if len(list) == 0 {
				b.fault(at, field, "", "is missing")
			}
			for _, action := range list {
				if !slices.ContainsFunc(b.Actions, func(a Action) bool { return a.ID == action }) {
					b.fault(at, field, action, "there is no such action")
				}
			}
		}
		b.Separation = append(b.Separation, Separation(row))
	}
}

func (b *builder) index() {
	for i := range b.Actions {
		b.actions[b.Actions[i].ID] = &b.Actions[i]
	}
	for i := range b.Fields {
		b.fields[b.Fields[i].ID] = &b.Fields[i]
	}
}
