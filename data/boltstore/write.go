package boltstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/internal/obs"
)

// write puts the accepted requests of a group into the log and makes them durable. The error wraps
// data.ErrReadOnly when nothing was written, data.ErrUncertain when that is not known.
func (c *committer) write(accepted []*request, headers [][]byte, d *draft) error {
	err := c.db.update(d.seq, func(tx *bbolt.Tx) error {
		if err := putEntries(tx, accepted, headers); err != nil {
			return err
		}
		if accepted[0].defines {
			if err := putDefinitions(tx, d); err != nil {
				return err
			}
		}
		return layout.PutLast(tx, d.seq, d.hash, &d.totals)
	})
	return err
}

// putEntries puts headers and payloads into the log.
func putEntries(tx *bbolt.Tx, accepted []*request, headers [][]byte) error {
	log := tx.Bucket(layout.BucketLog)
	log.FillPercent = layout.LogFill
	for i, r := range accepted {
		key := layout.LogKey(r.seq, 0)
		if err := log.Put(key[:], headers[i]); err != nil {
			return err
		}
		for n := range r.changes {
			key := layout.LogKey(r.seq, uint32(n)+1)
			if err := log.Put(key[:], r.Payload(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

func putDefinitions(tx *bbolt.Tx, d *draft) error {
	for _, kind := range layout.Kinds {
		for _, def := range d.defs.Of(kind) {
			if def.Seq != d.seq {
				continue
			}
			if err := def.Put(tx); err != nil {
				return err
			}
		}
	}
	if d.defs.Dropped != d.seq {
		return nil
	}
	return layout.PutDropped(tx, d.seq)
}

// update runs fn in a write transaction of the file and commits it. seq is the last entry the transaction writes,
// 0 for none: when the commit fails it tells whether the transaction is visible all the same, which happens when
// only the last sync failed.
func (db *DB) update(seq data.Seq, fn func(*bbolt.Tx) error) (err error) {
	if f := db.failure.Load(); f != nil && f.final {
		return f.err
	}
	db.tune(freelistPages)
	cause := db.tryUpdate(fn)
	if cause == nil {
		if db.failure.Swap(nil) != nil {
			db.log.Info("store writes again", "file", db.path)
		}
		return nil
	}
	f := &failure{err: fmt.Errorf("%w: %w", data.ErrReadOnly, cause)}
	if noSpace(cause) {
		f.err = fmt.Errorf("%w: %w: %w", data.ErrReadOnly, data.ErrFull, cause)
	}
	err = f.err
	if _, crash := errors.AsType[*panicError](cause); crash || db.maybe(seq) {
		f.err = fmt.Errorf("%w: %w: %w", data.ErrReadOnly, data.ErrReopen, cause)
		f.final = true
		err = fmt.Errorf("%w: %w", data.ErrUncertain, cause)
	}
	level := slog.LevelError
	if old := db.failure.Swap(f); old != nil && old.final == f.final {
		level = slog.LevelDebug // it was said when it began
	}
	db.log.Log(context.Background(), level, "store cannot write", "file", db.path, "final", f.final, "err", cause)
	return err
}

// noSpace reports whether space was missing: on the disk, in a quota, or below the bound of the file. bbolt keeps only the
// text of what the system said to a file that cannot grow.
func noSpace(err error) bool {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, bolterrors.ErrMaxSizeReached} {
		if errors.Is(err, full) || strings.HasSuffix(err.Error(), ": "+full.Error()) {
			return true
		}
	}
	return false
}

func (db *DB) tryUpdate(fn func(*bbolt.Tx) error) (err error) {
	tx, err := db.bolt.Begin(true)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err = guard(func() error { return fn(tx) })
	if err != nil {
		db.release(tx)
		return err
	}
	size := tx.Size()
	watch := obs.Stopwatch()
	err = guard(func() error { return db.commit(tx) })
	db.synced = watch()
	if err != nil {
		// A commit that failed has ended its transaction, unless it panicked; ending it again does no harm.
		db.release(tx)
		return err
	}
	db.size.Store(size)
	return nil
}

// release ends a write transaction that failed. When not even that works bbolt's locks stay taken, and Close must not
// wait for them.
func (db *DB) release(tx *bbolt.Tx) {
	if _, crash := errors.AsType[*panicError](guard(tx.Rollback)); crash {
		db.stuck.Store(true)
	}
}

// maybe reports whether the entry seq may have been written: readers see it, or nothing can be read.
func (db *DB) maybe(seq data.Seq) bool {
	if seq == 0 {
		return false // a checkpoint: being written or not makes no difference
	}
	visible := false
	err := db.view(func(tx *bbolt.Tx) error {
		key := layout.LogKey(seq, 0)
		visible = tx.Bucket(layout.BucketLog).Get(key[:]) != nil
		return nil
	})
	return visible || err != nil
}

// freelistPages is the number of free pages up to which their list is written with each commit. It takes 8 bytes and
// a part of a sort each: a compaction that frees a gigabyte would make every commit wait 15 ms for it. A start after a
// crash walks the tree for the list instead.
const freelistPages = 4096

// tune makes the file grow in proportion to its size: a small store stays small, a large one is not extended (with a
// sync each) too often. The list of free pages is written when it has at most the given number.
func (db *DB) tune(freelist int) {
	const least, most = 256 << 10, 64 << 20
	db.bolt.AllocSize = min(max(int(db.size.Load()/8), least), most)
	db.bolt.NoFreelistSync = db.bolt.Stats().FreePageN > freelist
}

// listFree writes the list of free pages when commits have left it out, so that the next start need not look for them.
func (db *DB) listFree() {
	if !db.bolt.NoFreelistSync || db.failure.Load() != nil {
		return
	}
	db.tune(math.MaxInt)
	if err := db.tryUpdate(func(*bbolt.Tx) error { return nil }); err != nil {
		db.log.Warn("the list of free pages was not written; the next start takes longer", "file", db.path, "err", err)
	}
}

// panicError is a panic of the page code, or a fault of the mapped file: a disk that cannot be read.
type panicError struct{ reason any }

// Error says what happened.
func (e *panicError) Error() string { return fmt.Sprintf("reading the file failed: %v", e.reason) }

// guard turns panics and memory faults within fn into an error.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if reason := recover(); reason != nil {
			err = &panicError{reason}
		}
	}()
	return fn()
}

// view runs fn in a read transaction. Damage that makes the page code panic is a *data.CorruptError.
func (db *DB) view(fn func(*bbolt.Tx) error) error {
	err := guard(func() error { return db.bolt.View(fn) })
	if crash, ok := errors.AsType[*panicError](err); ok {
		return db.corrupt("page", crash.Error(), true)
	}
	return err
}
