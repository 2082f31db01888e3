package grid

import (
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Owner is the polygon of a layer that owns p by the edge rule (see [Locator.Locate]): the one that holds the point
// moved infinitesimally east, then north; on the outline the touching one with the lowest permanent id. Of
// overlapping polygons, a defect of the data, the one with the lowest permanent id answers.
func Owner(l *index.Layer, p geo.Point) (index.Slot, bool) {
	if s, ok := l.Owner(p); ok {
		return s, true
	}
	own := touching(l, p)
	return own.slot, own.ok
}

// touching is the polygon with the lowest permanent id of those whose outline p lies on.
func touching(l *index.Layer, p geo.Point) (own owner) {
	l.Touching(p, func(s index.Slot) bool {
		own = owner{slot: s, ok: true}
		return false
	})
	return own
}
