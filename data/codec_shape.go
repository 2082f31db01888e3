package data

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/gewu-city/gewu/data/wire"
	"github.com/gewu-city/gewu/geo"
)

// appendShape appends the kind, the number of vertices, for lines and polygons the vertices of each ring, for
// polygons the rings of each polygon, and the vertices as differences to the one before.
func appendShape(dst []byte, s geo.Shape) ([]byte, error) {
	dst = append(dst, byte(s.Kind()))
	if s.Kind() == geo.KindNone {
		return dst, nil
	}
	xy := s.Vertices()
	dst = binary.AppendUvarint(dst, uint64(len(xy)))
	if s.Kind() != geo.KindPoint {
		dst = appendEnds(dst, s.RingEnds())
	}
	if s.Kind() == geo.KindPolygon {
		dst = appendEnds(dst, s.PolygonEnds())
	}
	last := geo.Point{}
	for _, p := range xy {
		// A decoder would refuse the vertex; it must not get into the log.
		if p.X < -geo.MaxX || p.X > geo.MaxX || p.Y < -geo.MaxY || p.Y > geo.MaxY {
			return nil, &FieldError{Field: "geometry", Value: fmt.Sprintf("%v, %v", p.Lon(), p.Lat()), Why: "lies outside ±180, ±90"}
		}
		dst = wire.AppendZigzag(dst, int64(p.X)-int64(last.X))
		dst = wire.AppendZigzag(dst, int64(p.Y)-int64(last.Y))
		last = p
	}
	return dst, nil
}

// appendEnds appends the number of runs and the length of each.
func appendEnds(dst []byte, ends []uint32) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(ends)))
	last := uint32(0)
	for _, end := range ends {
		dst = binary.AppendUvarint(dst, uint64(end-last))
		last = end
	}
	return dst
}

func readShape(r *wire.Reader) (geo.Shape, error) {
	kind := geo.Kind(r.Byte())
	if kind == geo.KindNone {
		return geo.Shape{}, nil
	}
	// A vertex takes at least two bytes.
	count := r.Count(2)
	var rings, polygons []uint32
	if kind != geo.KindPoint {
		rings = readEnds(r)
	}
	if kind == geo.KindPolygon {
		polygons = readEnds(r)
	}
	if r.Bad || count > r.Left()/2 {
		r.Fail()
		return geo.Shape{}, nil
	}
	xy := make([]geo.Point, count)
	var x, y int64
	for i := range xy {
		x += r.Zigzag()
		y += r.Zigzag()
		if x < math.MinInt32 || x > math.MaxInt32 || y < math.MinInt32 || y > math.MaxInt32 {
			r.Fail()
			return geo.Shape{}, nil
		}
		xy[i] = geo.Point{X: int32(x), Y: int32(y)}
	}
	return geo.NewShape(kind, xy, rings, polygons)
}

// ends reads run lengths as ends; [geo.NewShape] checks that they fit.
func readEnds(r *wire.Reader) []uint32 {
	ends := make([]uint32, r.Count(1))
	at := uint64(0)
	for i := range ends {
		at += r.Uvarint()
		if at > math.MaxUint32 {
			r.Fail()
			return nil
		}
		ends[i] = uint32(at)
	}
	return ends
}
