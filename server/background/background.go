// Package background does what a request asks for in a job, when the request says async=true: it is answered with the job at
// once, others see how far the work is and cancel it, and its answer is kept to be fetched.
package background

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

// Handler answers a request or returns why it cannot.
type Handler = func(w http.ResponseWriter, r *http.Request) error

// Desk begins such jobs and keeps what they answered. It is safe for concurrent use.
type Desk struct {
	*city.City

	mu    sync.Mutex
	kept  []*kept // the oldest first
	bytes int
}

// kept is the answer of a job, or the problem.
type kept struct {
	job    string
	status int
	header http.Header
	body   []byte
	err    error
}

// Bounds of the answers that are kept: those of some hours of planning, and the memory of a few whole cities.
const (
	mostKept  = 64
	mostBytes = 128 << 20
)

// Reference is the result of a job: where its answer is, and how large that is. Answers of failed jobs are problems.
type Reference struct {
	Answer string `json:"answer"`
	Type   string `json:"type"`
	Bytes  int    `json:"bytes"`
}

// Kinds are the kinds of the jobs that a desk begins.
var Kinds = []string{Check, Import, Impact, Report, Reconcile, Compare}

// The kinds of long work on drafts, and on schemes.
const (
	Check  = "draft-check"
	Import = "draft-import"
	Impact = "draft-impact"

	Report    = "scheme-report"
	Reconcile = "scheme-reconcile"
	Compare   = "scheme-impact"
)

// Allow is a handler that does the work of another one as a job of a kind when a request asks for it. The work knows nothing
// of that: it reads the same request, tells how far it is by [city.Progress], and ends with its context.
func (d *Desk) Allow(kind, variable string, do Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !r.URL.Query().Has("async") {
			return do(w, r)
		}
		q := rest.ParseParams(r)
		async := q.Flag("async")
		if err := q.Fault(); err != nil {
			return err
		}
		r = without(r, "async")
		if !async {
			return do(w, r)
		}
		return d.begin(w, r, jobs.Spec{Kind: kind, About: mux.Vars(r)[variable], Actor: city.ActorOf(r)}, do)
	}
}

// without is a request without a parameter.
func without(r *http.Request, name string) *http.Request {
	u := *r.URL
	query := u.Query()
	query.Del(name)
	u.RawQuery = query.Encode()
	some := *r
	some.URL = &u
	return &some
}

func (d *Desk) begin(w http.ResponseWriter, r *http.Request, spec jobs.Spec, do Handler) error {
	body, err := rest.ReadAll(w, r, d.Limits.BodyBytes)
	if err != nil {
		return err
	}
	receipt := once.ReceiptOf(r)
	spec.Key, spec.Request = receipt.Key, receipt.Request
	id, err := d.Jobs.Submit(spec, func(ctx context.Context, h *jobs.Handle) (any, error) {
		// Who asks, with which rights and for what, is that of the request; how long, the matter of the job.
		work := once.Apart(joined{ctx, context.WithoutCancel(r.Context())})
		again := r.Clone(city.WithProgress(work, h.Progress))
		again.Body = io.NopCloser(bytes.NewReader(body))
		for _, name := range []string{"Accept-Encoding", "If-None-Match"} {
			again.Header.Del(name) // nobody has the answer yet, and it is kept plain
		}
		page := &page{header: http.Header{}}
		if err := do(page, again); err != nil {
			d.keep(&kept{job: h.ID(), err: err})
			return nil, err
		}
		one := &kept{job: h.ID(), status: max(page.status, http.StatusOK), header: page.header, body: page.body.Bytes()}
		d.keep(one)
		return Reference{Answer: city.JobPath(h.ID()) + "/answer", Type: page.header.Get("Content-Type"), Bytes: len(one.body)}, nil
	})
	if again, known := errors.AsType[*jobs.AgainError](err); known {
		if !again.Same {
			return rest.Fault(rest.Invalid, once.Header, r.Header.Get(once.Header), "was used for another request")
		}
		return d.AnswerJob(w, r, http.StatusAccepted, again.Job.ID)
	}
	if err != nil {
		return city.JobProblem(err)
	}
	return d.AnswerJob(w, r, http.StatusAccepted, id)
}

// joined ends with one context and knows what another one knows, too.
type joined struct {
	context.Context //nolint:containedctx // it is one

	values context.Context //nolint:containedctx // it is one
}

// Value implements [context.Context].
func (j joined) Value(key any) any {
	if v := j.Context.Value(key); v != nil {
		return v
	}
	return j.values.Value(key)
}

// page is an answer that nobody reads yet.
type page struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (p *page) Header() http.Header { return p.header }

// WriteHeader implements [http.ResponseWriter].
func (p *page) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
}

// Write implements [http.ResponseWriter].
func (p *page) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.body.Write(b)
}

func (d *Desk) keep(one *kept) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept = append(d.kept, one)
	d.bytes += len(one.body)
	for len(d.kept) > 1 && (len(d.kept) > mostKept || d.bytes > mostBytes) {
		d.bytes -= len(d.kept[0].body)
		d.kept = slices.Delete(d.kept, 0, 1)
	}
}

func (d *Desk) find(job string) *kept {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range slices.Backward(d.kept) {
		if one.job == job {
			return one
		}
	}
	return nil
}

// Answer answers as the request would have been answered that began a job: GET /v1/jobs/{id}/answer.
func (d *Desk) Answer(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	job, err := d.Jobs.Get(id)
	if err == nil && !city.Own(r, job.Actor, people.Operate) {
		err = jobs.ErrUnknown
	}
	if err != nil {
		return city.JobProblem(err)
	}
	switch {
	case !slices.Contains(Kinds, job.Kind):
		return rest.Fault(rest.NotFound, "id", id, "is a job whose result says all; GET "+city.JobPath(id)+" shows it")
	case !job.State.Ended():
		return rest.Refuse(rest.Conflict, "the job is %s; wait for its end with GET %s?wait=60s", job.State, city.JobPath(id)).With("Retry-After", "1")
	}
	one := d.find(id)
	switch {
	case one == nil && job.State != jobs.Done && job.State != jobs.Failed:
		return rest.Refuse(rest.Conflict, "the job was %s: %s; nothing has changed", job.State, job.Error)
	case one == nil:
		return rest.Refuse(rest.Gone, "the answer is not kept any more: the newest %d are, as long as the server runs; ask again", mostKept)
	case job.State == jobs.Cancelled || job.State == jobs.Interrupted:
		return rest.Refuse(rest.Conflict, "the job was %s: %s; nothing has changed", job.State, job.Error)
	case one.err != nil:
		return one.err
	}
	h := w.Header()
	for _, name := range []string{"Content-Type", "ETag", "X-Gewu-Seq", "Location"} {
		if v := one.header.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(one.body)))
	w.WriteHeader(one.status)
	if r.Method != http.MethodHead {
		// The client may have gone; there is nobody to tell.
		_, _ = w.Write(one.body)
	}
	return nil
}
