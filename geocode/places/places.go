// Package places knows the names of provinces, prefectures, cities, counties and districts of China, so that an address that
// names one of another city is not taken for one of this city.
package places

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/gewu-city/gewu/geocode/normal"
)

// list has a line for each prefecture: what it is called behind its province, and what it is divided into. It is made of the
// levels 1 to 3 of xiangyuecn/AreaCity-JsSpider-StatsGov at commit 1ec05808, under the licence in
// ../LICENSE.areacity.
//
//go:embed places.txt
var list string

// within are the names that hold a name, by that name; a name that none holds is that of a province. All are in normal form.
var within = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	under := func(name, above string) {
		if _, ok := all[name]; !ok {
			all[name] = nil
		}
		if above != "" && above != name {
			all[name] = append(all[name], above)
		}
	}
	for line := range strings.Lines(list) {
		above, below, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		last := ""
		for name := range strings.FieldsSeq(above) {
			name = normal.Of(name).String()
			under(name, last)
			last = name
		}
		for name := range strings.FieldsSeq(below) {
			under(normal.Of(name).String(), last)
		}
	}
	return all
})

// Known reports whether a text in normal form is the whole name of a place.
func Known(name string) bool {
	_, ok := within()[name]
	return ok
}

// Holds reports whether a place of the first name holds one of the second: a province its prefectures and their districts.
// Several places may have one name; any of them counts.
func Holds(name, other string) bool {
	for _, above := range within()[other] {
		if above == name || Holds(name, above) {
			return true
		}
	}
	return false
}
