package index

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/column"
)

// Log is what the engine needs of a store; see [data.Store] for the contracts.
type Log interface {
	Epoch() data.Epoch
	Last() data.Seq
	Wait(ctx context.Context, after data.Seq) error
	Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error]
	Checkpoint(ctx context.Context, mark *data.Seq) iter.Seq2[data.Record, error]
}

// publishEvery bounds the changes applied between two published Worlds while the engine catches up, so that readers
// see a long import grow.
const publishEvery = 20_000

// massChange is the number of changes of one layer in one publication beyond which the layer's tiles are marked
// whole instead of one by one: marking costs about 17 tree insertions a change.
const massChange = 2_000

// Engine follows a log and publishes Worlds. Load it, then Run it; World, Wait, Subscribe and the methods of
// [data.Heads] may be called from any goroutine at any time after Load.
type Engine struct {
	log   Log
	world atomic.Pointer[World]
	feed  feed

	// The rest belongs to the goroutine in Load or Run.
	state
	recent recent
	// pending is what became dirty since the last publication, by layer.
	pending map[string]*dirtyLayer
	// loud is set when anything but what happened to cases was applied since the last publication.
	loud        bool
	projections []Projection
}

var _ data.Heads = (*Engine)(nil)

// NewEngine returns an engine for the log, with an empty World until Load.
func NewEngine(log Log) *Engine {
	e := &Engine{log: log, pending: map[string]*dirtyLayer{}}
	e.feed.init()
	e.world.Store(&World{epoch: log.Epoch()})
	return e
}

// Load reads the newest checkpoint and the log after it and publishes the World at the log's end. progress, when
// not nil, is called now and then with the number of features loaded so far.
func (e *Engine) Load(ctx context.Context, progress func(features int)) error {
	var mark data.Seq
	loaded := 0
	for record, err := range e.log.Checkpoint(ctx, &mark) {
		if err != nil {
			return fmt.Errorf("read checkpoint: %w", err)
		}
		if record.Change.Stream == data.StreamFeature && e.table(record.Change.Layer) == nil {
			// Records may be newer than the mark: the log after it defines the layer and holds the feature.
			continue
		}
		if err := e.apply(record.Seq, &record.Change, nil, nil); err != nil {
			return fmt.Errorf("checkpoint record of %s/%s: %w", record.Change.Layer, record.Change.Feature.ID, err)
		}
		if loaded++; progress != nil && loaded%column.ChunkRows == 0 {
			progress(loaded)
		}
	}
	e.seq = mark
	for entry, err := range e.log.Entries(ctx, mark) {
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		if err := e.applyEntry(entry); err != nil {
			return err
		}
		if loaded += len(entry.Changes); progress != nil {
			progress(loaded)
		}
	}
	for _, t := range e.tables {
		t.touched.MarkAll(e.seq)
	}
	e.recent.begin(e.seq)
	clear(e.pending)
	e.loud = false
	// The feed starts here: it cannot say what changed before.
	if w := e.next(); w != nil {
		for _, p := range e.projections {
			p.Advance(w)
		}
		e.world.Store(w)
	}
	return nil
}

// Run follows the log and publishes a World after each commit group, until ctx ends or the log cannot be read. It
// returns nil when ctx ended.
func (e *Engine) Run(ctx context.Context) error {
	defer e.feed.close()
	for {
		if err := e.log.Wait(ctx, e.seq); err != nil {
			if ctx.Err() != nil || errors.Is(err, data.ErrClosed) {
				return nil
			}
			return fmt.Errorf("wait for changes: %w", err)
		}
		changes := 0
		for entry, err := range e.log.Entries(ctx, e.seq) {
			if err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return fmt.Errorf("read log: %w", err)
			}
			if err := e.applyEntry(entry); err != nil {
				return err
			}
			whole := entry.Visible <= entry.Seq // what was appended together is shown together
			if changes += len(entry.Changes); changes >= publishEvery && whole {
				e.publish()
				changes = 0
			}
		}
		e.publish()
	}
}

