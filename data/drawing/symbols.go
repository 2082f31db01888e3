// Package drawing is what a layer says of how it is drawn: at which zoom levels, what comes first, with which symbols.
package drawing

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// MaxSymbols bounds the values that have a symbol of their own.
const MaxSymbols = 512

// Symbols says which symbol each point of a layer has on maps. Without it parts have that of their class, by the role
// part, and other points have none. Which names there are is a matter of the style.
type Symbols struct {
	// Attribute is the one whose value, written as text, chooses; the class of parts when empty.
	Attribute string `json:"attribute,omitempty" toml:"attribute"`
	// Values maps values to names of symbols.
	Values map[string]string `json:"values,omitempty" toml:"values"`
	// Default is the symbol of all other values. When it is empty, parts have that of their class.
	Default string `json:"default,omitempty" toml:"default"`
}

// Zero reports whether nothing is said.
func (s *Symbols) Zero() bool { return s.Attribute == "" && len(s.Values) == 0 && s.Default == "" }

var pattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Validate checks the names of symbols and calls bad for each field that is wrong. Whether there is an attribute is the
// layer's matter.
func (s *Symbols) Validate(bad func(field, value, why string)) {
	if len(s.Values) > MaxSymbols {
		bad("symbols.values", "", fmt.Sprintf("are %d, at most %d", len(s.Values), MaxSymbols))
	}
	const why = "must match [a-z][a-z0-9-]{0,62}"
	if s.Default != "" && !pattern.MatchString(s.Default) {
		bad("symbols.default", s.Default, why)
	}
	for _, value := range slices.Sorted(maps.Keys(s.Values)) {
		if name := s.Values[value]; !pattern.MatchString(name) {
			bad("symbols.values."+value, name, why)
		}
	}
}
