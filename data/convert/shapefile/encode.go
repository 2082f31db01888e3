package shapefile

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/data/convert/srs"
	"github.com/gewu-city/gewu/geo"
)

// Encoder writes a shapefile as an archive. The widths of the columns and the type of the shapes are known when all rows
// are, so both wait in files until Close.
type Encoder struct {
	w       io.Writer
	layout  row.Layout
	prj     string
	columns []column
	cells   *spool.File // of each row: each cell behind its length
	shapes  *spool.File // of each row: content of the record behind its length; of points the positions alone
	rows    int64
	filled  int64 // rows with a geometry
	bytes   int64 // of the contents
	several bool  // a row has more than one point
	box     [4]float64
	text    []byte
}

var _ row.Encoder = (*Encoder)(nil)

// maxFile is what the lengths of a .shp can say: 2^31 words of 16 bits.
const maxFile = 2 * math.MaxInt32

// NewEncoder starts a file.
func NewEncoder(w io.Writer, l row.Layout) (*Encoder, error) {
	e := &Encoder{w: w, layout: l, box: [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}}
	if err := l.Encoding.Narrow(); err != nil {
		return nil, err
	}
	var ok bool
	if e.prj, ok = srs.ESRI(l.CRS); !ok {
		return nil, fmt.Errorf("a shapefile cannot name the coordinate system %s", l.CRS.Name())
	}
	if len(l.Columns) > maxColumns {
		return nil, fmt.Errorf("the layer has %d columns, a shapefile at most %d; write a GeoPackage", len(l.Columns), maxColumns)
	}
	names := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		names[i] = c.Name
	}
	for i, name := range FieldNames(names, l.Encoding) {
		e.columns = append(e.columns, newColumn(name, l.Columns[i].Type))
	}
	var err error
	if e.cells, err = spool.Create(false); err != nil {
		return nil, err
	}
	if e.shapes, err = spool.Create(false); err != nil {
		e.Discard()
		return nil, err
	}
	return e, nil
}

// Row takes a row.
func (e *Encoder) Row(r *row.Record) error {
	t := e.text[:0]
	for i := range e.columns {
		c := &e.columns[i]
		cell, err := c.cell(r.Values[i], e.layout.Encoding)
		if err != nil {
			return fmt.Errorf("%s: %w", e.layout.Columns[i].Name, err)
		}
		t = binary.AppendUvarint(t, uint64(len(cell)))
		t = append(t, cell...)
	}
	content := e.content(r.Geometry)
	e.bytes += int64(len(content))
	if e.rows++; e.size() > maxFile {
		return errors.New("the shapes have more than 4 GiB, which a shapefile cannot hold; write a GeoPackage")
	}
	if _, err := e.cells.Write(t); err != nil {
		return err
	}
	e.text = binary.AppendUvarint(t[:0], uint64(len(content)))
	if _, err := e.shapes.Write(e.text); err != nil {
		return err
	}
	_, err := e.shapes.Write(content)
	return err
}

// content is the content of a record behind its type, and nothing for no geometry. Of points it is the positions, since
// a file of points becomes one of multiple points with the first row that has several.
func (e *Encoder) content(g orb.Geometry) []byte {
	if g == nil {
		return nil
	}
	b := g.Bound()
	e.filled++
	e.box = [4]float64{min(e.box[0], b.Min[0]), min(e.box[1], b.Min[1]), max(e.box[2], b.Max[0]), max(e.box[3], b.Max[1])}
	var runs [][]orb.Point
	switch g := g.(type) {
	case orb.Point:
		return appendPositions(nil, g)
	case orb.MultiPoint:
		e.several = true
		return appendPositions(nil, g...)
	case orb.LineString:
		runs = append(runs, g)
	case orb.MultiLineString:
		for _, l := range g {
			runs = append(runs, l)
		}
	case orb.Polygon:
		runs = appendRings(runs, g)
	case orb.MultiPolygon:
		for _, p := range g {
			runs = appendRings(runs, p)
		}
	}
	points := 0
	for _, r := range runs {
		points += len(r)
	}
	t := make([]byte, 0, 40+4*len(runs)+16*points)
	t = appendFloats(t, b.Min[0], b.Min[1], b.Max[0], b.Max[1])
	t = binary.LittleEndian.AppendUint32(t, uint32(len(runs)))
	t = binary.LittleEndian.AppendUint32(t, uint32(points))
	at := 0
	for _, r := range runs {
		t = binary.LittleEndian.AppendUint32(t, uint32(at))
		at += len(r)
	}
	for _, r := range runs {
		t = appendPositions(t, r...)
	}
	return t
}

// appendRings turns rings, which here are outer ones clockwise.
func appendRings(runs [][]orb.Point, p orb.Polygon) [][]orb.Point {
	for _, r := range p {
		r.Reverse()
		runs = append(runs, r)
	}
	return runs
}

func appendPositions(dst []byte, ps ...orb.Point) []byte {
	for _, p := range ps {
		dst = appendFloats(dst, p[0], p[1])
	}
	return dst
}

