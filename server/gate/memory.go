package gate

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// Memory tells when the process is close to the memory limit that it was given (GOMEMLIMIT, or a flag). It is safe for
// concurrent use.
type Memory struct {
	// Now is the clock that tells the age of a reading.
	Now func() time.Time

	at   atomic.Int64 // nanoseconds of the newest reading
	full atomic.Bool
}

// Bounds of the judgement: a reading holds for a moment, because taking one costs microseconds, and live memory above
// this share of the limit counts as short, because the collector then runs all the time.
const (
	readingHolds = 50 * time.Millisecond
	shortAbove   = 0.9
)

// Short reports whether memory is short. Without a limit it never is.
func (m *Memory) Short() bool {
	now := m.Now().UnixNano()
	at := m.at.Load()
	if now-at < int64(readingHolds) || !m.at.CompareAndSwap(at, now) {
		return m.full.Load()
	}
	limit := debug.SetMemoryLimit(-1)
	short := false
	if limit != math.MaxInt64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		// Objects include garbage; the collector is given the chance to run before the verdict.
		short = float64(sample[0].Value.Uint64()) > shortAbove*float64(limit)
	}
	m.full.Store(short)
	return short
}
