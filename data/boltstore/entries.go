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
	readPayloads = 1000
	readBytes    = 4 << 20
	ringEntries  = 256
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
			entries := db.ring.after(next-1, ringEntries)
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
	_, err := r.log.read(end, func(h *data.Header, payload []byte, last bool) error {
		if r.changes == nil {
			r.changes = make([]data.Change, 0, len(h.Payloads))
		}
		c, err := r.decoder.Payload(payload)
		if err != nil {
			return err
		}
		r.changes = append(r.changes, c)
		if last {
			r.entries = append(r.entries, h.Entry(r.changes))
			r.changes = nil
		}
		return nil
	})
	return r.entries, err
}

// logReader reads checked payloads of the log in short read transactions.
type logReader struct {
	db      *DB
	scanner layout.Scanner
}

// read calls take for the payloads of one bounded step, up to the end of entry end, and returns how many it read.
// The payload is valid during the call only. Damage is a *data.CorruptError.
func (r *logReader) read(end data.Seq, take func(h *data.Header, payload []byte, last bool) error) (int, error) {
	payloads, size := 0, 0
	err := r.db.view(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(layout.BucketLog).Cursor()
		if !r.scanner.Chained() {
			before := layout.LogKey(r.scanner.Next()-1, 0)
			if k, v := cursor.Seek(before[:]); string(k) == string(before[:]) {
				r.scanner.Resume(v)
			}
		}
		key := r.scanner.Key()
		for k, v := cursor.Seek(key[:]); r.scanner.Next() <= end && payloads < readPayloads && size < readBytes; k, v = cursor.Next() {
			h := r.scanner.Header()
			payload, last, err := r.scanner.Take(k, v)
			if err != nil {
				return err
			}
			size += len(v)
			if !payload {
				continue
			}
			payloads++
			if err := take(h, v, last); err != nil {
				return &layout.DamageError{Where: "log entry", What: err.Error()}
			}
		}
		return nil
	})
	if damage, ok := errors.AsType[*layout.DamageError](err); ok {
		err = r.db.corrupt(damage.Where, damage.What, false)
	}
	return payloads, err
}
