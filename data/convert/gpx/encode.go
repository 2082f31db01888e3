package gpx

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/xmltext"
	"github.com/gewu-city/gewu/geo"
)

// Encoder writes points as waypoints and lines as tracks, a segment for each part. Columns that GPX knows become its
// elements, the others extensions.
type Encoder struct {
	layout   row.Layout
	elements []element
	rest     []int // columns that become extensions
	out      *bufio.Writer
	text     []byte
}

var _ row.Encoder = (*Encoder)(nil)

// element is an element of GPX with the column that fills it.
type element struct {
	name   string
	column int
}

// known are the elements that columns may become, in the order that the schema demands.
var known = map[geo.Kind][]struct {
	name string
	kind data.Type
}{
	geo.KindPoint: {{"ele", data.Number}, {"time", data.Time}, {"name", data.Text}, {"cmt", data.Text}, {"desc", data.Text}, {"src", data.Text}, {"sym", data.Text}, {"type", data.Text}},
	geo.KindLine:  {{"name", data.Text}, {"cmt", data.Text}, {"desc", data.Text}, {"src", data.Text}, {"number", data.Int}, {"type", data.Text}},
}

// NewEncoder starts a file.
func NewEncoder(w io.Writer, l row.Layout) (*Encoder, error) {
	if known[l.Kind] == nil {
		return nil, fmt.Errorf("GPX holds points and lines, the layer %s", l.Kind)
	}
	e := &Encoder{layout: l, out: bufio.NewWriterSize(w, 64<<10)}
	taken := map[int]bool{}
	for _, k := range known[l.Kind] {
		i := slices.IndexFunc(l.Columns, func(c row.Column) bool {
			return c.Name == k.name && (c.Type == k.kind || k.kind == data.Text && c.Type.IsText())
		})
		if i < 0 && k.name == "name" && l.Label >= 0 && !slices.ContainsFunc(l.Columns, func(c row.Column) bool { return data.FoldName(c.Name) == "name" }) {
			e.elements = append(e.elements, element{k.name, l.Label}) // and an extension, which has its own name
			continue
		}
		if i >= 0 {
			e.elements = append(e.elements, element{k.name, i})
			taken[i] = true
		}
	}
	for i := range l.Columns {
		if !taken[i] {
			e.rest = append(e.rest, i)
		}
	}
	_, err := e.out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<gpx version="1.1" creator="gewu" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gewu="urn:gewu:gpx:1">` + "\n")
	return e, err
}

// Row writes a waypoint or track.
func (e *Encoder) Row(r *row.Record) error {
	t := e.text[:0]
	var err error
	if e.layout.Kind == geo.KindPoint {
		ps := r.Shape.Vertices()
		if len(ps) != 1 {
			return fmt.Errorf("has %d points, a waypoint has one", len(ps))
		}
		t = append(appendPosition(append(t, "<wpt"...), ps[0]), '>')
		if t, err = e.appendFields(t, r); err != nil {
			return err
		}
		t = append(t, "</wpt>\n"...)
	} else {
		if t, err = e.appendFields(append(t, "<trk>"...), r); err != nil {
			return err
		}
		for i := range r.Shape.NumRings() {
			t = append(t, "<trkseg>"...)
			for _, p := range r.Shape.Ring(i) {
				t = append(appendPosition(append(t, "<trkpt"...), p), "/>"...)
			}
			t = append(t, "</trkseg>"...)
		}
		t = append(t, "</trk>\n"...)
	}
	e.text = t
	_, err = e.out.Write(t)
	return err
}

func appendPosition(t []byte, p geo.Point) []byte {
	t = geom.Places{}.AppendPair(append(t, ` lon="`...), p, `" lat="`)
	return append(t, '"')
}

// appendFields writes the elements and extensions of a row.
func (e *Encoder) appendFields(t []byte, r *row.Record) ([]byte, error) {
	var err error
	for _, f := range e.elements {
		if r.Values[f.column].Null() {
			continue
		}
		if t, err = xmltext.AppendText(append(t, "<"+f.name+">"...), r.Values[f.column].String()); err != nil {
			return t, fmt.Errorf("%s %w", e.layout.Columns[f.column].Name, err)
		}
		t = append(t, "</"+f.name+">"...)
	}
	t = append(t, "<extensions>"...)
	for _, i := range e.rest {
		if r.Values[i].Null() {
			continue
		}
		open, end := tag(e.layout.Columns[i].Name)
		if t, err = xmltext.AppendText(append(t, open...), r.Values[i].String()); err != nil {
			return t, fmt.Errorf("%s %w", e.layout.Columns[i].Name, err)
		}
		t = append(t, end...)
	}
	return append(t, "</extensions>"...), nil
}

// tag is the start and the end of an extension. Names that are not plain Latin or Chinese letters stand in an attribute:
// not every reader of XML takes the same letters in the names of elements.
func tag(name string) (start, end string) {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x4e00 && c <= 0x9fa5
	}
	if strings.ContainsFunc(name, func(c rune) bool { return !plain(c) }) {
		return `<gewu:data name="` + name + `">`, "</gewu:data>"
	}
	return "<gewu:" + name + ">", "</gewu:" + name + ">"
}

// Discard gives up on the file.
func (e *Encoder) Discard() {}

// Close ends the file.
func (e *Encoder) Close() error {
	_, err := e.out.WriteString("</gpx>\n")
	return errors.Join(err, e.out.Flush())
}
