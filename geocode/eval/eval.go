// Package eval measures a geocoder with cases: texts of which it is known where they lie, or that they lie nowhere. It
// knows no geocoder; it is handed one as a function. Cases come from files that people write (docs/formats/geocode-cases.md),
// from clean addresses with noise ([Noisy]), and from relations whose truth is computed ([Crossings], [Offsets]).
package eval

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/noise"
)

// Case is a text and what is the right answer to it: one of IDs, or a place within ToleranceM of At, or none. Where both
// ids and a place are given either is right.
type Case struct {
	// Query is the text.
	Query string
	// Class groups cases in the report.
	Class string
	// IDs are features that are right, as layer/id.
	IDs []string
	// At is where the text lies, if Placed: errors are measured from there.
	At     geo.Point
	Placed bool
	// ToleranceM is how many metres from At an answer is right, whatever feature it is; 0: only IDs are right.
	ToleranceM float64
	// None says that the text names no place and must be refused.
	None bool
	// File and Row say where the case was written, if it was.
	File string
	Row  int
}

// Answer is a place that a geocoder answers with.
type Answer struct {
	// Layer and ID name the feature, if the place is one.
	Layer, ID string
	At        geo.Point
	// Score is the confidence, 0 to 100.
	Score int
	// Label is for the list of failures.
	Label string
}

// right reports whether an answer is right, by name or by place.
func (c *Case) right(a Answer) bool {
	return slices.Contains(c.IDs, a.Layer+"/"+a.ID) ||
		c.Placed && c.ToleranceM > 0 && geo.Distance(c.At, a.At) <= c.ToleranceM
}

// Noisy makes up to n cases of a class of noise from clean ones, which are taken in the order that r gives, each once;
// those that the class cannot change are passed over, and so are texts that name no place.
func Noisy(clean []Case, class noise.Class, n int, r *rand.Rand) []Case {
	var cases []Case
	for _, i := range r.Perm(len(clean)) {
		if len(cases) == n {
			break
		}
		c := clean[i]
		text, ok := noise.Make(class, c.Query, r)
		if c.None || !ok {
			continue
		}
		c.Query, c.Class = text, string(class)
		cases = append(cases, c)
	}
	return cases
}

// wanted is what is right, for people.
func (c *Case) wanted() string {
	if c.None {
		return "none"
	}
	parts := slices.Clone(c.IDs)
	if c.Placed {
		place := degrees(c.At.Lon()) + "," + degrees(c.At.Lat())
		if c.ToleranceM > 0 {
			place += " ± " + metres(c.ToleranceM) + " m"
		}
		parts = append(parts, place)
	}
	return strings.Join(parts, " or ")
}
