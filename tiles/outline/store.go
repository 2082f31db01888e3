package outline

import (
	"math"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// mostLent is the number of vertices that a Drawing which is kept has room for.
const mostLent = 1 << 18

// DefaultStoreBytes is a good bound for a [Store].
const DefaultStoreBytes = 128 << 20

// Layer is what a drawing asks of an [index.Layer].
type Layer interface {
	Shape(s index.Slot) geo.Shape
	Permanent(s index.Slot) uint32
	ChangedAt(s index.Slot) data.Seq
}

// Store keeps shapes projected, repaired and reduced for each range of zoom levels, as long as there is room for them:
// a shape is prepared once for each of its changes and not for each tile. It is safe for concurrent use.
type Store struct {
	cache    *otter.Cache[stateKey, *prepared]
	drawings sync.Pool
}

// stateKey names one state of one feature: permanent ids and positions are never used again within an epoch.
type stateKey struct {
	epoch     data.Epoch
	permanent uint32
	changed   data.Seq
}

// NewStore returns a Store of at most the given number of bytes.
func NewStore(bytes int64) *Store {
	s := &Store{cache: otter.Must(&otter.Options[stateKey, *prepared]{
		MaximumWeight: uint64(max(bytes, 1)), Executor: func(f func()) { f() },
		Weigher: func(_ stateKey, p *prepared) uint32 {
			const overhead = 128
			return uint32(min(overhead+p.size(), math.MaxUint32))
		},
	})}
	s.drawings.New = func() any { return new(Drawing) }
	return s
}

// Borrow lends a Drawing, which is given back by [Store.Return] when nothing of it is needed any more.
func (s *Store) Borrow() *Drawing {
	d, _ := s.drawings.Get().(*Drawing)
	return d
}

// Return takes a Drawing back. One that has grown large is left to the garbage collector.
func (s *Store) Return(d *Drawing) {
	if cap(d.raw) <= mostLent {
		s.drawings.Put(d)
	}
}

func (s *Store) get(epoch data.Epoch, l Layer, slot index.Slot) *prepared {
	key := stateKey{epoch: epoch, permanent: l.Permanent(slot), changed: l.ChangedAt(slot)}
	if p, ok := s.cache.GetIfPresent(key); ok {
		return p
	}
	p := prepare(l.Shape(slot))
	s.cache.Set(key, p)
	return p
}
