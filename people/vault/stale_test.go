package vault

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestStale: a process that dies before the file is written anew leaves a mark, and the next one does it.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.db")
	o := FileOptions{Master: func() (Master, error) { return Master{9}, nil }, Now: time.Now, Random: rand.Reader}
	f, err := OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := f.Ensure([]Subject{{"elders", "a"}, {"elders", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	// What Destroy writes first, and no more.
	if err := f.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.Bucket(bucketKeys).Delete(keys[0].ID[:]); err != nil {
			return err
		}
		if err := tx.Bucket(bucketSubjects).Put(Subject{"elders", "a"}.name(), record{erased: 1}.bytes()); err != nil {
			return err
		}
		return tx.Bucket(bucketMeta).Put(metaStale, []byte{1})
	}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Contains(b, keys[0].ID[:]) {
		t.Fatalf("nothing is left to remove: %v", err)
	}
	if err := os.WriteFile(path+".new", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err = OpenFile(path, o); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if b, err := os.ReadFile(path); err != nil || bytes.Contains(b, keys[0].ID[:]) {
		t.Errorf("the key is still in the file: %v", err)
	}
	if k, ok, err := f.Key(keys[1].ID); !ok || err != nil || k != keys[1] {
		t.Errorf("the other key is gone: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}
