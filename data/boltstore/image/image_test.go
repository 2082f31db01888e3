package image_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data/boltstore/image"
)

// entry is one value of a bucket.
type entry struct{ key, value string }

// file is a bbolt file with a small bucket, one of many pages and one with a value longer than a page, and what each
// holds.
func file(t *testing.T) ([]byte, map[string][]entry) {
	t.Helper()
	want := map[string][]entry{"empty": nil, "long": {{"k", string(bytes.Repeat([]byte("v"), 5*image.PageSize))}}, "small": {{"a", "1"}, {"b", ""}}}
	for i := range 600 {
		want["many"] = append(want["many"], entry{fmt.Sprintf("%05d", i), fmt.Sprint("value ", i)})
	}
	path := filepath.Join(t.TempDir(), "bolt")
	bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: image.PageSize, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, entries := range want { // one transaction each, so that there are free pages
		err := bolt.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte(name))
			for _, e := range entries {
				if err == nil {
					err = b.Put([]byte(e.key), []byte(e.value))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := bolt.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b, want
}

// read reads a whole file and returns what it holds and the damage; false when no header is valid.
func read(content []byte) (got map[string][]entry, damage []string, ok bool) {
	r := bytes.NewReader(content)
	meta, valid := image.ReadMetas(r)
	if !valid[0] && !valid[1] {
		return nil, nil, false
	}
	f := image.NewReader(r, int64(len(content)), meta, func(where, what string) { damage = append(damage, where+": "+what) })
	got = map[string][]entry{}
	f.Buckets(func(e image.Element) {
		if e.Flags != image.FlagBucket {
			damage = append(damage, fmt.Sprintf("flags of bucket %q are %d", e.Key, e.Flags))
			return
		}
		name := string(e.Key)
		got[name] = nil
		f.Bucket(e, func(e image.Element) {
			if e.Flags != image.FlagValue {
				damage = append(damage, fmt.Sprintf("flags of %q are %d", e.Key, e.Flags))
			}
			got[name] = append(got[name], entry{string(e.Key), string(e.Value)})
		})
	})
	f.Free()
	return got, damage, true
}

func TestReader(t *testing.T) {
	content, want := file(t)
	got, damage, ok := read(content)
	if !ok || len(damage) > 0 {
		t.Fatalf("a file in order: %v, %q", ok, damage)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %d buckets with other content than was written", len(got))
	}
}

// TestNewestMeta checks that the header of the newer transaction counts, and the other one when it is damaged.
func TestNewestMeta(t *testing.T) {
	content, _ := file(t)
	r := bytes.NewReader(content)
	newest, valid := image.ReadMetas(r)
	if valid != [2]bool{true, true} {
		t.Fatalf("valid: %v", valid)
	}
	for i := range 2 {
		other, ok := image.ReadMeta(r, 1-i)
		if !ok || other.TxID > newest.TxID {
			t.Errorf("header %d is of transaction %d and the newest of %d", 1-i, other.TxID, newest.TxID)
		}
		damaged := bytes.Clone(content)
		damaged[i*image.PageSize+40] ^= 1
		left, valid := image.ReadMetas(bytes.NewReader(damaged))
		if valid[i] || !valid[1-i] || left != other {
			t.Errorf("header %d damaged: %v, %+v", i, valid, left)
		}
	}
}

// TestDamage flips one bit at a time at the beginning of each page, where its structure is: the reader never faults and
// loses no bucket in silence. Nor does it lose content of a file that is cut off.
func TestDamage(t *testing.T) {
	content, want := file(t)
	text := fmt.Sprint(want)
	found := 0
	for page := 2; page < len(content)/image.PageSize; page++ {
		for at := range 48 {
			damaged := bytes.Clone(content)
			damaged[page*image.PageSize+at] ^= 1 << (at % 8)
			got, damage, _ := read(damaged)
			switch {
			case len(damage) > 0:
				found++
			case len(got) != len(want):
				t.Fatalf("page %d, byte %d: lost a bucket in silence", page, at)
			}
		}
	}
	if found == 0 {
		t.Error("the flips met nothing")
	}
	for size := 3 * image.PageSize; size < len(content); size += image.PageSize {
		if got, damage, _ := read(content[:size]); len(damage) == 0 && fmt.Sprint(got) != text {
			t.Errorf("cut off at %d: lost content in silence", size)
		}
	}
}
