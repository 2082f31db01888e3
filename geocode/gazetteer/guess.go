package gazetteer

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/names"
)

// Guess finds names in one text that it resembles from afar: with more slips than [Gazetteer.Near] forgives, with parts in
// another order, or one left out. It has the other methods of its Gazetteer.
type Guess struct {
	*Gazetteer
	text  int
	found []names.Likeness // ascending by where they begin
}

// LeastGuess is how many slips the Matches of a Guess have at least: more than those of a Gazetteer.
const LeastGuess = 3

// Guess looks for the names that parts of a text resemble, as [names.Row.Alike] does.
func (g *Gazetteer) Guess(text []rune) *Guess {
	guess := &Guess{Gazetteer: g, text: len(text), found: g.names.Alike(text, g.known, nil)}
	slices.SortStableFunc(guess.found, func(a, b names.Likeness) int { return a.Start - b.Start })
	return guess
}

// At reports whether a name that was found begins at a character of the text.
func (g *Guess) At(at int) bool {
	return slices.ContainsFunc(g.found, func(l names.Likeness) bool { return l.Start == at })
}

// Near appends to dst the names that were found where the rest of the text begins, the best first, with their slips.
func (g *Guess) Near(rest []rune, dst []names.Match) []names.Match {
	for _, l := range g.found {
		if l.Start == g.text-len(rest) && sameDigits(rest[:l.Length], g.Name(l.ID)) {
			dst = append(dst, names.Match{ID: l.ID, Length: l.Length, Fault: names.Slip, Edits: max(LeastGuess, l.Edits)})
		}
	}
	return dst
}
