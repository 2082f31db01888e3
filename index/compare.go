package index

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// comparedRows is the number of features that a comparison replays at once, when no layer has more.
const comparedRows = 500_000

// Compare verifies that a World is what the log says: it replays the log from its beginning, without checkpoints, and
// reports each difference in definitions, plans, features and their content. Together with [World.Check], which looks at
// the trees, nothing of a World is left out but the stamps of tiles. Layers are replayed a few at a time, so that the memory
// needed is that of the largest one. The error is that of ctx or of the log, or a *[HorizonError] when history
// before the World was erased meanwhile: a newer World can be compared.
func (w *World) Compare(ctx context.Context, log History, report func(problem string)) error {
	for i, group := range w.groups() {
		again, err := w.replay(ctx, log, group)
		if err != nil {
			return err
		}
		if i == 0 {
			w.compareDefinitions(again, report)
		}
		for _, l := range group {
			if other, ok := again.Layer(l.def.Name); ok {
				if err := l.compare(ctx, other, report); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// groups are the layers, in groups that are replayed together; there is at least one group.
func (w *World) groups() [][]*Layer {
	groups := [][]*Layer{nil}
	rows := 0
	for _, l := range w.layers {
		last := &groups[len(groups)-1]
		if rows += l.Capacity(); rows > comparedRows && len(*last) > 0 {
			groups = append(groups, nil)
			last, rows = &groups[len(groups)-1], l.Capacity()
		}
		*last = append(*last, l)
	}
	return groups
}

// replay is the World of the log up to the Seq of w, with the features of some layers only.
func (w *World) replay(ctx context.Context, log History, group []*Layer) (*World, error) {
	var s state
	for entry, err := range log.Entries(ctx, 0) {
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		if entry.Seq > w.seq {
			break
		}
		for i := range entry.Changes {
			c := &entry.Changes[i]
			if c.Stream == data.StreamFeature && !slices.ContainsFunc(group, func(l *Layer) bool { return l.def.Name == c.Layer }) {
				continue
			}
			if err := s.apply(entry.Seq, c, nil); err != nil {
				return nil, fmt.Errorf("apply seq %d change %d: %w", entry.Seq, i, err)
			}
		}
		s.seq = entry.Seq
	}
	// Asked for last: what was read before may have been erased while it was read.
	if log.Horizon() > w.seq {
		return nil, &HorizonError{Horizon: log.Horizon()}
	}
	return s.publish(&World{epoch: w.epoch}), nil
}

// compareDefinitions compares all but the layers' features.
func (w *World) compareDefinitions(again *World, report func(problem string)) {
	if w.seq != again.seq || w.defined != again.defined {
		report(fmt.Sprintf("the world is at seq %d, defined at %d; the log says %d and %d", w.seq, w.defined, again.seq, again.defined))
	}
	names := func(w *World) (names []string) {
		for _, l := range w.layers {
			names = append(names, l.def.Name)
		}
		return names
	}
	if a, b := names(w), names(again); !reflect.DeepEqual(a, b) {
		report(fmt.Sprintf("the world has the layers %q, the log says %q", a, b))
	}
	if !reflect.DeepEqual(w.schemes, again.schemes) && len(w.schemes)+len(again.schemes) > 0 {
		report("the schemes of the world are not those of the log")
	}
	if !reflect.DeepEqual(w.plans, again.plans) && len(w.plans)+len(again.plans) > 0 {
		report("the plans of the world are not those of the log")
	}
}

// compare compares a layer with another of the same name, feature by feature, deleted ones included.
func (l *Layer) compare(ctx context.Context, other *Layer, report func(problem string)) error {
	name := l.def.Name
	if l.defSeq != other.defSeq || !reflect.DeepEqual(l.def, other.def) {
		report(fmt.Sprintf("layer %s: is defined at seq %d, the log says %d", name, l.defSeq, other.defSeq))
	}
	if l.seq != other.seq || l.alive != other.alive || l.next != other.next {
		report(fmt.Sprintf("layer %s: has %d features of %d ids at seq %d, the log says %d of %d at %d",
			name, l.alive, l.next, l.seq, other.alive, other.next, other.seq))
	}
	for s := range l.next {
		if s%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		id := l.ID(s)
		a, _ := l.Head(id)
		b, ok := other.Head(id)
		if !ok || a != b {
			report(fmt.Sprintf("layer %s, feature %q: is %+v, the log says %+v", name, id, a, b))
			continue
		}
		if a.Deleted {
			continue
		}
		slot, _ := other.Lookup(id)
		if f, g := l.Feature(s), other.Feature(slot); !f.Equal(&g) {
			report(fmt.Sprintf("layer %s, feature %q: its content differs from the log", name, id))
		}
	}
	return nil
}
