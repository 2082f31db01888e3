package account

import (
	"errors"
	"net/netip"
	"slices"
	"time"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

// Origin is where a request came from, for lists of sessions and for counting failures.
type Origin struct {
	Address netip.Addr
	Agent   string // what the program calls itself
}

// String is the address, or that the request came without one.
func (o Origin) String() string {
	if !o.Address.IsValid() {
		return "local"
	}
	return o.Address.Unmap().String()
}

// SessionInfo is a login that is in force.
type SessionInfo struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Created time.Time `json:"created"`
	Used    time.Time `json:"used"`
	Expires time.Time `json:"expires"`
	Address string    `json:"address"`
	Agent   string    `json:"agent,omitempty"`
	// Provider is who vouched for the login; empty for a password.
	Provider string `json:"provider,omitempty"`
}

// sessionRecord is a session as it is kept under the hash of its token.
type sessionRecord struct {
	SessionInfo
	Generation uint64 `json:"generation"`
	// Pending says that the second factor is missing: the session shows nothing but that a password was right.
	Pending bool `json:"pending,omitempty"`
	// Tries are the wrong codes.
	Tries int `json:"tries,omitempty"`
	// Granted and Administrator are what the identity provider said.
	Granted       []Grant `json:"granted,omitempty"`
	Administrator bool    `json:"administrator,omitempty"`
}

// Bounds of sessions.
const (
	pendingAge  = 5 * time.Minute
	maxTries    = 5
	touchEvery  = time.Minute
	maxSessions = 32 // of one account; the least used one gives way
	agentBytes  = 200
)

// live reports whether a session is in force, as far as its times say.
func (s *Store) live(v sessionRecord, now time.Time) bool {
	return now.Before(v.Expires) && now.Sub(v.Used) < s.opts.Idle && !now.Before(v.Created.Add(-time.Minute))
}

// begin makes a session in a transaction.
func (s *Store) begin(tx *bbolt.Tx, r *accountRecord, from Origin, of sessionRecord) (token string, err error) {
	token, hash, err := s.newToken(kindSession)
	if err != nil {
		return "", err
	}
	if of.ID, err = s.newID(); err != nil {
		return "", err
	}
	now, age := s.now(), s.opts.Age
	if of.Pending {
		age = pendingAge
	}
	of.Account, of.Generation, of.Used = r.ID, r.Generation, now
	if of.Created.IsZero() {
		of.Created, of.Expires = now, now.Add(age)
	}
	of.Address, of.Agent = from.String(), clip(from.Agent)
	if err := s.makeRoom(tx, r.ID); err != nil {
		return "", err
	}
	return token, put(tx, bucketSessions, hash[:], of)
}

func clip(s string) string {
	if len(s) > agentBytes {
		s = s[:agentBytes]
	}
	for !utf8.ValidString(s) && s != "" {
		s = s[:len(s)-1]
	}
	return s
}

// makeRoom ends the least used session of an account that has too many.
func (s *Store) makeRoom(tx *bbolt.Tx, account string) error {
	var oldest []byte
	var used time.Time
	n := 0
	err := each(tx, bucketSessions, func(key []byte, v sessionRecord) error {
		if v.Account != account {
			return nil
		}
		if n++; oldest == nil || v.Used.Before(used) {
			oldest, used = slices.Clone(key), v.Used
		}
		return nil
	})
	if err != nil || n < maxSessions {
		return err
	}
	return tx.Bucket(bucketSessions).Delete(oldest)
}

// find is the session of a token that is in force, with its account.
func (s *Store) find(tx *bbolt.Tx, hash tokenHash) (v sessionRecord, r *accountRecord, err error) {
	v, ok, err := get[sessionRecord](tx, bucketSessions, hash[:])
	if err != nil {
		return v, nil, err
	}
	if !ok || !s.live(v, s.opts.Now()) {
		return v, nil, ErrToken
	}
	if r, err = load(tx, v.Account); errors.Is(err, ErrUnknown) {
		return v, nil, ErrToken
	}
	if err == nil && (r.Disabled || r.Generation != v.Generation) {
		err = ErrToken
	}
	return v, r, err
}

