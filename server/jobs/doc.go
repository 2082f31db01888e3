// Package jobs knows the long work of a server: what waits, what runs and how far it is, what has ended and how. Work
// runs in a goroutine of the registry, or in that of the request that asked for it; both are seen, waited for and
// cancelled alike. It knows neither HTTP nor what the work is about.
//
// # What survives
//
// A job that is declared durable has a record in a file from before it begins. When the process dies the next one finds
// the record and shows the job as interrupted, whatever it had done; nothing is forgotten silently. Other jobs are
// known until the process ends.
package jobs

import (
	"encoding/json"
	"errors"
	"time"
)

// State is how far a job is.
type State string

// The states of a job. The first two change, the others are ends.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	// Interrupted means that the process ended, or was told to, before the job did.
	Interrupted State = "interrupted"
)

// States are all of them.
var States = []State{Queued, Running, Done, Failed, Cancelled, Interrupted}

// Ended reports whether the state is an end.
func (s State) Ended() bool { return s != Queued && s != Running }

// Progress is how much of a job is done, in a unit of its own. Total is 0 when it is not known.
type Progress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total,omitempty"`
	Unit  string `json:"unit"`
}

// Job is a job as it was at a moment.
type Job struct {
	ID string `json:"id"`
	// Kind is what kind of work it is, About what it works on: the layer of an import, the import of an undo.
	Kind  string `json:"kind"`
	About string `json:"about,omitempty"`
	// Actor is who asked for it.
	Actor    string    `json:"actor"`
	State    State     `json:"state"`
	Progress *Progress `json:"progress,omitempty"`
	Created  time.Time `json:"created"`
	// Started and Ended are nil before.
	Started *time.Time `json:"started,omitempty"`
	Ended   *time.Time `json:"ended,omitempty"`
	// Result is what the work returned, also when it failed in the middle.
	Result json.RawMessage `json:"result,omitempty"`
	// Error says why it failed, in words for the one who asked.
	Error string `json:"error,omitempty"`
}

// Spec describes a job to begin.
type Spec struct {
	// ID is given when the work has one already; empty makes one.
	ID                 string
	Kind, About, Actor string
	// Durable keeps a record of the job over the end of the process.
	Durable bool
	// Ended, when not nil, is called when the job has ended, also when its work never ran.
	Ended func()
	// Key and Request recognise the job when its request is sent again, as the receipts of transactions do. They are
	// kept with a durable job. A job whose key another one has that runs or is done does not begin: [AgainError]. One
	// that has failed goes on under the id of the first.
	Key, Request [16]byte
}

// AgainError is returned for a job with the key of another one.
type AgainError struct {
	Job Job
	// Same says that the requests are the same.
	Same bool
}

// Error names the job.
func (e *AgainError) Error() string {
	return "jobs: the key belongs to job " + e.Job.ID + ", which is " + string(e.Job.State)
}

// Errors of the registry.
var (
	// ErrFull is returned when as many jobs of the kind wait as may.
	ErrFull = errors.New("jobs: too many jobs are waiting")
	// ErrUnknown is returned for an id that no job has, or had within the time for which jobs are remembered.
	ErrUnknown = errors.New("jobs: there is no such job")
	// ErrEnded is returned for cancelling a job that has ended.
	ErrEnded = errors.New("jobs: the job has ended")
	// ErrStopping is returned when the registry takes no jobs any more; it is also the cause of the contexts of jobs
	// that are stopped then.
	ErrStopping = errors.New("jobs: the server is stopping")
	// ErrCancelled is the cause of the context of a job that somebody cancelled.
	ErrCancelled = errors.New("jobs: the job was cancelled")
)
