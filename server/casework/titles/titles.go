// Package titles is what the names in an event are called, for people who read what happened to a case.
package titles

import (
	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// Titles are what names in the form of an event are called. What nobody knows is left out.
type Titles struct {
	Class data.Title `json:"class,omitempty"`
	// Units are organisations, Fields those of the process and Choices what was chosen in them, by their names.
	Units   map[string]data.Title `json:"units,omitempty"`
	Fields  map[string]data.Title `json:"fields,omitempty"`
	Choices map[string]data.Title `json:"choices,omitempty"`
	Person  string                `json:"person,omitempty"`
}

// Mark is a mark of a clock with what it is called.
type Mark struct {
	cases.Mark
	Title data.Title `json:"title,omitempty"`
}

// Names knows what names are called.
type Names struct {
	Directory *people.Directory
	Field     func(id string) (*process.Field, bool) // of the process of the case
	Rules     *clock.Rules
	Class     func(cases.Class) data.Title
}

// Of are the titles of the form of an event; nil where it has no names.
func (n *Names) Of(f *cases.Form) *Titles {
	var t Titles
	put := func(to *map[string]data.Title, name string, title data.Title) {
		if len(title) == 0 {
			return
		}
		if *to == nil {
			*to = map[string]data.Title{}
		}
		(*to)[name] = title
	}
	for _, unit := range append([]string{f.Unit}, f.Units...) {
		if o, ok := n.Directory.Organisation(unit); ok {
			put(&t.Units, unit, o.Title)
		}
	}
	if p, ok := n.Directory.Person(f.Person); ok {
		t.Person = p.Name
	}
	if f.Class != nil {
		t.Class = n.Class(*f.Class)
	}
	for name, value := range f.Fields {
		field, ok := n.Field(name)
		if !ok {
			continue
		}
		put(&t.Fields, name, field.Title)
		for _, c := range field.Choices {
			if c.ID == value {
				put(&t.Choices, name, c.Title)
			}
		}
	}
	if t.Person == "" && len(t.Class)+len(t.Units)+len(t.Fields) == 0 {
		return nil
	}
	return &t
}

// Told are marks with what they are called: the clock and what it has reached, as Filing: overdue.
func (n *Names) Told(marks []cases.Mark) []Mark {
	var out []Mark
	for _, m := range marks {
		one := Mark{Mark: m}
		if rule := n.Rules.Rule(m.Clock); rule != nil {
			for i := range rule.Marks {
				if is := &rule.Marks[i]; is.Kind == m.Kind && is.Level == m.Level && len(is.Title) > 0 && len(rule.Title) > 0 {
					one.Title = data.Title{"zh": rule.Title.In("zh", m.Clock) + "：" + is.Title.In("zh", m.Kind), "en": rule.Title.In("en", m.Clock) + ": " + is.Title.In("en", m.Kind)}
				}
			}
		}
		out = append(out, one)
	}
	return out
}
