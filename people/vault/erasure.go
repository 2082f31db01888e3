package vault

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
)

// Cause is the cause of every entry of the log that notes erasures.
const Cause = "personal"

// Erase is what a note of an erasure says that it did.
const Erase = "erase"

// Erasure is the body of the note that somebody was erased.
type Erasure struct {
	Did    string   `json:"did"`
	Layer  string   `json:"layer"`
	IDs    []string `json:"ids"`
	Reason string   `json:"reason"`
	// From is the address that it was asked for from.
	From string `json:"from,omitempty"`
	// Erased is [State.Erased] of the subjects: keys that are not younger than it are gone. Notes of older programs have
	// none; the time of their entry stands for it.
	Erased time.Time `json:"erased,omitzero"`
}

// Log is what is read of a store to learn of erasures.
type Log interface {
	Epoch() data.Epoch
	Last() data.Seq
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
}

// notedIn yields the erasures that an entry of the log notes.
func notedIn(ctx context.Context, log Log, seq data.Seq) ([]Erasure, error) {
	head, err := log.Header(ctx, seq)
	if err != nil || head.Cause != Cause {
		return nil, err
	}
	changes, err := log.Changes(ctx, seq, 0)
	if err != nil {
		return nil, err
	}
	var noted []Erasure
	for _, c := range changes {
		if c.Admin == nil || c.Admin.Kind != data.AdminNote {
			continue
		}
		var e Erasure
		if err := json.Unmarshal(c.Admin.Body, &e); err != nil {
			return nil, fmt.Errorf("vault: note %s of entry %d: %w", c.Admin.ID, seq, err)
		}
		if e.Did != Erase {
			continue
		}
		if e.Erased.IsZero() {
			e.Erased = head.Recorded
		}
		noted = append(noted, e)
	}
	return noted, nil
}

// Behind are the subjects that the log says were erased, with when, and that the file does not know as erased: an older
// copy was put in its place. With keys there are those only of whom the file has a key that was destroyed then. It reads
// the headers of the log after the place up to which the file has followed it.
func (f *File) Behind(ctx context.Context, log Log) (erased map[Subject]time.Time, keys int, err error) {
	from, there, err := f.followed(log.Epoch())
	if err != nil || !there {
		return nil, 0, err
	}
	erased = map[Subject]time.Time{}
	for seq := from + 1; seq <= log.Last(); seq++ {
		noted, err := notedIn(ctx, log, seq)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range noted {
			for _, id := range e.IDs {
				if s := (Subject{e.Layer, id}); e.Erased.After(erased[s]) {
					erased[s] = e.Erased
				}
			}
		}
	}
	if !f.begin() {
		return nil, 0, nil
	}
	defer f.mu.RUnlock()
	err = f.db.View(func(tx *bbolt.Tx) error {
		for s, at := range erased {
			r, err := readRecord(tx.Bucket(bucketSubjects).Get(s.name()))
			if err != nil {
				return err
			}
			old, err := r.oldKey(tx, at)
			if err != nil {
				return err
			}
			if old {
				keys++
			} else if r.erased >= at.UnixMicro() {
				delete(erased, s)
			}
		}
		return nil
	})
	return erased, keys, err
}

// oldKey reports whether the key of the subject was made at a time or before.
func (r record) oldKey(tx *bbolt.Tx, at time.Time) (bool, error) {
	made, err := r.made(tx)
	return made != 0 && made <= at.UnixMicro(), err
}

// made is when the key of the subject was made, in microseconds since 1970; 0 without a key.
func (r record) made(tx *bbolt.Tx) (int64, error) {
	if len(r.key) == 0 {
		return 0, nil
	}
	b := tx.Bucket(bucketKeys).Get(r.key)
	if len(b) < 8 {
		return 0, fmt.Errorf("vault: a record of a key has %d bytes", len(b))
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

// Follow destroys the keys of everybody who was erased according to the log and has come back with an older copy of the
// file, and notes in the file how far it has followed the log. It returns how many keys that were. Keys that somebody got
// after being erased stay. From then on [File.Close] notes that the file has followed the log to its end: whoever erases
// destroys keys first and appends the note second. Nothing may be appended before Follow has returned.
func (f *File) Follow(ctx context.Context, log Log) (keys int, err error) {
	erased, keys, err := f.Behind(ctx, log)
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.log = log; f.db == nil {
		return 0, nil
	}
	return keys, f.destroy(erased, func(s Subject, r record, tx *bbolt.Tx) (gone bool, at int64, err error) {
		gone, err = r.oldKey(tx, erased[s])
		return gone, max(r.erased, erased[s].UnixMicro()), err
	})
}

// metaLog is the place in the log up to which all erasures are in the file: its Seq and epoch.
var metaLog = []byte("log")

// followed is that place when the file belongs to this history, else 0; there is false without a file.
func (f *File) followed(epoch data.Epoch) (seq data.Seq, there bool, err error) {
	if !f.begin() {
		return 0, false, nil
	}
	defer f.mu.RUnlock()
	err = f.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketMeta).Get(metaLog)
		if len(b) >= 8 && data.Epoch(b[8:]) == epoch {
			seq = data.Seq(binary.BigEndian.Uint64(b))
		}
		return nil
	})
	return seq, true, err
}

// markLog notes that the file has followed the log to its end.
func (f *File) markLog(tx *bbolt.Tx) error {
	if f.log == nil {
		return nil
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(f.log.Last()))
	return tx.Bucket(bucketMeta).Put(metaLog, append(b, f.log.Epoch()...))
}
