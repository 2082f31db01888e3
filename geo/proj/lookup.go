package proj

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Known lists the canonical names of all systems that [Lookup] understands, own grids not counted.
func Known() []string {
	names := []string{"EPSG:4326", "EPSG:4490", "CRS84", "EPSG:3857", "EPSG:3826", "gcj02", "bd09"}
	for code := FirstZone; code <= LastZone; code++ {
		names = append(names, fmt.Sprintf("EPSG:%d", code))
	}
	return names
}

// knownText is [Known] in few words.
const knownText = "EPSG:4326, EPSG:4490, CRS84, EPSG:3857, EPSG:3826, EPSG:4491 to EPSG:4554, gcj02, bd09"

// UnknownError is a name that no system has.
type UnknownError struct {
	// Name is what was asked for.
	Name string
	// Own are the names of the city's own systems, which were searched too.
	Own []string
}

// Error names the name and the known ones.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("proj: unknown coordinate system %q; %s", shorten(e.Name), e.Hint())
}

// Hint lists the known names, to follow a value in a message.
func (e *UnknownError) Hint() string {
	return "known are " + strings.Join(append([]string{knownText}, e.Own...), ", ")
}

// WhyUnknown says what an error of [Lookup] means to somebody who gave the name, to follow the name in a message.
func WhyUnknown(err error) string {
	if e, ok := errors.AsType[*UnknownError](err); ok {
		return "is not a known coordinate system; " + e.Hint()
	}
	return "is not a coordinate system: " + strings.TrimPrefix(err.Error(), "proj: ")
}

// shorten cuts a name for a message.
func shorten(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Lookup finds a system by name. It understands a bare EPSG code (4326), EPSG:4326 in any case, the URN forms
// urn:ogc:def:crs:EPSG::4326 and urn:ogc:def:crs:OGC:1.3:CRS84, the URL form
// http://www.opengis.net/def/crs/EPSG/0/4326, and the titles of plane systems as EPSG and ArcGIS write them. The axis
// order is east, north for all of them: see [CRS]. The error is an *[UnknownError], or says what is wrong in a
// definition.
//
//   - EPSG:4326, EPSG:4490 and CRS84: degrees.
//   - EPSG:3857: Web Mercator in metres.
//   - EPSG:3826: TWD97 / TM2 zone 121 in metres, GRS 80, used between 118° and 124° E and 20° and 27° N.
//   - EPSG:4491 to 4554: Gauss–Krüger zones of CGCS2000 in metres; see [ZoneAt].
//   - gcj02 and bd09: the shifted degrees of Chinese web maps.
//   - the definition of an own grid: see [Own.Definition].
func Lookup(name string) (CRS, error) {
	if text := strings.TrimSpace(name); strings.HasPrefix(text, ownPrefix) {
		o, err := parseOwn(text)
		if err != nil {
			return nil, fmt.Errorf("proj: %w", err)
		}
		return o, nil
	}
	key := code(name)
	if c := builtIn(key); c != nil {
		return c, nil
	}
	if c := byTitle(squash(key)); c != nil {
		return c, nil
	}
	return nil, &UnknownError{Name: name}
}

// builtIn finds a system by its code in capitals, or is nil.
func builtIn(code string) CRS {
	switch code {
	case "4326":
		return geographic{"EPSG:4326", "WGS 84"}
	case "4490":
		return geographic{"EPSG:4490", "China Geodetic Coordinate System 2000"}
	case "CRS84":
		return geographic{"CRS84", "WGS 84 longitude-latitude"}
	case "3857":
		return webMercator{}
	case "3826":
		return &grid{
			name: "EPSG:3826", title: "TWD97 / TM2 zone 121",
			tm:  newTransverseMercator(axis, grs80F, 121, 0.9999, 250000, 0),
			use: Extent{118, 20, 124, 27},
		}
	case "GCJ02", "GCJ-02":
		return gcj02
	case "BD09", "BD-09", "BD09LL":
		return bd09
	}
	if len(code) == 4 {
		if n, err := strconv.Atoi(code); err == nil {
			if z, ok := ZoneOf(n); ok {
				return z.crs()
			}
		}
	}
	return nil
}

// byTitle finds a plane system by its squashed title, or is nil.
func byTitle(title string) CRS {
	switch title {
	case "wgs84pseudomercator", "wgs1984webmercatorauxiliarysphere":
		return webMercator{}
	case "twd97tm2zone121", "twd1997tmtaiwan":
		return builtIn("3826")
	}
	if !strings.HasPrefix(title, "cgcs2000") {
		return nil
	}
	for n := FirstZone; n <= LastZone; n++ {
		z, _ := ZoneOf(n)
		if title == squash(z.ESRI()) || title == squash(z.Title()) {
			return z.crs()
		}
	}
	return nil
}

// squash keeps letters and digits, in small letters.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// code strips the authority from a name and turns it into capitals: the digits of an EPSG code, or CRS84. Other names
// stay as they are.
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
