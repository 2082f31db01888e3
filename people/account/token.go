package account

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// kind is the beginning of a token: it says what the token is, so that one that stands where it does not belong is found
// by those who look for secrets.
type kind string

const (
	kindSession kind = "gewus_"
	kindKey     kind = "gewu_"
	kindLink    kind = "gewul_"
)

// secretBytes is the randomness of a token.
const secretBytes = 32

// tokenHash is what is kept of a token. The token is random, so that a fast hash without salt is enough.
type tokenHash [sha256.Size]byte

// ErrToken is returned for a token that this server did not give, or that has ended: the two are not told apart.
var ErrToken = errors.New("account: the token is not valid, or no more")

var tokenText = base64.RawURLEncoding.Strict()

// newToken makes a token and what is kept of it.
func (s *Store) newToken(k kind) (token string, kept tokenHash, err error) {
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(s.opts.Random, secret); err != nil {
		return "", kept, fmt.Errorf("read randomness: %w", err)
	}
	token = string(k) + tokenText.EncodeToString(secret)
	return token, sha256.Sum256([]byte(token)), nil
}

// parseToken is what is kept of a token of a kind.
func parseToken(k kind, token string) (tokenHash, error) {
	text, ok := strings.CutPrefix(token, string(k))
	if !ok || len(text) != tokenText.EncodedLen(secretBytes) {
		return tokenHash{}, ErrToken
	}
	// base64 takes line ends anywhere.
	if strings.ContainsAny(text, "\r\n") {
		return tokenHash{}, ErrToken
	}
	if _, err := tokenText.DecodeString(text); err != nil {
		return tokenHash{}, ErrToken
	}
	return sha256.Sum256([]byte(token)), nil
}

// newID makes a public id of 80 bits, in signs that can be read out.
func (s *Store) newID() (string, error) {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	b := make([]byte, 16)
	if _, err := io.ReadFull(s.opts.Random, b); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b), nil
}
