package topojson

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo"
)

// Encoder writes one object named after the layer. Coordinates are whole numbers of 1e-7° from the south-west corner, so
// nothing is rounded, and every ring and line starts where it did, so that reading the file back gives the same shapes.
//
// Shapes stay in memory until Close, when it is known which of their edges are shared; properties wait in a file.
type Encoder struct {
	w      io.Writer
	layout row.Layout
	shapes []geo.Shape
	size   int // vertices
	box    geo.Box
	rest   *spool.File // id and properties of each feature, behind their length
	text   []byte
}

var _ row.Encoder = (*Encoder)(nil)

// maxHeld is how many vertices a file may have. Each takes 13 bytes, or 25 while it is sorted.
const maxHeld = 32 << 20

// NewEncoder starts a file.
func NewEncoder(w io.Writer, l row.Layout) (*Encoder, error) {
	rest, err := spool.Create(false)
	if err != nil {
		return nil, err
	}
	return &Encoder{w: w, layout: l, rest: rest, box: geo.EmptyBox()}, nil
}

// Row takes a feature.
func (e *Encoder) Row(r *row.Record) error {
	n := len(r.Shape.Vertices())
	if e.size+n > maxHeld {
		return fmt.Errorf("the layer has more than %d vertices, which are too many for TopoJSON; write GeoJSON", maxHeld)
	}
	e.size += n
	if n > 0 {
		e.box = e.box.Union(r.Shape.Box())
	}
	e.shapes = append(e.shapes, r.Shape)
	t := e.text[:0]
	t = append(t, `"id":`...)
	t = append(jsontext.AppendString(t, r.ID), `,"properties":{`...)
	for i, c := range e.layout.Columns {
		if i > 0 {
			t = append(t, ',')
		}
		t = append(jsontext.AppendString(t, c.Name), ':')
		t = jsontext.AppendValue(t, r.Values[i])
	}
	t = append(t, '}')
	e.text = t
	if _, err := e.rest.Write(binary.AppendUvarint(nil, uint64(len(t)))); err != nil {
		return err
	}
	_, err := e.rest.Write(t)
	return err
}

// Discard gives up on the file.
func (e *Encoder) Discard() { _ = e.rest.Close() }

// Close writes the file.
func (e *Encoder) Close() error {
	defer e.Discard()
	if err := e.rest.Flush(); err != nil {
		return err
	}
	shared := share(e.shapes)
	out := bufio.NewWriterSize(e.w, 64<<10)
	rest := bufio.NewReaderSize(e.rest.Reader(), 64<<10)
	t := e.text[:0]
	t = append(t, `{"type":"Topology",`...)
	if !e.box.Empty() {
		t = append(t, `"transform":{"scale":[1e-7,1e-7],"translate":[`...)
		t = data.AppendNumber(t, e.box.Min.Lon())
		t = data.AppendNumber(append(t, ','), e.box.Min.Lat())
		t = append(t, `]},`...)
	}
	t = append(t, `"objects":{`...)
	t = jsontext.AppendString(t, e.layout.Name)
	t = append(t, `:{"type":"GeometryCollection","geometries":[`...)
	refs := shared.refs
	for i, s := range e.shapes {
		if i > 0 {
			t = append(t, ',')
		}
		t = append(t, "\n{"...)
		t, refs = e.appendGeometry(t, s, refs)
		size, err := binary.ReadUvarint(rest)
		if err != nil {
			return err
		}
		from := len(t)
		t = append(t, make([]byte, size)...)
		if _, err := io.ReadFull(rest, t[from:]); err != nil {
			return err
		}
		t = append(t, '}')
		if _, err := out.Write(t); err != nil {
			return err
		}
		t = t[:0]
	}
	t = append(t, "\n]}},\n\"arcs\":["...)
	for i, a := range shared.arcs {
		if i > 0 {
			t = append(t, ',')
		}
		t = append(t, '\n')
		t = e.appendArc(t, shared.points[a.from:a.to], a.reversed)
		if _, err := out.Write(t); err != nil {
			return err
		}
		t = t[:0]
	}
	if _, err := out.Write(append(t, "\n]}\n"...)); err != nil {
		return err
	}
	return out.Flush()
}

// appendArc writes positions as differences, the first to the corner.
func (e *Encoder) appendArc(dst []byte, ps []geo.Point, reversed bool) []byte {
	before := e.box.Min
	dst = append(dst, '[')
	for i := range ps {
		p := ps[i]
		if reversed {
			p = ps[len(ps)-1-i]
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendPosition(dst, p, before)
		before = p
	}
	return append(dst, ']')
}

func appendPosition(dst []byte, p, from geo.Point) []byte {
	dst = strconv.AppendInt(append(dst, '['), int64(p.X)-int64(from.X), 10)
	dst = strconv.AppendInt(append(dst, ','), int64(p.Y)-int64(from.Y), 10)
	return append(dst, ']')
}

// appendGeometry writes type and arcs or coordinates of a shape with a comma behind; refs are the arcs of its rings and
// lines and all that follow.
func (e *Encoder) appendGeometry(dst []byte, s geo.Shape, refs [][]int32) (text []byte, left [][]int32) {
	run := func() {
		dst = append(dst, '[')
		for i, ref := range refs[0] {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = strconv.AppendInt(dst, int64(ref), 10)
		}
		dst = append(dst, ']')
		refs = refs[1:]
	}
	many := func(n int, member func(i int)) {
		dst = append(dst, '[')
		for i := range n {
			if i > 0 {
				dst = append(dst, ',')
			}
			member(i)
		}
		dst = append(dst, ']')
	}
	rings := func(from, to int) { many(to-from, func(int) { run() }) }
	switch points := s.Vertices(); {
	case s.Kind() == geo.KindNone:
		return append(dst, `"type":null,`...), refs
	case s.Kind() == geo.KindPoint && len(points) == 1:
		dst = append(dst, `"type":"Point","coordinates":`...)
		dst = appendPosition(dst, points[0], e.box.Min)
	case s.Kind() == geo.KindPoint:
		dst = append(dst, `"type":"MultiPoint","coordinates":`...)
		many(len(points), func(i int) { dst = appendPosition(dst, points[i], e.box.Min) })
	case s.Kind() == geo.KindLine && s.NumRings() == 1:
		dst = append(dst, `"type":"LineString","arcs":`...)
		run()
	case s.Kind() == geo.KindLine:
		dst = append(dst, `"type":"MultiLineString","arcs":`...)
		rings(0, s.NumRings())
	case s.NumPolygons() == 1:
		dst = append(dst, `"type":"Polygon","arcs":`...)
		rings(0, s.NumRings())
	default:
		dst = append(dst, `"type":"MultiPolygon","arcs":`...)
		many(s.NumPolygons(), func(i int) { rings(s.Polygon(i)) })
	}
	return append(dst, ','), refs
}
