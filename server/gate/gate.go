// Package gate bounds what the requests of a server take together: how many of a kind run at once, how many bytes they
// hold, and how many may wait. A server behind gates gets slower or refuses under load, but does not grow without
// bound.
package gate

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// ErrFull is returned when a gate has no room and waiting has not helped.
var ErrFull = errors.New("gate: full")

// Gate lets requests in as long as their weights do not exceed its capacity together. It is safe for concurrent use.
type Gate struct {
	// Name says in metrics and messages what is bounded.
	Name string
	// Capacity is the largest sum of weights inside.
	Capacity int64
	// Relieve, when not nil, is called when a request begins to wait, and then every tenth of the patience: it may make
	// room.
	Relieve func()

	patience time.Duration
	waiters  int64
	room     *semaphore.Weighted

	inside, waiting atomic.Int64
	refused         atomic.Uint64
}

// New returns a gate. A request waits for room at most patience, and at most waiters requests wait at once; further
// ones are refused at once.
func New(name string, capacity int64, patience time.Duration, waiters int64) *Gate {
	return &Gate{Name: name, Capacity: capacity, patience: patience, waiters: waiters, room: semaphore.NewWeighted(capacity)}
}

// Enter waits for room for a weight, in the order of arrival. A weight larger than the gate counts as the whole gate.
// The error is [ErrFull], or that of ctx; without one, leave must be called once.
func (g *Gate) Enter(ctx context.Context, weight int64) (leave func(), err error) {
	weight = min(weight, g.Capacity)
	if !g.room.TryAcquire(weight) {
		if err := g.wait(ctx, weight); err != nil {
			return nil, err
		}
	}
	g.inside.Add(weight)
	return func() {
		g.inside.Add(-weight)
		g.room.Release(weight)
	}, nil
}

func (g *Gate) wait(ctx context.Context, weight int64) error {
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.waiters {
		g.refused.Add(1)
		return ErrFull
	}
	limited, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	if g.Relieve != nil {
		go g.relieve(limited)
	}
	if err := g.room.Acquire(limited, weight); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		g.refused.Add(1)
		return ErrFull
	}
	return nil
}

func (g *Gate) relieve(ctx context.Context) {
	tick := time.NewTicker(max(g.patience/10, time.Millisecond))
	defer tick.Stop()
	for ctx.Err() == nil {
		g.Relieve()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Stats are the sum of weights inside, the requests that wait, and those that were refused so far.
func (g *Gate) Stats() (inside, waiting int64, refused uint64) {
	return g.inside.Load(), g.waiting.Load(), g.refused.Load()
}
