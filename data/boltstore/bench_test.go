package boltstore_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
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
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), unit)
	b.ReportMetric(0, "ns/op")
}

// BenchmarkImport measures batches of 10,000 point features.
func BenchmarkImport(b *testing.B) {
	const batch = 10_000
	s := storetest.Start(b, open(b, b.TempDir()))
	s.Must(b, storetest.Define(storetest.Lamps()))
	n := int64(0)
	b.ResetTimer()
	for range b.N {
		changes := make([]data.Change, batch)
		for i := range changes {
			n++
			changes[i] = storetest.Put(strconv.FormatInt(n*7919%100_000_007, 36), n)
		}
		if _, err := s.Append(b.Context(), data.Tx{Changes: changes}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	perSecond(b, b.N*batch, "features/s")
	_ = time.Now
}
