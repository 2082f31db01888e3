package index

import (
	"sync"

	"github.com/gewu-city/gewu/data"
)

// The recent horizon: how many of the newest changes the engine can undo from memory, and what that may take. The log
// is the truth of all that came before; it is only slower to ask.
const (
	recentChanges = 100_000
	recentBytes   = 64 << 20
)

// version is how a feature was before one change.
type version struct {
	layer string
	// born tells the layer from a later one of the same name.
	born data.Seq
	slot Slot
	// seq is the change that had made it so, 0 when the feature was never there.
	seq data.Seq
	// feature is nil when it did not exist. Its id is that of the slot.
	feature *data.Feature
}

// undoable is one entry of the log with the versions that it replaced, in the order of its changes.
type undoable struct {
	seq      data.Seq
	since    int64 // microseconds since 1970
	replaced []version
	bytes    int
}

// recent remembers what the newest entries replaced. The engine adds, any goroutine may ask.
type recent struct {
	mu sync.Mutex
	// from is the Seq after which every entry is remembered; before begin it is not known.
	from    data.Seq
	begun   bool
	entries []undoable // without gaps
	changes int
	bytes   int
	// total is the number of changes ever added.
	total int
}

// begin starts to remember after seq.
func (r *recent) begin(seq data.Seq) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.from, r.begun = seq, true
}

// add remembers an entry and forgets the oldest ones beyond the bounds.
func (r *recent) add(entry *data.Entry, replaced []version) {
	u := undoable{seq: entry.Seq, since: entry.Since().UnixMicro(), replaced: replaced, bytes: entryBytes}
	for i := range replaced {
		u.bytes += replaced[i].size()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, u)
	r.changes += len(replaced)
	r.total += len(replaced)
	r.bytes += u.bytes
	n := 0
	for n < len(r.entries) && (r.changes > recentChanges || r.bytes > recentBytes) {
		r.changes -= len(r.entries[n].replaced)
		r.bytes -= r.entries[n].bytes
		r.from = r.entries[n].seq
		n++
	}
	if n > 0 {
		// The slice grows away from what was forgotten; its memory goes when append moves it.
		clear(r.entries[:n])
		r.entries = r.entries[n:]
	}
}

// between returns the entries after cut up to last, with the number of their changes; false when some are forgotten.
func (r *recent) between(cut, last data.Seq) (entries []undoable, changes int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun || cut < r.from {
		return nil, 0, false
	}
	from, to := int(cut-r.from), int(last-r.from)
	if to > len(r.entries) || from > to {
		return nil, 0, false
	}
	// Entries are never written again, but add clears what it forgets: the caller gets its own slice.
	entries = append(entries, r.entries[from:to]...)
	for i := range entries {
		changes += len(entries[i].replaced)
	}
	return entries, changes, true
}

// changed is the number of changes since the beginning.
func (r *recent) changed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// Memory of what is remembered, in bytes.
const (
	entryBytes   = 64
	versionBytes = 56
	featureBytes = 96
	valueBytes   = 40
	vertexBytes  = 8
)

func (v *version) size() int {
	if v.feature == nil {
		return versionBytes
	}
	return versionBytes + featureBytes + valueBytes*len(v.feature.Values) + vertexBytes*len(v.feature.Shape.Vertices())
}

// version is how the feature in a slot is before a change of it is applied.
func (t *table) version(slot Slot, known bool) version {
	v := version{layer: t.def.Name, born: t.born, slot: slot}
	if !known {
		return v
	}
	v.seq = t.rows.seqs.At(uint32(slot))
	if t.rows.states.At(uint32(slot)) == rowAlive {
		v.feature = t.rows.feature(slot)
	}
	return v
}

// feature is a copy of what a row itself holds, without its id and without defaults.
func (r *rows) feature(s Slot) *data.Feature {
	f := &data.Feature{Shape: r.shape(s), Values: make([]data.Value, len(r.attrs))}
	for i := range f.Values {
		f.Values[i] = r.attrs[i].Own(uint32(s))
	}
	return f
}
