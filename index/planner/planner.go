// Package planner records changes that are to take effect at a time to come, and appends them when they are due.
//
// What is planned is a projection of the log like everything else: the [index.World] knows it, and a plan ends in the
// very entry that makes its changes, so that it is never published twice, whatever is killed when.
package planner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// Store is what the planner needs of a store; see [data.Store] for the contracts.
type Store interface {
	Append(ctx context.Context, tx data.Tx) (data.Seq, error)
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
}

// Bounds of what may be planned at a time.
const (
	MostPlans   = 1000
	MostChanges = 1_000_000
)

// LimitError says that too much is planned already.
type LimitError struct{ Plans, Changes int }

// Error names what is planned and the bounds.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%d plans with %d changes are waiting; at most %d with %d may", e.Plans, e.Changes, MostPlans, MostChanges)
}

// EndedError says that a plan cannot be cancelled because it has ended.
type EndedError struct {
	ID    string
	State data.PlanState
}

// Error names the state.
func (e *EndedError) Error() string { return fmt.Sprintf("plan %s is %s", e.ID, e.State) }

// ErrUnknown is returned for the id of a plan that does not exist.
var ErrUnknown = errors.New("planner: there is no such plan")

// Planner plans and publishes. Its methods are safe for concurrent use; Run may be called once.
type Planner struct {
	engine *index.Engine
	store  Store
	now    func() time.Time
	logger *slog.Logger
	wake   chan struct{}
}

// New returns a planner. now is the clock by which plans are due; it should be the one by which the store records.
func New(engine *index.Engine, store Store, now func() time.Time, logger *slog.Logger) *Planner {
	return &Planner{engine: engine, store: store, now: now, logger: logger, wake: make(chan struct{}, 1)}
}

// Plan records the changes of tx to be published at tx.Effective under a new id, and returns the Seq of that record. The
// changes are checked against the present city as far as that can tell: layers, features, and that if_seq holds
// now. more are changes of admin records that are appended in the same transaction. The error is *[data.ChangeError], *[data.ConflictError], *[LimitError], [data.ErrTooLarge], or that of the store.
func (p *Planner) Plan(ctx context.Context, id string, tx data.Tx, more ...data.Change) (data.Seq, error) {
	world := p.engine.World()
	plan := &data.Plan{
		ID: id, Due: time.UnixMicro(tx.Effective.UnixMicro()).UTC(), State: data.PlanPending, Actor: tx.Actor, Cause: tx.Cause,
		Count: len(tx.Changes), Layers: []data.PlanLayer{}, Changes: tx.Changes,
	}
	if len(tx.Changes) >= data.MaxTxChanges {
		return 0, data.ErrTooLarge // one more is its end
	}
	waiting := LimitError{Plans: 1, Changes: plan.Count}
	for _, other := range pending(world) {
		waiting.Plans++
		waiting.Changes += other.Count
	}
	if waiting.Plans > MostPlans || waiting.Changes > MostChanges {
		return 0, &waiting
	}
	for i := range tx.Changes {
		if err := check(world, plan, i); err != nil {
			return 0, err
		}
	}
	return p.store.Append(ctx, data.Tx{Actor: tx.Actor, Cause: tx.Cause, Receipt: tx.Receipt, Changes: append([]data.Change{plan.Change(0)}, more...)})
}

// check verifies change i of a plan, and notes its layer.
func check(world *index.World, plan *data.Plan, i int) error {
	c := &plan.Changes[i]
	fail := func(err error) error {
		return &data.ChangeError{Change: i, Layer: c.Layer, ID: c.Feature.ID, Err: err}
	}
	layer, ok := world.Layer(c.Layer)
	if !ok {
		return fail(&data.FieldError{Field: "layer", Value: c.Layer, Why: "is not a layer"})
	}
	if c.Op == data.OpPut {
		if err := layer.Def().Check(&c.Feature); err != nil {
			return fail(err)
		}
	}
	if c.IfSeq != nil {
		have := data.Seq(0)
		if head, ok := layer.Head(c.Feature.ID); ok && !head.Deleted {
			have = head.Seq
		}
		if *c.IfSeq != have {
			return &data.ConflictError{Change: i, Layer: c.Layer, ID: c.Feature.ID, Want: *c.IfSeq, Have: have}
		}
	}
	if !slices.ContainsFunc(plan.Layers, func(l data.PlanLayer) bool { return l.Name == c.Layer }) {
		plan.Layers = append(plan.Layers, data.PlannedFor(layer.Def()))
	}
	return nil
}

// Cancel ends a plan before it is due and returns the Seq of that. The error is [ErrUnknown], *[EndedError], or that of
// the store.
func (p *Planner) Cancel(ctx context.Context, id, actor string) (data.Seq, error) {
	plan, ok := p.engine.World().Plan(id)
	if !ok {
		return 0, ErrUnknown
	}
	if plan.State != data.PlanPending {
		return 0, &EndedError{id, plan.State}
	}
	seq, err := p.store.Append(ctx, data.Tx{
		Actor: actor, Cause: plan.Name(), Changes: []data.Change{plan.End(data.PlanCancelled, "").Change(plan.Seq)},
	})
	if err == nil || !endedMeanwhile(err, plan.Name()) {
		return seq, err
	}
	// Somebody was faster.
	w, err := p.engine.Wait(ctx, plan.Seq+1)
	if err != nil {
		return 0, err
	}
	plan, _ = w.Plan(id)
	return 0, &EndedError{id, plan.State}
}

// endedMeanwhile reports whether an append failed because the plan has another record by now.
func endedMeanwhile(err error, name string) bool {
	if conflict, ok := errors.AsType[*data.ConflictError](err); ok {
		return conflict.Layer == name
	}
	change, ok := errors.AsType[*data.ChangeError](err)
	return ok && change.Layer == name
}

// pending are the plans that have not ended, in the order in which they are due.
func pending(w *index.World) []index.Plan {
	var found []index.Plan
	for _, plan := range w.Plans() {
		if plan.State == data.PlanPending {
			found = append(found, plan)
		}
	}
	slices.SortStableFunc(found, func(a, b index.Plan) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Planned, b.Planned)) })
	return found
}
