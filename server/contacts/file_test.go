package contacts

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/people/vault"
)

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

var jane = Contact{Name: "赵钱孙李周", Phone: "13812341234", Email: "jane@city.example"}

func openBoth(t testing.TB, dir string) (*File, func()) {
	t.Helper()
	keys, err := vault.OpenFile(filepath.Join(dir, "keys.db"), vault.FileOptions{
		Master: func() (vault.Master, error) { return vault.Master{1}, nil }, Now: func() time.Time { return day }, Random: rand.Reader, NoSync: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(filepath.Join(dir, "contacts.db"), vault.New(keys))
	if err != nil {
		t.Fatal(err)
	}
	return f, func() {
		if err := errors.Join(f.Close(), keys.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func no(string) bool  { return false }
func yes(string) bool { return true }

func reads(t testing.TB, f *File, id string, want Contact, there bool) {
	t.Helper()
	r, ok, err := f.Read(id, "call back")
	if err != nil || ok != there || r.Contact != want {
		t.Errorf("%s: %+v, %v, %v; want %+v, %v", id, r.Contact, ok, err, want, there)
	}
}

// TestKeptSealed: a contact outlives a restart, is nowhere in clear, opens for its own case alone, and is gone from every copy
// when it was erased.
func TestKeptSealed(t *testing.T) {
	dir := t.TempDir()
	f, closeBoth := openBoth(t, dir)
	if err := f.Keep("c1", jane, day, no); err != nil {
		t.Fatal(err)
	}
	if err := f.Keep("c2", Contact{Phone: "13900139000"}, day, no); err != nil {
		t.Fatal(err)
	}
	if err := f.Keep("c1", Contact{Name: "another"}, day, yes); err != nil {
		t.Fatal(err)
	}
	closeBoth()
	for _, name := range []string{"keys.db", "contacts.db"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{jane.Name, jane.Phone, jane.Email, "13900139000", "city.example"} {
			if bytes.Contains(b, []byte(text)) {
				t.Errorf("%s holds %s", name, text)
			}
		}
	}
	older, err := os.ReadFile(filepath.Join(dir, "contacts.db"))
	if err != nil {
		t.Fatal(err)
	}
	f, closeBoth = openBoth(t, dir)
	reads(t, f, "c1", jane, true)
	reads(t, f, "none", Contact{}, false)
	// What belongs to another case does not open.
	err = f.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(sealed)
		return b.Put([]byte("c3"), b.Get([]byte("c1")))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := f.Read("c3", "call back"); ok || !errors.Is(err, vault.ErrSealed) {
		t.Errorf("the contact of another case: %v, %v", ok, err)
	}
	if at, err := f.Destroy(day, "c1"); err != nil || at.Before(day) {
		t.Fatal(at, err)
	}
	reads(t, f, "c1", Contact{}, false)
	if there, err := f.Has("c1"); err != nil || !there {
		t.Errorf("dropped before it is noted: %v, %v", there, err)
	}
	if err := f.Drop("c1", "c2"); err != nil {
		t.Fatal(err)
	}
	if there, err := f.Has("c1"); err != nil || there {
		t.Errorf("%v, %v", there, err)
	}
	reads(t, f, "c2", Contact{Phone: "13900139000"}, true)
	closeBoth()
	if err := os.WriteFile(filepath.Join(dir, "contacts.db"), older, 0o600); err != nil {
		t.Fatal(err)
	}
	f, closeBoth = openBoth(t, dir)
	defer closeBoth()
	reads(t, f, "c1", Contact{}, false)
}

// TestOpenRefusals: a file of another version, one that is none, and no keys.
func TestOpenRefusals(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "contacts.db"), nil); err == nil {
		t.Error("opened without keys")
	}
	dir := t.TempDir()
	f, closeBoth := openBoth(t, dir)
	if err := f.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(marks).Put([]byte("version"), []byte("2")) }); err != nil {
		t.Fatal(err)
	}
	v := f.vault
	closeBoth()
	if _, err := Open(filepath.Join(dir, "contacts.db"), v); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("another version: %v", err)
	}
	bad := filepath.Join(dir, "bad.db")
	if err := os.WriteFile(bad, bytes.Repeat([]byte("no"), 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bad, v); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("no such file: %v", err)
	}
}

