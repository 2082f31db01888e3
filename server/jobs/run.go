package jobs

import (
	"context"
	"sync"
	"time"
)

// grace is how long jobs may go on when Run is told to end: what is about to be done is done.
const grace = time.Second

// Run does the work in the background, each job in a goroutine, until ctx ends. Then it takes no more; what waits or
// runs has a second to end by itself and is then told to. Run returns when all has ended, the work in goroutines of
// others included.
func (r *Registry) Run(ctx context.Context) error {
	var work sync.WaitGroup
	start := func() {
		for _, h := range r.take() {
			work.Go(func() { _ = h.run() }) // the job has the error
		}
	}
	for ctx.Err() == nil {
		select {
		case <-r.signal:
			start()
		case <-ctx.Done():
		}
	}
	r.Drain()
	start()
	r.stop()
	work.Wait()
	<-r.idle
	return nil
}

// take removes the work that has no goroutine yet.
func (r *Registry) take() []*Handle {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.background
	r.background = nil
	return taken
}

// Drain refuses further jobs; those that are there go on. Whoever asked for one and is cut off from then on is cut off
// by the server. It may be called more than once.
func (r *Registry) Drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining = true
	r.settle()
}

// stop ends what is there.
func (r *Registry) stop() {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-r.idle:
		return
	case <-timer.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.order {
		if !h.job.State.Ended() {
			h.cancel(ErrStopping)
		}
	}
}

// settle closes idle when the registry drains and nothing is left. The lock is held.
func (r *Registry) settle() {
	if !r.draining {
		return
	}
	for _, h := range r.order {
		if !h.job.State.Ended() {
			return
		}
	}
	select {
	case <-r.idle:
	default:
		close(r.idle)
	}
}
