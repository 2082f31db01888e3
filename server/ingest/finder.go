package ingest

import (
	"hash/maphash"

	"github.com/gewu-city/gewu/index"
)

// finder finds features of one layer by id for work that asks for a large share of them: its table of hashes needs one
// or two looks into memory where the ordered ids of a layer need twenty. It takes 16 to 32 bytes a feature,
// and builds the table only when enough was asked for. A finder belongs to one goroutine.
type finder struct {
	seed maphash.Seed
	// table holds part of the hash of an id and its slot + 1; 0 is free. Its length is a power of two.
	table []uint64
	upto  index.Slot // the slots before are in the table
	asked int
}

// worthwhile is the share of a layer's features, one in so many, that must be asked for before the table is built:
// building it costs as much as asking for about one in twenty.
const worthwhile = 16

// newFinder returns a finder that knows nothing yet.
func newFinder() *finder { return &finder{seed: maphash.MakeSeed()} }

// find is [index.Layer.Lookup]. The layers of successive calls must be the same layer, each as new as the one before or
// newer.
func (f *finder) find(l *index.Layer, id string) (index.Slot, bool) {
	if f.table == nil {
		if f.asked++; f.asked <= l.Capacity()/worthwhile {
			return l.Lookup(id)
		}
	}
	f.follow(l)
	hash := maphash.String(f.seed, id)
	mask := uint64(len(f.table) - 1)
	for i := hash & mask; f.table[i] != 0; i = (i + 1) & mask {
		if e := f.table[i]; e>>32 == hash>>32 {
			if slot := index.Slot(e) - 1; l.ID(slot) == id {
				return slot, l.Alive(slot)
			}
		}
	}
	return 0, false
}

// follow takes the features that the layer got since the last call.
func (f *finder) follow(l *index.Layer) {
	// At most two thirds full, half full at first.
	if n := l.Capacity(); f.table == nil || 3*n > 2*len(f.table) {
		size := 1 << 10
		for size < 2*n {
			size *= 2
		}
		f.table, f.upto = make([]uint64, size), 0
	}
	mask := uint64(len(f.table) - 1)
	for ; f.upto < index.Slot(l.Capacity()); f.upto++ {
		hash := maphash.String(f.seed, l.ID(f.upto))
		i := hash & mask
		for f.table[i] != 0 {
			i = (i + 1) & mask
		}
		f.table[i] = hash>>32<<32 | uint64(f.upto+1)
	}
}
