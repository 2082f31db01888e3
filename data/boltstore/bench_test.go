package boltstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/data/storetest"
)

// BenchmarkEdits measures durable edits of one feature each, by 1 and 64 writers, beside the same payload written
// with one bbolt Update per edit on the same disk.
func BenchmarkEdits(b *testing.B) {
	b.Run("update-per-edit", func(b *testing.B) {
		db, err := bbolt.Open(filepath.Join(b.TempDir(), "plain"), 0o600, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		n := 0
		for b.Loop() {
			n++
			c := storetest.Put(strconv.Itoa(n), int64(n))
			payload, _ := data.AppendPayload(nil, &c)
			err := db.Update(func(tx *bbolt.Tx) error {
				k, err := tx.CreateBucketIfNotExists([]byte("log"))
				if err != nil {
					return err
				}
				return k.Put([]byte(fmt.Sprintf("%012d", n)), payload)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b, b.N, "edits/s")
	})
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers-%d", writers), func(b *testing.B) {
			s := storetest.Start(b, open(b, b.TempDir()))
			s.Must(b, storetest.Define(storetest.Lamps()))
			before := s.Store.(*boltstore.DB).Stats()
			b.ResetTimer()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						if _, err := s.Append(b.Context(), data.Tx{Changes: []data.Change{storetest.Put(strconv.Itoa(int(n)), n)}}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			after := s.Store.(*boltstore.DB).Stats()
			perSecond(b, b.N, "edits/s")
			b.ReportMetric(float64(after.Transactions-before.Transactions)/float64(after.Commits-before.Commits), "edits/commit")
		})
	}
}

func perSecond(b *testing.B, n int, unit string) {
	b.Helper()
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), unit)
	b.ReportMetric(0, "ns/op")
}

// BenchmarkImport measures durable batches of 10,000 point features with ids in random order.
func BenchmarkImport(b *testing.B) {
	s := storetest.Start(b, open(b, b.TempDir()))
	s.Must(b, storetest.Define(wide()))
	batches := 0
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		changes := batch(batches)
		batches++
		b.StartTimer()
		if _, err := s.Append(b.Context(), data.Tx{Changes: changes}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	perSecond(b, b.N*batchSize, "features/s")
}

const batchSize = 10_000

// batch is the nth batch of an import. Its features have ten attributes.
func batch(n int) []data.Change {
	changes := make([]data.Change, batchSize)
	for i := range changes {
		k := int64(n*batchSize + i)
		c := storetest.Put(strconv.FormatInt(k*7919%100_000_007, 36), k)
		c.Layer = "wide"
		c.Feature.Values = append(c.Feature.Values, data.TextValue(data.Text, "新生南路三段"), data.IntValue(k), data.NumberValue(1.5))
		changes[i] = c
	}
	return changes
}

func wide() *data.Layer {
	l := storetest.Lamps()
	l.Name = "wide"
	l.Attributes = append(l.Attributes, data.Attribute{Name: "road", Type: data.Text},
		data.Attribute{Name: "number", Type: data.Int}, data.Attribute{Name: "width", Type: data.Number})
	return l
}

// million makes a store of a million features of ten attributes with a checkpoint.
func million(b *testing.B) (dir string) {
	b.Helper()
	dir = b.TempDir()
	s := storetest.Start(b, openWith(b, dir, boltstore.Unsynced(boltstore.Options{ShutdownTimeout: time.Minute})))
	s.Must(b, storetest.Define(wide()))
	for n := range 100 {
		s.Must(b, batch(n)...)
	}
	s.Stop(b)
	return dir
}

// BenchmarkMillion measures what a start with a million features is made of.
func BenchmarkMillion(b *testing.B) {
	dir := million(b)
	info, err := os.Stat(file(dir))
	if err != nil {
		b.Fatal(err)
	}
	for name, verify := range map[string]boltstore.Verify{"open-full": boltstore.VerifyFull, "open-tail": boltstore.VerifyTail} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := openWith(b, dir, boltstore.Options{Verify: verify}).Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(info.Size())/1e6, "MB")
			b.ReportMetric(float64(info.Size())/1e6*float64(b.N)/b.Elapsed().Seconds(), "MB/s")
		})
	}
	db := openWith(b, dir, boltstore.Options{Verify: boltstore.VerifyNone})
	defer db.Close()
	b.Run("checkpoint", func(b *testing.B) {
		n := 0
		for b.Loop() {
			var mark data.Seq
			for _, err := range db.Checkpoint(b.Context(), &mark) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("entries", func(b *testing.B) {
		n := 0
		for b.Loop() {
			for e, err := range db.Entries(b.Context(), 0) {
				if err != nil {
					b.Fatal(err)
				}
				n += len(e.Changes)
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "changes/s")
	})
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			if err := db.Check(b.Context(), boltstore.CheckOptions{Report: func(p boltstore.Problem) { b.Error(p) }}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check-quick", func(b *testing.B) {
		for b.Loop() {
			if err := db.Check(b.Context(), boltstore.CheckOptions{Quick: true, Report: func(p boltstore.Problem) { b.Error(p) }}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCompact erases the older half of the log of a million features that were all changed once, in batches, and
// returns the space. commit-before and commit-after are single edits by one writer with the free pages that are left.
func BenchmarkCompact(b *testing.B) {
	for range b.N {
		b.StopTimer()
		dir := million(b)
		db := openWith(b, dir, boltstore.Options{Verify: boltstore.VerifyNone})
		s := storetest.Start(b, db)
		for n := range 100 {
			changes := batch(n)
			for i := range changes {
				changes[i].Feature.Values[0] = data.TextValue(data.Text, "changed")
			}
			s.Must(b, changes...)
		}
		edit := func(name string) {
			const edits = 300
			watch := time.Now()
			for n := range edits {
				if _, err := s.Append(b.Context(), data.Tx{Changes: []data.Change{batch(0)[n]}}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(time.Since(watch).Microseconds())/edits, name)
		}
		edit("µs/commit-before")
		s.Settle(b)
		b.StartTimer()
		watch := time.Now()
		done, err := db.Compact(b.Context(), boltstore.Retention{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		b.ReportMetric(float64(done.Changes)/time.Since(watch).Seconds(), "changes/s")
		b.ReportMetric(float64(done.Before)/1e6, "MB-log-before")
		b.ReportMetric(float64(done.After)/1e6, "MB-log-after")
		edit("µs/commit-after")
		b.ReportMetric(float64(db.Stats().FreeBytes)/1e6, "MB-free")
		s.Settle(b)
		s.Stop(b)
		watch = time.Now()
		shrunk, err := offline.Shrink(b.Context(), file(dir), nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(watch).Seconds(), "s/rewrite")
		b.ReportMetric(float64(shrunk.Before)/1e6, "MB-file-before")
		b.ReportMetric(float64(shrunk.After)/1e6, "MB-file-after")
	}
	b.ReportMetric(0, "ns/op")
}
