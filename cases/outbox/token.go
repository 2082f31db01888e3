package outbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// sum is the HMAC-SHA256 of a text for a purpose, with the key of the file: what is signed for one is worth nothing for others.
func (f *File) sum(purpose, text string) []byte {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte(purpose + "\x00" + text))
	return mac.Sum(nil)
}

// Token is what ends a subscription without a login: its id and a signature. Whoever has a mail has it, and nobody else.
func (f *File) Token(subscription string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(subscription)) + "." + base64.RawURLEncoding.EncodeToString(f.sum("unsubscribe", subscription))
}

// Signed is the id of the subscription that a token is for; false for what this file did not sign.
func (f *File) Signed(token string) (subscription string, ok bool) {
	first, second, _ := strings.Cut(token, ".")
	id, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return "", false
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(second)
	if err != nil || !hmac.Equal(given, f.sum("unsubscribe", string(id))) {
		return "", false
	}
	return string(id), true
}

// MailID is the left part of the Message-ID of a message as mail: the same whenever it is sent, and another one in every city.
func (f *File) MailID(message string) string {
	return hex.EncodeToString(f.sum("message", message)[:16])
}
