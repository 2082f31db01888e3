package geocode

import (
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/names"
)

// What is taken off for relations, and what they add to the radius in metres.
const (
	offsetPoints   = 3
	sidePoints     = 4
	stretchPoints  = 6
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

// furthest is how far from a place another is described by it, in metres.
const furthest = 10_000

// relate moves a candidate to where the words of its claim put it, and keeps it.
func (f *finder) relate(cl *claim, precision int, c candidate) {
	c.void = cl.metres > furthest
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
		c.at = f.moved(&c, cl.bearing, cl.metres)
		approximate(offsetPoints+min(int(cl.metres/100), 10), offsetShare*cl.metres)
	case Side:
		if side, ok := f.g.Lines().Side(uint32(c.road), c.at, cl.bearing, sideShift); ok && c.kind == Road {
			c.at = side
		} else {
			c.at = moved(c.at, cl.bearing, sideShift)
		}
		approximate(sidePoints, sideRadius)
	case Corner:
		c.at = moved(c.at, cl.bearing, cornerShift)
		approximate(sidePoints/2, sideRadius)
	case Opposite:
		if other, ok := f.g.Lines().Opposite(uint32(c.road), c.at); ok && c.kind == House {
			c.at = other
		}
		approximate(sidePoints, oppositeRadius)
	case Near:
		approximate(nearPoints, nearRadius)
	case Beside:
		approximate(besideWord, besideRadius)
	case Between:
		approximate(stretchPoints, 0)
	case Gate, Inside:
		c.radius += gateRadius
	default:
	}
	f.keep(cl, precision, c)
}

// moved is where a candidate is so many metres on: along the road that it is on, if that leads there, else by the compass.
func (f *finder) moved(c *candidate, bearing, metres float64) geo.Point {
	if c.kind == House || c.kind == Crossing {
		roads := []names.ID{c.road}
		if c.kind == Crossing {
			roads = append(roads, c.cross)
		}
		for _, road := range roads {
			on, _, ok := f.g.Lines().Nearest(uint32(road), c.at)
			if !ok {
				continue
			}
			if at, ok := f.g.Lines().Along(uint32(road), c.at, bearing, metres); ok {
				// A door stays as far beside the road as it is.
				return geo.Point{X: at.X + (c.at.X - on.X), Y: at.Y + (c.at.Y - on.Y)}
			}
		}
	}
	return moved(c.at, bearing, metres)
}

// moved is the point so many metres from p by a bearing in degrees from north, clockwise.
func moved(p geo.Point, bearing, metres float64) geo.Point {
	mx, my := geo.Scale(p.Lat())
	sin, cos := math.Sincos(bearing * math.Pi / 180)
	return geo.Point{X: p.X + int32(math.Round(metres*sin/mx)), Y: p.Y + int32(math.Round(metres*cos/my))}
}
