package geom

import (
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// Places writes the coordinates of shapes as text in a system. The zero Places writes longitude and latitude with all
// the decimals they have.
type Places struct {
	crs      proj.CRS // nil writes the integers of the shape in degrees, exactly
	decimals int
}

// NewPlaces writes in a system, nil being longitude and latitude, with enough decimals that reading them back gives
// the same integers.
func NewPlaces(crs proj.CRS) Places {
	switch {
	case crs == nil || IsLonLat(crs):
		return Places{}
	case crs.Degrees():
		return Places{crs, 9}
	default:
		return Places{crs, 4}
	}
}

// IsLonLat reports whether coordinates of the system are the ones inside.
func IsLonLat(crs proj.CRS) bool {
	switch crs.Name() {
	case "EPSG:4326", "EPSG:4490", "CRS84":
		return true
	}
	return false
}

// style is the punctuation of coordinates.
type style struct {
	open, close, between string // between the two numbers
	point                bool   // a position has brackets of its own
}

var (
	jsonStyle = style{open: "[", close: "]", between: ",", point: true}
	wktStyle  = style{open: "(", close: ")", between: " "}
)

// IsMulti reports whether a shape has several parts.
func IsMulti(s geo.Shape) bool {
	switch s.Kind() {
	case geo.KindPoint:
		return len(s.Vertices()) > 1
	case geo.KindLine:
		return s.NumRings() > 1
	default:
		return s.NumPolygons() > 1
	}
}

// CRS is the system, nil for longitude and latitude.
func (p Places) CRS() proj.CRS { return p.crs }

// AppendGeoJSON appends a shape as a GeoJSON geometry, null when there is none.
func (p Places) AppendGeoJSON(dst []byte, s geo.Shape) []byte {
	if s.Kind() == geo.KindNone {
		return append(dst, "null"...)
	}
	dst = append(dst, `{"type":"`...)
	if IsMulti(s) {
		dst = append(dst, "Multi"...)
	}
	dst = append(dst, [...]string{geo.KindPoint: "Point", geo.KindLine: "LineString", geo.KindPolygon: "Polygon"}[s.Kind()]...)
	dst = append(dst, `","coordinates":`...)
	dst = p.append(dst, s, &jsonStyle)
	return append(dst, '}')
}

// AppendWKT appends a shape as well-known text, nothing when there is no geometry.
func (p Places) AppendWKT(dst []byte, s geo.Shape) []byte {
	if s.Kind() == geo.KindNone {
		return dst
	}
	if IsMulti(s) {
		dst = append(dst, "MULTI"...)
	}
	dst = append(dst, [...]string{geo.KindPoint: "POINT", geo.KindLine: "LINESTRING", geo.KindPolygon: "POLYGON"}[s.Kind()]...)
	return p.append(dst, s, &wktStyle)
}

// Orb is a shape in the system, free to be changed; nil when it has no geometry.
func (p Places) Orb(s geo.Shape) orb.Geometry {
	g := s.Orb()
	if p.crs == nil || g == nil {
		return g
	}
	return project.Geometry(g, func(q orb.Point) orb.Point {
		x, y, _ := p.crs.FromLonLat(q[0], q[1])
		return orb.Point{x, y}
	})
}

// append writes the nested coordinates of a shape.
func (p Places) append(dst []byte, s geo.Shape, st *style) []byte {
	multi := IsMulti(s)
	switch {
	case s.Kind() == geo.KindPoint && !multi && st.point:
		return p.appendPoint(dst, s.Vertices()[0], st)
	case s.Kind() == geo.KindPoint:
		return p.appendRun(dst, s.Vertices(), st)
	case s.Kind() == geo.KindLine && !multi:
		return p.appendRun(dst, s.Vertices(), st)
	case !multi || s.Kind() == geo.KindLine:
		return p.appendRings(dst, s, 0, s.NumRings(), st)
	}
	dst = append(dst, st.open...)
	for i := range s.NumPolygons() {
		if i > 0 {
			dst = append(dst, ',')
		}
		from, to := s.Polygon(i)
		dst = p.appendRings(dst, s, from, to, st)
	}
	return append(dst, st.close...)
}

func (p Places) appendRings(dst []byte, s geo.Shape, from, to int, st *style) []byte {
	dst = append(dst, st.open...)
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ',')
		}
		dst = p.appendRun(dst, s.Ring(i), st)
	}
	return append(dst, st.close...)
}

func (p Places) appendRun(dst []byte, ps []geo.Point, st *style) []byte {
	dst = append(dst, st.open...)
	for i, q := range ps {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = p.appendPoint(dst, q, st)
	}
	return append(dst, st.close...)
}

func (p Places) appendPoint(dst []byte, q geo.Point, st *style) []byte {
	if !st.point {
		return p.AppendPair(dst, q, st.between)
	}
	dst = p.AppendPair(append(dst, st.open...), q, st.between)
	return append(dst, st.close...)
}

// AppendPair appends the two numbers of a place with text between them.
func (p Places) AppendPair(dst []byte, q geo.Point, between string) []byte {
	if p.crs == nil {
		dst = append(appendDegrees(dst, q.X), between...)
		return appendDegrees(dst, q.Y)
	}
	x, y, _ := p.crs.FromLonLat(q.Lon(), q.Lat())
	dst = append(strconv.AppendFloat(dst, x, 'f', p.decimals, 64), between...)
	return strconv.AppendFloat(dst, y, 'f', p.decimals, 64)
}

// Inside reports whether every vertex has coordinates in the system, or the first one that has none.
func (p Places) Inside(s geo.Shape) (geo.Point, bool) {
	if p.crs == nil {
		return geo.Point{}, true
	}
	for _, q := range s.Vertices() {
		if _, _, ok := p.crs.FromLonLat(q.Lon(), q.Lat()); !ok {
			return q, false
		}
	}
	return geo.Point{}, true
}

// appendDegrees writes an integer coordinate in degrees with the decimals it has, seven at most. No float is
// involved, so nothing is rounded.
func appendDegrees(dst []byte, v int32) []byte {
	n := int64(v)
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	dst = strconv.AppendInt(dst, n/geo.Unit, 10)
	fraction := n % geo.Unit
	if fraction == 0 {
		return dst
	}
	dst = append(dst, '.')
	for step := int64(geo.Unit / 10); fraction > 0; step /= 10 {
		dst = append(dst, byte('0'+fraction/step))
		fraction %= step
	}
	return dst
}

// ParseDegrees is the inverse of what [Places] writes in degrees: an integer coordinate of a plain decimal number with
// seven decimals at most. It reports false for other texts, which [strconv.ParseFloat] may understand; where both do they
// agree, and this takes a fifth of the time.
func ParseDegrees(text string) (int32, bool) {
	digits := text
	if digits != "" && digits[0] == '-' {
		digits = digits[1:]
	}
	n, decimals, seen := int64(0), -1, false
	for i := range len(digits) {
		c := digits[i]
		switch {
		case c == '.' && decimals < 0:
			decimals = 0
			continue
		case c < '0' || c > '9' || n > geo.MaxX:
			return 0, false
		}
		n, seen = 10*n+int64(c-'0'), true
		if decimals >= 0 {
			decimals++
		}
	}
	if !seen || decimals > 7 {
		return 0, false
	}
	for i := max(0, decimals); i < 7; i++ {
		n *= 10
	}
	if n > geo.MaxX {
		return 0, false
	}
	if len(digits) < len(text) {
		n = -n
	}
	return int32(n), true
}
