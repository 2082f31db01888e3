package index_test

import (
	"context"
	"iter"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// memLog is a log in memory: what the engine needs of a store and nothing else.
type memLog struct {
	mu         sync.Mutex
	entries    []*data.Entry
	signal     chan struct{}
	permanents map[string]uint32
	// checkpoint and mark are what Checkpoint yields.
	checkpoint []data.Record
	mark       data.Seq
}

func newMemLog() *memLog {
	return &memLog{signal: make(chan struct{}), permanents: map[string]uint32{}}
}

func (m *memLog) append(changes ...data.Change) data.Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range changes {
		if c := &changes[i]; c.Stream == data.StreamFeature {
			key := c.Layer + "/" + c.Feature.ID
			if m.permanents[key] == 0 {
				m.permanents[key] = uint32(len(m.permanents) + 1)
			}
			c.Permanent = m.permanents[key]
		}
	}
	seq := data.Seq(len(m.entries) + 1)
	m.entries = append(m.entries, &data.Entry{Seq: seq, Changes: changes})
	close(m.signal)
	m.signal = make(chan struct{})
	return seq
}

func (m *memLog) Epoch() data.Epoch { return "test" }

func (m *memLog) Last() data.Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	return data.Seq(len(m.entries))
}

func (m *memLog) Wait(ctx context.Context, after data.Seq) error {
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

func (m *memLog) Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error] {
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

func (m *memLog) Checkpoint(_ context.Context, mark *data.Seq) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		*mark = m.mark
		for _, r := range m.checkpoint {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// put and end are changes of a feature; define and drop of a layer.
func put(layer, id string, shape geo.Shape, values ...data.Value) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: layer, Feature: data.Feature{ID: id, Shape: shape, Values: values}}
}

func end(layer, id string) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: layer, Feature: data.Feature{ID: id}}
}

func define(l *data.Layer) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: l.Name, Definition: l}
}

func drop(name string) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpDelete, Layer: name}
}

// start loads and runs an engine until the test ends.
func start(t testing.TB, log *memLog) *index.Engine {
	t.Helper()
	e := index.NewEngine(log)
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
		if err := e.World().Check(context.Background(), func(p string) { t.Errorf("broken invariant: %s", p) }); err != nil {
			t.Error(err)
		}
	})
	return e
}

// at waits for the World at seq.
func at(t testing.TB, e *index.Engine, seq data.Seq) *index.World {
	t.Helper()
	w, err := e.Wait(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func polygon(points ...geo.Point) geo.Shape {
	xy := append(points[:len(points):len(points)], points[0])
	s, err := geo.NewShape(geo.KindPolygon, xy, []uint32{uint32(len(xy))}, []uint32{1})
	if err != nil {
		panic(err)
	}
	return s
}

func rect(x0, y0, x1, y1 int32) geo.Shape {
	return polygon(geo.Point{X: x0, Y: y0}, geo.Point{X: x1, Y: y0}, geo.Point{X: x1, Y: y1}, geo.Point{X: x0, Y: y1})
}
