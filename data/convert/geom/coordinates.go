package geom

import (
	"errors"
	"fmt"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/row"
)

// nested is nested coordinates. GeoJSON, WKT and WKB differ in their brackets, not in their nesting.
type nested interface {
	// list calls member at the start of each member of a list; member moves over it.
	list(member func() error) error
	// position reads two or more numbers and keeps the first two.
	position() (orb.Point, error)
}

// maxDepth bounds collections in collections.
const maxDepth = 8

var errDepth = errors.New("collections are nested too deeply")

// readCoordinates reads the coordinates of a geometry whose type is given in capitals. Points are the business of the
// format, since WKT has one more bracket there.
func readCoordinates(kind string, n nested) (orb.Geometry, error) {
	positions := func() ([]orb.Point, error) { return many(n, n.position) }
	polygon := func() (orb.Polygon, error) {
		return many(n, func() (orb.Ring, error) { return positions() })
	}
	switch kind {
	case "MULTIPOINT":
		ps, err := positions()
		return orb.MultiPoint(ps), err
	case "LINESTRING":
		ps, err := positions()
		return orb.LineString(ps), err
	case "MULTILINESTRING":
		lines, err := many(n, func() (orb.LineString, error) { return positions() })
		return orb.MultiLineString(lines), err
	case "POLYGON":
		return polygon()
	case "MULTIPOLYGON":
		polygons, err := many(n, polygon)
		return orb.MultiPolygon(polygons), err
	default:
		return nil, fmt.Errorf("%q is not a geometry type", row.Shorten(kind))
	}
}

func many[T any](n nested, member func() (T, error)) (all []T, err error) {
	err = n.list(func() error {
		v, err := member()
		all = append(all, v)
		return err
	})
	return all, err
}
