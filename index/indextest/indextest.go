// Package indextest helps tests that need a city in memory: a log without a disk, an engine that runs until the test
// ends, and short ways to write changes and shapes. Only tests import it.
package indextest

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/compare"
)

// Log is a log in memory: what the engine needs of a store and nothing else. It is safe for concurrent use.
type Log struct {
	mu         sync.Mutex
	entries    []*data.Entry
	signal     chan struct{}
	permanents map[string]uint32
	newest     map[string]data.Seq // of each feature and kept admin record
	numbers    []uint32            // the highest permanent id of each entry
	given      uint32
	// Records and Mark are what Checkpoint yields; set them before the engine loads.
	Records []data.Record
	Mark    data.Seq
}

// NewLog returns an empty log.
func NewLog() *Log {
	return &Log{signal: make(chan struct{}), permanents: map[string]uint32{}, newest: map[string]data.Seq{}}
}

// Recorded is when the entry seq of a Log was recorded: one second after the one before it.
func Recorded(seq data.Seq) time.Time {
	return time.Date(2026, 1, 1, 0, 0, int(seq), 0, time.UTC)
}

// Append adds a transaction, giving features their permanent ids, and returns its Seq.
func (m *Log) Append(changes ...data.Change) data.Seq { return m.add(time.Time{}, changes) }

// AppendAt is Append for changes that take effect at a time, zero for when they are recorded.
func (m *Log) AppendAt(effective time.Time, changes ...data.Change) data.Seq {
	return m.add(effective, changes)
}

// Together adds transactions that become visible together and returns the Seq of the last.
func (m *Log) Together(txs ...[]data.Change) data.Seq { return m.add(time.Time{}, txs...) }

func (m *Log) add(effective time.Time, txs ...[]data.Change) data.Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := data.Seq(len(m.entries) + len(txs))
	recorded := Recorded(last)
	if effective.IsZero() {
		effective = recorded
	}
	for _, changes := range txs {
		seq := data.Seq(len(m.entries) + 1)
		m.number(seq, changes)
		m.entries = append(m.entries, &data.Entry{Seq: seq, Visible: last, Recorded: recorded, Effective: effective, Changes: changes})
		m.numbers = append(m.numbers, m.given)
	}
	close(m.signal)
	m.signal = make(chan struct{})
	return last
}

// number gives the changes of an entry their permanent ids and previous Seqs.
func (m *Log) number(seq data.Seq, changes []data.Change) {
	for i := range changes {
		c := &changes[i]
		switch {
		case c.Stream == data.StreamFeature:
			key := c.Layer + "/" + c.Feature.ID
			if m.permanents[key] == 0 {
				m.given++
				m.permanents[key] = m.given
			}
			c.Permanent, c.Prev = m.permanents[key], m.newest[key]
			m.newest[key] = seq
		case c.Stream == data.StreamAdmin && c.Plan == nil && c.Kept():
			key := "admin " + c.Layer
			c.Prev, m.newest[key] = m.newest[key], seq
		case c.Stream == data.StreamSchema && c.Op == data.OpDelete:
			// The features of a later layer of the name are others.
			for key := range m.permanents {
				if strings.HasPrefix(key, c.Layer+"/") {
					delete(m.permanents, key)
					delete(m.newest, key)
				}
			}
		}
	}
}

// Share returns a log with the same entries, for a second engine with another checkpoint.
func (m *Log) Share() *Log {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Log{
		entries: m.entries, signal: make(chan struct{}), permanents: m.permanents, newest: m.newest, numbers: m.numbers, given: m.given,
	}
}

// All are the entries so far.
func (m *Log) All() []*data.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries
}

// Epoch implements index.Log.
func (m *Log) Epoch() data.Epoch { return "test" }

// Last implements index.Log.
func (m *Log) Last() data.Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	return data.Seq(len(m.entries))
}

// Wait implements index.Log.
func (m *Log) Wait(ctx context.Context, after data.Seq) error {
	for {
		m.mu.Lock()
		last, signal := data.Seq(len(m.entries)), m.signal
		m.mu.Unlock()
		if last > after {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-signal:
		}
	}
}

