package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// fullBytes is the file size up to which VerifyAuto reads everything: about a second.
const fullBytes = 1 << 30

// verify checks a file before it is mapped.
func (db *DB) verify(size int64) error {
	if db.opts.Verify == VerifyNone {
		return nil
	}
	meta, err := checkHeaders(db.path, db.file, size)
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
	if err := damage(db.path, in); err != nil {
		return err
	}
	if len(in.Blocks) > 0 {
		db.damagedBlocks = true
		db.log.Warn("checkpoint is damaged and is written anew from the log", "file", db.path, "problem", in.Blocks[0].String())
	}
	return nil
}

// checkHeaders reads the two headers of a file and returns the one that counts. Each is written in one sector, so a
// crash leaves both valid: when one is not, the newest transaction may be the one that it announced.
func checkHeaders(path string, r io.ReaderAt, size int64) (image.Meta, error) {
	meta, valid := image.ReadMetas(r)
	switch {
	case !valid[0] && !valid[1]:
		return meta, corrupt(path, "file header", "is not that of a gewu store, or both copies are damaged", false)
	case !valid[0] || !valid[1]:
		which := 0
		if valid[0] {
			which = 1
		}
		return meta, corrupt(path, fmt.Sprintf("file header %d", which), "is damaged; the newest entry may be lost", true)
	case size < 4*image.PageSize:
		return meta, corrupt(path, "file", fmt.Sprintf("is cut off at %d bytes", size), false)
	}
	return meta, nil
}

// damage is what an inspection found as an error, nil when it found nothing that matters.
func damage(path string, in *inspect.Findings) error {
	if err := layout.CheckVersion(in.Format); err != nil {
		return err
	}
	if len(in.Problems) == 0 {
		return nil
	}
	p := in.Problems[0]
	what := p.What
	if n := len(in.Problems); n > 1 {
		what = fmt.Sprintf("%s (and %d more)", what, n-1)
	}
	return corrupt(path, p.Where, what, in.Repairable())
}

// blank reports whether a file is the beginning of a store whose creation was interrupted: empty, all zero, or
// without a transaction. It empties the file then.
func blank(f *os.File, size int64) (bool, error) {
	const most = 64 << 10
	if size > most {
		return false, nil
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	zero := len(bytes.Trim(b, "\x00")) == 0
	meta, ok := image.ReadMeta(f, 1)
	// bbolt makes an empty file with headers of the transactions 0 and 1.
	if unused := ok && meta.TxID <= 1; !zero && !unused {
		return false, nil
	}
	return true, f.Truncate(0)
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
