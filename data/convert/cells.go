package convert

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/srs"
	"github.com/gewu-city/gewu/geo"
)

// geometryCells says how geometries stand in the cells of a table.
type geometryCells struct {
	none  bool         // the layer has no geometries
	point bool         // longitude and latitude in columns of their own
	form  GeometryForm // of the geometry otherwise
	srid  int          // for the forms that name the system, else 0
}

func newGeometryCells(o *output, options WriteOptions) (geometryCells, error) {
	g := geometryCells{none: o.layer.Geometry == data.GeometryNone, form: options.Geometry}
	if g.form == "" {
		g.form = WKT
		g.point = o.layer.Geometry == data.GeometryPoint
	}
	if !slices.Contains(GeometryForms(), g.form) {
		return g, fmt.Errorf("unknown form of geometry %q; known are %s", g.form, joined(GeometryForms()))
	}
	if strings.HasPrefix(string(g.form), "e") {
		var ok bool
		if g.srid, ok = srs.Code(options.CRS); !ok {
			return g, fmt.Errorf("%s has no EPSG number for %s", options.CRS.Name(), g.form)
		}
	}
	return g, nil
}

func joined[S ~string](words []S) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(word))
	}
	return b.String()
}

// names are the names of the columns; the reader takes both forms of each.
func (g *geometryCells) names(l *data.Layer) []string {
	taken := func(name string) bool {
		return slices.ContainsFunc(l.AttributeNames(), func(a string) bool { return data.FoldName(a) == name })
	}
	switch {
	case g.none:
		return nil
	case g.point && (taken("lon") || taken("lat")):
		return []string{"geo_lon", "geo_lat"}
	case g.point:
		return []string{"lon", "lat"}
	}
	name := strings.TrimSuffix(string(g.form), "64")
	if slices.ContainsFunc(plainGeometryNames, taken) {
		name = "geo_" + name
	}
	return []string{name}
}

// fits refuses a shape that two columns cannot hold.
func (g *geometryCells) fits(s geo.Shape) error {
	if n := len(s.Vertices()); g.point && n > 1 {
		return fmt.Errorf("has %d points, which columns lon and lat cannot hold: write geometries as WKT (--geometry wkt), or another format", n)
	}
	return nil
}

// geometryText is the text of a shape, empty when it has no geometry.
func (g *geometryCells) geometryText(p geom.Places, s geo.Shape) string {
	switch {
	case s.Kind() == geo.KindNone:
		return ""
	case g.form == WKT:
		return string(p.AppendWKT(nil, s))
	case g.form == EWKT:
		return string(p.AppendWKT(fmt.Appendf(nil, "SRID=%d;", g.srid), s))
	}
	b := geom.AppendWKB(nil, p.Orb(s), g.srid)
	if g.form == WKB64 || g.form == EWKB64 {
		return base64.StdEncoding.EncodeToString(b)
	}
	return hex.EncodeToString(b)
}
