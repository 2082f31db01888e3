// Package sketch makes Worlds that no log holds, of layers that somebody draws or compares, so that they can be looked at
// with all that looks at Worlds: tiles, above all.
package sketch

import (
	"context"
	"fmt"
	"iter"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// Layer is a definition and its features. Ids must differ within a layer.
type Layer struct {
	Def      *data.Layer
	Features []data.Feature
}

// Seq is the position of everything in a sketch.
const Seq data.Seq = 1

// checkEvery is how many features are taken between two looks at the context.
const checkEvery = 1 << 12

// World is the World of some layers, in that order. name is its epoch: caches take two sketches of one name for the same, so
// it must say everything that the features depend on. The error is that of ctx, or of a layer that is named twice.
func World(ctx context.Context, name string, layers ...Layer) (*index.World, error) {
	known := map[string]bool{}
	for i := range layers {
		if known[layers[i].Def.Name] {
			return nil, fmt.Errorf("sketch: layer %s is given twice", layers[i].Def.Name)
		}
		known[layers[i].Def.Name] = true
	}
	e := index.NewEngine(&log{name, layers})
	if err := e.Load(ctx, nil); err != nil {
		return nil, err
	}
	return e.World(), nil
}

// log is what an engine reads: one checkpoint, and nothing after it.
type log struct {
	name   string
	layers []Layer
}

// Epoch implements [index.Log].
func (l *log) Epoch() data.Epoch { return data.Epoch(l.name) }

// Last implements [index.Log].
func (l *log) Last() data.Seq { return Seq }

// Wait implements [index.Log]: nothing ever follows.
func (l *log) Wait(ctx context.Context, _ data.Seq) error {
	<-ctx.Done()
	return ctx.Err()
}

// Entries implements [index.Log].
func (l *log) Entries(context.Context, data.Seq) iter.Seq2[*data.Entry, error] {
	return func(func(*data.Entry, error) bool) {}
}

// Checkpoint implements [index.Log].
func (l *log) Checkpoint(ctx context.Context, mark *data.Seq) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		*mark = Seq
		// Permanent ids differ over all layers, as they do in a city.
		permanent := uint32(0)
		for i := range l.layers {
			def := l.layers[i].Def
			if !yield(data.Record{Seq: Seq, Change: data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: def.Name, Definition: def}}, nil) {
				return
			}
			for _, f := range l.layers[i].Features {
				if permanent++; permanent%checkEvery == 0 && ctx.Err() != nil {
					yield(data.Record{}, ctx.Err())
					return
				}
				c := data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: def.Name, Feature: f, Permanent: permanent}
				if !yield(data.Record{Seq: Seq, Change: c}, nil) {
					return
				}
			}
		}
	}
}
