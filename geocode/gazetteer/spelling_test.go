package gazetteer

import (
	"maps"
	"slices"
	"testing"
)

// TestSpellings states how roads of several countries are also written.
func TestSpellings(t *testing.T) {
	for _, test := range []struct {
		name string
		has  []string
		not  []string
	}{
		{"massachusetts avenue", []string{"massachusetts ave", "massachusetts av", "massachusetts"}, []string{"ma avenue"}},
		{"5th avenue", []string{"fifth avenue", "fifth ave", "5th ave"}, nil},
		{"martin luther king jr boulevard", []string{"martin luther king boulevard", "martin luther king blvd", "mlk blvd"}, []string{"mlk"}},
		{"berliner strasse", []string{"berliner str", "berlinerstr", "berlinerstrasse"}, []string{"berliner"}},
		{"hauptstrasse", []string{"hauptstr", "haupt str", "haupt strasse"}, []string{"haupt", "str"}},
		{"strasse", nil, []string{"str", ""}},
		{"am marktplatz", []string{"marktplatz", "am marktpl", "am markt platz"}, nil},
		{"kerkstraat", []string{"kerkstr", "kerk straat"}, nil},
		{"avenue du general de gaulle", []string{"av du general de gaulle", "avenue general gaulle"}, nil},
		{"calle de alcala", []string{"calle alcala", "c/ de alcala", "c/ alcala"}, []string{"alcala"}},
		{"via roma", []string{"v roma"}, []string{"roma"}},
		{"la rue", nil, []string{"rue"}},
		{"karl-marx-allee", []string{"karl marx allee"}, []string{"karl marx"}},
		{"boulevard saint-michel", []string{"bd st michel", "boulevard saint michel"}, nil},
		{"strasse des 17 juni", []string{"str des 17 juni"}, nil},
		{"west elm street", []string{"w elm", "west elm", "w elm st"}, []string{"elm"}},
		{"state route 9", []string{"state rte 9", "state rt 9"}, nil},
	} {
		got := maps.Collect(spellings(Road, test.name))
		for _, w := range test.has {
			if _, ok := got[w]; !ok {
				t.Errorf("%s is not written %q but %q", test.name, w, slices.Sorted(maps.Keys(got)))
			}
		}
		for _, w := range test.not {
			if _, ok := got[w]; ok {
				t.Errorf("%s is written %q", test.name, w)
			}
		}
		if len(got) > 6*mostSpellings {
			t.Errorf("%s is written in %d ways", test.name, len(got))
		}
	}
}
