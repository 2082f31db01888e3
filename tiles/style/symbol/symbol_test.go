package symbol_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/tiles/style/symbol"
)

// What the tables must hold: names of the allowed form, titles, a family with a symbol of its own, and for every class a
// symbol that exists and a source that somebody has seen or inferred.
func TestTables(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	for _, s := range symbol.All() {
		if !name.MatchString(s.Name) || s.Title["zh"] == "" || s.Title["en"] == "" || s.SVG == "" {
			t.Errorf("%+v", s)
		}
		if _, ok := symbol.Find(s.Family); !ok {
			t.Errorf("%s: no symbol for the family %s", s.Name, s.Family)
		}
		// The definition of a layer may name it.
		l := data.Layer{Name: "l", Geometry: data.GeometryPoint, Symbols: data.Symbols{Default: s.Name}}
		if err := l.Validate(); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	for _, edition := range []string{symbol.Edition2013, symbol.Edition2007} {
		seen := map[string]string{}
		for _, g := range append(symbol.Groups(edition), symbol.Majors...) {
			if _, ok := symbol.Find(g.Symbol); !ok {
				t.Errorf("%s: no symbol %s", edition, g.Symbol)
			}
			for _, v := range g.Values {
				if v == "" {
					t.Errorf("%s: the symbol %s has a class without a name", edition, g.Symbol)
				}
				if other, twice := seen[v]; twice {
					t.Errorf("%s: %s is %s and %s", edition, v, other, g.Symbol)
				}
				seen[v] = g.Symbol
			}
		}
	}
}

// Codes of four digits mean what their edition says; those of five and names mean the same in all.
func TestGroups(t *testing.T) {
	of := func(edition, value string) string {
		for _, g := range symbol.Groups(edition) {
			if slices.Contains(g.Values, value) {
				return g.Symbol
			}
		}
		return ""
	}
	for _, c := range []struct{ value, in2013, in2007 string }{
		{"01037", "lamp", "lamp"},
		{"0137", "lamp", "kiosk"},
		{"0118", "manhole-sewage", "lamp"},
		{"0504", "fuel", ""},
		{"0602", "", "construction"},
		{"路灯", "lamp", "lamp"},
		{"04002", "street-tree", "street-tree"},
		{"行道树", "street-tree", "street-tree"},
		{"0116", "", "power-box"},
		{"99999", "", ""},
	} {
		if got := of(symbol.Edition2013, c.value); got != c.in2013 {
			t.Errorf("%s in 2013 is %q, want %q", c.value, got, c.in2013)
		}
		if got := of(symbol.Edition2007, c.value); got != c.in2007 {
			t.Errorf("%s in 2007 is %q, want %q", c.value, got, c.in2007)
		}
	}
}
