package outline

import (
	"math"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
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

// Store keeps shapes projected, repaired and reduced for each range of zoom levels: a shape is prepared once for each
// of its changes and not for each tile. It also keeps drawings: the tile of a layer is drawn once for each change of what
// it shows, in however many languages, encodings and with whatever attributes it is asked for. Both end when their bytes
// are needed. It is safe for concurrent use.
type Store struct {
	shapes   *otter.Cache[stateKey, *prepared]
	drawn    *otter.Cache[drawingKey, *finished]
	drawings sync.Pool
}

// stateKey names one state of one feature: permanent ids and positions are never used again within an epoch.
type stateKey struct {
	epoch     data.Epoch
	permanent uint32
	changed   data.Seq
	shift     *proj.Shift
}

// NewStore returns a Store of at most the given number of bytes, half of them for shapes and half for drawings.
func NewStore(bytes int64) *Store {
	s := &Store{
		shapes: newCache[stateKey](bytes/2, (*prepared).size), drawn: newCache[drawingKey](bytes/2, (*finished).size),
	}
	s.drawings.New = func() any { return new(Drawing) }
	return s
}

func newCache[K comparable, V any](bytes int64, size func(V) int) *otter.Cache[K, V] {
	return otter.Must(&otter.Options[K, V]{
		MaximumWeight: uint64(max(bytes, 1)), Executor: func(f func()) { f() },
		Weigher: func(_ K, v V) uint32 {
			const overhead = 192
			return uint32(min(overhead+size(v), math.MaxUint32))
		},
	})
}

// Borrow lends a Drawing, which is given back by [Store.Return] when nothing of it is needed any more.
func (s *Store) Borrow() *Drawing {
	d, _ := s.drawings.Get().(*Drawing)
	return d
}

// Return takes a Drawing back. One that has grown large is left to the garbage collector.
func (s *Store) Return(d *Drawing) {
	d.done, d.edges = nil, nil
	if cap(d.raw) <= mostLent {
		s.drawings.Put(d)
	}
}

func (s *Store) get(epoch data.Epoch, l Layer, slot index.Slot, shift *proj.Shift) *prepared {
	key := stateKey{epoch: epoch, permanent: l.Permanent(slot), changed: l.ChangedAt(slot), shift: shift}
	if p, ok := s.shapes.GetIfPresent(key); ok {
		return p
	}
	p := prepare(l.Shape(slot), shift)
	s.shapes.Set(key, p)
	return p
}
