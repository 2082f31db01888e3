package data

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PlanState is how far a planned publication has come.
type PlanState string

// The states of a plan. It begins as planned and ends in one of the others.
const (
	PlanPending   PlanState = "planned"
	PlanDone      PlanState = "done"
	PlanFailed    PlanState = "failed"
	PlanCancelled PlanState = "cancelled"
)

// PlanName begins the name of a plan in the admin stream, and the cause of the entry that publishes it; the id
// follows.
const PlanName = "plan:"

// Plan is a planned publication: changes of features that are to take effect at a time to come. Planning changes
// nothing in the city; when the plan is due an entry with its changes is appended, together with the plan's end. A
// plan is two records of the log: the first, in state [PlanPending], carries the changes; the second says how it
// ended and carries none.
type Plan struct {
	ID    string    `json:"id"`
	Due   time.Time `json:"due"`
	State PlanState `json:"state"`
	// Actor and Cause are those of the one who planned; the entry that publishes has the actor too.
	Actor string `json:"actor,omitempty"`
	Cause string `json:"cause,omitempty"`
	// Reason says why the plan failed.
	Reason string `json:"reason,omitempty"`
	// Count is the number of changes, Layers are the layers they belong to.
	Count  int         `json:"count"`
	Layers []PlanLayer `json:"layers"`
	// Changes are those of the transaction to append, with their preconditions; only in the first record.
	Changes []Change `json:"-"`
}

// PlanLayer is a layer as it was when changes of it were planned. The values of the changes belong to its attributes
// by position, so that a plan does not fit a layer whose attributes mean something else by now.
type PlanLayer struct {
	Name       string          `json:"name"`
	Attributes []PlanAttribute `json:"attributes"`
}

// PlanAttribute is an attribute as it was then; one that was dropped has no name.
type PlanAttribute struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
}

// PlannedFor is a layer as changes of it are planned now.
func PlannedFor(l *Layer) PlanLayer {
	p := PlanLayer{Name: l.Name, Attributes: make([]PlanAttribute, len(l.Attributes))}
	for i, a := range l.Live() {
		p.Attributes[i] = PlanAttribute{Name: a.Name, Type: a.Type}
	}
	return p
}

// Name is the plan's name in the admin stream and the cause of the entry that publishes it.
func (p *Plan) Name() string { return PlanName + p.ID }

// Change is the record of the plan in the log. It may be appended when the plan's newest record has Seq after, 0 for
// none.
func (p *Plan) Change(after Seq) Change {
	return Change{Stream: StreamAdmin, Op: OpPut, Layer: p.Name(), Plan: p, IfSeq: &after}
}

// Bare is the plan without its changes.
func (p *Plan) Bare() *Plan {
	bare := *p
	bare.Changes = nil
	return &bare
}

// End is the record with which the plan ends in a state.
func (p *Plan) End(state PlanState, reason string) *Plan {
	ended := p.Bare()
	ended.State, ended.Reason = state, reason
	return ended
}

// Validate checks a record of a plan by itself. The error is a *FieldError.
func (p *Plan) Validate() error {
	bad := func(field, value, why string) error { return &FieldError{Field: field, Value: value, Why: why} }
	if err := CheckID(p.ID); err != nil || strings.Contains(p.ID, "/") {
		return bad("id", p.ID, "must be an id without /")
	}
	if p.Due.IsZero() {
		return bad("due", "", "is missing")
	}
	switch p.State {
	case PlanPending:
		if len(p.Changes) == 0 || len(p.Changes) != p.Count {
			return bad("count", strconv.Itoa(p.Count), fmt.Sprintf("the plan holds %d changes", len(p.Changes)))
		}
	case PlanDone, PlanFailed, PlanCancelled:
		if len(p.Changes) > 0 {
			return bad("state", string(p.State), "a plan that has ended holds no changes")
		}
	default:
		return bad("state", string(p.State), "must be planned, done, failed or cancelled")
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Stream != StreamFeature || c.Erased {
			return bad(fmt.Sprintf("changes[%d]", i), "", "must be a change of a feature")
		}
	}
	return nil
}

// Fits reports why the plan's changes do not belong to the layers that exist, nil when they do: attributes may have
// been renamed, widened and dropped since. The error is a *FieldError.
func (p *Plan) Fits(layer func(name string) (*Layer, bool)) error {
	for _, planned := range p.Layers {
		bad := func(why string, args ...any) error {
			return &FieldError{Field: "layer", Value: planned.Name, Why: fmt.Sprintf(why, args...)}
		}
		now, ok := layer(planned.Name)
		if !ok {
			return bad("does not exist any more")
		}
		for i, then := range planned.Attributes {
			if then.Name == "" {
				continue
			}
			if i >= len(now.Attributes) {
				return bad("has lost the attribute %s", then.Name)
			}
			switch a := &now.Attributes[i]; {
			case a.Dropped:
				// Its values are kept and not shown.
			case a.Name != then.Name && !slices.Contains(a.Former, then.Name):
				return bad("has %s where the plan has the attribute %s", a.Name, then.Name)
			case a.Type != then.Type && !slices.Contains(a.Was, then.Type):
				return bad("has %s as %s, the plan as %s", a.Name, a.Type, then.Type)
			}
		}
	}
	return nil
}
