// Package sampletest is the demonstration city in memory, for tests. Only tests and programs for measuring import it.
package sampletest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/sample"
)

// City is the demonstration city on a log in memory, whose engine is loaded and does not run.
type City struct {
	Log    *indextest.Log
	Engine *index.Engine
}

// Load loads the layers of these names, all without any, with projections that follow.
func Load(tb testing.TB, layers []string, follow ...index.Projection) *City {
	tb.Helper()
	c, err := load(layers, follow)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// World is the World of the layers of these names, all without any.
func World(tb testing.TB, layers ...string) *index.World {
	tb.Helper()
	return Load(tb, layers).Engine.World()
}

func load(layers []string, follow []index.Projection) (*City, error) {
	log, err := Read(layers)
	if err != nil {
		return nil, err
	}
	e := index.NewEngine(log)
	for _, p := range follow {
		e.Follow(p)
	}
	return &City{log, e}, e.Load(context.Background(), nil)
}

// Read is a log with the layers of these names and their schemes, all without any.
func Read(layers []string) (*indextest.Log, error) {
	city, err := sample.Load(sample.FS())
	if err != nil {
		return nil, err
	}
	log := indextest.NewLog()
	for _, step := range city.Steps {
		if err := add(log, step, layers); err != nil {
			return nil, fmt.Errorf("%s: %w", step.Layer, err)
		}
	}
	for _, s := range city.Schemes {
		if len(layers) == 0 || slices.Contains(layers, s.Cells.Layer) {
			log.Append(data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: s.Name, Scheme: &s})
		}
	}
	return log, nil
}

// add appends the layer of a step and its features.
func add(log *indextest.Log, step sample.Step, layers []string) error {
	definition, err := sample.FS().Open(step.Layer)
	if err != nil {
		return err
	}
	defer func() { _ = definition.Close() }()
	layer, err := convert.DecodeLayer(definition, "toml")
	if err != nil {
		return err
	}
	if len(layers) > 0 && !slices.Contains(layers, layer.Name) {
		return nil
	}
	log.Append(indextest.Define(layer))
	o := convert.Options{Layer: layer, ID: step.ID, Lon: step.Lon, Lat: step.Lat, Map: step.Map, FixRings: step.FixRings}
	if step.CRS != "" {
		if o.CRS, err = proj.Lookup(step.CRS); err != nil {
			return err
		}
	}
	var changes []data.Change
	for _, name := range step.Files {
		if changes, err = read(changes, name, step.Format, o); err != nil {
			return err
		}
	}
	log.Append(changes...)
	return nil
}

func read(changes []data.Change, name, format string, o convert.Options) ([]data.Change, error) {
	f, err := sample.FS().Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	for row, err := range convert.Read(context.Background(), format, f, o) {
		if err != nil {
			return nil, err
		}
		if row.Err != nil {
			return nil, row.Err
		}
		changes = append(changes, indextest.Put(o.Layer.Name, row.Feature.ID, row.Feature.Shape, row.Feature.Values...))
	}
	return changes, nil
}
