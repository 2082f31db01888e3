package boltstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/data/boltstore/rewrite"
)

// unfinished is the end of the name of a store that is being created.
const unfinished = ".new"

// create makes the file of a new store. The file gets its name when it is complete and durable: a crash leaves a store
// or none, so that a file without a store in it is always damage. What an earlier crash left is begun anew. When another
// process creates the same store, one of them makes it and the other finds it.
func (db *DB) create() (err error) {
	path := db.path + unfinished
	f, err := db.opts.openFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	closing := f.Close
	defer func() { err = errors.Join(err, closing()) }()
	if err := offline.Lock(f); err != nil {
		return err
	}
	if _, err := os.Lstat(db.path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, notNeeded(f, path))
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: offline.LockWait, PageSize: image.PageSize, FreelistType: bbolt.FreelistMapType, NoSync: db.opts.noSync, NoGrowSync: db.opts.noSync,
		OpenFile: func(string, int, fs.FileMode) (*os.File, error) { return f, nil },
	})
	if err != nil {
		return err
	}
	closing = bolt.Close
	epoch, err := layout.NewEpoch()
	if err != nil {
		return err
	}
	if err := bolt.Update(func(tx *bbolt.Tx) error { return layout.Create(tx, epoch, db.now()) }); err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // where an open file cannot be renamed
		closing = func() error { return nil }
		if err := bolt.Close(); err != nil {
			return err
		}
	}
	// Renamed under its lock: whoever waits for that finds the store then.
	if err := os.Rename(path, db.path); err != nil {
		return err
	}
	return rewrite.SyncFolder(filepath.Dir(db.path))
}

// notNeeded removes the file of a store that another process has created meanwhile, unless it is that store itself.
func notNeeded(f *os.File, path string) error {
	is, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	own, errOwn := f.Stat()
	if err := errors.Join(err, errOwn); err != nil {
		return err
	}
	if !os.SameFile(is, own) {
		return nil
	}
	return os.Remove(path)
}
