package boltstore_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
)

// bulk is a transaction of n features that take about half a kilobyte each.
func bulk(n int) []data.Change {
	changes := make([]data.Change, n)
	for i := range changes {
		changes[i] = storetest.Put(fmt.Sprint("bulk", i), int64(i))
		changes[i].Feature.Values[0] = data.TextValue(data.Text, strings.Repeat("x", 400))
	}
	return changes
}

// expectReadOnly appends what must fail for lack of space, and checks that reading goes on.
func expectReadOnly(t testing.TB, s *storetest.Running) {
	t.Helper()
	before := s.Last()
	_, err := s.Append(t.Context(), data.Tx{Changes: bulk(20_000)})
	if !errors.Is(err, data.ErrReadOnly) || errors.Is(err, data.ErrUncertain) {
		t.Fatalf("append to a full disk: %v", err)
	}
	if s.Last() != before {
		t.Errorf("last moved from %d to %d", before, s.Last())
	}
	if err := s.Store.(*boltstore.DB).Failure(); !errors.Is(err, data.ErrReadOnly) || !errors.Is(err, data.ErrFull) || errors.Is(err, data.ErrReopen) {
		t.Errorf("state: %v", err)
	}
	if d := storetest.Replay(t, s).Diff(s.Model); d != "" {
		t.Errorf("reading a full store: %s", d)
	}
}

func TestFull(t *testing.T) {
	dir := t.TempDir()
	var log buffer
	s := storetest.Start(t, openWith(t, dir, boltstore.Options{MaxFileBytes: 4 << 20, Logger: log.logger()}))
	db := s.Store.(*boltstore.DB)
	s.Must(t, storetest.Define(storetest.Lamps()))
	s.Must(t, storetest.Put("a", 1))
	for range 3 {
		expectReadOnly(t, s)
	}
	// What was tried took nothing with it: ids, heads and smaller transactions are as before.
	s.Must(t, storetest.IfSeq(storetest.Put("bulk1", 1), 0))
	if f, _ := s.Model.Get("lamps", "bulk1"); f.Permanent != 2 {
		t.Errorf("permanent id %d", f.Permanent)
	}
	if db.Failure() != nil {
		t.Errorf("state after a successful append: %v", db.Failure())
	}
	expectReadOnly(t, s)
	boltstore.SetMaxSize(db, 0)
	s.Must(t, bulk(20_000)...)
	s.Stop(t)
	checkClean(t, dir)
	if text := log.String(); !strings.Contains(text, "store cannot write") || !strings.Contains(text, "store writes again") {
		t.Errorf("log: %s", text)
	}
}

// TestUncertain lets the last sync of a commit fail after the transaction became visible.
func TestUncertain(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	var fail atomic.Bool
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		if err := tx.Commit(); err != nil || !fail.Load() {
			return err
		}
		return syscall.EIO
	})
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	s.Must(t, storetest.Put("a", 1))
	fail.Store(true)
	if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put("a", 2)}}); !errors.Is(err, data.ErrUncertain) {
		t.Errorf("got %v", err)
	}
	fail.Store(false)
	if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put("a", 3)}}); !errors.Is(err, data.ErrReadOnly) || !errors.Is(err, data.ErrReopen) {
		t.Errorf("append after an uncertain one: %v", err)
	}
	if s.Last() != 2 {
		t.Errorf("last is %d", s.Last())
	}
	s.Stop(t)
	checkClean(t, dir)
	s = storetest.Start(t, open(t, dir))
	s.Must(t, storetest.Put("a", 4))
}

// TestWriteErrors lets commits fail before anything is written, and by a panic.
func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	var mode atomic.Int32
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		switch mode.Load() {
		case 1:
			return errors.Join(syscall.ENOSPC, tx.Rollback())
		case 2:
			panic("page 7 already freed")
		}
		return tx.Commit()
	})
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	mode.Store(1)
	if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put("a", 1)}}); !errors.Is(err, data.ErrReadOnly) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	mode.Store(0)
	s.Must(t, storetest.IfSeq(storetest.Put("a", 1), 0))
	mode.Store(2)
	if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put("a", 2)}}); !errors.Is(err, data.ErrUncertain) {
		t.Errorf("got %v", err)
	}
	mode.Store(0)
	if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put("a", 3)}}); !errors.Is(err, data.ErrReadOnly) {
		t.Errorf("append after a panic: %v", err)
	}
	if d := storetest.Replay(t, s).Diff(s.Model); d != "" {
		t.Errorf("reading: %s", d)
	}
	s.Stop(t)
	checkClean(t, dir)
}

// fullDir tells a child of TestFileLimit where to write.
const fullDir = "BOLTSTORE_FULL_DIR"

// TestFileLimit has the operating system refuse to let the file grow, as a full disk does. The limit is that of a
// process, so it takes a process of its own.
func TestFileLimit(t *testing.T) {
	if dir := os.Getenv(fullDir); dir != "" {
		underLimit(t, dir)
		return
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestFileLimit$")
	child.Env = append(os.Environ(), fullDir+"="+dir)
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	checkClean(t, dir)
}

func underLimit(t *testing.T, dir string) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	s := storetest.Start(t, open(t, dir))
	s.Must(t, storetest.Define(storetest.Lamps()))
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	old := limit
	limit.Cur = 3<<20 + 1000 // in the middle of a page
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	expectReadOnly(t, s)
	s.Must(t, storetest.Put("a", 1))
	expectReadOnly(t, s)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	s.Must(t, bulk(20_000)...)
	s.Stop(t)
	db := open(t, dir)
	defer db.Close()
	compare(t, db, s.Model)
}

