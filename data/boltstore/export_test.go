package boltstore

import (
	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data/boltstore/compact"
)

// Tiny makes every bound small, so that tests reach them.
func Tiny(o Options) Options {
	o.CheckpointChanges, o.batchChanges, o.ringChanges, o.overlayHeads = 1, 3, 5, 4
	o.compaction = compact.Limits{IDs: 3, ReadChanges: 4, ReadBytes: 1 << 10, EraseChanges: 2}
	return o
}

// SmallSteps makes a compaction take many steps.
func SmallSteps(o Options) Options {
	o.compaction = compact.Limits{ReadChanges: 100, EraseChanges: 10}
	return o
}

// Unsynced makes a store that does not wait for the disk, for tests of anything else.
func Unsynced(o Options) Options {
	o.noSync = true
	return o
}

// WithCommit replaces the commit of a bbolt transaction.
func WithCommit(db *DB, commit func(tx *bbolt.Tx) error) { db.commit = commit }

// Update runs a write transaction outside of Run, to damage a store from inside.
func Update(db *DB, fn func(tx *bbolt.Tx) error) error { return db.bolt.Update(fn) }

// SetMaxSize changes the bound of the file, as space freed on a disk does.
func SetMaxSize(db *DB, bytes int) { db.bolt.MaxSize = bytes }

// Waiting is the number of transactions that wait for the committer.
func Waiting(db *DB) int { return db.queue.length() }
