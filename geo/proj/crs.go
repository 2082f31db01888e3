package proj

import (
	"fmt"
	"math"
	"strings"

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
	// ToLonLat converts to longitude and latitude in degrees of EPSG:4326. It reports false when a number is not
	// finite or the place lies outside the area where the system is used, for instance when degrees are given for
	// metres.
	ToLonLat(x, y float64) (lon, lat float64, ok bool)
	// FromLonLat is the inverse of ToLonLat, with the same check.
	FromLonLat(lon, lat float64) (x, y float64, ok bool)
}

// area is a closed rectangle in degrees.
type area struct{ west, south, east, north float64 }

// has is written so that NaN fails it.
func (a area) has(lon, lat float64) bool {
	return lon >= a.west && lon <= a.east && lat >= a.south && lat <= a.north
}

// geographic is longitude and latitude in degrees.
type geographic struct{ name string }

func (g geographic) Name() string { return g.name }

func (g geographic) ToLonLat(x, y float64) (lon, lat float64, ok bool) {
	return x, y, area{-180, -90, 180, 90}.has(x, y)
}

func (g geographic) FromLonLat(lon, lat float64) (x, y float64, ok bool) { return g.ToLonLat(lon, lat) }

// webMercator is EPSG:3857: the spherical Mercator projection with the semi-major axis of WGS 84, applied to
// geodetic latitudes (OGP guidance note 7-2, method 1024). Degrees given for metres cannot be told from places near
// 0, 0.
type webMercator struct{}

func (webMercator) Name() string { return "EPSG:3857" }

func (webMercator) ToLonLat(x, y float64) (lon, lat float64, ok bool) {
	// The half side is π·a; a centimetre of tolerance admits rounded corners.
	const half = math.Pi*wgsA + 0.01
	if !(math.Abs(x) <= half && math.Abs(y) <= half) {
		return 0, 0, false
	}
	lon = max(-180, min(180, x/wgsA/rad))
	return lon, math.Atan(math.Sinh(y/wgsA)) / rad, true
}

func (webMercator) FromLonLat(lon, lat float64) (x, y float64, ok bool) {
	if !(area{-180, -geo.MaxMercatorLat, 180, geo.MaxMercatorLat}).has(lon, lat) {
		return 0, 0, false
	}
	return lon * rad * wgsA, math.Atanh(math.Sin(lat*rad)) * wgsA, true
}

// grid is a transverse Mercator grid on a datum that equals WGS 84 at the precision of a coordinate.
type grid struct {
	name string
	tm   *transverseMercator
	use  area
}

func (g grid) Name() string { return g.name }

func (g grid) ToLonLat(x, y float64) (lon, lat float64, ok bool) {
	// Beyond 1000 km from the axis or 10,000 km from the equator the series need not converge.
	if !(math.Abs(x-g.tm.fe) <= 1e6 && math.Abs(y-g.tm.fn) <= 1e7) {
		return 0, 0, false
	}
	lon, lat = g.tm.inverse(x, y)
	return lon, lat, g.use.has(lon, lat)
}

func (g grid) FromLonLat(lon, lat float64) (x, y float64, ok bool) {
	if !g.use.has(lon, lat) {
		return 0, 0, false
	}
	x, y = g.tm.forward(lon, lat)
	return x, y, true
}

const (
	wgsA   = 6378137.0         // semi-major axis of WGS 84 and GRS 80 in metres
	grs80F = 1 / 298.257222101 // flattening of GRS 80
	rad    = math.Pi / 180     // radians in one degree
)

// Known lists the canonical names that [Lookup] understands.
func Known() []string {
	return []string{"EPSG:4326", "EPSG:4490", "CRS84", "EPSG:3857", "EPSG:3826"}
}

// Lookup finds a system by name. It understands a bare EPSG code (4326), EPSG:4326 in any case, the URN forms
// urn:ogc:def:crs:EPSG::4326 and urn:ogc:def:crs:OGC:1.3:CRS84, and the URL form
// http://www.opengis.net/def/crs/EPSG/0/4326. The axis order is east, north for all of them: see [CRS]. The error
// lists the known names.
//
//   - EPSG:4326, EPSG:4490 and CRS84: degrees.
//   - EPSG:3857: Web Mercator in metres.
//   - EPSG:3826: TWD97 / TM2 zone 121 in metres, GRS 80, used between 118° and 124° E and 20° and 27° N.
func Lookup(name string) (CRS, error) {
	switch code(name) {
	case "4326":
		return geographic{"EPSG:4326"}, nil
	case "4490":
		return geographic{"EPSG:4490"}, nil
	case "CRS84":
		return geographic{"CRS84"}, nil
	case "3857":
		return webMercator{}, nil
	case "3826":
		return grid{
			name: "EPSG:3826",
			tm:   newTransverseMercator(wgsA, grs80F, 121, 0.9999, 250000, 0),
			use:  area{118, 20, 124, 27},
		}, nil
	default:
		return nil, fmt.Errorf("proj: unknown coordinate system %q; known are %s", name, strings.Join(Known(), ", "))
	}
}

// code strips the authority from a name: the digits of an EPSG code, or CRS84. Other names stay as they are.
func code(name string) string {
	s := strings.ToUpper(strings.TrimSpace(name))
	for _, scheme := range []string{"HTTP://", "HTTPS://"} {
		if rest, ok := strings.CutPrefix(s, scheme+"WWW.OPENGIS.NET/DEF/CRS/"); ok {
			return authority(strings.Split(rest, "/"), name)
		}
	}
	if rest, ok := strings.CutPrefix(s, "URN:OGC:DEF:CRS:"); ok {
		return authority(strings.Split(rest, ":"), name)
	}
	if rest, ok := strings.CutPrefix(s, "EPSG:"); ok {
		return rest
	}
	return strings.TrimPrefix(s, "OGC:")
}

// authority reads the parts authority, version, code.
func authority(parts []string, name string) string {
	if len(parts) == 3 && (parts[0] == "EPSG" || parts[0] == "OGC" && parts[2] == "CRS84") {
		return parts[2]
	}
	return name
}
