package account

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

// Account is somebody who may log in, without secrets.
type Account struct {
	ID    string `json:"id"`
	Login string `json:"login"`
	// Staff is the id of the person in the city's directory; what that person may do is said there.
	Staff string `json:"staff,omitempty"`
	// Email is where links to reset the password go.
	Email         string `json:"email,omitempty"`
	Administrator bool   `json:"administrator"`
	Disabled      bool   `json:"disabled"`
	// Password and Second say whether there is a password and a second factor; Recovery how many recovery codes are left.
	Password bool `json:"password"`
	Second   bool `json:"second"`
	Recovery int  `json:"recovery"`
	// Outside says that an identity provider knows the account.
	Outside bool       `json:"outside"`
	Created time.Time  `json:"created"`
	Used    *time.Time `json:"used,omitempty"` // the newest login
}

// accountRecord is an account as it is kept.
type accountRecord struct {
	Account
	Hash string `json:"hash,omitempty"`
	// Secret is the key of the second factor, Proposed one that was shown and not confirmed.
	Secret   []byte `json:"secret,omitempty"`
	Proposed []byte `json:"proposed,omitempty"`
	// Step is the step of the newest code that was taken: each code counts once.
	Step     int64       `json:"step,omitempty"`
	Codes    []tokenHash `json:"codes,omitempty"` // of recovery
	Subjects []string    `json:"subjects,omitempty"`
	// Generation ends sessions that were begun under an older one.
	Generation uint64 `json:"generation"`
}

// public is the account without its secrets.
func (r *accountRecord) public() Account {
	a := r.Account
	a.Password, a.Second, a.Recovery, a.Outside = r.Hash != "", len(r.Secret) > 0, len(r.Codes), len(r.Subjects) > 0
	return a
}

// The errors of accounts, for errors.Is.
var (
	ErrUnknown           = errors.New("account: there is no such account")
	ErrTaken             = errors.New("account: the login is taken")
	ErrLastAdministrator = errors.New("account: the last administrator would be lost")
	ErrFirst             = errors.New("account: the first account must be an administrator")
)

// FieldError says which value is wrong, and why.
type FieldError struct{ Field, Value, Why string }

func (e *FieldError) Error() string { return fmt.Sprintf("%s %s (value %q)", e.Field, e.Why, e.Value) }

// Bounds of texts, in characters.
const (
	maxLogin = 64
	maxText  = 254 // of an address of mail, RFC 5321, section 4.5.3.1
)

// CheckLogin reports why a text cannot be a login, as a [*FieldError], or nil.
func CheckLogin(login string) error {
	wrong := func(why string) error { return &FieldError{"login", login, why} }
	if n := utf8.RuneCountInString(login); n == 0 || n > maxLogin {
		return wrong(fmt.Sprintf("must have 1 to %d characters", maxLogin))
	}
	for _, r := range login {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_@+", r) {
			return wrong("may hold letters, digits and . - _ @ +")
		}
	}
	return nil
}

func checkEmail(email string) error {
	if email == "" {
		return nil
	}
	a, err := mail.ParseAddress(email)
	if err != nil || a.Name != "" || a.Address != email || len(email) > maxText || strings.ContainsAny(email, "\r\n") {
		return &FieldError{"email", email, "must be an address such as name@example.org"}
	}
	return nil
}

func checkStaff(staff string) error {
	if len(staff) > 128 || strings.ContainsFunc(staff, unicode.IsControl) || !utf8.ValidString(staff) {
		return &FieldError{"staff", staff, "must be the id of a person of the directory: at most 128 bytes"}
	}
	return nil
}

// New are the members of a new account. Without a password nobody can log in until one is set by a link.
type New struct {
	Login, Password, Staff, Email string
	Administrator                 bool
}

func (n New) check() error {
	return errors.Join(CheckLogin(n.Login), checkEmail(n.Email), checkStaff(n.Staff))
}

// Create makes an account. It returns [ErrTaken], [ErrFirst], a [*FieldError] or a [*PasswordError] for what cannot be.
func (s *Store) Create(ctx context.Context, n New) (Account, error) {
	if err := n.check(); err != nil {
		return Account{}, err
	}
	hash := ""
	if n.Password != "" {
		var err error
		if hash, err = s.newHash(ctx, n.Password, n.Login); err != nil {
			return Account{}, err
		}
	}
	var made Account
	err := s.update(func(tx *bbolt.Tx) error {
		r, err := s.create(tx, n, hash)
		if err == nil {
			made = r.public()
		}
		return err
	})
	return made, err
}

// newHash checks that a password may be chosen and hashes it.
func (s *Store) newHash(ctx context.Context, password, login string) (string, error) {
	if err := CheckPassword(password, login); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// create adds an account in a transaction.
func (s *Store) create(tx *bbolt.Tx, n New, hash string) (*accountRecord, error) {
	logins := tx.Bucket(bucketLogins)
	if logins.Get([]byte(fold(n.Login))) != nil {
		return nil, ErrTaken
	}
	if first, _ := tx.Bucket(bucketAccounts).Cursor().First(); first == nil && !n.Administrator {
		return nil, ErrFirst
	}
	id, err := s.newID()
	if err != nil {
		return nil, err
	}
	r := &accountRecord{
		Account: Account{ID: id, Login: n.Login, Staff: n.Staff, Email: n.Email, Administrator: n.Administrator, Created: s.now()},
		Hash:    hash,
	}
	if err := logins.Put([]byte(fold(n.Login)), []byte(id)); err != nil {
		return nil, err
	}
	return r, put(tx, bucketAccounts, []byte(id), r)
}

// update is a transaction; what it says of accounts is known to [Store.Any] afterwards.
func (s *Store) update(do func(tx *bbolt.Tx) error) error {
	exists := false
	err := s.db.Update(func(tx *bbolt.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		id, _ := tx.Bucket(bucketAccounts).Cursor().First()
		exists = id != nil
		return s.sweep(tx)
	})
	if err == nil {
		s.any.Store(exists)
	}
	return err
}

// now is the clock in the precision that is kept.
func (s *Store) now() time.Time { return s.opts.Now().UTC().Truncate(time.Millisecond) }

// Get is an account by its id, [ErrUnknown] without one.
func (s *Store) Get(id string) (a Account, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		r, err := load(tx, id)
		if err == nil {
			a = r.public()
		}
		return err
	})
	return a, err
}

