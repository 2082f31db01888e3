package kml

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/xmltext"
	"github.com/gewu-city/gewu/geo"
)

// Encoder writes a document of placemarks with typed data.
type Encoder struct {
	layout row.Layout
	label  int // the column that becomes the name, -1 when there is none
	zip    *zip.Writer
	out    *bufio.Writer
	text   []byte
}

var _ row.Encoder = (*Encoder)(nil)

// NewEncoder starts a KML.
func NewEncoder(w io.Writer, l row.Layout) (*Encoder, error) {
	e := &Encoder{layout: l, label: l.Label, out: bufio.NewWriterSize(w, 64<<10)}
	for i, c := range l.Columns {
		if data.FoldName(c.Name) == "name" {
			e.label = i
		}
	}
	t := []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>`)
	t, err := xmltext.AppendText(t, l.Title)
	t = append(t, "</name>\n<Schema name=\""+l.Name+`" id="`+l.Name+`">`...)
	for _, c := range l.Columns {
		t = append(t, `<SimpleField type="`+fieldType(c.Type)+`" name="`+c.Name+`"/>`...)
	}
	if err != nil {
		return nil, fmt.Errorf("the title of the layer %w", err)
	}
	_, err = e.out.Write(append(t, "</Schema>\n"...))
	return e, err
}

// NewArchiveEncoder starts a KMZ.
func NewArchiveEncoder(w io.Writer, l row.Layout) (*Encoder, error) {
	at := l.Time
	if at.IsZero() {
		at = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	z := zip.NewWriter(w)
	doc, err := z.CreateHeader(&zip.FileHeader{Name: "doc.kml", Method: zip.Deflate, Modified: at.UTC()})
	if err != nil {
		return nil, err
	}
	e, err := NewEncoder(doc, l)
	if err != nil {
		return nil, err
	}
	e.zip = z
	return e, nil
}

// fieldType is the type of a column. The int of KML has 32 bits, so whole numbers are double.
func fieldType(t data.Type) string {
	switch t {
	case data.Int, data.Number:
		return "double"
	case data.Bool:
		return "bool"
	case data.Text, data.Code, data.Ref, data.Sealed, data.Date, data.Time:
	}
	return "string"
}

// Row writes a placemark.
func (e *Encoder) Row(r *row.Record) error {
	t := e.text[:0]
	t = append(t, "<Placemark>"...)
	var err error
	if e.label >= 0 && !r.Values[e.label].Null() {
		if t, err = xmltext.AppendText(append(t, "<name>"...), r.Values[e.label].String()); err != nil {
			return fmt.Errorf("%s %w", e.layout.Columns[e.label].Name, err)
		}
		t = append(t, "</name>"...)
	}
	t = append(t, `<ExtendedData><SchemaData schemaUrl="#`+e.layout.Name+`">`...)
	for i, v := range r.Values {
		if v.Null() {
			continue
		}
		name := e.layout.Columns[i].Name
		text := v.String()
		if v.Type() == data.Bool {
			text = strconv.Itoa(int(v.Word())) // the form that GIS programs read
		}
		if t, err = xmltext.AppendText(append(t, `<SimpleData name="`+name+`">`...), text); err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
		t = append(t, "</SimpleData>"...)
	}
	t = append(t, "</SchemaData></ExtendedData>"...)
	t = appendGeometry(t, r.Shape)
	t = append(t, "</Placemark>\n"...)
	e.text = t
	_, err = e.out.Write(t)
	return err
}

func appendGeometry(t []byte, s geo.Shape) []byte {
	multi := geom.IsMulti(s)
	if multi {
		t = append(t, "<MultiGeometry>"...)
	}
	switch s.Kind() {
	case geo.KindNone:
		return t
	case geo.KindPoint:
		for _, p := range s.Vertices() {
			t = appendRun(append(t, "<Point>"...), []geo.Point{p})
			t = append(t, "</Point>"...)
		}
	case geo.KindLine:
		for i := range s.NumRings() {
			t = appendRun(append(t, "<LineString>"...), s.Ring(i))
			t = append(t, "</LineString>"...)
		}
	case geo.KindPolygon:
		for i := range s.NumPolygons() {
			t = append(t, "<Polygon>"...)
			boundary := "outerBoundaryIs"
			for from, to := s.Polygon(i); from < to; from++ {
				t = appendRun(append(t, "<"+boundary+"><LinearRing>"...), s.Ring(from))
				t = append(t, "</LinearRing></"+boundary+">"...)
				boundary = "innerBoundaryIs"
			}
			t = append(t, "</Polygon>"...)
		}
	}
	if multi {
		t = append(t, "</MultiGeometry>"...)
	}
	return t
}

func appendRun(t []byte, ps []geo.Point) []byte {
	t = append(t, "<coordinates>"...)
	for i, p := range ps {
		if i > 0 {
			t = append(t, ' ')
		}
		t = geom.Places{}.AppendPair(t, p, ",")
	}
	return append(t, "</coordinates>"...)
}

// Discard gives up on the file.
func (e *Encoder) Discard() {}

// Close ends the file.
func (e *Encoder) Close() error {
	_, err := e.out.WriteString("</Document></kml>\n")
	err = errors.Join(err, e.out.Flush())
	if e.zip != nil {
		err = errors.Join(err, e.zip.Close())
	}
	return err
}
