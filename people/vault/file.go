package vault

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The buckets of the file; docs/formats/sealed.md describes them.
var (
	bucketMeta     = []byte("meta")     // name → bytes
	bucketKeys     = []byte("keys")     // key id → made (time), subject, wrapped key
	bucketSubjects = []byte("subjects") // subject → time of the last erasure or 0, id of the current key if there is one
)

var (
	metaFormat = []byte("format") // u32
	metaCheck  = []byte("check")  // checkText, wrapped
	// metaStale says that keys were deleted and their bytes may still lie in pages that are free.
	metaStale = []byte("stale")
)

const (
	fileVersion = 1
	checkText   = "gewu keys"
	lockWait    = time.Second
)

// FileOptions are what a file of keys depends on.
type FileOptions struct {
	// Master returns the key that wraps the others. It is asked when the file is opened or made.
	Master func() (Master, error)
	// Now is the wall clock.
	Now func() time.Time
	// Random is where keys come from.
	Random io.Reader
	// NoSync leaves writing to the system: for tests that do not pull the plug.
	NoSync bool
}

// File is a KeyStore in a file of its own. The file is made when the first key is.
type File struct {
	path string
	opts FileOptions
	// mu guards db and wrap: destroying puts another file in the place of the open one.
	mu   sync.RWMutex
	db   *bbolt.DB
	wrap box
	// log is what the file follows, nil before [File.Follow].
	log Log
}

// OpenFile opens the file of keys at path, or remembers where to make it.
func OpenFile(path string, o FileOptions) (*File, error) {
	f := &File{path: path, opts: o}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return f, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f, f.open()
}

// open opens or makes the file. The caller holds mu.
func (f *File) open() (err error) {
	if f.wrap == (box{}) {
		master, err := f.opts.Master()
		if err != nil {
			return err
		}
		if f.wrap, err = newBox((*[KeyBytes]byte)(&master)); err != nil {
			return err
		}
	}
	db, err := bbolt.Open(f.path, 0o600, &bbolt.Options{Timeout: lockWait, NoSync: f.opts.NoSync})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return fmt.Errorf("%s is in use by another process; stop the server first", f.path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if err = f.prepare(db); err != nil {
		return errors.Join(err, db.Close())
	}
	f.db = db
	stale := false
	err = db.View(func(tx *bbolt.Tx) error {
		stale = tx.Bucket(bucketMeta).Get(metaStale) != nil
		return nil
	})
	if err == nil && stale {
		err = f.rewrite() // a crash came between
	}
	return err
}

// prepare makes the buckets of a new file and checks those of an old one.
func (f *File) prepare(db *bbolt.DB) error {
	return db.Update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta != nil {
			if b := meta.Get(metaFormat); len(b) != 4 || binary.BigEndian.Uint32(b) != fileVersion {
				return fmt.Errorf("%s has a format that this program does not read; it reads %d", f.path, fileVersion)
			}
			if _, err := f.wrap.open(meta.Get(metaCheck), []byte(checkText)); err != nil {
				return fmt.Errorf("%w: %s is wrapped with another", ErrMaster, f.path)
			}
			return nil
		}
		for _, name := range [][]byte{bucketMeta, bucketKeys, bucketSubjects} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta = tx.Bucket(bucketMeta)
		if err := meta.Put(metaFormat, binary.BigEndian.AppendUint32(nil, fileVersion)); err != nil {
			return err
		}
		return meta.Put(metaCheck, f.wrap.seal(nil, []byte(checkText), []byte(checkText)))
	})
}

// Close closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db == nil {
		return nil
	}
	var err error
	if f.log != nil {
		err = f.db.Update(f.markLog)
	}
	return errors.Join(err, f.db.Close())
}

// name is the key of a subject in the file.
func (s Subject) name() []byte { return []byte(s.Layer + "\x00" + s.ID) }

func subjectOf(name []byte) Subject {
	layer, id, _ := strings.Cut(string(name), "\x00")
	return Subject{layer, id}
}

