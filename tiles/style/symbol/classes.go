package symbol

import (
	"slices"
	"sync"

	"github.com/gewu-city/gewu/data/catalogue"
)

// The editions of the standard whose class codes are told apart. Codes of five digits are those of 2026; codes of four
// digits mean other things in 2007 than in 2013.
const (
	Edition2026 = "GB/T 47678.5-2026"
	Edition2013 = "GB/T 30428.2-2013"
	Edition2007 = "CJ/T 214-2007"
)

// Group is a symbol and the values of a class attribute that have it: codes and names of classes.
type Group struct {
	Symbol string
	Values []string
}

// Majors is the symbol of each major class, the first two digits of a class code, for classes that have none of their
// own: extensions of a city, for one.
var Majors = []Group{
	{"utility", []string{"01"}},
	{"traffic", []string{"02"}},
	{"sanitation", []string{"03"}},
	{"greenery", []string{"04"}},
	{"other", []string{"05"}},
	{"facility", []string{"06"}},
}

// class is a row of the table. Classes whose names nobody knows are not in it.
type class struct{ edition, code, name, symbol string }

var classes = sync.OnceValue(func() []class {
	var list []class
	for _, row := range table("classes.tsv") {
		edition, _ := catalogue.Standard(row[0]) // a test knows that each row has its class
		name := catalogue.Name(catalogue.Key{Edition: edition.Key, Kind: catalogue.Part, Code: row[1]})
		list = append(list, class{edition: row[0], code: row[1], name: name, symbol: row[2]})
	}
	return list
})

// Groups is what each value of a class attribute looks like: codes of five digits by the edition of 2026, codes of four
// digits by the edition given (2013 or 2007), names by the newest edition that has them. No value occurs twice.
func Groups(fourDigits string) []Group {
	places := map[string]int{}
	seen := map[string]bool{}
	var groups []Group
	add := func(symbol, value string) {
		if seen[value] {
			return
		}
		seen[value] = true
		i, ok := places[symbol]
		if !ok {
			i = len(groups)
			places[symbol] = i
			groups = append(groups, Group{Symbol: symbol})
		}
		groups[i].Values = append(groups[i].Values, value)
	}
	for _, c := range classes() {
		if c.edition == Edition2026 || c.edition == fourDigits {
			add(c.symbol, c.code)
		}
	}
	for _, c := range classes() {
		add(c.symbol, c.name)
	}
	for i := range groups {
		slices.Sort(groups[i].Values)
	}
	return groups
}
