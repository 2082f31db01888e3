package outline

import (
	"math/rand/v2"
	"testing"
)

// An edge is cut at the same point whichever way round it comes, however long it is.
func TestCutHasNoDirection(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 21))
	for range 1_000_000 {
		bits := 8 + rng.IntN(28)
		at := func() int64 { return rng.Int64N(2<<bits) - 1<<bits }
		a, b := farVertex{at(), at()}, farVertex{at(), at()}
		for i := range sides {
			s := &sides[i]
			if s.inside(a) == s.inside(b) {
				continue
			}
			if ab, ba := s.cut(a, b), s.cut(b, a); ab != ba {
				t.Fatalf("%v–%v: %v, the other way %v", a, b, ab, ba)
			}
		}
	}
}
