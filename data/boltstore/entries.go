package boltstore

import (
	"context"
	"errors"
	"iter"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// Bounds of one read of the log. A read transaction pins the pages it sees, so it must be short.
const (
	readChanges = 1000
	readBytes   = 4 << 20
	ringEntries = 256
)

// Entries yields the entries after a Seq up to the newest at the time of the call, as [data.Store] says. Entries
// that are not in memory are read from the file, and their hashes and chain are checked. The consumer may take its
// time and may call any method of the store.
func (db *DB) Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error] {
	return func(yield func(*data.Entry, error) bool) {
		end := db.Last()
		if after >= end {
			return
		}
		reader := entryReader{log: logReader{db: db, scanner: layout.NewScanner(after + 1)}}
		for next := after + 1; next <= end; {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			entries := db.ring.After(next-1, ringEntries)
			if len(entries) == 0 || reader.log.scanner.Within() {
				var err error
				if entries, err = reader.read(end); err != nil {
					yield(nil, err)
					return
				}
			}
			for _, e := range entries {
				if e.Seq > end || !yield(e, nil) {
					return
				}
				next = e.Seq + 1
			}
			if next > reader.log.scanner.Next() {
				reader.log.scanner = layout.NewScanner(next) // these came from memory
			}
		}
	}
}

// entryReader decodes the entries of the log.
type entryReader struct {
	log     logReader
	decoder data.Decoder
	changes []data.Change // of the entry that is read
	entries []*data.Entry // of the step that is read
}

// read returns the entries of one bounded step, up to end. It may return none when an entry is larger than a step.
func (r *entryReader) read(end data.Seq) ([]*data.Entry, error) {
	r.entries = nil
	_, err := r.log.read(end, func(h *data.Header, record layout.Record) error {
		if r.changes == nil {
			r.changes = make([]data.Change, 0, len(h.Payloads))
		}
		for i := range record.Erased {
			r.changes = append(r.changes, record.Erased[i].Change())
		}
		if record.Payload != nil {
			c, err := r.decoder.Payload(record.Payload)
			if err != nil {
				return err
			}
			r.changes = append(r.changes, c)
		}
		if record.Last {
			r.entries = append(r.entries, h.Entry(r.changes))
			r.changes = nil
		}
		return nil
	})
	return r.entries, err
}

// logReader reads checked records of the log in short read transactions.
type logReader struct {
	db      *DB
	scanner layout.Scanner
}

// read calls take for the payloads and runs of one bounded step, up to the end of entry end, and returns how many
// changes it read. The record is valid during the call only. Damage is a *data.CorruptError.
func (r *logReader) read(end data.Seq, take func(h *data.Header, record layout.Record) error) (int, error) {
	changes, size := 0, 0
	err := r.db.view(func(tx *bbolt.Tx) error {
		r.scanner.Horizon = r.db.Horizon()
		cursor := tx.Bucket(layout.BucketLog).Cursor()
		if !r.scanner.Chained() {
			before := layout.LogKey(r.scanner.Next()-1, 0)
			if k, v := cursor.Seek(before[:]); string(k) == string(before[:]) {
				r.scanner.Resume(v)
			}
		}
		key := r.scanner.Key()
		for k, v := cursor.Seek(key[:]); r.scanner.Next() <= end && changes < readChanges && size < readBytes; k, v = cursor.Next() {
			h := r.scanner.Header()
			record, err := r.scanner.Take(k, v)
			if err != nil {
				return err
			}
			size += len(v)
			if record.Count == 0 {
				continue
			}
			changes += record.Count
			if err := take(h, record); err != nil {
				return &layout.DamageError{Where: "log entry", What: err.Error()}
			}
		}
		return nil
	})
	if damage, ok := errors.AsType[*layout.DamageError](err); ok {
		err = r.db.damaged(damage.Where, damage.What)
	}
	return changes, err
}
