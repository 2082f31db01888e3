package gazetteer

import (
	"strings"

	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
)

// cities are the provinces, cities and counties that labels of doors begin with: what a text may name before an address
// without meaning another place.
type cities struct {
	names []string
	// doors is how many there were when labels were looked at.
	doors int
}

// Labels are looked at again when there are twice as many doors; a name counts that one label in twenty begins with.
const (
	mostLabels = 1000
	oneIn      = 20
)

func citiesOf(sources []source, doors int) cities {
	found := map[string]int{}
	looked := 0
	var text normal.Text
	for i := range sources {
		s := &sources[i]
		if !s.address || s.label < 0 || s.layer.Len() == 0 {
			continue
		}
		every := max(1, s.layer.Capacity()/mostLabels)
		for slot := 0; slot < s.layer.Capacity(); slot += every {
			if !s.layer.Alive(index.Slot(slot)) {
				continue
			}
			looked++
			text.Set(s.layer.Value(index.Slot(slot), s.label).String())
			for rest := text.Runes; ; {
				n := adminLength(rest)
				if n == 0 || !cityLike(rest[n-1]) {
					break
				}
				found[string(rest[:n])]++
				rest = rest[n:]
			}
		}
	}
	c := cities{doors: doors}
	for name, n := range found {
		if n*oneIn >= looked {
			c.names = append(c.names, name)
		}
	}
	return c
}

// cityLike reports whether a name ends like that of a province, a city or a county.
func cityLike(last rune) bool { return strings.ContainsRune("省市县", last) }

// Elsewhere reports whether a text in normal form names a province, a city or a county that no address of the city begins
// with: 高雄市 where addresses begin with 台北市. Where labels begin with none, nothing is known and nothing is elsewhere.
func (g *Gazetteer) Elsewhere(text []rune) bool {
	if len(g.cities.names) == 0 || len(text) == 0 || !cityLike(text[len(text)-1]) {
		return false
	}
	for _, name := range g.cities.names {
		if strings.HasSuffix(name, string(text)) || strings.HasSuffix(string(text), name) {
			return false
		}
	}
	return true
}
