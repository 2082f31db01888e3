// Package label keeps the label points of polygons.
package label

import (
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// most bounds the points kept, at about 150 bytes each.
const most = 1 << 18

// Points keeps label points: finding one costs more than drawing the polygon, and it changes only with the feature. It is
// safe for concurrent use and starts no goroutines.
type Points struct {
	cache *otter.Cache[state, geo.Point]
	found atomic.Uint64
}

// state names one state of one feature: permanent ids and positions are never used again within an epoch.
type state struct {
	epoch     data.Epoch
	permanent uint32
	changed   data.Seq
}

// NewPoints knows none yet.
func NewPoints() *Points {
	// Housekeeping runs in the goroutine that caused it.
	inline := func(f func()) { f() }
	return &Points{cache: otter.Must(&otter.Options[state, geo.Point]{MaximumSize: most, Executor: inline})}
}

// Of is the label point of a polygon of a layer in a World of the epoch.
func (p *Points) Of(epoch data.Epoch, l *index.Layer, s index.Slot) geo.Point {
	key := state{epoch: epoch, permanent: l.Permanent(s), changed: l.ChangedAt(s)}
	if at, ok := p.cache.GetIfPresent(key); ok {
		return at
	}
	at := geo.LabelPoint(l.Shape(s))
	p.cache.Set(key, at)
	p.found.Add(1)
	return at
}

// Found is how many points were found so far.
func (p *Points) Found() uint64 { return p.found.Load() }