// record is what the file has of a subject.
type record struct {
	erased int64 // microseconds since 1970, 0 for never
	key    []byte
}

func readRecord(b []byte) (r record, err error) {
	if len(b) == 0 {
		return record{}, nil
	}
	if len(b) != 8 && len(b) != 8+len(KeyID{}) {
		return r, fmt.Errorf("vault: a record of a subject has %d bytes", len(b))
	}
	return record{int64(binary.BigEndian.Uint64(b)), b[8:]}, nil
}

func (r record) bytes() []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(r.erased)), r.key...)
}

func (r record) state() State {
	s := State{Key: len(r.key) > 0}
	if r.erased != 0 {
		s.Erased = time.UnixMicro(r.erased).UTC()
	}
	return s
}

// begin locks the file for reading; it reports false when there is none.
func (f *File) begin() bool {
	f.mu.RLock()
	if f.db == nil {
		f.mu.RUnlock()
		return false
	}
	return true
}

// made makes the file when there is none and locks it for reading.
func (f *File) made() error {
	if f.begin() {
		return nil
	}
	f.mu.Lock()
	if f.db == nil {
		if err := f.open(); err != nil {
			f.mu.Unlock()
			return err
		}
	}
	f.mu.Unlock()
	f.mu.RLock()
	return nil
}

