// Package clock is the time of a served city: that on the wall, or a virtual one for tests and stories, which stands still
// until gewu clock moves it.
package clock

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Flags say by which clock a city runs.
type Flags struct {
	Clock string `help:"Clock of the city: wall, or virtual, or virtual=2026-11-02T09:00:00+08:00. A virtual one is for tests: it stands still until gewu clock moves it, and what falls due on the way is done at its time. Logins and connections stay on the wall clock." default:"wall" placeholder:"CLOCK" env:"GEWU_CLOCK"`
}

// Validate refuses other clocks.
func (f Flags) Validate() error {
	_, err := f.Open()
	return err
}

// Open is the virtual clock that the flags ask for, nil for the clock on the wall.
func (f Flags) Open() (*Virtual, error) {
	switch at, given := strings.CutPrefix(f.Clock, "virtual="); {
	case given:
		t, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			return nil, fmt.Errorf("--clock %s: %q is no time with its zone such as 2026-11-02T09:00:00+08:00", f.Clock, at)
		}
		return NewVirtual(t), nil
	case f.Clock == "virtual":
		return NewVirtual(time.Now()), nil
	case f.Clock == "wall", f.Clock == "":
		return nil, nil //nolint:nilnil // no virtual clock is the clock on the wall
	default:
		return nil, fmt.Errorf("--clock %s: must be wall, virtual, or virtual= and a time", f.Clock)
	}
}

// Due is something that does what is due by the clock.
type Due interface {
	// Next is when the next thing is due; false when none is.
	Next() (time.Time, bool)
	// Settle returns when everything is done that is due now.
	Settle(ctx context.Context) error
}

// Virtual is a clock that stands still until it is moved. It never goes backwards and is safe for concurrent use. A nil one
// is the clock on the wall.
type Virtual struct {
	mu  sync.RWMutex
	now time.Time
	// turn is held by whoever moves the clock.
	turn chan struct{}
	due  []Due
}

// NewVirtual is a clock that shows an instant, to the microsecond.
func NewVirtual(at time.Time) *Virtual {
	return &Virtual{now: at.UTC().Truncate(time.Microsecond), turn: make(chan struct{}, 1)}
}

// Now is what the clock shows.
func (v *Virtual) Now() time.Time {
	if v == nil {
		return time.Now()
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.now
}

// Follow tells the clock of more that is due by it, before others move it.
func (v *Virtual) Follow(due ...Due) {
	if v != nil {
		v.due = append(v.due, due...)
	}
}

// Log is a log that is written by the clock; see [data.Store].
type Log interface {
	Last() data.Seq
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
}

// Begin starts the clock no earlier than the newest entry of a log, and tells it what is due by it. It is called once,
// before others move the clock. The error is that of the log.
func (v *Virtual) Begin(ctx context.Context, log Log, due ...Due) error {
	if v == nil {
		return nil
	}
	v.due = due
	last := log.Last()
	if last == 0 {
		return nil
	}
	newest, err := log.Header(ctx, last)
	if err == nil && newest.Recorded.After(v.Now()) {
		v.set(newest.Recorded)
	}
	return err
}

func (v *Virtual) set(to time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = to.UTC().Truncate(time.Microsecond)
}

// Move moves the clock to the instant that to says, stopping wherever something is due: what is due then is done before the
// clock goes on. It returns at how many instants it stopped. An error of to, and an instant of the past, leave the clock
// alone; any other error leaves it where it had come to.
func (v *Virtual) Move(ctx context.Context, to func(now time.Time) (time.Time, error)) (stops int, err error) {
	select {
	case v.turn <- struct{}{}:
		defer func() { <-v.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	end, err := to(v.Now())
	if err != nil {
		return 0, err
	}
	for {
		if err := v.settle(ctx); err != nil {
			return stops, err
		}
		next, ok := v.next()
		if !ok || next.After(end) {
			break
		}
		if next.After(v.Now()) {
			v.set(next)
			stops++
		}
	}
	if end.After(v.Now()) {
		v.set(end)
	}
	return stops, nil
}

// settle has everything done that is due now.
func (v *Virtual) settle(ctx context.Context) error {
	for _, d := range v.due {
		if err := d.Settle(ctx); err != nil {
			return fmt.Errorf("the clock stands at %s, where something is due: %w", v.Now().Format(time.RFC3339Nano), err)
		}
	}
	return ctx.Err()
}

// next is the earliest instant at which something is due.
func (v *Virtual) next() (first time.Time, ok bool) {
	for _, d := range v.due {
		if at, has := d.Next(); has && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok
}
