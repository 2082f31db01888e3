// Package trail brings notes of who did what into the log: at once where an act waits for its note, and summed up within a
// minute where acts are too many for a note each.
package trail

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people/audit"
)

// Cause is the cause of entries of the log that hold nothing but notes.
const Cause = "audit"

// Bounds of time: how often sums are looked at, how often somebody who reads has them written early, and how long the last
// ones may take when the server goes down.
const (
	pace     = 10 * time.Second
	lookPace = 5 * time.Second
	lastTime = 5 * time.Second
)

// Acts that [Trail.First] tells once within an hour, and how many it remembers.
const (
	firstTime = time.Hour
	mostFirst = 10_000
)

// MaxWaiting bounds the notes that wait for a log that cannot be written; of what is beyond only the number is kept.
const MaxWaiting = 1000

// Lost is the action of a note that says how many acts have none, because the log could not be written for too long.
const Lost = "notes-lost"

// self is who writes sums.
const self = "gewu"

// Log is what notes are appended to; see [data.Store] for the contract.
type Log interface {
	Append(ctx context.Context, tx data.Tx) (data.Seq, error)
}

// Trail writes notes. Its members are set once. It is safe for concurrent use.
type Trail struct {
	Log Log
	// NewID makes ids of notes.
	NewID func() (string, error)
	// Now is the wall clock, Clock that of the log, by which entries are timed.
	Now, Clock func() time.Time
	Logger     *slog.Logger

	flood audit.Flood

	mu sync.Mutex
	// waiting are notes that could not be written yet, lost is how many acts have lost theirs.
	waiting []audit.Entry
	lost    int
	looked  time.Time
	// told are the acts that First has counted, since the hour began.
	told map[told]bool
	hour time.Time
}

// told is an act as First tells it.
type told struct{ actor, from, action string }

// Write writes a note: it is durable when the error is nil. Whoever must not go on without a note asks for it before.
func (t *Trail) Write(ctx context.Context, e audit.Entry) error {
	// The act counts also when its client has gone.
	return t.append(context.WithoutCancel(ctx), e.Actor, []audit.Entry{e})
}

// Note writes a note of what was done and cannot be taken back: when the log cannot be written, as soon as it can.
func (t *Trail) Note(ctx context.Context, e audit.Entry) {
	if err := t.Write(ctx, e); err != nil {
		t.Logger.ErrorContext(ctx, "a note waits for the log", "action", e.Action, "actor", e.Actor, "error", err)
		t.wait([]audit.Entry{e})
	}
}

// Count sums an act up with others of its minute, after which the sum is written.
func (t *Trail) Count(e audit.Entry) { t.flood.Add(e) }

// First counts an act unless the same actor did the same from the same address before within the hour.
func (t *Trail) First(e audit.Entry) {
	key := told{e.Actor, e.From, e.Action}
	t.mu.Lock()
	if hour := e.Time.Truncate(firstTime); !hour.Equal(t.hour) || len(t.told) >= mostFirst {
		t.told, t.hour = map[told]bool{}, hour
	}
	again := t.told[key]
	t.told[key] = true
	t.mu.Unlock()
	if !again {
		t.Count(e)
	}
}

// Look writes the sums that there are, so that somebody who reads finds them; not more than once in five seconds.
func (t *Trail) Look(ctx context.Context) {
	now := t.Now()
	t.mu.Lock()
	early := !t.looked.IsZero() && now.Sub(t.looked) < lookPace && !now.Before(t.looked)
	if !early {
		t.looked = now
	}
	t.mu.Unlock()
	if !early {
		t.flush(ctx, t.Clock().Add(time.Minute))
	}
}

// Run writes sums when their minute is over, until ctx ends, and then those that are left.
func (t *Trail) Run(ctx context.Context) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.flush(ctx, t.Clock())
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
			defer cancel()
			t.flush(last, t.Clock().Add(time.Minute))
			return nil
		}
	}
}

// wait keeps entries for later.
func (t *Trail) wait(entries []audit.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range entries {
		if len(t.waiting) < MaxWaiting {
			t.waiting = append(t.waiting, e)
		} else {
			t.lost += max(1, e.Count)
		}
	}
}

// flush writes the sums of minutes that are over at now, and what waits.
func (t *Trail) flush(ctx context.Context, now time.Time) {
	sums := t.flood.Take(now)
	t.mu.Lock()
	entries, lost := slices.Concat(t.waiting, sums), t.lost
	t.waiting, t.lost = nil, 0
	t.mu.Unlock()
	if lost > 0 {
		entries = append(entries, audit.Entry{Time: t.Clock(), Actor: self, Action: Lost, Outcome: audit.Done, Count: lost})
	}
	if len(entries) == 0 {
		return
	}
	if err := t.append(ctx, self, entries); err != nil {
		t.Logger.ErrorContext(ctx, "notes wait for the log", "notes", len(entries), "error", err)
		t.wait(entries)
	}
}

// append writes notes as one entry.
func (t *Trail) append(ctx context.Context, actor string, entries []audit.Entry) error {
	tx := data.Tx{Actor: actor, Cause: Cause}
	for _, e := range entries {
		id, err := t.NewID()
		if err != nil {
			return err
		}
		change, err := e.Change(id)
		if err != nil {
			return errors.Join(err, errNote)
		}
		tx.Changes = append(tx.Changes, change)
	}
	_, err := t.Log.Append(ctx, tx)
	return err
}

var errNote = errors.New("trail: this cannot be noted")
