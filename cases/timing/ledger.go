package timing

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/data"
)

// Log is where events are kept, see store.Log for the contract.
type Log interface {
	Append(ctx context.Context, events []*cases.Event) (data.Seq, error)
	Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error]
}

// Ledger is a log that knows the clocks of its cases. Those of cases with a clock alive are held, those of others are folded
// when somebody asks. It is safe for concurrent use; events of one case are appended by one at a time, as a store does it.
type Ledger struct {
	city *City
	log  Log

	mu   sync.Mutex
	held map[string]held
}

type held struct {
	version int
	clocks  Clocks
}

// NewLedger is a ledger over a log.
func NewLedger(city *City, log Log) *Ledger {
	return &Ledger{city: city, log: log, held: map[string]held{}}
}

// Events are those of the log.
func (l *Ledger) Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error] {
	return l.log.Events(ctx, id)
}

// Append makes events durable whose clock effects can be; the error of one that cannot is a *data.FieldError, and nothing is
// written.
func (l *Ledger) Append(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	next := make([]held, len(events))
	// newest is where a case was met last, made for the first that is met twice: marks are told of many cases once.
	var newest map[string]int
	for i, e := range events {
		at, known := l.known(e.Case, e.Number-1)
		if !known {
			if newest == nil {
				newest = make(map[string]int, len(events))
				for j := range i {
					newest[events[j].Case] = j
				}
			}
			var err error
			if j, met := newest[e.Case]; met {
				at = next[j]
			} else if at, err = l.find(ctx, e.Case, e.Number-1); err != nil {
				return 0, err
			}
		}
		if newest != nil {
			newest[e.Case] = i
		}
		clocks, err := l.city.After(at.clocks, e)
		if err == nil {
			clocks, err = l.city.settled(clocks)
		}
		if err != nil {
			return 0, err
		}
		next[i] = held{e.Number, clocks}
	}
	seq, err := l.log.Append(ctx, events)
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, h := range next {
		l.keep(events[i].Case, h)
	}
	return seq, nil
}

// keep holds clocks of which one is alive, and forgets others.
func (l *Ledger) keep(id string, h held) {
	for i := range h.clocks {
		if c := &h.clocks[i]; c.State == clock.Running || c.State == clock.Paused {
			l.held[id] = h
			return
		}
	}
	delete(l.held, id)
}

// known is the clocks of a case after so many events, or after all of them with a negative number, if they are held.
func (l *Ledger) known(id string, version int) (held, bool) {
	if version == 0 {
		return held{}, true
	}
	l.mu.Lock()
	h, ok := l.held[id]
	l.mu.Unlock()
	return h, ok && (version < 0 || h.version == version)
}

// find is known, from the log where they are not held.
func (l *Ledger) find(ctx context.Context, id string, version int) (held, error) {
	if h, ok := l.known(id, version); ok {
		return h, nil
	}
	return l.fold(ctx, id, version)
}

func (l *Ledger) fold(ctx context.Context, id string, version int) (held, error) {
	h := held{}
	for e, err := range l.log.Events(ctx, id) {
		if err != nil {
			return h, fmt.Errorf("clocks of case %s: %w", id, err)
		}
		clocks, err := l.city.After(h.clocks, e)
		if err != nil {
			return h, err
		}
		if h = (held{e.Number, clocks}); h.version == version {
			break
		}
	}
	var err error
	if h.clocks, err = l.city.settled(h.clocks); err != nil {
		return h, fmt.Errorf("clocks of case %s: %w", id, err)
	}
	return h, nil
}

// Recount counts the clocks of a case by the book of now, and returns when the first of them ends. Nobody may append to the case
// meanwhile. The error is that of [Clocks.Recount] or of the log.
func (l *Ledger) Recount(ctx context.Context, id string) (time.Time, error) {
	h, err := l.find(ctx, id, -1)
	if err != nil {
		return time.Time{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now, ok := l.held[id]; ok {
		h = now
	}
	if h.clocks, err = h.clocks.Recount(l.city.Newest()); err != nil {
		return time.Time{}, err
	}
	l.keep(id, h)
	return h.clocks.Due(), nil
}

// Of are the clocks of a case, none for one that does not exist. Nobody may change them. The error is that of the log.
func (l *Ledger) Of(ctx context.Context, id string) (Clocks, error) {
	h, err := l.find(ctx, id, -1)
	return h.clocks, err
}

// Told notes that a mark of a clock of a case was told.
func (l *Ledger) Told(ctx context.Context, n clock.Notice, at time.Time) (Clocks, error) {
	h, err := l.find(ctx, n.Case, -1)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now, ok := l.held[n.Case]; ok {
		h = now
	}
	clocks, err := l.city.Told(h.clocks, n, at)
	if err != nil {
		return h.clocks, err
	}
	l.keep(n.Case, held{h.version, clocks})
	return clocks, nil
}

// Due is when the clock of a case that ends next ends, zero when none runs. A store asks it for its column.
func (l *Ledger) Due(c *cases.Case) time.Time {
	if c.Final {
		return time.Time{}
	}
	clocks, err := l.Of(context.Background(), c.ID)
	if err != nil {
		return time.Time{} // whoever reads the case is told of the fault
	}
	return clocks.Due()
}

// Due is when the first of the running clocks ends, zero when none has a time.
func (k Clocks) Due() time.Time {
	var first time.Time
	for i := range k {
		if c := &k[i]; c.State == clock.Running && !c.Due.IsZero() && (first.IsZero() || c.Due.Before(first)) {
			first = c.Due
		}
	}
	return first
}

// DueOf is when the clock of a name ends, zero where there is none or it has no time.
func (k Clocks) DueOf(name string) time.Time {
	if c := k.Clock(name); c != nil {
		return c.Due
	}
	return time.Time{}
}

// clocks is what [Limits] asks: a case whose clocks cannot be read is not overdue.
func (l *Ledger) clocks(id string) Clocks {
	clocks, err := l.Of(context.Background(), id)
	if err != nil {
		return nil
	}
	return clocks
}

// Limits are the limits of the city with the clocks of the ledger.
func (l *Ledger) Limits() *Limits { return &Limits{City: l.city, Of: l.clocks} }
