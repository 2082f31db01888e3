package tiles

import (
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// maxLabels bounds the label points kept, at about 150 bytes each.
const maxLabels = 1 << 18

// labels keeps the label points of polygons: finding one costs more than drawing the polygon, and it changes only
// with the feature. It is safe for concurrent use.
type labels struct {
	cache *otter.Cache[labelKey, geo.Point]
	found atomic.Uint64
}

// labelKey names one state of one feature: permanent ids and positions are never used again within an epoch.
type labelKey struct {
	epoch     data.Epoch
	permanent uint32
	changed   data.Seq
}

func newLabels() *labels {
	return &labels{cache: otter.Must(&otter.Options[labelKey, geo.Point]{MaximumSize: maxLabels, Executor: inline})}
}

// inline runs the housekeeping of a cache in the goroutine that caused it, so that a cache starts none of its own.
func inline(f func()) { f() }

// point is the label point of a polygon.
func (c *labels) point(epoch data.Epoch, l *index.Layer, s index.Slot) geo.Point {
	key := labelKey{epoch: epoch, permanent: l.Permanent(s), changed: l.ChangedAt(s)}
	if at, ok := c.cache.GetIfPresent(key); ok {
		return at
	}
	at := geo.LabelPoint(l.Shape(s))
	c.cache.Set(key, at)
	c.found.Add(1)
	return at
}
