package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Unit is the number of integer steps in one degree.
const Unit = 10_000_000

// Largest coordinates in integer units: 180° and 90°.
const (
	MaxX = 180 * Unit
	MaxY = 90 * Unit
)

// Point is a longitude X and a latitude Y in units of 1e-7 degree (EPSG:4490/4326).
type Point struct{ X, Y int32 }

// FromDegrees rounds a longitude and latitude in degrees to the nearest integer point. It reports false when a
// coordinate is not a number or lies outside ±180, ±90.
func FromDegrees(lon, lat float64) (Point, bool) {
	// Written so that NaN fails the comparison.
	if !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) {
		return Point{}, false
	}
	return Point{X: int32(math.RoundToEven(lon * Unit)), Y: int32(math.RoundToEven(lat * Unit))}, true
}

// Lon is the longitude in degrees.
func (p Point) Lon() float64 { return float64(p.X) / Unit }

// Lat is the latitude in degrees.
func (p Point) Lat() float64 { return float64(p.Y) / Unit }

// Orb is the point in degrees.
func (p Point) Orb() orb.Point { return orb.Point{p.Lon(), p.Lat()} }

// Box is a closed rectangle in integer units: both corners belong to it.
type Box struct{ Min, Max Point }

// EmptyBox contains nothing and is the neutral element of [Box.Union].
func EmptyBox() Box {
	return Box{Min: Point{math.MaxInt32, math.MaxInt32}, Max: Point{math.MinInt32, math.MinInt32}}
}

// Empty reports whether no point lies in the box.
func (b Box) Empty() bool { return b.Min.X > b.Max.X || b.Min.Y > b.Max.Y }

// Extend is the smallest box that holds b and p.
func (b Box) Extend(p Point) Box {
	return Box{
		Min: Point{min(b.Min.X, p.X), min(b.Min.Y, p.Y)},
		Max: Point{max(b.Max.X, p.X), max(b.Max.Y, p.Y)},
	}
}

// Union is the smallest box that holds both.
func (b Box) Union(c Box) Box {
	return Box{
		Min: Point{min(b.Min.X, c.Min.X), min(b.Min.Y, c.Min.Y)},
		Max: Point{max(b.Max.X, c.Max.X), max(b.Max.Y, c.Max.Y)},
	}
}

// Widen is the box with that many units more on each side, within ±180° and ±90°. An empty box stays empty.
func (b Box) Widen(units int32) Box {
	if b.Empty() {
		return b
	}
	return Box{
		Min: Point{max(b.Min.X, units-MaxX) - units, max(b.Min.Y, units-MaxY) - units},
		Max: Point{min(b.Max.X, MaxX-units) + units, min(b.Max.Y, MaxY-units) + units},
	}
}

// Intersects reports whether the boxes share a point; touching counts.
func (b Box) Intersects(c Box) bool {
	return b.Min.X <= c.Max.X && c.Min.X <= b.Max.X && b.Min.Y <= c.Max.Y && c.Min.Y <= b.Max.Y
}

// Contains reports whether p lies in the box or on its border.
func (b Box) Contains(p Point) bool {
	return b.Min.X <= p.X && p.X <= b.Max.X && b.Min.Y <= p.Y && p.Y <= b.Max.Y
}

// Orb is the box in degrees.
func (b Box) Orb() orb.Bound { return orb.Bound{Min: b.Min.Orb(), Max: b.Max.Orb()} }
