// Package tiletest helps tests of tiles: a city in memory, a tile decoder and tiles as text. Only tests import it.
package tiletest

import (
	"context"
	"iter"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// City is an engine on a log in memory.
type City struct {
	t      testing.TB
	log    *log
	engine *index.Engine

	permanents map[[2]string]uint32
}

// NewCity starts an engine that runs until the test ends.
func NewCity(t testing.TB) *City {
	t.Helper()
	c := &City{t: t, log: &log{grown: make(chan struct{})}, permanents: map[[2]string]uint32{}}
	c.engine = index.NewEngine(c.log)
	if err := c.engine.Load(context.Background(), nil); err != nil {
		t.Fatalf("load: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("engine: %v", err)
		}
	})
	return c
}

// World is the newest World.
func (c *City) World() *index.World { return c.engine.World() }

// Apply appends one transaction and returns the World that shows it.
func (c *City) Apply(changes ...data.Change) *index.World {
	c.t.Helper()
	for i := range changes {
		if ch := &changes[i]; ch.Stream == data.StreamFeature {
			key := [2]string{ch.Layer, ch.Feature.ID}
			if c.permanents[key] == 0 {
				c.permanents[key] = uint32(len(c.permanents) + 1)
			}
			ch.Permanent = c.permanents[key]
		}
	}
	w, err := c.engine.Wait(context.Background(), c.log.append(changes))
	if err != nil {
		c.t.Fatalf("wait: %v", err)
	}
	return w
}

// Define makes a change that creates or alters a layer.
func Define(l *data.Layer) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: l.Name, Definition: l}
}

// Drop makes a change that ends a layer.
func Drop(layer string) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpDelete, Layer: layer}
}

// Scheme makes a change that creates a scheme.
func Scheme(s *data.Scheme) data.Change {
	return data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: s.Name, Scheme: s}
}

// Put makes a change that creates or replaces a feature.
func Put(layer, id string, shape geo.Shape, values ...data.Value) data.Change {
	return data.Change{
		Stream: data.StreamFeature, Op: data.OpPut, Layer: layer,
		Feature: data.Feature{ID: id, Shape: shape, Values: values},
	}
}

// Delete makes a change that ends a feature.
func Delete(layer, id string) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: layer, Feature: data.Feature{ID: id}}
}

// Log is an empty log.
func Log() index.Log { return &log{grown: make(chan struct{})} }

// log implements index.Log.
type log struct {
	mu      sync.Mutex
	entries []*data.Entry
	grown   chan struct{}
}

func (l *log) append(changes []data.Change) data.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	seq := data.Seq(len(l.entries) + 1)
	l.entries = append(l.entries, &data.Entry{Seq: seq, Changes: changes})
	close(l.grown)
	l.grown = make(chan struct{})
	return seq
}

func (l *log) Epoch() data.Epoch { return "test" }

func (l *log) Last() data.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return data.Seq(len(l.entries))
}

func (l *log) Wait(ctx context.Context, after data.Seq) error {
	for {
		l.mu.Lock()
		last, grown := data.Seq(len(l.entries)), l.grown
		l.mu.Unlock()
		if last > after {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *log) Entries(_ context.Context, after data.Seq) iter.Seq2[*data.Entry, error] {
	l.mu.Lock()
	entries := l.entries[min(int(after), len(l.entries)):]
	l.mu.Unlock()
	return func(yield func(*data.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (l *log) Checkpoint(context.Context, *data.Seq) iter.Seq2[data.Record, error] {
	return func(func(data.Record, error) bool) {}
}
