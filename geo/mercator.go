package geo

import (
	"math"
	"sync"
)

// MaxMercatorLat is the latitude in degrees at which the Web Mercator square ends.
const MaxMercatorLat = 85.05112877980659

// Mercator is the point in the unit square of Web Mercator, which is tile 0/0/0: x runs east from the antimeridian,
// y runs south from [MaxMercatorLat]. Latitudes beyond it are clamped. Multiply by 2^z for tile coordinates.
//
// y comes from a table of cubics and differs from the exact value by less than 1e-12 (at 60° of latitude and below by
// less than 1e-15): a tile of zoom level 22 is 2e-7 wide.
func (p Point) Mercator() (x, y float64) {
	rows := mercatorRows()
	at := max(-mercatorEdge, min(mercatorEdge, p.Y)) + mercatorEdge
	c := &rows[at>>mercatorBits]
	t := float64(at & (1<<mercatorBits - 1))
	return (float64(p.X) + MaxX) / (2 * MaxX), max(0, min(1, c[0]+t*(c[1]+t*(c[2]+t*c[3]))))
}

// mercatorEdge is [MaxMercatorLat], rounded outward; each cubic of the table covers 2^mercatorBits units (0.013°).
const (
	mercatorEdge = 850_511_288
	mercatorBits = 17
)

// mercatorRows is the table, 415 kB: on each piece the cubic that has the value and the slope of the projection at both
// ends (Hermite), as coefficients of the distance from its southern end in units. It is filled at first use.
var mercatorRows = sync.OnceValue(func() []([4]float64) {
	const pieces = 2*mercatorEdge>>mercatorBits + 1
	const h = 1 << mercatorBits
	exact := func(i int) (y, slope float64) {
		lat := min(89, float64(i*h-mercatorEdge)/Unit) * rad
		return 0.5 - math.Atanh(math.Sin(lat))/(2*math.Pi), -1 / math.Cos(lat) / (2 * math.Pi) * rad / Unit
	}
	rows := make([][4]float64, pieces)
	y0, m0 := exact(0)
	for i := range rows {
		y1, m1 := exact(i + 1)
		d := (y1 - y0) / h
		rows[i] = [4]float64{y0, m0, (3*d - 2*m0 - m1) / h, (m0 + m1 - 2*d) / (h * h)}
		y0, m0 = y1, m1
	}
	return rows
})

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
