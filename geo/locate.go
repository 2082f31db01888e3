package geo

import "slices"

// Where says on which side of a polygon's outline a point lies. There is no third answer: see [Shape.Locate].
type Where uint8

// The answers of [Shape.Locate].
const (
	Outside Where = iota
	Inside
)

// String is outside or inside.
func (w Where) String() string {
	if w == Inside {
		return "inside"
	}
	return "outside"
}

// Locate says whether p lies in the polygon shape, by the even-odd rule over all its rings. Points and lines contain
// nothing.
//
// A point on the outline is treated as moved east by an infinitely small distance and then north by a still smaller
// one, so each point of an edge or vertex shared by several polygons of a coverage lies in exactly one of them. The
// answer is exact; nothing is allocated. For a polygon on the antimeridian cut it there, as RFC 7946 asks.
func (s Shape) Locate(p Point) Where {
	if s.Contains(p) {
		return Inside
	}
	return Outside
}

// Contains reports whether [Shape.Locate] of p is Inside.
func (s Shape) Contains(p Point) bool {
	if s.kind != KindPolygon {
		return false
	}
	inside := false
	start := uint32(0)
	for _, end := range s.rings {
		if crossings(s.xy[start:end], p) {
			inside = !inside
		}
		start = end
	}
	return inside
}

// crossings reports whether a ray that starts infinitesimally east and north of p and runs east meets the closed
// ring an odd number of times.
//
// The start is p + (ε, ε²). A vertex lies above it exactly when its Y is greater than that of p, so an edge is met
// when one end is above and the other is not. It is met at x + slope·ε², where x is its crossing with the horizontal
// through p: east of the start exactly when x is greater than that of p, because slope·ε² is below ε.
func crossings(ring []Point, p Point) bool {
	if len(ring) == 0 {
		return false
	}
	odd := false
	a := ring[0]
	for _, b := range ring[1:] {
		if (a.Y > p.Y) != (b.Y > p.Y) {
			switch {
			case a.X > p.X && b.X > p.X:
				odd = !odd
			case a.X <= p.X && b.X <= p.X:
			case Orient(a, b, p) > 0 == (b.Y > a.Y) && Orient(a, b, p) != 0:
				odd = !odd
			}
		}
		a = b
	}
	return odd
}

// OnBoundary reports whether p lies exactly on a ring of a polygon shape, on a line of a line shape or on a point of
// a point shape.
func (s Shape) OnBoundary(p Point) bool {
	if s.kind == KindPoint {
		return slices.Contains(s.xy, p)
	}
	start := uint32(0)
	for _, end := range s.rings {
		run := s.xy[start:end]
		for i := 1; i < len(run); i++ {
			if onSegment(run[i-1], run[i], p) {
				return true
			}
		}
		start = end
	}
	return false
}

// onSegment reports whether p lies on the closed segment from a to b.
func onSegment(a, b, p Point) bool {
	return min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) &&
		min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y) && Orient(a, b, p) == 0
}
