package geo

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAreaSign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.SampledFrom([]int32{2, 1000, MaxX}).Draw(t, "span")
		coord := rapid.Int32Range(-span, span)
		ring := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Point {
			return Point{coord.Draw(t, "x"), coord.Draw(t, "y")}
		}), 1, 12).Draw(t, "ring")
		ring = append(ring, ring[0])
		sum := new(big.Int)
		for i := 1; i < len(ring); i++ {
			sum.Add(sum, bigCross(int64(ring[i-1].X), int64(ring[i-1].Y), int64(ring[i].X), int64(ring[i].Y)))
		}
		if got := areaSign(ring); got != sum.Sign() {
			t.Fatalf("got %d, want %d for %v", got, sum.Sign(), ring)
		}
		slices.Reverse(ring)
		if got := areaSign(ring); got != -sum.Sign() {
			t.Fatalf("reversed: got %d, want %d for %v", got, -sum.Sign(), ring)
		}
	})
}
