package boltstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/data/storetest"
)

// waitMark waits until the checkpoint covers an entry.
func waitMark(t *testing.T, s *storetest.Running, seq data.Seq) {
	t.Helper()
	for range 1000 {
		if s.Store.(*boltstore.DB).Stats().Mark >= seq {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("checkpoint is at %d and not at %d", s.Store.(*boltstore.DB).Stats().Mark, seq)
}

// TestCheckpointWhileWriting reads checkpoint and log again and again while writers write: any mix of both is the
// city at the end of the log.
func TestCheckpointWhileWriting(t *testing.T) {
	dir := t.TempDir()
	s := storetest.Start(t, openWith(t, dir, boltstore.Unsynced(boltstore.Options{CheckpointChanges: 50})))
	s.Must(t, storetest.Define(storetest.Lamps()))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for n := int64(0); ctx.Err() == nil; n++ {
				changes := []data.Change{storetest.Put(fmt.Sprintf("%d-%d", w, n%300), n)}
				if n%97 == 0 {
					changes = append(changes, storetest.Delete(fmt.Sprintf("%d-%d", w, n%300)))
				}
				if w == 0 && n%500 == 499 {
					changes = []data.Change{storetest.Drop("lamps")}
				}
				_, err := s.Append(ctx, data.Tx{Changes: changes})
				if w == 0 && n%500 == 499 && err == nil {
					_, err = s.Append(ctx, data.Tx{Changes: []data.Change{storetest.Define(storetest.Lamps())}})
				}
				if err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "is not a layer") {
					t.Error(err)
				}
			}
		})
	}
	marks := map[data.Seq]bool{}
	// Longer where the machine is too fast for the checkpointer.
	for round := 0; round < 40 || len(marks) < 3 && round < 2000; round++ {
		m, mark := storetest.Restore(t, s)
		marks[mark] = true
		want := upTo(t, s, m.Applied())
		if d := m.Diff(want); d != "" {
			t.Errorf("from checkpoint %d to %d: %s", mark, m.Applied(), d)
		}
		if err := s.Store.(*boltstore.DB).Check(t.Context(), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil {
			t.Errorf("check: %v", err)
		}
	}
	stop()
	wg.Wait()
	if len(marks) < 3 {
		t.Errorf("checkpoints were at %v only", marks)
	}
	s.Settle(t)
	s.Stop(t)
	checkClean(t, dir)
	db := open(t, dir)
	defer db.Close()
	compare(t, db, s.Model)
}

// TestCheckpointDamaged spoils a block: the store throws the checkpoint away, says so, and writes it anew.
func TestCheckpointDamaged(t *testing.T) {
	for _, verify := range []boltstore.Verify{boltstore.VerifyFull, boltstore.VerifyTail} {
		dir, want := sample(t)
		damage(t, dir, func(tx *bbolt.Tx) error {
			b := tx.Bucket(layout.BucketRows)
			k, _ := b.Cursor().First()
			return spoil(b, append([]byte(nil), k...))
		})
		var log buffer
		db := openWith(t, dir, boltstore.Options{Verify: verify, Logger: log.logger(), CheckpointInterval: 20 * time.Millisecond})
		compare(t, db, want)
		if _, mark := storetest.Restore(t, db); mark != 0 {
			t.Errorf("a damaged checkpoint was used, at %d", mark)
		}
		if !strings.Contains(log.String(), "checkpoint is damaged") {
			t.Errorf("log: %s", log.String())
		}
		s := storetest.Start(t, db)
		waitMark(t, s, s.Must(t, storetest.Put("bulk0", 5)))
		s.Stop(t)
		checkClean(t, dir)
		db = open(t, dir)
		compare(t, db, s.Model)
		if _, mark := storetest.Restore(t, db); mark != db.Last() {
			t.Errorf("the new checkpoint is at %d of %d", mark, db.Last())
		}
		db.Close()
	}
}

// TestCheckpointUnderLoad checks that writers who never rest do not keep the checkpoint from being written.
func TestCheckpointUnderLoad(t *testing.T) {
	s := storetest.Start(t, openWith(t, t.TempDir(), boltstore.Options{CheckpointChanges: 100}))
	s.Must(t, storetest.Define(storetest.Lamps()))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for n := int64(0); ctx.Err() == nil; n++ {
				_, _ = s.Append(ctx, data.Tx{Changes: []data.Change{storetest.Put(fmt.Sprint(w), n)}})
			}
		})
	}
	waitMark(t, s, 200)
	stop()
	wg.Wait()
}

// TestCheckpointByTime checks that few changes get a checkpoint too.
func TestCheckpointByTime(t *testing.T) {
	s := storetest.Start(t, openWith(t, t.TempDir(), boltstore.Options{CheckpointInterval: 20 * time.Millisecond}))
	waitMark(t, s, s.Must(t, storetest.Define(storetest.Lamps())))
}

// TestCheckFinds plants violations that hashes do not show, and looks for them in the report.
func TestCheckFinds(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(tx *bbolt.Tx) error
		want   string
	}{
		"block missing": {want: "lacks entry", damage: func(tx *bbolt.Tx) error {
			b := tx.Bucket(layout.BucketRows)
			k, _ := b.Cursor().First()
			return b.Delete(append([]byte(nil), k...))
		}},
		"definition missing": {want: "differs from the log", damage: func(tx *bbolt.Tx) error {
			b := tx.Bucket(layout.BucketDefs)
			k, _ := b.Cursor().First()
			return b.Delete(append([]byte(nil), k...))
		}},
		"unknown bucket": {want: "is unknown", damage: func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("other"))
			return err
		}},
	} {
		dir, _ := sample(t)
		damage(t, dir, test.damage)
		var found []string
		if err := offline.Check(t.Context(), file(dir), boltstore.CheckOptions{Report: func(p boltstore.Problem) { found = append(found, p.String()) }}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text := strings.Join(found, "\n"); !strings.Contains(text, test.want) {
			t.Errorf("%s: report is %q", name, text)
		}
	}
}
