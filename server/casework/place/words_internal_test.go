package place

import (
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
)

// TestCertain looks at when words mean one place.
func TestCertain(t *testing.T) {
	t.Parallel()
	gate, market, far := geo.Point{X: 1164041800, Y: 399498000}, geo.Point{X: 1164037000, Y: 399498000}, geo.Point{X: 1164100000, Y: 399400000}
	at := func(p geo.Point, score int, of geocode.Relation, faults ...geocode.Fault) geocode.Place {
		return geocode.Place{At: p, Score: score, Relation: of, Faults: faults}
	}
	fault := geocode.Fault{Points: 3}
	for name, c := range map[string]struct {
		found []geocode.Place
		sure  bool
	}{
		"nothing":                        {nil, false},
		"one place":                      {[]geocode.Place{at(gate, 97, geocode.At)}, true},
		"the gate and the market by it":  {[]geocode.Place{at(gate, 97, geocode.At), at(market, 97, geocode.Gate), at(gate, 81, geocode.At, fault)}, true},
		"two gates of that name":         {[]geocode.Place{at(gate, 97, geocode.At), at(market, 97, geocode.Gate), at(far, 97, geocode.At)}, false},
		"a gate with a fault":            {[]geocode.Place{at(gate, 97, geocode.At, fault), at(market, 97, geocode.Gate)}, false},
		"the gate of one of two markets": {[]geocode.Place{at(market, 97, geocode.Gate), at(far, 97, geocode.Gate)}, false},
		"two of one name":                {[]geocode.Place{at(gate, 97, geocode.At), at(far, 88, geocode.At)}, false},
		"one that is ten points better":  {[]geocode.Place{at(gate, 97, geocode.At), at(far, 87, geocode.At)}, true},
		"twice the same point":           {[]geocode.Place{at(gate, 97, geocode.At), at(gate, 97, geocode.At)}, true},
	} {
		best, ok := certain(c.found)
		if ok != c.sure {
			t.Errorf("%s: certain is %v", name, ok)
		}
		if ok && best.At != c.found[0].At {
			t.Errorf("%s: the place is %v", name, best.At)
		}
	}
}
