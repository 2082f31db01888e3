package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// KeyBytes is the length of keys, for AES-256.
const KeyBytes = 32

// Key is one key of a subject.
type Key struct {
	ID     KeyID
	Secret [KeyBytes]byte
}

// KeyStore keeps the keys of subjects. It is safe for concurrent use, and what it did survives a crash when its methods
// return.
type KeyStore interface {
	// Ensure returns the current key of each subject, in their order, and makes those that are missing: a subject that
	// was erased gets another key.
	Ensure(subjects []Subject) ([]Key, error)
	// Key is a key by its id; ok is false when it was destroyed or never was.
	Key(id KeyID) (k Key, ok bool, err error)
	// Destroy destroys all keys of the subjects beyond recovery from the file, and notes when. Subjects without a key are
	// noted, too.
	Destroy(at time.Time, subjects ...Subject) error
	// State says what is known of a subject.
	State(s Subject) (State, error)
	// Each calls do for every subject that is known, until it returns an error.
	Each(do func(Subject, State) error) error
}

// State is what is known of a subject.
type State struct {
	// Key reports that the subject has a key.
	Key bool
	// Erased is when the subject was last erased, zero for never.
	Erased time.Time
}

// Gone reports whether the subject was erased and did not come back since.
func (s State) Gone() bool { return !s.Key && !s.Erased.IsZero() }

// ErrMaster is returned, wrapped, for a master key that is none, or not the one that the keys are wrapped with.
var ErrMaster = errors.New("vault: the master key does not fit")

// Master is the key that wraps all others.
type Master [KeyBytes]byte

// ParseMaster reads a master key: 32 bytes in hexadecimal or base64, with spaces and line ends around it.
func ParseMaster(text []byte) (m Master, err error) {
	text = bytes.TrimSpace(text)
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if b, err := decode(string(text)); err == nil && len(b) == len(m) {
			return Master(b), nil
		}
	}
	return m, fmt.Errorf("%w: it must be %d bytes in hexadecimal or base64, such as openssl rand -hex 32 writes", ErrMaster, KeyBytes)
}

// Write writes a master key, in hexadecimal, into a file that must not be there yet and that only its owner may read.
func (m Master) Write(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // G304: the operator names the file
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, hex.EncodeToString(m[:])+"\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// box seals with one key by AES-256-GCM. It puts a random nonce in front of what it seals; one key seals few values, 2^32 is
// the bound (NIST SP 800-38D, section 8.3).
type box struct{ aead cipher.AEAD }

func newBox(secret *[KeyBytes]byte) (box, error) {
	c, err := aes.NewCipher(secret[:])
	if err != nil {
		return box{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(c)
	return box{aead}, err
}

// seal appends plain to dst, sealed together with what binds it to its place.
func (b box) seal(dst, plain, bound []byte) []byte {
	return b.aead.Seal(dst, nil, plain, bound) //nolint:gosec // G407: the cipher makes its own nonces and takes none
}

func (b box) open(sealed, bound []byte) ([]byte, error) {
	return b.aead.Open(nil, nil, sealed, bound)
}
