// Package rewrite writes a store file anew from the entries of another that are in order. Repair, restore and the return
// of free space copy what is sound instead of changing what may not be: the new file has fresh pages, and the old one
// stays until the new one is complete.
package rewrite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// Source is the file that is read.
type Source struct {
	io.ReaderAt
	Size int64
	Meta image.Meta
}

// Target is the file to write and what is to be in it.
type Target struct {
	Path string
	// Last is the newest entry to copy.
	Last    data.Seq
	Epoch   data.Epoch
	Created time.Time
	// Blocks copies the checkpoint as well, when it may be used. Otherwise the store writes one when it runs.
	Blocks bool
}

// writer writes into the new file.
type writer struct {
	bolt     *bbolt.DB
	tx       *bbolt.Tx
	defs     layout.Definitions
	totals   layout.Totals
	recorded time.Time
	records  []record // of the entry that is read
	bytes    int      // written in tx
	err      error
}

// record is a copy of a record of the log.
type record struct {
	layout.Record
	value []byte
}

// mostBytes is how much goes into one transaction of the new file.
const mostBytes = 32 << 20

// File copies a file. What is at the path of the target is replaced. The new file is durable when File returns nil, its
// name is not, and nothing is left of it otherwise. Cancelling the context is an error.
func File(ctx context.Context, from Source, to Target) (err error) {
	if err := os.Remove(to.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	bolt, err := bbolt.Open(to.Path, 0o600, &bbolt.Options{
		FreelistType: bbolt.FreelistMapType, PageSize: image.PageSize, InitialMmapSize: image.MapBytes(),
		NoSync: true, NoGrowSync: true, // finish syncs once, and writing makes the file no longer than it must be
	})
	if err != nil {
		return err
	}
	w := &writer{bolt: bolt, defs: layout.NewDefinitions()}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.discard(), os.Remove(to.Path))
		}
	}()
	if err := bolt.Update(func(tx *bbolt.Tx) error { return layout.Create(tx, to.Epoch, to.Created) }); err != nil {
		return err
	}
	if w.tx, err = bolt.Begin(true); err != nil {
		return err
	}
	visitor := inspect.Visitor{Record: func(h *data.Header, encoded []byte, r layout.Record, value []byte) {
		if w.err == nil && h.Seq <= to.Last {
			w.err = w.take(h, encoded, r, value)
		}
	}}
	if to.Blocks {
		visitor.Rows = func(key []byte, _ []layout.Row, value []byte) {
			if w.err == nil {
				w.err = w.block(key, value)
			}
		}
	}
	in, err := inspect.File(ctx, from, from.Size, from.Meta, visitor)
	switch {
	case err != nil:
		return err
	case w.err != nil:
		return w.err
	case in.Intact < to.Last:
		return fmt.Errorf("the log is readable up to entry %d of %d only", in.Intact, to.Last)
	case to.Blocks && len(in.Blocks) > 0:
		return fmt.Errorf("the checkpoint is damaged: %s", in.Blocks[0])
	}
	return w.finish(in, to)
}

// take collects an entry and writes it when it is complete.
func (w *writer) take(h *data.Header, encoded []byte, r layout.Record, value []byte) error {
	c := record{r, bytes.Clone(value)}
	if r.Payload != nil {
		c.Payload = c.value
	}
	w.records = append(w.records, c)
	if !r.Last {
		return nil
	}
	header := bytes.Clone(encoded)
	if err := w.put(h.Seq, 0, header); err != nil {
		return err
	}
	size, erased := 0, 0
	for i := range w.records {
		r := &w.records[i]
		size += len(r.value) + layout.LogKeyBytes
		erased += len(r.Erased)
		if err := w.put(h.Seq, uint32(r.First)+1, r.value); err != nil {
			return err
		}
		if err := w.defs.ApplyPayload(h.Seq, r.Payload); err != nil {
			return err
		}
	}
	// The transaction keeps the bytes until it is committed.
	w.records = w.records[:0]
	w.totals.Add(w.recorded, h.Recorded, len(h.Payloads), size+len(header)+layout.LogKeyBytes)
	w.totals.Erase(erased, 0)
	w.recorded = h.Recorded
	if err := layout.PutLast(w.tx, h.Seq, sha256.Sum256(header), &w.totals); err != nil {
		return err
	}
	return w.turn()
}

func (w *writer) put(seq data.Seq, n uint32, value []byte) error {
	key := layout.LogKey(seq, n)
	w.bytes += len(value)
	log := w.tx.Bucket(layout.BucketLog)
	log.FillPercent = layout.LogFill
	return log.Put(key[:], value)
}

// block copies a block of the checkpoint.
func (w *writer) block(key, value []byte) error {
	rows := w.tx.Bucket(layout.BucketRows)
	rows.FillPercent = layout.LogFill
	w.bytes += len(value)
	if err := rows.Put(bytes.Clone(key), bytes.Clone(value)); err != nil {
		return err
	}
	return w.turn()
}

// turn commits and begins the next transaction when this one is large enough.
func (w *writer) turn() error {
	if w.bytes < mostBytes {
		return nil
	}
	w.bytes = 0
	err := w.tx.Commit()
	if err == nil {
		w.tx, err = w.bolt.Begin(true)
	}
	return err
}

// finish writes the definitions and settings and makes the file durable.
func (w *writer) finish(in *inspect.Findings, to Target) error {
	if err := w.defs.Replace(w.tx); err != nil {
		return err
	}
	if in.Horizon > 0 {
		if err := layout.PutHorizon(w.tx, in.Horizon); err != nil {
			return err
		}
	}
	if len(in.Upgrades) > 0 {
		if err := layout.PutUpgrades(w.tx, in.Upgrades); err != nil {
			return err
		}
	}
	if to.Blocks {
		if err := layout.PutMark(w.tx, in.Mark); err != nil {
			return err
		}
	}
	if err := w.tx.Commit(); err != nil {
		return err
	}
	w.tx = nil
	return errors.Join(w.bolt.Sync(), w.bolt.Close())
}

// discard ends what finish did not.
func (w *writer) discard() error {
	var err error
	if w.tx != nil {
		err = w.tx.Rollback()
	}
	return errors.Join(err, w.bolt.Close())
}
