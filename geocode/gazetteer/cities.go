package gazetteer

import (
	"strings"

	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/places"
	"github.com/gewu-city/gewu/index"
)

// cities are the provinces, cities and counties that labels of doors begin with: what a text may name before an address
// without meaning another place.
type cities struct {
	names []string
	// districts are what stands behind them in labels: 大安区.
	districts map[string]bool
	// doors is how many there were when labels were looked at.
	doors int
}

// Labels are looked at again when there are twice as many doors; a name counts that one label in twenty begins with.
const (
	mostLabels = 1000
	oneIn      = 20
)

func citiesOf(sources []source, doors int) cities {
	found, districts := map[string]int{}, map[string]bool{}
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
				if n == 0 {
					break
				}
				if cityLike(rest[n-1]) {
					found[string(rest[:n])]++
				} else {
					districts[string(rest[:n])] = true
				}
				rest = rest[n:]
			}
		}
	}
	c := cities{doors: doors, districts: districts}
	for name, n := range found {
		if n*oneIn >= looked {
			c.names = append(c.names, name)
		}
	}
	return c
}

// cityLike reports whether a name ends like that of a province, a city or a county.
func cityLike(last rune) bool { return strings.ContainsRune("省市县", last) }

// Elsewhere reports whether a text in normal form names a province, a city, a county or a district that the city neither is,
// nor has, nor lies in: 高雄市 where addresses begin with 台北市, and 板桥区. Where labels begin with none, nothing is known and
// nothing is elsewhere.
func (g *Gazetteer) Elsewhere(text []rune) bool {
	if len(g.cities.names) == 0 || len(text) == 0 {
		return false
	}
	const least = 3 // 夜市 is none
	named := string(text)
	if !places.Known(named) && (len(text) < least || !cityLike(text[len(text)-1])) || g.cities.districts[named] {
		return false
	}
	for _, own := range g.cities.names {
		if strings.HasSuffix(own, named) || strings.HasSuffix(named, own) || places.Holds(named, own) || places.Holds(own, named) {
			return false
		}
	}
	return true
}
