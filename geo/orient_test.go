package geo_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// exactOrient is the definition in arbitrary precision.
func exactOrient(a, b, c geo.Point) int {
	d := func(p, q int32) *big.Int { return big.NewInt(int64(p) - int64(q)) }
	l := new(big.Int).Mul(d(b.X, a.X), d(c.Y, a.Y))
	r := new(big.Int).Mul(d(b.Y, a.Y), d(c.X, a.X))
	return l.Cmp(r)
}

func TestOrientExtremes(t *testing.T) {
	limits := []int32{math.MinInt32, math.MinInt32 + 1, -geo.MaxX, -1, 0, 1, geo.MaxX, math.MaxInt32 - 1, math.MaxInt32}
	var all []geo.Point
	for _, x := range limits {
		for _, y := range limits {
			all = append(all, geo.Point{X: x, Y: y})
		}
	}
	for _, a := range all {
		for _, b := range all {
			for _, c := range all {
				if got, want := geo.Orient(a, b, c), exactOrient(a, b, c); got != want {
					t.Fatalf("Orient(%v, %v, %v) = %d, want %d", a, b, c, got, want)
				}
			}
		}
	}
}

func TestOrientProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coord := rapid.Int32()
		point := rapid.Custom(func(t *rapid.T) geo.Point {
			return geo.Point{X: coord.Draw(t, "x"), Y: coord.Draw(t, "y")}
		})
		a, b, c := point.Draw(t, "a"), point.Draw(t, "b"), point.Draw(t, "c")
		if rapid.Bool().Draw(t, "near the line") {
			// A middle is collinear or off by half a unit.
			c = geo.Point{X: int32((int64(a.X) + int64(b.X)) / 2), Y: int32((int64(a.Y) + int64(b.Y)) / 2)}
		}
		if got, want := geo.Orient(a, b, c), exactOrient(a, b, c); got != want {
			t.Fatalf("Orient(%v, %v, %v) = %d, want %d", a, b, c, got, want)
		}
		if geo.Orient(a, b, c) != geo.Orient(b, c, a) || geo.Orient(a, b, c) != -geo.Orient(b, a, c) {
			t.Fatal("not antisymmetric")
		}
	})
}

func randomPoints(n int, span int32) []geo.Point {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]geo.Point, n)
	for i := range out {
		out[i] = geo.Point{X: 1215000000 + r.Int32N(span), Y: 250000000 + r.Int32N(span)}
	}
	return out
}

func BenchmarkOrient(b *testing.B) {
	for _, bench := range []struct {
		name   string
		points []geo.Point
	}{
		{"city", randomPoints(1024, geo.Unit/10)},
		{"world", func() []geo.Point {
			ps := randomPoints(1024, geo.Unit)
			for i := range ps {
				if i%2 == 0 {
					ps[i].X = -ps[i].X
				}
			}
			return ps
		}()},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			i, sum := 0, 0
			for b.Loop() {
				sum += geo.Orient(bench.points[i&1023], bench.points[(i+1)&1023], bench.points[(i+2)&1023])
				i++
			}
			_ = sum
		})
	}
}
