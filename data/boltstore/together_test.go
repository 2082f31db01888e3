package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"sync"
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

// groups yields n transactions of size lamps each.
func groups(n, size int) iter.Seq2[data.Tx, error] {
	return func(yield func(data.Tx, error) bool) {
		for i := range n {
			var changes []data.Change
			for k := range size {
				changes = append(changes, storetest.Put(fmt.Sprintf("g%d-%d", i, k), int64(i)))
			}
			if !yield(data.Tx{Cause: "import:1", Changes: changes}, nil) {
				return
			}
		}
	}
}

// TestTogetherCrash copies the file after each commit of a group, as a crash leaves it, and opens the copies: the
// group is there as a whole after the last commit, and not at all before.
func TestTogetherCrash(t *testing.T) {
	const n, size = 5, 30
	dir := t.TempDir()
	db := openWith(t, dir, boltstore.Unsynced(boltstore.Options{}))
	var copying atomic.Bool
	var copies []string
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		if err := tx.Commit(); err != nil || !copying.Load() {
			return err
		}
		b, err := os.ReadFile(file(dir))
		if err != nil {
			return err
		}
		to := t.TempDir()
		copies = append(copies, to)
		return os.WriteFile(file(to), b, 0o600)
	})
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	before := s.Must(t, storetest.Put("a", 1))
	copying.Store(true)
	seq, err := s.AppendTogether(t.Context(), n, groups(n, size))
	copying.Store(false)
	if err != nil || seq != before+n || len(copies) != n {
		t.Fatalf("appended up to %d, %v, in %d commits", seq, err, len(copies))
	}
	s.Stop(t)
	for i, to := range copies {
		checkClean(t, to) // before it is opened, too
		if i%2 == 1 {
			// A backup of a store with leftovers holds what the store holds.
			into := t.TempDir()
			if _, err := offline.Restore(t.Context(), file(to), file(into), time.Now(), nil); err != nil {
				t.Errorf("restore copy %d: %v", i, err)
			}
			to = into
		}
		s := storetest.Start(t, open(t, to))
		want, features := before, 1
		if i == n-1 {
			want, features = seq, 1+n*size
		}
		if s.Last() != want {
			t.Errorf("copy %d: the log ends at %d, want %d", i, s.Last(), want)
		}
		s.Settle(t)
		if have := s.Model.Count("lamps"); have != features {
			t.Errorf("copy %d: %d lamps, want %d", i, have, features)
		}
		if next := s.Must(t, storetest.Put("g0-0", 7)); next != want+1 {
			t.Errorf("copy %d: the next transaction is %d", i, next)
		}
		s.Stop(t)
		checkClean(t, to)
	}
}

// TestTogetherFull lets the disk be full in the middle of a group.
func TestTogetherFull(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	var left atomic.Int32
	left.Store(1 << 20)
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		if left.Add(-1) < 0 {
			return errors.Join(syscall.ENOSPC, tx.Rollback())
		}
		return tx.Commit()
	})
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	for good := range int32(4) {
		before := s.Last()
		left.Store(good)
		if _, err := s.AppendTogether(t.Context(), 4, groups(4, 10)); !errors.Is(err, data.ErrReadOnly) {
			t.Errorf("a disk that takes %d commits: %v", good, err)
		}
		// What was staged cannot be removed either, so that nothing is written.
		if _, err := s.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Put("a", 1)}}); !errors.Is(err, data.ErrReadOnly) {
			t.Errorf("append to the full disk: %v", err)
		}
		left.Store(1 << 20)
		if seq := s.Must(t, storetest.Put("a", int64(good))); seq != before+1 {
			t.Errorf("the next transaction is %d after %d", seq, before)
		}
	}
	s.Stop(t)
	checkClean(t, dir)
}

