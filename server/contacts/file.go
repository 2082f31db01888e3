package contacts

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/people/vault"
)

// The buckets of the file; docs/formats/contacts.md describes them.
var (
	marks  = []byte("marks")    // "version"
	sealed = []byte("contacts") // id of a case → record
)

// version is that of the file.
const version = "1"

// record is what the file has of a case.
type record struct {
	// Kept is when it was written.
	Kept   time.Time `json:"kept"`
	Sealed []byte    `json:"sealed"`
}

// File is contacts in a file. It is safe for concurrent use.
type File struct {
	db    *bbolt.DB
	vault *vault.Vault
	// turn is held by whoever makes or destroys keys of contacts: a key that somebody seals with is not destroyed before
	// what it seals is written.
	turn sync.Mutex
}

// Open opens a file, which is made when there is none. What is in it is sealed by v.
func Open(path string, v *vault.Vault) (*File, error) {
	if v == nil {
		return nil, errors.New("contacts: there is nothing to seal with")
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{marks, sealed} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		switch have := string(tx.Bucket(marks).Get([]byte("version"))); have {
		case version:
			return nil
		case "":
			return tx.Bucket(marks).Put([]byte("version"), []byte(version))
		default:
			return fmt.Errorf("it is of version %s, and this program reads version %s: use the program that wrote it", have, version)
		}
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), db.Close())
	}
	return &File{db: db, vault: v}, nil
}

// Close lets go of the file.
func (f *File) Close() error { return f.db.Close() }

// Keep seals a contact and writes it; it is durable when Keep returns. Where there is a case of that id already nothing is
// written: it has what came with it. Without a case the last one counts, whatever was left of a report that became none.
func (f *File) Keep(id string, c Contact, at time.Time, exists func(id string) bool) error {
	text, err := json.Marshal(c)
	if err != nil {
		return errors.New("contacts: it cannot be written")
	}
	f.turn.Lock()
	defer f.turn.Unlock()
	if exists(id) {
		return nil
	}
	one := record{Kept: at.UTC()}
	if one.Sealed, err = f.vault.SealText(string(text), subject(id)); err != nil {
		return fmt.Errorf("seal the contact of case %s: %w", id, err)
	}
	line, err := json.Marshal(one)
	if err == nil {
		err = f.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(sealed).Put([]byte(id), line) })
	}
	if err != nil {
		return fmt.Errorf("keep the contact of case %s: %w", id, err)
	}
	return nil
}

// Reading is a contact as somebody reads it.
type Reading struct {
	Contact Contact
	// Reason is why, sealed with the key of the contact: it is gone with it.
	Reason []byte
}

// Read is the contact of a case, and the reason sealed; false without one, also after it was erased. The error wraps
// [vault.ErrSealed] for what is damaged.
func (f *File) Read(id, reason string) (r Reading, ok bool, err error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	one, ok, err := f.record(id)
	if err != nil || !ok {
		return r, false, err
	}
	text, ok, err := f.vault.OpenText(one.Sealed, subject(id))
	if err != nil || !ok {
		return r, false, err
	}
	if json.Unmarshal([]byte(text), &r.Contact) != nil { // the error would have parts of it
		return r, false, fmt.Errorf("contact of case %s: %w", id, vault.ErrSealed)
	}
	r.Reason, err = f.vault.SealText(reason, subject(id))
	return r, err == nil, err
}

func (f *File) record(id string) (one record, ok bool, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		line := tx.Bucket(sealed).Get([]byte(id))
		if ok = line != nil; !ok {
			return nil
		}
		return json.Unmarshal(line, &one)
	})
	if err != nil {
		return one, false, fmt.Errorf("contact of case %s: %w", id, err)
	}
	return one, ok, nil
}

// Destroy destroys the keys of contacts, so that nobody can read them any more, here or in a copy of the file. It returns when
// they were erased. What is left of them stays until [File.Drop], so that what follows can be done again after a crash.
func (f *File) Destroy(at time.Time, ids ...string) (erased time.Time, err error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	return f.destroy(at, ids)
}

func (f *File) destroy(at time.Time, ids []string) (erased time.Time, err error) {
	subjects := make([]vault.Subject, len(ids))
	for i, id := range ids {
		subjects[i] = subject(id)
	}
	if err := f.vault.Keys().Destroy(at, subjects...); err != nil {
		return erased, err
	}
	for _, s := range subjects {
		state, err := f.vault.Keys().State(s)
		if err != nil {
			return erased, err
		}
		if state.Erased.After(erased) {
			erased = state.Erased
		}
	}
	return erased, nil
}

// Drop removes what is left of contacts whose keys are destroyed; others stay.
func (f *File) Drop(ids ...string) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	return f.db.Update(func(tx *bbolt.Tx) error {
		for _, id := range ids {
			state, err := f.vault.Keys().State(subject(id))
			if err != nil {
				return err
			}
			if state.Key {
				continue // kept again, for a case that began since
			}
			if err := tx.Bucket(sealed).Delete([]byte(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Has reports whether the file has something of a case, readable or not.
func (f *File) Has(id string) (bool, error) {
	_, ok, err := f.record(id)
	return ok, err
}

// Each hands over the ids of all cases of which the file has something.
func (f *File) Each(take func(id string)) error {
	return f.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(sealed).ForEach(func(k, _ []byte) error {
			take(string(k))
			return nil
		})
	})
}

// Sweep destroys the keys of contacts that are to go, by what goes says of a case and of when its contact was kept, and returns
// them and those whose erasure was broken off, at most so many, with when they were erased.
func (f *File) Sweep(at time.Time, most int, goes func(id string, kept time.Time) bool) (gone []string, erased time.Time, err error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	err = f.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(sealed).ForEach(func(k, line []byte) error {
			if len(gone) >= most {
				return nil
			}
			id := string(k)
			var one record
			if err := json.Unmarshal(line, &one); err != nil {
				return fmt.Errorf("contact of case %s: %w", id, err)
			}
			state, err := f.vault.Keys().State(subject(id))
			if err != nil {
				return err
			}
			if state.Gone() || goes(id, one.Kept) {
				gone = append(gone, id)
			}
			return nil
		})
	})
	if err != nil || len(gone) == 0 {
		return nil, erased, err
	}
	erased, err = f.destroy(at, gone)
	return gone, erased, err
}
