package grid

import (
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Owner is the polygon of a layer that owns p by the edge rule (see [Locator.Locate]): the one that holds the point
// moved infinitesimally east, then north; on the outline the touching one with the lowest permanent id. Of
// overlapping polygons, a defect of the data, the one with the lowest permanent id answers.
func Owner(l *index.Layer, p geo.Point) (index.Slot, bool) {
	if own := inside(l, p); own.ok {
		return own.slot, true
	}
	if touching := l.Touching(p); len(touching) > 0 {
		return touching[0], true
	}
	return 0, false
}

func inside(l *index.Layer, p geo.Point) owner {
	own := owner{}
	l.Covering(p, func(s index.Slot) bool {
		if !own.ok || l.Permanent(s) < l.Permanent(own.slot) {
			own = owner{slot: s, ok: true}
		}
		return true
	})
	return own
}
