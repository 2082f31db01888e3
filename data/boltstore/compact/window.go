package compact

import (
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// window holds the changes of an entry that are erased together: see layout.WindowChanges.
type window struct {
	seq       data.Seq
	effective int64 // microseconds since 1970
	first     uint32
	records   []record
	size      int // bytes of keys and values that were read
	erased    int // records to be erased now

	// What to write, and the bytes that the log loses by it.
	deletes []uint32
	puts    map[uint32][]byte
	lost    int
}

// record is one change.
type record struct {
	layout.Erased
	definition bool
	layer      bool // the definition is one of a layer
	// erased is set when the payload is gone or shall go.
	erased bool
	// stored is the length of the value at the key of this change; 0 when it lies in a run that began before.
	stored int
	// run is the number of changes of the run that began here before, 0 for a payload.
	run int
}

func newWindow(seq data.Seq, n, count int, effective int64) *window {
	first := n * layout.WindowChanges
	return &window{
		seq: seq, effective: effective, first: uint32(first) + 1,
		records: make([]record, 0, min(count-first, layout.WindowChanges)),
	}
}

// read reads the records of the window. Damage is an error: nothing is erased of what is not understood.
func (w *window) read(cursor *bbolt.Cursor) error {
	count := cap(w.records)
	key := layout.LogKey(w.seq, w.first)
	for k, v := cursor.Seek(key[:]); len(w.records) < count; k, v = cursor.Next() {
		at := len(w.records)
		want := layout.LogKey(w.seq, w.first+uint32(at))
		if string(k) != string(want[:]) {
			return w.damage(at, "is missing")
		}
		w.size += len(k) + len(v)
		if layout.IsRun(v) {
			run, err := layout.ParseRun(k, v)
			if err != nil {
				return w.damage(at, err.Error())
			}
			if len(run) > count-at {
				return w.damage(at, "is erased with changes that do not exist")
			}
			for i := range run {
				w.records = append(w.records, record{Erased: run[i], erased: true})
			}
			w.records[at].stored, w.records[at].run = len(v), len(run)
			continue
		}
		h, err := data.PeekPayload(v)
		if err != nil {
			return w.damage(at, err.Error())
		}
		w.records = append(w.records, record{
			Erased:     layout.Erased{Layer: w.name(h.Layer), Op: h.Op, Permanent: h.Permanent, Prev: h.Prev},
			definition: h.Stream != data.StreamFeature,
			layer:      h.Stream == data.StreamSchema,
			stored:     len(v),
		})
	}
	return nil
}

// name is a layer's name. Neighbours share one string.
func (w *window) name(b []byte) string {
	if n := len(w.records); n > 0 && w.records[n-1].Layer == string(b) {
		return w.records[n-1].Layer
	}
	return string(b)
}

func (w *window) damage(at int, what string) error {
	return fmt.Errorf("log entry %d, change %d: %s", w.seq, int(w.first)-1+at, what)
}

// plan makes runs of neighbours that are erased.
func (w *window) plan() {
	w.puts = map[uint32][]byte{}
	changes := make([]layout.Erased, 0, len(w.records))
	for from := 0; from < len(w.records); from++ {
		if !w.records[from].erased {
			continue
		}
		changes = changes[:0]
		to := from
		for ; to < len(w.records) && w.records[to].erased; to++ {
			changes = append(changes, w.records[to].Erased)
		}
		w.replace(from, to, changes)
		from = to
	}
}

// replace plans a run for the records from from to before to.
func (w *window) replace(from, to int, changes []layout.Erased) {
	if w.records[from].run == to-from {
		return // it stands there already
	}
	n := w.first + uint32(from)
	v := layout.EncodeRun(layout.LogKey(w.seq, n), changes)
	w.puts[n] = v
	w.lost += w.records[from].stored - len(v)
	for i := from + 1; i < to; i++ {
		if stored := w.records[i].stored; stored > 0 {
			w.deletes = append(w.deletes, w.first+uint32(i))
			w.lost += stored + layout.LogKeyBytes
		}
	}
}

// write carries the plan out.
func (w *window) write(log *bbolt.Bucket) error {
	for _, n := range w.deletes {
		key := layout.LogKey(w.seq, n)
		if err := log.Delete(key[:]); err != nil {
			return err
		}
	}
	for n, v := range w.puts {
		key := layout.LogKey(w.seq, n)
		if err := log.Put(key[:], v); err != nil {
			return err
		}
	}
	return nil
}
