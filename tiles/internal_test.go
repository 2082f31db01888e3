package tiles

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
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

// One caller who gives up, the one that does the work included, does not take the others with it; when all have
// given up, the work is cancelled and the next caller starts anew.
func TestFlights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flights
		release, works := make(chan struct{}), 0
		work := func(ctx context.Context) (*entry, error) {
			works++
			select {
			case <-release:
				return &entry{}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		type result struct {
			e   *entry
			err error
		}
		call := func() (results chan result, cancel func()) {
			ctx, cancel := context.WithCancel(t.Context())
			results = make(chan result, 1)
			go func() {
				e, err := g.do(ctx, flightKey{}, work)
				results <- result{e, err}
			}()
			synctest.Wait()
			return results, cancel
		}

		first, cancelFirst := call()
		second, cancelSecond := call()
		third, cancelThird := call()
		defer cancelThird()
		cancelFirst()
		cancelSecond()
		synctest.Wait()
		if r := <-second; !errors.Is(r.err, context.Canceled) {
			t.Errorf("second: %v", r.err)
		}
		close(release)
		// The first caller did the work, so it has the result all the same.
		if a, b := <-first, <-third; a.e == nil || b.e != a.e || works != 1 {
			t.Errorf("first %v, third %v, %d works", a, b, works)
		}

		release = make(chan struct{})
		first, cancelFirst = call()
		second, cancelSecond = call()
		cancelSecond()
		cancelFirst()
		synctest.Wait()
		for _, c := range []chan result{first, second} {
			if r := <-c; !errors.Is(r.err, context.Canceled) {
				t.Errorf("all gone: %v", r.err)
			}
		}
		close(release)
		fresh, cancel := call()
		defer cancel()
		if r := <-fresh; r.err != nil || works != 3 {
			t.Errorf("afterwards: %v, %d works", r.err, works)
		}
	})
}

// A panic reaches the caller whose work it was, and the others get an error instead of waiting for ever.
func TestFlightPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flights
		release, panicked := make(chan struct{}), make(chan any, 1)
		go func() {
			defer func() { panicked <- recover() }()
			_, _ = g.do(t.Context(), flightKey{}, func(context.Context) (*entry, error) {
				<-release
				panic("broken")
			})
		}()
		synctest.Wait()
		waiting := make(chan error, 1)
		go func() {
			_, err := g.do(t.Context(), flightKey{}, nil)
			waiting <- err
		}()
		synctest.Wait()
		close(release)
		if p, err := <-panicked, <-waiting; p != "broken" || !errors.Is(err, errAbandoned) {
			t.Errorf("panic %v, error %v", p, err)
		}
	})
}