func appendFloats(dst []byte, fs ...float64) []byte {
	for _, f := range fs {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
	}
	return dst
}

// Discard gives up on the file.
func (e *Encoder) Discard() {
	_ = e.cells.Close()
	if e.shapes != nil {
		_ = e.shapes.Close()
	}
}

// Close writes the archive.
func (e *Encoder) Close() error {
	defer e.Discard()
	if err := errors.Join(e.cells.Flush(), e.shapes.Flush()); err != nil {
		return err
	}
	out := zip.NewWriter(e.w)
	type member struct {
		extension string
		write     func(io.Writer) error
	}
	members := []member{{".dbf", e.writeTable}, {".cpg", func(w io.Writer) error {
		name := "UTF-8"
		if !e.layout.Encoding.IsUTF8() {
			name = strings.ToUpper(e.layout.Encoding.Name())
		}
		_, err := io.WriteString(w, name)
		return err
	}}}
	if e.layout.Kind != geo.KindNone {
		members = append([]member{
			{".shp", func(w io.Writer) error { return e.writeShapes(w, false) }},
			{".shx", func(w io.Writer) error { return e.writeShapes(w, true) }},
		}, members...)
		members = append(members, member{".prj", func(w io.Writer) error {
			_, err := io.WriteString(w, e.prj)
			return err
		}})
	}
	for _, m := range members {
		h := &zip.FileHeader{Name: e.layout.Name + m.extension, Method: zip.Deflate, Modified: e.time()}
		w, err := out.CreateHeader(h)
		if err != nil {
			return err
		}
		buffered := bufio.NewWriterSize(w, 64<<10)
		if err := errors.Join(m.write(buffered), buffered.Flush()); err != nil {
			return err
		}
	}
	return out.Close()
}

// time is when the file was made.
func (e *Encoder) time() time.Time {
	if e.layout.Time.IsZero() {
		return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return e.layout.Time.UTC()
}

// kind is the type of all shapes.
func (e *Encoder) kind() uint32 {
	switch {
	case e.layout.Kind == geo.KindLine:
		return polyLine
	case e.layout.Kind == geo.KindPolygon:
		return polygon
	case e.several:
		return multiPoint
	default:
		return point
	}
}

// size is how long the .shp is: records have eight bytes in front of their content and four of their type in it.
func (e *Encoder) size() int64 {
	size := headerBytes + 12*e.rows + e.bytes
	if e.several {
		size += 36 * e.filled // box and count
	}
	return size
}

// writeShapes writes the .shp, or its index.
func (e *Encoder) writeShapes(w io.Writer, index bool) error {
	kind, size := e.kind(), e.size()
	contents := func(each func(content []byte) error) error {
		in := bufio.NewReaderSize(e.shapes.Reader(), 64<<10)
		var content []byte
		for range e.rows {
			n, err := binary.ReadUvarint(in)
			if err != nil {
				return err
			}
			content = append(content[:0], make([]byte, n)...)
			if _, err := io.ReadFull(in, content); err != nil {
				return err
			}
			if err := each(e.record(kind, content)); err != nil {
				return err
			}
		}
		return nil
	}
	if index {
		size = headerBytes + 8*e.rows
	}
	if _, err := w.Write(e.header(kind, size)); err != nil {
		return err
	}
	n, at := uint32(0), int64(headerBytes)
	return contents(func(c []byte) error {
		n++
		h := binary.BigEndian.AppendUint32(nil, n)
		if index {
			h = binary.BigEndian.AppendUint32(nil, uint32(at/2))
		}
		h = binary.BigEndian.AppendUint32(h, uint32(len(c)/2))
		at += 8 + int64(len(c))
		if _, err := w.Write(h); err != nil || index {
			return err
		}
		_, err := w.Write(c)
		return err
	})
}

// record is the content of a record with its type.
func (e *Encoder) record(kind uint32, content []byte) []byte {
	if len(content) == 0 {
		return make([]byte, 4) // null
	}
	t := binary.LittleEndian.AppendUint32(make([]byte, 0, len(content)+40), kind)
	if kind == multiPoint {
		ps := orb.MultiPoint(positions(content, len(content)/16))
		b := ps.Bound()
		t = appendFloats(t, b.Min[0], b.Min[1], b.Max[0], b.Max[1])
		t = binary.LittleEndian.AppendUint32(t, uint32(len(ps)))
	}
	return append(t, content...)
}

func (e *Encoder) header(kind uint32, size int64) []byte {
	h := make([]byte, 0, headerBytes)
	h = binary.BigEndian.AppendUint32(h, fileCode)
	h = append(h, make([]byte, 20)...)
	h = binary.BigEndian.AppendUint32(h, uint32(size/2))
	h = binary.LittleEndian.AppendUint32(h, fileVersion)
	h = binary.LittleEndian.AppendUint32(h, kind)
	if e.box[0] > e.box[2] {
		return append(h, make([]byte, headerBytes-len(h))...)
	}
	h = appendFloats(h, e.box[:]...)
	return append(h, make([]byte, headerBytes-len(h))...)
}
