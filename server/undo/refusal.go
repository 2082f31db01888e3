package undo

import (
	"context"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// Conflict is a feature that was changed by somebody else since the operation, or that cannot be as it was before.
type Conflict struct {
	Layer string `json:"layer"`
	ID    string `json:"id"`
	// Seq is its newest change, 0 when it belongs to a layer that is gone.
	Seq data.Seq `json:"seq,omitempty"`
	// Why says what stands against it when nobody has changed it: what refers to it now, what its layer demands now.
	Why string `json:"why,omitempty"`
}

// mostConflicts bounds the conflicts that are listed; all are counted.
const mostConflicts = 100

// ConflictsError is why an undo refuses: features were changed since, or cannot be as they were before.
type ConflictsError struct {
	Count int
	First []Conflict // at most 100
	// Hint is an operation that brought the undone one back, and is the one to undo.
	Hint string
	// Erased are further features, which stay because of retention; nil when there are none.
	Erased *ErasedError
}

// Error counts and names the first.
func (e *ConflictsError) Error() string {
	s, what := fmt.Sprintf("%d features were", e.Count), " changed since"
	if e.Count == 1 {
		s = "1 feature was"
	}
	if slices.ContainsFunc(e.First, func(c Conflict) bool { return c.Why != "" }) {
		what = " changed since or cannot be as before"
	}
	s += what
	switch {
	case len(e.First) == 0:
	case e.First[0].Why != "":
		s += fmt.Sprintf(", the first is %s/%s: %s", e.First[0].Layer, e.First[0].ID, e.First[0].Why)
	default:
		s += fmt.Sprintf(", the first is %s/%s (seq %d)", e.First[0].Layer, e.First[0].ID, e.First[0].Seq)
	}
	if e.Erased != nil {
		s += "; besides, " + e.Erased.Lost()
	}
	return s
}

// ErasedError is why an operation cannot be undone any more: retention has erased what features were before it, or what
// it made of features that were changed since.
type ErasedError struct {
	Count int
	// Horizon is where complete history begins.
	Horizon index.HorizonError
}

// Error counts and says what is left of history.
func (e *ErasedError) Error() string {
	return fmt.Sprintf("%s; %s", e.Lost(), e.Horizon.Error())
}

// Lost says what was erased, without what is left.
func (e *ErasedError) Lost() string {
	if e.Count == 1 {
		return "retention has erased the history of 1 feature that the undo needs"
	}
	return fmt.Sprintf("retention has erased the history of %d features that the undo needs", e.Count)
}

// refusal is why the operation is not taken back.
func (t *taking) refusal(ctx context.Context) error {
	var erased *ErasedError
	if t.result.Erased > 0 {
		erased = &ErasedError{Count: t.result.Erased, Horizon: index.HorizonError{Horizon: t.Store.Horizon()}}
		h, err := t.Store.Header(ctx, erased.Horizon.Horizon)
		if err != nil {
			return err
		}
		erased.Horizon.Recorded = h.Recorded
		if t.result.Skipped == t.result.Erased {
			return erased
		}
	}
	return &ConflictsError{
		Count: t.result.Skipped - t.result.Erased, First: t.conflicts, Hint: t.Book.broughtBack(t.op.ID), Erased: erased,
	}
}
