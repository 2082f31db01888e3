package relate

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// TestSpot compares the sides of lines on which spots lie with rational numbers alone, for lines that pass by a spot as
// closely as integer points allow, and up to the size of the world.
func TestSpot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reach := rapid.SampledFrom([]int32{5, 1000, 1_000_000, 800_000_000}).Draw(t, "reach")
		at := rapid.Int32Range(-reach, reach)
		point := func(name string) geo.Point { return geo.Point{X: at.Draw(t, name), Y: at.Draw(t, name)} }
		share := func(name string) *big.Rat {
			n := rapid.Int64Range(1, 1<<40).Draw(t, name)
			return big.NewRat(rapid.Int64Range(0, n).Draw(t, name), n)
		}
		q := middle(segment{point("s"), point("s")}, share("from"), share("to"))
		dx, dy := float64(at.Draw(t, "dx")), float64(at.Draw(t, "dy"))
		near := func(name string) geo.Point {
			k := rapid.Float64Range(-1, 1).Draw(t, name)
			return geo.Point{X: int32(q.fx + k*dx), Y: int32(q.fy + k*dy)}
		}
		a, b := near("a"), near("b")
		x := new(big.Rat).Sub(q.x, new(big.Rat).SetInt64(int64(a.X)))
		y := new(big.Rat).Sub(q.y, new(big.Rat).SetInt64(int64(a.Y)))
		ux, uy := diff(segment{a, b})
		side := y.Mul(y, new(big.Rat).SetInt64(ux)).Cmp(x.Mul(x, new(big.Rat).SetInt64(uy)))
		if side != 0 && q.left(a, b) != (side > 0) {
			t.Fatalf("%v, %v is left of %v–%v: %v", q.x, q.y, a, b, q.left(a, b))
		}
		if above := new(big.Rat).SetInt64(int64(a.Y)).Cmp(q.y) > 0; q.above(a.Y) != above {
			t.Fatalf("%d is above %v: %v", a.Y, q.y, !above)
		}
	})
}
