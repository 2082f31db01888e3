// Package memory is what the default store holds in memory beside its file: the newest entries, and the heads of
// features that the engine does not know yet.
package memory

import (
	"sync"

	"github.com/gewu-city/gewu/data"
)

// Ring holds the newest entries, so that a follower near the tip reads no file and decodes nothing. It is safe for
// concurrent use.
type Ring struct {
	// Most bounds the entries, in changes; events of cases weigh more, by their size. It is set before the ring is used.
	Most int

	mu      sync.Mutex
	entries []*data.Entry // without gaps
	changes int
}

// keptChanges is how many changes stay in the ring after the engine has applied them, for other followers.
// It is as much as a group of transactions that share a commit: others follow while the next group is written.
const keptChanges = 16_384

// Add takes the newest entries. When they do not follow the ones before, those are forgotten.
func (r *Ring) Add(entries []*data.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.entries); n > 0 && r.entries[n-1].Seq+1 != entries[0].Seq {
		r.entries, r.changes = nil, 0
	}
	for _, e := range entries {
		r.entries = append(r.entries, e)
		r.changes += weight(e)
	}
	r.drop(func(*data.Entry) bool { return r.changes > r.Most })
}

// weight is the number of changes of an entry. Bodies of events are counted in pieces of the size of a feature.
func weight(e *data.Entry) int {
	n := len(e.Changes)
	for i := range e.Changes {
		if event := e.Changes[i].Case; event != nil {
			n += len(event.Body) / 256
		}
	}
	return n
}

// Trim forgets old entries that the engine has applied: they hold far more memory than the engine needs for them.
func (r *Ring) Trim(applied data.Seq) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(func(e *data.Entry) bool { return r.changes > keptChanges && e.Seq <= applied })
}

// Forget drops the entries up to a horizon: what they hold may be erased from the log.
func (r *Ring) Forget(horizon data.Seq) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(func(e *data.Entry) bool { return e.Seq <= horizon })
}

// drop removes entries from the old end while old holds.
func (r *Ring) drop(old func(*data.Entry) bool) {
	n := 0
	for n < len(r.entries) && old(r.entries[n]) {
		r.changes -= weight(r.entries[n])
		n++
	}
	if n == 0 {
		return
	}
	rest := copy(r.entries, r.entries[n:])
	clear(r.entries[rest:])
	r.entries = r.entries[:rest]
}

// After returns up to most entries following seq; none when the ring does not reach back so far.
func (r *Ring) After(seq data.Seq, most int) []*data.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) == 0 || seq+1 < r.entries[0].Seq {
		return nil
	}
	from := int(seq + 1 - r.entries[0].Seq)
	if from >= len(r.entries) {
		return nil
	}
	return append([]*data.Entry(nil), r.entries[from:min(from+most, len(r.entries))]...)
}
