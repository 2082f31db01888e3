package boltstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/compact"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// ErrCompacting is returned when a compaction is begun while another one runs.
var ErrCompacting = errors.New("boltstore: a compaction is running already")

// Retention says which history stays complete. Exactly one of Keep and KeepEntries is used: Keep when it is positive.
type Retention struct {
	// Keep is the time for which every city of the past can be asked for.
	Keep time.Duration
	// KeepEntries is the number of newest entries of which the same holds.
	KeepEntries data.Seq
	// DryRun finds out what would be erased and erases nothing.
	DryRun bool
}

// Compacted says what a compaction did, or would do.
type Compacted struct {
	// Horizon is the entry from which on history is complete, Recorded when it was recorded.
	Horizon  data.Seq
	Recorded time.Time
	// Changes are those that were erased now, and Bytes what the log lost with them. The pages are used again; the file
	// becomes shorter by [Rewrite] only.
	Changes, Bytes int64
	// Before and After are the bytes of the log.
	Before, After int64
}

// Compact erases the payloads of changes that retention does not keep, while the store is in use; Run must be running.
// A horizon that was reached before does not go back. progress, when not nil, gets the part that is done, from 0 to 1.
// Compact may be cancelled or end with the process at any point: what is left is erased by the next one.
//
// Compact waits until heads has applied the entries up to the horizon, so that it never publishes a city before it.
func (db *DB) Compact(ctx context.Context, r Retention, progress func(part float64)) (Compacted, error) {
	if !db.compacting.TryLock() {
		return Compacted{}, ErrCompacting
	}
	defer db.compacting.Unlock()
	done, err := db.compact(ctx, r, progress)
	if err != nil {
		return done, fmt.Errorf("compact store %s: %w", db.path, err)
	}
	return done, nil
}

func (db *DB) compact(ctx context.Context, r Retention, progress func(part float64)) (Compacted, error) {
	done := Compacted{Before: int64(db.tip.load().totals.Bytes)}
	plan := compact.Plan{DryRun: r.DryRun, Progress: progress, Limits: db.opts.compaction}
	var err error
	if plan.Horizon, err = db.horizonFor(ctx, r); err != nil {
		return done, err
	}
	if plan.Horizon > 0 {
		h, err := db.Header(ctx, plan.Horizon)
		if err != nil {
			return done, err
		}
		plan.Recorded, plan.Permanents = h.Recorded, h.Permanent
	}
	if plan.Horizon > db.Horizon() && !r.DryRun {
		err := db.submit(ctx, &step{
			write: func(tx *bbolt.Tx) error { return layout.PutHorizon(tx, plan.Horizon) },
			then: func(*committer) {
				db.horizon.Store(uint64(plan.Horizon))
				db.ring.Forget(plan.Horizon)
			},
		})
		if err != nil {
			return done, err
		}
	}
	result, err := compact.Run(ctx, erasing{db}, plan)
	done.Horizon, done.Recorded = plan.Horizon, plan.Recorded
	done.Changes, done.Bytes = result.Changes, result.Bytes
	done.After = int64(db.tip.load().totals.Bytes)
	return done, err
}

// horizonFor is the newest entry that retention allows as the horizon, and not one before the present one.
func (db *DB) horizonFor(ctx context.Context, r Retention) (data.Seq, error) {
	horizon := data.Seq(0)
	if r.Keep > 0 {
		var err error
		if horizon, err = db.SeqAt(ctx, db.now().Add(-r.Keep)); err != nil {
			return 0, err
		}
	} else if last := db.Last(); r.KeepEntries < last {
		horizon = last - r.KeepEntries
	}
	// A city within a group is the one before it, whose content would be erased.
	for horizon > db.Horizon() {
		h, err := db.Header(ctx, horizon)
		if err != nil {
			return 0, err
		}
		if h.Visible <= horizon {
			break
		}
		horizon--
	}
	horizon = max(horizon, db.Horizon())
	for {
		// The committer asks the engine, which is about to apply what it has not yet.
		applied := data.Seq(0)
		err := db.submit(ctx, &step{then: func(c *committer) { applied = c.heads.Applied() }})
		if err != nil || applied >= horizon {
			return horizon, err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// erasing lets a compaction write between the commits.
type erasing struct{ db *DB }

// View implements compact.File.
func (e erasing) View(fn func(*bbolt.Tx) error) error { return e.db.view(fn) }

// Erase implements compact.File.
func (e erasing) Erase(ctx context.Context, changes, bytes int, fn func(*bbolt.Tx) error) error {
	var totals layout.Totals
	return e.db.submit(ctx, &step{
		write: func(tx *bbolt.Tx) error {
			totals = e.db.tip.load().totals
			totals.Erase(changes, bytes)
			return errors.Join(fn(tx), layout.PutTotals(tx, &totals))
		},
		then: func(c *committer) { c.retotal(totals) },
	})
}
