package flight_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gewu-city/gewu/internal/flight"
)

// One caller who gives up, the one that does the work included, does not take the others with it; when all have
// given up, the work is cancelled and the next caller starts anew.
func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string, *int]
		release, works := make(chan struct{}), 0
		work := func(ctx context.Context) (*int, error) {
			works++
			select {
			case <-release:
				return new(int), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		type result struct {
			e   *int
			err error
		}
		call := func() (results chan result, cancel func()) {
			ctx, cancel := context.WithCancel(t.Context())
			results = make(chan result, 1)
			go func() {
				e, err := g.Do(ctx, "key", work)
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

// A caller whose time is up is told so, whether it did the work or waited for it: the work was cancelled, the caller was not.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string, *int]
		results := make(chan error, 2)
		for range 2 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := g.Do(ctx, "key", func(ctx context.Context) (*int, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				})
				results <- err
			}()
		}
		for range 2 {
			if err := <-results; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		}
	})
}

// A panic reaches the caller whose work it was, and the others get an error instead of waiting for ever.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string, *int]
		release, panicked := make(chan struct{}), make(chan any, 1)
		go func() {
			defer func() { panicked <- recover() }()
			_, _ = g.Do(t.Context(), "key", func(context.Context) (*int, error) {
				<-release
				panic("broken")
			})
		}()
		synctest.Wait()
		waiting := make(chan error, 1)
		go func() {
			_, err := g.Do(t.Context(), "key", nil)
			waiting <- err
		}()
		synctest.Wait()
		close(release)
		if p, err := <-panicked, <-waiting; p != "broken" || !errors.Is(err, flight.ErrAbandoned) {
			t.Errorf("panic %v, error %v", p, err)
		}
	})
}
