package boltstore_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/data/storetest"
)

// damage changes a store from inside, in a way that bbolt finds in order.
func damage(t *testing.T, dir string, fn func(tx *bbolt.Tx) error) {
	t.Helper()
	db := openWith(t, dir, boltstore.Options{Verify: boltstore.VerifyNone})
	if err := boltstore.Update(db, fn); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// spoil changes one byte in the middle of a value.
func spoil(b *bbolt.Bucket, key []byte) error {
	v := append([]byte(nil), b.Get(key)...)
	if len(v) == 0 {
		return errors.New("there is no such key")
	}
	v[len(v)/2] ^= 1
	return b.Put(key, v)
}

// logKey is the key of record n of an entry.
func logKey(seq data.Seq, n uint32) []byte {
	k := layout.LogKey(seq, n)
	return k[:]
}

// upTo is the model of the entries up to last.
func upTo(t *testing.T, db data.Store, last data.Seq) *storetest.Model {
	t.Helper()
	m := storetest.NewModel()
	for e, err := range db.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq <= last {
			m.Apply(e)
		}
	}
	return m
}

func TestRepair(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(tx *bbolt.Tx, last data.Seq) error
		lost   data.Seq
		fatal  bool
	}{
		"nothing": {damage: func(*bbolt.Tx, data.Seq) error { return nil }},
		"payload of the newest entry": {lost: 1, damage: func(tx *bbolt.Tx, last data.Seq) error {
			return spoil(tx.Bucket(layout.BucketLog), logKey(last, 1))
		}},
		"header of the newest entry": {lost: 1, damage: func(tx *bbolt.Tx, last data.Seq) error {
			return spoil(tx.Bucket(layout.BucketLog), logKey(last, 0))
		}},
		"newest entries missing": {lost: 3, damage: func(tx *bbolt.Tx, last data.Seq) error {
			log := tx.Bucket(layout.BucketLog)
			for seq := last - 2; seq <= last; seq++ {
				if err := errors.Join(log.Delete(logKey(seq, 0)), log.Delete(logKey(seq, 1))); err != nil {
					return err
				}
			}
			return nil
		}},
		"definitions": {damage: func(tx *bbolt.Tx, _ data.Seq) error {
			b := tx.Bucket(layout.BucketDefs)
			k, _ := b.Cursor().First()
			return spoil(b, append([]byte(nil), k...))
		}},
		"payload in the middle": {fatal: true, damage: func(tx *bbolt.Tx, last data.Seq) error {
			return spoil(tx.Bucket(layout.BucketLog), logKey(last/2, 1))
		}},
		"header in the middle": {fatal: true, damage: func(tx *bbolt.Tx, last data.Seq) error {
			return spoil(tx.Bucket(layout.BucketLog), logKey(last/2, 0))
		}},
	} {
		t.Run(name, func(t *testing.T) { testRepair(t, test.damage, test.lost, test.fatal) })
	}
}

func testRepair(t *testing.T, hurt func(tx *bbolt.Tx, last data.Seq) error, lost data.Seq, fatal bool) {
	t.Helper()
	dir, _ := sample(t)
	db := open(t, dir)
	// The newest entry of the sample drops a layer; repair is told by single edits after it.
	s := storetest.Start(t, db)
	s.Must(t, storetest.Put("x", 1))
	s.Must(t, storetest.Put("x", 2))
	s.Must(t, storetest.Put("y", 3))
	last, epoch := db.Last(), db.Epoch()
	s.Stop(t)
	db = open(t, dir)
	want := upTo(t, db, last-lost)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, dir, func(tx *bbolt.Tx) error { return hurt(tx, last) })

	db, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now})
	var corrupt *data.CorruptError
	if errors.As(err, &corrupt) {
		command := "gewu check --data " + dir + " --repair"
		if fatal {
			command = "gewu restore FILE --data " + dir
		}
		if corrupt.Repair != command || !strings.HasPrefix(corrupt.Where, file(dir)) {
			t.Errorf("got %v", err)
		}
	} else if err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	done, err := offline.Repair(t.Context(), file(dir), time.Now())
	if fatal {
		if !errors.As(err, &corrupt) || done.Kept != "" {
			t.Errorf("repair of what cannot be repaired: %+v, %v", done, err)
		}
		return
	}
	if err != nil || done.Lost != lost || done.Last != last-lost || done.NewEpoch != (lost > 0) {
		t.Fatalf("repair: %+v, %v", done, err)
	}
	if (done.Kept != "") != (len(done.Problems) > 0) {
		t.Errorf("repair: %+v", done)
	}
	checkClean(t, dir)
	db = open(t, dir)
	defer db.Close()
	compare(t, db, want)
	if (db.Epoch() != epoch) != (lost > 0) {
		t.Errorf("epoch was %s and is %s", epoch, db.Epoch())
	}
}

