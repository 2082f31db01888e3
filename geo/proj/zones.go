package proj

import (
	"fmt"
	"strconv"
)

// Zone is a Gauss–Krüger zone of CGCS2000 in the EPSG register: 4491–4501 are the 6° zones 13–23 with the number of
// the zone before the easting, 4502–4512 the same zones without it, 4513–4533 and 4534–4554 the 3° zones 25–45
// likewise.
type Zone struct {
	// Code is the EPSG code.
	Code int
	// Number is that of the zone, Width its width in degrees: 3 or 6.
	Number, Width int
	// Lon0 is the central meridian in degrees.
	Lon0 float64
	// Prefix says that the easting starts with the number.
	Prefix bool
}

// The EPSG codes of the first and the last zone.
const (
	FirstZone = 4491
	LastZone  = 4554
)

// ZoneOf is the zone with an EPSG code. It reports false for codes that are no zone.
func ZoneOf(code int) (Zone, bool) {
	z := Zone{Code: code}
	switch i := code - FirstZone; {
	case i < 0 || code > LastZone:
		return z, false
	case i < 22:
		z.Width, z.Number, z.Prefix = 6, 13+i%11, i < 11
		z.Lon0 = float64(6*z.Number - 3)
	default:
		i -= 22
		z.Width, z.Number, z.Prefix = 3, 25+i%21, i < 21
		z.Lon0 = float64(3 * z.Number)
	}
	return z, true
}

// FalseEasting is the easting of the central meridian in metres.
func (z Zone) FalseEasting() float64 {
	if z.Prefix {
		return 1e6*float64(z.Number) + 500_000
	}
	return 500_000
}

// Title is the name of the zone as EPSG writes it.
func (z Zone) Title() string {
	return z.title("CGCS2000 / ", "3-degree ", "Gauss-Kruger ", "zone ", " ")
}

// ESRI is the name of the zone in files of ArcGIS.
func (z Zone) ESRI() string { return z.title("CGCS2000_", "3_Degree_", "GK_", "Zone_", "_") }

// title joins the words of a name in one of its spellings.
func (z Zone) title(datum, three, projection, zone, blank string) string {
	s := datum
	if z.Width == 3 {
		s += three
	}
	if z.Prefix {
		return s + projection + zone + strconv.Itoa(z.Number)
	}
	return s + projection + "CM" + blank + fmt.Sprintf("%gE", z.Lon0)
}

// crs is the system of the zone. A 3° zone is used up to 1.5° beyond its edges, because a city that lies across an
// edge is surveyed in one zone; a 6° zone up to 1° beyond, where eastings still lie within 500 km of the axis and
// cannot be taken for those of the next zone. Latitudes reach from the equator to 60°, which covers the country.
func (z Zone) crs() *grid {
	reach := 4.0
	if z.Width == 3 {
		reach = 3
	}
	return &grid{
		name: fmt.Sprintf("EPSG:%d", z.Code), title: z.Title(), zone: z,
		tm:  newTransverseMercator(axis, grs80F, z.Lon0, 1, z.FalseEasting(), 0),
		use: Extent{z.Lon0 - reach, 0, z.Lon0 + reach, 60},
	}
}

// ZoneAt is the 3° Gauss–Krüger system without prefix (EPSG:4534–4554) whose zone holds a longitude in degrees. It
// reports false outside 73.5° to 136.5°.
func ZoneAt(lon float64) (CRS, bool) {
	if !(lon >= 73.5 && lon <= 136.5) {
		return nil, false
	}
	z, _ := ZoneOf(min(LastZone, 4534+int((lon-73.5)/3)))
	return z.crs(), true
}
