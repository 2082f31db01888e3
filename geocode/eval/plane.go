package eval

import (
	"math"

	"github.com/gewu-city/gewu/geo"
)

// plane is the ground around a place in metres: x to the east, y to the north.
type plane struct {
	origin geo.Point
	mx, my float64
}

func planeAt(p geo.Point) plane {
	mx, my := geo.Scale(p.Lat())
	return plane{p, mx, my}
}

type vec struct{ x, y float64 }

func (a vec) minus(b vec) vec            { return vec{a.x - b.x, a.y - b.y} }
func (a vec) cross(b vec) float64        { return a.x*b.y - a.y*b.x }
func (a vec) length() float64            { return math.Hypot(a.x, a.y) }
func (a vec) along(b vec, t float64) vec { return vec{a.x + t*b.x, a.y + t*b.y} }

func (p plane) vec(q geo.Point) vec {
	return vec{float64(int64(q.X)-int64(p.origin.X)) * p.mx, float64(int64(q.Y)-int64(p.origin.Y)) * p.my}
}

func (p plane) point(v vec) geo.Point {
	return geo.Point{X: p.origin.X + int32(math.Round(v.x/p.mx)), Y: p.origin.Y + int32(math.Round(v.y/p.my))}
}

// The stretch of a road that is looked at around a place, in metres, and what makes it straight.
const (
	reach     = 150.0
	fewest    = 4   // points
	straight  = 2.5 // times as long as it is wide
	narrowest = 5.0 // metres of width that count at least
)

// stretch is the line through the points of a road around the origin of a plane: the axis with the smallest squares of
// distances. It is none where there are too few, or where they lie in no line.
func (p plane) stretch(points []geo.Point) (at, direction vec, ok bool) {
	var near []vec
	for _, q := range points {
		if v := p.vec(q); v.length() <= reach {
			near = append(near, v)
		}
	}
	if len(near) < fewest {
		return at, direction, false
	}
	n := float64(len(near))
	for _, v := range near {
		at = at.along(v, 1/n)
	}
	var xx, xy, yy float64
	for _, v := range near {
		d := v.minus(at)
		xx, xy, yy = xx+d.x*d.x/n, xy+d.x*d.y/n, yy+d.y*d.y/n
	}
	mean, half := (xx+yy)/2, math.Hypot((xx-yy)/2, xy)
	long, wide := math.Sqrt(mean+half), math.Sqrt(max(0, mean-half))
	if long < straight*max(wide, narrowest) {
		return at, direction, false
	}
	angle := math.Atan2(2*xy, xx-yy) / 2
	return at, vec{math.Cos(angle), math.Sin(angle)}, true
}
