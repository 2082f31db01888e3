package layout

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/gewu-city/gewu/data"
)

// Erased is what is left of a change of a feature whose payload retention has erased.
type Erased struct {
	Layer     string
	Op        data.Op
	Permanent uint32
	// Prev is the seq of the previous change of the same feature, 0 for none.
	Prev data.Seq
}

// Change is what readers of the log see of an erased change.
func (e *Erased) Change() data.Change {
	return data.Change{
		Stream: data.StreamFeature, Op: e.Op, Layer: e.Layer, Permanent: e.Permanent, Prev: e.Prev, Erased: true,
	}
}

// WindowChanges is the number of changes of an entry within which a run stays: run and payloads of the changes
// w·WindowChanges+1 to (w+1)·WindowChanges can be rewritten together without a look at the rest of a large entry.
const WindowChanges = 1024

// The first bytes of a run. No payload begins like it: codec versions begin at 1.
const (
	runMark    = 0
	runVersion = 1
)

// IsRun reports whether a value of the log is a run of erased changes and not a payload.
func IsRun(v []byte) bool { return len(v) > 0 && v[0] == runMark }

// EncodeRun is the value that stands in the log at the key of the first of consecutive erased changes of one entry, in
// the place of their payloads. They are at most WindowChanges and lie within one window.
func EncodeRun(key [LogKeyBytes]byte, changes []Erased) []byte {
	seq, _, _ := ParseLogKey(key[:])
	v := append(make([]byte, 0, 16+4*len(changes)), runMark, runVersion)
	places := map[string]uint64{}
	var names []string
	for i := range changes {
		if _, ok := places[changes[i].Layer]; !ok {
			places[changes[i].Layer] = uint64(len(names))
			names = append(names, changes[i].Layer)
		}
	}
	v = binary.AppendUvarint(v, uint64(len(names)))
	for _, name := range names {
		v = append(binary.AppendUvarint(v, uint64(len(name))), name...)
	}
	v = binary.AppendUvarint(v, uint64(len(changes)))
	before := int64(0)
	for i := range changes {
		e := &changes[i]
		kind := places[e.Layer] << 1
		if e.Op == data.OpDelete {
			kind |= 1
		}
		v = binary.AppendUvarint(v, kind)
		// An import gives out one permanent id after the other: the difference to the next one is then 0.
		v = binary.AppendVarint(v, int64(e.Permanent)-before-1)
		before = int64(e.Permanent)
		back := uint64(0)
		if e.Prev > 0 {
			back = uint64(seq-e.Prev) + 1
		}
		v = binary.AppendUvarint(v, back)
	}
	return seal(key[:], v)
}

// ParseRun reads what [EncodeRun] wrote. Nothing of the result aliases the value. The error of damage wraps
// data.ErrFormat.
func ParseRun(key, sealed []byte) ([]Erased, error) {
	seq, n, ok := ParseLogKey(key)
	v, sound := unseal(key, sealed)
	if !ok || !sound || len(v) < 2 || v[0] != runMark {
		return nil, fmt.Errorf("%w: checksum of the erased changes does not match", data.ErrFormat)
	}
	if v[1] != runVersion {
		return nil, fmt.Errorf("%w: erased changes have version %d, this program reads up to %d", data.ErrFormat, v[1], runVersion)
	}
	r := runReader{v: v[2:]}
	names := make([]string, r.count(1))
	for i := range names {
		names[i] = r.text()
	}
	changes := make([]Erased, r.count(3))
	before := int64(0)
	for i := range changes {
		kind, permanent, back := r.uvarint(), before+1+r.varint(), r.uvarint()
		if kind>>1 >= uint64(len(names)) || permanent < 1 || permanent > math.MaxUint32 || back > uint64(seq) {
			r.bad = true
			break
		}
		before = permanent
		e := &changes[i]
		e.Layer, e.Op, e.Permanent = names[kind>>1], data.OpPut, uint32(permanent)
		if kind&1 != 0 {
			e.Op = data.OpDelete
		}
		if back > 0 {
			e.Prev = seq - data.Seq(back-1)
		}
	}
	window := (n - 1) / WindowChanges
	switch {
	case r.bad || len(r.v) > 0:
		return nil, fmt.Errorf("%w: erased changes are cut off or have a wrong length", data.ErrFormat)
	case n == 0 || len(changes) == 0 || (n-1+uint32(len(changes))-1)/WindowChanges != window:
		return nil, fmt.Errorf("%w: %d erased changes cannot begin at change %d", data.ErrFormat, len(changes), int64(n)-1)
	}
	return changes, nil
}

// runReader reads the members of a run; after a malformed one bad is set and everything reads as zero.
type runReader struct {
	v   []byte
	bad bool
}

func (r *runReader) uvarint() uint64 {
	n, width := binary.Uvarint(r.v)
	return take(r, n, width)
}

func (r *runReader) varint() int64 {
	n, width := binary.Varint(r.v)
	return take(r, n, width)
}

func take[T int64 | uint64](r *runReader, n T, width int) T {
	if width <= 0 {
		r.bad, r.v = true, nil
		return 0
	}
	r.v = r.v[width:]
	return n
}

// count reads the number of members that follow, each of at least size bytes.
func (r *runReader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.v)/size) {
		r.bad, r.v = true, nil
		return 0
	}
	return int(n)
}

func (r *runReader) text() string {
	n := r.count(1)
	s := string(r.v[:n])
	r.v = r.v[n:]
	return s
}