// Session is who has a token of a session, which counts as used now. It returns [ErrToken] for one that is not in force.
// Of a login whose second factor is missing it says [Public].
func (s *Store) Session(token string) (Principal, error) {
	hash, err := parseToken(kindSession, token)
	if err != nil {
		return Principal{Way: Public}, err
	}
	p, touch := Principal{Way: Public}, false
	err = s.db.View(func(tx *bbolt.Tx) error {
		v, r, err := s.find(tx, hash)
		if err != nil || v.Pending {
			return err
		}
		p = Principal{
			Way: Session, Account: r.ID, Login: r.Login, Staff: r.Staff, Session: v.ID,
			Administrator: r.Administrator || v.Administrator, Granted: v.Granted,
		}
		touch = s.opts.Now().Sub(v.Used) >= touchEvery
		return nil
	})
	if err != nil || !touch {
		return p, err
	}
	err = s.update(func(tx *bbolt.Tx) error {
		v, _, err := s.find(tx, hash)
		if err != nil {
			return err
		}
		v.Used = s.now()
		return put(tx, bucketSessions, hash[:], v)
	})
	if err != nil {
		p = Principal{Way: Public}
	}
	return p, err
}

// Rotate gives a session another token: the one before is worth nothing afterwards.
func (s *Store) Rotate(token string, from Origin) (fresh string, err error) {
	hash, err := parseToken(kindSession, token)
	if err != nil {
		return "", err
	}
	err = s.update(func(tx *bbolt.Tx) error {
		v, r, err := s.find(tx, hash)
		if err != nil {
			return err
		}
		if err := tx.Bucket(bucketSessions).Delete(hash[:]); err != nil {
			return err
		}
		fresh, err = s.begin(tx, r, from, v)
		return err
	})
	return fresh, err
}

// End ends the session of a token; one that is not in force ends without a word.
func (s *Store) End(token string) error {
	hash, err := parseToken(kindSession, token)
	if err != nil {
		return nil //nolint:nilerr // what is no token is no session
	}
	return s.update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketSessions).Delete(hash[:]) })
}

// Sessions are the sessions of an account that are in force, the one that was used last first.
func (s *Store) Sessions(account string) (all []SessionInfo, err error) {
	all = []SessionInfo{}
	err = s.db.View(func(tx *bbolt.Tx) error {
		r, err := load(tx, account)
		if err != nil {
			return err
		}
		now := s.opts.Now()
		return each(tx, bucketSessions, func(_ []byte, v sessionRecord) error {
			if v.Account == account && !v.Pending && s.live(v, now) && v.Generation == r.Generation && !r.Disabled {
				all = append(all, v.SessionInfo)
			}
			return nil
		})
	})
	slices.SortFunc(all, func(a, b SessionInfo) int { return b.Used.Compare(a.Used) })
	return all, err
}

// EndSessions ends sessions of an account: the one with an id, or with an empty id all but one. It returns their number.
func (s *Store) EndSessions(account, id, but string) (n int, err error) {
	err = s.update(func(tx *bbolt.Tx) error {
		n, err = remove(tx, bucketSessions, func(_ []byte, v sessionRecord) bool {
			return v.Account != account || v.ID == but && but != "" || id != "" && v.ID != id
		})
		return err
	})
	return n, err
}

// Pending reports whether a token is that of a login whose second factor is missing.
func (s *Store) Pending(token string) bool {
	hash, err := parseToken(kindSession, token)
	if err != nil {
		return false
	}
	pending := false
	err = s.db.View(func(tx *bbolt.Tx) error {
		v, _, err := s.find(tx, hash)
		pending = v.Pending
		return err
	})
	return err == nil && pending
}
