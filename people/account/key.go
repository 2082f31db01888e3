package account

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

// Key is a key for programs, without its secret. It acts for its account.
type Key struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	// Name says what the key is for.
	Name string `json:"name"`
	// Hint is the beginning of the key, to find it again in a configuration.
	Hint string `json:"hint"`
	// Scopes are the permissions that it is limited to; nil means all those of the account.
	Scopes  []string   `json:"scopes"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
	Used    *time.Time `json:"used,omitempty"`
}

// keyRecord is a key as it is kept under the hash of its token.
type keyRecord struct{ Key }

// Bounds of keys.
const (
	maxKeys     = 100 // of one account
	maxScopes   = 32
	hintSigns   = 4
	keyNameMost = 100 // characters
)

// ErrNoKey is returned when there is no such key.
var ErrNoKey = errors.New("account: there is no such key")

// NewKey makes a key for an account; the token is shown this once. expires may be zero. Which scopes mean something is
// known to those who read them.
func (s *Store) NewKey(account, name string, scopes []string, expires time.Time) (k Key, token string, err error) {
	name = strings.TrimSpace(name)
	switch now := s.opts.Now(); {
	case name == "" || utf8.RuneCountInString(name) > keyNameMost || strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name):
		return k, "", &FieldError{"name", name, "must say what the key is for, in 1 to 100 characters"}
	case len(scopes) > maxScopes:
		return k, "", &FieldError{"scopes", "", "are too many"}
	case !expires.IsZero() && !expires.After(now):
		return k, "", &FieldError{"expires", expires.Format(time.RFC3339), "must be in the future"}
	}
	err = s.update(func(tx *bbolt.Tx) error {
		if _, err := load(tx, account); err != nil {
			return err
		}
		n := 0
		if err := each(tx, bucketKeys, func(_ []byte, v keyRecord) error {
			if v.Account == account {
				n++
			}
			return nil
		}); err != nil {
			return err
		}
		if n >= maxKeys {
			return &FieldError{"account", account, "has as many keys as it may have: revoke some first"}
		}
		var hash tokenHash
		if token, hash, err = s.newToken(kindKey); err != nil {
			return err
		}
		k = Key{Account: account, Name: name, Hint: token[:len(kindKey)+hintSigns], Scopes: scopes, Created: s.now()}
		if k.ID, err = s.newID(); err != nil {
			return err
		}
		if !expires.IsZero() {
			until := expires.UTC()
			k.Expires = &until
		}
		return put(tx, bucketKeys, hash[:], keyRecord{k})
	})
	return k, token, err
}

// IsKey reports whether a text looks like an API key.
func IsKey(token string) bool { return strings.HasPrefix(token, string(kindKey)) }

// ByKey is who has an API key, which counts as used now; [ErrToken] for one that is not in force.
func (s *Store) ByKey(token string) (Principal, error) {
	nobody := Principal{Way: Public}
	hash, err := parseToken(kindKey, token)
	if err != nil {
		return nobody, err
	}
	p, touch := nobody, false
	err = s.db.View(func(tx *bbolt.Tx) error {
		k, ok, err := get[keyRecord](tx, bucketKeys, hash[:])
		now := s.opts.Now()
		if err != nil {
			return err
		}
		if !ok || k.Expires != nil && !now.Before(*k.Expires) {
			return ErrToken
		}
		r, err := load(tx, k.Account)
		if errors.Is(err, ErrUnknown) || err == nil && r.Disabled {
			return ErrToken
		}
		if err != nil {
			return err
		}
		p = Principal{Way: APIKey, Account: r.ID, Login: r.Login, Staff: r.Staff, Key: k.ID, Scopes: k.Scopes, Administrator: r.Administrator}
		touch = k.Used == nil || now.Sub(*k.Used) >= touchEvery
		return nil
	})
	if err != nil || !touch {
		return p, err
	}
	err = s.update(func(tx *bbolt.Tx) error {
		k, ok, err := get[keyRecord](tx, bucketKeys, hash[:])
		if err != nil {
			return err
		}
		if !ok {
			return ErrToken
		}
		now := s.now()
		k.Used = &now
		return put(tx, bucketKeys, hash[:], k)
	})
	if err != nil {
		p = nobody
	}
	return p, err
}

// Keys are the keys of an account, or of all accounts when that is empty, the newest first.
func (s *Store) Keys(account string) (all []Key, err error) {
	all = []Key{}
	err = s.db.View(func(tx *bbolt.Tx) error {
		return each(tx, bucketKeys, func(_ []byte, v keyRecord) error {
			if account == "" || v.Account == account {
				all = append(all, v.Key)
			}
			return nil
		})
	})
	slices.SortFunc(all, func(a, b Key) int { return b.Created.Compare(a.Created) })
	return all, err
}

// Revoke ends a key of an account, or of any when that is empty; [ErrNoKey] without one.
func (s *Store) Revoke(account, id string) error {
	return s.update(func(tx *bbolt.Tx) error {
		n, err := remove(tx, bucketKeys, func(_ []byte, v keyRecord) bool { return v.ID != id || account != "" && v.Account != account })
		if err == nil && n == 0 {
			err = ErrNoKey
		}
		return err
	})
}
