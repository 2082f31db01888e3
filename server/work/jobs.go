// Package work answers for long work: jobs, and the imports that they were, which can be undone.
package work

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/server/undo"
)

// API is the resources jobs and imports.
type API struct {
	*city.City
	Undoer *undo.Undoer
	// Kinds are kinds of jobs that others begin.
	Kinds []string
	// Draining, when it is closed, ends the streams of those who watch jobs.
	Draining <-chan struct{}

	watching *atomic.Int64
}

// New is the resources over a city.
func New(c *city.City, u *undo.Undoer, kinds []string, draining <-chan struct{}) API {
	return API{City: c, Undoer: u, Kinds: append(slices.Clone(kinds), own...), Draining: draining, watching: &atomic.Int64{}}
}

// Bounds of lists and of waiting.
const (
	standardPage = 20
	longestPage  = 1000
	longestWait  = time.Minute
	cancelWait   = time.Second
)

// jobInfo is a job with what the log tells of it.
type jobInfo struct {
	jobs.Job
	// Landed is what an import or undo that did not come to its end has left in the log.
	Landed *landed `json:"landed,omitempty"`
}

// landed is what an operation has written.
type landed struct {
	From    uint64 `json:"seq_from"`
	To      uint64 `json:"seq_to"`
	Changes int    `json:"changes"`
}

// describe adds what the log tells.
func (a *API) describe(ctx context.Context, job jobs.Job) (jobInfo, error) {
	info := jobInfo{Job: job}
	if !job.State.Ended() || job.State == jobs.Done || job.Kind != string(undo.Import) && job.Kind != string(undo.Undo) {
		return info, nil
	}
	op, err := a.Undoer.Book.Find(ctx, job.ID)
	switch {
	case err == nil:
		info.Landed = &landed{From: uint64(op.First), To: uint64(op.Last), Changes: op.Changes}
	case ctx.Err() != nil:
		return info, ctx.Err()
	}
	// Without an operation in the log nothing has landed.
	return info, nil
}

// own are the kinds of jobs that the server does beside those of drafts.
var own = []string{"import", "undo", "check", "backup", "compact", "rebuild"}

// List lists jobs, the newest first.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	kind, state := q.Text("kind"), q.Text("state")
	limit := q.Whole("limit", 1, longestPage, standardPage)
	if kind != "" && !slices.Contains(a.Kinds, kind) {
		q.Fail(rest.Fault(rest.BadRequest, "kind", kind, "must be "+strings.Join(a.Kinds[:len(a.Kinds)-1], ", ")+" or "+a.Kinds[len(a.Kinds)-1]))
	}
	if state != "" && !slices.Contains(jobs.States, jobs.State(state)) {
		q.Fail(rest.Fault(rest.BadRequest, "state", state, "must be queued, running, done, failed, cancelled or interrupted"))
	}
	if err := q.Done(""); err != nil {
		return err
	}
	list := a.Jobs.List(func(j *jobs.Job) bool {
		return city.Own(r, j.Actor, people.Operate) && (kind == "" || j.Kind == kind) && (state == "" || string(j.State) == state)
	}, limit)
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Jobs []jobs.Job `json:"jobs"`
	}{list})
}

// Get answers with one job, with wait when it has ended or the time is over.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	text := q.Text("wait")
	if err := q.Done(""); err != nil {
		return err
	}
	var wait time.Duration
	if text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > longestWait {
			return rest.Fault(rest.BadRequest, "wait", text, "must be a time up to 60s, such as 30s")
		}
	}
	return a.answer(w, r, http.StatusOK, wait)
}

// Cancel tells a job to end and answers with it, when it has ended or after a second.
func (a *API) Cancel(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	if err := a.mine(r); err != nil {
		return err
	}
	if err := a.Jobs.Cancel(mux.Vars(r)["id"]); err != nil {
		return city.JobProblem(err)
	}
	return a.answer(w, r, http.StatusOK, cancelWait)
}

// mine refuses the jobs of others as those that are not there, unless whoever asks may operate.
func (a *API) mine(r *http.Request) error {
	job, err := a.Jobs.Get(mux.Vars(r)["id"])
	if err == nil && !city.Own(r, job.Actor, people.Operate) {
		err = jobs.ErrUnknown
	}
	return city.JobProblem(err)
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, wait time.Duration) error {
	if err := a.mine(r); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(r.Context(), wait)
	defer stop()
	job, err := a.Jobs.Wait(ctx, mux.Vars(r)["id"])
	if err != nil {
		return city.JobProblem(err)
	}
	info, err := a.describe(r.Context(), job)
	if err != nil {
		return err
	}
	a.Extend(http.NewResponseController(w))
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, status, info)
}
