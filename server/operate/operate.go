// Package operate is what an operator asks of a running server: how it is, checks, copies, compaction of its history, and
// what is derived made anew.
package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
)

// Admin is what a store offers its operator beside reading and writing. All of it works while the store serves, and
// callbacks come from the calling goroutine.
type Admin interface {
	// Check looks for broken invariants of the store and of what is derived from it, and tells of each; a quick one leaves
	// out what takes long.
	Check(ctx context.Context, quick bool, tell Tell) error
	// Backup writes a consistent copy of the store. Before, it calls begin with the number of bytes.
	Backup(ctx context.Context, begin func(bytes int64) io.Writer) error
	// Compact erases what retention does not keep. It returns ErrBusy while another compaction runs.
	Compact(ctx context.Context, r Retention, tell Tell) (Compacted, error)
	// Projections are the names of what Rebuild takes.
	Projections() []string
	// Rebuild makes a projection anew from the log, then checks the store, and tells of each problem.
	Rebuild(ctx context.Context, projection string, tell Tell) error
	// Failure is why the store does not write at the moment, wrapping data.ErrReadOnly; nil when it does.
	Failure() error
	// Damage is what of the store's file was found damaged, wrapping *data.CorruptError; nil when nothing was.
	Damage() error
}

// ErrBusy is returned when what may run once is running.
var ErrBusy = errors.New("operate: it is running already")

// Tell hears how work goes on.
type Tell struct {
	// Problem gets each broken invariant.
	Problem func(text string)
	// Progress gets the part of a step that is done, from 0 to 1.
	Progress func(step string, part float64)
}

// Retention says which history stays complete: that of a time, or that of a number of newest entries.
type Retention struct {
	// Keep is used when it is not negative, KeepSeq otherwise.
	Keep    time.Duration
	KeepSeq data.Seq
	DryRun  bool
}

// text says what stays, for notes.
func (r *Retention) text() string {
	if r.Keep < 0 {
		return fmt.Sprintf("keep the newest %d", r.KeepSeq)
	}
	return "keep " + r.Keep.String()
}

// Compacted is what a compaction did, or would do.
type Compacted struct {
	// Horizon is the entry from which on history is complete, 0 for all of it. Recorded is when it was recorded.
	Horizon  data.Seq   `json:"horizon"`
	Recorded *time.Time `json:"recorded,omitempty"`
	// Changes are those that were erased, Bytes what the log lost with them.
	Changes int64 `json:"changes"`
	Bytes   int64 `json:"bytes"`
	// Before and After are the bytes of the log.
	Before int64 `json:"log_bytes_before"`
	After  int64 `json:"log_bytes_after"`
	DryRun bool  `json:"dry_run"`
}

// API answers for the operation of the server.
type API struct {
	*city.City
	// Admin may be nil: everything but Ready then answers 501.
	Admin Admin
	// Loading reports whether the city is still being filled; nil is never.
	Loading func() bool
	// Draining ends when the server goes down: work that can be begun anew is given up then.
	Draining context.Context //nolint:containedctx // it is that of the server, not of a request
	// Notes are what an operator should look after soon, as sentences; nil for nothing.
	Notes func() []string
	// Virtual is the clock of the city when it is not that on the wall, else nil.
	Virtual Clock
}

// ready is the answer of /readyz.
type ready struct {
	Status   string     `json:"status"`
	Detail   string     `json:"detail,omitempty"`
	Seq      data.Seq   `json:"seq"`
	Epoch    data.Epoch `json:"epoch"`
	Features int        `json:"features"`
	Behind   uint64     `json:"behind"`
	// Notes are told to operators.
	Notes []string `json:"notes,omitempty"`
}

// Ready says whether requests should be sent here. A server that takes no changes still answers everything else, and one
// whose file is damaged serves the present from memory, so both stay ready and say so.
func (a *API) Ready(w http.ResponseWriter, r *http.Request) error {
	world := a.Engine.World()
	answer := ready{Status: "ok", Seq: world.Seq(), Epoch: world.Epoch(), Behind: a.Behind(world)}
	// How much there is, is told to those who may see it.
	for _, l := range world.Layers() {
		if l.Def().Sensitive == nil && city.May(r, people.Operate) {
			answer.Features += l.Len()
		}
	}
	if a.Notes != nil && city.May(r, people.Operate) {
		answer.Notes = a.Notes()
	}
	status := http.StatusOK
	if a.Admin != nil {
		if failure := a.Admin.Failure(); failure != nil {
			answer.Status, answer.Detail = "read-only", rest.Of(failure).Detail
		} else if damage := a.Admin.Damage(); damage != nil {
			answer.Status, answer.Detail = "damaged", rest.Of(damage).Detail
		}
	}
	switch {
	case a.Draining.Err() != nil:
		status, answer.Status = http.StatusServiceUnavailable, "draining"
		w.Header().Set("Retry-After", "5")
	case a.Loading != nil && a.Loading():
		status, answer.Status = http.StatusServiceUnavailable, "loading"
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, status, answer)
}

