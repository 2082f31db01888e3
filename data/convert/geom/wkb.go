package geom

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
)

// The flags of EWKB beside the type; ISO adds 1000 for heights and 2000 for measures instead.
const (
	ewkbZ    = 0x80000000
	ewkbM    = 0x40000000
	ewkbSRID = 0x20000000
)

var wkbTypes = [...]string{
	1: "POINT", 2: "LINESTRING", 3: "POLYGON", 4: "MULTIPOINT", 5: "MULTILINESTRING", 6: "MULTIPOLYGON", 7: "GEOMETRYCOLLECTION",
}

// ParseWKB reads well-known binary in either byte order, with the extensions of ISO and of PostGIS (EWKB). Z and M
// values are dropped. srid is what EWKB says, 0 without. An empty point is an empty MultiPoint. Counts are believed only
// as far as there are bytes for them.
//
// It is not orb/encoding/wkb because that one refuses Z and M, which other programs write without being asked.
func ParseWKB(b []byte) (g orb.Geometry, srid int, err error) {
	w := wkbBytes{b: b}
	if g, err = w.geometry(0); err == nil && w.at < len(b) {
		err = fmt.Errorf("%d bytes follow the geometry", len(b)-w.at)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("is not WKB at byte %d: %w", w.at, err)
	}
	return g, w.srid, nil
}

type wkbBytes struct {
	b     []byte
	at    int
	order binary.ByteOrder
	size  int // of a position in bytes
	srid  int
}

var errShort = errors.New("it ends early")

func (w *wkbBytes) uint32() (uint32, error) {
	if len(w.b)-w.at < 4 {
		return 0, errShort
	}
	v := w.order.Uint32(w.b[w.at:])
	w.at += 4
	return v, nil
}

// header reads byte order and type.
func (w *wkbBytes) header() (uint32, error) {
	if w.at >= len(w.b) {
		return 0, errShort
	}
	switch w.b[w.at] {
	case 0:
		w.order = binary.BigEndian
	case 1:
		w.order = binary.LittleEndian
	default:
		return 0, fmt.Errorf("byte order %d is neither 0 nor 1", w.b[w.at])
	}
	w.at++
	kind, err := w.uint32()
	if err != nil {
		return 0, err
	}
	if kind&ewkbSRID != 0 {
		srid, err := w.uint32()
		if err != nil {
			return 0, err
		}
		w.srid = int(int32(srid))
	}
	dimensions := 2
	for _, flag := range []uint32{ewkbZ, ewkbM} {
		if kind&flag != 0 {
			dimensions++
		}
	}
	kind &^= ewkbZ | ewkbM | ewkbSRID
	switch kind / 1000 {
	case 1, 2:
		dimensions++
	case 3:
		dimensions += 2
	}
	w.size = 8 * dimensions
	return kind % 1000, nil
}

func (w *wkbBytes) geometry(depth int) (orb.Geometry, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	kind, err := w.header()
	switch {
	case err != nil:
		return nil, err
	case kind == 0 || int(kind) >= len(wkbTypes):
		return nil, fmt.Errorf("geometry type %d is none of points, lines, polygons and their collections", kind)
	case wkbTypes[kind] == "POINT":
		p, err := w.position()
		if err == nil && math.IsNaN(p[0]) && math.IsNaN(p[1]) {
			return orb.MultiPoint{}, nil
		}
		return p, err
	case wkbTypes[kind] == "GEOMETRYCOLLECTION":
		m, err := many(w, func() (orb.Geometry, error) { return w.geometry(depth + 1) })
		return orb.Collection(m), err
	case wkbTypes[kind] == "MULTIPOINT":
		m, err := members[orb.Point](w, depth)
		return orb.MultiPoint(m), err
	case wkbTypes[kind] == "MULTILINESTRING":
		m, err := members[orb.LineString](w, depth)
		return orb.MultiLineString(m), err
	case wkbTypes[kind] == "MULTIPOLYGON":
		m, err := members[orb.Polygon](w, depth)
		return orb.MultiPolygon(m), err
	default:
		return readCoordinates(wkbTypes[kind], w)
	}
}

