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
	beginnings = words("st saint", "str strasse", "mt mount", "ft fort", "dr doctor", "msgr monsignor", "rev reverend", "gen general",
		"av avenue ave avda avenida", "bd boulevard blvd boul", "pl place", "ch chemin", "rte route", "imp impasse", "all allee",
		"c/ c calle", "pza plaza", "ctra carretera", "v via", "p.za piazza", "vle viale", "c.so corso")
	anywhere = words("1st first", "2nd second", "3rd third", "4th fourth", "5th fifth", "6th sixth", "7th seventh", "8th eighth",
		"9th ninth", "10th tenth", "st saint", "ste sainte", "rte route rt", "11th eleventh", "12th twelfth", "gen general", "dr doctor", "pres president", "prof professor")
	// compounds are kinds of roads that German and Dutch write behind the name with or without a space, and how they are cut short.
	compounds = [][2]string{{"strasse", "str"}, {"straat", "str"}, {"gasse", ""}, {"platz", "pl"}, {"plein", "pl"}, {"allee", ""}, {"weg", ""}, {"laan", ""}}
	// fillers are small words that people leave out of the name of a road.
	fillers = words("de", "la", "le", "les", "du", "des", "del", "della", "di", "da", "do", "den", "der", "am", "an", "im", "jr", "sr")
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
		if words := strings.ReplaceAll(name, "-", " "); words != name {
			for v, form := range spellings(kind, words) { // Karl Marx Allee
				if !yield(v, form) {
					return
				}
			}
		}
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
			case anywhere[f] != nil:
				choice = anywhere[f]
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
		if kind == Road {
			roadSpellings(fields, ways, yield)
		}
	}
}

// roadSpellings yields how only roads are written: with the kind of road apart or not, and with words left out.
func roadSpellings(fields []string, ways [][]string, yield func(string, Form) bool) {
	for _, way := range compounded(fields) {
		if !yield(way, Variant) {
			return
		}
	}
	n := len(fields)
	if n > 1 && endings[fields[n-1]] != nil {
		for _, way := range ways {
			if short := strings.Join(way[:n-1], " "); len(short) >= shortestWord && directions[short] == nil && !yield(short, Short) {
				return
			}
		}
	}
	for _, way := range ways {
		if kept := without(way); len(kept) < n && tells(kept) && !yield(strings.Join(kept, " "), Short) {
			return
		}
	}
	if kept := without(fields); len(kept) >= leastInitials && endings[kept[len(kept)-1]] != nil {
		var initials strings.Builder
		for _, w := range kept[:len(kept)-1] {
			initials.WriteByte(w[0])
		}
		for _, ending := range endings[kept[len(kept)-1]] {
			if !yield(initials.String()+" "+ending, Short) {
				return
			}
		}
	}
}

// leastInitials is how many words a name has that people say by its initials, its kind of road among them: MLK Blvd.
const leastInitials = 4

// aloneWord is how many letters a word has at least that names a road by itself, without the small ones before it.
const aloneWord = 6

// tells reports whether words are enough to name a road.
func tells(fields []string) bool {
	return len(fields) > 1 || len(fields) == 1 && len(fields[0]) >= aloneWord
}

// without is a name without its small words.
func without(fields []string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return fillers[f] != nil })
}

// compounded are the other ways to write a German or Dutch kind of road: Berliner Straße, Berlinerstr.
func compounded(fields []string) (ways []string) {
	n := len(fields)
	for _, c := range compounds {
		kind, cut := c[0], c[1]
		stem, joined := strings.CutSuffix(fields[n-1], kind)
		if !joined || stem == "" && n == 1 || stem != "" && len(stem) < shortestWord {
			continue
		}
		head := strings.TrimSuffix(strings.Join(fields[:n-1], " ")+" "+stem, " ")
		head = strings.TrimPrefix(head, " ")
		for _, end := range []string{kind, cut} {
			if end != "" {
				ways = append(ways, head+end, head+" "+end)
			}
		}
		return ways
	}
	return nil
}
