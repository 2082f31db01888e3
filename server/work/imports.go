package work

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/server/spool"
	"github.com/gewu-city/gewu/server/undo"
)

// importInfo is an operation of the log, with the state of its job as long as that is remembered.
type importInfo struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Of     string   `json:"of,omitempty"`
	Actor  string   `json:"actor"`
	Layers []string `json:"layers"`
	// From and To are the first and the last entry, recorded at Started and Finished.
	From     data.Seq   `json:"seq_from"`
	To       data.Seq   `json:"seq_to"`
	Started  time.Time  `json:"started"`
	Finished time.Time  `json:"finished"`
	Changes  int        `json:"changes"`
	Added    int        `json:"added"`
	Changed  int        `json:"changed"`
	Ended    int        `json:"ended"`
	UndoneBy string     `json:"undone_by,omitempty"`
	State    jobs.State `json:"state,omitempty"`
}

func (a *API) importInfo(op *undo.Operation) importInfo {
	info := importInfo{
		ID: op.ID, Kind: string(op.Kind), Of: op.Of, Actor: op.Actor, Layers: op.Layers, From: op.First, To: op.Last,
		Started: op.Began, Finished: op.Ended, Changes: op.Changes, Added: op.Added, Changed: op.Changed, Ended: op.EndedFeatures,
		UndoneBy: op.UndoneBy,
	}
	if info.Layers == nil {
		info.Layers = []string{}
	}
	if job, err := a.Jobs.Get(op.ID); err == nil {
		info.State = job.State
	}
	return info
}

// Imports lists imports and undos, the newest first.
func (a *API) Imports(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	layer := q.Text("layer")
	limit := q.Whole("limit", 1, longestPage, standardPage)
	after, err := city.ParseCursor(q.Text("cursor"), a.Store.Epoch())
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	var before uint64
	if after != "" {
		if before, err = strconv.ParseUint(after, 10, 64); err != nil || before == 0 {
			return rest.Fault(rest.BadRequest, "cursor", q.Text("cursor"), "is not one that this server gave")
		}
	}
	list, done, err := a.Undoer.Book.List(r.Context(), data.Seq(before), limit, func(op *undo.Operation) bool {
		return city.Own(r, op.Actor, people.Operate) && (layer == "" || slices.Contains(op.Layers, layer))
	})
	if err != nil {
		return err
	}
	answer := struct {
		Imports []importInfo `json:"imports"`
		Next    string       `json:"next,omitempty"`
	}{Imports: []importInfo{}}
	for i := range list {
		answer.Imports = append(answer.Imports, a.importInfo(&list[i]))
	}
	if !done {
		answer.Next = city.FormatCursor(a.Store.Epoch(), strconv.FormatUint(uint64(list[len(list)-1].First), 10))
	}
	return rest.WriteJSON(w, r, http.StatusOK, answer)
}

// Import answers with one import or undo.
func (a *API) Import(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	op, err := a.find(r, mux.Vars(r)["id"])
	if err != nil {
		return a.undoProblem(mux.Vars(r)["id"], err)
	}
	return rest.WriteJSON(w, r, http.StatusOK, a.importInfo(&op))
}

// find finds an operation. Those of others are not there, unless whoever asks may operate.
func (a *API) find(r *http.Request, id string) (undo.Operation, error) {
	op, err := a.Undoer.Book.Find(r.Context(), id)
	if err == nil && !city.Own(r, op.Actor, people.Operate) {
		err = undo.ErrUnknown
	}
	return op, err
}

