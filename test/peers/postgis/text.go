package postgis

import (
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/geo"
)

// Path is points as coordinates of a line or ring in whole units from an origin, in brackets.
func Path(points []geo.Point, origin geo.Point) string {
	var b strings.Builder
	for i, p := range points {
		b.WriteString(map[bool]string{true: "(", false: ","}[i == 0])
		b.WriteString(strconv.Itoa(int(p.X)-int(origin.X)) + " " + strconv.Itoa(int(p.Y)-int(origin.Y)))
	}
	b.WriteByte(')')
	return b.String()
}

// Polygon is a shape of polygons as PostGIS reads it, in whole units from an origin.
func Polygon(s geo.Shape, origin geo.Point) string {
	polygons := make([]string, s.NumPolygons())
	for i := range polygons {
		from, to := s.Polygon(i)
		rings := make([]string, 0, to-from)
		for r := from; r < to; r++ {
			rings = append(rings, Path(s.Ring(r), origin))
		}
		polygons[i] = "(" + strings.Join(rings, ",") + ")"
	}
	return "MULTIPOLYGON(" + strings.Join(polygons, ",") + ")"
}
