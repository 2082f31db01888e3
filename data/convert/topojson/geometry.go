package topojson

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
)

// object is a geometry object taken apart; the parts are JSON text.
type object struct {
	kind                                          string
	id, properties, arcs, coordinates, geometries []byte
}

func split(text []byte) (o object) {
	jsontext.Members(text, func(name, value []byte) bool {
		switch string(name) {
		case "type":
			o.kind = jsontext.Cell(value)
		case "id":
			o.id = value
		case "properties":
			o.properties = value
		case "arcs":
			o.arcs = value
		case "coordinates":
			o.coordinates = value
		case "geometries":
			o.geometries = value
		}
		return true
	})
	return o
}

// feature hands on one object, whose text is given, as a row.
func (t *topology) feature(text []byte, out row.Sink) error {
	o := split(text)
	r := row.Row{Columns: []string{}, ID: jsontext.Cell(o.id)}
	jsontext.Members(o.properties, func(name, value []byte) bool {
		r.Columns, r.Cells = append(r.Columns, string(name)), append(r.Cells, jsontext.Cell(value))
		return true
	})
	var err error
	t.used = 0
	if r.Geometry, err = t.geometry(o, 0); err != nil {
		r.Fault = &data.FieldError{Field: "geometry", Why: err.Error()}
	}
	if wrong := t.in.Wrong(text); wrong != "" {
		r.Fault = &data.FieldError{Value: string(text), Why: wrong}
	}
	if t.all += t.used; t.all > maxAll {
		return fmt.Errorf("the geometries have more than %d vertices in all; use GeoJSON for the file", maxAll)
	}
	return out.Row(&r)
}

// take counts vertices that are about to be given out.
func (t *topology) take(n int) error {
	if t.used += n; t.used > maxVertices {
		return fmt.Errorf("has more than %d vertices", maxVertices)
	}
	return nil
}

// geometry puts the geometry of an object together; depth counts the collections around it.
func (t *topology) geometry(o object, depth int) (orb.Geometry, error) {
	coordinates, arcs := jsontext.At(o.coordinates), jsontext.At(o.arcs)
	position := func() (orb.Point, error) {
		p, err := pair(coordinates.Value())
		if err == nil {
			err = t.take(1)
		}
		return t.place(p), err
	}
	line := func() (orb.LineString, error) { return t.line(&arcs) }
	polygon := func() (orb.Polygon, error) {
		return list(&arcs, func() (orb.Ring, error) {
			l, err := line()
			return orb.Ring(l), err
		})
	}
	switch o.kind {
	case "":
		return nil, nil
	case "Point":
		return position()
	case "MultiPoint":
		ps, err := list(&coordinates, position)
		return orb.MultiPoint(ps), err
	case "LineString":
		return line()
	case "MultiLineString":
		ls, err := list(&arcs, line)
		return orb.MultiLineString(ls), err
	case "Polygon":
		return polygon()
	case "MultiPolygon":
		ps, err := list(&arcs, polygon)
		return orb.MultiPolygon(ps), err
	case "GeometryCollection":
		if depth == maxDepth {
			return nil, errors.New("collections are nested too deeply")
		}
		geometries := jsontext.At(o.geometries)
		gs, err := list(&geometries, func() (orb.Geometry, error) {
			return t.geometry(split(geometries.Value()), depth+1)
		})
		return orb.Collection(gs), err
	default:
		return nil, fmt.Errorf("%q is not a geometry type", row.Shorten(o.kind))
	}
}

// list reads an array of members.
func list[T any](c *jsontext.Cursor, member func() (T, error)) (all []T, err error) {
	isArray, err := c.Elements(func() error {
		v, err := member()
		all = append(all, v)
		return err
	})
	if err == nil && !isArray {
		err = errors.New("arcs or coordinates are missing or not nested as the type demands")
	}
	return all, err
}

// line joins arcs. Each starts where the one before ends; that vertex counts once.
func (t *topology) line(c *jsontext.Cursor) (orb.LineString, error) {
	var all orb.LineString
	_, err := list(c, func() (struct{}, error) {
		text := string(c.Value())
		i, err := strconv.Atoi(text)
		if err != nil {
			return struct{}{}, fmt.Errorf("arc %s is not a whole number", row.Shorten(text))
		}
		at := i
		if i < 0 {
			at = ^i // backwards
		}
		if at >= len(t.arcs) {
			return struct{}{}, fmt.Errorf("arc %d is not there; the file has %d", i, len(t.arcs))
		}
		arc := t.arcs[at]
		if err := t.take(len(arc)); err != nil {
			return struct{}{}, err
		}
		from := len(all)
		all = append(all, arc...)
		if i < 0 {
			slices.Reverse(all[from:])
		}
		if from > 0 && len(all) > from && all[from] == all[from-1] {
			all = slices.Delete(all, from, from+1)
		}
		return struct{}{}, nil
	})
	return all, err
}
