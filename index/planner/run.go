package planner

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// How long Run rests at most: timers count the time that the machine is awake, dues are times of the clock on the
// wall, and a store that cannot write may be able to again.
const (
	longestRest = time.Minute
	retryRest   = 10 * time.Second
)

// Run publishes what is due, in the order in which it is due, until ctx ends; plans that became due while nobody ran
// come first, each with the effective time for which it was planned. A plan whose changes do not fit any more ends
// as failed, with the reason. It returns nil when ctx or the engine has ended.
func (p *Planner) Run(ctx context.Context) error {
	for {
		w := p.engine.World()
		rest := longestRest
		for _, plan := range pending(w) {
			if wait := plan.Due.Sub(p.now()); wait > 0 {
				rest = min(rest, wait)
				break
			}
			seq, err := p.publish(ctx, plan)
			if err != nil {
				if ctx.Err() != nil || errors.Is(err, data.ErrClosed) {
					return nil //nolint:nilerr // ctx or the store has ended
				}
				p.logger.Warn("a plan that is due cannot be published now", "plan", plan.ID, "due", plan.Due, "err", err)
				rest = retryRest
				break
			}
			// The next one meets the city as this one left it.
			if w, err = p.engine.Wait(ctx, seq); err != nil {
				return nil //nolint:nilerr // ctx or the engine has ended
			}
		}
		if !p.rest(ctx, w, rest) {
			return nil
		}
	}
}

// Next is when the plan that is due first is due; false when none waits.
func (p *Planner) Next() (time.Time, bool) {
	waiting := pending(p.engine.World())
	if len(waiting) == 0 {
		return time.Time{}, false
	}
	return waiting[0].Due, true
}

// Settle has Run publish at once what is due by its clock, which may have been moved, and returns when no plan is due any
// more. The error is that of ctx or the engine.
func (p *Planner) Settle(ctx context.Context) error {
	for {
		w := p.engine.World()
		waiting := pending(w)
		if len(waiting) == 0 || waiting[0].Due.After(p.now()) {
			return nil
		}
		select {
		case p.wake <- struct{}{}:
		default:
		}
		if _, err := p.engine.Wait(ctx, w.Seq()+1); err != nil {
			return err
		}
	}
}

// rest waits until the plans may have changed, the time is over or somebody wakes it; false when ctx or the engine has
// ended.
func (p *Planner) rest(ctx context.Context, w *index.World, most time.Duration) bool {
	timed, cancel := context.WithTimeout(ctx, most)
	ended := make(chan struct{})
	defer func() { cancel(); <-ended }()
	go func() {
		defer close(ended)
		select {
		case <-p.wake:
			cancel()
		case <-timed.Done():
		}
	}()
	for {
		next, err := p.engine.Wait(timed, w.Seq()+1)
		switch {
		case err != nil:
			return ctx.Err() == nil && timed.Err() != nil
		case !samePlans(w, next):
			return true
		}
		w = next
	}
}

// samePlans reports whether no record of a plan came between two Worlds.
func samePlans(a, b *index.World) bool {
	n := len(a.Plans())
	return n == len(b.Plans()) && (n == 0 || &a.Plans()[0] == &b.Plans()[0])
}

// publish appends the changes of a plan and its end as done, or its end as failed. It returns the Seq from which on the
// plan is known to have ended. An error means that the plan waits.
func (p *Planner) publish(ctx context.Context, plan index.Plan) (data.Seq, error) {
	changes, err := p.changes(ctx, plan)
	if err != nil {
		return 0, err
	}
	reason := plan.Fits(p.engine.Layer)
	if reason == nil {
		seq, err := p.store.Append(ctx, data.Tx{
			Effective: plan.Due, Actor: plan.Actor, Cause: plan.Name(),
			Changes: append(changes, plan.End(data.PlanDone, "").Change(plan.Seq)),
		})
		switch {
		case err == nil:
			p.logger.Info("plan published", "plan", plan.ID, "due", plan.Due, "seq", seq, "changes", len(changes))
			return seq, nil
		case endedMeanwhile(err, plan.Name()):
			return plan.Seq + 1, nil
		case !final(err):
			return 0, err
		}
		reason = err
	}
	return p.fail(ctx, plan, reason)
}

// changes reads what a plan is to do, with values of the present types.
func (p *Planner) changes(ctx context.Context, plan index.Plan) ([]data.Change, error) {
	records, err := p.store.Changes(ctx, plan.Planned, 0)
	if err != nil {
		return nil, err
	}
	for i := range records {
		if r := records[i].Plan; r != nil && r.ID == plan.ID {
			// One more is appended: the end.
			changes := append(make([]data.Change, 0, len(r.Changes)+1), r.Changes...)
			for j := range changes {
				if l, ok := p.engine.Layer(changes[j].Layer); ok && changes[j].Op == data.OpPut {
					changes[j].Feature = l.Adapt(changes[j].Feature)
				}
			}
			return changes, nil
		}
	}
	return nil, errors.New("its record is missing")
}

// final reports whether an append fails however often it is tried: the changes do not fit the city any more.
func final(err error) bool {
	_, conflict := errors.AsType[*data.ConflictError](err)
	_, change := errors.AsType[*data.ChangeError](err)
	return conflict || change || errors.Is(err, data.ErrTooLarge)
}

func (p *Planner) fail(ctx context.Context, plan index.Plan, reason error) (data.Seq, error) {
	const longest = 500
	text := reason.Error()
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "")
	}
	seq, err := p.store.Append(ctx, data.Tx{
		Actor: plan.Actor, Cause: plan.Name(), Changes: []data.Change{plan.End(data.PlanFailed, text).Change(plan.Seq)},
	})
	switch {
	case err == nil:
		p.logger.Warn("plan failed", "plan", plan.ID, "due", plan.Due, "reason", text)
		return seq, nil
	case endedMeanwhile(err, plan.Name()):
		return plan.Seq + 1, nil
	default:
		return 0, err
	}
}
