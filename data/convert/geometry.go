package convert

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// toLonLat converts a coordinate pair; a nil system is longitude and latitude.
func toLonLat(crs proj.CRS, x, y float64) (lon, lat float64, ok bool) {
	if crs == nil {
		return x, y, x >= -180 && x <= 180 && y >= -90 && y <= 90
	}
	return crs.ToLonLat(x, y)
}

// outside says why a coordinate pair is no place in a system.
func outside(crs proj.CRS, x, y float64) string {
	if crs != nil {
		return proj.Explain(crs, x, y)
	}
	const what = "is not a longitude and latitude; "
	if _, _, ok := toLonLat(nil, y, x); ok {
		return what + "the other way round it is one: longitude comes first here"
	}
	if zone, ok := proj.ZoneOfEasting(x, y); ok {
		return what + fmt.Sprintf("the easting starts with zone %d: if the file uses CGCS2000, name it with --crs EPSG:%d", zone.Number, zone.Code)
	}
	return what + "if the file uses another system, name it with --crs"
}

// toDegrees converts all coordinates of g, which may be overwritten.
func toDegrees(crs proj.CRS, g orb.Geometry) (orb.Geometry, error) {
	var err error
	g = project.Geometry(g, func(p orb.Point) orb.Point {
		lon, lat, ok := toLonLat(crs, p[0], p[1])
		if !ok && err == nil {
			err = fmt.Errorf("coordinate %s, %s %s", decimal(p[0]), decimal(p[1]), outside(crs, p[0], p[1]))
		}
		return orb.Point{lon, lat}
	})
	return g, err
}

// decimal writes a number as it stands in files, without an exponent.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// geometryShape turns a geometry as read in a system, which it overwrites, into a valid shape. field names it in
// errors.
func (b *builder) geometryShape(field string, crs proj.CRS, g orb.Geometry) (geo.Shape, []string, *data.FieldError) {
	l := b.Layer
	if g == nil {
		if l.Geometry == data.GeometryNone {
			return geo.Shape{}, nil, nil
		}
		return geo.Shape{}, nil, &data.FieldError{Field: field, Why: "is missing; the layer holds " + string(l.Geometry)}
	}
	g, err := toDegrees(crs, g)
	if err != nil {
		return geo.Shape{}, nil, &data.FieldError{Field: field, Why: err.Error()}
	}
	s, err := geo.FromOrb(g)
	if err != nil {
		return geo.Shape{}, nil, &data.FieldError{Field: field, Why: err.Error()}
	}
	if got := s.Kind().String(); got != string(l.Geometry) {
		return s, nil, &data.FieldError{Field: field, Value: got, Why: "the layer holds " + string(l.Geometry)}
	}
	if s.Kind() != geo.KindPolygon || b.KeepRings {
		return s, nil, nil
	}
	return validRings(b.FixRings, field, s)
}

// validRings refuses a polygon shape with invalid rings, or repairs it and says what was repaired.
func validRings(fix bool, field string, s geo.Shape) (geo.Shape, []string, *data.FieldError) {
	defects := geo.Validate(s)
	if len(defects) == 0 {
		return s, nil, nil
	}
	if !fix {
		why := defects[0].Error()
		if more := len(defects) - 1; more > 0 {
			why += fmt.Sprintf(" and %d more", more)
		}
		return s, nil, &data.FieldError{Field: field, Why: why}
	}
	fixed, repaired, err := geo.Fix(s)
	if err != nil {
		return s, nil, &data.FieldError{Field: field, Why: "cannot be repaired: " + err.Error()}
	}
	notes := make([]string, len(repaired))
	for i, d := range repaired {
		notes[i] = "repaired " + d.Error()
	}
	return fixed, notes, nil
}

// ParseShape reads a GeoJSON geometry in a coordinate system from text that is valid JSON. The error says what is
// wrong with it: no geometry at all, a place outside the system, or a polygon that is not valid.
func ParseShape(text []byte, crs proj.CRS) (geo.Shape, error) {
	g, err := geom.ParseGeoJSON(text)
	if err != nil {
		return geo.Shape{}, err
	}
	if g == nil {
		return geo.Shape{}, errors.New("is missing")
	}
	if g, err = toDegrees(crs, g); err != nil {
		return geo.Shape{}, err
	}
	s, err := geo.FromOrb(g)
	if err != nil {
		return geo.Shape{}, err
	}
	if s.Kind() == geo.KindPolygon {
		if _, _, fault := validRings(false, "geometry", s); fault != nil {
			return geo.Shape{}, errors.New(fault.Why)
		}
	}
	return s, nil
}
