// Package flight lets callers who want the same thing at the same time share one piece of work.
package flight

import (
	"context"
	"errors"
	"sync"
)

// ErrAbandoned reaches those who wait for work that ended in a panic of the caller that did it.
var ErrAbandoned = errors.New("flight: the work was abandoned")

// Group is a set of works that are being done. The first caller does a work; it is cancelled only when all callers
// have given up. singleflight.Group of golang.org/x/sync cannot do this: there either the first caller's context
// decides for all, or nobody's. The zero Group is ready; it is safe for concurrent use and starts no goroutines.
type Group[K comparable, V any] struct {
	mu      sync.Mutex
	running map[K]*flight[V]
}

type flight[V any] struct {
	done    chan struct{}
	waiting int // guarded by Group.mu
	cancel  context.CancelFunc
	result  V
	err     error
}

// Do returns the result of work for key, from this or another caller. The context that work gets is cancelled when
// nobody waits any more. The error is that of work, that of ctx, or [ErrAbandoned].
func (g *Group[K, V]) Do(ctx context.Context, key K, work func(context.Context) (V, error)) (v V, err error) {
	g.mu.Lock()
	if f, ok := g.running[key]; ok {
		f.waiting++
		g.mu.Unlock()
		select {
		case <-f.done:
			return f.result, f.err
		case <-ctx.Done():
			g.leave(key, f)
			return v, ctx.Err()
		}
	}
	f := &flight[V]{done: make(chan struct{}), waiting: 1, err: ErrAbandoned}
	shared, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f.cancel = cancel
	if g.running == nil {
		g.running = map[K]*flight[V]{}
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
	if f.err != nil && ctx.Err() != nil {
		return v, ctx.Err() // not that of what was cancelled for it
	}
	return f.result, f.err
}

// leave is called when one caller gives up.
func (g *Group[K, V]) leave(key K, f *flight[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		// A caller who comes now starts anew and does not join what is about to fail.
		g.forget(key, f)
		f.cancel()
	}
}

func (g *Group[K, V]) forget(key K, f *flight[V]) {
	if g.running[key] == f {
		delete(g.running, key)
	}
}
