package boltstore

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/admit"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// Projections are what a store keeps beside the log and can make anew from it.
const (
	// ProjectionCheckpoint are the blocks of what exists and existed.
	ProjectionCheckpoint = "checkpoint"
	// ProjectionDefinitions are the current layers, schemes, dictionaries and admin records.
	ProjectionDefinitions = "definitions"
)

// RebuildCheckpoint throws the checkpoint away and writes it anew from the log, while the store is in use; Run must be
// running. A start in between reads the whole log. progress, when not nil, gets the part that is done, from 0 to 1. When
// ctx ends the checkpoint is written all the same.
func (db *DB) RebuildCheckpoint(ctx context.Context, progress func(part float64)) error {
	done := make(chan error, 1)
	select {
	case db.renew <- done:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.ended:
		return data.ErrClosed
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("rebuild the checkpoint of store %s: %w", db.path, err)
			}
			return nil
		case <-ticker.C:
			if progress != nil {
				progress(min(float64(db.stats.mark.Load())/float64(max(db.Last(), 1)), 1))
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// renewal throws the checkpoint away and writes it anew.
func (p *checkpointer) renewal(ctx context.Context) error {
	if err := p.discard(ctx); err != nil {
		return err
	}
	return p.pass(ctx)
}

// discard throws the checkpoint away, in short steps: first the mark, so that nobody reads what is left.
func (p *checkpointer) discard(ctx context.Context) error {
	p.mark = 0
	p.db.stats.mark.Store(0)
	if err := p.submit(ctx, func(tx *bbolt.Tx) error { return layout.PutMark(tx, 0) }); err != nil {
		return err
	}
	for more := true; more; {
		err := p.submit(ctx, func(tx *bbolt.Tx) (err error) {
			more, err = deleteKeys(tx.Bucket(layout.BucketRows), nil, func([]byte) bool { return true })
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// RebuildDefinitions makes the definitions anew from the log, while the store is in use; Run must be running. progress,
// when not nil, gets the part that is done, from 0 to 1.
func (db *DB) RebuildDefinitions(ctx context.Context, progress func(part float64)) error {
	defs, read, err := db.loggedDefinitions(ctx, progress)
	if err == nil {
		err = db.submit(ctx, &step{
			write: func(tx *bbolt.Tx) error {
				// The committer runs this, so nothing is appended meanwhile: the rest of the log is what came since.
				if err := defs.ApplyLog(tx, read, db.Last()); err != nil {
					return err
				}
				return defs.Replace(tx)
			},
			then: func(c *committer) { c.defs = admit.With(defs) },
		})
	}
	if err != nil {
		return fmt.Errorf("rebuild the definitions of store %s: %w", db.path, err)
	}
	return nil
}

// loggedDefinitions are those of the log up to the newest entry, which is returned too.
func (db *DB) loggedDefinitions(ctx context.Context, progress func(part float64)) (layout.Definitions, data.Seq, error) {
	defs := layout.NewDefinitions()
	reader := logReader{db: db, scanner: layout.NewScanner(1)}
	end := db.Last()
	for reader.scanner.Next() <= end {
		if err := ctx.Err(); err != nil {
			return defs, 0, err
		}
		if _, err := reader.read(end, func(h *data.Header, record layout.Record) error {
			return defs.ApplyPayload(h.Seq, record.Payload)
		}); err != nil {
			return defs, 0, err
		}
		if progress != nil {
			progress(float64(reader.scanner.Next()-1) / float64(end))
		}
	}
	return defs, end, nil
}
