package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Options are the settings of a registry. Now and NewID are required.
type Options struct {
	Now   func() time.Time
	NewID func() (string, error)
	// Logger receives records that cannot be read or written. Nil discards.
	Logger *slog.Logger
	// Dir is the folder of the records; empty keeps none.
	Dir string
	// History names what the jobs have worked on. Records of another history are removed: after a restore or a new
	// beginning nothing is left of what those jobs did, and their keys must not answer for it.
	History string
	// Slots is how many jobs of a kind run at once; kinds that are not named have one slot.
	Slots map[string]int
	// Waiting is how many jobs of a kind may wait: 16 when zero.
	Waiting int
	// Keep and KeepFor bound what is remembered of jobs that have ended: 1,000 and 7 days when zero.
	Keep    int
	KeepFor time.Duration
	// Public is the text of an error that whoever asked may read. Nil takes the error's own.
	Public func(error) string
}

func (o Options) withDefaults() Options {
	if o.Waiting == 0 {
		o.Waiting = 16
	}
	if o.Keep == 0 {
		o.Keep = 1000
	}
	if o.KeepFor == 0 {
		o.KeepFor = 7 * 24 * time.Hour
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Public == nil {
		o.Public = func(err error) string { return err.Error() }
	}
	return o
}

// Work is what a job does. It ends soon after its context, and returns what it has done so far also with an error.
type Work func(ctx context.Context, h *Handle) (result any, err error)

// Registry is safe for concurrent use.
type Registry struct {
	opts    Options
	records records

	// entering lets one job begin at a time: its record is written before it is known.
	entering sync.Mutex

	mu    sync.Mutex
	jobs  map[string]*Handle
	order []*Handle // as they were created
	// waiting are the jobs of each kind that have no slot, running is the number of those that have one.
	waiting map[string][]*Handle
	running map[string]int
	// background are the jobs that Run has not given a goroutine yet.
	background []*Handle
	signal     chan struct{} // one slot: there is something in background
	draining   bool
	idle       chan struct{} // closed when nothing runs and nothing new begins
}

// Open returns a registry with the jobs of the records in the folder; those that had not ended are interrupted. Records
// that cannot be read are left alone and reported to the logger. It starts nothing: jobs in the background wait for
// Run.
func Open(o Options) (*Registry, error) {
	o = o.withDefaults()
	r := &Registry{
		opts: o, records: records{dir: o.Dir, history: o.History, log: o.Logger}, jobs: map[string]*Handle{},
		waiting: map[string][]*Handle{}, running: map[string]int{}, signal: make(chan struct{}, 1), idle: make(chan struct{}),
	}
	found, err := r.records.read()
	if err != nil {
		return nil, err
	}
	for _, rec := range found {
		h := &Handle{registry: r, spec: rec.spec(), job: rec.Job, ended: make(chan struct{})}
		if !h.job.State.Ended() {
			now := o.Now()
			h.job.State, h.job.Ended, h.job.Error = Interrupted, &now, "the server ended before the work did"
			// On a full disk the next process finds the record as it is, and comes to the same end.
			if err := r.records.write(&h.spec, &h.job); err != nil {
				o.Logger.Warn("that a job was interrupted is not recorded", "job", h.job.ID, "error", err.Error())
			}
		}
		close(h.ended)
		r.jobs[h.job.ID] = h
		r.order = append(r.order, h)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget()
	return r, nil
}

// Handle is a job for whoever does its work. Its methods may be called from any goroutine.
type Handle struct {
	registry *Registry
	spec     Spec
	ctx      context.Context //nolint:containedctx // lives as long as the job
	cancel   context.CancelCauseFunc
	work     Work
	admitted chan struct{} // closed when the job has a slot
	ended    chan struct{}

	job Job // guarded by registry.mu
}

// ID is the id of the job.
func (h *Handle) ID() string { return h.spec.ID }

// Progress says how far the work is. It is cheap enough for every batch of rows.
func (h *Handle) Progress(done, total int64, unit string) {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	h.job.Progress = &Progress{Done: done, Total: total, Unit: unit}
}

// Do runs work in the goroutine of the caller when it is its turn, and returns what work returned. The context of the
// work ends with ctx, and when somebody cancels the job. [ErrFull] and [ErrStopping] are returned before anything has
// begun; when ctx ends or the job is cancelled while it waits, Do returns the cause and work does not run.
func (r *Registry) Do(ctx context.Context, spec Spec, work Work) error {
	h, err := r.enter(ctx, spec, work, false)
	if err != nil {
		return err
	}
	return h.run()
}

// Submit has work done in the background, by Run, and returns the job's id. The errors are those of Do before anything
// has begun.
func (r *Registry) Submit(spec Spec, work Work) (id string, err error) {
	h, err := r.enter(context.Background(), spec, work, true)
	if err != nil {
		return "", err
	}
	return h.spec.ID, nil
}

// enter makes a job, which waits for its slot; one in the background waits for a goroutine, too.
func (r *Registry) enter(ctx context.Context, spec Spec, work Work, background bool) (*Handle, error) {
	r.entering.Lock()
	defer r.entering.Unlock()
	if err := r.again(&spec); err != nil {
		return nil, err
	}
	if spec.ID == "" {
		var err error
		if spec.ID, err = r.opts.NewID(); err != nil {
			return nil, err
		}
	}
	h := &Handle{registry: r, spec: spec, work: work, admitted: make(chan struct{}), ended: make(chan struct{})}
	h.job = Job{ID: spec.ID, Kind: spec.Kind, About: spec.About, Actor: spec.Actor, State: Queued, Created: r.opts.Now()}
	if err := r.Room(spec.Kind); err != nil {
		return nil, err
	}
	// Before anything is done: a job that dies is known.
	if spec.Durable {
		if err := r.records.write(&h.spec, &h.job); err != nil {
			return nil, err
		}
	}
	h.ctx, h.cancel = context.WithCancelCause(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.draining {
		return nil, ErrStopping // the next process finds the record, which tells the truth
	}
	if old, ok := r.jobs[spec.ID]; ok {
		r.order = slices.DeleteFunc(r.order, func(have *Handle) bool { return have == old })
	}
	r.jobs[spec.ID] = h
	r.order = append(r.order, h)
	r.waiting[spec.Kind] = append(r.waiting[spec.Kind], h)
	r.admit(spec.Kind)
	if background {
		r.background = append(r.background, h)
		select {
		case r.signal <- struct{}{}:
		default:
		}
	}
	return h, nil
}

// again finds the job that has the key of a new one.
func (r *Registry) again(spec *Spec) error {
	if spec.Key == [16]byte{} {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range slices.Backward(r.order) {
		if h.spec.Key != spec.Key {
			continue
		}
		same := h.spec.Request == spec.Request
		if !same || !h.job.State.Ended() || h.job.State == Done {
			return &AgainError{Job: h.job, Same: same}
		}
		spec.ID = h.spec.ID
		return nil
	}
	return nil
}

// Room is ErrFull or ErrStopping when a job of a kind could not even wait now.
func (r *Registry) Room(kind string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.draining:
		return ErrStopping
	case r.running[kind] >= r.slots(kind) && len(r.waiting[kind]) >= r.opts.Waiting:
		return ErrFull
	}
	return nil
}

func (r *Registry) slots(kind string) int { return max(1, r.opts.Slots[kind]) }

// admit gives free slots to the jobs that wait. The lock is held.
func (r *Registry) admit(kind string) {
	for len(r.waiting[kind]) > 0 && r.running[kind] < r.slots(kind) {
		h := r.waiting[kind][0]
		r.waiting[kind] = r.waiting[kind][1:]
		r.running[kind]++
		now := r.opts.Now()
		h.job.State, h.job.Started = Running, &now
		close(h.admitted)
	}
}

// run waits for the slot, does the work and notes how it ended, also when it panics.
func (h *Handle) run() (err error) {
	r := h.registry
	select {
	case <-h.admitted:
	case <-h.ctx.Done():
		if r.leave(h) {
			err = context.Cause(h.ctx)
			r.end(h, nil, err)
			return err
		}
		// It got its slot at the same moment; the work sees the end of its context.
	}
	var result any
	err = errors.New("jobs: the work was abandoned")
	defer func() {
		r.end(h, result, err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.running[h.spec.Kind]--
		r.admit(h.spec.Kind)
	}()
	result, err = h.work(h.ctx, h)
	return err
}

// leave takes a job out of those that wait; false when it got its slot meanwhile.
func (r *Registry) leave(h *Handle) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.Index(r.waiting[h.spec.Kind], h)
	if at < 0 {
		return false
	}
	r.waiting[h.spec.Kind] = slices.Delete(r.waiting[h.spec.Kind], at, at+1)
	return true
}

// end notes how a job ended: first in its record, then for those who wait.
func (r *Registry) end(h *Handle, result any, err error) {
	r.mu.Lock()
	job, now := h.job, r.opts.Now()
	draining := r.draining
	r.mu.Unlock()
	job.Ended, job.Result = &now, encode(result)
	cause := context.Cause(h.ctx)
	switch {
	case err == nil:
		job.State = Done
	case errors.Is(cause, ErrCancelled):
		job.State, job.Error = Cancelled, "it was cancelled"
	case cause != nil && draining:
		job.State, job.Error = Interrupted, "the server was stopped"
	case errors.Is(cause, context.Canceled):
		job.State, job.Error = Cancelled, "the one who asked for it went away"
	default:
		job.State, job.Error = Failed, r.opts.Public(err)
	}
	if h.spec.Durable {
		if err := r.records.write(&h.spec, &job); err != nil {
			r.opts.Logger.Error("the end of a job is not recorded", "job", job.ID, "error", err.Error())
		}
	}
	h.cancel(nil)
	if h.spec.Ended != nil {
		h.spec.Ended()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h.job, h.work = job, nil
	close(h.ended)
	r.forget()
	r.settle()
}

// forget drops what ended long ago. The lock is held.
func (r *Registry) forget() {
	ended := 0
	for _, h := range r.order {
		if h.job.State.Ended() {
			ended++
		}
	}
	oldest := r.opts.Now().Add(-r.opts.KeepFor)
	r.order = slices.DeleteFunc(r.order, func(h *Handle) bool {
		if !h.job.State.Ended() || ended <= r.opts.Keep && !h.job.Ended.Before(oldest) {
			return false
		}
		ended--
		delete(r.jobs, h.job.ID)
		if h.spec.Durable {
			r.records.remove(h.job.ID)
		}
		return true
	})
}
