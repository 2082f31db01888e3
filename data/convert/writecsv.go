package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/delimited"
	"github.com/gewu-city/gewu/data/convert/jsontext"
)

// csvWriter writes RFC 4180 with LF: the id, the geometry, then the attributes in their order.
type csvWriter struct {
	*output
	comma byte
	point bool // lon and lat instead of WKT
}

func newCSVWriter(o *output, options WriteOptions) (*csvWriter, error) {
	w := &csvWriter{output: o, point: o.layer.Geometry == data.GeometryPoint && !options.WKT}
	comma, err := delimited.Comma(options.Comma)
	if err != nil {
		return nil, err
	}
	w.comma = comma
	if options.BOM {
		o.text = append(o.text, "\xef\xbb\xbf"...)
	}
	header := []string{"id"}
	switch {
	case o.layer.Geometry == data.GeometryNone:
	case w.point:
		header = append(header, freeName(o.layer, "lon"), freeName(o.layer, "lat"))
		if header[1] != "lon" || header[2] != "lat" {
			header[1], header[2] = "geo_lon", "geo_lat"
		}
	default:
		header = append(header, freeName(o.layer, "wkt"))
	}
	header = append(header, attributeNames(o.layer)...)
	for i, name := range header {
		w.appendField(name, i == 0)
	}
	o.text = append(o.text, '\n')
	return w, nil
}

// freeName is a name that no attribute has; the reader takes both forms for coordinates.
func freeName(l *data.Layer, name string) string {
	if slices.ContainsFunc(l.Attributes, func(a data.Attribute) bool { return data.FoldName(a.Name) == name }) {
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
	w.appendField(f.ID, true)
	switch {
	case w.layer.Geometry == data.GeometryNone:
	case w.point && len(points) == 0:
		w.text = append(w.text, w.comma, w.comma)
	case w.point:
		w.text = w.places.AppendPair(append(w.text, w.comma), points[0], string(w.comma))
	default:
		w.appendField(string(w.places.AppendWKT(nil, f.Shape)), false)
	}
	for i := range w.layer.Attributes {
		v := f.Value(i)
		w.text = append(w.text, w.comma)
		switch v.Type() {
		case data.Number:
			w.text = jsontext.AppendNumber(w.text, v.Number())
		default:
			w.appendText(v.String())
		}
	}
	w.text = append(w.text, '\n')
	return w.flush(bufferBytes)
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
