package geocode

import (
	"math"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

// What is taken off for relations, and what they add to the radius in metres.
const (
	offsetPoints   = 3
	sidePoints     = 4
	stretchPoints  = 6
	undirected     = 11 // so far from it, no direction
	sideShift      = 12.0
	cornerShift    = 15.0
	sideRadius     = 25.0
	nearPoints     = 11
	nearRadius     = 100.0
	besideWord     = 4
	besideRadius   = 30.0
	gateRadius     = 20.0
	oppositeRadius = 30.0
	// offsetShare of a stated distance is how far off it may be.
	offsetShare = 0.15
	// A place with 90 points lies within surely metres, so what may be further off loses at least vaguePoints.
	surely         = 50.0
	sure           = 90
	vaguePoints    = 11
	unstatedRadius = 100.0
)

// furthest is how far from a place another is described by it, in metres.
const furthest = 10_000

// relate moves a candidate to where the words of its claim put it, and keeps it.
func (f *finder) relate(cl *relation.Claim, precision int, c candidate) {
	c.void = cl.Metres() > furthest
	c.relation, c.anchor = cl.Relation, c.at
	c.apart = cl.Relation != At && cl.Relation != Gate && cl.Relation != Inside
	approximate := func(points int, radius float64) {
		c.radius += radius
		c.faults = append(slices.Clip(c.faults), Fault{Element: "relation", Kind: Approximate, Points: points})
	}
	switch cl.Relation {
	case Offset:
		points, radius := f.offset(cl, &c)
		approximate(points, radius)
	case Side:
		if side, ok := f.g.Lines().Side(uint32(c.road), c.at, cl.Bearing, sideShift); ok && c.kind == Road {
			c.at = side
		} else {
			c.at = ground.Moved(c.at, cl.Bearing, sideShift)
		}
		approximate(sidePoints, sideRadius)
		f.unstated(cl, &c)
	case Corner:
		c.at = ground.Moved(c.at, cl.Bearing, cornerShift)
		approximate(sidePoints/2, 0) // it is nearer to a corner than its middle is
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
	f.loose(cl, &c)
	f.corner(cl, &c)
	f.keep(cl, precision, c)
}

// offset moves a candidate by the legs of its claim, and says what that takes off and how far off it may be in metres.
func (f *finder) offset(cl *relation.Claim, c *candidate) (points int, radius float64) {
	for i := range cl.Legs {
		leg := &cl.Legs[i]
		bearing := leg.Bearing
		if leg.Goal >= 0 {
			bearing = f.toward(leg.Goal, c.at)
		}
		if bearing < 0 {
			points, radius = points+undirectedPoints(leg.Metres), radius+leg.Metres+leg.Spread
			continue
		}
		if i == 0 {
			straight := ground.Moved(c.at, bearing, leg.Metres)
			c.at = f.moved(c, bearing, leg.Metres)
			radius += max(0, geo.Distance(c.at, straight)-leg.Spread-offsetShare*leg.Metres) // round a bend either may be meant
		} else {
			c.at = ground.Moved(c.at, bearing, leg.Metres) // it has left the road
		}
		points += offsetPoints + min(int(leg.Metres/100), 10)
		radius += offsetShare*leg.Metres + leg.Spread
	}
	if radius > surely {
		points = max(points, vaguePoints)
	}
	f.unstated(cl, c)
	return points, radius
}

// unstated adds the fault of a direction whose distance the text does not say, or says so that it cannot be read.
func (f *finder) unstated(cl *relation.Claim, c *candidate) {
	if !cl.Unstated {
		return
	}
	fault := Fault{Element: "distance", Kind: Missing, Points: vaguePoints}
	if cl.Obscure {
		fault.Kind = Unknown
	}
	c.faults = append(slices.Clip(c.faults), fault)
	c.radius += unstatedRadius
}

// toward is the bearing from a point to what a name means, to the nearest point of it: -1 where the city has it nowhere, or
// it is there already.
func (f *finder) toward(goal int, from geo.Point) float64 {
	const here = 5.0
	best, at := math.Inf(1), geo.Point{}
	nearer := func(p geo.Point) {
		if d := geo.Distance(from, p); d < best {
			best, at = d, p
		}
	}
	e := &f.elements[goal]
	for _, id := range append([]names.ID{e.Name}, e.Also...) {
		for _, s := range f.g.Senses(id)[:min(len(f.g.Senses(id)), mostSame)] {
			if !f.spend(costMeaning) {
				break
			}
			if s.Kind == gazetteer.Road {
				if p, ok := f.ways.Nearest(s.Road, from); ok {
					nearer(p)
				}
			} else if p, ok := f.g.Place(s); ok {
				nearer(p)
			}
		}
	}
	if best < here || best > furthest {
		return -1
	}
	return ground.Bearing(from, at)
}

// beside are characters that say where around a place a distance is without saying which way: 左右两侧50米, 方圆500米.
const beside = "左右两侧前后方圆半径周围由向往东南西北沿外的路边各约"

// loose adds the fault of a distance behind a place of which the text does not say how it lies to that.
func (f *finder) loose(cl *relation.Claim, c *candidate) {
	const furthest = 10 // characters
	open, led := false, false
	for i := cl.Last + 1; i < len(f.elements); i++ {
		e := &f.elements[i]
		if e.Word == phrase.Measure {
			if i > cl.Last+1 && (led || !open) {
				c.apart = true
				c.faults = append(slices.Clip(c.faults), Fault{Element: "distance", Kind: Unknown, Text: f.written(e), Points: undirectedPoints(e.Metres)})
				c.radius += e.Metres + e.Spread
			}
			return
		}
		if e.Kind == phrase.Mark || e.Kind == phrase.Name || e.End-f.elements[cl.Last].End > furthest {
			return
		}
		led = led || e.Word == phrase.Toward || e.Word == phrase.Way || e.Word == phrase.Turn
		open = open || e.Word == phrase.NoWord && strings.Trim(f.written(e), beside) != ""
	}
}

// undirectedPoints is what a distance without a direction takes off: the place is anywhere around.
func undirectedPoints(metres float64) int { return undirected + min(int(metres/20), 28) }

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
	if c.isDoor && !f.g.Lines().Has(uint32(c.road)) {
		if at, ok := f.g.Doors().Along(c.street, c.at, bearing, metres); ok {
			return at
		}
	}
	return ground.Moved(c.at, bearing, metres)
}
