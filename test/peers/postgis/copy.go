package postgis

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"iter"
	"math"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// CopyRows writes features in the text format of COPY: the attributes, then the geometry.
func CopyRows(w io.Writer, features iter.Seq[data.Feature]) error {
	out := bufio.NewWriterSize(w, 1<<16)
	escape := strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")
	for f := range features {
		for _, v := range f.Values {
			if v.Null() {
				_, _ = out.WriteString("\\N")
			} else {
				_, _ = escape.WriteString(out, v.String())
			}
			_ = out.WriteByte('\t')
		}
		_, _ = out.WriteString(hex.EncodeToString(ewkb(f.Shape)))
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return out.Flush()
}

// worldHalf is half the width of EPSG:3857 in its metres.
const worldHalf = math.Pi * 6378137

// Metres are the coordinates of a point in EPSG:3857.
func Metres(p geo.Point) (x, y float64) {
	x, y = p.Mercator()
	return (2*x - 1) * worldHalf, (1 - 2*y) * worldHalf
}

// ewkb is a shape of one part as PostGIS reads it, in EPSG:3857.
func ewkb(s geo.Shape) []byte {
	kind := map[geo.Kind]uint32{geo.KindPoint: 1, geo.KindLine: 2, geo.KindPolygon: 3}[s.Kind()]
	const hasSRID = 0x20000000
	b := []byte{1}
	b = binary.LittleEndian.AppendUint32(b, kind|hasSRID)
	b = binary.LittleEndian.AppendUint32(b, 3857)
	if s.Kind() == geo.KindPoint {
		return appendMetres(b, s.Vertices()[0])
	}
	if s.Kind() == geo.KindPolygon {
		b = binary.LittleEndian.AppendUint32(b, uint32(s.NumRings()))
	}
	for i := range s.NumRings() {
		ring := s.Ring(i)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(ring)))
		for _, p := range ring {
			b = appendMetres(b, p)
		}
	}
	return b
}

func appendMetres(b []byte, p geo.Point) []byte {
	x, y := Metres(p)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(y))
}
