package vault_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/people/vault"
)

// TestTextsAboutSubjects seals texts about several subjects, changes bytes and places, and erases one of them.
func TestTextsAboutSubjects(t *testing.T) {
	n := 0
	f := openFile(t, filepath.Join(t.TempDir(), "keys.db"), vault.Master{1})
	v := vault.New(f)
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.String().Draw(r, "text")
		var subjects []vault.Subject
		for range rapid.IntRange(1, 5).Draw(r, "subjects") {
			n++
			subjects = append(subjects, vault.Subject{Layer: "elders", ID: fmt.Sprint(n)})
		}
		sealed, err := v.SealText(text, subjects...)
		if err != nil || len(text) > 3 && strings.Contains(string(sealed), text) {
			r.Fatalf("%q, %v", sealed, err)
		}
		if got, ok, err := v.OpenText(sealed, subjects...); err != nil || !ok || got != text {
			r.Fatalf("%q, %v, %v; want %q", got, ok, err, text)
		}
		at := rapid.IntRange(0, len(sealed)-1).Draw(r, "byte")
		changed := []byte(string(sealed))
		changed[at] ^= 1
		if _, ok, err := v.OpenText(changed, subjects...); ok || err != nil && !errors.Is(err, vault.ErrSealed) {
			r.Fatalf("with byte %d changed: %v, %v", at, ok, err)
		}
		last := len(subjects) - 1
		others := append([]vault.Subject{}, subjects...)
		others[last].ID = "another"
		if _, ok, err := v.OpenText(sealed, others...); ok || !errors.Is(err, vault.ErrSealed) {
			r.Fatalf("about another: %v, %v", ok, err)
		}
		gone := rapid.IntRange(0, last).Draw(r, "erased")
		if err := f.Destroy(day, subjects[gone]); err != nil {
			r.Fatal(err)
		}
		if _, ok, err := v.OpenText(sealed, subjects...); ok || err != nil {
			r.Fatalf("with %d erased: %v, %v", gone, ok, err)
		}
	})
	if _, ok, err := v.OpenText([]byte("short"), vault.Subject{Layer: "elders", ID: "1"}); ok || !errors.Is(err, vault.ErrSealed) {
		t.Errorf("too short: %v, %v", ok, err)
	}
	var none *vault.Vault
	if _, err := none.SealText("x", vault.Subject{Layer: "elders", ID: "1"}); err == nil {
		t.Error("sealed without keys")
	}
}