func (e *Engine) applyEntry(entry *data.Entry) error {
	var replaced *[]version
	if e.recent.begun {
		replaced = new([]version)
	}
	for i := range entry.Changes {
		e.loud = e.loud || entry.Changes[i].Stream != data.StreamCase
		if err := e.apply(entry.Seq, &entry.Changes[i], e.pending, replaced); err != nil {
			return fmt.Errorf("apply seq %d change %d: %w", entry.Seq, i, err)
		}
	}
	e.seq = entry.Seq
	if replaced != nil {
		e.recent.add(entry, *replaced)
	}
	return nil
}

// publish makes what was applied visible: first the World, then the feed that tells of it.
func (e *Engine) publish() {
	old := e.world.Load()
	for name, dirty := range e.pending {
		if t := e.table(name); t != nil {
			e.stamp(t, dirty)
		}
	}
	w := e.next()
	if w == nil {
		return
	}
	for _, p := range e.projections {
		for name, found := range p.Advance(w) {
			d := dirtyOf(e.pending, name)
			for _, b := range found {
				d.boxes.add(b)
			}
		}
	}
	e.world.Store(w)
	e.feed.publish(old.seq, w, old.defined != w.defined, !e.loud && len(e.pending) == 0, e.pending)
	e.loud = false
	clear(e.pending)
}

// next is a World of what was applied, nil when the published one already shows it. Layers that did not change are
// shared.
func (e *Engine) next() *World {
	old := e.world.Load()
	if old.seq == e.seq && old.defined == e.defined {
		return nil
	}
	return e.state.publish(old)
}

func (e *Engine) stamp(t *table, dirty *dirtyLayer) {
	if dirty.changes > massChange {
		t.touched.MarkAll(e.seq)
		return
	}
	for _, b := range dirty.marks {
		t.touched.Mark(e.seq, b)
	}
}

// World is the newest published World. It never waits.
func (e *Engine) World() *World { return e.world.Load() }

// Wait returns a World at seq or later, or the error of ctx. It returns [data.ErrClosed] when the engine has
// stopped before.
func (e *Engine) Wait(ctx context.Context, seq data.Seq) (*World, error) {
	for {
		published := e.feed.signal()
		if w := e.World(); w.seq >= seq {
			return w, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-published:
			if e.feed.closed() && e.World().seq < seq {
				return nil, data.ErrClosed
			}
		}
	}
}

// Applied implements [data.Heads].
func (e *Engine) Applied() data.Seq { return e.World().seq }

// Head implements [data.Heads].
func (e *Engine) Head(layer, id string) (data.Head, bool) {
	l, ok := e.World().Layer(layer)
	if !ok {
		return data.Head{}, false
	}
	return l.Head(id)
}

// Layer implements [data.Heads].
func (e *Engine) Layer(name string) (*data.Layer, bool) {
	l, ok := e.World().Layer(name)
	if !ok {
		return nil, false
	}
	return l.def, true
}

// Scheme implements [data.Heads].
func (e *Engine) Scheme(name string) (*data.Scheme, bool) { return e.World().Scheme(name) }

// dirtyOf is what is noted under a name.
func dirtyOf(pending map[string]*dirtyLayer, name string) *dirtyLayer {
	d := pending[name]
	if d == nil {
		d = &dirtyLayer{}
		pending[name] = d
	}
	return d
}

// noteDirty collects the boxes of a change for stamping and for the feed.
func noteDirty(pending map[string]*dirtyLayer, layer string, boxes ...geo.Box) {
	d := dirtyOf(pending, layer)
	d.changes++
	for _, b := range boxes {
		if b.Empty() {
			continue
		}
		if d.changes <= massChange {
			d.marks = append(d.marks, b)
		}
		d.boxes.add(b)
	}
}
