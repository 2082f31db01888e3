package admit

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/memory"
	"github.com/gewu-city/gewu/data/rules"
)

// definition checks the change of a definition and takes it over.
func (a *admission) definition(i int) error {
	ch := &a.r.Changes()[i]
	fail := func(err error) error { return &data.ChangeError{Change: i, Layer: ch.Layer, Err: err} }
	old := a.Of(ch.Stream)[ch.Layer]
	have := data.Seq(0)
	if old.Exists() {
		have = old.Seq
	}
	if old != nil && old.Seq == a.Seq {
		return fail(&data.FieldError{Field: "layer", Value: ch.Layer, Why: "a transaction may change each definition once"})
	}
	if ch.IfSeq != nil && *ch.IfSeq != have {
		return &data.ConflictError{Change: i, Layer: ch.Layer, Want: *ch.IfSeq, Have: have}
	}
	ch.Prev = old.Before()
	if ch.Op == data.OpDelete && have == 0 {
		return fail(&data.FieldError{Field: "layer", Value: ch.Layer, Why: "does not exist"})
	}
	present := &present{Definitions: a.Definitions.Definitions, heads: a.heads, earlier: a.r.Changes()[:i], settle: a.log.Settle}
	check := func() error { return rules.Define(present, ch, &a.emptied) }
	if ch.Stream == data.StreamAdmin {
		check = func() error { return admitRecord(ch, old) }
	}
	switch err := check(); {
	case errors.Is(err, data.ErrClosed):
		return err
	case err != nil:
		return fail(err)
	}
	if ch.Stream == data.StreamSchema && ch.Op == data.OpDelete && present.touched(ch.Layer) {
		return fail(&data.FieldError{Field: "layer", Value: ch.Layer, Why: "is dropped after the same transaction has changed its features"})
	}
	data.LinkPayload(a.r.Payload(i), 0, ch.Prev)
	ch.IfSeq = nil
	if !a.own {
		a.Definitions.Definitions, a.own = a.Clone(), true
	}
	a.Apply(a.Seq, *ch, a.r.Payload(i))
	if ch.Stream != data.StreamAdmin {
		a.Definitions = With(a.Definitions.Definitions)
	}
	return nil
}

// note checks a record that says what happened.
func (a *admission) note(i int) error {
	ch := &a.r.Changes()[i]
	if ch.Op != data.OpPut || ch.IfSeq != nil {
		return &data.ChangeError{Change: i, Layer: ch.Layer, Err: &data.FieldError{
			Field: "op", Value: ch.Layer, Why: "must be a put without if_seq: nothing follows a note or ends it",
		}}
	}
	data.LinkPayload(a.r.Payload(i), 0, 0)
	return nil
}

// admitRecord checks an admin record against what there is of it.
func admitRecord(c *data.Change, old *layout.Definition) error {
	switch {
	case c.Plan != nil || strings.HasPrefix(c.Layer, data.PlanName):
		return admitPlan(c, old)
	case c.Op == data.OpPut && c.Admin == nil:
		return &data.FieldError{Field: "admin", Value: c.Layer, Why: "is missing"}
	}
	return nil
}

// admitPlan checks that a record of a plan continues what there is of it: a plan ends once.
func admitPlan(c *data.Change, old *layout.Definition) error {
	switch {
	case c.Op == data.OpDelete || c.Plan == nil:
		return &data.FieldError{Field: "plan", Value: c.Layer, Why: "is ended, not deleted"}
	case c.Plan.Name() != c.Layer:
		return &data.FieldError{Field: "id", Value: c.Plan.ID, Why: fmt.Sprintf("differs from the name %q of the record", c.Layer)}
	case !old.Exists() && c.Plan.State != data.PlanPending:
		return &data.FieldError{Field: "state", Value: string(c.Plan.State), Why: "is no state in which a plan begins"}
	case old.Exists() && old.Change.Plan.State != data.PlanPending:
		return &data.FieldError{Field: "state", Value: string(c.Plan.State), Why: "follows an end: the plan is " + string(old.Change.Plan.State)}
	case old.Exists() && c.Plan.State == data.PlanPending:
		return &data.FieldError{Field: "id", Value: c.Plan.ID, Why: "is that of another plan"}
	}
	return c.Plan.Validate()
}

// present is the city that a change meets, or that a transaction leaves behind.
type present struct {
	layout.Definitions
	heads *memory.Heads
	// earlier are the changes of the same transaction before, settle waits for everything before that.
	earlier []data.Change
	settle  func() error
}

var _ rules.City = (*present)(nil)

// Settle implements [rules.City].
func (p *present) Settle(layers ...string) error {
	for _, layer := range layers {
		if p.touched(layer) {
			return &data.FieldError{Field: "layer", Value: layer, Why: "is altered after the same transaction has changed its features; alter it first, or in a transaction of its own"}
		}
	}
	return p.settle()
}

func (p *present) touched(layer string) bool {
	for i := range p.earlier {
		if e := &p.earlier[i]; e.Stream == data.StreamFeature && e.Layer == layer {
			return true
		}
	}
	return false
}

// Values implements [rules.City].
func (p *present) Values(layer string, i int) iter.Seq2[string, data.Value] {
	return p.heads.Values(layer, i)
}

// Exists implements [rules.Features].
func (p *present) Exists(layer, id string) bool {
	def := p.Layers[layer]
	if !def.Exists() {
		return false
	}
	head, ok := p.heads.Get(memory.Key{Layer: layer, ID: id}, def.Born)
	return ok && !head.Deleted
}

// Holders implements [rules.Features].
func (p *present) Holders(layer string, i int, text string) iter.Seq[string] {
	return p.heads.Holders(layer, i, text, p.Layers[layer].Born)
}

// Feature implements [rules.Features].
func (p *present) Feature(layer, id string) (data.Feature, bool) {
	return p.heads.Feature(memory.Key{Layer: layer, ID: id}, p.Layers[layer].Born)
}
