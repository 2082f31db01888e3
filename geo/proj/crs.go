package proj

import (
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/geo"
)

// CRS is a coordinate reference system: a way of writing places as two numbers. Implementations are immutable and
// safe for concurrent use.
//
// The order of the two numbers is always east before north (longitude before latitude), as in GeoJSON, whatever
// order the authority states and however the system was named: the URN forms too. A file with latitude first is
// swapped by its reader.
type CRS interface {
	// Name is the canonical name, such as EPSG:3826.
	Name() string
	// Title says what the system is, as its authority writes it.
	Title() string
	// Degrees reports whether the numbers count degrees; otherwise they count metres.
	Degrees() bool
	// Extent is the area in which the system is used.
	Extent() Extent
	// ToLonLat converts to longitude and latitude in degrees of EPSG:4326. It reports false when a number is not
	// finite or the place lies outside the extent, for instance when degrees are given for metres. [Explain] says
	// more.
	ToLonLat(x, y float64) (lon, lat float64, ok bool)
	// FromLonLat is the inverse of ToLonLat, with the same check.
	FromLonLat(lon, lat float64) (x, y float64, ok bool)
}

// Forward converts longitudes and latitudes in degrees of EPSG:4326 to coordinates of c, in place and without
// allocating. It returns how many were converted: len(ps), or the index of the first place outside the extent, which
// is left as it was together with all behind it.
func Forward(c CRS, ps []orb.Point) int {
	for i, p := range ps {
		x, y, ok := c.FromLonLat(p[0], p[1])
		if !ok {
			return i
		}
		ps[i] = orb.Point{x, y}
	}
	return len(ps)
}

// Inverse is the inverse of [Forward]: coordinates of c become longitudes and latitudes.
func Inverse(c CRS, ps []orb.Point) int {
	for i, p := range ps {
		lon, lat, ok := c.ToLonLat(p[0], p[1])
		if !ok {
			return i
		}
		ps[i] = orb.Point{lon, lat}
	}
	return len(ps)
}

// Extent is a closed rectangle in degrees of EPSG:4326.
type Extent struct{ West, South, East, North float64 }

// World is the extent of systems that can write every place.
var World = Extent{-180, -90, 180, 90}

// Contains reports whether a place lies in the extent. It is false for NaN.
func (e Extent) Contains(lon, lat float64) bool {
	return lon >= e.West && lon <= e.East && lat >= e.South && lat <= e.North
}

// near is Contains with a tolerance of a centimetre: a place on the edge may have been written with few decimals.
func (e Extent) near(lon, lat float64) bool {
	const d = 1e-7
	return Extent{e.West - d, e.South - d, e.East + d, e.North + d}.Contains(lon, lat)
}

// String is the extent in words.
func (e Extent) String() string {
	return fmt.Sprintf("longitude %s to %s, latitude %s to %s", number(e.West), number(e.East), number(e.South), number(e.North))
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// geographic is longitude and latitude in degrees.
type geographic struct{ name, title string }

func (g geographic) Name() string   { return g.name }
func (g geographic) Title() string  { return g.title }
func (g geographic) Degrees() bool  { return true }
func (g geographic) Extent() Extent { return World }

func (g geographic) ToLonLat(x, y float64) (lon, lat float64, ok bool) {
	return x, y, World.Contains(x, y)
}

func (g geographic) FromLonLat(lon, lat float64) (x, y float64, ok bool) {
	return lon, lat, World.Contains(lon, lat)
}

// webMercator is EPSG:3857: the spherical Mercator projection with the semi-major axis of WGS 84, applied to
// geodetic latitudes (OGP guidance note 7-2, method 1024). Degrees given for metres cannot be told from places near
// 0, 0.
type webMercator struct{}

func (webMercator) Name() string  { return "EPSG:3857" }
func (webMercator) Title() string { return "WGS 84 / Pseudo-Mercator" }
func (webMercator) Degrees() bool { return false }

func (webMercator) Extent() Extent {
	return Extent{-180, -geo.MaxMercatorLat, 180, geo.MaxMercatorLat}
}

func (webMercator) ToLonLat(x, y float64) (lon, lat float64, ok bool) {
	// The half side is π·a; a centimetre of tolerance admits rounded corners.
	const half = math.Pi*axis + 0.01
	if !(math.Abs(x) <= half && math.Abs(y) <= half) {
		return 0, 0, false
	}
	lon = max(-180, min(180, x/axis/rad))
	return lon, math.Atan(math.Sinh(y/axis)) / rad, true
}

func (m webMercator) FromLonLat(lon, lat float64) (x, y float64, ok bool) {
	if !m.Extent().Contains(lon, lat) {
		return 0, 0, false
	}
	return lon * rad * axis, math.Atanh(math.Sin(lat*rad)) * axis, true
}

// grid is a transverse Mercator grid on a datum that equals WGS 84 at the precision of a coordinate.
type grid struct {
	name, title string
	tm          *transverseMercator
	use         Extent
	zone        Zone // zero for grids that are no Gauss–Krüger zone
}

func (g *grid) Name() string   { return g.name }
func (g *grid) Title() string  { return g.title }
func (g *grid) Degrees() bool  { return false }
func (g *grid) Extent() Extent { return g.use }

func (g *grid) ToLonLat(x, y float64) (lon, lat float64, ok bool) {
	// Beyond 1000 km from the axis or 10,000 km from the equator the series need not converge.
	if !(math.Abs(x-g.tm.fe) <= 1e6 && math.Abs(y-g.tm.fn) <= 1e7) {
		return 0, 0, false
	}
	lon, lat = g.tm.inverse(x, y)
	if !g.use.near(lon, lat) {
		return 0, 0, false
	}
	return lon, lat, true
}

func (g *grid) FromLonLat(lon, lat float64) (x, y float64, ok bool) {
	if !g.use.near(lon, lat) {
		return 0, 0, false
	}
	x, y = g.tm.forward(lon, lat)
	return x, y, true
}

const (
	axis   = 6378137.0         // semi-major axis of WGS 84, CGCS2000 and GRS 80 in metres
	grs80F = 1 / 298.257222101 // flattening of GRS 80 and CGCS2000
	rad    = math.Pi / 180     // radians in one degree
)
