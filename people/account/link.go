package account

import (
	"context"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Purpose is what a link is for.
type Purpose string

// The purposes of links.
const (
	Invite Purpose = "invitation" // makes an account
	Reset  Purpose = "reset"      // sets the password of one
)

// How long links can be used. Mail may lie in a box that others read, so that a reset, which somebody waits for, is short.
const (
	InviteAge = 7 * 24 * time.Hour
	FirstAge  = 24 * time.Hour
	ResetAge  = time.Hour
)

// Link is a link that was sent and not used yet, without its secret.
type Link struct {
	ID      string  `json:"id"`
	Purpose Purpose `json:"purpose"`
	// Account is whose password is set; empty for an invitation.
	Account string `json:"account,omitempty"`
	// Login, Staff, Email and Administrator are what the invited account gets. The login may be chosen when it is empty.
	Login         string    `json:"login,omitempty"`
	Staff         string    `json:"staff,omitempty"`
	Email         string    `json:"email,omitempty"`
	Administrator bool      `json:"administrator"`
	By            string    `json:"by,omitempty"` // the account that made the link
	Created       time.Time `json:"created"`
	Expires       time.Time `json:"expires"`
}

// linkRecord is a link as it is kept under the hash of its token.
type linkRecord struct{ Link }

// maxLinks is how many invitations may be open at once.
const maxLinks = 10_000

// Invitation makes a link for somebody who shall have an account. age is how long it can be used; the token is shown this
// once.
func (s *Store) Invitation(l Link, age time.Duration) (made Link, token string, err error) {
	if l.Login != "" {
		if err := CheckLogin(l.Login); err != nil {
			return Link{}, "", err
		}
	}
	if err := checkEmail(l.Email); err != nil {
		return Link{}, "", err
	}
	if err := checkStaff(l.Staff); err != nil {
		return Link{}, "", err
	}
	l.Purpose, l.Account = Invite, ""
	err = s.update(func(tx *bbolt.Tx) error {
		if l.Login != "" && tx.Bucket(bucketLogins).Get([]byte(fold(l.Login))) != nil {
			return ErrTaken
		}
		if first, _ := tx.Bucket(bucketAccounts).Cursor().First(); first == nil && !l.Administrator {
			return ErrFirst
		}
		made, token, err = s.link(tx, l, age)
		return err
	})
	return made, token, err
}

// FirstInvitation makes the link with which the first administrator begins; the one before is worth nothing afterwards. It
// returns an empty token when there are accounts.
func (s *Store) FirstInvitation() (token string, err error) {
	err = s.update(func(tx *bbolt.Tx) error {
		if first, _ := tx.Bucket(bucketAccounts).Cursor().First(); first != nil {
			return nil
		}
		if _, err := remove(tx, bucketLinks, func(_ []byte, v linkRecord) bool { return v.Purpose != Invite || v.By != firstBy }); err != nil {
			return err
		}
		_, token, err = s.link(tx, Link{Purpose: Invite, Administrator: true, By: firstBy}, FirstAge)
		return err
	})
	return token, err
}

// firstBy marks the link that the server made for itself; no account has such an id.
const firstBy = "gewu serve"

func (s *Store) link(tx *bbolt.Tx, l Link, age time.Duration) (Link, string, error) {
	n := 0
	if err := each(tx, bucketLinks, func([]byte, linkRecord) error { n++; return nil }); err != nil {
		return Link{}, "", err
	}
	if n >= maxLinks {
		return Link{}, "", &FieldError{"links", "", "are too many: take open invitations back first"}
	}
	token, hash, err := s.newToken(kindLink)
	if err != nil {
		return Link{}, "", err
	}
	if l.ID, err = s.newID(); err != nil {
		return Link{}, "", err
	}
	l.Created = s.now()
	l.Expires = l.Created.Add(age)
	return l, token, put(tx, bucketLinks, hash[:], linkRecord{l})
}

// open is the link of a token that can be used for a purpose.
func (s *Store) open(tx *bbolt.Tx, hash tokenHash, purpose Purpose) (Link, error) {
	v, ok, err := get[linkRecord](tx, bucketLinks, hash[:])
	if err == nil && (!ok || v.Purpose != purpose || !s.opts.Now().Before(v.Expires)) {
		err = ErrToken
	}
	return v.Link, err
}

// Look is what a link is for, without using it; [ErrToken] when it cannot be used.
func (s *Store) Look(token string, purpose Purpose) (l Link, err error) {
	hash, err := parseToken(kindLink, token)
	if err != nil {
		return l, err
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		if l, err = s.open(tx, hash, purpose); err != nil || l.Account == "" {
			return err
		}
		r, err := load(tx, l.Account)
		if err == nil {
			l.Login = r.Login
		}
		return err
	})
	return l, err
}