// TestRepairHeader checks each of the two headers of the file.
func TestRepairHeader(t *testing.T) {
	for i := range int64(2) {
		dir, want := sample(t)
		f, err := os.OpenFile(file(dir), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{0xff}, i*4096+20); err != nil {
			t.Fatal(err)
		}
		f.Close()
		var corrupt *data.CorruptError
		if _, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now}); !errors.As(err, &corrupt) || !strings.Contains(err.Error(), "--repair") {
			t.Errorf("got %v", err)
		}
		done, err := offline.Repair(t.Context(), file(dir), time.Now())
		if err != nil || !done.NewEpoch {
			t.Fatalf("repair: %+v, %v", done, err)
		}
		checkClean(t, dir)
		db := open(t, dir)
		// The newest transaction of the file was the mark of the checkpoint: no entry is lost.
		compare(t, db, want)
		db.Close()
	}
}

func TestBackupAndRestore(t *testing.T) {
	dir, _ := sample(t)
	s := storetest.Start(t, open(t, dir))
	backup := t.TempDir() + "/backup"
	f, err := os.Create(backup)
	if err != nil {
		t.Fatal(err)
	}
	// Writers go on during the backup.
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := int64(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				_, _ = s.Append(context.Background(), data.Tx{Changes: []data.Change{storetest.Put("during", i)}})
			}
		}
	}()
	size := int64(0)
	n, err := s.Store.(*boltstore.DB).Backup(t.Context(), func(bytes int64) io.Writer { size = bytes; return f })
	close(stop)
	<-ended
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	info, err := offline.Verify(t.Context(), backup, nil)
	if err != nil || info.Bytes != n || size != n || info.Epoch != s.Epoch() || info.Last > s.Last() {
		t.Fatalf("%+v, %v", info, err)
	}
	if _, err := offline.Restore(t.Context(), backup, file(dir), time.Now(), nil); !errors.Is(err, data.ErrLocked) {
		t.Errorf("restore into an open store: %v", err)
	}
	s.Settle(t)
	epoch := s.Epoch()
	want := upTo(t, s, info.Last)
	s.Stop(t)

	empty := t.TempDir()
	for _, to := range []string{dir, empty} {
		kept, err := offline.Restore(t.Context(), backup, file(to), time.Now(), nil)
		if err != nil || (kept != "") != (to == dir) {
			t.Fatalf("kept %q, %v", kept, err)
		}
		checkClean(t, to)
		db := open(t, to)
		compare(t, db, want)
		if db.Epoch() == epoch {
			t.Error("the restored history has the old epoch")
		}
		// A restored store goes on and gets a checkpoint.
		s := storetest.Start(t, db)
		s.Must(t, storetest.Put("after", 1))
		s.Stop(t)
		db = open(t, to)
		compare(t, db, s.Model)
		if _, mark := storetest.Restore(t, db); mark != db.Last() {
			t.Errorf("checkpoint is at %d of %d", mark, db.Last())
		}
		db.Close()
	}

	b, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0xff
	b[len(b)/3] ^= 0xff
	if err := os.WriteFile(backup, b, 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(file(empty))
	var corrupt *data.CorruptError
	if _, err := offline.Restore(t.Context(), backup, file(empty), time.Now(), nil); err != nil && !errors.As(err, &corrupt) {
		t.Errorf("restore of a damaged backup: %v", err)
	} else if err == nil {
		t.Log("the damage hit no page in use")
	} else if after, _ := os.ReadFile(file(empty)); string(after) != string(before) {
		t.Error("a failed restore changed the store")
	}
}
