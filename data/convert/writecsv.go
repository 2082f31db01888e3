package convert

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/delimited"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/srs"
	"github.com/gewu-city/gewu/geo"
)

// csvWriter writes RFC 4180 with LF: the id, the geometry, then the attributes in their order.
type csvWriter struct {
	*output
	comma byte
	point bool         // lon and lat instead of a geometry
	form  GeometryForm // of the geometry otherwise
	srid  int          // for the forms that name the system, else 0
	enc   charset.Encoding
}

func newCSVWriter(o *output, options WriteOptions) (Writer, error) {
	w := &csvWriter{output: o, form: options.Geometry, enc: options.Encoding}
	if w.form == "" {
		w.form = WKT
		w.point = o.layer.Geometry == data.GeometryPoint
	}
	if !slices.Contains(GeometryForms(), w.form) {
		return nil, fmt.Errorf("unknown form of geometry %q; known are %s", w.form, joined(GeometryForms()))
	}
	if strings.HasPrefix(string(w.form), "e") {
		var ok bool
		if w.srid, ok = srs.Code(options.CRS); !ok {
			return nil, fmt.Errorf("%s has no EPSG number for %s", options.CRS.Name(), w.form)
		}
	}
	comma, err := delimited.Comma(options.Comma)
	if err != nil {
		return nil, err
	}
	w.comma = comma
	o.text = append(o.text, w.enc.Mark()...)
	if options.BOM && w.enc.IsUTF8() {
		o.text = append(o.text, "\xef\xbb\xbf"...)
	}
	from := len(o.text)
	for i, name := range w.header() {
		w.appendField(name, i == 0)
	}
	return w, w.encode(from)
}

func (w *csvWriter) header() []string {
	l := w.layer
	header := []string{"id"}
	switch {
	case l.Geometry == data.GeometryNone:
	case w.point:
		header = append(header, freeName(l, "lon"), freeName(l, "lat"))
		if header[1] != "lon" || header[2] != "lat" {
			header[1], header[2] = "geo_lon", "geo_lat"
		}
	default:
		name := strings.TrimSuffix(string(w.form), "64")
		if slices.ContainsFunc(plainGeometryNames, func(n string) bool { return freeName(l, n) != n }) {
			name = "geo_" + name
		}
		header = append(header, name)
	}
	return append(header, l.AttributeNames()...)
}

// encode ends the line that starts at from and turns it into the encoding of the file.
func (w *csvWriter) encode(from int) error {
	w.text = append(w.text, '\n')
	if w.enc.IsUTF8() {
		return nil
	}
	line := string(w.text[from:])
	var err error
	w.text, err = w.enc.Append(w.text[:from], line)
	return err
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

// freeName is a name that no attribute has; the reader takes both forms for coordinates.
func freeName(l *data.Layer, name string) string {
	if slices.ContainsFunc(l.AttributeNames(), func(a string) bool { return data.FoldName(a) == name }) {
		return "geo_" + name
	}
	return name
}

func (w *csvWriter) Write(f *data.Feature) error {
	if err := w.check(f); err != nil {
		return err
	}
	points := f.Shape.Vertices()
	if w.point && len(points) > 1 {
		return fmt.Errorf("feature %q has %d points, which columns lon and lat cannot hold: export CSV with WKT, or GeoJSON", f.ID, len(points))
	}
	from := len(w.text)
	w.appendField(f.ID, true)
	switch {
	case w.layer.Geometry == data.GeometryNone:
	case w.point && len(points) == 0:
		w.text = append(w.text, w.comma, w.comma)
	case w.point:
		w.text = w.places.AppendPair(append(w.text, w.comma), points[0], string(w.comma))
	default:
		w.appendField(w.geometry(f.Shape), false)
	}
	for i := range w.layer.Live() {
		v := f.Value(i)
		w.text = append(w.text, w.comma)
		switch v.Type() {
		case data.Number:
			w.text = data.AppendNumber(w.text, v.Number())
		default:
			w.appendText(v.String())
		}
	}
	if err := w.encode(from); err != nil {
		return fmt.Errorf("feature %q: %w", f.ID, err)
	}
	return w.flush(bufferBytes)
}

// geometry is the text of a shape, empty when it has no geometry.
func (w *csvWriter) geometry(s geo.Shape) string {
	switch {
	case s.Kind() == geo.KindNone:
		return ""
	case w.form == WKT:
		return string(w.places.AppendWKT(nil, s))
	case w.form == EWKT:
		return string(w.places.AppendWKT(fmt.Appendf(nil, "SRID=%d;", w.srid), s))
	}
	b := geom.AppendWKB(nil, w.places.Orb(s), w.srid)
	if w.form == WKB64 || w.form == EWKB64 {
		return base64.StdEncoding.EncodeToString(b)
	}
	return hex.EncodeToString(b)
}

func (w *csvWriter) Close() error { return w.close() }

func (w *csvWriter) appendField(s string, first bool) {
	if !first {
		w.text = append(w.text, w.comma)
	}
	w.appendText(s)
}

// appendText quotes what would not be read back as it is; blanks at the ends are quoted for readers that trim.
func (w *csvWriter) appendText(s string) {
	if s == "" {
		return
	}
	if strings.IndexByte(s, w.comma) < 0 && !strings.ContainsAny(s, "\"\r\n") && s[0] != ' ' && s[len(s)-1] != ' ' {
		w.text = append(w.text, s...)
		return
	}
	w.text = append(w.text, '"')
	w.text = append(w.text, strings.ReplaceAll(s, `"`, `""`)...)
	w.text = append(w.text, '"')
}
