// Package transfer takes files in and gives them out, streamed both ways.
package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/ingest"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/server/spool"
)

// API is the operations import and export of layers.
type API struct {
	*city.City
	// Spool is where changes of atomic imports wait, and bodies of imports in the background.
	Spool spool.Dir
}

// Kind is the kind of job that an import is.
const Kind = "import"

// importEvent is one line of the answer to an import; exactly one member is set.
type importEvent struct {
	Progress *importProgress   `json:"progress,omitempty"`
	Row      *convert.RowError `json:"row_error,omitempty"`
	Note     string            `json:"note,omitempty"`
	// Failed ends an import that could not go on; what landed before stays.
	Failed string          `json:"failed,omitempty"`
	Done   *ingest.Summary `json:"done,omitempty"`
}

// importProgress tells how far an import is. Bytes are those of the request body.
type importProgress struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	Rows  int    `json:"rows"`
}

// Import streams files into a layer: POST /v1/layers/{layer}/import. The body is a file, or multipart/form-data
// with any number of them; the answer is a line of JSON for each event, ending with done or failed. Both directions
// stream. Batches become visible as they land, those of an atomic import at its end. With async the body is kept in a
// file, and the answer names the job that imports it.
func (a *API) Import(w http.ResponseWriter, r *http.Request) error {
	world := a.Present(r)
	layer, ok := world.Layer(mux.Vars(r)["layer"])
	if !ok {
		return city.UnknownLayer(world, mux.Vars(r)["layer"])
	}
	if err := a.SharedLayer(layer.Def().Name); err != nil {
		return err
	}
	if err := onlyParams(r, "format", "crs", "id", "lon", "lat", "geometry", "map", "ignore", "mode", "effective",
		"fix_rings", "strict", "dry_run", "atomic", "allow_empty", "async", "sources", "name", "encoding", "table"); err != nil {
		return err
	}
	o := &order{media: r.Header.Get("Content-Type"), format: r.URL.Query().Get("format")}
	var err error
	if o.options, err = importOptions(r.URL.Query(), layer.Def(), a.Systems); err != nil {
		return err
	}
	o.options.NewID = a.NewID
	if o.cfg, err = a.importConfig(r, world, layer); err != nil {
		return err
	}
	if _, form := o.form(); !form {
		if err := o.told(nil); err != nil {
			return err
		}
	}
	async, err := flag(r.URL.Query(), "async")
	if err != nil {
		return err
	}
	spec := jobs.Spec{Kind: Kind, About: layer.Def().Name, Actor: o.cfg.Actor, Durable: !o.cfg.DryRun}
	key, err := once.KeyOf(r)
	if err != nil {
		return err
	}
	if key != "" {
		spec.Key, spec.Request = once.KeyHash(r, key), once.RequestHash(r, nil)
	}
	if async {
		return a.inBackground(w, r, spec, o)
	}
	return a.inRequest(w, r, spec, o)
}

// inRequest imports while the request lasts.
func (a *API) inRequest(w http.ResponseWriter, r *http.Request, spec jobs.Spec, o *order) error {
	control := http.NewResponseController(w)
	var body *body
	out := json.NewEncoder(a.Patient(w))
	var last []importEvent
	begun, rows := false, 0
	send := func(e importEvent) {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", rest.TypeNDJSON)
			w.WriteHeader(http.StatusOK)
		}
		_ = out.Encode(e) // a client that has gone shows up as the end of the request's context
	}
	defer func() {
		if body != nil {
			body.close() // after the job has ended
		}
	}()
	err := a.Jobs.Do(r.Context(), spec, func(ctx context.Context, h *jobs.Handle) (any, error) {
		// Refused by recorders in tests and by HTTP/2, where both directions are open anyway.
		_ = control.EnableFullDuplex()
		body = receive(a.City, w, r)
		o.cfg.Cut = body.cut
		stop := context.AfterFunc(ctx, body.cut)
		defer stop()
		result, err := o.run(ctx, h, &body.counted, r.ContentLength, func(e importEvent) {
			if send(e); e.Progress != nil {
				_ = control.Flush()
			}
		})
		if err != nil {
			err = body.why(r.Context(), err)
			// Unless nothing is sent yet, the reason goes into the stream, what is behind it into the log.
			last = append(last, importEvent{Failed: a.whyFailed(ctx, r, o, err)})
		}
		last = append(last, importEvent{Done: &result.Summary})
		rows = result.Rows
		return result, err
	})
	if body == nil {
		return a.notBegun(w, r, o, err)
	}
	if problem, ok := errors.AsType[*rest.Problem](err); ok && !begun && rows == 0 {
		return problem // with the request, rather than with a file
	}
	// Whoever hears that it is done finds it done.
	for _, e := range last {
		send(e)
	}
	_ = control.Flush()
	return nil
}

