package relate

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// TestSpot compares the sides of lines on which spots lie with rational numbers alone: spots so close to an integer point
// that floats cannot tell them from it, and lines through that point and beside it.
func TestSpot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reach := rapid.SampledFrom([]int32{3, 1000, 1_000_000, 100_000_000}).Draw(t, "reach")
		at := rapid.Int32Range(-reach, reach)
		point := func(name string) geo.Point { return geo.Point{X: at.Draw(t, name), Y: at.Draw(t, name)} }
		along := func(p, u geo.Point, n int32) geo.Point { return geo.Point{X: p.X + n*u.X, Y: p.Y + n*u.Y} }
		centre, u, v := point("centre"), point("u"), point("v")
		m, n := rapid.Int32Range(1, 3).Draw(t, "before"), rapid.Int32Range(1, 3).Draw(t, "behind")
		// From a little before the centre to a little behind it.
		little := func(name string) *big.Rat {
			return big.NewRat(rapid.Int64Range(1, 9).Draw(t, name), 1<<rapid.SampledFrom([]int{4, 30, 56, 60, 62}).Draw(t, name))
		}
		share := big.NewRat(int64(m), int64(m+n))
		q := middle(segment{along(centre, u, -m), along(centre, u, n)}, new(big.Rat).Sub(share, little("from")), new(big.Rat).Add(share, little("to")))
		a, b := along(centre, v, -1), along(centre, v, rapid.Int32Range(1, 3).Draw(t, "end"))
		if rapid.Bool().Draw(t, "beside") {
			b.X++
		}
		x := new(big.Rat).Sub(q.x, new(big.Rat).SetInt64(int64(a.X)))
		y := new(big.Rat).Sub(q.y, new(big.Rat).SetInt64(int64(a.Y)))
		ux, uy := diff(segment{a, b})
		side := y.Mul(y, new(big.Rat).SetInt64(ux)).Cmp(x.Mul(x, new(big.Rat).SetInt64(uy)))
		if side != 0 && q.left(a, b) != (side > 0) {
			t.Fatalf("%v, %v is left of %v–%v: %v", q.x, q.y, a, b, q.left(a, b))
		}
		if above := new(big.Rat).SetInt64(int64(centre.Y)).Cmp(q.y) > 0; q.above(centre.Y) != above {
			t.Fatalf("%d is above %v: %v", centre.Y, q.y, !above)
		}
	})
}
