package grid

import (
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Owner is the polygon of a layer that owns p by the edge rule (see [Locator.Locate]): the one that holds the point
// moved infinitesimally east, then north; on the outline the touching one with the lowest permanent id. Of
// overlapping polygons, a defect of the data, the one with the lowest permanent id answers.
func Owner(l *index.Layer, p geo.Point) (index.Slot, bool) {
	own := inside(l, p)
	if !own.OK {
		own = touching(l, p)
	}
	return own.Slot, own.OK
}

// inside is the polygon that owns p by the edge rule.
func inside(l *index.Layer, p geo.Point) (own Found) {
	if l != nil {
		own.Slot, own.OK = l.Owner(p)
	}
	return own
}

// touching is the polygon with the lowest permanent id of those whose outline p lies on.
func touching(l *index.Layer, p geo.Point) (own Found) {
	if l != nil {
		l.Touching(p, func(s index.Slot) bool {
			own = Found{Slot: s, OK: true}
			return false
		})
	}
	return own
}

// touches reports whether p lies on the outline of a polygon.
func touches(l *index.Layer, polygon index.Slot, p geo.Point) (yes bool) {
	l.Touching(p, func(s index.Slot) bool {
		yes = s == polygon
		return !yes
	})
	return yes
}
