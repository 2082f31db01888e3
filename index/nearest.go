package index

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Near is a feature and its distance.
type Near struct {
	Slot   Slot
	Meters float64
}

// slack allows for the difference between the flat distance to a box and the exact distance to what is inside
// (below 1e-4 within 10 km), so that no search by boxes ends too early.
const slack = 1 + 1e-3

// boxTries is how often [Layer.Nearest] looks into a box twice the size of the one before, before it walks the tree
// outward. A box search costs a tenth of the walk. The first box is a quarter of what evenly spread features would
// need: features crowd where people look (measured on Taipei's doors: 34 k/s with the whole, 127 k/s with a quarter).
const boxTries = 4

// Nearest returns up to limit features within meters of p, nearest first; equal distances by permanent id. Distance
// is to the geometry itself, 0 inside polygons.
func (l *Layer) Nearest(p geo.Point, meters float64, limit int) []Near {
	if limit <= 0 || l.alive == 0 || !(meters >= 0) {
		return nil
	}
	found := make([]Near, 0, min(limit, 16)+1)
	radius := l.spacing * math.Sqrt(float64(limit)) / 4
	for range boxTries {
		if radius >= meters {
			return l.nearestInBox(found[:0], p, meters, limit)
		}
		if found = l.nearestInBox(found[:0], p, radius, limit); len(found) == limit {
			return found
		}
		radius *= 2
	}
	return l.nearestOutward(found[:0], p, meters, limit)
}

// nearestInBox looks at everything in the box around the circle.
func (l *Layer) nearestInBox(found []Near, p geo.Point, meters float64, limit int) []Near {
	mx, my := geo.Scale(p.Lat())
	low, high := l.origin.around(p, meters*slack/mx, meters*slack/my)
	l.tree.Search(low, high, func(_, _ [2]float32, s Slot) bool {
		if d := l.Distance(s, p); d <= meters {
			found = l.insertNear(found, Near{Slot: s, Meters: d}, limit)
		}
		return true
	})
	return found
}

// nearestOutward walks the tree from p outward until boxes are farther than what was found.
func (l *Layer) nearestOutward(found []Near, p geo.Point, meters float64, limit int) []Near {
	mx, my := geo.Scale(p.Lat())
	px, py := float64(int64(p.X)-l.origin.x), float64(int64(p.Y)-l.origin.y)
	l.tree.Nearby(
		func(low, high [2]float32, s Slot, item bool) float64 {
			// The distance to a box underestimates that to what is inside; items are measured exactly.
			dx := max(float64(low[0])-px, 0, px-float64(high[0])) * mx
			dy := max(float64(low[1])-py, 0, py-float64(high[1])) * my
			d := math.Sqrt(dx*dx + dy*dy)
			if item && d <= meters*slack {
				d = l.Distance(s, p)
			}
			return d
		},
		func(_, _ [2]float32, s Slot, d float64) bool {
			if d > meters*slack || len(found) == limit && d > found[limit-1].Meters*slack {
				return false
			}
			if d <= meters {
				found = l.insertNear(found, Near{Slot: s, Meters: d}, limit)
			}
			return true
		},
	)
	return found
}

// insertNear keeps found in order and no longer than limit.
func (l *Layer) insertNear(found []Near, n Near, limit int) []Near {
	if len(found) == limit && l.byDistance(n, found[limit-1]) >= 0 {
		return found
	}
	at, _ := slices.BinarySearchFunc(found, n, l.byDistance)
	found = slices.Insert(found, at, n)
	return found[:min(len(found), limit)]
}

func (l *Layer) byDistance(a, b Near) int {
	return cmp.Or(cmp.Compare(a.Meters, b.Meters), cmp.Compare(l.Permanent(a.Slot), l.Permanent(b.Slot)))
}

// spacing is the side in metres of the square that one feature of a layer has on average, if they fill its bounds:
// an upper bound of how far neighbours are apart where there are any.
func spacing(bounds geo.Box, n int) float64 {
	if n == 0 || bounds.Empty() {
		return 0
	}
	mx, my := geo.Scale((bounds.Min.Lat() + bounds.Max.Lat()) / 2)
	w := (float64(bounds.Max.X) - float64(bounds.Min.X)) * mx
	h := (float64(bounds.Max.Y) - float64(bounds.Min.Y)) * my
	return math.Sqrt(max(w, 1) * max(h, 1) / float64(n))
}