// notBegun is the answer when an import does not begin.
func (a *API) notBegun(w http.ResponseWriter, r *http.Request, o *order, err error) error {
	again, known := errors.AsType[*jobs.AgainError](err)
	switch {
	case !known:
		return city.JobProblem(err)
	case !again.Same:
		return rest.Fault(rest.Invalid, once.Header, r.Header.Get(once.Header), "was used for another request")
	case !again.Job.State.Ended():
		return rest.Refuse(rest.Conflict, "the import of this key is going on as job %s", again.Job.ID).With("Location", city.JobPath(again.Job.ID)).Because(err)
	}
	// It is done: the same files get the same answer.
	body := receive(a.City, w, r)
	defer body.close()
	before, err := o.sameFiles(r, &again.Job, body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", rest.TypeNDJSON)
	line, err := json.Marshal(importEvent{Done: &before.Summary})
	if err != nil {
		return err
	}
	_, _ = w.Write(append(line, '\n')) // a client that has gone needs no answer
	return nil
}

// sameFiles is the result of a job that is done, if it was about the files of a body.
func (o *order) sameFiles(r *http.Request, job *jobs.Job, body io.Reader) (before importResult, err error) {
	if err := json.Unmarshal(job.Result, &before); err != nil {
		return before, err
	}
	files, err := o.hash(r.Context(), body)
	if err == nil && files != before.Files {
		err = rest.Fault(rest.Invalid, once.Header, r.Header.Get(once.Header), "was used for other files")
	}
	return before, err
}

// whyFailed is why an import ended, for the one who asked.
func (a *API) whyFailed(ctx context.Context, r *http.Request, o *order, err error) string {
	landed := "what came before has been imported"
	if o.cfg.Atomic || o.cfg.DryRun {
		landed = "nothing has been imported"
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, jobs.ErrCancelled):
		return "the import was cancelled; " + landed
	case errors.Is(cause, jobs.ErrStopping):
		return "the server is stopping; " + landed
	}
	text := a.PublicText(r, err)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		text += "; " + landed
	}
	return text
}

// inBackground keeps the body in a file and answers with the job that will import it.
func (a *API) inBackground(w http.ResponseWriter, r *http.Request, spec jobs.Spec, o *order) error {
	if err := a.Jobs.Room(spec.Kind); err != nil {
		return city.JobProblem(err)
	}
	file, err := a.keep(w, r)
	if err != nil {
		return err
	}
	if err := o.told(file.Reader()); err != nil {
		_ = file.Close()
		return err
	}
	spec.Ended = func() { _ = file.Close() } // what it held is not needed any more
	requestID := city.RequestID(r)
	id, err := a.Jobs.Submit(spec, func(ctx context.Context, h *jobs.Handle) (any, error) {
		read := &counted{Reader: file.Reader()}
		result, err := o.run(ctx, h, read, file.Size(), func(importEvent) {})
		if err != nil && ctx.Err() == nil && rest.Of(err).Kind == rest.Internal {
			a.Logger.Error("import failed", "job", h.ID(), "request_id", requestID, "error", err.Error())
		}
		return result, err
	})
	if err == nil {
		return a.AnswerJob(w, r, http.StatusAccepted, id)
	}
	defer file.Close() //nolint:errcheck // what it held is not needed any more
	again, known := errors.AsType[*jobs.AgainError](err)
	switch {
	case !known:
		return city.JobProblem(err)
	case !again.Same:
		return rest.Fault(rest.Invalid, once.Header, r.Header.Get(once.Header), "was used for another request")
	case again.Job.State.Ended():
		if _, err := o.sameFiles(r, &again.Job, file.Reader()); err != nil {
			return err
		}
	}
	return a.AnswerJob(w, r, http.StatusAccepted, again.Job.ID)
}

// keep copies the body of a request into a file.
func (a *API) keep(w http.ResponseWriter, r *http.Request) (*spool.File, error) {
	body := receive(a.City, w, r)
	defer body.close()
	dir := a.Spool
	dir.Most = a.Limits.SpoolBytes
	file, err := dir.Create()
	if err != nil {
		return nil, err
	}
	switch _, err = io.Copy(file, body); {
	case err == nil:
		return file, nil
	case errors.Is(err, spool.ErrTooLarge):
		err = rest.Refuse(rest.TooLarge, "the body is larger than the %d MiB that an import in the background takes; import it without async", dir.Most>>20).Because(err)
	case errors.Is(err, spool.ErrNoSpace):
		err = rest.Refuse(rest.Unavailable, "the disk of the server has no room for the body; import it without async").With("Retry-After", "60").Because(err)
	}
	_ = file.Close()
	return nil, err
}
