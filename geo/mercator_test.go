package geo_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gewu-city/gewu/geo"
)

// TestMercatorTable compares the table with the projection itself, between its rows and at their ends.
func TestMercatorTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	exact := func(lat float64) float64 {
		lat = max(-geo.MaxMercatorLat, min(geo.MaxMercatorLat, lat)) * math.Pi / 180
		return 0.5 - math.Atanh(math.Sin(lat))/(2*math.Pi)
	}
	check := func(y int32) {
		_, got := geo.Point{Y: y}.Mercator()
		want := exact(float64(y) / geo.Unit)
		allowed := 1e-12
		if math.Abs(float64(y)) < 60*geo.Unit {
			allowed = 1e-15
		}
		if !(math.Abs(got-want) <= allowed) {
			t.Errorf("latitude %v: %v, off by %.2g", float64(y)/geo.Unit, got, got-want)
		}
	}
	for range 200_000 {
		check(int32(rng.IntN(2*geo.MaxY+1) - geo.MaxY))
	}
	for y := int32(-850_511_288); y < 850_000_000; y += 1 << 17 {
		check(y - 1)
		check(y)
		check(y + 1)
	}
	for _, y := range []int32{-geo.MaxY, geo.MaxY, 0, 1, -1, 850_511_287, 850_511_288, 850_511_289} {
		check(y)
	}
	// Farther south is never farther north.
	last := math.Inf(1)
	for y := int32(-400 << 17); y < 400<<17; y += 97 {
		if _, at := (geo.Point{Y: y}).Mercator(); at > last {
			t.Fatalf("row %v at %d, %v south of it", at, y, last)
		} else {
			last = at
		}
	}
}

func BenchmarkMercator(b *testing.B) {
	p := geo.Point{X: 121_5000000, Y: 25_0000000}
	var sum float64
	for b.Loop() {
		p.Y = 25_0000000 + p.Y&0xffff ^ 0x55
		x, y := p.Mercator()
		sum += x + y
	}
	_ = sum
}
