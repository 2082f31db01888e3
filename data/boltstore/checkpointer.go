package boltstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// Bounds of one step of the checkpointer, so that writers wait at most about 20 ms for it.
const (
	stepBytes  = 1 << 20
	stepBlocks = 128
	stepDrops  = 512
)

// checkpointer keeps the blocks of records up to date with the log. It reads and encodes by itself and hands short
// steps to the committer, who writes them when no append waits.
type checkpointer struct {
	db   *DB
	mark data.Seq // the newest entry that all blocks take into account; the file's may be older, see writeBatch
}

// nudge counts committed changes and wakes the checkpointer when there are enough.
func (db *DB) nudge(changes int) {
	most := max(int64(db.opts.CheckpointChanges), int64(db.tip.load().permanent/8))
	if db.stats.pending.Add(int64(changes)) < most {
		return
	}
	select {
	case db.kick <- struct{}{}:
	default:
	}
}

// submit has the committer write a step.
func (p *checkpointer) submit(ctx context.Context, write func(*bbolt.Tx) error) error {
	return p.db.submit(ctx, &step{write: write})
}

// run writes checkpoints until closing is closed, then a last one, or until ctx ends.
func (p *checkpointer) run(ctx context.Context, closing <-chan struct{}) {
	interval := p.db.opts.CheckpointInterval
	timer := time.NewTimer(interval)
	defer timer.Stop()
	usable := p.load()
	for last := false; !last; {
		if usable || p.db.Last() == 0 {
			select {
			case <-p.db.kick:
			case <-timer.C:
			case done := <-p.db.renew:
				done <- p.renewal(ctx)
				continue
			case <-closing:
				last = true
			}
		}
		err := p.pass(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, data.ErrReadOnly) {
			p.db.log.Error("checkpoint failed", "file", p.db.path, "err", err)
		}
		usable = true // or it failed, and then the timer tries again
		timer.Reset(interval)
	}
}

// load reads the mark. It reports whether the checkpoint may be read.
func (p *checkpointer) load() bool {
	usable := true
	err := p.db.view(func(tx *bbolt.Tx) error {
		s, err := layout.ReadSettings(tx)
		p.mark, usable = s.Mark, s.Usable()
		p.db.stats.mark.Store(uint64(s.Mark))
		return err
	})
	if err != nil {
		p.db.log.Error("checkpoint cannot be read", "file", p.db.path, "err", err)
	}
	return usable
}

