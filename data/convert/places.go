package convert

import (
	"strconv"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// places writes coordinates in a system.
type places struct {
	crs      proj.CRS // nil writes the integers of the shape in degrees, exactly
	decimals int
}

var plainPlaces = places{}

// newPlaces chooses the decimals: enough that reading them back gives the same integers.
func newPlaces(crs proj.CRS) places {
	switch {
	case crs == nil || isLonLat(crs):
		return plainPlaces
	case degrees(crs):
		return places{crs, 9}
	default:
		return places{crs, 4}
	}
}

// isLonLat reports whether coordinates of the system are the ones inside.
func isLonLat(crs proj.CRS) bool {
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

// isMulti reports whether a shape has several parts.
func isMulti(s geo.Shape) bool {
	switch s.Kind() {
	case geo.KindPoint:
		return len(s.Vertices()) > 1
	case geo.KindLine:
		return s.NumRings() > 1
	default:
		return s.NumPolygons() > 1
	}
}

// append writes the nested coordinates of a shape.
func (p places) append(dst []byte, s geo.Shape, st *style) []byte {
	multi := isMulti(s)
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

func (p places) appendRings(dst []byte, s geo.Shape, from, to int, st *style) []byte {
	dst = append(dst, st.open...)
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ',')
		}
		dst = p.appendRun(dst, s.Ring(i), st)
	}
	return append(dst, st.close...)
}

func (p places) appendRun(dst []byte, ps []geo.Point, st *style) []byte {
	dst = append(dst, st.open...)
	for i, q := range ps {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = p.appendPoint(dst, q, st)
	}
	return append(dst, st.close...)
}

func (p places) appendPoint(dst []byte, q geo.Point, st *style) []byte {
	if !st.point {
		return p.appendPair(dst, q, st.between)
	}
	dst = p.appendPair(append(dst, st.open...), q, st.between)
	return append(dst, st.close...)
}

func (p places) appendPair(dst []byte, q geo.Point, between string) []byte {
	if p.crs == nil {
		dst = append(appendDegrees(dst, q.X), between...)
		return appendDegrees(dst, q.Y)
	}
	x, y, _ := p.crs.FromLonLat(q.Lon(), q.Lat())
	dst = append(strconv.AppendFloat(dst, x, 'f', p.decimals, 64), between...)
	return strconv.AppendFloat(dst, y, 'f', p.decimals, 64)
}

// inside reports whether every vertex has coordinates in the system.
func (p places) inside(s geo.Shape) (geo.Point, bool) {
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
