package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238: what the programs on telephones understand; HMAC does not need more of it
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// The second factor is a time-based code of RFC 6238 with the values that all programs have: SHA-1, 30 s, six digits.
const (
	stepSeconds   = 30
	codeDigits    = 6
	codeModulus   = 1_000_000
	stepsAround   = 1  // a clock may be that many steps off
	factorBytes   = 20 // RFC 4226, section 4: 160 bits
	recoveryCodes = 10
)

var (
	// ErrNoSecond is returned when there is no second factor, or none that was proposed.
	ErrNoSecond = errors.New("account: there is no second factor to confirm or take away")
	secretText  = base32.StdEncoding.WithPadding(base32.NoPadding)
)

// codeAt is the code of a step (RFC 4226, section 5.3).
func codeAt(secret []byte, step int64) int {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return int(binary.BigEndian.Uint32(sum[at:])&0x7fffffff) % codeModulus
}

// stepOf is the step around now whose code a text is, after the step last; false without one.
func stepOf(secret []byte, text string, last int64, now time.Time) (step int64, ok bool) {
	text = strings.ReplaceAll(strings.TrimSpace(text), " ", "")
	if len(text) != codeDigits || len(secret) == 0 {
		return 0, false
	}
	current := now.Unix() / stepSeconds
	for n := current - stepsAround; n <= current+stepsAround; n++ {
		same := subtle.ConstantTimeCompare([]byte(text), fmt.Appendf(nil, "%0*d", codeDigits, codeAt(secret, n))) == 1
		if same && n > last {
			step, ok = n, true
		}
	}
	return step, ok
}

// takesCode reports whether a text is a code of the second factor, or a recovery code, and has it count once.
func (r *accountRecord) takesCode(text string, now time.Time) bool {
	if step, ok := stepOf(r.Secret, text, r.Step, now); ok {
		r.Step = step
		return true
	}
	hash := recoveryHash(text)
	i := slices.IndexFunc(r.Codes, func(h tokenHash) bool { return subtle.ConstantTimeCompare(h[:], hash[:]) == 1 })
	if i < 0 {
		return false
	}
	r.Codes = slices.Delete(r.Codes, i, i+1)
	return true
}

// recoveryHash is what is kept of a recovery code. It has 80 random bits, so that a fast hash is enough.
func recoveryHash(text string) tokenHash {
	text = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(text))
	return sha256.Sum256([]byte("recovery:" + text))
}

// Proposal is a second factor to be confirmed with its first code.
type Proposal struct {
	// Secret is the key in base32, for typing.
	Secret string `json:"secret"`
	// URI is the key for a picture: otpauth://totp/….
	URI string `json:"uri"`
}

// ProposeSecond makes the key of a second factor for who knows the password; it counts when [Store.ConfirmSecond] has
// seen a code of it. Accounts without a password of their own have their provider ask for a second factor.
func (s *Store) ProposeSecond(ctx context.Context, id, password, issuer string, from Origin) (Proposal, error) {
	if err := s.confirm(ctx, id, password, from); err != nil {
		return Proposal{}, err
	}
	secret := make([]byte, factorBytes)
	if _, err := io.ReadFull(s.opts.Random, secret); err != nil {
		return Proposal{}, fmt.Errorf("read randomness: %w", err)
	}
	login := ""
	err := s.update(func(tx *bbolt.Tx) error {
		r, err := load(tx, id)
		if err != nil {
			return err
		}
		r.Proposed, login = secret, r.Login
		return save(tx, r)
	})
	text := secretText.EncodeToString(secret)
	q := url.Values{"secret": {text}, "issuer": {issuer}}
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + login, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return Proposal{Secret: text, URI: uri.String()}, err
}

// ConfirmSecond has the proposed second factor count and returns the recovery codes, which are shown this once. All other
// sessions end, and the one of the token gets another token.
func (s *Store) ConfirmSecond(token, code string, from Origin) (fresh string, recovery []string, err error) {
	p, err := s.Session(token)
	if err != nil {
		return "", nil, err
	}
	g := nameKey("second", p.Account)
	if err := s.charge(g); err != nil {
		return "", nil, err
	}
	texts, hashes, err := s.newCodes()
	if err != nil {
		return "", nil, err
	}
	fresh, err = s.renew(token, from, func(r *accountRecord) error {
		if len(r.Proposed) == 0 {
			return ErrNoSecond
		}
		step, ok := stepOf(r.Proposed, code, 0, s.opts.Now())
		if !ok {
			return ErrCredentials
		}
		r.Secret, r.Proposed, r.Step, r.Codes = r.Proposed, nil, step, hashes
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	return fresh, texts, s.update(func(tx *bbolt.Tx) error { return forgive(tx, true, g) })
}

func (s *Store) newCodes() (texts []string, hashes []tokenHash, err error) {
	for range recoveryCodes {
		id, err := s.newID()
		if err != nil {
			return nil, nil, err
		}
		texts = append(texts, id[:4]+"-"+id[4:8]+"-"+id[8:12]+"-"+id[12:])
		hashes = append(hashes, recoveryHash(id))
	}
	return texts, hashes, nil
}

// RenewRecovery makes new recovery codes for who knows the password; those before are worth nothing afterwards.
func (s *Store) RenewRecovery(ctx context.Context, id, password string, from Origin) ([]string, error) {
	if err := s.confirm(ctx, id, password, from); err != nil {
		return nil, err
	}
	texts, hashes, err := s.newCodes()
	if err != nil {
		return nil, err
	}
	return texts, s.update(func(tx *bbolt.Tx) error {
		r, err := load(tx, id)
		if err != nil {
			return err
		}
		if len(r.Secret) == 0 {
			return ErrNoSecond
		}
		r.Codes = hashes
		return save(tx, r)
	})
}

// DropSecond takes the second factor away for who knows the password. All other sessions end, and the one of the token
// gets another token.
func (s *Store) DropSecond(ctx context.Context, token, password string, from Origin) (fresh string, err error) {
	p, err := s.Session(token)
	if err != nil {
		return "", err
	}
	if err := s.confirm(ctx, p.Account, password, from); err != nil {
		return "", err
	}
	return s.renew(token, from, (*accountRecord).dropSecond)
}

func (r *accountRecord) dropSecond() error {
	if len(r.Secret) == 0 && len(r.Proposed) == 0 {
		return ErrNoSecond
	}
	r.Secret, r.Proposed, r.Codes, r.Step = nil, nil, nil, 0
	return nil
}

// ClearSecond takes the second factor of somebody away who has lost it, and ends all sessions of the account.
func (s *Store) ClearSecond(id string) error {
	return s.update(func(tx *bbolt.Tx) error {
		r, err := load(tx, id)
		if err != nil {
			return err
		}
		if err := r.dropSecond(); err != nil {
			return err
		}
		r.Generation++
		return save(tx, r)
	})
}
