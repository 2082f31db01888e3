package geocode

import (
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// What is taken off for relations, and what they add to the radius in metres.
const (
	offsetPoints   = 3
	sidePoints     = 4
	undirected     = 12 // 50 m from it, no direction
	sideShift      = 12.0
	cornerShift    = 15.0
	sideRadius     = 25.0
	nearPoints     = 8
	nearRadius     = 100.0
	besideWord     = 4
	besideRadius   = 30.0
	gateRadius     = 20.0
	oppositeRadius = 30.0
	// offsetShare of a stated distance is how far off it may be.
	offsetShare = 0.15
)

// relate moves a candidate to where the words of its claim put it, and keeps it.
func (f *finder) relate(cl *claim, precision int, c candidate) {
	c.relation = cl.relation
	approximate := func(points int, radius float64) {
		c.radius += radius
		c.faults = append(slices.Clip(c.faults), Fault{Element: "relation", Kind: Approximate, Points: points})
	}
	switch cl.relation {
	case Offset:
		if cl.bearing < 0 {
			approximate(undirected, cl.metres)
			break
		}
		c.at = moved(c.at, cl.bearing, cl.metres)
		approximate(offsetPoints+min(int(cl.metres/100), 10), offsetShare*cl.metres)
	case Side:
		c.at = moved(c.at, cl.bearing, sideShift)
		approximate(sidePoints, sideRadius)
	case Corner:
		c.at = moved(c.at, cl.bearing, cornerShift)
		approximate(sidePoints/2, sideRadius)
	case Opposite:
		approximate(sidePoints, oppositeRadius)
	case Near:
		approximate(nearPoints, nearRadius)
	case Beside:
		approximate(besideWord, besideRadius)
	case Gate, Inside:
		c.radius += gateRadius
	default:
	}
	f.keep(cl, precision, c)
}

// moved is the point so many metres from p by a bearing in degrees from north, clockwise.
func moved(p geo.Point, bearing, metres float64) geo.Point {
	mx, my := geo.Scale(p.Lat())
	sin, cos := math.Sincos(bearing * math.Pi / 180)
	return geo.Point{X: p.X + int32(math.Round(metres*sin/mx)), Y: p.Y + int32(math.Round(metres*cos/my))}
}
