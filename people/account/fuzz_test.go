package account

import (
	"strings"
	"testing"
	"time"
)

func FuzzToken(f *testing.F) {
	f.Add("gewu_" + strings.Repeat("A", 43))
	f.Add("gewus_" + strings.Repeat("_", 43))
	f.Add("gewul_")
	f.Add("gewu_" + strings.Repeat("A", 42) + "\n")
	f.Add("gewu_" + strings.Repeat("A", 42) + "B") // bits that are not zero after the last byte
	f.Fuzz(func(t *testing.T, token string) {
		taken := 0
		for _, k := range []kind{kindSession, kindKey, kindLink} {
			if _, err := parseToken(k, token); err != nil {
				continue
			}
			taken++
			secret, err := tokenText.DecodeString(token[len(k):])
			if err != nil || string(k)+tokenText.EncodeToString(secret) != token {
				t.Errorf("%q has another spelling", token)
			}
		}
		if taken > 1 {
			t.Errorf("%q is of two kinds", token)
		}
	})
}

func FuzzHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG")
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=255$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, text string) {
		c, salt, hash, err := decodeHash(text)
		if err == nil && (encodeHash(c, salt, hash) != text || c.Memory > 1<<20 || c.Time > 64) {
			t.Errorf("%q: %+v", text, c)
		}
	})
}

func FuzzCode(f *testing.F) {
	secret := []byte("12345678901234567890")
	now := time.Unix(1111111109, 0)
	f.Add("081804")
	f.Add("08 18 04")
	f.Add("０８１８０４")
	f.Fuzz(func(t *testing.T, text string) {
		r := accountRecord{Secret: secret}
		first := r.takesCode(text, now)
		if again := r.takesCode(text, now); first && again {
			t.Errorf("%q counts twice", text)
		}
	})
}