// Backup streams a consistent copy of the store. An error breaks the connection, so that nobody takes half a copy for a
// whole one.
func (a *API) Backup(w http.ResponseWriter, r *http.Request) error {
	if a.Admin == nil {
		return rest.Refuse(rest.NotImplemented, "this store has no backup")
	}
	if r.Method == http.MethodHead {
		return rest.Refuse(rest.WrongMethod, "a copy cannot be had without its content").With("Allow", http.MethodGet)
	}
	if err := a.Witness(r, "backup", "", ""); err != nil {
		return err
	}
	name := "gewu-" + a.Now().UTC().Format("20060102T150405Z") + ".backup"
	return city.JobProblem(a.Jobs.Do(r.Context(), jobs.Spec{Kind: "backup", Actor: city.ActorOf(r)}, func(ctx context.Context, h *jobs.Handle) (any, error) {
		err := a.Admin.Backup(ctx, func(bytes int64) io.Writer {
			city.SetSeq(w, a.Engine.World().Seq())
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Length", strconv.FormatInt(bytes, 10))
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			w.Header().Set("Cache-Control", "no-store")
			return &measured{Writer: a.Patient(w), job: h, total: bytes}
		})
		return nil, err
	}))
}

// measured tells a job how much of a copy was sent.
type measured struct {
	io.Writer
	job         *jobs.Handle
	sent, total int64
}

func (m *measured) Write(b []byte) (int, error) {
	n, err := m.Writer.Write(b)
	m.sent += int64(n)
	m.job.Progress(m.sent, m.total, "bytes")
	return n, err
}

// Check streams the findings of a check.
func (a *API) Check(w http.ResponseWriter, r *http.Request) error {
	if a.Admin == nil {
		return rest.Refuse(rest.NotImplemented, "this store has no check")
	}
	p := rest.ParseParams(r)
	quick := p.Flag("quick")
	if err := p.Done(""); err != nil {
		return err
	}
	return a.stream(w, r, "check", func(ctx context.Context, s *stream) error {
		if err := a.Admin.Check(ctx, quick, s.tell()); err != nil {
			return err
		}
		s.send(line{Problems: &s.problems})
		return nil
	})
}

// Compact erases the history that retention does not keep.
func (a *API) Compact(w http.ResponseWriter, r *http.Request) error {
	if a.Admin == nil {
		return rest.Refuse(rest.NotImplemented, "this store has no compaction")
	}
	retention, err := readRetention(rest.ParseParams(r))
	if err != nil {
		return err
	}
	if !retention.DryRun {
		if err := a.Witness(r, "compact", "", retention.text()); err != nil {
			return err
		}
	}
	return a.stream(w, r, "compact", func(ctx context.Context, s *stream) error {
		done, err := a.Admin.Compact(ctx, retention, s.tell())
		if errors.Is(err, ErrBusy) {
			return rest.Refuse(rest.Conflict, "a compaction is running already; wait for its end").Because(err)
		}
		if err == nil {
			s.send(line{Result: &done})
		}
		return err
	})
}

func readRetention(p *rest.Params) (Retention, error) {
	keep, entries := p.Text("keep"), p.Text("keep_seq")
	retention := Retention{Keep: -1, DryRun: p.Flag("dry_run")}
	if err := p.Done(""); err != nil {
		return retention, err
	}
	switch {
	case (keep == "") == (entries == ""):
		return retention, rest.Fault(rest.BadRequest, "keep", keep, "or keep_seq must say which history stays complete: keep=400d, or keep_seq=10000 for the newest entries")
	case keep != "":
		span, ok := ParseKeep(keep)
		if !ok {
			return retention, rest.Fault(rest.BadRequest, "keep", keep, "must be a time: days such as 400d, or hours such as 36h")
		}
		retention.Keep = span
	default:
		n, err := strconv.ParseUint(entries, 10, 63)
		if err != nil {
			return retention, rest.Fault(rest.BadRequest, "keep_seq", entries, "must be a number of entries").Because(err)
		}
		retention.KeepSeq = data.Seq(n)
	}
	return retention, nil
}

// ParseKeep reads a time to keep: days ("400d") or what [time.ParseDuration] takes, up to 290 years.
func ParseKeep(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		const day = 24 * time.Hour
		n, err := strconv.ParseUint(days, 10, 32)
		return time.Duration(n) * day, err == nil && n <= uint64(math.MaxInt64/day)
	}
	span, err := time.ParseDuration(s)
	return span, err == nil && span >= 0
}

// Rebuild makes a projection anew.
func (a *API) Rebuild(w http.ResponseWriter, r *http.Request) error {
	if a.Admin == nil {
		return rest.Refuse(rest.NotImplemented, "this store has nothing to rebuild")
	}
	p := rest.ParseParams(r)
	name := p.Text("projection")
	if err := p.Done(""); err != nil {
		return err
	}
	known := a.Admin.Projections()
	if name == "" {
		return rest.Fault(rest.BadRequest, "projection", "", "must name one of "+strings.Join(known, ", "))
	}
	for _, k := range known {
		if k != name {
			continue
		}
		return a.stream(w, r, "rebuild", func(ctx context.Context, s *stream) error {
			if err := a.Admin.Rebuild(ctx, name, s.tell()); err != nil {
				return err
			}
			s.send(line{Problems: &s.problems})
			return nil
		})
	}
	return rest.Fault(rest.BadRequest, "projection", name, "is not one of "+strings.Join(known, ", "))
}
