package account

import (
	"errors"

	"go.etcd.io/bbolt"
)

// ErrNotInvited is returned when an identity provider vouches for somebody who has no account here.
var ErrNotInvited = errors.New("account: nobody here has this identity")

// Identity is somebody for whom an identity provider vouches.
type Identity struct {
	// Provider is the provider's name in the configuration; Issuer and Subject are who it is for ever.
	Provider, Issuer, Subject string
	// Login and Email are what the provider says now.
	Login, Email string
	// Granted and Administrator are what the person's groups bring with them, for this session.
	Granted       []Grant
	Administrator bool
	// Match links an account of the same login that no provider knows yet, Create makes an account when there is none.
	Match, Create bool
}

// LoginOutside begins a session for somebody for whom a provider vouches. It returns [ErrNotInvited], [ErrCredentials] for
// a disabled account, and [ErrTaken] when the login is somebody else's.
//
// An account is never found by an address of mail: who may choose an address at a provider could take an account over.
func (s *Store) LoginOutside(i Identity, from Origin, replaced string) (token string, err error) {
	subject := i.Issuer + "\x00" + i.Subject
	err = s.update(func(tx *bbolt.Tx) error {
		r, err := s.outside(tx, i, subject)
		if err != nil {
			return err
		}
		if r.Disabled {
			return ErrCredentials
		}
		now := s.now()
		r.Used = &now
		if err := save(tx, r); err != nil {
			return err
		}
		token, err = s.replace(tx, r, from, replaced, sessionRecord{SessionInfo: SessionInfo{Provider: i.Provider}, Granted: i.Granted, Administrator: i.Administrator})
		return err
	})
	return token, err
}

// outside is the account of an identity.
func (s *Store) outside(tx *bbolt.Tx, i Identity, subject string) (*accountRecord, error) {
	known := tx.Bucket(bucketOutside)
	if id := known.Get([]byte(subject)); id != nil {
		return load(tx, string(id))
	}
	r, err := byLogin(tx, i.Login)
	switch {
	case err != nil:
		return nil, err
	case r != nil && !i.Match:
		return nil, ErrTaken
	case r != nil && len(r.Subjects) > 0:
		return nil, ErrTaken
	case r == nil && !i.Create:
		return nil, ErrNotInvited
	case r == nil:
		n := New{Login: i.Login, Email: i.Email}
		if checkEmail(n.Email) != nil {
			n.Email = ""
		}
		if err := n.check(); err != nil {
			return nil, err
		}
		if r, err = s.create(tx, n, ""); err != nil {
			return nil, err
		}
	}
	r.Subjects = append(r.Subjects, subject)
	return r, known.Put([]byte(subject), []byte(r.ID))
}
