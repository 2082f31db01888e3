package boltstore_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
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

// fixtureHistory is what the files under testdata/format-N.gewu.gz hold, made by the last program that wrote format N
// (format 1: revision c879293, format 2: 75f44df, format 3: 81029c0), each with a checkpoint up to entry 47 of 49: every kind of change that format 1 knows, a large transaction,
// features that were changed, deleted and put again, and a layer that was dropped and made anew.
func fixtureHistory() [][]data.Change {
	unit := &data.Scheme{Name: "unit", Levels: []string{"district"}, Cells: data.SchemeCells{Layer: "cells", Code: "code"}}
	old := storetest.Lamps()
	old.Name = "old"
	in := func(layer string, c data.Change) data.Change {
		c.Layer = layer
		return c
	}
	history := [][]data.Change{
		{storetest.Define(storetest.Lamps()), storetest.Define(storetest.Cells()), storetest.DefineScheme(unit)},
		{storetest.Define(old), in("old", storetest.Put("o1", 1)), in("old", storetest.Put("o2", 2))},
	}
	var bulk []data.Change
	for i := range 300 {
		bulk = append(bulk, storetest.Put(fmt.Sprint("lamp", i), int64(i)))
	}
	history = append(history, bulk)
	for i := range 40 {
		history = append(history, []data.Change{storetest.Put(fmt.Sprint("lamp", i%25), int64(1000+i)), in("old", storetest.Put("o1", int64(i)))})
	}
	wider := storetest.Lamps()
	wider.Attributes = append(wider.Attributes, data.Attribute{Name: "extra", Type: data.Text})
	return append(history,
		[]data.Change{storetest.Delete("lamp7"), storetest.Delete("lamp299")},
		[]data.Change{{Stream: data.StreamSchema, Op: data.OpDelete, Layer: "old"}},
		[]data.Change{storetest.Put("lamp7", 7), storetest.Put("lamp7", 8)},
		[]data.Change{storetest.Define(old), in("old", storetest.Put("o1", 77))},
		[]data.Change{storetest.Define(wider)},
		[]data.Change{storetest.Put("last", 1)},
	)
}

