package tiles

import (
	"context"
	"errors"
	"sync"
)

// errAbandoned reaches those who wait for a build that ended in a panic of the caller that ran it.
var errAbandoned = errors.New("tiles: the build of the tile was abandoned")

// flights lets callers who want the same thing at the same time share one piece of work. The first caller does it;
// the work is cancelled only when all callers have given up. singleflight.Group of golang.org/x/sync cannot do this:
// there either the first caller's context decides for all, or nobody's.
type flights struct {
	mu      sync.Mutex
	running map[flightKey]*flight
}

type flight struct {
	done    chan struct{}
	waiting int // guarded by flights.mu
	cancel  context.CancelFunc
	result  *entry
	err     error
}

// do returns the result of work for key, from this or another caller. The context that work gets is cancelled when
// nobody waits any more.
func (g *flights) do(ctx context.Context, key flightKey, work func(context.Context) (*entry, error)) (*entry, error) {
	g.mu.Lock()
	if f, ok := g.running[key]; ok {
		f.waiting++
		g.mu.Unlock()
		select {
		case <-f.done:
			return f.result, f.err
		case <-ctx.Done():
			g.leave(key, f)
			return nil, ctx.Err()
		}
	}
	f := &flight{done: make(chan struct{}), waiting: 1, err: errAbandoned}
	shared, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f.cancel = cancel
	if g.running == nil {
		g.running = map[flightKey]*flight{}
	}
	g.running[key] = f
	g.mu.Unlock()

	stop := context.AfterFunc(ctx, func() { g.leave(key, f) })
	defer func() {
		stop()
		cancel()
		g.mu.Lock()
		g.forget(key, f)
		g.mu.Unlock()
		close(f.done)
	}()
	f.result, f.err = work(shared)
	return f.result, f.err
}

// leave is called when one caller gives up.
func (g *flights) leave(key flightKey, f *flight) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		// A caller who comes now starts anew and does not join what is about to fail.
		g.forget(key, f)
		f.cancel()
	}
}

func (g *flights) forget(key flightKey, f *flight) {
	if g.running[key] == f {
		delete(g.running, key)
	}
}
