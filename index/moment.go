package index

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Newest stands for the newest entry in a [Moment].
const Newest data.Seq = math.MaxUint64

// Moment says which city is meant: what was known at AsOf of the city at At. The entries up to AsOf count, in the order
// of their Seqs, and of their changes of features those that take effect at At or before. Definitions and
// admin records have no date: they are those of AsOf.
type Moment struct {
	// AsOf is the newest entry that counts; [Newest] for all.
	AsOf data.Seq
	// At is the time in the city; zero for no bound, which is the present: no entry takes effect in the future.
	At time.Time
}

// HorizonError says that the log does not know a moment any more, or knows it in part.
type HorizonError struct {
	// Horizon is the first entry at which history is complete, Recorded when that was.
	Horizon  data.Seq
	Recorded time.Time
}

// Error names the horizon.
func (e *HorizonError) Error() string {
	return fmt.Sprintf("history is complete from seq %d of %s on", e.Horizon, e.Recorded.Format(time.RFC3339))
}

// FutureError says that a moment asks for an entry that does not exist yet.
type FutureError struct{ AsOf, Newest data.Seq }

// Error names both entries.
func (e *FutureError) Error() string {
	return fmt.Sprintf("seq %d is beyond the newest, %d", e.AsOf, e.Newest)
}

// Errors of [Past.World] that have to do with what it costs.
var (
	// ErrBusy is returned while as many Worlds of the past are being built, and wait to be, as may.
	ErrBusy = errors.New("index: too many moments of the past are asked for at once")
	// ErrTooHeavy is returned for a World that takes more memory than all Worlds of the past may.
	ErrTooHeavy = errors.New("index: the city at that moment takes more memory than the past may have")
)

// moment is a Moment in its one form: At that does not bound anything is undated.
type moment struct {
	seq data.Seq
	at  int64 // microseconds since 1970
}

const undated = math.MaxInt64

func (m moment) dated() bool { return m.at != undated }

// holds reports whether changes of features count.
func (m moment) holds(seq data.Seq, since int64) bool { return seq <= m.seq && since <= m.at }

// past is what a World of the past has beside the city.
type past struct {
	moment
	// line tells Worlds apart that number their slots differently.
	line uint64
}

// Past reports whether the World was built for a moment, and does not come from the engine.
func (w *World) Past() bool { return w.past != nil }

// At is the time in the city that the World shows; false for one that shows everything up to its Seq.
func (w *World) At() (time.Time, bool) {
	if w.past == nil || !w.past.dated() {
		return time.Time{}, false
	}
	return time.UnixMicro(w.past.at).UTC(), true
}

// Line is 0 for the Worlds of the engine. A slot means the same feature in all Worlds of one epoch and line.
func (w *World) Line() uint64 {
	if w.past == nil {
		return 0
	}
	return w.past.line
}
