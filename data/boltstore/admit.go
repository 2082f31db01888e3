package boltstore

import (
	"context"
	"math"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/memory"
)

// draft is what the next transaction of a group builds on.
type draft struct {
	position
	defs layout.Definitions
	// barrier is the entry that the engine must have applied before the next group can be checked.
	barrier data.Seq
}

// admit checks the changes of a request in order against what is current, earlier changes of the group and of the
// request included, and fills their permanent ids and previous seqs. On an error nothing of the request remains.
func (c *committer) admit(ctx context.Context, d *draft, r *request) error {
	if e := r.tx.Effective; e.Truncate(time.Microsecond).After(d.recorded) {
		return &data.FieldError{Field: "effective", Value: e.Format(time.RFC3339Nano), Why: "lies in the future: plan the changes for that time"}
	}
	for layer, want := range r.tx.Defined {
		if def := d.defs.Layers[layer]; !def.Exists() {
			return &data.RedefinedError{Layer: layer, Want: want}
		} else if def.Seq != want {
			return &data.RedefinedError{Layer: layer, Want: want, Have: def.Seq}
		}
	}
	mark := c.heads.Mark()
	next := *d
	next.seq++
	if r.defines {
		next.defs = next.defs.Clone()
	}
	for i := range r.changes {
		var err error
		if r.changes[i].Stream == data.StreamFeature {
			err = c.admitFeature(&next, i, &r.changes[i])
		} else {
			err = c.admitDefinition(ctx, &next, i, r)
		}
		if err != nil {
			c.heads.Rollback(mark)
			return err
		}
		data.LinkPayload(r.payload(i), r.changes[i].Permanent, r.changes[i].Prev)
		r.changes[i].IfSeq = nil
	}
	*d = next
	return nil
}

func (c *committer) admitFeature(d *draft, i int, ch *data.Change) error {
	fail := func(err error) error {
		return &data.ChangeError{Change: i, Layer: ch.Layer, ID: ch.Feature.ID, Err: err}
	}
	def := d.defs.Layers[ch.Layer]
	if !def.Exists() {
		return fail(&data.FieldError{Field: "layer", Value: ch.Layer, Why: "is not a layer"})
	}
	key := memory.Key{Layer: ch.Layer, ID: ch.Feature.ID}
	head, known := c.heads.Get(key, def.Born)
	have := data.Seq(0)
	if known && !head.Deleted {
		have = head.Seq
	}
	if ch.IfSeq != nil && *ch.IfSeq != have {
		return &data.ConflictError{Change: i, Layer: ch.Layer, ID: ch.Feature.ID, Want: *ch.IfSeq, Have: have}
	}
	if ch.Op == data.OpDelete {
		if have == 0 {
			return fail(&data.FieldError{Field: "id", Value: ch.Feature.ID, Why: "does not exist"})
		}
	} else if err := def.Change.Definition.Check(&ch.Feature); err != nil {
		return fail(err)
	}
	if !known {
		if d.permanent == math.MaxUint32 {
			return fail(&data.FieldError{Field: "id", Value: ch.Feature.ID, Why: "the store has given out all permanent ids"})
		}
		d.permanent++
		head.Permanent = d.permanent
	}
	ch.Permanent, ch.Prev = head.Permanent, head.Seq
	c.heads.Set(key, data.Head{Seq: d.seq, Permanent: head.Permanent, Deleted: ch.Op == data.OpDelete})
	return nil
}
