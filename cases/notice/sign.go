package notice

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Signature signs a webhook: "v1," and the HMAC-SHA256, in base64, of the message's id, the time in seconds since 1970 and
// the body, with full stops between them. This is the form of Standard Webhooks (header webhook-signature, beside
// webhook-id and webhook-timestamp), so that their libraries check it.
func Signature(secret []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// tolerance is how far the time of a signed message may be from that of whoever gets it.
const tolerance = 5 * time.Minute

// Verify checks a webhook that came in: that one of the signatures in the header, which stand with spaces between them, is
// by one of the secrets, and that it is not old. Several secrets are there while one is changed for another. The error is a
// *data.FieldError that holds neither secret nor signature.
func Verify(secrets [][]byte, id, timestamp, signatures string, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return &data.FieldError{Field: "webhook-timestamp", Value: timestamp, Why: "must be seconds since 1970"}
	}
	at := time.Unix(seconds, 0)
	if away := now.Sub(at).Abs(); away > tolerance {
		return &data.FieldError{Field: "webhook-timestamp", Value: timestamp, Why: "is more than five minutes from our time: the message is old, or a clock is wrong"}
	}
	if id == "" {
		return &data.FieldError{Field: "webhook-id", Why: "is missing"}
	}
	for given := range strings.FieldsSeq(signatures) {
		for _, secret := range secrets {
			if hmac.Equal([]byte(given), []byte(Signature(secret, id, at, body))) {
				return nil
			}
		}
	}
	return &data.FieldError{Field: "webhook-signature", Why: "is by none of the secrets of this hook"}
}
