package account

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"go.etcd.io/bbolt"
)

// failures are the logins that went wrong for one name or from one address.
type failures struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
	// Until is when the next one is let in.
	Until time.Time `json:"until"`
}

// The bounds of guessing. After the free ones each failure doubles the wait, from a second to a quarter of an hour: a
// hundred guesses a day at the most, which is what NIST SP 800-63B-4, section 3.2.2, lets an account take in all.
const (
	freeForName    = 5
	freeForAddress = 30
	longestWait    = 15 * time.Minute
	failuresKept   = 24 * time.Hour
)

// LockedError says when a login is let in again. It does not say whether anybody has that login.
type LockedError struct{ Until time.Time }

func (e *LockedError) Error() string {
	return "account: too many logins failed; the next one is let in at " + e.Until.Format(time.RFC3339)
}

// wait is how long the next login waits after a number of failures.
func wait(count, free int) time.Duration {
	if count < free {
		return 0
	}
	return min(longestWait, time.Second<<min(count-free, 20))
}

// guess is one login that is counted.
type guess struct {
	key  []byte
	free int
}

// nameKey counts for a name whether anybody has it or not. It is hashed: people type passwords where names belong.
func nameKey(what, name string) guess {
	sum := sha256.Sum256([]byte(fold(name)))
	return guess{fmt.Appendf(nil, "%s:%x", what, sum[:16]), freeForName}
}

// addressKey counts for an address; of IPv6 the part that a customer gets.
func addressKey(a netip.Addr) guess {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	return guess{[]byte("address:" + a.String()), freeForAddress}
}

// charge counts logins as failures before it is known whether they are, so that many at once gain nothing. It returns a
// [*LockedError] and counts nothing when one of them has to wait.
func (s *Store) charge(guesses ...guess) error {
	return s.update(func(tx *bbolt.Tx) error {
		now := s.now()
		for _, g := range guesses {
			f, _, err := get[failures](tx, bucketFailures, g.key)
			if err != nil {
				return err
			}
			if now.Before(f.Until) {
				return &LockedError{f.Until}
			}
		}
		for _, g := range guesses {
			f, _, err := get[failures](tx, bucketFailures, g.key)
			if err != nil {
				return err
			}
			if now.Sub(f.Last) >= failuresKept {
				f = failures{}
			}
			f.Count++
			f.Last, f.Until = now, now.Add(wait(f.Count, g.free))
			if err := put(tx, bucketFailures, g.key, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgive takes one login back that was no failure: a name starts anew, an address is where others may be guessing.
func forgive(tx *bbolt.Tx, clean bool, guesses ...guess) error {
	for _, g := range guesses {
		f, ok, err := get[failures](tx, bucketFailures, g.key)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if f.Count--; clean && g.free == freeForName || f.Count <= 0 {
			err = tx.Bucket(bucketFailures).Delete(g.key)
		} else {
			f.Until = time.Time{}
			err = put(tx, bucketFailures, g.key, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// giveBack takes logins back that were not looked at, because err kept them from it.
func (s *Store) giveBack(err error, guesses ...guess) error {
	return errors.Join(err, s.update(func(tx *bbolt.Tx) error { return forgive(tx, false, guesses...) }))
}
