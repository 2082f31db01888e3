// Package ground finds places among points: where those of two roads meet, and the middle of many. It knows no names.
package ground

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Apart is how far in metres the doors of roads may be from each other where the roads meet.
const Apart = 120.0

const (
	oneCrossing  = 150.0 // metres: pairs of doors nearer than this belong to one crossing
	mostMeetings = 4
	costDoor     = 2 // units of work
)

// Meeting is where two roads meet: between two doors, which are Gap metres apart.
type Meeting struct {
	At  geo.Point
	Gap float64
}

// Meet finds where the points of two roads are nearest to each other, the nearest first, four at most. It orders the points, and
// stops when spend does not allow the units of work that it asks for any more.
func Meet(a, b []geo.Point, spend func(int) bool) []Meeting {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	byX := func(p, q geo.Point) int { return cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y)) }
	slices.SortFunc(a, byX)
	slices.SortFunc(b, byX)
	mx, my := geo.Scale(a[0].Lat())
	wide, high := int32(Apart/mx), int32(Apart/my)
	var all []Meeting
	low := 0
	for _, p := range a {
		if !spend(costDoor) {
			break
		}
		for low < len(b) && b[low].X < p.X-wide {
			low++
		}
		nearest, best := geo.Point{}, Apart
		for _, q := range b[low:] {
			if q.X > p.X+wide || !spend(1) {
				break
			}
			if q.Y < p.Y-high || q.Y > p.Y+high {
				continue
			}
			if d := geo.Distance(p, q); d < best {
				nearest, best = q, d
			}
		}
		if best < Apart {
			all = append(all, Meeting{geo.Between(p, nearest, 0.5), best})
		}
	}
	slices.SortFunc(all, func(x, y Meeting) int { return cmp.Or(cmp.Compare(x.Gap, y.Gap), byX(x.At, y.At)) })
	var kept []Meeting
	for _, m := range all {
		if len(kept) == mostMeetings {
			break
		}
		if !slices.ContainsFunc(kept, func(k Meeting) bool { return geo.Distance(k.At, m.At) < oneCrossing }) && (len(kept) == 0 || m.Gap < kept[0].Gap+30) {
			kept = append(kept, m)
		}
	}
	return kept
}

// Middle is the point of several that is nearest to their mean, and the distance to the one furthest from it.
func Middle(points []geo.Point) (geo.Point, float64) {
	var x, y float64
	for _, p := range points {
		x, y = x+float64(p.X), y+float64(p.Y)
	}
	n := float64(len(points))
	mean := geo.Point{X: int32(x / n), Y: int32(y / n)}
	best := points[0]
	for _, p := range points {
		if geo.Distance(p, mean) < geo.Distance(best, mean) {
			best = p
		}
	}
	radius := 0.0
	for _, p := range points {
		radius = max(radius, geo.Distance(best, p))
	}
	return best, radius
}

// Extent is the distance in metres from a point to the corner of a box that is furthest.
func Extent(b geo.Box, p geo.Point) float64 {
	if b.Empty() {
		return 0
	}
	far := 0.0
	for _, q := range []geo.Point{b.Min, b.Max, {X: b.Min.X, Y: b.Max.Y}, {X: b.Max.X, Y: b.Min.Y}} {
		far = max(far, geo.Distance(p, q))
	}
	return far
}

// Moved is the point so many metres from p by a bearing in degrees from north, clockwise.
func Moved(p geo.Point, bearing, metres float64) geo.Point {
	mx, my := geo.Scale(p.Lat())
	sin, cos := math.Sincos(bearing * math.Pi / 180)
	return geo.Point{X: p.X + int32(math.Round(metres*sin/mx)), Y: p.Y + int32(math.Round(metres*cos/my))}
}

// Bearing is the direction from one point to another in degrees from north, clockwise.
func Bearing(from, to geo.Point) float64 {
	mx, my := geo.Scale(from.Lat())
	return math.Mod(math.Atan2(float64(to.X-from.X)*mx, float64(to.Y-from.Y)*my)*180/math.Pi+360, 360)
}
