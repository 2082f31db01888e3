package boltstore

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// admission checks changes of definitions against those before them.
type admission struct{ layout.Definitions }

// admit checks a change of a definition and fills its links.
func (d admission) admit(seq data.Seq, i int, c *data.Change) error {
	fail := func(err error) error { return &data.ChangeError{Change: i, Layer: c.Layer, Err: err} }
	old := d.Of(c.Stream)[c.Layer]
	have := data.Seq(0)
	if old.Exists() {
		have = old.Seq
	}
	if old != nil && old.Seq == seq {
		return fail(&data.FieldError{Field: "layer", Value: c.Layer, Why: "a transaction may change each definition once"})
	}
	if c.IfSeq != nil && *c.IfSeq != have {
		return &data.ConflictError{Change: i, Layer: c.Layer, Want: *c.IfSeq, Have: have}
	}
	c.Prev = have
	if c.Op == data.OpDelete && have == 0 {
		return fail(&data.FieldError{Field: "layer", Value: c.Layer, Why: "does not exist"})
	}
	var err error
	switch {
	case c.Stream == data.StreamScheme && c.Op == data.OpPut:
		err = d.admitScheme(c)
	case c.Stream == data.StreamSchema && c.Op == data.OpPut:
		err = d.admitLayer(c, old)
	case c.Stream == data.StreamAdmin:
		err = admitPlan(c, old)
	case c.Stream == data.StreamSchema:
		err = d.checkSchemes(c.Layer, d.without(c.Layer))
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

func (d admission) admitScheme(c *data.Change) error {
	if c.Scheme.Name != c.Layer {
		return &data.FieldError{Field: "name", Value: c.Scheme.Name, Why: fmt.Sprintf("differs from the name %q of the change", c.Layer)}
	}
	return c.Scheme.Validate(d.Layer)
}

func (d admission) admitLayer(c *data.Change, old *layout.Definition) error {
	if c.Definition.Name != c.Layer {
		return &data.FieldError{Field: "name", Value: c.Definition.Name, Why: fmt.Sprintf("differs from the name %q of the change", c.Layer)}
	}
	if err := c.Definition.Validate(); err != nil {
		return err
	}
	if !old.Exists() {
		return nil
	}
	if err := alterable(old.Change.Definition, c.Definition); err != nil {
		return err
	}
	return d.checkSchemes(c.Layer, func(name string) (*data.Layer, bool) {
		if name == c.Layer {
			return c.Definition, true
		}
		return d.Layer(name)
	})
}

func (d admission) without(dropped string) func(string) (*data.Layer, bool) {
	return func(name string) (*data.Layer, bool) {
		if name == dropped {
			return nil, false
		}
		return d.Layer(name)
	}
}

// checkSchemes verifies that the schemes whose cells are in a layer still fit when layers are what layer says.
func (d admission) checkSchemes(name string, layer func(string) (*data.Layer, bool)) error {
	for _, s := range d.Schemes {
		if !s.Exists() || s.Change.Scheme.Cells.Layer != name {
			continue
		}
		if err := s.Change.Scheme.Validate(layer); err != nil {
			return &data.FieldError{Field: "layer", Value: name, Why: fmt.Sprintf("is used by scheme %s: %v", s.Change.Layer, err)}
		}
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

// alterable reports why a layer that holds features may not be altered: stored values belong to attributes by
// position, and features that exist must still fit.
func alterable(from, to *data.Layer) error {
	bad := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	if to.Geometry != from.Geometry {
		return bad("geometry", string(to.Geometry), "cannot be altered, it is "+string(from.Geometry))
	}
	if to.ID != from.ID {
		return bad("id", "", "cannot be altered")
	}
	if len(to.Attributes) < len(from.Attributes) {
		return bad("attributes", strconv.Itoa(len(to.Attributes)), fmt.Sprintf("the layer has %d; attributes cannot be removed", len(from.Attributes)))
	}
	var errs []error
	for i, a := range to.Attributes {
		at := fmt.Sprintf("attributes[%d]", i)
		if i >= len(from.Attributes) {
			if a.Required {
				errs = append(errs, bad(at+".required", "true", "features that exist do not have the new attribute"))
			}
			continue
		}
		b := from.Attributes[i]
		switch {
		case a.Name != b.Name:
			errs = append(errs, bad(at+".name", a.Name, "must stay "+b.Name+"; attributes keep their place and name"))
		case a.Type != b.Type:
			errs = append(errs, bad(at+".type", string(a.Type), "must stay "+string(b.Type)))
		case a.Required && !b.Required:
			errs = append(errs, bad(at+".required", "true", "features that exist may lack the attribute"))
		}
	}
	return errors.Join(errs...)
}