// Entries implements index.Log.
func (m *Log) Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error] {
	return func(yield func(*data.Entry, error) bool) {
		m.mu.Lock()
		entries := m.entries[after:]
		m.mu.Unlock()
		for _, e := range entries {
			if !yield(e, ctx.Err()) {
				return
			}
		}
	}
}

// Horizon implements index.History: nothing is ever erased.
func (m *Log) Horizon() data.Seq { return 0 }

// Header implements index.History.
func (m *Log) Header(ctx context.Context, seq data.Seq) (data.Header, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq == 0 || int(seq) > len(m.entries) {
		return data.Header{}, data.ErrNoEntry
	}
	e := m.entries[seq-1]
	return data.Header{Seq: seq, Visible: e.Visible, Recorded: e.Recorded, Effective: e.Effective, Permanent: m.numbers[seq-1]}, ctx.Err()
}

// SeqAt implements index.History.
func (m *Log) SeqAt(ctx context.Context, t time.Time) (data.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for n < len(m.entries) && !m.entries[n].Recorded.After(t) {
		n++
	}
	return data.Seq(n), ctx.Err()
}

// Changes implements index.History.
func (m *Log) Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq == 0 || int(seq) > len(m.entries) {
		return nil, data.ErrNoEntry
	}
	var found []data.Change
	wanted := slices.Sorted(slices.Values(permanents))
	for _, c := range m.entries[seq-1].Changes {
		if _, ok := slices.BinarySearch(wanted, c.Permanent); ok {
			found = append(found, c)
		}
	}
	return found, ctx.Err()
}

// Checkpoint implements index.Log.
func (m *Log) Checkpoint(_ context.Context, mark *data.Seq) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		*mark = m.Mark
		for _, r := range m.Records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Put adds or changes a feature.
func Put(layer, id string, shape geo.Shape, values ...data.Value) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: layer, Feature: data.Feature{ID: id, Shape: shape, Values: values}}
}

// End ends a feature.
func End(layer, id string) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: layer, Feature: data.Feature{ID: id}}
}

// Define creates or alters a layer.
func Define(l *data.Layer) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: l.Name, Definition: l}
}

// Divide declares a scheme whose cells are the features of a layer, below the given levels.
func Divide(name, layer string, levels ...string) data.Change {
	s := &data.Scheme{Name: name, Levels: levels, Cells: data.SchemeCells{Layer: layer}}
	return data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: name, Scheme: s}
}

// Drop ends a layer.
func Drop(name string) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpDelete, Layer: name}
}

// Start loads and runs an engine until the test ends and then checks the invariants of its World.
func Start(t testing.TB, log *Log) *index.Engine {
	t.Helper()
	e := index.NewEngine(log)
	run(t, e)
	return e
}

// StartPast is Start for an engine with a past.
func StartPast(t testing.TB, log *Log, o index.PastOptions) (*index.Engine, *index.Past) {
	t.Helper()
	e := index.NewEngine(log)
	p := index.NewPast(e, log, o)
	run(t, e)
	return e, p
}

func run(t testing.TB, e *index.Engine) {
	t.Helper()
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("engine: %v", err)
		}
		if err := compare.Check(context.Background(), e.World(), func(p string) { t.Errorf("broken invariant: %s", p) }); err != nil {
			t.Error(err)
		}
	})
}

// At waits for the World at seq.
func At(t testing.TB, e *index.Engine, seq data.Seq) *index.World {
	t.Helper()
	w, err := e.Wait(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Polygon is a polygon of one ring, given without its closing vertex.
func Polygon(points ...geo.Point) geo.Shape {
	xy := slices.Concat(points, points[:1])
	s, err := geo.NewShape(geo.KindPolygon, xy, []uint32{uint32(len(xy))}, []uint32{1})
	if err != nil {
		panic(err)
	}
	return s
}

// Rect is a rectangle in integer units.
func Rect(x0, y0, x1, y1 int32) geo.Shape {
	return Polygon(geo.Point{X: x0, Y: y0}, geo.Point{X: x1, Y: y0}, geo.Point{X: x1, Y: y1}, geo.Point{X: x0, Y: y1})
}
