package city

import (
	"context"
	"errors"
	"net/http"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

// Written is the answer to a write.
type Written struct {
	Seq data.Seq `json:"seq"`
}

// Append makes a transaction durable and waits a little until the engine shows it, so that the next read sees it.
func (c *City) Append(r *http.Request, tx data.Tx) (data.Seq, error) {
	tx.Actor = ActorOf(r)
	if tx.Cause == "" {
		tx.Cause = "api"
	}
	tx.Receipt = once.ReceiptOf(r)
	seq, err := c.Store.Append(r.Context(), tx)
	shown := seq
	if err != nil {
		if !refused(err) {
			return 0, err
		}
		// A client that was told what stands in its way must find that when it looks.
		shown = c.Store.Last()
	}
	once.Landed(r, seq)
	ctx, cancel := context.WithTimeout(r.Context(), c.Limits.MinSeq)
	defer cancel()
	// The transaction is durable, or was refused: being late or stopping changes nothing about the answer.
	_, _ = c.Engine.Wait(ctx, shown)
	return seq, err
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
	return rest.WriteJSON(w, r, http.StatusOK, Written{seq})
}

// Again answers a request that wrote an entry and is sent again.
func Again(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, Written{seq})
}

// Define appends the change of one definition and returns a World that shows it.
func (c *City) Define(r *http.Request, change data.Change) (*index.World, error) {
	seq, err := c.Append(r, data.Tx{Changes: []data.Change{change}})
	err = BareChange(err)
	if err != nil {
		return nil, err
	}
	return c.Engine.Wait(r.Context(), seq)
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
