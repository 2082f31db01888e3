package geo

import "math"

// MaxMercatorLat is the latitude in degrees at which the Web Mercator square ends.
const MaxMercatorLat = 85.05112877980659

// Mercator is the point in the unit square of Web Mercator, which is tile 0/0/0: x runs east from the antimeridian,
// y runs south from [MaxMercatorLat]. Latitudes beyond it are clamped. Multiply by 2^z for tile coordinates.
func (p Point) Mercator() (x, y float64) {
	x = (float64(p.X) + MaxX) / (2 * MaxX)
	lat := max(-MaxMercatorLat, min(MaxMercatorLat, p.Lat()))
	y = 0.5 - math.Atanh(math.Sin(lat*rad))/(2*math.Pi)
	return x, max(0, min(1, y))
}

// FromMercator is the inverse of [Point.Mercator], rounded to the nearest point. Coordinates outside [0,1] are
// clamped; NaN counts as 0.
func FromMercator(x, y float64) Point {
	x, y = unit(x), unit(y)
	return Point{X: int32(math.RoundToEven(x*2*MaxX - MaxX)), Y: int32(math.RoundToEven(mercatorLat(y) * Unit))}
}

// unit clamps v to [0,1] and replaces NaN by 0.
func unit(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	return min(v, 1)
}

// mercatorLat is the latitude in degrees of the row y of the unit square.
func mercatorLat(y float64) float64 { return math.Atan(math.Sinh(math.Pi*(1-2*y))) / rad }

// TileBox is the box of tile z/x/y, rounded outward to integer units, so that the boxes of neighbours overlap by at
// most one unit. Columns and rows beyond the last are treated as the last; z is at most 31.
func TileBox(z, x, y uint32) Box {
	z = min(z, 31)
	n := uint32(1) << z
	x, y = min(x, n-1), min(y, n-1)
	f := float64(n)
	// Column borders are multiples of 2*MaxX/2^z and exact in float64 (51 bits).
	return Box{
		Min: Point{
			X: int32(math.Floor(float64(x)/f*2*MaxX - MaxX)),
			Y: int32(math.Floor(mercatorLat(float64(y+1)/f) * Unit)),
		},
		Max: Point{
			X: int32(math.Ceil(float64(x+1)/f*2*MaxX - MaxX)),
			Y: int32(math.Ceil(mercatorLat(float64(y)/f) * Unit)),
		},
	}
}
