package data

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

// Chooser is the attribute whose value chooses the symbols of a layer, empty when there is none.
func (l *Layer) Chooser() string {
	if l.Symbols.Attribute != "" || l.Roles.Part == nil {
		return l.Symbols.Attribute
	}
	return l.Roles.Part.Class
}

var symbolPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

func (l *Layer) validateSymbols(bad func(field, value, why string)) {
	s := &l.Symbols
	if s.Zero() {
		return
	}
	if l.Geometry != GeometryPoint {
		bad("symbols", string(l.Geometry), "need a point layer")
	}
	if s.Attribute != "" && l.AttributeIndex(s.Attribute) < 0 {
		bad("symbols.attribute", s.Attribute, "is not an attribute of the layer")
	}
	if len(s.Values) > 0 && l.Chooser() == "" {
		bad("symbols.attribute", "", "is missing: no attribute has the values")
	}
	if len(s.Values) > MaxSymbols {
		bad("symbols.values", "", fmt.Sprintf("are %d, at most %d", len(s.Values), MaxSymbols))
	}
	const why = "must match [a-z][a-z0-9-]{0,62}"
	if s.Default != "" && !symbolPattern.MatchString(s.Default) {
		bad("symbols.default", s.Default, why)
	}
	for _, value := range slices.Sorted(maps.Keys(s.Values)) {
		if name := s.Values[value]; !symbolPattern.MatchString(name) {
			bad("symbols.values."+shorten(value), name, why)
		}
	}
}
