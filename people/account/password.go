package account

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Cost is how much work it is to check one password with argon2id.
type Cost struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
}

// StandardCost is the second choice that RFC 9106, section 4, recommends: for machines where a check may not take 2 GiB.
var StandardCost = Cost{Time: 3, Memory: 64 << 10, Threads: 4}

// Lengths of salt and hash in bytes by RFC 9106, section 4.
const (
	saltBytes = 16
	hashBytes = 32
)

// Bounds of passwords. NIST SP 800-63B-4, section 3.1.1.2, asks for 15 characters where the password is all there is and 8
// where there is a second factor; 12 with a list of common ones is between, and no rules say of which kinds they are.
const (
	minPassword = 12   // characters
	maxPassword = 1024 // bytes
	leftOver    = 8    // characters beside the login
)

// ErrBusy is returned when too many passwords are being checked.
var ErrBusy = errors.New("account: too many logins at once")

// PasswordError says why a password is not taken.
type PasswordError struct{ Why string }

func (e *PasswordError) Error() string { return "the password " + e.Why }

//go:embed common.txt
var commonText string

// commonPasswords are passwords that everybody tries first, folded.
var commonPasswords = func() map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(commonText) {
		all[strings.TrimSpace(line)] = true
	}
	return all
}()

// CheckPassword reports why a password may not be chosen by who has the login, as a [*PasswordError], or nil.
func CheckPassword(password, login string) error {
	switch {
	case len(password) > maxPassword:
		return &PasswordError{fmt.Sprintf("is longer than %d bytes", maxPassword)}
	case !utf8.ValidString(password):
		return &PasswordError{"is not UTF-8"}
	case utf8.RuneCountInString(password) < minPassword:
		return &PasswordError{fmt.Sprintf("is shorter than %d characters; a few words in a row are easier to keep in mind than signs", minPassword)}
	}
	folded, name := fold(password), fold(login)
	if name != "" && strings.ReplaceAll(folded, name, "") != folded && utf8.RuneCountInString(folded)-utf8.RuneCountInString(name) < leftOver {
		return &PasswordError{"is little more than the login"}
	}
	if repeated(folded) {
		return &PasswordError{"repeats a few signs"}
	}
	// Digits and signs at the end are what people add to be let in.
	trimmed := strings.TrimRightFunc(folded, func(r rune) bool { return r < 'a' && r >= '!' })
	if commonPasswords[folded] || commonPasswords[trimmed] || sequence(folded) {
		return &PasswordError{"is one that everybody tries first"}
	}
	return nil
}

// fold makes texts that look alike the same.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(strings.TrimSpace(s))) }

// repeated reports whether a text is one to four signs again and again.
func repeated(s string) bool {
	runes := []rune(s)
	for n := 1; n <= 4; n++ {
		same := true
		for i := n; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-n]
		}
		if same {
			return true
		}
	}
	return false
}

// sequence reports whether each sign follows the one before it, up or down, as in 123456789012.
func sequence(s string) bool {
	for _, step := range []rune{1, -1} {
		all, last := true, rune(-1)
		for _, r := range s {
			wrap := r == '0' && last == '9' || r == '9' && last == '0'
			if last >= 0 && r-last != step && !wrap {
				all = false
				break
			}
			last = r
		}
		if all {
			return true
		}
	}
	return false
}

// hasher checks passwords, a few at a time: each check takes Cost.Memory.
type hasher struct {
	cost   Cost
	random io.Reader
	// slots holds one element for each check that runs, line one for each that waits or runs.
	slots, line chan struct{}
	// dummy is a hash that no password has, for accounts that do not exist.
	dummy string
}

// waiting is how many logins may wait for their turn.
const waiting = 32

func newHasher(cost Cost, random io.Reader) (*hasher, error) {
	h := &hasher{cost: cost, random: random, slots: make(chan struct{}, min(4, runtime.GOMAXPROCS(0))), line: make(chan struct{}, waiting)}
	nobody := make([]byte, saltBytes+hashBytes)
	if _, err := io.ReadFull(random, nobody); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	h.dummy = encodeHash(cost, nobody[:saltBytes], nobody[saltBytes:])
	return h, nil
}

// enter waits for a turn.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.line <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.line }, nil
	case <-ctx.Done():
		<-h.line
		return nil, ctx.Err()
	}
}

// hash is the text that a password is kept as (the form of the reference implementation of argon2).
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return encodeHash(h.cost, salt, argon2.IDKey(passwordBytes(password), salt, h.cost.Time, h.cost.Memory, h.cost.Threads, hashBytes)), nil
}

// check reports whether a password is the one of a hash, and whether that was made with another cost than now. An empty
// hash is no password's, and finding that out takes as long.
func (h *hasher) check(ctx context.Context, password, hash string) (ok, old bool, err error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	none := hash == ""
	if none {
		hash = h.dummy
	}
	cost, salt, want, err := decodeHash(hash)
	if err != nil {
		return false, false, err
	}
	got := argon2.IDKey(passwordBytes(password), salt, cost.Time, cost.Memory, cost.Threads, uint32(len(want)))
	ok = subtle.ConstantTimeCompare(got, want) == 1 && !none
	return ok, cost != h.cost, nil
}

// passwordBytes has a password be the same from keyboards that compose signs in different ways (NIST SP 800-63B-4, section
// 3.1.1.2).
func passwordBytes(password string) []byte { return norm.NFKC.Bytes([]byte(password)) }

func encodeHash(c Cost, salt, hash []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(hash))
}

// decodeHash reads what encodeHash writes. Costs are bounded: a file that was altered may not stop the server.
func decodeHash(text string) (c Cost, salt, hash []byte, err error) {
	fault := func() (Cost, []byte, []byte, error) {
		return Cost{}, nil, nil, errors.New("accounts: a password hash cannot be read")
	}
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return fault()
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); err != nil || n != 3 {
		return fault()
	}
	if c.Time < 1 || c.Time > 64 || c.Memory < 8 || c.Memory > 1<<20 || c.Threads < 1 || c.Threads > 64 {
		return fault()
	}
	b64 := base64.RawStdEncoding.Strict()
	if salt, err = b64.DecodeString(parts[4]); err != nil || len(salt) < 8 || len(salt) > 64 {
		return fault()
	}
	if hash, err = b64.DecodeString(parts[5]); err != nil || len(hash) < 16 || len(hash) > 64 {
		return fault()
	}
	// Sscanf takes more than one spelling.
	if encodeHash(c, salt, hash) != text {
		return fault()
	}
	return c, salt, hash, nil
}
