package shapefile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/row"
)

const (
	headerBytes = 100
	fileCode    = 9994
	fileVersion = 1000
	// maxRecord bounds one geometry: four million vertices.
	maxRecord = 64 << 20
)

// The types of shapes. Those with heights (10 more) and with measures (20 more) start in the same way.
const (
	null       = 0
	point      = 1
	polyLine   = 3
	polygon    = 5
	multiPoint = 8
	multiPatch = 31
)

// shapes reads the geometries of a .shp in their order there.
type shapes struct {
	in    *bufio.Reader
	index *bufio.Reader // of the .shx behind its header; nil when there is none
	kind  int           // of all shapes that are not null
	size  int64         // of the file, as its header says
	at    int64         // how much of it was read
	text  []byte
}

func (s *shapes) header() error {
	h := make([]byte, headerBytes)
	if _, err := io.ReadFull(s.in, h); err != nil {
		return early(err)
	}
	if binary.BigEndian.Uint32(h) != fileCode || binary.LittleEndian.Uint32(h[28:]) != fileVersion {
		return errors.New("the file is no .shp: it does not start with 9994 and version 1000")
	}
	s.size, s.at = 2*int64(binary.BigEndian.Uint32(h[24:])), headerBytes
	s.kind = int(binary.LittleEndian.Uint32(h[32:]))
	switch plain(s.kind) {
	case null, point, polyLine, polygon, multiPoint:
		return nil
	}
	if s.kind == multiPatch {
		return errors.New("it holds surfaces in space (multipatch), which are not read; convert it to polygons")
	}
	return fmt.Errorf("shape type %d is not known", s.kind)
}

// plain is a type without heights and measures.
func plain(kind int) int {
	if kind > 10 && kind < 30 {
		return kind % 10
	}
	return kind
}

// next reads the next record into a row and reports false at the end of the file.
func (s *shapes) next(out *row.Row) (bool, error) {
	if s.at >= s.size {
		return false, nil
	}
	if s.index != nil {
		if err := s.seek(); err != nil {
			return false, err
		}
	}
	h := make([]byte, 8)
	if _, err := io.ReadFull(s.in, h); err != nil {
		return false, early(err)
	}
	size := 2 * int64(binary.BigEndian.Uint32(h[4:]))
	s.at += 8 + size
	if size > maxRecord {
		if _, err := io.CopyN(io.Discard, s.in, size); err != nil {
			return false, early(err)
		}
		out.Fault = fault(fmt.Errorf("has more than %d MiB", maxRecord>>20))
		return true, nil
	}
	// The size is not believed before the bytes are there.
	s.text = s.text[:0]
	for left := int(size); left > 0; {
		part := min(left, 1<<20)
		from := len(s.text)
		s.text = append(s.text, make([]byte, part)...)
		if _, err := io.ReadFull(s.in, s.text[from:]); err != nil {
			return false, early(err)
		}
		left -= part
	}
	g, err := s.geometry(s.text)
	if err != nil {
		out.Fault = fault(err)
	}
	out.Geometry = g
	return true, nil
}

func fault(err error) *data.FieldError { return &data.FieldError{Field: "geometry", Why: err.Error()} }

// seek moves over a gap in front of the next record, whose place the index tells.
func (s *shapes) seek() error {
	var entry [8]byte
	if _, err := io.ReadFull(s.index, entry[:]); err != nil {
		return fmt.Errorf(".shx: %w", early(err))
	}
	gap := 2*int64(binary.BigEndian.Uint32(entry[:])) - s.at
	if gap < 0 {
		return errors.New("the .shx says that it lies in front of the record before; write the shapefile anew, for example with: ogr2ogr new.shp old.shp")
	}
	n, err := io.CopyN(io.Discard, s.in, gap)
	s.at += n
	if err != nil {
		return early(err)
	}
	return nil
}

var errShort = errors.New("has fewer bytes than its type needs")

// geometry reads the content of a record.
func (s *shapes) geometry(b []byte) (orb.Geometry, error) {
	if len(b) < 4 {
		return nil, errShort
	}
	kind := int(binary.LittleEndian.Uint32(b))
	b = b[4:]
	switch {
	case kind == null:
		return nil, nil
	case kind != s.kind:
		return nil, fmt.Errorf("is of type %d in a file of type %d", kind, s.kind)
	}
	switch plain(kind) {
	case point:
		if len(b) < 16 {
			return nil, errShort
		}
		return position(b), nil
	case multiPoint:
		const box = 32
		if len(b) < box+4 {
			return nil, errShort
		}
		n := int64(binary.LittleEndian.Uint32(b[box:]))
		if n*16 > int64(len(b)-box-4) {
			return nil, fmt.Errorf("announces %d points, but has bytes for %d", n, (len(b)-box-4)/16)
		}
		return orb.MultiPoint(positions(b[box+4:], int(n))), nil
	}
	runs, err := readParts(b)
	if err != nil {
		return nil, err
	}
	if plain(kind) == polyLine {
		lines := make(orb.MultiLineString, len(runs))
		for i, r := range runs {
			lines[i] = r
		}
		return lines, nil
	}
	rings := make([]orb.Ring, len(runs))
	for i, r := range runs {
		rings[i] = r
	}
	return geom.Nest(rings)
}

// readParts reads the lines or rings of a record behind its type.
func readParts(b []byte) ([][]orb.Point, error) {
	const box = 32
	if len(b) < box+8 {
		return nil, errShort
	}
	parts, points := int64(binary.LittleEndian.Uint32(b[box:])), int64(binary.LittleEndian.Uint32(b[box+4:]))
	b = b[box+8:]
	if parts*4+points*16 > int64(len(b)) {
		return nil, fmt.Errorf("announces %d parts with %d points, for which it has not enough bytes", parts, points)
	}
	all := positions(b[4*parts:], int(points))
	runs := make([][]orb.Point, parts)
	for i := range runs {
		from, to := int64(binary.LittleEndian.Uint32(b[4*i:])), points
		if i+1 < len(runs) {
			to = int64(binary.LittleEndian.Uint32(b[4*i+4:]))
		}
		if from > to || to > points {
			return nil, fmt.Errorf("part %d goes from point %d to %d of %d", i, from, to, points)
		}
		runs[i] = all[from:to:to]
	}
	return runs, nil
}

func position(b []byte) orb.Point {
	return orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))}
}

func positions(b []byte, n int) []orb.Point {
	ps := make([]orb.Point, n)
	for i := range ps {
		ps[i] = position(b[16*i:])
	}
	return ps
}
