package boltstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/offline"
)

// names are the files of a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// TestEmptyFile finds a file of no bytes, or of zeros, in the place of a store: opening it and checking it say the same,
// what to do among it, and leave it as it is.
func TestEmptyFile(t *testing.T) {
	for _, size := range []int{0, 100, 4096, 32 << 10} {
		dir := t.TempDir()
		if err := os.WriteFile(file(dir), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now})
		var damage *data.CorruptError
		if !errors.As(err, &damage) || !strings.Contains(damage.Repair, "gewu restore FILE") {
			t.Errorf("%d bytes: %v", size, err)
		}
		var found []string
		report := func(p inspect.Problem) { found = append(found, p.String()) }
		if err := offline.Check(t.Context(), file(dir), inspect.Options{Report: report}); err != nil || len(found) != 1 {
			t.Errorf("%d bytes: %q, %v", size, found, err)
		}
		for _, text := range append(found, damage.Error()) {
			if size == 0 && !strings.Contains(text, "remove the file to begin a new city") {
				t.Error(text)
			}
		}
		if info, err := os.Stat(file(dir)); err != nil || info.Size() != int64(size) || names(t, dir) != filepath.Base(file(dir)) {
			t.Errorf("%d bytes became %v, %v: %s", size, info, err, names(t, dir))
		}
	}
}

// TestCreationAfterCrash begins a store where one was being created when the process died, at several points.
func TestCreationAfterCrash(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	states := [][]byte{make([]byte, 4096), make([]byte, 16<<10)}
	for _, size := range []int{0, 1, 4096, 16 << 10, len(whole) - 1, len(whole)} {
		states = append(states, whole[:size])
	}
	for _, left := range states {
		dir := t.TempDir()
		if err := os.WriteFile(file(dir)+".new", left, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(t, dir).Close(); err != nil {
			t.Fatal(err)
		}
		checkClean(t, dir)
		if got := names(t, dir); got != filepath.Base(file(dir)) {
			t.Errorf("files are %s", got)
		}
	}
}

// TestCreationByMany creates one store from many sides at once: all find the same store, or that it is in use.
func TestCreationByMany(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		var all sync.WaitGroup
		var mu sync.Mutex
		epochs := map[data.Epoch]bool{}
		for range 8 {
			all.Go(func() {
				db, err := boltstore.Open(file(dir), boltstore.Unsynced(boltstore.Options{Now: time.Now}))
				if errors.Is(err, data.ErrLocked) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				epochs[db.Epoch()] = true
				mu.Unlock()
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := names(t, dir); len(epochs) != 1 || got != filepath.Base(file(dir)) {
			t.Fatalf("%d stores, files are %s", len(epochs), got)
		}
	}
}

// TestCreationFails leaves nothing of the name of the store when it cannot be written.
func TestCreationFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now}); err == nil || errors.Is(err, data.ErrLocked) {
		t.Errorf("a folder that does not exist: %v", err)
	}
	dir = t.TempDir()
	if err := os.Mkdir(file(dir)+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now}); err == nil {
		t.Error("a folder stands in the place of the new file")
	}
	if _, err := os.Lstat(file(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was left: %v", err)
	}
}
