package ingest

import (
	"context"
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// EmptyError is why files without rows do not end the features of a layer.
type EmptyError struct {
	Layer    string
	Features int
}

// Error says how to end them on purpose.
func (e *EmptyError) Error() string {
	return fmt.Sprintf("there are no rows, and mode replace would end all features of layer %s (%d): allow that with --allow-empty (allow_empty=true) if it is meant; nothing has been changed",
		e.Layer, e.Features)
}

// Finish decides about the rows that wait, ends the features that no file mentioned, in replace mode, and makes visible
// what must be together. Replace ends none when a row failed: the features that the failed rows mean are not known. Files
// without rows are an *[EmptyError] there, unless allowed.
func (im *Import) Finish(ctx context.Context) error {
	im.concluding = true
	if n := im.cfg.Layer.Len(); im.cfg.Mode == Replace && im.summary.Rows == 0 && n > 0 && !im.cfg.AllowEmpty {
		if im.cfg.Guard != nil {
			n = 0
			for slot := range im.cfg.Layer.Slots() {
				if im.mine(slot) {
					n++
				}
			}
		}
		return &EmptyError{im.name(), n}
	}
	if err := im.landing(ctx, func() error { return im.conclude(ctx) }); err != nil {
		return err
	}
	if im.staged == nil {
		return ctx.Err()
	}
	return im.show(ctx)
}

// conclude finds out what lands of the rows that wait, and what ends.
func (im *Import) conclude(ctx context.Context) error {
	world := im.cfg.Engine.World()
	now, err := im.layer(world)
	if err != nil {
		return err
	}
	im.links.at(world)
	ends := im.cfg.Mode == Replace && im.summary.Failed == 0
	var stay slots
	if ends {
		stay = im.staying(now)
	}
	leaving := func(id string) bool {
		slot, mentioned := im.cfg.Layer.Lookup(id)
		return ends && mentioned && !im.seen.has(slot) && !stay.has(slot) && im.mine(slot)
	}
	land, refused, err := im.decide(leaving)
	if err == nil && ends && len(refused) > 0 {
		ends = false // and then more rows may be in vain
		land, refused, err = im.decide(leaving)
	}
	if err != nil {
		return err
	}
	for _, r := range refused {
		if err := im.refuse(r.row, r.why); err != nil {
			return err
		}
	}
	im.together = len(land) > 0 || ends && im.links.rules.Recursive(im.name())
	if err := im.landTogether(ctx, now, land); err != nil || im.cfg.Mode != Replace {
		return err
	}
	return im.replace(ctx, ends, stay)
}

// landTogether hands on the rows that waited for each other.
func (im *Import) landTogether(ctx context.Context, now *index.Layer, rows []*waiting) error {
	f := newFlight(now.DefSeq(), 0)
	for _, w := range rows {
		c, err := im.shelved(w)
		if err != nil {
			return err
		}
		if f, err = im.room(ctx, f, w.place.Size()); err != nil {
			return err
		}
		f.count(w.exists)
		f.add(c, false)
	}
	return im.hand(ctx, f)
}

// staying marks the features that no file mentions and that cannot end: those that something refers to which stays, and
// those that they refer to.
func (im *Import) staying(now *index.Layer) (stay slots) {
	if !im.links.rules.Concerns(data.OpDelete, im.name()) {
		return nil
	}
	leaving := func(id string) bool {
		slot, exists := im.cfg.Layer.Lookup(id)
		return exists && !im.seen.has(slot) && !stay.has(slot) && im.mine(slot)
	}
	for first := range im.cfg.Layer.Slots() {
		for kept := []index.Slot{first}; len(kept) > 0; {
			slot := kept[len(kept)-1]
			kept = kept[:len(kept)-1]
			id := im.cfg.Layer.ID(slot)
			if im.seen.has(slot) || stay.has(slot) || !im.mine(slot) {
				continue
			}
			here, exists := now.Lookup(id)
			if !exists {
				continue
			}
			err := im.links.end(id, leaving)
			if err == nil {
				continue
			}
			im.cfg.Note(fmt.Sprintf("feature %q stays: %v", id, err))
			stay.add(slot)
			feature := now.Feature(here)
			for target := range im.links.rules.Inner(im.name(), &feature) {
				if slot, known := im.cfg.Layer.Lookup(target); known {
					kept = append(kept, slot)
				}
			}
		}
	}
	return stay
}

// replace ends the features that no file mentions, save those that stay; without ends it counts them.
func (im *Import) replace(ctx context.Context, ends bool, stay slots) error {
	f := &flight{}
	for slot := range im.cfg.Layer.Slots() {
		if im.seen.has(slot) || !im.mine(slot) {
			continue
		}
		if !ends || stay.has(slot) {
			im.summary.Kept++
			continue
		}
		now, err := im.layer(im.cfg.Engine.World())
		if err != nil {
			return err
		}
		if im.cfg.Atomic {
			now = im.cfg.Layer
		}
		f.at = now.DefSeq()
		id := im.cfg.Layer.ID(slot)
		if _, still := im.find.find(now, id); !still {
			continue
		}
		f.ended++
		f.changes = append(f.changes, im.ends(now, slot, id))
		if len(f.changes) < im.cfg.BatchRows {
			continue
		}
		if err := im.hand(ctx, f); err != nil {
			return err
		}
		f = &flight{}
	}
	return im.hand(ctx, f)
}

// mine reports whether whoever imports may end a feature; others are not there for replace.
func (im *Import) mine(slot index.Slot) bool {
	if im.cfg.Guard == nil {
		return true
	}
	f := data.Feature{ID: im.cfg.Layer.ID(slot)}
	return im.cfg.Guard(im.cfg.World, im.cfg.Layer, data.OpDelete, &f) == nil
}

// ends is the change that ends a feature.
func (im *Import) ends(layer *index.Layer, slot index.Slot, id string) data.Change {
	c := data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: im.name(), Feature: data.Feature{ID: id}}
	if im.cfg.Atomic || im.cfg.Guard != nil {
		c.IfSeq = new(layer.ChangedAt(slot))
	}
	return c
}