// members reads the members of a collection of one type, each with a header of its own.
func members[T orb.Geometry](w *wkbBytes, depth int) ([]T, error) {
	return many(w, func() (member T, err error) {
		g, err := w.geometry(depth + 1)
		if err != nil {
			return member, err
		}
		member, ok := g.(T)
		if !ok {
			err = fmt.Errorf("a member is %s", g.GeoJSONType())
		}
		return member, err
	})
}

func (w *wkbBytes) list(member func() error) error {
	n, err := w.uint32()
	if err != nil {
		return err
	}
	// The smallest member is an empty list of 4 bytes.
	if int64(n)*4 > int64(len(w.b)-w.at) {
		return fmt.Errorf("%d members are announced, but only %d bytes follow", n, len(w.b)-w.at)
	}
	// A member may be of another byte order.
	order, size := w.order, w.size
	for range n {
		w.order, w.size = order, size
		if err := member(); err != nil {
			return err
		}
	}
	return nil
}

func (w *wkbBytes) position() (p orb.Point, err error) {
	if len(w.b)-w.at < w.size {
		return p, errShort
	}
	for i := range p {
		p[i] = math.Float64frombits(w.order.Uint64(w.b[w.at+8*i:]))
	}
	w.at += w.size
	return p, nil
}

// AppendWKB appends a geometry as little-endian well-known binary of two dimensions; with an SRID other than 0 as EWKB.
// Rings are written as they are. Nil appends nothing.
func AppendWKB(dst []byte, g orb.Geometry, srid int) []byte {
	header := func(kind uint32) {
		dst = append(dst, 1)
		if srid == 0 {
			dst = binary.LittleEndian.AppendUint32(dst, kind)
			return
		}
		dst = binary.LittleEndian.AppendUint32(dst, kind|ewkbSRID)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(srid))
	}
	count := func(n int) { dst = binary.LittleEndian.AppendUint32(dst, uint32(n)) }
	positions := func(ps ...orb.Point) {
		for _, p := range ps {
			for _, v := range p {
				dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
			}
		}
	}
	switch g := g.(type) {
	case orb.Point:
		header(1)
		positions(g)
	case orb.LineString:
		header(2)
		count(len(g))
		positions(g...)
	case orb.Polygon:
		header(3)
		count(len(g))
		for _, r := range g {
			count(len(r))
			positions(r...)
		}
	case orb.MultiPoint:
		header(4)
		count(len(g))
		for _, m := range g {
			dst = AppendWKB(dst, m, 0)
		}
	case orb.MultiLineString:
		header(5)
		count(len(g))
		for _, m := range g {
			dst = AppendWKB(dst, m, 0)
		}
	case orb.MultiPolygon:
		header(6)
		count(len(g))
		for _, m := range g {
			dst = AppendWKB(dst, m, 0)
		}
	case orb.Collection:
		header(7)
		count(len(g))
		for _, m := range g {
			dst = AppendWKB(dst, m, 0)
		}
	}
	return dst
}

// ParseText reads a geometry as tables hold it: WKT or EWKT, or WKB or EWKB in hexadecimal or base64. srid is 0 when the
// text does not say one.
func ParseText(text string) (g orb.Geometry, srid int, err error) {
	var b []byte
	switch {
	case strings.HasPrefix(text, "00") || strings.HasPrefix(text, "01"):
		b, err = hex.DecodeString(text)
	case strings.HasPrefix(text, "A"): // six zero bits; no type of WKT starts so
		b, err = base64.StdEncoding.DecodeString(text)
	case text != "" && !strings.ContainsAny(text, "( "):
		err = errors.New("WKT has blanks or brackets, WKB starts with 00 or 01 in hexadecimal")
	default:
		return ParseWKT(text)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("is neither WKT nor WKB: %w", err)
	}
	return ParseWKB(b)
}
