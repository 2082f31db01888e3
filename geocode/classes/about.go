package classes

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/names"
)

// About is what a class is about: in plain words, and by what people call its things, normalised. Words come in the order
// of the table.
type About struct {
	Title Title
	Words []string
}

// Of is what a class is about, if the tables know it. It is safe for concurrent use.
func Of(edition string, kind Kind, code string) (About, bool) {
	t := tables()
	at := slices.Index(t.editions, edition)
	for i := range t.matters {
		m := &t.matters[i]
		if !slices.ContainsFunc(m.classes, func(c class) bool { return c.edition == at && c.kind == kind && c.code == code }) {
			continue
		}
		about := About{Title: m.title}
		for id := range names.ID(t.words.Len()) {
			if slices.ContainsFunc(t.lists[id], m.names(t)) {
				about.Words = append(about.Words, string(t.words.Name(id)))
			}
		}
		return about, true
	}
	return About{}, false
}

// names tells the lists of things that the matter is about.
func (m *matter) names(t *table) func(list) bool {
	var things []list
	for _, e := range m.evidence {
		for _, l := range e.parts[0] {
			if t.things[l] && !slices.Contains(things, l) {
				things = append(things, l)
			}
		}
	}
	return func(l list) bool { return slices.Contains(things, l) }
}
