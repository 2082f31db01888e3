package jobs

import (
	"context"
	"slices"
)

// Get is a job as it is now, or ErrUnknown.
func (r *Registry) Get(id string) (Job, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, ok := r.jobs[id]
	if !ok {
		return Job{}, ErrUnknown
	}
	return h.job, nil
}

// List are the jobs that match, the newest first, at most limit of them.
func (r *Registry) List(match func(*Job) bool, limit int) []Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []Job{}
	for _, h := range slices.Backward(r.order) {
		if len(list) == limit {
			break
		}
		if match(&h.job) {
			list = append(list, h.job)
		}
	}
	return list
}

// Wait returns the job when it has ended, or as it is when ctx ends. The error is ErrUnknown.
func (r *Registry) Wait(ctx context.Context, id string) (Job, error) {
	r.mu.Lock()
	h, ok := r.jobs[id]
	r.mu.Unlock()
	if !ok {
		return Job{}, ErrUnknown
	}
	select {
	case <-h.ended:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return h.job, nil
}

// Cancel tells a job to end; Wait tells when it has. The errors are ErrUnknown and ErrEnded.
func (r *Registry) Cancel(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, ok := r.jobs[id]
	switch {
	case !ok:
		return ErrUnknown
	case h.job.State.Ended():
		return ErrEnded
	}
	h.cancel(ErrCancelled)
	return nil
}

// Count is the number of jobs in a state.
func (r *Registry) Count(s State) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, h := range r.order {
		if h.job.State == s {
			n++
		}
	}
	return n
}
