package geopackage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/geom"
)

// The flags of the header of a geometry.
const (
	littleEndian = 1
	emptyFlag    = 1 << 4
	extended     = 1 << 5
)

// envelopes are the sizes of the box behind the header, by bits 1 to 3 of the flags: none, plane, with heights, with
// measures, with both.
var envelopes = [...]int{0, 32, 48, 48, 64}

// decode reads a geometry: a header with the number of the system and a box, then well-known binary.
func (t *table) decode(v any) (orb.Geometry, error) {
	if v == nil {
		return nil, nil
	}
	b, ok := v.([]byte)
	if !ok {
		return nil, errors.New("is no geometry, but another value")
	}
	const header = 8
	if len(b) < header || string(b[:2]) != "GP" {
		return nil, errors.New("is no geometry of a GeoPackage: it does not start with GP")
	}
	flags := b[3]
	if b[2] != 0 || flags&extended != 0 {
		return nil, errors.New("is a geometry of an extension that is not known")
	}
	order := binary.ByteOrder(binary.BigEndian)
	if flags&littleEndian != 0 {
		order = binary.LittleEndian
	}
	kind := int(flags >> 1 & 7)
	if kind >= len(envelopes) || len(b) < header+envelopes[kind] {
		return nil, errors.New("is a geometry whose header is damaged")
	}
	if srs := int64(int32(order.Uint32(b[4:]))); srs != t.srs {
		return nil, fmt.Errorf("is in system %d, but the table in %d", srs, t.srs)
	}
	if flags&emptyFlag != 0 {
		return nil, nil
	}
	g, _, err := geom.ParseWKB(b[header+envelopes[kind]:])
	return g, err
}

// appendGeometry writes a geometry with its box.
func appendGeometry(dst []byte, g orb.Geometry, srs int) []byte {
	dst = append(dst, 'G', 'P', 0, littleEndian|1<<1)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(srs))
	b := g.Bound()
	for _, v := range []float64{b.Min[0], b.Max[0], b.Min[1], b.Max[1]} {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return geom.AppendWKB(dst, g, 0)
}