// TestShutdownUnderLoad ends Run while writers write: each append is in the log or has an error.
func TestShutdownUnderLoad(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		s := storetest.Start(t, openWith(t, dir, boltstore.Unsynced(boltstore.Options{})))
		s.Must(t, storetest.Define(storetest.Lamps()))
		const writers = 16
		counts := make(chan int, writers)
		for w := range writers {
			go func() {
				n := 0
				for {
					_, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put(fmt.Sprint(w), int64(n))}})
					if err != nil {
						if !errors.Is(err, data.ErrClosed) {
							t.Error(err)
						}
						counts <- n
						return
					}
					n++
				}
			}()
		}
		time.Sleep(20 * time.Millisecond)
		s.Stop(t)
		total := 1
		for range writers {
			total += <-counts
		}
		db := open(t, dir)
		if int(db.Last()) != total {
			t.Errorf("%d acknowledged, log ends at %d", total, db.Last())
		}
		db.Close()
		checkClean(t, dir)
	}
}

// TestRefusedWithGroup lets a change fail to be written whose existence has another one of the same group refused:
// nobody may hear of it.
func TestRefusedWithGroup(t *testing.T) {
	db := open(t, t.TempDir())
	var mode atomic.Int32
	begun, proceed := make(chan struct{}, 1), make(chan struct{})
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		switch mode.Load() {
		case 1:
			mode.Store(2)
			begun <- struct{}{}
			<-proceed
		case 2:
			return errors.Join(syscall.ENOSPC, tx.Rollback())
		}
		return tx.Commit()
	})
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	mode.Store(1)
	outcomes := make(chan error, 3)
	write := func(id string) {
		_, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.IfSeq(storetest.Put(id, 1), 0)}})
		outcomes <- err
	}
	go write("first")
	<-begun
	go write("twin")
	go write("twin")
	for boltstore.Waiting(db) < 2 {
		time.Sleep(time.Millisecond)
	}
	close(proceed)
	failed := 0
	for range 3 {
		switch err := <-outcomes; {
		case errors.Is(err, data.ErrReadOnly):
			failed++
		case err != nil:
			t.Errorf("heard of a change that was not written: %v", err)
		}
	}
	if failed != 2 {
		t.Errorf("%d failed", failed)
	}
	mode.Store(0)
	s.Must(t, storetest.IfSeq(storetest.Put("twin", 1), 0))
}

// TestWritesResume checks that a store which cannot write finds out by itself that it can again: nobody asks while it
// says that it cannot.
func TestWritesResume(t *testing.T) {
	var log buffer
	db := openWith(t, t.TempDir(), boltstore.Options{RetryInterval: 10 * time.Millisecond, Logger: log.logger()})
	var full atomic.Bool
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		if full.Load() {
			return errors.Join(syscall.ENOSPC, tx.Rollback())
		}
		return tx.Commit()
	})
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	full.Store(true)
	if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put("a", 1)}}); !errors.Is(err, data.ErrFull) {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if db.Failure() == nil {
		t.Error("the store says that it can write")
	}
	full.Store(false)
	for range 1000 {
		if db.Failure() == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := db.Failure(); err != nil {
		t.Errorf("after the space came back: %v", err)
	}
	s.Must(t, storetest.Put("a", 1))
	if n := strings.Count(log.String(), "store cannot write"); n != 1 {
		t.Errorf("it was logged %d times: %s", n, log.String())
	}
}

// TestStepUncertain lets the last sync of each step of a compaction fail after it became visible: the totals of the log
// follow what is in the file.
func TestStepUncertain(t *testing.T) {
	dir, _ := sample(t)
	db := openWith(t, dir, boltstore.SmallSteps(boltstore.Unsynced(boltstore.Options{})))
	var fail atomic.Bool
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		if err := tx.Commit(); err != nil || !fail.Load() {
			return err
		}
		return syscall.EIO
	})
	s := storetest.Start(t, db)
	s.Settle(t)
	failed, horizon := 0, db.Last()
	for ; ; failed++ {
		fail.Store(true)
		_, err := db.Compact(t.Context(), boltstore.Retention{KeepEntries: db.Last() - horizon}, nil)
		fail.Store(false)
		if err == nil {
			break
		}
		if !errors.Is(err, data.ErrReadOnly) {
			t.Fatal(err)
		}
		s.Must(t, storetest.Put("a", int64(failed)))
		if err := db.Check(t.Context(), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil || t.Failed() {
			t.Fatal(err)
		}
		if failed > 500 {
			t.Fatal("it makes no progress")
		}
	}
	if failed < 5 {
		t.Errorf("%d steps failed: the test proves nothing", failed)
	}
	s.Stop(t)
	checkClean(t, dir)
}
