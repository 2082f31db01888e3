package geo_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// anywhere draws points with a liking for the places where longitude and latitude misbehave.
func anywhere(t *rapid.T, name string) geo.Point {
	x := rapid.OneOf(rapid.Int32Range(-geo.MaxX, geo.MaxX), rapid.Int32Range(geo.MaxX-5000, geo.MaxX),
		rapid.Int32Range(-geo.MaxX, -geo.MaxX+5000), rapid.Int32Range(1_215_000_000, 1_216_000_000)).Draw(t, name+" x")
	y := rapid.OneOf(rapid.Int32Range(-geo.MaxY, geo.MaxY), rapid.Int32Range(geo.MaxY-5000, geo.MaxY),
		rapid.Int32Range(-geo.MaxY, -geo.MaxY+5000), rapid.Int32Range(250_000_000, 251_000_000)).Draw(t, name+" y")
	return geo.Point{X: x, Y: y}
}

// TestDiskDiscardsNothing checks that no point, and no rectangle with a point, within the radius is ever discarded,
// however the disk came to its radius.
func TestDiskDiscardsNothing(t *testing.T) {
	kept, discarded := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		centre, p := anywhere(t, "centre"), anywhere(t, "point")
		if rapid.Bool().Draw(t, "near") {
			p = geo.Point{X: centre.X, Y: centre.Y}
			move := rapid.Int32Range(-3000, 3000)
			p.X = int32(max(-geo.MaxX, min(geo.MaxX, int64(p.X)+int64(move.Draw(t, "dx")))))
			p.Y = int32(max(-geo.MaxY, min(geo.MaxY, int64(p.Y)+int64(move.Draw(t, "dy")))))
		}
		exact := geo.Distance(centre, p)
		side := float64(rapid.Int32Range(0, 1<<30).Draw(t, "side"))
		drawn := rapid.SampledFrom([]float64{exact, exact * 1.0001, exact / 1.0001, 0, 50, 1e5, 1e7}).Draw(t, "radius")
		first := rapid.SampledFrom([]func(radius float64) float64{
			func(radius float64) float64 { return radius },
			func(radius float64) float64 { return radius * 2.5 },
			func(radius float64) float64 { return radius + 1e6 },
			func(float64) float64 { return math.Inf(1) },
		}).Draw(t, "first")
		// Besides the radius that is drawn one that holds the point, and one that clearly does not.
		for _, radius := range []float64{drawn, exact * 3, min(exact/2, 9999)} {
			disk := geo.NewDisk(centre, first(radius))
			disk.Narrow(radius)
			within := exact <= radius
			may := disk.MayReach(p)
			x, y := float64(p.X), float64(p.Y)
			meets := disk.MayMeet(x-side, y, x, y+side) && disk.MayMeet(x, y-side, x+side, y) && disk.MayMeet(x, y, x, y)
			boxed := false
			for _, b := range disk.Boxes() {
				boxed = boxed || b.Contains(p)
			}
			if within && (!may || !meets || !boxed) {
				t.Fatalf("%v m of %v: reach %v, meet %v, boxes %v of %v at %v m", radius, centre, may, meets, disk.Boxes(), p, exact)
			}
			if radius < exact/1.5 && radius < 10_000 && math.Abs(centre.Lat()) < 85 {
				if may {
					t.Fatalf("keeps %v at %v m of %v m around %v", p, exact, radius, centre)
				}
				discarded++
			}
			if within {
				kept++
			}
		}
	})
	if kept == 0 || discarded == 0 {
		t.Errorf("%d kept, %d discarded: the test does not look at both", kept, discarded)
	}
}
