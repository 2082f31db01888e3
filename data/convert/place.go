package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/geo"
)

// Usual names of columns, folded, best first. The geo_ names are what export writes when a layer has attributes with
// the plain ones.
var (
	lonLatNames = [][2]string{
		{"geolon", "geolat"},
		{"lon", "lat"},
		{"lng", "lat"},
		{"long", "lat"},
		{"longitude", "latitude"},
		{"经度", "纬度"},
		{"經度", "緯度"},
		{"x", "y"},
		{"twd97x", "twd97y"},
		{"tm2x", "tm2y"},
		{"easting", "northing"},
	}
	prefixedGeometryNames = []string{"geowkt", "geoewkt", "geowkb", "geoewkb"}
	plainGeometryNames    = []string{"wkt", "ewkt", "wkb", "ewkb"}
	geometryNames         = []string{"geometry", "geom", "thegeom"}
)

// idNames are the names of columns that hold the id, best first. The first is what export writes when the layer has an
// attribute with the second.
var idNames = []string{"gewu_id", "id"}

// column is the position of a column by its name, exact or folded, or -1.
func (t *table) column(name string) int {
	if i := slices.Index(t.header, name); i >= 0 {
		return i
	}
	folded := data.FoldName(name)
	return slices.IndexFunc(t.header, func(h string) bool { return h != "" && data.FoldName(h) == folded })
}

// named is the position of a column that the caller named.
func (t *table) named(what, name string) (int, error) {
	i := t.column(name)
	if i < 0 {
		return i, fmt.Errorf("there is no column %q for the %s; the columns are %s", name, what, strings.Join(t.header, ", "))
	}
	return i, nil
}

// findID finds the column of the id: the one the caller named, else one called gewu_id or id that is no attribute. The attribute
// that holds the id by the rule of the layer goes before the latter, row by row.
func (t *table) findID() (err error) {
	t.id = -1
	if t.ID != "" {
		if t.id, err = t.named("id", t.ID); err != nil {
			return err
		}
	} else {
		for _, name := range idNames {
			if i := t.column(name); t.id < 0 && i >= 0 && !t.targets[i].use() && !t.targets[i].ignored {
				t.id = i
			}
		}
	}
	if t.id >= 0 {
		t.columns.use(t.header[t.id])
		if t.idAttribute >= 0 {
			t.present[t.idAttribute] = true // complete fills it
		}
	}
	return nil
}

// findGeometry finds the columns of the geometry.
func (t *table) findGeometry() (err error) {
	t.lon, t.lat, t.geometry = -1, -1, -1
	if t.head.Geometry || t.Layer.Geometry == data.GeometryNone {
		return nil
	}
	point := t.Layer.Geometry == data.GeometryPoint
	switch {
	case t.Geometry != "":
		if t.geometry, err = t.named("geometry", t.Geometry); err != nil {
			return err
		}
	case t.Lon != "" || t.Lat != "":
		if t.Lon == "" || t.Lat == "" || !point {
			return fmt.Errorf("--lon and --lat belong together, for a layer of points; layer %s holds %s", t.Layer.Name, t.Layer.Geometry)
		}
		if t.lon, err = t.named("longitude", t.Lon); err != nil {
			return err
		}
		if t.lat, err = t.named("latitude", t.Lat); err != nil {
			return err
		}
	default:
		t.guessGeometry(point)
	}
	switch {
	case t.lon >= 0:
		crs := t.system(t.head)
		t.plain = crs == nil || geom.IsLonLat(crs)
		t.columns.use(t.header[t.lon])
		t.columns.use(t.header[t.lat])
	case t.geometry >= 0:
		t.columns.use(t.header[t.geometry])
	case point:
		return fmt.Errorf("no columns for the coordinates: name them with --lon and --lat; the columns are %s", strings.Join(t.header, ", "))
	default:
		return fmt.Errorf("no column for the geometry: layer %s holds %s, which a table gives as WKT or WKB in a column called wkt or geometry; the columns are %s",
			t.Layer.Name, t.Layer.Geometry, strings.Join(t.header, ", "))
	}
	return nil
}

// guessGeometry takes the columns with the best names. WKT goes before plain coordinates, which may be attributes.
func (t *table) guessGeometry(point bool) {
	pair := func(names [2]string) bool {
		lon, lat := t.column(names[0]), t.column(names[1])
		if lon >= 0 && lat >= 0 {
			t.lon, t.lat = lon, lat
		}
		return t.lon >= 0
	}
	column := func(name string) bool {
		t.geometry = t.column(name)
		return t.geometry >= 0
	}
	_ = point && pair(lonLatNames[0]) ||
		slices.ContainsFunc(prefixedGeometryNames, column) ||
		slices.ContainsFunc(plainGeometryNames, column) ||
		point && slices.ContainsFunc(lonLatNames[1:], pair) ||
		slices.ContainsFunc(geometryNames, column)
}

// point reads the coordinates of a point.
func (t *table) point(xText, yText string) (geo.Shape, *data.FieldError) {
	fail := func(column int, value, why string) (geo.Shape, *data.FieldError) {
		return geo.Shape{}, &data.FieldError{Field: t.name(column), Value: value, Why: why}
	}
	xText, yText = strings.TrimSpace(xText), strings.TrimSpace(yText)
	if xText == "" {
		return fail(t.lon, "", "is missing; the layer holds points")
	}
	if yText == "" {
		return fail(t.lat, "", "is missing; the layer holds points")
	}
	if t.plain {
		x, ok := geom.ParseDegrees(xText)
		y, also := geom.ParseDegrees(yText)
		if ok && also && y >= -geo.MaxY && y <= geo.MaxY {
			return geo.PointShape(geo.Point{X: x, Y: y}), nil
		}
	}
	x, err := strconv.ParseFloat(xText, 64)
	if err != nil {
		return fail(t.lon, xText, "is not a number")
	}
	y, err := strconv.ParseFloat(yText, 64)
	if err != nil {
		return fail(t.lat, yText, "is not a number")
	}
	lon, lat, ok := toLonLat(t.system(t.head), x, y)
	p, inside := geo.FromDegrees(lon, lat)
	if !ok || !inside {
		return geo.Shape{}, &data.FieldError{
			Field: t.name(t.lon) + ", " + t.name(t.lat), Value: xText + ", " + yText, Why: outside(t.system(t.head), x, y),
		}
	}
	return geo.PointShape(p), nil
}
