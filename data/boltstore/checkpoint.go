package boltstore

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// Checkpoint yields the newest checkpoint and stores its mark, as [data.Store] says. It is read in one read
// transaction: all records are those of one moment, and pages that are replaced meanwhile are reused only when the
// sequence has ended, so the consumer should not rest between records. A checkpoint that is damaged, or from before
// a layer was dropped, counts as none.
func (db *DB) Checkpoint(ctx context.Context, mark *data.Seq) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		*mark = 0
		r, err := db.openCheckpoint()
		if err != nil {
			yield(data.Record{}, err)
			return
		}
		if r == nil {
			return
		}
		defer func() { _ = guard(r.tx.Rollback) }() // a read transaction has nothing to lose
		*mark = r.mark
		blocks, stop := r.ahead()
		defer stop()
		for block := range blocks {
			err := block.err
			if err != nil {
				err = db.corrupt("checkpoint", err.Error(), true)
			} else {
				err = ctx.Err()
			}
			if err != nil {
				yield(data.Record{}, err)
				return
			}
			for _, record := range block.records {
				if !yield(record, nil) {
					return
				}
			}
		}
	}
}

// block are the decoded records of a block, or why there are none.
type block struct {
	records []data.Record
	err     error
}

// ahead decodes the blocks in a goroutine of its own while the consumer works on the ones before: a start is spent
// with both. stop ends it and waits until it has ended.
func (r *checkpointReader) ahead() (blocks <-chan block, stop func()) {
	const depth = 16
	out, quit := make(chan block, depth), make(chan struct{})
	go func() {
		defer close(out)
		for {
			records, err := r.next()
			if err == nil && records == nil {
				return
			}
			select {
			case out <- block{records, err}:
			case <-quit:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return out, func() {
		close(quit)
		for range out {
			continue // until the goroutine has ended
		}
	}
}

// checkpointReader reads a checkpoint block by block.
type checkpointReader struct {
	tx      *bbolt.Tx
	mark    data.Seq
	defs    []data.Record
	cursor  *bbolt.Cursor
	k, v    []byte
	decoder data.Decoder
}

// openCheckpoint begins to read the checkpoint; nil when there is none that may be used.
func (db *DB) openCheckpoint() (*checkpointReader, error) {
	var r *checkpointReader
	err := guard(func() error {
		tx, err := db.bolt.Begin(false)
		if err != nil {
			return err
		}
		s, err := layout.ReadSettings(tx)
		if err == nil && s.Usable() {
			if err = checkBlocks(tx); err == nil {
				r, err = newCheckpointReader(tx, s)
			}
			if errors.Is(err, data.ErrFormat) {
				db.log.Warn("checkpoint is damaged and not used", "file", db.path, "err", err)
				err = nil
			}
		}
		if r == nil {
			return errors.Join(err, tx.Rollback())
		}
		return nil
	})
	if err != nil {
		return nil, db.corrupt("checkpoint", err.Error(), true)
	}
	return r, nil
}

func newCheckpointReader(tx *bbolt.Tx, s layout.Settings) (*checkpointReader, error) {
	r := &checkpointReader{tx: tx, mark: s.Mark, cursor: tx.Bucket(layout.BucketRows).Cursor()}
	defs, err := layout.ReadDefinitions(tx, s.Dropped)
	if err != nil {
		return nil, err
	}
	for _, kind := range layout.Kinds {
		// In the order in which they were created, as a replay of the log would bring them.
		byAge := func(a, b *layout.Definition) int {
			return cmp.Or(cmp.Compare(a.Born, b.Born), cmp.Compare(a.Change.Layer, b.Change.Layer))
		}
		for _, d := range slices.SortedFunc(maps.Values(defs.Of(kind)), byAge) {
			r.defs = append(r.defs, data.Record{Seq: d.Seq, Change: d.Change})
		}
	}
	r.k, r.v = r.cursor.First()
	return r, nil
}

// checkBlocks verifies the checksums of all blocks, so that nobody loads half a checkpoint.
func checkBlocks(tx *bbolt.Tx) error {
	return tx.Bucket(layout.BucketRows).ForEach(layout.CheckBlock)
}

// next decodes the next block; nil at the end.
func (r *checkpointReader) next() (records []data.Record, err error) {
	if records, r.defs = r.defs, nil; records != nil {
		return records, nil
	}
	err = guard(func() error {
		if r.k == nil {
			return nil
		}
		rows, err := layout.ParseBlock(r.k, r.v)
		if err != nil {
			return err
		}
		records = make([]data.Record, len(rows))
		for i := range rows {
			if records[i], err = r.decoder.Record(rows[i].Record); err != nil {
				return err
			}
		}
		r.k, r.v = r.cursor.Next()
		return nil
	})
	return records, err
}
