// Package tiletest helps tests of tiles: a city in memory, a tile decoder and tiles as text. Only tests import it.
package tiletest

import (
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// City is an engine on a log in memory.
type City struct {
	tb     testing.TB
	log    *indextest.Log
	engine *index.Engine
	past   *index.Past
}

// NewCity starts an engine that runs until the test ends.
func NewCity(tb testing.TB) *City {
	tb.Helper()
	log := indextest.NewLog()
	c := &City{tb: tb, log: log}
	c.engine, c.past = indextest.StartPast(tb, log, index.PastOptions{})
	return c
}

// World is the newest World.
func (c *City) World() *index.World { return c.engine.World() }

// At is the World of a moment.
func (c *City) At(when index.Moment) *index.World {
	c.tb.Helper()
	w, err := c.past.World(c.tb.Context(), when)
	if err != nil {
		c.tb.Fatal(err)
	}
	return w
}

// ApplyAt is Apply for changes that take effect at a time.
func (c *City) ApplyAt(effective time.Time, changes ...data.Change) *index.World {
	c.tb.Helper()
	return indextest.At(c.tb, c.engine, c.log.AppendAt(effective, changes...))
}

// Apply appends one transaction and returns the World that shows it. Changes come from [indextest].
func (c *City) Apply(changes ...data.Change) *index.World {
	c.tb.Helper()
	return indextest.At(c.tb, c.engine, c.log.Append(changes...))
}

// Scheme makes a change that creates a scheme.
func Scheme(s *data.Scheme) data.Change {
	return data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: s.Name, Scheme: s}
}
