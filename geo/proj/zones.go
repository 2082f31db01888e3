package proj

import "fmt"

// zone is a Gauss–Krüger zone of CGCS2000 in the EPSG register: 4491–4501 are the 6° zones 13–23 with the number of
// the zone before the easting, 4502–4512 the same zones without it, 4513–4533 and 4534–4554 the 3° zones 25–45
// likewise.
type zone struct {
	code   int
	number int     // of the zone
	width  int     // in degrees: 3 or 6
	lon0   float64 // central meridian
	prefix bool    // the easting starts with the number of the zone
}

const (
	firstZone = 4491
	lastZone  = 4554
)

// zoneOf is the zone with an EPSG code.
func zoneOf(code int) (zone, bool) {
	z := zone{code: code}
	switch i := code - firstZone; {
	case i < 0 || code > lastZone:
		return z, false
	case i < 22:
		z.width, z.number, z.prefix = 6, 13+i%11, i < 11
		z.lon0 = float64(6*z.number - 3)
	default:
		i -= 22
		z.width, z.number, z.prefix = 3, 25+i%21, i < 21
		z.lon0 = float64(3 * z.number)
	}
	return z, true
}

// crs is the system of the zone. A 3° zone is used up to 1.5° beyond its edges, because a city that lies across an
// edge is surveyed in one zone; a 6° zone up to 1° beyond, where eastings still lie within 500 km of the axis and
// cannot be taken for those of the next zone. Latitudes reach from the equator to 60°, which covers the country.
func (z zone) crs() *grid {
	g := &grid{name: fmt.Sprintf("EPSG:%d", z.code), title: "CGCS2000 / ", zone: z}
	reach := 4.0
	if z.width == 3 {
		g.title += "3-degree "
		reach = 3
	}
	g.title += "Gauss-Kruger "
	fe := 500000.0
	if z.prefix {
		fe += 1e6 * float64(z.number)
		g.title += fmt.Sprintf("zone %d", z.number)
	} else {
		g.title += fmt.Sprintf("CM %gE", z.lon0)
	}
	g.tm = newTransverseMercator(axis, grs80F, z.lon0, 1, fe, 0)
	g.use = Extent{z.lon0 - reach, 0, z.lon0 + reach, 60}
	return g
}

// esri is the name of the zone in files of ArcGIS, where it differs from the title by more than punctuation.
func (z zone) esri() string {
	s := "CGCS2000 "
	if z.width == 3 {
		s += "3 Degree "
	}
	if z.prefix {
		return s + fmt.Sprintf("GK Zone %d", z.number)
	}
	return s + fmt.Sprintf("GK CM %gE", z.lon0)
}

// ZoneAt is the 3° Gauss–Krüger system without prefix (EPSG:4534–4554) whose zone holds a longitude in degrees. It
// reports false outside 73.5° to 136.5°.
func ZoneAt(lon float64) (CRS, bool) {
	if !(lon >= 73.5 && lon <= 136.5) {
		return nil, false
	}
	z, _ := zoneOf(min(lastZone, 4534+int((lon-73.5)/3)))
	return z.crs(), true
}
