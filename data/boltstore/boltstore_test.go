package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/data/storetest"
)

func TestMain(m *testing.M) {
	if runWriters() {
		return // this is a child of TestCrash
	}
	flag.Parse()
	// A random history is a few hundred commits: fewer of them than usual, unless a number is asked for.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = flag.Set("rapid.checks", "20")
	}
	goleak.VerifyTestMain(m)
}

// file is the store's file in a folder.
func file(dir string) string { return filepath.Join(dir, "city.gewu") }

// open opens a store and, when the test ends, checks every invariant of it.
func open(t testing.TB, dir string) *boltstore.DB {
	t.Helper()
	return openWith(t, dir, boltstore.Options{})
}

func openWith(t testing.TB, dir string, o boltstore.Options) *boltstore.DB {
	t.Helper()
	o.Now = time.Now
	db, err := boltstore.Open(file(dir), o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// checkClean fails the test for each broken invariant of a store that is not open.
func checkClean(t testing.TB, dir string) {
	t.Helper()
	if _, err := os.Stat(file(dir)); err != nil {
		return
	}
	if err := offline.Check(t.Context(), file(dir), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil {
		t.Errorf("check: %v", err)
	}
}

// eraser lets the contract erase history.
type eraser struct{ *boltstore.DB }

// EraseBefore implements storetest.Eraser.
func (e eraser) EraseBefore(ctx context.Context, keep data.Seq) error {
	_, err := e.Compact(ctx, boltstore.Retention{KeepEntries: keep}, nil)
	return err
}

func TestContract(t *testing.T) {
	opener := func(o boltstore.Options) storetest.Open {
		return func(t *testing.T, dir string) data.Store {
			t.Helper()
			checkClean(t, dir)
			return eraser{openWith(t, dir, o)}
		}
	}
	t.Run("tiny", func(t *testing.T) {
		storetest.Run(t, opener(boltstore.Unsynced(boltstore.Tiny(boltstore.Options{}))))
	})
	t.Run("standard", func(t *testing.T) {
		if testing.Short() {
			t.Skip("waits for the disk thousands of times")
		}
		storetest.Run(t, opener(boltstore.Options{}))
	})
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	if _, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now}); !errors.Is(err, data.ErrLocked) {
		t.Errorf("second open: %v", err)
	}
	if err := offline.Check(t.Context(), file(dir), boltstore.CheckOptions{Report: func(boltstore.Problem) {}}); !errors.Is(err, data.ErrLocked) {
		t.Errorf("check of an open store: %v", err)
	}
	if _, err := offline.Repair(t.Context(), file(dir), time.Now()); !errors.Is(err, data.ErrLocked) {
		t.Errorf("repair of an open store: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Close(); err != nil {
		t.Error(err)
	}
}

func TestRunTwice(t *testing.T) {
	s := storetest.Start(t, open(t, t.TempDir()))
	s.Must(t, storetest.Define(storetest.Lamps()))
	if err := s.Run(t.Context(), s.Model); err == nil {
		t.Error("run could be called twice")
	}
}

// TestClockJumps checks that recorded times do not run backwards when the machine's clock jumps, back or ahead and back
// again, also across a restart.
func TestClockJumps(t *testing.T) {
	dir := t.TempDir()
	start := time.Date(2026, 1, 2, 3, 4, 5, 678_999, time.UTC)
	at, latest := start, start.Truncate(time.Microsecond)
	want := []time.Time{latest} // of the definition
	for _, jump := range []time.Duration{-time.Hour, -1000 * 24 * time.Hour, 48 * time.Hour, 0, -24 * time.Hour, 47 * time.Hour, 2 * time.Hour} {
		db, err := boltstore.Open(file(dir), boltstore.Options{Now: func() time.Time { return at }})
		if err != nil {
			t.Fatal(err)
		}
		s := storetest.Start(t, db)
		if len(want) == 1 {
			s.Must(t, storetest.Define(storetest.Lamps()))
		}
		for range 2 {
			at = start.Add(jump)
			if at.After(latest) {
				latest = at.Truncate(time.Microsecond)
			}
			want = append(want, latest)
			s.Must(t, storetest.Put("a", 1))
		}
		for e, err := range s.Entries(t.Context(), 0) {
			if err != nil || !e.Recorded.Equal(want[e.Seq-1]) {
				t.Errorf("entry %d was recorded at %s, want %s (%v)", e.Seq, e.Recorded, want[e.Seq-1], err)
			}
		}
		// What is kept for a time is counted back from the clock, wherever it stands.
		done := compacted(t, db, boltstore.Retention{Keep: 365 * 24 * time.Hour})
		if done.Horizon != 0 {
			t.Errorf("after a jump by %s the horizon is %d", jump, done.Horizon)
		}
		s.Stop(t)
		checkClean(t, dir)
	}
}

// buffer is a log that tests read.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
