// Package compare verifies that a World of the engine holds together and is what the log says.
package compare

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/records"
)

// checkEvery is the number of features between two looks at the context.
const checkEvery = 4096

// History is what a comparison needs of a store; see [data.Store] for the contracts.
type History interface {
	Horizon() data.Seq
	Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error]
}

// comparedRows is the number of features that a comparison replays at once, when no layer has more.
const comparedRows = 500_000

// World verifies that a World is what the log says: it replays the log from its beginning, without checkpoints, and
// reports each difference in definitions, dictionaries, plans, features and their content. Together with [Check], which looks at
// the trees, nothing of a World is left out but the stamps of tiles. Layers are replayed a few at a time, so that the memory
// needed is that of the largest one. The error is that of ctx or of the log, or a *[index.HorizonError] when history
// before the World was erased meanwhile: a newer World can be compared.
func World(ctx context.Context, w *index.World, log History, report func(problem string)) error {
	for i, group := range groups(w) {
		again, err := replay(ctx, w, log, group)
		if err != nil {
			return err
		}
		if i == 0 {
			definitions(w, again, report)
		}
		for _, l := range group {
			if other, ok := again.Layer(l.Def().Name); ok {
				if err := layers(ctx, l, other, report); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// groups are the layers, in groups that are replayed together; there is at least one group.
func groups(w *index.World) [][]*index.Layer {
	groups := [][]*index.Layer{nil}
	rows := 0
	for _, l := range w.Layers() {
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
func replay(ctx context.Context, w *index.World, log History, group []*index.Layer) (*index.World, error) {
	names := map[string]bool{}
	for _, l := range group {
		names[l.Def().Name] = true
	}
	e := index.NewEngine(&part{History: log, world: w, names: names})
	if err := e.Load(ctx, nil); err != nil {
		return nil, err
	}
	// Asked for last: what was read before may have been erased while it was read.
	if horizon := log.Horizon(); horizon > w.Seq() {
		return nil, &index.HorizonError{Horizon: horizon}
	}
	return e.World(), nil
}

// part is the log up to the Seq of a World, without checkpoint and with the features of some layers only.
type part struct {
	History
	world *index.World
	names map[string]bool
}

// Epoch implements index.Log.
func (p *part) Epoch() data.Epoch { return p.world.Epoch() }

// Last implements index.Log.
func (p *part) Last() data.Seq { return p.world.Seq() }

// Wait implements index.Log: there is nothing to wait for.
func (p *part) Wait(context.Context, data.Seq) error { return data.ErrClosed }

// Checkpoint implements index.Log: there is none.
func (p *part) Checkpoint(_ context.Context, mark *data.Seq) iter.Seq2[data.Record, error] {
	*mark = 0
	return func(func(data.Record, error) bool) {}
}

// Entries implements index.Log.
func (p *part) Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error] {
	return func(yield func(*data.Entry, error) bool) {
		for e, err := range p.History.Entries(ctx, after) {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case e.Seq > p.world.Seq():
				return
			}
			bare := *e
			bare.Changes = nil
			for i := range e.Changes {
				if c := &e.Changes[i]; c.Stream != data.StreamFeature || p.names[c.Layer] {
					bare.Changes = append(bare.Changes, *c)
				}
			}
			if !yield(&bare, nil) {
				return
			}
		}
	}
}

// definitions compares all but the layers' features.
func definitions(w, again *index.World, report func(problem string)) {
	if w.Seq() != again.Seq() || w.Defined() != again.Defined() {
		report(fmt.Sprintf("the world is at seq %d, defined at %d; the log says %d and %d", w.Seq(), w.Defined(), again.Seq(), again.Defined()))
	}
	names := func(w *index.World) (names []string) {
		for _, l := range w.Layers() {
			names = append(names, l.Def().Name)
		}
		return names
	}
	if a, b := names(w), names(again); !slices.Equal(a, b) {
		report(fmt.Sprintf("the world has the layers %q, the log says %q", a, b))
	}
	if a, b := w.Schemes(), again.Schemes(); len(a)+len(b) > 0 && !reflect.DeepEqual(a, b) {
		report("the schemes of the world are not those of the log")
	}
	if a, b := w.Dictionaries(), again.Dictionaries(); len(a)+len(b) > 0 && !reflect.DeepEqual(a, b) {
		report("the dictionaries of the world are not those of the log")
	}
	if a, b := w.Plans(), again.Plans(); len(a)+len(b) > 0 && !reflect.DeepEqual(a, b) {
		report("the plans of the world are not those of the log")
	}
	if w.AdminSeq() != again.AdminSeq() || w.Planning().Seq() != again.Planning().Seq() || !slices.EqualFunc(admins(w), admins(again), sameAdmin) {
		report("the admin records of the world are not those of the log")
	}
}

func admins(w *index.World) (all []*records.Record) {
	for _, kind := range []string{data.AdminOrganisation, data.AdminPost, data.AdminStaff, data.AdminSetting, data.AdminDraft, data.AdminStep, data.AdminVersion, data.AdminLineage, data.AdminMark, data.AdminRequest} {
		all = slices.AppendSeq(all, w.Admin(kind))
	}
	return all
}

func sameAdmin(a, b *records.Record) bool {
	return a.Seq == b.Seq && a.Prev == b.Prev && reflect.DeepEqual(a.Admin, b.Admin)
}

// layers compares a layer with another of the same name, feature by feature, deleted ones included.
func layers(ctx context.Context, l, other *index.Layer, report func(problem string)) error {
	name := l.Def().Name
	if l.DefSeq() != other.DefSeq() || !reflect.DeepEqual(l.Def(), other.Def()) {
		report(fmt.Sprintf("layer %s: is defined at seq %d, the log says %d", name, l.DefSeq(), other.DefSeq()))
	}
	if l.Seq() != other.Seq() || l.Len() != other.Len() || l.Capacity() != other.Capacity() {
		report(fmt.Sprintf("layer %s: has %d features of %d ids at seq %d, the log says %d of %d at %d",
			name, l.Len(), l.Capacity(), l.Seq(), other.Len(), other.Capacity(), other.Seq()))
	}
	for s := range index.Slot(l.Capacity()) {
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
