package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/memory"
	"github.com/gewu-city/gewu/data/boltstore/offline"
)

// Open opens the store in a file, and creates it when there is none. It starts no goroutine; [DB.Run] does. Errors:
// data.ErrLocked when another process holds the file, *data.CorruptError when it is damaged, and a message that
// names the versions when a newer program has written it.
func Open(path string, opts Options) (*DB, error) {
	if opts.Now == nil {
		return nil, errors.New("open store: Options.Now is missing")
	}
	opts = opts.withDefaults()
	db := &DB{
		path: path, opts: opts, log: opts.Logger,
		queue:  queue{signal: make(chan struct{}, 1)},
		ring:   memory.Ring{Most: opts.ringChanges},
		steps:  make(chan *step),
		kick:   make(chan struct{}, 1),
		renew:  make(chan chan error),
		ended:  make(chan struct{}),
		commit: (*bbolt.Tx).Commit,
	}
	err := db.open()
	var damage *data.CorruptError
	switch {
	case errors.As(err, &damage):
		return nil, fmt.Errorf("open store: %w", err) // it names the file
	case err != nil:
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return db, nil
}

func (db *DB) open() (err error) {
	file, err := db.opts.openFile(db.path, os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err := db.create(); err != nil {
			return err
		}
		file, err = db.opts.openFile(db.path, os.O_RDWR, 0o600)
	}
	if err != nil {
		return err
	}
	db.file = file
	defer func() {
		if err != nil && db.bolt == nil {
			_ = file.Close() // the reason for which Open fails matters more
		}
	}()
	// The file is verified by reading, before bbolt maps it: bbolt trusts what it maps, and a damaged page may make
	// it read outside. The lock comes first, or another process could be writing meanwhile.
	if err := offline.Lock(file); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := db.verify(info.Size()); err != nil {
		return err
	}
	if err := db.openBolt(); err != nil {
		return err
	}
	err = db.load()
	if err == nil && db.opts.Verify == VerifyTail {
		err = db.verifyTail()
	}
	if err == nil && db.damagedBlocks {
		err = db.update(0, discardRows)
	}
	if err == nil && db.leftovers {
		err = db.unstage()
	}
	if err != nil {
		bolt := db.bolt
		db.bolt = nil
		return errors.Join(err, bolt.Close())
	}
	return nil
}

func (db *DB) openBolt() error {
	var bolt *bbolt.DB
	err := guard(func() (err error) {
		bolt, err = bbolt.Open(db.path, 0o600, &bbolt.Options{
			Timeout:         offline.LockWait,
			FreelistType:    bbolt.FreelistMapType,
			InitialMmapSize: image.MapBytes(),
			PageSize:        image.PageSize,
			MaxSize:         db.opts.MaxFileBytes,
			NoSync:          db.opts.noSync,
			NoGrowSync:      db.opts.noSync,
			OpenFile:        func(string, int, fs.FileMode) (*os.File, error) { return db.file, nil },
		})
		return err
	})
	var crash *panicError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return data.ErrLocked
	case errors.As(err, &crash), errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum),
		errors.Is(err, bolterrors.ErrVersionMismatch):
		return db.corrupt("file header", err.Error(), false)
	case err != nil:
		return err
	}
	db.bolt = bolt
	return nil
}

// load reads where the log ends.
func (db *DB) load() error {
	return db.view(func(tx *bbolt.Tx) error {
		s, err := layout.ReadSettings(tx)
		if err != nil {
			return db.corrupt("bucket meta", err.Error(), true)
		}
		if err := layout.CheckVersion(s.Format); err != nil {
			return err
		}
		db.epoch, db.format = s.Epoch, s.Format
		db.leftovers = s.Staged > 0
		db.size.Store(tx.Size())
		db.horizon.Store(uint64(s.Horizon))
		p := position{seq: s.Last, hash: s.LastHash, totals: s.Totals}
		if s.Last > 0 {
			key := layout.LogKey(s.Last, 0)
			h, err := data.DecodeHeader(tx.Bucket(layout.BucketLog).Get(key[:]))
			if err != nil {
				return db.corrupt(fmt.Sprintf("log entry %d", s.Last), err.Error(), true)
			}
			p.recorded, p.permanent = h.Recorded, h.Permanent
		}
		db.tip.move(p)
		return nil
	})
}

// definitions reads the bucket of definitions.
func (db *DB) definitions() (layout.Definitions, error) {
	var defs layout.Definitions
	err := db.view(func(tx *bbolt.Tx) error {
		s, err := layout.ReadSettings(tx)
		if err != nil {
			return db.corrupt("bucket meta", err.Error(), true)
		}
		if defs, err = layout.ReadDefinitions(tx, s.Dropped); err != nil {
			return db.corrupt("bucket defs", err.Error(), true)
		}
		return nil
	})
	return defs, err
}

// corrupt describes damage of the store: see offline.Corrupt.
func (db *DB) corrupt(where, what string, repairable bool) *data.CorruptError {
	return offline.Corrupt(db.path, where, what, repairable)
}
