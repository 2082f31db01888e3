package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/delimited"
)

// csvWriter writes RFC 4180 with LF: the id, the geometry, then the attributes in their order.
type csvWriter struct {
	*output
	geometryCells
	comma byte
	enc   charset.Encoding
}

func newCSVWriter(o *output, options WriteOptions) (Writer, error) {
	cells, err := newGeometryCells(o, options)
	if err != nil {
		return nil, err
	}
	w := &csvWriter{output: o, geometryCells: cells, enc: options.Encoding}
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
	for i, name := range slices.Concat([]string{"id"}, w.names(o.layer), o.layer.AttributeNames()) {
		w.appendField(name, i == 0)
	}
	return w, w.encode(from)
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

func (w *csvWriter) Write(f *data.Feature) error {
	if err := w.check(f); err != nil {
		return err
	}
	if err := w.fits(f.Shape); err != nil {
		return fmt.Errorf("feature %q %w", f.ID, err)
	}
	points := f.Shape.Vertices()
	from := len(w.text)
	w.appendField(f.ID, true)
	switch {
	case w.layer.Geometry == data.GeometryNone:
	case w.point && len(points) == 0:
		w.text = append(w.text, w.comma, w.comma)
	case w.point:
		w.text = w.places.AppendPair(append(w.text, w.comma), points[0], string(w.comma))
	default:
		w.appendField(w.geometryText(w.places, f.Shape), false)
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
