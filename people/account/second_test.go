package account

import (
	"bytes"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestVectors are those of RFC 6238, appendix B, for SHA-1; their last six digits.
func TestVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		got := fmt.Sprintf("%06d", codeAt(secret, at/stepSeconds))
		if got != want[2:] {
			t.Errorf("%d: %s, want %s", at, got, want[2:])
		}
		if _, ok := stepOf(secret, " "+want[2:5]+" "+want[5:], 0, time.Unix(at, 0)); !ok {
			t.Errorf("%d: the code with spaces is refused", at)
		}
	}
}

func TestWindow(t *testing.T) {
	secret := []byte("12345678901234567890")
	now := time.Unix(3_000_000_015, 0)
	for off := int64(-3); off <= 3; off++ {
		code := fmt.Sprintf("%06d", codeAt(secret, now.Unix()/stepSeconds+off))
		if _, ok := stepOf(secret, code, 0, now); ok != (off >= -1 && off <= 1) {
			t.Errorf("a clock off by %d steps: %v", off, ok)
		}
	}
}

func (f *fixture) bytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.db.View(func(tx *bbolt.Tx) error { _, err := tx.WriteTo(&b); return err }); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// code is the present code of a key as it is shown.
func (f *fixture) code(t testing.TB, shown string) string {
	t.Helper()
	secret := must(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(shown))(t)
	return fmt.Sprintf("%06d", codeAt(secret, f.clock.now().Unix()/stepSeconds))
}

// enrol gives an account a second factor and returns its key and recovery codes.
func (f *fixture) enrol(t testing.TB, login string) (key string, codes []string) {
	t.Helper()
	token := f.login(t, login)
	p := must(f.ProposeSecond(t.Context(), must(f.Find(login))(t).ID, good, "gewu", here))(t)
	if !strings.HasPrefix(p.URI, "otpauth://totp/gewu:"+login+"?") || !strings.Contains(p.URI, "secret="+p.Secret) {
		t.Errorf("uri %s", p.URI)
	}
	fresh, codes, err := f.ConfirmSecond(token, f.code(t, p.Secret), here)
	if err != nil || len(codes) != recoveryCodes {
		t.Fatalf("%v, %d codes", err, len(codes))
	}
	if _, err := f.Session(token); !errors.Is(err, ErrToken) {
		t.Errorf("the token stays: %v", err)
	}
	must(f.Session(fresh))(t)
	f.clock.pass(time.Minute)
	return p.Secret, codes
}

func TestSecondFactor(t *testing.T) {
	f := open(t)
	f.staff(t)
	key, codes := f.enrol(t, "ming")
	begin := func() string {
		token, pending, err := f.Login(t.Context(), "ming", good, here, "")
		if err != nil || !pending {
			t.Fatalf("pending %v, %v", pending, err)
		}
		if p, err := f.Session(token); err != nil || p.Way != Public || p.Account != "" {
			t.Fatalf("half a login is somebody: %+v, %v", p, err)
		}
		return token
	}
	half, code := begin(), f.code(t, key)
	full := must(f.Second(half, code, here))(t)
	if p := must(f.Session(full))(t); p.Login != "ming" {
		t.Errorf("%+v", p)
	}
	if _, err := f.Second(half, code, here); !errors.Is(err, ErrToken) {
		t.Errorf("half a login is used twice: %v", err)
	}
	if _, err := f.Second(full, code, here); !errors.Is(err, ErrToken) {
		t.Errorf("a whole login is used as half of one: %v", err)
	}
	if _, err := f.Second(begin(), code, here); !errors.Is(err, ErrCredentials) {
		t.Errorf("a code counts twice: %v", err)
	}
	f.clock.pass(stepSeconds * time.Second)
	must(f.Second(begin(), f.code(t, key), here))(t)

	typed := strings.ToUpper(codes[3])
	must(f.Second(begin(), typed, here))(t)
	if _, err := f.Second(begin(), typed, here); !errors.Is(err, ErrCredentials) {
		t.Errorf("a recovery code counts twice: %v", err)
	}
	if a := must(f.Find("ming"))(t); a.Recovery != recoveryCodes-1 || !a.Second {
		t.Errorf("%+v", a)
	}

	half = begin()
	f.clock.pass(pendingAge)
	if _, err := f.Second(half, f.code(t, key), here); !errors.Is(err, ErrToken) {
		t.Errorf("half a login lives too long: %v", err)
	}
}

// TestCodesAreNotGuessed: neither by one half login nor by many.
func TestCodesAreNotGuessed(t *testing.T) {
	f := open(t)
	f.staff(t)
	f.enrol(t, "ming")
	looked := 0
	for range 20 {
		half, _, err := f.Login(t.Context(), "ming", good, here, "")
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err := f.Second(half, "abcdef", here); errors.Is(err, ErrCredentials) {
				looked++
			}
		}
	}
	if looked > freeForName {
		t.Errorf("%d guesses at once", looked)
	}
}

func TestSecondFactorNeedsItsFirstCode(t *testing.T) {
	f := open(t)
	f.staff(t)
	token := f.login(t, "ming")
	id := must(f.Find("ming"))(t).ID
	if _, _, err := f.ConfirmSecond(token, "123456", here); !errors.Is(err, ErrNoSecond) {
		t.Errorf("without a proposal: %v", err)
	}
	if _, err := f.ProposeSecond(t.Context(), id, "not the password at all", "gewu", here); !errors.Is(err, ErrCredentials) {
		t.Errorf("without the password: %v", err)
	}
	must(f.ProposeSecond(t.Context(), id, good, "gewu", here))(t)
	if _, _, err := f.ConfirmSecond(token, "abcdef", here); !errors.Is(err, ErrCredentials) {
		t.Errorf("with a wrong code: %v", err)
	}
	f.login(t, "ming") // still without a second factor
	key, _ := f.enrol(t, "ming")
	half, _, err := f.Login(t.Context(), "ming", good, here, "")
	if err != nil {
		t.Fatal(err)
	}
	full := must(f.Second(half, f.code(t, key), here))(t)
	if _, err := f.DropSecond(t.Context(), full, "not the password at all", here); !errors.Is(err, ErrCredentials) {
		t.Errorf("dropped without the password: %v", err)
	}
	fresh := must(f.DropSecond(t.Context(), full, good, here))(t)
	must(f.Session(fresh))(t)
	f.login(t, "ming")
	f.enrol(t, "ming")
	if err := f.ClearSecond(id); err != nil {
		t.Fatal(err)
	}
	f.login(t, "ming")
	if err := f.ClearSecond(id); !errors.Is(err, ErrNoSecond) {
		t.Errorf("%v", err)
	}
}
