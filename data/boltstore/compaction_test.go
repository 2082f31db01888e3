package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// compacted runs a compaction that must succeed.
func compacted(t testing.TB, db *boltstore.DB, r boltstore.Retention) boltstore.Compacted {
	t.Helper()
	done, err := db.Compact(t.Context(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// entries reads the whole log.
func entries(t testing.TB, db data.Store) []*data.Entry {
	t.Helper()
	var list []*data.Entry
	for e, err := range db.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// erasable counts the changes that retention may erase, by the rule of docs/formats/log.md applied to each pair of
// changes, and checks that exactly those are erased.
func erasable(t *testing.T, log []*data.Entry, horizon data.Seq) int {
	t.Helper()
	if horizon == 0 {
		return 0
	}
	type change struct {
		seq       data.Seq
		effective time.Time
		*data.Change
	}
	var all []change
	for _, e := range log[:horizon] {
		for i := range e.Changes {
			all = append(all, change{e.Seq, e.Since(), &e.Changes[i]})
		}
	}
	until := log[horizon-1].Recorded
	n := 0
	for i, c := range all {
		if c.Stream != data.StreamFeature {
			continue
		}
		want := false
		for _, d := range all[i+1:] {
			supersedes := d.Stream == data.StreamFeature && d.Permanent == c.Permanent
			if drops := d.Stream == data.StreamSchema && d.Op == data.OpDelete && d.Layer == c.Layer; !supersedes && !drops {
				continue
			}
			want = want || !d.effective.After(until) && !d.effective.Before(c.effective)
		}
		if want {
			n++
		}
		if c.Erased != want {
			t.Errorf("entry %d, permanent id %d: erased is %v, want %v", c.seq, c.Permanent, c.Erased, want)
		}
	}
	return n
}

// TestCompact erases the sample in steps and checks each time that exactly what may be erased is.
func TestCompact(t *testing.T) {
	dir, _ := sample(t)
	s := storetest.Start(t, openWith(t, dir, boltstore.Unsynced(boltstore.Options{CheckpointChanges: 500})))
	db := s.Store.(*boltstore.DB)
	// Large entries that are changed here and there, across the bounds of windows.
	s.Must(t, bulk(5000)...)
	var some []data.Change
	for i := 0; i < 5000; i += 7 {
		some = append(some, storetest.Put(fmt.Sprint("bulk", i), int64(i)))
	}
	some = append(some, storetest.Put("twice", 1), storetest.Put("twice", 2), storetest.Delete("twice"))
	s.Must(t, some...)
	s.Must(t, bulk(2500)...)
	last := db.Last()
	erased := int64(0)
	for _, keep := range []data.Seq{last, last - 1, 300, 2, 1, 1, 0, 5} {
		before := db.Stats()
		trial := compacted(t, db, boltstore.Retention{KeepEntries: keep, DryRun: true})
		if after := db.Stats(); after.Horizon != before.Horizon || after.Erased != before.Erased || after.LogBytes != before.LogBytes {
			t.Errorf("a dry run changed %+v to %+v", before, after)
		}
		done := compacted(t, db, boltstore.Retention{KeepEntries: keep})
		if done.Changes != trial.Changes || done.Bytes != trial.Bytes || done.Before-done.After != done.Bytes {
			t.Errorf("keep %d: erased %+v, the dry run said %+v", keep, done, trial)
		}
		erased += done.Changes
		if db.Horizon() != done.Horizon || done.Horizon < before.Horizon {
			t.Errorf("keep %d: horizon %d, was %d; %+v", keep, db.Horizon(), before.Horizon, done)
		}
		if n := erasable(t, entries(t, db), db.Horizon()); int64(n) != erased || int64(db.Stats().Erased) != erased {
			t.Errorf("keep %d: %d erased so far, want %d, the totals say %d", keep, erased, n, db.Stats().Erased)
		}
		if err := db.Check(t.Context(), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil {
			t.Error(err)
		}
		if d := storetest.Replay(t, s).Diff(s.Model); d != "" {
			t.Errorf("keep %d: %s", keep, d)
		}
	}
	if erased < 5000 {
		t.Errorf("%d changes were erased: the test proves little", erased)
	}
	s.Stop(t)
	checkClean(t, dir)
	db = open(t, dir)
	compare(t, db, s.Model)
	db.Close()
	testShrink(t, dir, s.Model)
}

// testShrink returns the space of a store and checks that nothing else changed.
func testShrink(t *testing.T, dir string, want *model.City) {
	t.Helper()
	db := open(t, dir)
	before, epoch, log := db.Stats(), db.Epoch(), entries(t, db)
	_, mark := storetest.Restore(t, db)
	if _, err := offline.Shrink(t.Context(), file(dir), nil); !errors.Is(err, data.ErrLocked) {
		t.Errorf("shrink an open store: %v", err)
	}
	db.Close()
	parts := []float64{0}
	done, err := offline.Shrink(t.Context(), file(dir), func(part float64) {
		if part < parts[len(parts)-1] || part > 1 {
			t.Errorf("progress went from %g to %g", parts[len(parts)-1], part)
		}
		parts = append(parts, part)
	})
	info, _ := os.Stat(file(dir))
	if err != nil || done.Before != before.FileBytes || done.After != info.Size() || done.After > done.Before*2/3 || len(parts) < 100 {
		t.Errorf("shrink: %+v, %v, %d steps of progress; the file had %d bytes and has %d", done, err, len(parts), before.FileBytes, info.Size())
	}
	checkClean(t, dir)
	db = open(t, dir)
	defer db.Close()
	compare(t, db, want)
	if _, again := storetest.Restore(t, db); again != mark || db.Epoch() != epoch {
		t.Errorf("checkpoint at %d was at %d; epoch %s was %s", again, mark, db.Epoch(), epoch)
	}
	after := db.Stats()
	if after.LogBytes != before.LogBytes || after.Erased != before.Erased || after.Horizon != before.Horizon || len(entries(t, db)) != len(log) {
		t.Errorf("state %+v was %+v", after, before)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left in the folder: %v", left)
	}
}

// TestCompactByTime keeps what is younger than a time, by a clock that the test moves.
func TestCompactByTime(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var clock atomic.Int64
	clock.Store(now.UnixMicro())
	o := boltstore.Unsynced(boltstore.Options{Now: func() time.Time { return time.UnixMicro(clock.Load()) }})
	db, err := boltstore.Open(file(dir), o)
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.Start(t, db)
	const day = 24 * time.Hour
	s.Must(t, storetest.Define(storetest.Lamps()))
	for i := range 100 {
		clock.Add(day.Microseconds())
		s.Must(t, storetest.Put("a", int64(i)))
	}
	// Entry n was recorded on day n-1; now it is day 100.
	for _, test := range []struct {
		keep time.Duration
		want data.Seq
	}{{1000 * day, 0}, {101 * day, 0}, {100 * day, 1}, {40 * day, 61}, {40*day - time.Hour, 61}, {40*day - day, 62}, {50 * day, 62}, {time.Microsecond, 100}} {
		done := compacted(t, db, boltstore.Retention{Keep: test.keep})
		if done.Horizon != test.want || db.Horizon() != test.want {
			t.Errorf("keeping %s: %+v, want horizon %d", test.keep, done, test.want)
		}
	}
	if got := db.Stats().Erased; got != 98 {
		t.Errorf("%d changes are erased", got)
	}
}

// TestCompactWhileWriting compacts again and again while writers write and the checkpointer works, and looks at the log
// from beside.
func TestCompactWhileWriting(t *testing.T) {
	dir := t.TempDir()
	s := storetest.Start(t, openWith(t, dir, boltstore.Unsynced(boltstore.Options{CheckpointChanges: 300})))
	db := s.Store.(*boltstore.DB)
	s.Must(t, storetest.Define(storetest.Lamps()))
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for w := range 8 {
		group.Go(func() {
			for n := int64(0); ctx.Err() == nil; n++ {
				changes := []data.Change{storetest.Put(fmt.Sprintf("%d-%d", w, n%100), n)}
				if n%97 == 0 {
					changes = append(changes, storetest.Delete(fmt.Sprintf("%d-%d", w, n%100)))
				}
				if _, err := s.Append(ctx, data.Tx{Changes: changes}); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	total := int64(0)
	// Longer where the rounds are over before the writers have changed much.
	for round := 0; round < rounds || total < 100 && round < 5000; round++ {
		total += compacted(t, db, boltstore.Retention{KeepEntries: 50}).Changes
		if err := db.Check(t.Context(), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil {
			t.Error(err)
		}
		m, _ := storetest.Restore(t, s)
		if d := m.Diff(upTo(t, s, m.Applied())); d != "" && m.Applied() >= db.Horizon() {
			t.Errorf("checkpoint and log differ: %s", d)
		}
	}
	stop()
	group.Wait()
	if total < 100 {
		t.Errorf("%d changes were erased: the test proves nothing", total)
	}
	s.Settle(t)
	s.Stop(t)
	checkClean(t, dir)
	db = open(t, dir)
	defer db.Close()
	compare(t, db, s.Model)
}

// TestCompactInterrupted lets a compaction meet errors of the disk and the end of its context at every step, and
// finishes it each time with another one.
func TestCompactInterrupted(t *testing.T) {
	for _, how := range []string{"full disk", "canceled"} {
		t.Run(how, func(t *testing.T) {
			dir, _ := sample(t)
			db := openWith(t, dir, boltstore.SmallSteps(boltstore.Unsynced(boltstore.Options{})))
			var left atomic.Int64
			left.Store(1 << 30)
			boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
				if left.Add(-1) < 0 {
					return errors.Join(syscall.ENOSPC, tx.Rollback())
				}
				return tx.Commit()
			})
			s := storetest.Start(t, db)
			interrupted := 0
			for steps := int64(0); ; steps++ {
				ctx, cancel := context.WithCancel(t.Context())
				if how == "full disk" {
					left.Store(steps)
				}
				calls := int64(0)
				_, err := db.Compact(ctx, boltstore.Retention{}, func(float64) {
					if calls++; how == "canceled" && calls > steps {
						cancel()
					}
				})
				cancel()
				left.Store(1 << 30)
				if err == nil {
					break
				}
				interrupted++
				if how == "full disk" && !errors.Is(err, data.ErrReadOnly) || how == "canceled" && !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				if err := db.Check(t.Context(), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil {
					t.Error(err)
				}
			}
			if interrupted < 5 {
				t.Errorf("it was interrupted %d times only", interrupted)
			}
			erasable(t, entries(t, db), db.Horizon())
			s.Must(t, storetest.Put("a", 1))
			s.Stop(t)
			checkClean(t, dir)
			db = open(t, dir)
			defer db.Close()
			compare(t, db, s.Model)
		})
	}
}

// TestCompactOnce checks that a second compaction is refused while one runs, and that both end with the store.
func TestCompactOnce(t *testing.T) {
	dir, _ := sample(t)
	s := storetest.Start(t, open(t, dir))
	db := s.Store.(*boltstore.DB)
	_, err := db.Compact(t.Context(), boltstore.Retention{}, func(float64) {
		if _, err := db.Compact(t.Context(), boltstore.Retention{}, nil); !errors.Is(err, boltstore.ErrCompacting) {
			t.Errorf("a second compaction: %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	s.Stop(t)
	if _, err := db.Compact(t.Context(), boltstore.Retention{}, nil); !errors.Is(err, data.ErrClosed) {
		t.Errorf("compaction of a closed store: %v", err)
	}
}

// TestErasedAndLost plants what a compaction never does and looks for it in the report.
func TestErasedAndLost(t *testing.T) {
	erase := func(tx *bbolt.Tx, seq data.Seq, n uint32, e layout.Erased) error {
		key := layout.LogKey(seq, n)
		return tx.Bucket(layout.BucketLog).Put(key[:], layout.EncodeRun(key, []layout.Erased{e}))
	}
	lamp := layout.Erased{Layer: "lamps", Op: data.OpPut, Permanent: 1, Prev: 2}
	for name, test := range map[string]struct {
		damage func(tx *bbolt.Tx) error
		want   string
		opens  bool // the damage shows in a replay only
	}{
		"payload lost":       {want: "entry 4, change 0: is missing", damage: func(tx *bbolt.Tx) error { return tx.Bucket(layout.BucketLog).Delete(logKey(4, 1)) }},
		"run lost":           {want: "entry 3, change 0: is missing", damage: func(tx *bbolt.Tx) error { return tx.Bucket(layout.BucketLog).Delete(logKey(3, 1)) }},
		"run spoiled":        {want: "checksum of the erased changes", damage: func(tx *bbolt.Tx) error { return spoil(tx.Bucket(layout.BucketLog), logKey(3, 1)) }},
		"behind the horizon": {want: "is erased although the horizon is at 5", damage: func(tx *bbolt.Tx) error { return erase(tx, 6, 1, lamp) }},
		"newest change": {want: "is erased and nothing supersedes it", damage: func(tx *bbolt.Tx) error {
			return erase(tx, 5, 1, layout.Erased{Layer: "lamps", Op: data.OpPut, Permanent: 2})
		}},
		"definition":             {want: "erased change 0 of lamps", damage: func(tx *bbolt.Tx) error { return erase(tx, 1, 1, lamp) }},
		"wrong permanent id":     {opens: true, want: "is new and the next permanent id is 2", damage: func(tx *bbolt.Tx) error { e := lamp; e.Permanent = 9; return erase(tx, 3, 1, e) }},
		"wrong previous":         {opens: true, want: "says it follows entry 1 and follows 2", damage: func(tx *bbolt.Tx) error { e := lamp; e.Prev = 1; return erase(tx, 3, 1, e) }},
		"wrong layer":            {want: "has no layer", damage: func(tx *bbolt.Tx) error { e := lamp; e.Layer = "none"; return erase(tx, 3, 1, e) }},
		"horizon goes back":      {want: "is erased although the horizon is at 2", damage: func(tx *bbolt.Tx) error { return layout.PutHorizon(tx, 2) }},
		"horizon before its due": {opens: true, want: "superseded by entry 4 only", damage: func(tx *bbolt.Tx) error { return layout.PutHorizon(tx, 3) }},
		"horizon in the future":  {want: "complete from entry 7 on and the log ends at 6", damage: func(tx *bbolt.Tx) error { return layout.PutHorizon(tx, 7) }},
		"totals":                 {want: "6 changes, 2 of them erased", damage: func(tx *bbolt.Tx) error { return layout.PutTotals(tx, &layout.Totals{Changes: 6}) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := storetest.Start(t, openWith(t, dir, boltstore.Unsynced(boltstore.Options{})))
			s.Must(t, storetest.Define(storetest.Lamps()))
			for _, c := range []data.Change{storetest.Put("a", 1), storetest.Put("a", 2), storetest.Put("a", 3), storetest.Put("b", 4), storetest.Put("a", 5)} {
				s.Must(t, c)
			}
			// Of the changes of a, the entries 2 and 3 are erased and 4 is the newest at the horizon.
			if done := compacted(t, s.Store.(*boltstore.DB), boltstore.Retention{KeepEntries: 1}); done.Changes != 2 || done.Horizon != 5 {
				t.Fatalf("%+v", done)
			}
			s.Stop(t)
			checkClean(t, dir)
			damage(t, dir, test.damage)
			var found []string
			if err := offline.Check(t.Context(), file(dir), boltstore.CheckOptions{Report: func(p boltstore.Problem) { found = append(found, p.String()) }}); err != nil {
				t.Error(err)
			}
			if text := strings.Join(found, "\n"); !strings.Contains(text, test.want) {
				t.Errorf("report is %q, want %q in it", text, test.want)
			}
			db, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now})
			if (err == nil) != test.opens {
				t.Errorf("open: %v", err)
			}
			if err == nil {
				db.Close()
			}
		})
	}
}

// TestManyFreePages erases so much that the list of free pages is left out of commits: what a crash, a backup and a stop
// leave then is read, checked and written on.
func TestManyFreePages(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	dir := t.TempDir()
	s := storetest.Start(t, openWith(t, dir, boltstore.Unsynced(boltstore.Options{})))
	db := s.Store.(*boltstore.DB)
	s.Must(t, storetest.Define(storetest.Lamps()))
	for range 3 {
		s.Must(t, bulk(20_000)...)
	}
	compacted(t, db, boltstore.Retention{})
	if free := db.Stats().FreeBytes; free < 5000*4096 {
		t.Fatalf("%d bytes are free: the test proves nothing", free)
	}
	s.Must(t, storetest.Put("a", 1))
	crashed, backup := t.TempDir(), t.TempDir()
	content, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file(crashed), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := offline.Receive(t.Context(), file(backup), func(w io.Writer) error {
		_, err := db.Backup(t.Context(), func(int64) io.Writer { return w })
		return err
	}, nil); err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	want := s.Model
	for _, copied := range []string{crashed, backup, dir} {
		checkClean(t, copied)
		s := storetest.Start(t, openWith(t, copied, boltstore.Unsynced(boltstore.Options{})))
		db := s.Store.(*boltstore.DB)
		compare(t, db, want)
		if free := db.Stats().FreeBytes; free < 2000*4096 {
			t.Errorf("after opening %d bytes are free", free)
		}
		before := db.Stats().FileBytes
		s.Must(t, bulk(10_000)...)
		if after := db.Stats().FileBytes; after > before {
			t.Errorf("the file grew from %d to %d bytes although pages are free", before, after)
		}
		s.Stop(t)
		checkClean(t, copied)
	}
}
