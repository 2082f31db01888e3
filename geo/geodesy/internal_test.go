package geodesy

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// TestShortAndLong compares the closed formulas with the quadrature where one gives way to the other.
func TestShortAndLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := geo.Point{
			X: rapid.Int32Range(-170*geo.Unit, 170*geo.Unit).Draw(t, "x"),
			Y: rapid.Int32Range(-79*geo.Unit, 79*geo.Unit).Draw(t, "y"),
		}
		sin, cos := math.Sincos(rapid.Float64Range(0, 2*math.Pi).Draw(t, "azimuth"))
		mx, my := geo.Scale(a.Lat())
		far := rapid.Float64Range(7e3, 9.9e3).Draw(t, "metres")
		b := geo.Point{X: a.X + int32(far*sin/mx), Y: a.Y + int32(far*cos/my)}
		if s, l := short(a, b), connect(a, b).length(); math.Abs(s-l) > 1e-12*l+1e-8 {
			t.Fatalf("%v to %v: %.9f m by formula, %.9f by quadrature", a, b, s, l)
		}
		bow, ok := belowShort(a, b)
		if !ok {
			t.Fatalf("%v to %v is %v m and not short", a, b, far)
		}
		y0 := ordinate(math.Sin(float64(a.Y) * step))
		chord := float64(int64(b.X)-int64(a.X)) * step * (ordinate(math.Sin(float64(b.Y)*step)) - y0) / 2
		exact := belowLong(a, b, y0)
		// Of 1e8 m², what such an edge is worth in a city.
		if math.Abs(bow+chord-exact) > 1e-7*1e8*math.Pow(math.Tan(math.Abs(a.Lat())*rad)/5.6, 3)+0.05 {
			t.Fatalf("%v to %v: %v + %v m² below by formula, %v by quadrature", a, b, chord, bow, exact)
		}
	})
}

func drawPoint(t *rapid.T, name string, x, y, size int32) geo.Point {
	return geo.Point{
		X: max(-geo.MaxX, min(geo.MaxX, x+rapid.Int32Range(-size, size).Draw(t, name+"x"))),
		Y: max(-geo.MaxY, min(geo.MaxY, y+rapid.Int32Range(-size, size).Draw(t, name+"y"))),
	}
}

// TestAreasAdd cuts a ring along a geodesic: the areas of the pieces are those of the whole, whatever their size.
func TestAreasAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int32{20, 5000, 500_000, 30_000_000}).Draw(t, "size")
		x, y := rapid.Int32Range(-130*geo.Unit, 130*geo.Unit).Draw(t, "x"), rapid.Int32Range(-80*geo.Unit, 80*geo.Unit).Draw(t, "y")
		points := make([]geo.Point, rapid.IntRange(4, 9).Draw(t, "n"))
		for i := range points {
			points[i] = drawPoint(t, strconv.Itoa(i), x, y, size)
		}
		cut := rapid.IntRange(2, len(points)-2).Draw(t, "cut")
		closed := func(ps ...geo.Point) float64 { return ring(append(slices.Clone(ps), ps[0])) }
		whole := closed(points...)
		parts := closed(points[:cut+1]...) + closed(append(slices.Clone(points[cut:]), points[0])...)
		box := geo.EmptyBox()
		for _, p := range points {
			box = box.Extend(p)
		}
		mx, my := geo.Scale(box.Min.Lat())
		width := float64(box.Max.X-box.Min.X) * mx
		most := width * float64(box.Max.Y-box.Min.Y) * my
		// A sine is rounded to a nanometre of northing, times the width.
		if math.Abs(whole-parts) > 1e-9*(most+10*width)+1e-9 {
			t.Fatalf("%v: %v m² whole, %v in parts", points, whole, parts)
		}
	})
}