// Ensure implements [KeyStore].
func (f *File) Ensure(subjects []Subject) ([]Key, error) {
	if err := f.made(); err != nil {
		return nil, err
	}
	defer f.mu.RUnlock()
	keys := make([]Key, len(subjects))
	missing := false
	err := f.db.View(func(tx *bbolt.Tx) error {
		for i, s := range subjects {
			r, err := readRecord(tx.Bucket(bucketSubjects).Get(s.name()))
			if err != nil {
				return err
			}
			if len(r.key) == 0 {
				missing = true
				continue
			}
			if keys[i], err = f.unwrap(tx, KeyID(r.key)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !missing {
		return keys, err
	}
	err = f.db.Update(func(tx *bbolt.Tx) error {
		for i, s := range subjects {
			if keys[i].ID != (KeyID{}) {
				continue
			}
			r, err := readRecord(tx.Bucket(bucketSubjects).Get(s.name()))
			if err != nil {
				return err
			}
			if len(r.key) > 0 { // made by somebody else, or for the same subject above
				if keys[i], err = f.unwrap(tx, KeyID(r.key)); err != nil {
					return err
				}
				continue
			}
			if keys[i], err = f.make(tx, s, r); err != nil {
				return err
			}
		}
		return nil
	})
	return keys, err
}

func (f *File) make(tx *bbolt.Tx, s Subject, r record) (k Key, err error) {
	if _, err = io.ReadFull(f.opts.Random, k.ID[:]); err != nil {
		return k, err
	}
	if _, err = io.ReadFull(f.opts.Random, k.Secret[:]); err != nil {
		return k, err
	}
	// Later than the erasure, so that a note of it never takes this key for the one that it destroyed.
	made := max(f.opts.Now().UnixMicro(), r.erased+1)
	b := binary.BigEndian.AppendUint64(nil, uint64(made))
	b = append(binary.AppendUvarint(b, uint64(len(s.name()))), s.name()...)
	b = f.wrap.seal(b, k.Secret[:], k.ID[:])
	if err = tx.Bucket(bucketKeys).Put(k.ID[:], b); err != nil {
		return k, err
	}
	r.key = k.ID[:]
	return k, tx.Bucket(bucketSubjects).Put(s.name(), r.bytes())
}

// unwrap reads a key; one that is not there is the zero Key.
func (f *File) unwrap(tx *bbolt.Tx, id KeyID) (k Key, err error) {
	b := tx.Bucket(bucketKeys).Get(id[:])
	if b == nil {
		return Key{}, nil
	}
	wrapped, err := wrappedIn(b)
	if err != nil {
		return k, err
	}
	secret, err := f.wrap.open(wrapped, id[:])
	if err != nil || len(secret) != KeyBytes {
		return k, fmt.Errorf("%s: key %x does not open: the file is damaged", f.path, id)
	}
	return Key{id, [KeyBytes]byte(secret)}, nil
}

// wrappedIn is the key as it is wrapped, out of its record.
func wrappedIn(b []byte) ([]byte, error) {
	if len(b) > 8 {
		n, width := binary.Uvarint(b[8:])
		if rest := b[8+max(width, 0):]; width > 0 && n <= uint64(len(rest)) {
			return rest[n:], nil
		}
	}
	return nil, fmt.Errorf("vault: a record of a key has %d bytes", len(b))
}

// Key implements [KeyStore].
func (f *File) Key(id KeyID) (k Key, ok bool, err error) {
	if !f.begin() {
		return k, false, nil
	}
	defer f.mu.RUnlock()
	err = f.db.View(func(tx *bbolt.Tx) error {
		k, err = f.unwrap(tx, id)
		return err
	})
	return k, err == nil && k.ID == id && id != (KeyID{}), err
}

// State implements [KeyStore].
func (f *File) State(s Subject) (state State, err error) {
	if !f.begin() {
		return state, nil
	}
	defer f.mu.RUnlock()
	err = f.db.View(func(tx *bbolt.Tx) error {
		r, err := readRecord(tx.Bucket(bucketSubjects).Get(s.name()))
		state = r.state()
		return err
	})
	return state, err
}

// Each implements [KeyStore]. do must not use the store.
func (f *File) Each(do func(Subject, State) error) error {
	if !f.begin() {
		return nil
	}
	defer f.mu.RUnlock()
	return f.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketSubjects).ForEach(func(name, b []byte) error {
			r, err := readRecord(b)
			if err != nil {
				return err
			}
			return do(subjectOf(name), r.state())
		})
	})
}

// Destroy implements [KeyStore]. A deleted key would lie in a free page of the file until that is used again, so the file
// is written anew, and the old one overwritten as far as the disk lets one.
func (f *File) Destroy(at time.Time, subjects ...Subject) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	going := make(map[Subject]time.Time, len(subjects))
	for _, s := range subjects {
		going[s] = at
	}
	return f.destroy(going, func(_ Subject, r record, tx *bbolt.Tx) (gone bool, erased int64, err error) {
		if len(r.key) == 0 && r.erased != 0 {
			return false, r.erased, nil
		}
		// Not before the key was made, whatever the clock says: the time tells old keys from those that come after.
		made, err := r.made(tx)
		return made != 0, max(at.UnixMicro(), made, r.erased), err
	})
}

// destroy deletes the key of each subject for whom judge says that it goes, and notes the time that judge returns. The
// caller holds mu.
func (f *File) destroy(subjects map[Subject]time.Time, judge func(Subject, record, *bbolt.Tx) (gone bool, erased int64, err error)) error {
	stale := false // also when a file could not be written anew before
	err := f.db.Update(func(tx *bbolt.Tx) error {
		for s := range subjects {
			r, err := readRecord(tx.Bucket(bucketSubjects).Get(s.name()))
			if err != nil {
				return err
			}
			gone, erased, err := judge(s, r, tx)
			if err != nil {
				return err
			}
			if gone {
				stale = true
				if err := tx.Bucket(bucketKeys).Delete(r.key); err != nil {
					return err
				}
				r.key = nil
			}
			r.erased = erased
			if err := tx.Bucket(bucketSubjects).Put(s.name(), r.bytes()); err != nil {
				return err
			}
		}
		if err := f.markLog(tx); err != nil {
			return err
		}
		meta := tx.Bucket(bucketMeta)
		if stale = stale || meta.Get(metaStale) != nil; !stale {
			return nil
		}
		return meta.Put(metaStale, []byte{1})
	})
	if err != nil || !stale {
		return err
	}
	return f.rewrite()
}