// TestContactsAgainstAMap keeps, erases and sweeps at random, with restarts and with steps that were broken off, and compares what
// can be read with a map.
func TestContactsAgainstAMap(t *testing.T) {
	root, run := t.TempDir(), 0
	ids := []string{"a", "b", "c"}
	rapid.Check(t, func(rt *rapid.T) {
		run++
		dir := filepath.Join(root, fmt.Sprint(run))
		if err := os.Mkdir(dir, 0o700); err != nil {
			rt.Fatal(err)
		}
		f, closeBoth := openBoth(t, dir)
		f.db.NoSync = true
		defer func() { closeBoth() }()
		begun, kept, at, left := map[string]bool{}, map[string]Contact{}, map[string]time.Time{}, map[string]bool{}
		now := day
		exists := func(id string) bool { return begun[id] }
		pick := func(rt *rapid.T) string { return rapid.SampledFrom(ids).Draw(rt, "id") }
		check := func(err error) {
			if err != nil {
				rt.Fatal(err)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"keep": func(rt *rapid.T) {
				id, c := pick(rt), Contact{Name: rapid.String().Draw(rt, "name"), Phone: "1"}
				c.Name = strings.ToValidUTF8(c.Name, "")
				check(f.Keep(id, c, now, exists))
				if !begun[id] {
					kept[id], at[id] = c, now
					delete(left, id)
				}
			},
			"begin": func(rt *rapid.T) { begun[pick(rt)] = true },
			"wait":  func(*rapid.T) { now = now.Add(time.Minute) },
			"erase": func(rt *rapid.T) {
				id := pick(rt)
				_, err := f.Destroy(now, id)
				check(err)
				if _, ok := kept[id]; ok {
					left[id] = true
				}
				delete(kept, id)
				if rapid.Bool().Draw(rt, "broken off") {
					return
				}
				check(f.Drop(id))
				delete(left, id)
			},
			"drop": func(rt *rapid.T) {
				id := pick(rt)
				check(f.Drop(id))
				delete(left, id)
			},
			"sweep": func(*rapid.T) {
				want := slices.Collect(maps.Keys(left))
				for id := range kept {
					if !begun[id] && at[id].Before(now) {
						want = append(want, id)
						delete(kept, id)
						left[id] = true
					}
				}
				slices.Sort(want)
				got, erased, err := f.Sweep(now, 10, func(id string, kept time.Time) bool { return kept.Before(now) && !exists(id) })
				check(err)
				if !slices.Equal(got, want) || len(got) > 0 && erased.IsZero() {
					rt.Fatalf("swept %v at %s, want %v", got, erased, want)
				}
			},
			"again": func(*rapid.T) {
				closeBoth()
				f, closeBoth = openBoth(t, dir)
				f.db.NoSync = true
			},
			"": func(rt *rapid.T) {
				for _, id := range ids {
					want, there := kept[id]
					r, ok, err := f.Read(id, "call back")
					if err != nil || ok != there || r.Contact != want {
						rt.Fatalf("%s: %+v, %v, %v; want %+v, %v", id, r.Contact, ok, err, want, there)
					}
				}
			},
		})
	})
}

// TestParse: what a contact may be, and that no error tells what was in it.
func TestParse(t *testing.T) {
	for _, tc := range []struct {
		given map[string]string
		want  Contact
		field string
	}{
		{map[string]string{"name": " 张三 ", "phone": "+86 138-1234-1234", "email": "a@b"}, Contact{Name: "张三", Phone: "+86 138-1234-1234", Email: "a@b"}, ""},
		{map[string]string{"name": "", "phone": "  "}, Contact{}, ""},
		{map[string]string{"name": strings.Repeat("字", longestName)}, Contact{Name: strings.Repeat("字", longestName)}, ""},
		{map[string]string{"name": strings.Repeat("字", longestName+1)}, Contact{}, "contact.name"},
		{map[string]string{"name": "secret\nsecret"}, Contact{}, "contact.name"},
		{map[string]string{"name": "secret\xff"}, Contact{}, "contact.name"},
		{map[string]string{"phone": "secret"}, Contact{}, "contact.phone"},
		{map[string]string{"phone": strings.Repeat("1", longestPhone+1)}, Contact{}, "contact.phone"},
		{map[string]string{"email": "secret"}, Contact{}, "contact.email"},
		{map[string]string{"email": "@secret"}, Contact{}, "contact.email"},
		{map[string]string{"email": "secret@"}, Contact{}, "contact.email"},
		{map[string]string{"email": "se cret@x"}, Contact{}, "contact.email"},
		{map[string]string{"secret": "x"}, Contact{}, "contact"},
	} {
		got, err := parse(tc.given)
		if got != tc.want && tc.field == "" || (err != nil) != (tc.field != "") {
			t.Errorf("%v: %+v, %v", tc.given, got, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "invalid: "+tc.field+" ") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%v: %v", tc.given, err)
		}
	}
}
