package gazetteer

import (
	"iter"
	"slices"
	"strings"
)

// Words of western names that are written in several ways, the first being the short one; after the common ones of
// Publication 28 of the United States Postal Service, appendices B and C.
var (
	endings = words(
		"aly alley", "ave avenue av", "blvd boulevard", "br branch", "brg bridge", "cir circle", "ct court", "cres crescent",
		"dr drive", "expy expressway", "ext extension", "fwy freeway", "gdns gardens", "grv grove", "hts heights", "hwy highway",
		"ln lane", "lndg landing", "pk park", "pkwy parkway", "pl place", "plz plaza", "pt point", "rd road", "sq square",
		"st street", "sta station", "ter terrace terr", "tpke turnpike", "trl trail", "walk", "way wy", "cl close", "mews", "row", "path",
	)
	directions = words("n north", "s south", "e east", "w west", "ne northeast", "nw northwest", "se southeast", "sw southwest")
	beginnings = words("st saint", "mt mount", "ft fort", "dr doctor", "msgr monsignor", "rev reverend", "gen general")
)

// words maps each spelling to all of them.
func words(groups ...string) map[string][]string {
	all := map[string][]string{}
	for _, g := range groups {
		list := strings.Fields(g)
		for _, w := range list {
			all[w] = list
		}
	}
	return all
}

// shortestWord is how many letters a road without its kind has at least.
const shortestWord = 3

// mostSpellings bounds the ways in which one name is written.
const mostSpellings = 24

// spellings yields the ways in which a name in words is written, and of roads the name without its kind of road.
func spellings(kind Kind, name string) iter.Seq2[string, Form] {
	return func(yield func(string, Form) bool) {
		fields := strings.Fields(name)
		ways := [][]string{nil}
		for i, f := range fields {
			choice := []string{f}
			switch {
			case i == 0 && len(fields) > 1 && directions[f] != nil:
				choice = directions[f]
			case i == 0 && len(fields) > 1 && beginnings[f] != nil:
				choice = beginnings[f]
			case i > 0 && i == len(fields)-1 && directions[f] != nil:
				choice = directions[f]
			case i > 0 && i >= len(fields)-2 && endings[f] != nil:
				choice = endings[f]
			}
			var more [][]string
			for _, w := range ways {
				for _, c := range choice {
					if len(more) < mostSpellings {
						more = append(more, append(slices.Clone(w), c))
					}
				}
			}
			ways = more
		}
		for _, w := range ways {
			if !yield(strings.Join(w, " "), Variant) {
				return
			}
		}
		if n := len(fields); kind == Road && n > 1 && endings[fields[n-1]] != nil {
			if short := strings.Join(fields[:n-1], " "); len(short) >= shortestWord && directions[short] == nil {
				yield(short, Short)
			}
		}
	}
}
