package city

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/planner"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

// Written is the answer to a write.
type Written struct {
	Seq data.Seq `json:"seq"`
	// IDs are those of the features that a transaction changed, in the order of its changes.
	IDs []string `json:"ids,omitempty"`
}

// IDsOf are the ids of the features of changes, in order; none when some of them were erased.
func IDsOf(changes []data.Change) []string {
	ids := make([]string, 0, len(changes))
	for i := range changes {
		switch c := &changes[i]; {
		case c.Erased:
			return nil
		case c.Stream == data.StreamFeature:
			ids = append(ids, c.Feature.ID)
		}
	}
	return ids
}

// Append makes a transaction durable and waits a little until the engine shows it, so that the next read sees it.
func (c *City) Append(r *http.Request, tx data.Tx) (data.Seq, error) {
	return c.land(r, tx, c.append)
}

// Enact is Append for changes that follow from what others decided: whoever may publish a version may change the cells that
// it changes, whichever features they may edit otherwise.
func (c *City) Enact(r *http.Request, tx data.Tx) (data.Seq, error) {
	return c.land(r, tx, func(r *http.Request, tx data.Tx) (data.Seq, error) { return c.Store.Append(r.Context(), tx) })
}

func (c *City) land(r *http.Request, tx data.Tx, write func(*http.Request, data.Tx) (data.Seq, error)) (data.Seq, error) {
	tx.Actor = ActorOf(r)
	if tx.Cause == "" {
		tx.Cause = "api"
	}
	tx.Receipt = once.ReceiptOf(r)
	if err := c.onlyShared(tx.Changes); err != nil {
		return 0, err
	}
	seq, err := write(r, tx)
	if _, refused := errors.AsType[*rest.Problem](err); refused {
		return 0, err
	}
	shown := seq
	if err != nil {
		if !refused(err) {
			return 0, err
		}
		// A client that was told what stands in its way must find that when it looks.
		shown = c.Store.Last()
	}
	once.Landed(r, seq)
	c.WaitShown(r, shown)
	return seq, err
}

// attempts is how often changes are judged again when somebody changes their features at the same time.
const attempts = 20

// append appends a transaction that whoever asks may make.
func (c *City) append(r *http.Request, tx data.Tx) (data.Seq, error) {
	for attempt := 1; ; attempt++ {
		bound, err := c.allow(r, tx.Changes, changeNames)
		if err != nil {
			return 0, err
		}
		seq, err := c.Store.Append(r.Context(), tx)
		if _, clash := errors.AsType[*data.ConflictError](err); !clash || len(bound) == 0 || attempt == attempts {
			return seq, err
		}
		for _, i := range bound {
			tx.Changes[i].IfSeq = nil
		}
	}
}

// WaitShown waits a little until the engine shows an entry, so that the next read sees it. The entry is durable: being
// late or stopping changes nothing about the answer.
func (c *City) WaitShown(r *http.Request, seq data.Seq) {
	ctx, cancel := context.WithTimeout(r.Context(), c.Limits.MinSeq)
	defer cancel()
	_, _ = c.Engine.Wait(ctx, seq)
}

// Planned is the answer to changes for a time to come.
type Planned struct {
	Plan PlanRef  `json:"plan"`
	Seq  data.Seq `json:"seq"`
	// IDs are those of the features that it will change, in the order of its changes.
	IDs []string `json:"ids,omitempty"`
}

// PlanRef names a plan and says when it is due.
type PlanRef struct {
	ID  string    `json:"id"`
	Due time.Time `json:"due"`
}