// Find is an account by its login, or by its id.
func (s *Store) Find(login string) (a Account, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		r, err := byLogin(tx, login)
		if err != nil {
			return err
		}
		if r == nil {
			if r, err = load(tx, login); err != nil {
				return err
			}
		}
		a = r.public()
		return nil
	})
	return a, err
}

// List are all accounts by their logins.
func (s *Store) List() (all []Account, err error) {
	all = []Account{}
	err = s.db.View(func(tx *bbolt.Tx) error {
		return each(tx, bucketAccounts, func(_ []byte, r accountRecord) error {
			all = append(all, r.public())
			return nil
		})
	})
	slices.SortFunc(all, func(a, b Account) int { return strings.Compare(fold(a.Login), fold(b.Login)) })
	return all, err
}

func load(tx *bbolt.Tx, id string) (*accountRecord, error) {
	if id == "" {
		return nil, ErrUnknown
	}
	r, ok, err := get[accountRecord](tx, bucketAccounts, []byte(id))
	if err == nil && !ok {
		err = ErrUnknown
	}
	return &r, err
}

// byLogin is the account of a login, nil without one.
func byLogin(tx *bbolt.Tx, login string) (*accountRecord, error) {
	id := tx.Bucket(bucketLogins).Get([]byte(fold(login)))
	if id == nil {
		return nil, nil //nolint:nilnil // nobody has the login, which is no failure
	}
	return load(tx, string(id))
}

func save(tx *bbolt.Tx, r *accountRecord) error { return put(tx, bucketAccounts, []byte(r.ID), r) }

// Change are the members of an account to change; nil ones stay.
type Change struct {
	Login, Staff, Email     *string
	Administrator, Disabled *bool
}

// Change alters an account. When rights may have changed its sessions end: those who go on working log in again.
func (s *Store) Change(id string, c Change) (a Account, err error) {
	err = s.update(func(tx *bbolt.Tx) error {
		r, err := load(tx, id)
		if err != nil {
			return err
		}
		before := r.Account
		if err := s.rename(tx, r, c.Login); err != nil {
			return err
		}
		set(&r.Staff, c.Staff)
		set(&r.Email, c.Email)
		set(&r.Administrator, c.Administrator)
		set(&r.Disabled, c.Disabled)
		if err := errors.Join(checkEmail(r.Email), checkStaff(r.Staff)); err != nil {
			return err
		}
		if before.Staff != r.Staff || before.Administrator != r.Administrator || before.Disabled != r.Disabled {
			r.Generation++
		}
		if before.Email != r.Email {
			// A link that went to the address before is not in the hands of who has the new one.
			if err := dropLinks(tx, id); err != nil {
				return err
			}
		}
		if err := save(tx, r); err != nil {
			return err
		}
		a = r.public()
		return keepsAdministrator(tx)
	})
	return a, err
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (s *Store) rename(tx *bbolt.Tx, r *accountRecord, login *string) error {
	if login == nil || *login == r.Login {
		return nil
	}
	if err := CheckLogin(*login); err != nil {
		return err
	}
	logins := tx.Bucket(bucketLogins)
	if have := logins.Get([]byte(fold(*login))); have != nil && string(have) != r.ID {
		return ErrTaken
	}
	if err := logins.Delete([]byte(fold(r.Login))); err != nil {
		return err
	}
	r.Login = *login
	return logins.Put([]byte(fold(r.Login)), []byte(r.ID))
}

// keepsAdministrator refuses a change after which nobody could give rights.
func keepsAdministrator(tx *bbolt.Tx) error {
	left := false
	err := each(tx, bucketAccounts, func(_ []byte, r accountRecord) error {
		left = left || r.Administrator && !r.Disabled
		return nil
	})
	if err == nil && !left {
		return ErrLastAdministrator
	}
	return err
}

// Remove deletes an account with its sessions, keys and links.
func (s *Store) Remove(id string) error {
	return s.update(func(tx *bbolt.Tx) error {
		r, err := load(tx, id)
		if err != nil {
			return err
		}
		if err := tx.Bucket(bucketAccounts).Delete([]byte(id)); err != nil {
			return err
		}
		if err := tx.Bucket(bucketLogins).Delete([]byte(fold(r.Login))); err != nil {
			return err
		}
		for _, subject := range r.Subjects {
			if err := tx.Bucket(bucketOutside).Delete([]byte(subject)); err != nil {
				return err
			}
		}
		if err := dropLinks(tx, id); err != nil {
			return err
		}
		if _, err := remove(tx, bucketSessions, func(_ []byte, v sessionRecord) bool { return v.Account != id }); err != nil {
			return err
		}
		if _, err := remove(tx, bucketKeys, func(_ []byte, v keyRecord) bool { return v.Account != id }); err != nil {
			return err
		}
		return keepsAdministrator(tx)
	})
}
