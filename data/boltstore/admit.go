package boltstore

import (
	"context"
	"math"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/memory"
	"github.com/gewu-city/gewu/data/rules"
)

// draft is what the next transaction of a group builds on.
type draft struct {
	position
	defs layout.Definitions
	// links follow from defs.
	links *rules.Links
}

// admission is the check of one request against a draft.
type admission struct {
	*draft
	c *committer
	r *request
	// linked are the changes whose links are checked when all are known; emptied are the refs that the request empties
	// because of what it deletes.
	linked  []int
	emptied rules.Emptied
}

// admit checks the changes of a request in order against what is current, earlier changes of the group and of the
// request included, and fills their permanent ids and previous seqs. Links are checked against what the whole request
// leaves behind; what it takes with it is added to the request. On an error nothing of the request remains.
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
	a := admission{draft: &next, c: c, r: r, emptied: rules.Emptied{Most: data.MaxTxChanges - len(r.changes)}}
	if err := a.all(ctx); err != nil {
		c.heads.Rollback(mark)
		return err
	}
	*d = next
	return nil
}

func (a *admission) all(ctx context.Context) error {
	given := len(a.r.changes)
	for i := range given {
		var err error
		if a.r.changes[i].Stream == data.StreamFeature {
			err = a.feature(i)
		} else {
			err = a.definition(ctx, i)
		}
		if err != nil {
			return err
		}
	}
	if err := a.checkLinks(); err != nil {
		return err
	}
	for i, ch := range a.emptied.Changes() {
		if err := a.r.add(ch); err != nil {
			return err
		}
		if err := a.feature(given + i); err != nil {
			return err
		}
	}
	return nil
}

// feature checks the change of a feature by itself and against its layer.
func (a *admission) feature(i int) error {
	ch := &a.r.changes[i]
	fail := func(err error) error {
		return &data.ChangeError{Change: i, Layer: ch.Layer, ID: ch.Feature.ID, Err: err}
	}
	def := a.defs.Layers[ch.Layer]
	if !def.Exists() {
		return fail(&data.FieldError{Field: "layer", Value: ch.Layer, Why: "is not a layer"})
	}
	key := memory.Key{Layer: ch.Layer, ID: ch.Feature.ID}
	head, known := a.c.heads.Get(key, def.Born)
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
		if a.permanent == math.MaxUint32 {
			return fail(&data.FieldError{Field: "id", Value: ch.Feature.ID, Why: "the store has given out all permanent ids"})
		}
		a.permanent++
		head.Permanent = a.permanent
	}
	ch.Permanent, ch.Prev, ch.IfSeq = head.Permanent, head.Seq, nil
	data.LinkPayload(a.r.payload(i), ch.Permanent, ch.Prev)
	a.c.heads.Set(key, data.Head{Seq: a.seq, Permanent: head.Permanent, Deleted: ch.Op == data.OpDelete})
	a.track(key, i)
	return nil
}

// track keeps what links are checked against, and notes the change when it can break one.
func (a *admission) track(key memory.Key, i int) {
	ch := &a.r.changes[i]
	if a.links.Linked(ch.Layer) {
		var f *data.Feature
		if ch.Op == data.OpPut {
			f = &ch.Feature
		}
		a.c.heads.Track(key, f, a.links.Holding(ch.Layer, &ch.Feature))
	}
	if a.links.Concerns(ch.Op, ch.Layer) {
		a.linked = append(a.linked, i)
	}
}

// checkLinks checks the features that the request leaves behind, and finds the refs that it empties.
func (a *admission) checkLinks() error {
	left := &present{Definitions: a.defs, heads: a.c.heads}
	for _, i := range a.linked {
		ch := &a.r.changes[i]
		f, exists := left.Feature(ch.Layer, ch.Feature.ID)
		var err error
		switch {
		case ch.Op == data.OpDelete && !exists:
			err = a.links.Delete(left, ch.Layer, ch.Feature.ID, &a.emptied)
		case ch.Op == data.OpPut && exists:
			err = a.links.Put(left, ch.Layer, &f) // of several puts the last one counts
		}
		if err != nil {
			return &data.ChangeError{Change: i, Layer: ch.Layer, ID: ch.Feature.ID, Err: err}
		}
	}
	return nil
}