// Plan records changes that take effect in the future, and answers 202.
func (c *City) Plan(w http.ResponseWriter, r *http.Request, tx data.Tx) error {
	if c.Planner == nil {
		return rest.Fault(rest.Invalid, "effective", tx.Effective.Format(time.RFC3339), "lies in the future, and this server plans nothing")
	}
	id, err := c.NewID()
	if err != nil {
		return err
	}
	tx.Actor, tx.Receipt = ActorOf(r), once.ReceiptOf(r)
	if err := c.onlyShared(tx.Changes); err != nil {
		return err
	}
	if _, err := c.allow(r, tx.Changes, changeNames); err != nil {
		return err
	}
	if tx.Cause == "" {
		tx.Cause = "api"
	}
	seq, err := c.Planner.Plan(r.Context(), id, tx)
	if err != nil {
		return planFault(err)
	}
	once.Landed(r, seq)
	c.WaitShown(r, seq)
	return AnswerPlanned(w, r, &data.Plan{ID: id, Due: tx.Effective, Changes: tx.Changes}, seq)
}

// EnactAt is Enact for a time to come: the changes of tx become a plan, and more is appended together with it. It returns the
// id of the plan, which is the one given, and the Seq of its record.
func (c *City) EnactAt(r *http.Request, id string, tx data.Tx, more []data.Change) (data.Seq, error) {
	if c.Planner == nil {
		return 0, rest.Fault(rest.Invalid, "at", tx.Effective.Format(time.RFC3339), "lies in the future, and this server plans nothing")
	}
	tx.Actor, tx.Receipt = ActorOf(r), once.ReceiptOf(r)
	if err := errors.Join(c.onlyShared(tx.Changes), c.onlyShared(more)); err != nil {
		return 0, err
	}
	seq, err := c.Planner.Plan(r.Context(), id, tx, more...)
	if err != nil {
		return 0, planFault(err)
	}
	once.Landed(r, seq)
	c.WaitShown(r, seq)
	return seq, nil
}

func planFault(err error) error {
	if limit, ok := errors.AsType[*planner.LimitError](err); ok {
		return rest.Refuse(rest.Conflict, "too much is planned: %v; cancel plans or wait until they are published", limit)
	}
	return err
}

// AnswerPlanned tells of a plan that entry seq has recorded.
func AnswerPlanned(w http.ResponseWriter, r *http.Request, plan *data.Plan, seq data.Seq) error {
	SetSeq(w, seq)
	w.Header().Set("Location", "/v1/plans/"+url.PathEscape(plan.ID))
	return rest.WriteJSON(w, r, http.StatusAccepted, Planned{PlanRef{plan.ID, plan.Due.UTC()}, seq, IDsOf(plan.Changes)})
}

// refused reports whether an error tells of the state of the city.
func refused(err error) bool {
	_, clash := errors.AsType[*data.ConflictError](err)
	_, change := errors.AsType[*data.ChangeError](err)
	return clash || change
}

// Write appends a transaction that the client did not write as one, and answers.
func (c *City) Write(w http.ResponseWriter, r *http.Request, tx data.Tx) error {
	seq, err := c.Append(r, tx)
	if err != nil {
		return BareChange(err)
	}
	SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, Written{Seq: seq})
}

// Again answers a request that wrote an entry and is sent again.
func Again(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, Written{Seq: seq})
}

// Define appends the change of one definition, with notes about it, and returns a World that shows it.
func (c *City) Define(r *http.Request, change data.Change, notes ...data.Change) (*index.World, error) {
	seq, err := c.Append(r, data.Tx{Changes: append([]data.Change{change}, notes...)})
	err = BareChange(err)
	if err != nil {
		return nil, err
	}
	w, err := c.Engine.Wait(r.Context(), seq)
	if err != nil {
		return nil, err
	}
	return c.See(r, w), nil
}

// BareChange is the problem of the only change of a transaction that the client did not write as one: its fields are
// those of the body.
func BareChange(err error) error {
	var change *data.ChangeError
	var clash *data.ConflictError
	switch {
	case errors.As(err, &change):
		return rest.Faults(rest.Invalid, "", change.Err).Because(err)
	case errors.As(err, &clash) && clash.Have == 0:
		return rest.Refuse(rest.Precondition, "it does not exist, seq %d was demanded", clash.Want).Because(err)
	case errors.As(err, &clash):
		return rest.Refuse(rest.Precondition, "it is at seq %d, not %d: read it again", clash.Have, clash.Want).Because(err)
	}
	return err
}
