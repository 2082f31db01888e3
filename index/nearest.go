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

// slack covers the difference between [geo.Distance], for which boxes are judged, and the distance to a line or
// outline, which is measured from another latitude (below 1e-4 within 100 km).
const slack = 1 + 1e-3

// boxTries is how often a search for the nearest lines and polygons looks into a box twice the size of the one
// before, before it walks the tree outward. A box search costs a tenth of the walk. The first box is a quarter of
// what evenly spread features would need: features crowd where people look.
const boxTries = 4

// Nearest returns up to limit features within meters of p, nearest first; equal distances by permanent id. Distance
// is to the geometry itself, 0 inside polygons.
func (l *Layer) Nearest(p geo.Point, meters float64, limit int) []Near {
	return l.AppendNearest(nil, p, meters, limit)
}

// AppendNearest appends what [Layer.Nearest] returns to dst. With room in dst a search among points allocates nothing.
func (l *Layer) AppendNearest(dst []Near, p geo.Point, meters float64, limit int) []Near {
	if limit <= 0 || l.alive == 0 || !(meters >= 0) {
		return dst
	}
	s := search{layer: l, p: p, found: dst, from: len(dst), limit: limit, meters: meters}
	if l.points.Len() > 0 {
		disk := geo.NewDisk(p, meters)
		l.points.Nearest(&disk, func(slot Slot, q geo.Point) float64 {
			s.take(slot, geo.Distance(p, q))
			return s.reach()
		})
	}
	if l.tree.Len() > 0 {
		s.shapes()
	}
	return s.found
}

// search is one search for the nearest.
type search struct {
	layer *Layer
	p     geo.Point
	// found[from:] are the nearest so far, in order and at most limit.
	found       []Near
	from, limit int
	meters      float64
}

// reach is the distance up to which something could still be among the nearest.
func (s *search) reach() float64 {
	if len(s.found)-s.from < s.limit {
		return s.meters
	}
	return s.found[len(s.found)-1].Meters
}

func (s *search) take(slot Slot, meters float64) {
	if !(meters <= s.reach()) || !s.layer.shows(slot) {
		return
	}
	n := Near{Slot: slot, Meters: meters}
	full := len(s.found)-s.from == s.limit
	if full && s.byDistance(n, s.found[len(s.found)-1]) >= 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(s.found[s.from:], n, s.byDistance)
	if full {
		s.found = s.found[:len(s.found)-1]
	}
	s.found = slices.Insert(s.found, s.from+at, n)
}

func (s *search) byDistance(a, b Near) int {
	if a.Meters != b.Meters {
		// Before the permanent ids are looked up: they lie elsewhere in memory.
		return cmp.Compare(a.Meters, b.Meters)
	}
	return cmp.Compare(s.layer.Permanent(a.Slot), s.layer.Permanent(b.Slot))
}

// shapes looks at what lies in the tree. Small boxes come first; what they find narrows the next.
func (s *search) shapes() {
	radius := s.layer.spacing * math.Sqrt(float64(s.limit)) / 4
	before := slices.Clone(s.found[s.from:])
	for range boxTries {
		s.found = append(s.found[:s.from], before...)
		reach := s.reach()
		s.shapesWithin(min(radius, reach))
		if radius >= reach || len(s.found)-s.from == s.limit && s.reach() <= radius {
			return
		}
		radius *= 2
	}
	s.found = append(s.found[:s.from], before...)
	s.shapesOutward()
}

// shapesWithin takes everything within a radius.
func (s *search) shapesWithin(radius float64) {
	l := s.layer
	disk := geo.NewDisk(s.p, radius*slack)
	for _, box := range disk.Boxes() {
		l.searchTree(box, func(slot Slot, shape *boxed) bool {
			if b := shape.box; disk.MayMeet(float64(b.Min.X), float64(b.Min.Y), float64(b.Max.X), float64(b.Max.Y)) {
				if d := shape.Distance(s.p); d <= radius {
					s.take(slot, d)
				}
			}
			return true
		})
	}
}

// shapesOutward walks the tree from p outward until boxes are farther than what was found.
func (s *search) shapesOutward() {
	l := s.layer
	disk := geo.NewDisk(s.p, s.meters*slack)
	x, y := float64(l.origin.x), float64(l.origin.y)
	l.tree.Nearby(
		func(low, high [2]float32, slot Slot, item bool) float64 {
			d := math.Sqrt(disk.Gap(float64(low[0])+x, float64(low[1])+y, float64(high[0])+x, float64(high[1])+y))
			if item && d <= s.meters*slack {
				return l.Shape(slot).Distance(s.p)
			}
			return d
		},
		func(_, _ [2]float32, slot Slot, d float64) bool {
			if d > s.reach()*slack {
				return false
			}
			s.take(slot, d)
			return true
		},
	)
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
