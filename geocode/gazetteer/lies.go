package gazetteer

import (
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/names"
)

// Lie is how a place lies to an area.
type Lie uint8

// Ways to lie, the best first.
const (
	Inside Lie = iota
	Border     // so near to it that register and borders may disagree
	Outside
)

// nearBorder is how far in metres a place may be outside an area that is named with it: registers and borders disagree
// by so much.
const nearBorder = 60

// boxMargin is nearBorder in units of coordinates, and more up to 60° of latitude.
const boxMargin = 12_000

// costLie is what it costs to look at one area, in units of about a tenth of a microsecond.
const costLie = 20

// Lies says how a point lies to the areas that a name may mean, by the best of them. It looks at the ground around the
// point instead of measuring outlines, which may have thousands of corners, and asks spend before it looks at each.
func (g *Gazetteer) Lies(name names.ID, p geo.Point, spend func(cost int) bool) Lie {
	best := Outside
	for _, s := range g.Senses(name) {
		if s.Kind != Area || !spend(costLie) {
			continue
		}
		l := g.Layer(s.Layer)
		if owner, ok := l.Owner(p); ok && owner == s.Slot {
			return Inside
		}
		if !l.Box(s.Slot).Widen(boxMargin).Contains(p) {
			continue
		}
		for bearing := 0.0; bearing < 360 && best == Outside; bearing += 45 {
			if owner, ok := l.Owner(ground.Moved(p, bearing, nearBorder)); ok && owner == s.Slot {
				best = Border
			}
		}
	}
	return best
}
