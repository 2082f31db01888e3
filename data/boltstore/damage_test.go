package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/data/storetest/model"
)

// sample is a folder with a store of a few thousand features, with large and small transactions, deletes, a dropped
// layer and a checkpoint, and its content.
func sample(t testing.TB) (dir string, want *model.City) {
	t.Helper()
	made.once.Do(func() { made.file, made.model = makeSample(t) })
	dir = t.TempDir()
	if err := os.WriteFile(file(dir), made.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, made.model
}

// made is the sample, which takes a while to make.
var made struct {
	once  sync.Once
	file  []byte
	model *model.City
}

func makeSample(t testing.TB) ([]byte, *model.City) {
	t.Helper()
	dir := t.TempDir()
	s := storetest.Start(t, openWith(t, dir, boltstore.Unsynced(boltstore.Options{CheckpointChanges: 500})))
	unit := &data.Scheme{Name: "unit", Cells: data.SchemeCells{Layer: "cells"}}
	s.Must(t, storetest.Define(storetest.Lamps()), storetest.Define(storetest.Cells()), storetest.DefineScheme(unit))
	old := storetest.Lamps()
	old.Name = "old"
	s.Must(t, storetest.Define(old))
	var changes []data.Change
	for i := range 2000 {
		c := storetest.Put(fmt.Sprint("bulk", i), int64(i))
		changes = append(changes, c)
		c.Layer = "old"
		if i%10 == 0 {
			changes = append(changes, c)
		}
	}
	s.Must(t, changes...)
	for i := range 500 {
		s.Must(t, storetest.Put(fmt.Sprint("single", i%300), int64(i)))
		if i%50 == 0 {
			s.Must(t, storetest.Delete(fmt.Sprint("bulk", i)))
		}
	}
	s.Must(t, storetest.Drop("old"))
	s.Stop(t)
	checkClean(t, dir)
	b, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	return b, s.Model
}

// compare checks that a store has all content of a model, by its log and by its checkpoint.
func compare(t testing.TB, db *boltstore.DB, want *model.City) {
	t.Helper()
	if d := storetest.Replay(t, db).Diff(want); d != "" {
		t.Errorf("log: %s", d)
	}
	m, _ := storetest.Restore(t, db)
	if d := m.Diff(want); d != "" {
		t.Errorf("checkpoint: %s", d)
	}
}

func TestSample(t *testing.T) {
	dir, want := sample(t)
	db := open(t, dir)
	defer db.Close()
	compare(t, db, want)
	if _, mark := storetest.Restore(t, db); mark != db.Last() {
		t.Errorf("checkpoint of a store that was stopped is at %d of %d", mark, db.Last())
	}
	// bbolt's own check must agree with what gewu reads.
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	bolt, err := bbolt.Open(file(dir), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer bolt.Close()
	if err := bolt.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("bbolt: %v", err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// TestBitFlips flips one bit at random places of the file: either the store does not open and names the command, or
// all content is equal. It must never crash.
func TestBitFlips(t *testing.T) {
	dir, want := sample(t)
	whole, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	n := 500
	if testing.Short() {
		n = 40
	}
	seed := time.Now().UnixNano()
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	refused, rebuilt := 0, 0
	flip := t.TempDir()
	for i := range n {
		at, bit := random.IntN(len(whole)), random.IntN(8)
		switch i % 8 {
		case 0: // headers of the file and of pages are a small part of it and matter most
			at = random.IntN(2 * 4096 / 40)
			at = at%80 + at/80*4096
		case 1, 2:
			at = at/4096*4096 + random.IntN(48)
		}
		damaged := append([]byte(nil), whole...)
		damaged[at] ^= 1 << bit
		if err := os.WriteFile(file(flip), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		var log buffer
		db, err := boltstore.Open(file(flip), boltstore.Options{Now: time.Now, Logger: log.logger()})
		if err != nil {
			refused++
			if _, corrupt := errors.AsType[*data.CorruptError](err); !corrupt {
				t.Errorf("seed %d: byte %d bit %d: not a corrupt error: %v", seed, at, bit, err)
			}
			continue
		}
		if strings.Contains(log.String(), "checkpoint is damaged") {
			rebuilt++
		}
		compare(t, db, want)
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			t.Fatalf("seed %d: byte %d (page %d, offset %d) bit %d", seed, at, at/4096, at%4096, bit)
		}
	}
	t.Logf("%d flips in %d bytes: %d refused, %d checkpoints thrown away", n, len(whole), refused, rebuilt)
	if refused == 0 || rebuilt == 0 {
		t.Error("the flips met nothing")
	}
}

// TestCountOfNothing has each page say in turn that it has no elements, which no position of an element shows: either the
// store does not open, or all content is equal.
func TestCountOfNothing(t *testing.T) {
	dir, want := sample(t)
	whole, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	noticed := 0
	for at := 2 * image.PageSize; at < len(whole); at += image.PageSize {
		damaged := bytes.Clone(whole)
		damaged[at+10], damaged[at+11] = 0, 0
		if err := os.WriteFile(file(dir), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		var log buffer
		db, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now, Logger: log.logger()})
		if err != nil {
			noticed++
			continue
		}
		compare(t, db, want)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Fatalf("page %d", at/image.PageSize)
		}
	}
	if noticed == 0 {
		t.Error("no page matters")
	}
}

// TestTruncated cuts the file off at every kind of place.
func TestTruncated(t *testing.T) {
	dir, want := sample(t)
	whole, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	cut := t.TempDir()
	for i := range 60 {
		size := len(whole) * i / 60
		if i%2 == 1 {
			size = size / 4096 * 4096
		}
		if err := os.WriteFile(file(cut), whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		for _, verify := range []boltstore.Verify{boltstore.VerifyAuto, boltstore.VerifyTail} {
			db, err := boltstore.Open(file(cut), boltstore.Options{Now: time.Now, Verify: verify})
			var corrupt *data.CorruptError
			switch {
			case err == nil:
				// The file is longer than its pages in use.
				compare(t, db, want)
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			case !errors.As(err, &corrupt):
				t.Errorf("cut at %d: %v", size, err)
			}
		}
	}
}

func TestNotAStore(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(file(dir), []byte("This is not a store.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var corrupt *data.CorruptError
	if _, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now}); !errors.As(err, &corrupt) {
		t.Errorf("got %v", err)
	}
	if b, _ := os.ReadFile(file(dir)); string(b) != "This is not a store.\n" {
		t.Errorf("the file became %q", b)
	}
}
