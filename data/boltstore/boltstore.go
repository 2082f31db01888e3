// Package boltstore keeps a city's change log in one bbolt file. It is gewu's default store.
//
// A commit appends to the log and to nothing else that grows: header and payloads of all transactions that waited
// are written with one sync of the disk. What exists now is a projection: it is written in the background, in blocks
// of records (the checkpoint), and can be thrown away. The layout of the file is written down in docs/formats.
//
// # Layers that are dropped
//
// A schema delete drops a layer: its definition and all its features end with that transaction, without a change of
// their own, and projections drop them. The heads of the features are gone: when a layer of the same name is created
// later it is a new layer, its features get new permanent ids and their Prev starts at 0. A transaction may change
// each definition once, and may not touch features of a layer before it drops the layer.
//
// # History that is erased
//
// Compact erases payloads of changes that newer ones supersede, up to a horizon, in steps between the commits; what is
// left of them are runs in the log (packages compact and layout). Everything else works on the file of a store that nobody
// has open: package offline.
//
// # Goroutines
//
// Open starts none. Run starts all of them and returns after they have ended. Methods are safe for concurrent use.
package boltstore

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/memory"
)

var _ data.Store = (*DB)(nil)

// DB is an open store. It is safe for concurrent use.
type DB struct {
	path  string
	opts  Options
	log   *slog.Logger
	bolt  *bbolt.DB
	file  *os.File
	epoch data.Epoch
	// format is that of the file; the committer raises it.
	format uint32

	queue   queue
	ring    memory.Ring
	tip     tip
	steps   chan *step // from the checkpointer to the committer, who is the only writer
	kick    chan struct{}
	renew   chan chan error // asks the checkpointer to begin anew
	running atomic.Bool
	failure atomic.Pointer[failure]
	damage  atomic.Pointer[data.CorruptError]
	horizon atomic.Uint64
	stats   counters
	size    atomic.Int64 // bytes of the file in use
	stuck   atomic.Bool  // bbolt did not survive an error and cannot be closed
	// compacting is held while a compaction runs.
	compacting sync.Mutex
	// synced is how long the last commit of the file took.
	synced time.Duration

	// damagedBlocks is set while Open has found a checkpoint that must be thrown away.
	damagedBlocks bool
	// leftovers is set while Open has found entries that were to be appended together and are not complete.
	leftovers bool
	// commit is (*bbolt.Tx).Commit; tests replace it to fail at a given point.
	commit func(*bbolt.Tx) error

	closing sync.Once
	ended   chan struct{} // closed when Run has ended or the store is closed
}

// failure is why the store does not write at the moment.
type failure struct {
	err error
	// final means that the outcome of a commit is not known: nothing is written until the store is opened again.
	final bool
}

// Epoch is the identity of the history.
func (db *DB) Epoch() data.Epoch { return db.epoch }

// Last is the Seq of the newest durable entry.
func (db *DB) Last() data.Seq { return db.tip.load().seq }

// Horizon is the Seq from which on history is complete.
func (db *DB) Horizon() data.Seq { return data.Seq(db.horizon.Load()) }

// Path is the file of the store.
func (db *DB) Path() string { return db.path }

// Failure is why the store does not accept appends at the moment, wrapping data.ErrReadOnly and, where that is the
// reason, data.ErrFull or data.ErrReopen; nil when it does. The store tries again with the next append and now and then
// by itself, so that space freed on a full disk ends the state.
func (db *DB) Failure() error {
	if f := db.failure.Load(); f != nil {
		return f.err
	}
	return nil
}

// Damage is what in the file was found damaged while it was open, by a read of the log or a check; nil when nothing was.
// A deep check that finds nothing ends the state. Appends go on: they do not touch what is damaged, and refusing them would
// lose what is made meanwhile.
func (db *DB) Damage() *data.CorruptError { return db.damage.Load() }

// damaged describes damage that was met while the store is open, and keeps it for Damage.
func (db *DB) damaged(where, what string) *data.CorruptError {
	found := db.corrupt(where, what, false)
	if before := db.damage.Swap(found); before == nil || *before != *found {
		db.log.Error("store is damaged", "file", db.path, "where", where, "what", what)
	}
	return found
}

// end wakes everyone who waits for the store.
func (db *DB) end() { db.closing.Do(func() { close(db.ended) }) }

// Close releases the file. It must be called after Run has ended; appends and waits then return data.ErrClosed.
func (db *DB) Close() error {
	db.queue.close()
	db.end()
	closeFile := db.bolt.Close
	if db.stuck.Load() {
		closeFile = db.file.Close
	}
	if err := closeFile(); err != nil {
		return fmt.Errorf("close store %s: %w", db.path, err)
	}
	return nil
}

// now is the injected clock in the precision of the log.
func (db *DB) now() time.Time { return db.opts.Now().UTC().Truncate(time.Microsecond) }

var errRunTwice = errors.New("boltstore: Run was called twice")
