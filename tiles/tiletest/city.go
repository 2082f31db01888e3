// Package tiletest helps tests of tiles: a city in memory, a tile decoder and tiles as text. Only tests import it.
package tiletest

import (
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// City is an engine on a log in memory.
type City struct {
	tb     testing.TB
	log    *indextest.Log
	engine *index.Engine
}

// NewCity starts an engine that runs until the test ends.
func NewCity(tb testing.TB) *City {
	tb.Helper()
	log := indextest.NewLog()
	return &City{tb: tb, log: log, engine: indextest.Start(tb, log)}
}

// World is the newest World.
func (c *City) World() *index.World { return c.engine.World() }

// Apply appends one transaction and returns the World that shows it. Changes come from [indextest].
func (c *City) Apply(changes ...data.Change) *index.World {
	c.tb.Helper()
	return indextest.At(c.tb, c.engine, c.log.Append(changes...))
}

// Scheme makes a change that creates a scheme.
func Scheme(s *data.Scheme) data.Change {
	return data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: s.Name, Scheme: s}
}
