package boltstore

import (
	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
)

// Tiny makes every bound small, so that tests reach them.
func Tiny(o Options) Options {
	o.CheckpointChanges, o.batchChanges, o.ringChanges, o.overlayHeads = 1, 3, 5, 4
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

// Names of buckets and keys, for tests that damage a store.
var (
	BucketMeta, BucketDefs, BucketLog, BucketRows = bucketMeta, bucketDefs, bucketLog, bucketRows
	KeyFormat                                     = keyFormat
)

// LogKey is the key of record n of an entry.
func LogKey(seq data.Seq, n uint32) []byte {
	k := logKey(seq, n)
	return k[:]
}

// Seal adds the checksum of key and value.
func Seal(key, value []byte) []byte { return seal(key, value) }

// SetMaxSize changes the bound of the file, as space freed on a disk does.
func SetMaxSize(db *DB, bytes int) { db.bolt.MaxSize = bytes }

// Block encodes the checkpoint block of records.
func Block(layer string, applied data.Seq, records []data.Record) ([]byte, error) {
	var rows []row
	for i := range records {
		payload, err := data.AppendPayload(nil, &records[i].Change)
		if err != nil {
			return nil, err
		}
		rows = append(rows, newRow(records[i].Seq, records[i].Change.Permanent, payload))
	}
	return mergeBlock(blockKey(layer, records[0].Change.Permanent), nil, rows, applied), nil
}

// Records decodes a checkpoint block.
func Records(key, block []byte) ([]data.Record, error) {
	rows, err := parseBlock(key, block)
	if err != nil {
		return nil, err
	}
	var decoder data.Decoder
	var records []data.Record
	for i := range rows {
		r, err := decoder.Record(rows[i].record)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}
