package tiles

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
		a, b := vertex{at(), at()}, vertex{at(), at()}
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

// Where one polygon passes a vertex of its neighbours on a straight line, the three still meet exactly after an edge
// of the line was cut and rounded.
func TestStraightVertexAtTheEdge(t *testing.T) {
	p, v, r := vertex{-100, -30}, vertex{20, 21}, vertex{100, 55}
	q, s := vertex{50, -60}, vertex{0, 100}
	if turn(p, v, r) != 0 {
		t.Fatal("not on a line")
	}
	area := func(ring ...vertex) int64 {
		d := drawer{ring: ring}
		cut, _ := d.cut()
		return area2(cut)
	}
	if parts, whole := area(p, v, r, q)+area(v, p, s)+area(r, v, s), area(r, q, p, s); parts != whole {
		t.Errorf("parts %d, whole %d", parts, whole)
	}
}

func TestScramble(t *testing.T) {
	for x := uint32(1); x != 0; x <<= 1 {
		for d := range uint32(1000) {
			if unscramble(scramble(x-d)) != x-d {
				t.Fatalf("%d", x-d)
			}
		}
	}
}
