package convert

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo/proj"
)

// Writer writes features to a file. Close ends the file but does not close what lies below; without it the file is
// not complete. Discard gives up on the file and on whatever was kept for it; one of them must be called, and Discard
// may be called after Close. A feature that the format cannot hold is an error that names it, and nothing of it is
// written. A Writer belongs to one goroutine.
type Writer interface {
	Write(f *data.Feature) error
	Close() error
	Discard()
}

// WriteOptions say how a file is written.
type WriteOptions struct {
	// CRS is the system of the coordinates, longitude and latitude when nil.
	CRS proj.CRS
	// Gzip packs the file.
	Gzip bool
	// BOM starts CSV with a byte order mark, without which some spreadsheets take UTF-8 for another encoding.
	BOM bool
	// Comma is the delimiter of CSV, a comma when zero.
	Comma rune
	// Geometry is the form of geometries in CSV; empty writes points as longitude and latitude and the rest as WKT.
	Geometry GeometryForm
	// Encoding is how CSV and the tables of shapefiles are written; the zero Encoding is UTF-8.
	Encoding charset.Encoding
	// Time is when the file is made; formats that note it write 1980 when it is zero.
	Time time.Time
}

// GeometryForm is the form in which a geometry stands in a cell of CSV.
type GeometryForm string

// The forms of geometries in CSV. EWKT and EWKB name the system by its EPSG number; binary is in hexadecimal digits, or in
// base64.
const (
	WKT    GeometryForm = "wkt"
	EWKT   GeometryForm = "ewkt"
	WKB    GeometryForm = "wkb"
	EWKB   GeometryForm = "ewkb"
	WKB64  GeometryForm = "wkb64"
	EWKB64 GeometryForm = "ewkb64"
)

// GeometryForms lists the forms.
func GeometryForms() []GeometryForm { return []GeometryForm{WKT, EWKT, WKB, EWKB, WKB64, EWKB64} }

// NewWriter starts a file in one of the [ExportFormats].
func NewWriter(w io.Writer, format string, l *data.Layer, o WriteOptions) (Writer, error) {
	f, err := lookup(format)
	if err != nil {
		return nil, err
	}
	if f.write == nil {
		return nil, fmt.Errorf("format %s can only be read; written can be %s", format, strings.Join(ExportFormats(), ", "))
	}
	if !f.encoded && !o.Encoding.IsUTF8() {
		return nil, fmt.Errorf("files in format %s are always in UTF-8, never in %s", format, o.Encoding.Name())
	}
	out := &output{w: w, layer: l, places: geom.NewPlaces(o.CRS)}
	if o.Gzip {
		out.zip = gzip.NewWriter(w)
		out.w = out.zip
	}
	return f.write(out, o)
}

// output collects text and writes it in large pieces.
type output struct {
	w      io.Writer
	zip    *gzip.Writer
	layer  *data.Layer
	places geom.Places
	text   []byte
}

// check refuses features that the chosen system cannot hold.
func (o *output) check(f *data.Feature) error {
	if p, ok := o.places.Inside(f.Shape); !ok {
		return fmt.Errorf("feature %q: %v, %v %s", f.ID, p.Lon(), p.Lat(), proj.ExplainPlace(o.places.CRS(), p.Lon(), p.Lat()))
	}
	return nil
}

// flush writes what was collected once it is more than limit bytes.
func (o *output) flush(limit int) error {
	if len(o.text) <= limit {
		return nil
	}
	_, err := o.w.Write(o.text)
	o.text = o.text[:0]
	return err
}

// Discard has nothing to let go of: what text formats have written is written.
func (o *output) Discard() {}

func (o *output) close() error {
	err := o.flush(0)
	if o.zip != nil {
		err = errors.Join(err, o.zip.Close())
	}
	return err
}

// sequenceWriter writes one feature per line, without separators, so that line tools can be used on the file.
type sequenceWriter struct{ *output }

func newSequenceWriter(o *output, _ WriteOptions) (Writer, error) { return &sequenceWriter{o}, nil }

func (s *sequenceWriter) Write(f *data.Feature) error {
	if err := s.check(f); err != nil {
		return err
	}
	s.text = append(appendFeature(s.text, s.places, s.layer, f), '\n')
	return s.flush(bufferBytes)
}

func (s *sequenceWriter) Close() error { return s.close() }

// geojsonWriter writes a FeatureCollection with one feature per line.
type geojsonWriter struct {
	*output
	some bool
}

func newGeoJSONWriter(o *output, _ WriteOptions) (Writer, error) {
	o.text = append(o.text, `{"type":"FeatureCollection",`...)
	if crs := o.places.CRS(); crs != nil {
		// RFC 7946 knows only longitude and latitude; the member of GeoJSON 2008 is what GIS programs read.
		name := crs.Name()
		if code, ok := strings.CutPrefix(name, "EPSG:"); ok {
			name = "urn:ogc:def:crs:EPSG::" + code
		}
		o.text = append(o.text, `"crs":{"type":"name","properties":{"name":`...)
		o.text = append(jsontext.AppendString(o.text, name), `}},`...)
	}
	o.text = append(o.text, `"features":[`...)
	return &geojsonWriter{output: o}, nil
}

func (g *geojsonWriter) Write(f *data.Feature) error {
	if err := g.check(f); err != nil {
		return err
	}
	if g.some {
		g.text = append(g.text, ',')
	}
	g.some = true
	g.text = append(g.text, '\n')
	g.text = appendFeature(g.text, g.places, g.layer, f)
	return g.flush(bufferBytes)
}

func (g *geojsonWriter) Close() error {
	g.text = append(g.text, "\n]}\n"...)
	return g.close()
}
