package geo_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/geo"
)

// FuzzNewShape builds shapes from arbitrary parts, as a decoder of damaged bytes would.
func FuzzNewShape(f *testing.F) {
	f.Add(uint8(3), []byte{0, 0, 9, 0, 9, 9, 0, 0}, []byte{4}, []byte{1}, false)
	f.Add(uint8(3), []byte{0, 0, 9, 9, 9, 0, 0, 9, 0, 0}, []byte{5}, []byte{1}, true)
	f.Add(uint8(3), []byte{0, 0, 9, 0, 9, 9, 0, 0, 1, 1, 2, 1, 2, 2, 1, 1}, []byte{4, 8}, []byte{2}, false)
	f.Add(uint8(2), []byte{0, 0, 9, 0}, []byte{2}, []byte{}, false)
	f.Add(uint8(1), []byte{0, 0}, []byte{}, []byte{}, false)
	f.Fuzz(func(t *testing.T, kind uint8, xy, rings, polys []byte, wide bool) {
		if len(xy) > 128 {
			return
		}
		var points []geo.Point
		for i := 0; i+1 < len(xy); i += 2 {
			p := geo.Point{X: int32(int8(xy[i])), Y: int32(int8(xy[i+1]))}
			if wide {
				// Over the whole range, and a little beyond.
				p.X, p.Y = p.X*14100000, p.Y*7060000
			}
			points = append(points, p)
		}
		s, err := geo.NewShape(geo.Kind(kind), points, widen(rings), widen(polys))
		if err != nil {
			return
		}
		tryAll(t, s)
	})
}

func widen(b []byte) []uint32 {
	var out []uint32
	for _, v := range b {
		out = append(out, uint32(v))
	}
	return out
}

// FuzzFromOrb reads geometries of arbitrary numbers; what is accepted is the same after writing and reading again.
func FuzzFromOrb(f *testing.F) {
	bytes := func(v ...float64) []byte {
		var out []byte
		for _, x := range v {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
		}
		return out
	}
	f.Add(uint8(0), bytes(121.5, 25))
	f.Add(uint8(1), bytes(121.5, 25, 121.6, 25))
	f.Add(uint8(2), bytes(0, 0, 1, 0, 1, 1, 0, 1, 0, 0))
	f.Add(uint8(3), bytes(0, 0, 1, 1, 1, 0, 0, 1, 0, 0))
	f.Add(uint8(4), bytes(math.NaN(), math.Inf(1)))
	f.Add(uint8(5), bytes(-180, -90, 180, 90))
	f.Fuzz(func(t *testing.T, form uint8, data []byte) {
		if len(data) > 1024 {
			return
		}
		var ps []orb.Point
		for ; len(data) >= 16; data = data[16:] {
			ps = append(ps, orb.Point{
				math.Float64frombits(binary.LittleEndian.Uint64(data)),
				math.Float64frombits(binary.LittleEndian.Uint64(data[8:])),
			})
		}
		half := len(ps) / 2
		var g orb.Geometry
		switch form % 8 {
		case 0:
			g = orb.MultiPoint(ps)
		case 1:
			g = orb.LineString(ps)
		case 2:
			g = orb.Polygon{ps}
		case 3:
			g = orb.Polygon{ps[:half], ps[half:]}
		case 4:
			g = orb.Collection{orb.MultiPoint(ps[:half]), orb.LineString(ps[half:])}
		case 5:
			g = orb.MultiPoint(ps).Bound()
		case 6:
			g = orb.MultiPolygon{{ps[:half]}, {ps[half:]}}
		default:
			g = orb.MultiLineString{ps[:half], ps[half:]}
		}
		s, err := geo.FromOrb(g)
		if err != nil {
			return
		}
		again, err := geo.FromOrb(s.Orb())
		if err != nil || !again.Equal(s) {
			t.Fatalf("%v became %v: %v", s, again, err)
		}
		tryAll(t, s)
	})
}
