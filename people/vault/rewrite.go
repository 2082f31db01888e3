package vault

import (
	"errors"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// Rewrap wraps all keys with another master key. Nothing else changes, and nothing in the log.
func (f *File) Rewrap(master Master) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	next, err := newBox((*[KeyBytes]byte)(&master))
	if err != nil {
		return err
	}
	err = f.db.Update(func(tx *bbolt.Tx) error {
		keys := tx.Bucket(bucketKeys)
		fresh := map[KeyID][]byte{}
		if err := keys.ForEach(func(id, b []byte) error {
			k, err := f.unwrap(tx, KeyID(id))
			if err != nil {
				return err
			}
			wrapped, err := wrappedIn(b)
			if err != nil {
				return err
			}
			head := append([]byte(nil), b[:len(b)-len(wrapped)]...)
			fresh[k.ID] = next.seal(head, k.Secret[:], k.ID[:])
			return nil
		}); err != nil {
			return err
		}
		for id, b := range fresh {
			if err := keys.Put(id[:], b); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		if err := meta.Put(metaStale, []byte{1}); err != nil {
			return err
		}
		return meta.Put(metaCheck, next.seal(nil, []byte(checkText), []byte(checkText)))
	})
	if err != nil {
		return err
	}
	f.wrap = next
	return f.rewrite()
}

// rewrite puts a copy without free pages in the place of the file. The caller holds mu.
func (f *File) rewrite() (err error) {
	fresh := f.path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	to, err := bbolt.Open(fresh, 0o600, &bbolt.Options{Timeout: lockWait, NoSync: f.opts.NoSync})
	if err != nil {
		return err
	}
	err = bbolt.Compact(to, f.db, 0)
	if err == nil {
		err = to.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Delete(metaStale) })
	}
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	old, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	if err := f.db.Close(); err != nil {
		return err
	}
	f.db = nil
	if err := os.Rename(fresh, f.path); err != nil {
		return errors.Join(err, f.open())
	}
	if err := syncFolder(filepath.Dir(f.path)); err != nil {
		return err
	}
	if err := overwrite(old); err != nil {
		return err
	}
	return f.open()
}

// overwrite fills a file that has no name any more with zeros.
func overwrite(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, 64<<10)
	for at := int64(0); at < info.Size(); at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), info.Size()-at)], at); err != nil {
			return err
		}
	}
	return f.Sync()
}

func syncFolder(path string) error {
	d, err := os.Open(path) //nolint:gosec // G304: the folder of the file of keys
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
