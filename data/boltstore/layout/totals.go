package layout

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Totals are what the log has come to. They are written with every entry, so that nobody has to read the log for them.
type Totals struct {
	// Changes is the number of changes in all entries, Erased how many of them have no payload any more.
	Changes, Erased uint64
	// Bytes are those of the keys and values in the bucket of the log.
	Bytes uint64
	// Since is the recorded time of the first entry, in microseconds since 1970; 0 before it.
	Since int64
	// changes and bytes are the recent growth per day, as it was at the newest entry: see Growth.
	changes, bytes float64
}

// growthSpan is the time over which growth is smoothed: an entry weighs 1/e of a new one after it. Two weeks hold the
// rhythm of working days, and an import of the whole city is forgotten within a quarter.
const growthSpan = 14 * 24 * time.Hour

// Add counts an entry of changes and bytes recorded after an entry of the time before.
func (t *Totals) Add(before, recorded time.Time, changes, bytes int) {
	if t.Changes == 0 {
		t.Since = recorded.UnixMicro()
	}
	if passed := recorded.Sub(before); t.Changes > 0 && passed > 0 {
		fade := math.Exp(-float64(passed) / float64(growthSpan))
		t.changes, t.bytes = t.changes*fade, t.bytes*fade
	}
	t.changes += float64(changes) / growthSpan.Hours() * 24
	t.bytes += float64(bytes) / growthSpan.Hours() * 24
	t.Changes += uint64(changes)
	t.Bytes += uint64(bytes)
}

// Erase counts changes whose payloads were erased, and the bytes that the log lost with them.
func (t *Totals) Erase(changes, bytes int) {
	t.Erased += uint64(changes)
	t.Bytes -= min(t.Bytes, uint64(max(bytes, 0)))
}

// Growth is the exponentially smoothed growth of the log per day at a moment, given the time of the newest entry. What
// was before the first entry does not count as time without growth, but a log younger than a day is taken as one day
// old.
func (t *Totals) Growth(newest, now time.Time) (changes, bytes float64) {
	if t.Changes == 0 {
		return 0, 0
	}
	fade := math.Exp(-float64(max(now.Sub(newest), 0)) / float64(growthSpan))
	age := max(now.Sub(time.UnixMicro(t.Since)), 24*time.Hour)
	fade /= 1 - math.Exp(-float64(age)/float64(growthSpan))
	return t.changes * fade, t.bytes * fade
}

// totalsBytes is the length of encoded totals.
const totalsBytes = 6 * 8

func (t *Totals) encode(dst []byte) []byte {
	for _, n := range []uint64{
		t.Changes, t.Erased, t.Bytes, uint64(t.Since), math.Float64bits(t.changes), math.Float64bits(t.bytes),
	} {
		dst = binary.BigEndian.AppendUint64(dst, n)
	}
	return dst
}

func decodeTotals(v []byte) Totals {
	n := func(i int) uint64 { return binary.BigEndian.Uint64(v[8*i:]) }
	return Totals{
		Changes: n(0), Erased: n(1), Bytes: n(2), Since: int64(n(3)),
		changes: math.Float64frombits(n(4)), bytes: math.Float64frombits(n(5)),
	}
}

// EntryBytes is what an entry takes in the log: the bytes of its records and of their keys.
func EntryBytes(header []byte, payloads, changes int) int {
	return len(header) + payloads + (1+changes)*LogKeyBytes
}

// Differ reports whether totals differ from others that were counted. Growth is smoothed with
// numbers that machines round differently, so it is not compared.
func (t *Totals) Differ(counted *Totals) bool {
	return t.Changes != counted.Changes || t.Erased != counted.Erased || t.Bytes != counted.Bytes || t.Since != counted.Since
}

// String names what is counted.
func (t *Totals) String() string {
	return fmt.Sprintf("%d changes, %d of them erased, in %d bytes", t.Changes, t.Erased, t.Bytes)
}

// countLog reads the whole log for its totals.
func countLog(each func(func(k, v []byte) error) error) (Totals, error) {
	var t Totals
	var before time.Time
	var h data.Header
	entry, changes, erased := 0, 0, 0
	flush := func() {
		if changes > 0 {
			t.Add(before, h.Recorded, changes, entry)
			t.Erased += uint64(erased)
			before = h.Recorded
		}
		entry, changes, erased = 0, 0, 0
	}
	err := each(func(k, v []byte) error {
		_, n, ok := ParseLogKey(k)
		if !ok {
			return nil // damage, which is found elsewhere
		}
		if n == 0 {
			flush()
			var err error
			if h, err = data.DecodeHeader(v); err != nil {
				return err
			}
			entry, changes = len(k)+len(v), len(h.Payloads)
			return nil
		}
		entry += len(k) + len(v)
		if !IsRun(v) {
			return nil
		}
		run, err := ParseRun(k, v)
		erased += len(run)
		return err
	})
	flush()
	return t, err
}