// Undo takes an import back: POST /v1/imports/{id}/undo. It answers when that is done, or with async with the job.
func (a *API) Undo(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	request := undo.Request{Of: mux.Vars(r)["id"], Actor: city.ActorOf(r), Receipt: once.ReceiptOf(r), Guard: a.Guard(r)}
	request.Force, request.DryRun = q.Flag("force"), q.Flag("dry_run")
	async := q.Flag("async")
	if err := q.Done(""); err != nil {
		return err
	}
	// Asked before a job begins: what is not there needs none.
	if _, err := a.find(r, request.Of); err != nil {
		return a.undoProblem(request.Of, err)
	}
	spec := jobs.Spec{Kind: string(undo.Undo), About: request.Of, Actor: request.Actor, Durable: !request.DryRun}
	work := func(ctx context.Context, h *jobs.Handle) (any, error) {
		request := request
		request.ID = h.ID()
		request.Progress = func(done, total int64) { h.Progress(done, total, "changes") }
		result, err := a.Undoer.Run(ctx, request)
		if err != nil {
			return nil, a.undoProblem(request.Of, err)
		}
		return result, nil
	}
	if async {
		id, err := a.Jobs.Submit(spec, work)
		if err != nil {
			return city.JobProblem(err)
		}
		return a.AnswerJob(w, r, http.StatusAccepted, id)
	}
	var result any
	err := a.Jobs.Do(r.Context(), spec, func(ctx context.Context, h *jobs.Handle) (done any, err error) {
		done, err = work(ctx, h)
		result = done
		return done, err
	})
	if err != nil {
		return city.JobProblem(err)
	}
	if done, ok := result.(*undo.Result); ok && done.Seq > 0 {
		once.Landed(r, done.Seq)
		city.SetSeq(w, done.Seq)
	}
	a.Extend(http.NewResponseController(w))
	return rest.WriteJSON(w, r, http.StatusOK, result)
}

// UndoAgain answers for an undo that the request has made when it was sent before.
func (a *API) UndoAgain(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	h, err := a.Store.Header(r.Context(), seq)
	if err != nil {
		return err
	}
	city.SetSeq(w, seq)
	if job, err := a.Jobs.Get(h.Operation); err == nil && job.State == jobs.Done {
		return rest.WriteJSON(w, r, http.StatusOK, job.Result)
	}
	// The server died before it had written down what it had done.
	op, err := a.Undoer.Book.Find(r.Context(), h.Operation)
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, undo.Result{
		Undo: op.ID, Of: op.Of, Seq: op.Last, Ended: op.EndedFeatures, Restored: op.Added + op.Changed,
	})
}

// undoProblem is the public form of what an undo refuses.
func (a *API) undoProblem(id string, err error) error {
	var conflicts *undo.ConflictsError
	var erased *undo.ErasedError
	switch {
	case errors.Is(err, undo.ErrUnknown):
		return rest.Fault(rest.NotFound, "id", id, "is no import or undo that has changed anything; GET /v1/imports lists them").Because(err)
	case errors.As(err, &conflicts):
		p := rest.Refuse(rest.Conflict, "%s; force leaves them as they are and undoes the rest", conflicts.Error())
		if conflicts.Hint != "" {
			return rest.Refuse(rest.Conflict, "%s was undone and brought back by %s: undo that one", id, conflicts.Hint).Because(err)
		}
		for _, c := range conflicts.First {
			why := c.Why
			switch {
			case why != "":
			case c.Seq > 0:
				why = fmt.Sprintf("was changed with seq %d", c.Seq)
			default:
				why = "belongs to a layer that is gone"
			}
			p.Also(c.Layer+"/"+c.ID, "", why)
		}
		return p.Because(err)
	case errors.Is(err, spool.ErrNoSpace):
		return rest.Refuse(rest.NoSpace, "the disk of the server has no room for the changes of an undo").With("Retry-After", "60").Because(err)
	case errors.As(err, &erased):
		return rest.Refuse(rest.Gone, "%s cannot be undone as a whole any more: %s; %s. Force leaves these features as they are and undoes "+
			"the rest; what they were can be exported from a backup of that time, restored into a folder of its own, and imported",
			id, erased.Lost(), a.Complete(&erased.Horizon)).Because(err)
	}
	return err
}
