package account

import (
	"context"
	"errors"

	"go.etcd.io/bbolt"
)

// ErrCredentials is returned when login and password, or the code of the second factor, do not fit. Which of them is wrong
// is not said, and neither is that the account is disabled.
var ErrCredentials = errors.New("account: login and password do not fit")

// Login begins a session for who knows a password. With a second factor the session is pending until [Store.Second]. The
// session of the token replaced ends: nobody can prepare a session for somebody else to log in with.
//
// It returns [ErrCredentials], a [*LockedError] or [ErrBusy]. Who has no account waits as long as who has one.
func (s *Store) Login(ctx context.Context, login, password string, from Origin, replaced string) (token string, pending bool, err error) {
	guesses := []guess{nameKey("login", login), addressKey(from.Address)}
	if err := s.charge(guesses...); err != nil {
		return "", false, err
	}
	var known *accountRecord
	if err := s.db.View(func(tx *bbolt.Tx) (err error) { known, err = byLogin(tx, login); return err }); err != nil {
		return "", false, err
	}
	hash := ""
	if known != nil && !known.Disabled {
		hash = known.Hash
	}
	if len(password) > maxPassword {
		password, hash = "", ""
	}
	ok, old, err := s.hasher.check(ctx, password, hash)
	if err != nil {
		return "", false, s.giveBack(err, guesses...)
	}
	if !ok {
		return "", false, ErrCredentials
	}
	renewed := hash
	if old {
		if renewed, err = s.hasher.hash(ctx, password); err != nil {
			renewed = hash // the next login will do
		}
	}
	err = s.update(func(tx *bbolt.Tx) error {
		r, err := load(tx, known.ID)
		if err != nil {
			return err
		}
		if r.Disabled || r.Hash != hash {
			return ErrCredentials // changed meanwhile
		}
		if err := forgive(tx, true, guesses...); err != nil {
			return err
		}
		r.Hash, pending = renewed, len(r.Secret) > 0
		if !pending {
			now := s.now()
			r.Used = &now
		}
		if err := save(tx, r); err != nil {
			return err
		}
		token, err = s.replace(tx, r, from, replaced, sessionRecord{Pending: pending})
		return err
	})
	if errors.Is(err, ErrUnknown) {
		err = ErrCredentials
	}
	return token, pending, err
}

// replace begins a session and ends another one.
func (s *Store) replace(tx *bbolt.Tx, r *accountRecord, from Origin, replaced string, of sessionRecord) (token string, err error) {
	if hash, err := parseToken(kindSession, replaced); err == nil {
		if err := tx.Bucket(bucketSessions).Delete(hash[:]); err != nil {
			return "", err
		}
	}
	return s.begin(tx, r, from, of)
}

// Second ends a pending session and begins one that counts, for who has the code of the second factor or a recovery code.
// After a few wrong ones the password is asked for again.
func (s *Store) Second(token, code string, from Origin) (fresh string, err error) {
	hash, err := parseToken(kindSession, token)
	if err != nil {
		return "", err
	}
	var id string
	err = s.db.View(func(tx *bbolt.Tx) error {
		v, r, err := s.find(tx, hash)
		if err == nil && !v.Pending {
			err = ErrToken
		}
		if err == nil {
			id = r.ID
		}
		return err
	})
	if err != nil {
		return "", err
	}
	guesses := []guess{nameKey("second", id), addressKey(from.Address)}
	if err := s.charge(guesses...); err != nil {
		return "", err
	}
	wrong := false
	err = s.update(func(tx *bbolt.Tx) error {
		v, r, err := s.find(tx, hash)
		if err != nil {
			return err
		}
		if !r.takesCode(code, s.opts.Now()) {
			wrong = true
			if v.Tries++; v.Tries >= maxTries {
				return tx.Bucket(bucketSessions).Delete(hash[:])
			}
			return put(tx, bucketSessions, hash[:], v)
		}
		if err := forgive(tx, true, guesses...); err != nil {
			return err
		}
		now := s.now()
		r.Used = &now
		if err := save(tx, r); err != nil {
			return err
		}
		fresh, err = s.replace(tx, r, from, token, sessionRecord{})
		return err
	})
	if err == nil && wrong {
		err = ErrCredentials
	}
	return fresh, err
}

// SetPassword changes the password of an account by its owner, who knows the one before. All other sessions end, and the
// one of the token gets another token.
func (s *Store) SetPassword(ctx context.Context, token, before, password string, from Origin) (fresh string, err error) {
	p, err := s.Session(token)
	if err != nil {
		return "", err
	}
	if err := s.confirm(ctx, p.Account, before, from); err != nil {
		return "", err
	}
	hash, err := s.newHash(ctx, password, p.Login)
	if err != nil {
		return "", err
	}
	return s.renew(token, from, func(r *accountRecord) error { r.Hash = hash; return nil })
}

// confirm checks the password of an account once more, before something that matters.
func (s *Store) confirm(ctx context.Context, id, password string, from Origin) error {
	guesses := []guess{nameKey("confirm", id), addressKey(from.Address)}
	if err := s.charge(guesses...); err != nil {
		return err
	}
	var hash string
	err := s.db.View(func(tx *bbolt.Tx) error {
		r, err := load(tx, id)
		if err == nil {
			hash = r.Hash
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(password) > maxPassword {
		hash = ""
	}
	ok, _, err := s.hasher.check(ctx, password, hash)
	if err != nil {
		return s.giveBack(err, guesses...)
	}
	if !ok {
		return ErrCredentials
	}
	return s.update(func(tx *bbolt.Tx) error { return forgive(tx, true, guesses...) })
}

// renew changes an account, ends all its sessions and begins a new one in the place of that of token.
func (s *Store) renew(token string, from Origin, change func(r *accountRecord) error) (fresh string, err error) {
	hash, err := parseToken(kindSession, token)
	if err != nil {
		return "", err
	}
	err = s.update(func(tx *bbolt.Tx) error {
		v, r, err := s.find(tx, hash)
		if err != nil {
			return err
		}
		if v.Pending {
			return ErrToken
		}
		if err := change(r); err != nil {
			return err
		}
		r.Generation++
		if err := save(tx, r); err != nil {
			return err
		}
		if err := dropLinks(tx, r.ID); err != nil {
			return err
		}
		if _, err := remove(tx, bucketSessions, func(_ []byte, o sessionRecord) bool { return o.Account != r.ID }); err != nil {
			return err
		}
		fresh, err = s.begin(tx, r, from, v)
		return err
	})
	return fresh, err
}

// SetEmail changes where links to reset the password go, for who knows the password.
func (s *Store) SetEmail(ctx context.Context, id, password, email string, from Origin) (Account, error) {
	if err := s.confirm(ctx, id, password, from); err != nil {
		return Account{}, err
	}
	return s.Change(id, Change{Email: &email})
}
