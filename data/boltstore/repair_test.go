package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	"github.com/gewu-city/gewu/data/storetest/model"
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
func upTo(t *testing.T, db data.Store, last data.Seq) *model.City {
	t.Helper()
	m := model.New()
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

// TestRepair damages what was on disk before the newest transaction, so that no damage of it is a torn tail: what costs
// no entry is repaired, and the rest only by a cut that was asked for.
func TestRepair(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(tx *bbolt.Tx, last data.Seq) error
		lost   func(last data.Seq) data.Seq // entries that a cut loses
	}{
		"nothing": {damage: func(*bbolt.Tx, data.Seq) error { return nil }},
		"payload of the newest entry": {lost: newest(1), damage: func(tx *bbolt.Tx, last data.Seq) error {
			return spoil(tx.Bucket(layout.BucketLog), logKey(last, 1))
		}},
		"header of the newest entry": {lost: newest(1), damage: func(tx *bbolt.Tx, last data.Seq) error {
			return spoil(tx.Bucket(layout.BucketLog), logKey(last, 0))
		}},
		"newest entries missing": {lost: newest(3), damage: func(tx *bbolt.Tx, last data.Seq) error {
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
		"payload in the middle": {lost: fromMiddle, damage: func(tx *bbolt.Tx, last data.Seq) error {
			return spoil(tx.Bucket(layout.BucketLog), logKey(last/2, 1))
		}},
		"header in the middle": {lost: fromMiddle, damage: func(tx *bbolt.Tx, last data.Seq) error {
			return spoil(tx.Bucket(layout.BucketLog), logKey(last/2, 0))
		}},
		"the whole log": {lost: func(last data.Seq) data.Seq { return last }, damage: func(tx *bbolt.Tx, _ data.Seq) error {
			if err := tx.DeleteBucket(layout.BucketLog); err != nil {
				return err
			}
			_, err := tx.CreateBucket(layout.BucketLog)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) { testRepair(t, test.damage, test.lost) })
	}
}

func newest(n data.Seq) func(data.Seq) data.Seq { return func(data.Seq) data.Seq { return n } }

func fromMiddle(last data.Seq) data.Seq { return last - last/2 + 1 }

func testRepair(t *testing.T, hurt func(tx *bbolt.Tx, last data.Seq) error, losing func(data.Seq) data.Seq) {
	t.Helper()
	dir, _ := sample(t)
	db := open(t, dir)
	// The newest entry of the sample drops a layer; repair is told by single edits after it.
	s := storetest.Start(t, db)
	s.Must(t, storetest.Put("x", 1))
	s.Must(t, storetest.Put("x", 2))
	s.Must(t, storetest.Put("y", 3))
	last, epoch, lost := db.Last(), db.Epoch(), data.Seq(0)
	if losing != nil {
		lost = losing(last)
	}
	s.Stop(t)
	db = open(t, dir)
	want := upTo(t, db, last-lost)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, dir, func(tx *bbolt.Tx) error { return hurt(tx, last) })
	damaged, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}

	db, err = boltstore.Open(file(dir), boltstore.Options{Now: time.Now})
	var corrupt *data.CorruptError
	if errors.As(err, &corrupt) {
		command := "gewu check --data " + dir + " --repair"
		if lost > 0 {
			command = "gewu restore FILE --data " + dir
		}
		if corrupt.Repair != command || corrupt.File != file(dir) {
			t.Errorf("got %v", err)
		}
	} else if err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	done, err := offline.Repair(t.Context(), file(dir), time.Now())
	if lost > 0 {
		left := last - lost
		if !errors.As(err, &corrupt) || corrupt.Repair != "gewu restore FILE --data "+dir || done.Kept != "" || done.Lost != lost || done.Last != left {
			t.Fatalf("repair of what is no torn tail: %+v, %v", done, err)
		}
		if says := fmt.Sprintf("would lose %d entr", lost); !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
		if after, _ := os.ReadFile(file(dir)); !bytes.Equal(after, damaged) {
			t.Error("a refused repair changed the file")
		}
		done, err = offline.Cut(t.Context(), file(dir), time.Now())
		if left == 0 {
			if !errors.As(err, &corrupt) || done.Kept != "" {
				t.Errorf("cut of everything: %+v, %v", done, err)
			}
			return
		}
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

// TestTornTail spoils the page that the newest commit wrote, in a copy of the file from before the next transaction, as a
// disk leaves it that has not kept its promise: that entry is cut off, and no other.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	s := storetest.Start(t, open(t, dir))
	s.Must(t, storetest.Define(storetest.Lamps()))
	for n := range int64(20) {
		s.Must(t, storetest.Put("a", n))
	}
	model := *upTo(t, s, s.Last())
	s.Must(t, storetest.Put("torn", 1))
	last := s.Last()
	torn, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	at := bytes.LastIndex(torn, []byte("lamp torn"))
	if at < 0 {
		t.Fatal("the file does not hold the newest entry")
	}
	torn[at] ^= 1
	for _, test := range []struct {
		name  string
		spoil []byte
		torn  bool
	}{
		{"newest entry", torn, true},
		{"one before it", bytes.ReplaceAll(torn, []byte("lamp a"), []byte("lamp b")), false},
		{"cut off", torn[:len(torn)/8/4096*4096], false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(file(dir), test.spoil, 0o600); err != nil {
			t.Fatal(err)
		}
		done, err := offline.Repair(t.Context(), file(dir), time.Now())
		if !test.torn {
			if _, corrupt := errors.AsType[*data.CorruptError](err); !corrupt || done.Kept != "" {
				t.Errorf("%s: %+v, %v", test.name, done, err)
			}
			continue
		}
		if err != nil || done.Lost != 1 || done.Last != last-1 || !done.NewEpoch || done.Loss != "1 entry with 1 change" {
			t.Fatalf("%s: %+v, %v", test.name, done, err)
		}
		checkClean(t, dir)
		db := open(t, dir)
		compare(t, db, &model)
		db.Close()
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
