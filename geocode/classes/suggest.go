package classes

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geocode/normal"
)

// Kind is what a class is a class of.
type Kind string

// Kinds of the national tables: what stands in a city, and what happens in it.
const (
	Part  Kind = "part"
	Event Kind = "event"
)

// Title says in plain words what a report is about, the same in every edition.
type Title struct{ ZH, EN string }

// Span is where words stand in a source: bytes from Start up to End, exclusive.
type Span struct{ Start, End int }

// Suggestion is a class that a text may be about.
type Suggestion struct {
	// Edition is the table of the class: "GBT47678.5-2026", "GBT30428.2-2013", "CJT214-2007", or "local:" and a city.
	Edition string
	Kind    Kind
	// Code and Name are those of the class in its edition. A code alone is not unique: editions and kinds share them.
	Code, Name string
	Title      Title
	// Score says from 1 to 100 how much the words speak for the class. It is no probability. Above 80 the text says what
	// is the matter; below 60 it only mentions a thing.
	Score int
	// Words are what speaks for it, in order.
	Words []Span
}

// Suggest returns the classes that a text in Chinese or English may be about: at most most in each edition, the best
// first. Of equal scores the one with more text behind it comes first; then the newer edition. A text without evidence
// has none. It reads as much of a text as [normal.MostBytes], and is safe for concurrent use.
func Suggest(text string, most int) []Suggestion {
	if most <= 0 {
		return nil
	}
	t, source := tables(), normal.Of(text)
	found := t.find(source.Runes)
	if len(found.words) == 0 {
		return nil
	}
	var all []candidate
	for i := range t.matters {
		m := &t.matters[i]
		p, ok := found.prove(m)
		if !ok {
			continue
		}
		for _, c := range m.classes {
			if score := p.scoreOf(c); score > 0 {
				all = append(all, candidate{class: c, matter: m, proof: p, score: score})
			}
		}
	}
	slices.SortFunc(all, better)
	return pick(all, most, found, source)
}

// candidate is a class with what speaks for it.
type candidate struct {
	class  class
	matter *matter
	proof  proof
	score  int
}

func better(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(b.score, a.score),
		cmp.Compare(b.proof.length, a.proof.length),
		cmp.Compare(a.class.edition, b.class.edition),
		cmp.Compare(a.class.row, b.class.row),
	)
}

// pick takes the best most candidates of each edition. A class that several matters lead to counts once.
func pick(all []candidate, most int, found *found, source *normal.Text) []Suggestion {
	type key struct {
		edition int
		kind    Kind
		code    string
	}
	var out []Suggestion
	seen, taken := map[key]bool{}, map[int]int{}
	for _, c := range all {
		k := key{c.class.edition, c.class.kind, c.class.code}
		if seen[k] || taken[c.class.edition] == most {
			continue
		}
		seen[k] = true
		taken[c.class.edition]++
		out = append(out, Suggestion{
			Edition: found.table.editions[c.class.edition], Kind: c.class.kind, Code: c.class.code, Name: c.class.name,
			Title: c.matter.title, Score: c.score, Words: found.spans(c.proof, source),
		})
	}
	return out
}
