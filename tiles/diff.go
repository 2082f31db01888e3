package tiles

import (
	"context"
	"fmt"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// Suffixes that make, from the name of a layer, the names of the layers of a tile of differences: features that only the
// second World has, those that only the first has, drawn as they were, and those that differ, drawn as they are in the
// second.
const (
	AddedSuffix   = "_added"
	RemovedSuffix = "_removed"
	ChangedSuffix = "_changed"
)

// difference keeps the features of a layer of one World that compare so with the other.
type difference struct {
	suffix string
	// other is the layer in the other World, nil when that has none.
	other *index.Layer
}

// keep is [Filter.Keep].
func (d *difference) keep(ctx context.Context, l *index.Layer, slots []index.Slot) ([]index.Slot, error) {
	kept := slots[:0]
	for i, s := range slots {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		there, known := index.Slot(0), false
		if d.other != nil {
			there, known = d.other.Lookup(l.ID(s))
		}
		if d.suffix == ChangedSuffix && known && !same(l, s, d.other, there) || d.suffix != ChangedSuffix && !known {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// same reports whether two states of a feature read the same: the same shape, and the same values of all attributes
// under their names of either time.
func same(a *index.Layer, s index.Slot, b *index.Layer, t index.Slot) bool {
	if a.ChangedAt(s) == b.ChangedAt(t) && a.DefSeq() == b.DefSeq() {
		return true
	}
	if !a.Shape(s).Equal(b.Shape(t)) {
		return false
	}
	// Attributes keep their places for ever.
	for i := range max(len(a.Def().Attributes), len(b.Def().Attributes)) {
		if a.Value(s, i) != b.Value(t, i) {
			return false
		}
	}
	return true
}

// Diff returns what differs in tile z/x/y between two Worlds of one history, for each layer of a tileset of either:
// features of b that a does not have, features that differ, and features of a that b does not have, in layers with
// [AddedSuffix], [ChangedSuffix] and [RemovedSuffix]. A feature that has moved is drawn where it is in b. The query is as
// for [Maker.Tile]; totals and groups have no differences, which is a *data.FieldError, as is a layer that neither World
// has.
func (m *Maker) Diff(ctx context.Context, a, b *index.World, set Tileset, z, x, y uint32, q *Query) (Tile, error) {
	if err := CheckAddress(z, x, y); err != nil {
		return Tile{}, err
	}
	if q == nil {
		q = &Query{}
	}
	var sources []source
	for _, name := range set.Layers {
		before, asBefore, was := drawnLayer(a, name)
		after, asAfter, is := drawnLayer(b, name)
		switch {
		case !was && !is:
			return Tile{}, &data.FieldError{Field: "tileset", Value: name, Why: "is not a layer; known are " + known(b)}
		case was && asBefore != asItself || is && asAfter != asItself:
			return Tile{}, &data.FieldError{Field: "tileset", Value: name, Why: "has no differences: ask for those of the layer itself"}
		}
		if !was {
			before = nil
		}
		if is {
			sources = append(sources, source{world: b, layer: after, differs: &difference{AddedSuffix, before}}, source{world: b, layer: after, differs: &difference{ChangedSuffix, before}})
		} else {
			after = nil
		}
		if was {
			sources = append(sources, source{world: a, layer: before, differs: &difference{RemovedSuffix, after}})
		}
	}
	f := newFrame(z, x, y, q.Shift)
	key := tileKey{
		epoch: b.Epoch(), layers: strings.Join(set.Layers, ","), z: z, x: x, y: y, moment: exactly(a) + ".." + exactly(b),
		query: q.key(), crs: f.crs(), sight: a.View() + b.View(), encoding: q.Encoding,
	}
	// The name says all that the tile depends on.
	if e, ok := m.lookup(key, b.Seq(), 0); ok {
		m.hits.Add(1)
		return e.at(b), nil
	}
	return m.drawn(ctx, b, sources, key, 0, q)
}

// exactly names a World.
func exactly(w *index.World) string { return fmt.Sprintf("%d@%s", w.Seq(), momentOf(w)) }