// Accept makes the account of an invitation with a login, unless the invitation names one, and a password. The link is
// used up with it, even if two accept at once.
func (s *Store) Accept(ctx context.Context, token, login, password string) (Account, error) {
	l, err := s.Look(token, Invite)
	if err != nil {
		return Account{}, err
	}
	if l.Login != "" {
		login = l.Login
	}
	n := New{Login: login, Staff: l.Staff, Email: l.Email, Administrator: l.Administrator}
	if err := n.check(); err != nil {
		return Account{}, err
	}
	hash, err := s.newHash(ctx, password, login)
	if err != nil {
		return Account{}, err
	}
	kept, err := parseToken(kindLink, token)
	if err != nil {
		return Account{}, err
	}
	var made Account
	err = s.update(func(tx *bbolt.Tx) error {
		if _, err := s.open(tx, kept, Invite); err != nil {
			return err
		}
		r, err := s.create(tx, n, hash)
		if err != nil {
			return err
		}
		made = r.public()
		return tx.Bucket(bucketLinks).Delete(kept[:])
	})
	return made, err
}

// ResetLink makes a link that sets the password of an account; those before are worth nothing afterwards.
func (s *Store) ResetLink(id, by string) (l Link, token string, err error) {
	err = s.update(func(tx *bbolt.Tx) error {
		r, err := load(tx, id)
		if err != nil {
			return err
		}
		if err := dropLinks(tx, id); err != nil {
			return err
		}
		l, token, err = s.link(tx, Link{Purpose: Reset, Account: id, Email: r.Email, By: by}, ResetAge)
		l.Login = r.Login
		return err
	})
	return l, token, err
}

// SetByLink sets the password of an account by a link and ends its sessions. The second factor stays: who has the mailbox
// has not all.
func (s *Store) SetByLink(ctx context.Context, token, password string) (Account, error) {
	l, err := s.Look(token, Reset)
	if err != nil {
		return Account{}, err
	}
	hash, err := s.newHash(ctx, password, l.Login)
	if err != nil {
		return Account{}, err
	}
	kept, err := parseToken(kindLink, token)
	if err != nil {
		return Account{}, err
	}
	var a Account
	err = s.update(func(tx *bbolt.Tx) error {
		if _, err := s.open(tx, kept, Reset); err != nil {
			return err
		}
		r, err := load(tx, l.Account)
		if err != nil {
			return err
		}
		r.Hash = hash
		r.Generation++
		a = r.public()
		if err := save(tx, r); err != nil {
			return err
		}
		// Who was locked out by others guessing is in again.
		if err := tx.Bucket(bucketFailures).Delete(nameKey("login", r.Login).key); err != nil {
			return err
		}
		return dropLinks(tx, r.ID)
	})
	return a, err
}

// dropLinks takes the links of an account back.
func dropLinks(tx *bbolt.Tx, account string) error {
	_, err := remove(tx, bucketLinks, func(_ []byte, v linkRecord) bool { return v.Account != account })
	return err
}

// Invitations are those that are open, the newest first.
func (s *Store) Invitations() (all []Link, err error) {
	all = []Link{}
	err = s.db.View(func(tx *bbolt.Tx) error {
		return each(tx, bucketLinks, func(_ []byte, v linkRecord) error {
			if v.Purpose == Invite && s.opts.Now().Before(v.Expires) {
				all = append(all, v.Link)
			}
			return nil
		})
	})
	slices.SortFunc(all, func(a, b Link) int { return b.Created.Compare(a.Created) })
	return all, err
}

// TakeBack takes an invitation back; [ErrUnknown] without one.
func (s *Store) TakeBack(id string) error {
	return s.update(func(tx *bbolt.Tx) error {
		n, err := remove(tx, bucketLinks, func(_ []byte, v linkRecord) bool { return v.Purpose != Invite || v.ID != id })
		if err == nil && n == 0 {
			err = ErrUnknown
		}
		return err
	})
}

// MayAskReset counts that somebody asks for a link for a login, whether anybody has it or not. It returns a [*LockedError]
// when that was asked too often: nobody's box is filled by others.
func (s *Store) MayAskReset(login string, from Origin) error {
	return s.charge(nameKey("reset", login), addressKey(from.Address))
}
