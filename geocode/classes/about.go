package classes

import (
	"slices"
	"sync"

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

// english are the classes of the tables in English: no two of an edition and kind are about the same matter.
var english = sync.OnceValue(func() map[class]string {
	t, out := tables(), map[class]string{}
	for i := range t.matters {
		for _, c := range t.matters[i].classes {
			// A few of the oldest edition are about two: the first counts, as in Of.
			if key := (class{edition: c.edition, kind: c.kind, code: c.code}); out[key] == "" {
				out[key] = t.matters[i].title.EN
			}
		}
	}
	return out
})

// English is what a class is called in English, in words of ours; empty for one that the tables do not know. It is safe for
// concurrent use.
func English(edition string, kind Kind, code string) string {
	at := slices.Index(tables().editions, edition)
	return english()[class{edition: at, kind: kind, code: code}]
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
