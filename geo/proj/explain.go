package proj

import (
	"fmt"
	"math"
)

// Explain says why x, y is no place of c, to follow the pair in a message: the extent and the usual mistake, if it
// looks like one. It is empty when the pair is a place.
func Explain(c CRS, x, y float64) string {
	if _, _, ok := c.ToLonLat(x, y); ok {
		return ""
	}
	if !finite(x) || !finite(y) {
		return "is not a pair of finite numbers"
	}
	if c.Degrees() {
		text := "is not a longitude within ±180 and a latitude within ±90 of " + label(c)
		if math.Abs(x) > 360 || math.Abs(y) > 360 {
			text += "; these look like metres of a plane system"
		}
		return text + exchanged(c, x, y)
	}
	text := "lies outside the area of " + label(c) + " (" + c.Extent().String() + ")"
	if math.Abs(x) <= 180 && math.Abs(y) <= 180 {
		return text + "; these look like degrees where metres are expected"
	}
	if hint := prefixed(c, x, y); hint != "" {
		return text + hint
	}
	return text + exchanged(c, x, y)
}

// ExplainPlace says why a place has no coordinates in c, to follow its longitude and latitude in a message. It is
// empty when the place has.
func ExplainPlace(c CRS, lon, lat float64) string {
	if _, _, ok := c.FromLonLat(lon, lat); ok {
		return ""
	}
	return "lies outside the area of " + label(c) + " (" + c.Extent().String() + ")"
}

// label is what messages call a system: its name, unless that is a long definition.
func label(c CRS) string {
	if o, ok := c.(*Own); ok && o.name == "" {
		return "the " + o.title
	}
	return c.Name()
}

// exchanged tells of a pair that is a place the other way round: surveyors write north as X.
func exchanged(c CRS, x, y float64) string {
	if _, _, ok := c.ToLonLat(y, x); ok {
		return "; the other way round it is a place: east (or longitude) comes first here"
	}
	return ""
}

// prefixed tells of an easting whose number of a zone does not fit the system: one too many, one missing, or that of
// another zone.
func prefixed(c CRS, x, y float64) string {
	g, ok := c.(*grid)
	if !ok || g.zone.Code == 0 {
		return ""
	}
	for code := FirstZone; code <= LastZone; code++ {
		z, _ := ZoneOf(code)
		if !z.Prefix && (z.Lon0 != g.zone.Lon0 || z.Width != g.zone.Width) {
			continue // without a number an easting fits every zone
		}
		if _, _, ok := z.crs().ToLonLat(x, y); !ok {
			continue
		}
		if z.Prefix {
			return fmt.Sprintf("; the easting starts with zone %d: see EPSG:%d", z.Number, z.Code)
		}
		return fmt.Sprintf("; the easting does not start with a zone: see EPSG:%d", z.Code)
	}
	return ""
}

// ZoneOfEasting finds the zone of CGCS2000 by the number that an easting starts with. It reports false for a place in none
// of them, and for eastings without a number, which fit every zone.
func ZoneOfEasting(x, y float64) (Zone, bool) {
	for code := FirstZone; code <= LastZone; code++ {
		if z, _ := ZoneOf(code); z.Prefix {
			if _, _, ok := z.crs().ToLonLat(x, y); ok {
				return z, true
			}
		}
	}
	return Zone{}, false
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
