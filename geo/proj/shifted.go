package proj

import "math"

// shifted is a system of Chinese web maps: longitudes and latitudes that are moved by some hundreds of metres. It is
// an offset of map services, not a survey system; outside the box the numbers are those of WGS 84.
//
// Near the box the two cannot be told apart: a place up to a kilometre outside may have the numbers of a place inside,
// and ToLonLat then answers the one inside.
type shifted struct {
	name, title string
	// shift moves a place inside the box.
	shift func(x, y float64) (float64, float64)
}

// shiftBox is where the shift applies.
var shiftBox = Extent{72.004, 0.8293, 137.8347, 55.8271}

func (s *shifted) Name() string   { return s.name }
func (s *shifted) Title() string  { return s.title }
func (s *shifted) Degrees() bool  { return true }
func (s *shifted) Extent() Extent { return World }

func (s *shifted) FromLonLat(lon, lat float64) (x, y float64, ok bool) {
	if shiftBox.Contains(lon, lat) {
		x, y = s.shift(lon, lat)
		return x, y, true
	}
	return lon, lat, World.Contains(lon, lat)
}

// ToLonLat solves shift(lon, lat) = x, y by iteration. Each round leaves less than a thirtieth of the error, so that
// ten reach the last bits.
func (s *shifted) ToLonLat(x, y float64) (lon, lat float64, ok bool) {
	const most = 0.1 // no place is shifted by more degrees
	b := shiftBox
	if !(Extent{b.West - most, b.South - most, b.East + most, b.North + most}).Contains(x, y) {
		return x, y, World.Contains(x, y)
	}
	lon, lat = x, y
	for range 16 {
		gx, gy := s.shift(lon, lat)
		dx, dy := x-gx, y-gy
		lon, lat = lon+dx, lat+dy
		if math.Abs(dx)+math.Abs(dy) < 1e-14 {
			break
		}
	}
	// A place on the edge may have been written with few decimals.
	const slack = 1e-8
	if in := (Extent{b.West - slack, b.South - slack, b.East + slack, b.North + slack}); !in.Contains(lon, lat) {
		return x, y, true
	}
	return max(b.West, min(b.East, lon)), max(b.South, min(b.North, lat)), true
}

var (
	gcj02 = &shifted{"gcj02", "GCJ-02, the shifted coordinates of AMap, Tencent and phone maps in China", shiftGCJ02}
	bd09  = &shifted{"bd09", "BD-09, the shifted coordinates of Baidu", func(x, y float64) (float64, float64) {
		return shiftBD09(shiftGCJ02(x, y))
	}}
)

// shiftGCJ02 moves WGS 84 to GCJ-02. The formula and its constants (the Krasovsky ellipsoid) are those that map
// services and their users have published in many places; there is no official text.
func shiftGCJ02(lon, lat float64) (x, y float64) {
	const a, ee = 6378245.0, 0.00669342162296594323
	x, y = lon-105, lat-35
	root := math.Sqrt(math.Abs(x))
	waves := (20*math.Sin(6*math.Pi*x) + 20*math.Sin(2*math.Pi*x)) * 2 / 3
	north := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + waves +
		(20*math.Sin(math.Pi*y)+40*math.Sin(math.Pi/3*y))*2/3 +
		(160*math.Sin(math.Pi/12*y)+320*math.Sin(math.Pi/30*y))*2/3
	east := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + waves +
		(20*math.Sin(math.Pi*x)+40*math.Sin(math.Pi/3*x))*2/3 +
		(150*math.Sin(math.Pi/12*x)+300*math.Sin(math.Pi/30*x))*2/3
	sin, cos := math.Sincos(lat * rad)
	m := 1 - ee*sin*sin
	r := math.Sqrt(m)
	return lon + east/(a/r*cos*rad), lat + north/(a*(1-ee)/(m*r)*rad)
}

// shiftBD09 moves GCJ-02 to BD-09.
func shiftBD09(x, y float64) (float64, float64) {
	const turns = math.Pi * 3000 / 180
	z := math.Hypot(x, y) + 0.00002*math.Sin(y*turns)
	sin, cos := math.Sincos(math.Atan2(y, x) + 0.000003*math.Cos(x*turns))
	return z*cos + 0.0065, z*sin + 0.006
}