// pass brings the blocks up to the newest entry, in batches that fit in memory. A damaged block throws the
// checkpoint away and begins anew: it is a projection of the log.
func (p *checkpointer) pass(ctx context.Context) error {
	p.db.stats.pending.Store(0)
	for p.mark < p.db.Last() {
		b, err := p.collect(ctx)
		if err == nil {
			err = p.writeBatch(ctx, b)
		}
		if errors.Is(err, data.ErrFormat) {
			p.db.log.Warn("checkpoint is damaged and is written anew from the log", "file", p.db.path, "err", err)
			err = p.discard(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// discardRows empties the bucket of blocks and takes the mark back.
func discardRows(tx *bbolt.Tx) error {
	if err := tx.DeleteBucket(layout.BucketRows); err != nil {
		return err
	}
	if _, err := tx.CreateBucket(layout.BucketRows); err != nil {
		return err
	}
	return layout.PutMark(tx, 0)
}

// batch is what a run of log entries changes in the checkpoint.
type batch struct {
	rows    map[string][]layout.Row // by block key
	dropped map[string]struct{}     // layers whose older blocks end
	last    data.Seq
	// within says that last is a member of a group that ends later.
	within bool
}

// collect reads the log after the mark, up to the newest entry or as much as fits in memory.
func (p *checkpointer) collect(ctx context.Context) (*batch, error) {
	const mostBytes = 64 << 20
	b := &batch{rows: map[string][]layout.Row{}, dropped: map[string]struct{}{}, last: p.mark}
	reader := logReader{db: p.db, scanner: layout.NewScanner(p.mark + 1)}
	end := p.db.Last()
	changes, size := 0, 0
	for reader.scanner.Next() <= end {
		if full := changes >= p.db.opts.batchChanges || size >= mostBytes; full && !reader.scanner.Within() {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := reader.read(end, func(h *data.Header, record layout.Record) error {
			size += len(record.Payload)
			if record.Payload == nil {
				return nil // erased: a newer change of the same feature follows, or the end of its layer
			}
			return b.add(h.Seq, record.Payload)
		})
		if err != nil {
			return nil, err
		}
		changes += n
		if reader.scanner.Within() {
			// The step ended within an entry; take the rest of it before looking at the bounds again.
			continue
		}
	}
	b.last = reader.scanner.Next() - 1
	b.within = reader.scanner.Header().Visible > b.last
	return b, nil
}

func (b *batch) add(seq data.Seq, payload []byte) error {
	head, err := data.PeekPayload(payload)
	if err != nil {
		return err
	}
	layer := string(head.Layer)
	switch {
	case head.Stream == data.StreamFeature:
		key := layout.BlockKey(layer, head.Permanent)
		b.rows[key] = append(b.rows[key], layout.NewRow(seq, head.Permanent, payload))
	case head.Stream == data.StreamSchema && head.Op == data.OpDelete:
		b.dropped[layer] = struct{}{}
		maps.DeleteFunc(b.rows, func(key string, _ []layout.Row) bool {
			of, _ := layout.BlockLayer([]byte(key))
			return string(of) == layer
		})
	}
	return nil
}

// writeBatch ends the blocks of dropped layers, writes the changed blocks and then moves the mark. A crash between
// leaves blocks newer than the mark, which the next pass writes again. The mark of the file is never within a group that
// was appended together: whoever reads the checkpoint sees it whole or not at all.
func (p *checkpointer) writeBatch(ctx context.Context, b *batch) error {
	for layer := range b.dropped {
		for more := true; more; {
			err := p.submit(ctx, func(tx *bbolt.Tx) error {
				var err error
				more, err = deleteBlocks(tx.Bucket(layout.BucketRows), layer)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	keys := slices.Sorted(maps.Keys(b.rows))
	for len(keys) > 0 {
		n, values, err := p.merge(keys, b)
		if err != nil {
			return err
		}
		err = p.submit(ctx, func(tx *bbolt.Tx) error {
			rows := tx.Bucket(layout.BucketRows)
			for i, v := range values {
				if err := rows.Put([]byte(keys[i]), v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		keys = keys[n:]
	}
	if b.within {
		p.mark = b.last
		return nil
	}
	err := p.submit(ctx, func(tx *bbolt.Tx) error { return layout.PutMark(tx, b.last) })
	if err == nil {
		p.mark = b.last
		p.db.stats.mark.Store(uint64(b.last))
	}
	return err
}

// merge encodes the first blocks of keys, as many as one step writes.
func (p *checkpointer) merge(keys []string, b *batch) (n int, values [][]byte, err error) {
	err = p.db.view(func(tx *bbolt.Tx) error {
		rows := tx.Bucket(layout.BucketRows)
		for size := 0; n < len(keys) && n < stepBlocks && size < stepBytes; n++ {
			var old []layout.Row
			if v := rows.Get([]byte(keys[n])); v != nil {
				if old, err = layout.ParseBlock([]byte(keys[n]), v); err != nil {
					return err
				}
			}
			v := layout.MergeBlock(keys[n], old, b.rows[keys[n]], b.last)
			values = append(values, v)
			size += len(v)
		}
		return nil
	})
	return n, values, err
}

// deleteBlocks deletes blocks of a layer and reports whether there may be more.
func deleteBlocks(rows *bbolt.Bucket, layer string) (more bool, err error) {
	return deleteKeys(rows, append([]byte(layer), 0), func(k []byte) bool {
		of, _ := layout.BlockLayer(k)
		return string(of) == layer
	})
}

// deleteKeys deletes keys from one on, as many as one step may and as long as they belong, and reports whether there may
// be more.
func deleteKeys(b *bbolt.Bucket, from []byte, belongs func(k []byte) bool) (more bool, err error) {
	var keys [][]byte
	cursor := b.Cursor()
	for k, _ := cursor.Seek(from); k != nil && len(keys) < stepDrops && belongs(k); k, _ = cursor.Next() {
		keys = append(keys, append([]byte(nil), k...))
	}
	for _, k := range keys {
		if err := b.Delete(k); err != nil {
			return false, err
		}
	}
	return len(keys) == stepDrops, nil
}
