package boltstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
)

// Problem is one broken invariant of a store.
type Problem = inspect.Problem

// CheckOptions say how deep a check goes and who hears of it.
type CheckOptions = inspect.Options

// Check reads the whole store and reports every broken invariant: structure of the file, hashes and chain of the
// log, payloads that do not decode or do not fit their layer, wrong previous seqs, permanent ids that are not unique,
// definitions and checkpoint that differ from a replay of the log. It works while the store is in use, on the state
// at its beginning, and needs about 60 bytes of memory per feature unless it is to be quick. The error is that of ctx or
// of reading; damage is reported, not returned, and is what Damage says from then on.
func (db *DB) Check(ctx context.Context, o CheckOptions) error {
	var first *Problem
	report := o.Report
	o.Report = func(p Problem) {
		if first == nil {
			first = &p
		}
		report(p)
	}
	if err := db.check(ctx, o); err != nil {
		return err
	}
	if first != nil {
		_ = db.damaged(first.Where, first.What) // it was reported
	} else if !o.Quick {
		db.damage.Store(nil)
	}
	return nil
}

func (db *DB) check(ctx context.Context, o CheckOptions) error {
	const attempts = 100
	for range attempts {
		tx, err := db.bolt.Begin(false)
		if err != nil {
			return fmt.Errorf("check store %s: %w", db.path, err)
		}
		// The transaction pins the pages of its header. The header itself is overwritten by the commit after the next.
		var meta image.Meta
		found := false
		for i := range 2 {
			if m, ok := image.ReadMeta(db.file, i); ok && m.TxID == uint64(tx.ID()) {
				meta, found = m, true
			}
		}
		if found {
			info, err := db.file.Stat()
			if err == nil {
				err = inspect.Check(ctx, db.file, info.Size(), meta, o)
			}
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Rollback(); err != nil {
			return fmt.Errorf("check store %s: %w", db.path, err)
		}
	}
	return fmt.Errorf("check store %s: its header changed %d times while it was read", db.path, attempts)
}
