// Package geom reads and writes geometries: GeoJSON, well-known text and well-known binary, and puts loose rings
// together to polygons. Everything in it is a pure function; depth, counts and sizes of untrusted input are bounded by
// the input itself.
package geom

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
)

// GeoJSONTypes are the names of the geometry types.
var GeoJSONTypes = map[string]bool{
	"Point": true, "MultiPoint": true, "LineString": true, "MultiLineString": true, "Polygon": true, "MultiPolygon": true,
	"GeometryCollection": true,
}

// ParseGeoJSON reads a GeoJSON geometry from valid JSON. Heights and further values of a position are dropped. Null
// is nil.
func ParseGeoJSON(text []byte) (orb.Geometry, error) { return parseGeoJSON(text, 0) }

// parseGeoJSON counts the collections around it in depth.
func parseGeoJSON(text []byte, depth int) (orb.Geometry, error) {
	if jsontext.IsNull(text) {
		return nil, nil
	}
	if depth > maxDepth {
		return nil, errDepth
	}
	var kind string
	var coordinates, geometries jsonText
	isObject := jsontext.Members(text, func(name, value []byte) bool {
		switch string(name) {
		case "type":
			if value[0] == '"' {
				kind = jsontext.Unquote(value)
			}
		case "coordinates":
			coordinates.Cursor = jsontext.At(value)
		case "geometries":
			geometries.Cursor = jsontext.At(value)
		}
		return true
	})
	switch {
	case !isObject:
		return nil, errors.New("is not a GeoJSON geometry")
	case !GeoJSONTypes[kind]:
		return nil, fmt.Errorf("%q is not a geometry type", row.Shorten(kind))
	case kind == "Point":
		return coordinates.position()
	case kind == "GeometryCollection":
		m, err := many(&geometries, func() (orb.Geometry, error) { return parseGeoJSON(geometries.Value(), depth+1) })
		return orb.Collection(m), err
	default:
		return readCoordinates(strings.ToUpper(kind), &coordinates)
	}
}

// jsonText is nested coordinates as JSON.
type jsonText struct{ jsontext.Cursor }

func (c *jsonText) list(member func() error) error {
	isArray, err := c.Elements(member)
	if err == nil && !isArray {
		return errors.New("coordinates are missing or not nested as the type demands")
	}
	return err
}

func (c *jsonText) position() (p orb.Point, err error) {
	n := 0
	err = c.list(func() error {
		value := c.Value()
		f, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return fmt.Errorf("coordinate %s is not a number", row.Shorten(string(value)))
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