// fixture unpacks a file of an older format into a folder, and says what it holds.
func fixture(t *testing.T, format int) (dir string, want *model.City) {
	t.Helper()
	packed, err := os.Open(fmt.Sprintf("testdata/format-%d.gewu.gz", format))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(file(dir), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	s := storetest.Start(t, openWith(t, t.TempDir(), boltstore.Unsynced(boltstore.Options{})))
	for _, changes := range fixtureHistory() {
		s.Must(t, changes...)
	}
	return dir, s.Model
}

// settings reads the settings of a store that is not open.
func settings(t *testing.T, dir string) layout.Settings {
	t.Helper()
	bolt, err := bbolt.Open(file(dir), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer bolt.Close()
	var s layout.Settings
	if err := bolt.View(func(tx *bbolt.Tx) (err error) {
		s, err = layout.ReadSettings(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOlderFormats opens a file of each older format, reads, changes, checks and compacts it, and restores it as a backup.
func TestOlderFormats(t *testing.T) {
	for format := 1; format < layout.Version; format++ {
		t.Run(fmt.Sprint(format), func(t *testing.T) { olderFormat(t, format) })
	}
}

func olderFormat(t *testing.T, format int) {
	t.Helper()
	dir, want := fixture(t, format)
	before, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	backup := dir + "/backup"
	if err := os.WriteFile(backup, before, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verify := range []boltstore.Verify{boltstore.VerifyFull, boltstore.VerifyTail} {
		db := openWith(t, dir, boltstore.Options{Verify: verify})
		compare(t, db, want)
		if _, mark := storetest.Restore(t, db); mark != 47 {
			t.Errorf("checkpoint at %d", mark)
		}
		if err := db.Check(t.Context(), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if info, err := offline.Verify(t.Context(), file(dir), nil); err != nil || info.Last != 49 || info.Changes != 395 {
		t.Errorf("%+v, %v", info, err)
	}
	if after, _ := os.ReadFile(file(dir)); !bytes.Equal(before, after) {
		t.Error("reading and checking have changed the file")
	}

	var log buffer
	db := openWith(t, dir, boltstore.Options{Logger: log.logger()})
	var fail atomic.Bool
	fail.Store(true)
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		if fail.Load() {
			return errors.Join(syscall.ENOSPC, tx.Rollback())
		}
		return tx.Commit()
	})
	s := storetest.Start(t, db)
	if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put("new", 1)}}); !errors.Is(err, data.ErrReadOnly) {
		t.Errorf("append while the upgrade cannot be written: %v", err)
	}
	fail.Store(false)
	s.Must(t, storetest.Put("new", 1))
	s.Must(t, storetest.Put("lamp3", 1))
	if _, err := db.Compact(t.Context(), boltstore.Retention{}, nil); err != nil {
		t.Error(err)
	}
	if got := db.Stats(); got.Erased == 0 || got.LogChanges != 397 || db.Horizon() != 51 {
		t.Errorf("after the compaction: %+v", got)
	}
	s.Stop(t)
	if !strings.Contains(log.String(), "newer format") {
		t.Errorf("log: %s", log.String())
	}
	checkClean(t, dir)
	if got := settings(t, dir); got.Format != layout.Version || len(got.Upgrades) != layout.Version-format || got.Upgrades[0].Format != uint32(format)+1 || time.Since(got.Upgrades[0].At) > time.Hour {
		t.Errorf("settings: %+v", got)
	}
	db = open(t, dir)
	compare(t, db, s.Model)
	db.Close()

	restored := t.TempDir()
	if _, err := offline.Restore(t.Context(), backup, file(restored), time.Now(), nil); err != nil {
		t.Fatal(err)
	}
	checkClean(t, restored)
	db = open(t, restored)
	defer db.Close()
	compare(t, db, want)
	if got := db.Stats(); got.LogChanges != 395 || got.LogBytes == 0 {
		t.Errorf("after the restore: %+v", got)
	}
}

// TestOlderProgram checks the message of a program that is older than the file, at every depth of verification: the
// file of a later format may have settings, buckets and values that mean nothing to this one.
func TestOlderProgram(t *testing.T) {
	dir, _ := sample(t)
	damage(t, dir, func(tx *bbolt.Tx) error {
		meta := tx.Bucket(layout.BucketMeta)
		for name, value := range map[string][]byte{
			"format": binary.BigEndian.AppendUint32(nil, 7), "aardvark": {1}, "zebra": {2}, "totals": {3}, "last": {4},
		} {
			key := []byte(name)
			if err := meta.Put(key, binary.BigEndian.AppendUint32(value, data.Checksum(key, value))); err != nil {
				return err
			}
		}
		if _, err := tx.CreateBucket([]byte("later")); err != nil {
			return err
		}
		return tx.DeleteBucket(layout.BucketDefs)
	})
	complains := func(what string, err error) {
		t.Helper()
		if _, corrupt := errors.AsType[*data.CorruptError](err); err == nil || corrupt ||
			!strings.Contains(err.Error(), "written by a newer gewu: it has format 7") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, verify := range []boltstore.Verify{boltstore.VerifyFull, boltstore.VerifyTail, boltstore.VerifyNone} {
		_, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now, Verify: verify})
		complains(fmt.Sprint("open ", verify), err)
	}
	complains("check", offline.Check(t.Context(), file(dir), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}))
	_, err := offline.Verify(t.Context(), file(dir), nil)
	complains("verify", err)
	_, err = offline.Repair(t.Context(), file(dir), time.Now())
	complains("repair", err)
	_, err = offline.Restore(t.Context(), file(dir), file(t.TempDir()), time.Now(), nil)
	complains("restore", err)
}
