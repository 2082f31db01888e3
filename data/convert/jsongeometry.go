package convert

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// parseGeometry reads a GeoJSON geometry from valid JSON; depth counts the collections around it. Heights and
// further values of a position are dropped. Null is nil.
func parseGeometry(text []byte, depth int) (orb.Geometry, error) {
	if isNull(text) {
		return nil, nil
	}
	if depth > maxDepth {
		return nil, errDepth
	}
	var kind string
	var coordinates, geometries cursor
	isObject := members(text, func(name, value []byte) bool {
		switch string(name) {
		case "type":
			if value[0] == '"' {
				kind = unquote(value)
			}
		case "coordinates":
			coordinates.text = value
		case "geometries":
			geometries.text = value
		}
		return true
	})
	switch {
	case !isObject:
		return nil, errors.New("is not a GeoJSON geometry")
	case !geometryTypes[kind]:
		return nil, fmt.Errorf("%q is not a geometry type", shorten(kind))
	case kind == "Point":
		return coordinates.position()
	case kind == "GeometryCollection":
		m, err := many(&geometries, func() (orb.Geometry, error) { return parseGeometry(geometries.value(), depth+1) })
		return orb.Collection(m), err
	default:
		return readCoordinates(strings.ToUpper(kind), &coordinates)
	}
}

func (c *cursor) list(member func() error) error {
	isArray, err := c.elements(member)
	if err == nil && !isArray {
		return errors.New("coordinates are missing or not nested as the type demands")
	}
	return err
}

func (c *cursor) position() (p orb.Point, err error) {
	n := 0
	err = c.list(func() error {
		value := c.value()
		f, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return fmt.Errorf("coordinate %s is not a number", shorten(string(value)))
		}
		if n < len(p) {
			p[n] = f
		}
		n++
		return nil
	})
	if err == nil && n < len(p) {
		err = errors.New("a position has fewer than two numbers")
	}
	return p, err
}
