package geo_test

import (
	"testing"

	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/bigxy"
	"github.com/twpayne/go-geom/xy"
	"github.com/twpayne/go-geom/xy/location"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

func coord(p geo.Point) geom.Coord { return geom.Coord{float64(p.X), float64(p.Y)} }

// TestOrientAgainstGoGeom compares with arbitrary precision: far apart, close together and collinear.
func TestOrientAgainstGoGeom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reach := rapid.SampledFrom([]int32{3, 1000, geo.MaxX}).Draw(t, "reach")
		point := rapid.Custom(func(t *rapid.T) geo.Point {
			return geo.Point{X: rapid.Int32Range(-reach, reach).Draw(t, "x"), Y: rapid.Int32Range(-reach, reach).Draw(t, "y")}
		})
		a, b, c := point.Draw(t, "a"), point.Draw(t, "b"), point.Draw(t, "c")
		if want := int(bigxy.OrientationIndex(coord(a), coord(b), coord(c))); geo.Orient(a, b, c) != want {
			t.Fatalf("Orient(%v, %v, %v) = %d, want %d", a, b, c, geo.Orient(a, b, c), want)
		}
	})
}

// TestContainsAgainstGoGeom compares points that are not on the border, where the edge rule has no say.
func TestContainsAgainstGoGeom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ring []geo.Point
		var flat []float64
		for range rapid.IntRange(3, 12).Draw(t, "vertices") {
			p := geo.Point{X: rapid.Int32Range(-20, 20).Draw(t, "x"), Y: rapid.Int32Range(-20, 20).Draw(t, "y")}
			ring = append(ring, p)
			flat = append(flat, float64(p.X), float64(p.Y))
		}
		ring, flat = append(ring, ring[0]), append(flat, flat[0], flat[1])
		s, err := geo.NewShape(geo.KindPolygon, ring, []uint32{uint32(len(ring))}, []uint32{1})
		if err != nil {
			t.Fatal(err)
		}
		p := geo.Point{X: rapid.Int32Range(-20, 20).Draw(t, "px"), Y: rapid.Int32Range(-20, 20).Draw(t, "py")}
		where := xy.LocatePointInRing(geom.XY, coord(p), flat)
		if onBorder := where == location.Boundary; s.OnBoundary(p) != onBorder {
			t.Fatalf("OnBoundary(%v) of %v = %v", p, ring, s.OnBoundary(p))
		} else if !onBorder && s.Contains(p) != (where == location.Interior) {
			t.Fatalf("Contains(%v) of %v = %v", p, ring, s.Contains(p))
		}
	})
}