// TestTogetherDamaged flips a bit of a staged entry: it is not part of the log, and the store opens without it.
func TestTogetherDamaged(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	broken := errors.New("broken")
	_, err := s.AppendTogether(t.Context(), 3, func(yield func(data.Tx, error) bool) {
		for tx := range groups(2, 1) {
			tx.Changes[0].Feature.Values[0] = data.TextValue(data.Text, strings.Repeat("staged", 100))
			if !yield(tx, nil) {
				return
			}
		}
		yield(data.Tx{}, broken)
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	s.Stop(t)
	b, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(b), "stagedstaged")
	if at < 0 {
		t.Fatal("nothing was staged: the test proves nothing")
	}
	b[at] ^= 1
	if err := os.WriteFile(file(dir), b, 0o600); err != nil {
		t.Fatal(err)
	}
	checkClean(t, dir)
	s = storetest.Start(t, open(t, dir))
	s.Must(t, storetest.Put("a", 1))
	s.Stop(t)
	checkClean(t, dir)
}

// TestTogetherMark watches the mark of the checkpoint: it is never within a group, although the checkpointer takes the
// group in several batches.
func TestTogetherMark(t *testing.T) {
	dir := t.TempDir()
	db := openWith(t, dir, boltstore.Unsynced(boltstore.Tiny(boltstore.Options{})))
	var mu sync.Mutex
	marks := map[data.Seq]bool{}
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		settings, err := layout.ReadSettings(tx)
		if err != nil {
			return err
		}
		mu.Lock()
		marks[settings.Mark] = true
		mu.Unlock()
		return tx.Commit()
	})
	s := storetest.Start(t, db)
	before := s.Must(t, storetest.Define(storetest.Lamps()))
	seq, err := s.AppendTogether(t.Context(), 6, groups(6, 400)) // more than one step reads
	if err != nil {
		t.Fatal(err)
	}
	waitMark(t, s, seq)
	s.Stop(t)
	for m := range marks {
		if m > before && m < seq {
			t.Errorf("the mark was %d, within the group that ends with %d", m, seq)
		}
	}
	if !marks[seq] {
		t.Errorf("marks %v: the test proves nothing", marks)
	}
}

// TestTogetherAndHeads appends a group while the engine knows nothing of what was committed, and a change behind it
// that must not be checked against what the engine knew before.
func TestTogetherAndHeads(t *testing.T) {
	db := openWith(t, t.TempDir(), boltstore.Unsynced(boltstore.Options{}))
	heads := model.New()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- db.Run(ctx, heads) }()
	defer func() {
		stop()
		if err := errors.Join(<-ended, db.Close()); err != nil {
			t.Error(err)
		}
	}()
	catchUp := func() {
		t.Helper()
		if err := heads.CatchUp(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Define(storetest.Lamps())}}); err != nil {
		t.Fatal(err)
	}
	seqs := make(chan data.Seq, 1)
	go func() {
		seq, err := db.AppendTogether(t.Context(), 2, groups(2, 3))
		if err != nil {
			t.Error(err)
		}
		seqs <- seq
	}()
	select {
	case seq := <-seqs:
		t.Fatalf("appended as %d although the engine does not know the layer", seq)
	case <-time.After(20 * time.Millisecond):
	}
	catchUp()
	if seq := <-seqs; seq != 3 {
		t.Fatalf("appended as %d", seq)
	}
	conflicts := make(chan error, 1)
	go func() {
		_, err := db.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.IfSeq(storetest.Put("g1-0", 9), 0)}})
		conflicts <- err
	}()
	select {
	case err := <-conflicts:
		t.Fatalf("checked against an engine that does not know the group: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	catchUp()
	var conflict *data.ConflictError
	if err := <-conflicts; !errors.As(err, &conflict) || conflict.Have != 3 {
		t.Errorf("create of what the group created: %v", err)
	}
}

// TestTogetherHorizon compacts up to an entry within a group: the horizon goes back to before it, so that the city
// before the group is still complete.
func TestTogetherHorizon(t *testing.T) {
	dir := t.TempDir()
	db := openWith(t, dir, boltstore.Unsynced(boltstore.Options{}))
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	before := s.Must(t, storetest.Put("g0-0", 100), storetest.Put("g3-0", 100))
	seq, err := s.AppendTogether(t.Context(), 4, groups(4, 2))
	if err != nil {
		t.Fatal(err)
	}
	s.Must(t, storetest.Put("a", 1))
	s.Settle(t)
	for keep, want := range map[data.Seq]data.Seq{2: before, 4: before, 1: seq} {
		dry := compacted(t, db, boltstore.Retention{KeepEntries: keep, DryRun: true})
		if dry.Horizon != want {
			t.Errorf("keeping %d entries: the horizon is %d, want %d", keep, dry.Horizon, want)
		}
	}
	if done := compacted(t, db, boltstore.Retention{KeepEntries: 3}); done.Changes != 0 {
		t.Errorf("%d changes were erased that the city at %d needs", done.Changes, before)
	}
	if done := compacted(t, db, boltstore.Retention{KeepEntries: 1}); done.Changes != 2 {
		t.Errorf("%d changes were erased, want 2", done.Changes)
	}
	s.Stop(t)
	checkClean(t, dir)
}
