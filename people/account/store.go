package account

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrLocked is returned when another process has the file open.
var ErrLocked = errors.New("account: the file is in use by another process")

// formatVersion is written into every file.
const formatVersion = 1

// The buckets of the file; docs/formats/people-file.md describes them.
var (
	bucketMeta     = []byte("meta")     // name → text
	bucketAccounts = []byte("accounts") // id → Account with its secrets
	bucketLogins   = []byte("logins")   // folded login → id
	bucketOutside  = []byte("outside")  // issuer, 0, subject → id
	bucketSessions = []byte("sessions") // hash of a token → session
	bucketKeys     = []byte("keys")     // hash of a token → key
	bucketLinks    = []byte("links")    // hash of a token → link
	bucketFailures = []byte("failures") // who or where → count
)

var allBuckets = [][]byte{bucketMeta, bucketAccounts, bucketLogins, bucketOutside, bucketSessions, bucketKeys, bucketLinks, bucketFailures}

// Options are what a store depends on.
type Options struct {
	// Now is the wall clock.
	Now func() time.Time
	// Random is where secrets come from; nil is crypto/rand.
	Random io.Reader
	// Cost is how much work a password takes; zero is [StandardCost].
	Cost Cost
	// Idle and Age bound sessions; zero is [StandardIdle] and [StandardAge].
	Idle, Age time.Duration
	// NoSync leaves writing to the system: for tests that do not pull the plug.
	NoSync bool
}

// The bounds of sessions by NIST SP 800-63B-4, section 2.2.3 (AAL2): again after an hour without use, and after a day
// at the latest.
const (
	StandardIdle = time.Hour
	StandardAge  = 24 * time.Hour
)

// Store holds accounts and what shows that somebody is one. Every change is on disk when its method returns, so that a
// session that was ended stays ended whatever happens to the process. It is safe for concurrent use.
type Store struct {
	db     *bbolt.DB
	opts   Options
	hasher *hasher
	// any says that an account exists.
	any atomic.Bool
	// swept is when expired records were deleted, in seconds since 1970.
	swept atomic.Int64
}

// OpenFile opens the file of accounts, and creates it with mode 0600 when there is none.
func OpenFile(path string, o Options) (*Store, error) {
	if o.Now == nil {
		return nil, errors.New("account: Now is required")
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Cost == (Cost{}) {
		o.Cost = StandardCost
	}
	if o.Idle <= 0 {
		o.Idle = StandardIdle
	}
	if o.Age <= 0 {
		o.Age = StandardAge
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, NoSync: o.NoSync, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("open accounts %s: %w", path, err)
	}
	s := &Store{db: db, opts: o}
	if err := s.prepare(path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// prepare makes what a new file lacks.
func (s *Store) prepare(path string) (err error) {
	// A file that was copied here may be open to others.
	if err := os.Chmod(path, 0o600); err != nil { //nolint:gosec // the path is that of the data folder, named by who runs the command
		return fmt.Errorf("protect accounts: %w", err)
	}
	if s.hasher, err = newHasher(s.opts.Cost, s.opts.Random); err != nil {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range allBuckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta, version := tx.Bucket(bucketMeta), strconv.Itoa(formatVersion)
		switch have := meta.Get([]byte("version")); {
		case have == nil:
			if err := meta.Put([]byte("version"), []byte(version)); err != nil {
				return err
			}
		case string(have) != version:
			return fmt.Errorf("accounts %s: the file has version %q, this program reads %s; use the gewu that wrote it", path, have, version)
		}
		id, _ := tx.Bucket(bucketAccounts).Cursor().First()
		s.any.Store(id != nil)
		return s.sweep(tx)
	})
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Any reports whether there is an account. As long as there is none nobody can log in.
func (s *Store) Any() bool { return s.any.Load() }

// get decodes the record of a key; false when there is none.
func get[T any](tx *bbolt.Tx, bucket, key []byte) (v T, ok bool, err error) {
	raw := tx.Bucket(bucket).Get(key)
	if raw == nil {
		return v, false, nil
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, false, fmt.Errorf("accounts: record %x of %s: %w", key, bucket, err)
	}
	return v, true, nil
}

func put(tx *bbolt.Tx, bucket, key []byte, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, raw)
}

// each calls do for all records of a bucket, which do may not change.
func each[T any](tx *bbolt.Tx, bucket []byte, do func(key []byte, v T) error) error {
	return tx.Bucket(bucket).ForEach(func(key, raw []byte) error {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("accounts: record %x of %s: %w", key, bucket, err)
		}
		return do(key, v)
	})
}

// remove deletes the records of a bucket that are not kept.
func remove[T any](tx *bbolt.Tx, bucket []byte, keep func(key []byte, v T) bool) (n int, err error) {
	var gone [][]byte
	err = each(tx, bucket, func(key []byte, v T) error {
		if !keep(key, v) {
			gone = append(gone, append([]byte(nil), key...))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, key := range gone {
		if err := tx.Bucket(bucket).Delete(key); err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}

// sweepEvery is the least time between two looks for what has expired.
const sweepEvery = time.Hour

// sweep deletes what has expired. Nothing depends on it: whoever reads a record looks at its time.
func (s *Store) sweep(tx *bbolt.Tx) error {
	now := s.opts.Now()
	if now.Unix()-s.swept.Load() < int64(sweepEvery/time.Second) {
		return nil
	}
	s.swept.Store(now.Unix())
	if _, err := remove(tx, bucketSessions, func(_ []byte, v sessionRecord) bool { return s.live(v, now) }); err != nil {
		return err
	}
	if _, err := remove(tx, bucketLinks, func(_ []byte, v linkRecord) bool { return now.Before(v.Expires) }); err != nil {
		return err
	}
	_, err := remove(tx, bucketFailures, func(_ []byte, v failures) bool { return now.Sub(v.Last) < failuresKept })
	return err
}
