package city

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"syscall"

	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
)

// JobPath is where a job is asked for.
func JobPath(id string) string { return "/v1/jobs/" + url.PathEscape(id) }

// AnswerJob answers with a job as it is now.
func (c *City) AnswerJob(w http.ResponseWriter, r *http.Request, status int, id string) error {
	job, err := c.Jobs.Get(id)
	if err != nil {
		return JobProblem(err)
	}
	w.Header().Set("Location", JobPath(id))
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, status, job)
}

// JobProblem is the public form of what the registry of jobs refuses; other errors stay as they are.
func JobProblem(err error) error {
	switch {
	case errors.Is(err, jobs.ErrFull):
		return rest.Refuse(rest.Unavailable, "too much work of this kind is waiting; GET /v1/jobs shows it").With("Retry-After", "10").Because(err)
	case errors.Is(err, syscall.ENOSPC):
		return rest.Refuse(rest.NoSpace, "the disk of the server is full: work cannot be recorded, and does not begin").With("Retry-After", "30").Because(err)
	case errors.Is(err, jobs.ErrStopping):
		return rest.Refuse(rest.Unavailable, "the server is stopping").With("Retry-After", "5").Because(err)
	case errors.Is(err, jobs.ErrCancelled):
		return rest.Refuse(rest.Conflict, "it was cancelled before it began").Because(err)
	case errors.Is(err, jobs.ErrUnknown):
		return rest.Refuse(rest.NotFound, "there is no such job; jobs are remembered for 7 days, and the newest 1,000 of them").Because(err)
	case errors.Is(err, jobs.ErrEnded):
		return rest.Refuse(rest.Conflict, "the job has ended").Because(err)
	}
	return err
}

// progressKey finds who listens to how far the work under a context is.
type progressKey struct{}

// WithProgress has whoever works under a context tell how far they are.
func WithProgress(ctx context.Context, tell func(done, total int64, unit string)) context.Context {
	return context.WithValue(ctx, progressKey{}, tell)
}

// Progress tells how far the work under a context is, if somebody listens, and returns the error of the context: whoever was
// cancelled ends there.
func Progress(ctx context.Context, done, total int64, unit string) error {
	if tell, ok := ctx.Value(progressKey{}).(func(done, total int64, unit string)); ok {
		tell(done, total, unit)
	}
	return ctx.Err()
}

// Decided is the request of work that is about to write: a job can be cancelled until then, and not any more afterwards, so
// that one that was cancelled has written nothing. Requests that somebody waits for end as before.
func Decided(r *http.Request) (*http.Request, error) {
	if _, ok := r.Context().Value(progressKey{}).(func(done, total int64, unit string)); !ok {
		return r, nil
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return r.WithContext(context.WithoutCancel(r.Context())), nil
}
