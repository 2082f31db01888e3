package boltstore

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/offline"
)

// fullBytes is the file size up to which VerifyAuto reads everything: about a second.
const fullBytes = 1 << 30

// verify checks a file before it is mapped.
func (db *DB) verify(size int64) error {
	if db.opts.Verify == VerifyNone {
		return nil
	}
	meta, err := offline.Headers(context.Background(), db.path, db.file, size)
	if err != nil {
		return err
	}
	if int64(meta.Pages)*image.PageSize > size {
		// A mapped page behind the end of the file faults, so bbolt never gets to see such a file.
		db.opts.Verify = VerifyFull
	}
	if db.opts.Verify == VerifyAuto && size > fullBytes {
		db.opts.Verify = VerifyTail
	}
	if db.opts.Verify == VerifyTail {
		return nil // the tail is read after the file is mapped
	}
	in, err := inspect.File(context.Background(), db.file, size, meta, inspect.Visitor{})
	if err != nil {
		return err
	}
	if err := offline.Damage(db.path, in); err != nil {
		return err
	}
	if len(in.Blocks) > 0 {
		db.damagedBlocks = true
		db.log.Warn("checkpoint is damaged and is written anew from the log", "file", db.path, "problem", in.Blocks[0].String())
	}
	return nil
}

// Bounds of what VerifyTail reads: the newest entries, and not many more changes than this.
const (
	tailEntries = 100
	tailChanges = 10_000
)

// verifyTail reads the newest entries.
func (db *DB) verifyTail() error {
	from := db.Last()
	err := db.view(func(tx *bbolt.Tx) error {
		log := tx.Bucket(layout.BucketLog)
		for changes := 0; from > 0 && db.Last()-from < tailEntries && changes < tailChanges; from-- {
			key := layout.LogKey(from, 0)
			h, err := data.DecodeHeader(log.Get(key[:]))
			if err != nil {
				return db.corrupt(fmt.Sprintf("log entry %d, header", from), err.Error(), false)
			}
			changes += len(h.Payloads)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, err := range db.Entries(context.Background(), from) {
		if err != nil {
			return err
		}
	}
	return nil
}
