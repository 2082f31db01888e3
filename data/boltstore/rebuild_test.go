package boltstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/data/storetest"
)

// TestRebuild damages each projection in a way that no checksum shows, and makes it anew while writers write.
func TestRebuild(t *testing.T) {
	for name, test := range map[string]struct {
		damage  func(tx *bbolt.Tx) error
		rebuild func(db *boltstore.DB, ctx context.Context, progress func(float64)) error
	}{
		boltstore.ProjectionCheckpoint: {
			func(tx *bbolt.Tx) error {
				b := tx.Bucket(layout.BucketRows)
				k, _ := b.Cursor().First()
				return b.Delete(append([]byte(nil), k...))
			},
			(*boltstore.DB).RebuildCheckpoint,
		},
		boltstore.ProjectionDefinitions: {
			func(tx *bbolt.Tx) error {
				b := tx.Bucket(layout.BucketDefs)
				k, v := b.Cursor().Last() // the plan or scheme, which the writers do not need
				d, err := layout.ParseDefinition(k, v, &data.Decoder{})
				if err != nil {
					return err
				}
				d.Born++
				return d.Put(tx)
			},
			(*boltstore.DB).RebuildDefinitions,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := sample(t)
			damage(t, dir, test.damage)
			s := storetest.Start(t, openWith(t, dir, boltstore.Unsynced(boltstore.Options{})))
			db := s.Store.(*boltstore.DB)
			found := 0
			report := boltstore.CheckOptions{Report: func(boltstore.Problem) { found++ }}
			if err := db.Check(t.Context(), report); err != nil || found == 0 {
				t.Fatalf("the damage is not found: %v", err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var group sync.WaitGroup
			for w := range 4 {
				group.Go(func() {
					for n := int64(0); ctx.Err() == nil; n++ {
						changes := []data.Change{storetest.Put(fmt.Sprint("w", w), n)}
						if w == 0 && n%20 == 0 {
							l := storetest.Lamps()
							l.Name = fmt.Sprint("layer", n)
							changes = []data.Change{storetest.Define(l)}
						}
						if _, err := s.Append(ctx, data.Tx{Changes: changes}); err != nil && ctx.Err() == nil {
							t.Error(err)
						}
					}
				})
			}
			last := 0.0
			if err := test.rebuild(db, t.Context(), func(part float64) {
				if part < 0 || part > 1 {
					t.Errorf("progress %g after %g", part, last)
				}
				last = part
			}); err != nil {
				t.Error(err)
			}
			found = 0
			if err := db.Check(t.Context(), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil {
				t.Error(err)
			}
			stop()
			group.Wait()
			s.Settle(t)
			s.Stop(t)
			if err := test.rebuild(db, t.Context(), nil); err == nil {
				t.Error("a closed store was rebuilt")
			}
			checkClean(t, dir)
			db = open(t, dir)
			defer db.Close()
			compare(t, db, storetest.Replay(t, db)) // the model has followed the damaged checkpoint
		})
	}
}
