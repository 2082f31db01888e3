package index_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/index"
)

// BenchmarkPast builds Worlds of the past of a city of a million features with seven attributes, imported in batches
// and then edited at random places, in each way that leads there. MB is what a World does not share with the present.
func BenchmarkPast(b *testing.B) {
	features, edits := 1_000_000, 120_000
	if testing.Short() {
		features, edits = 50_000, 6_000
	}
	const batch, group = 10_000, 10
	path := filepath.Join(b.TempDir(), "gewu.db")
	s := serve(b, path, time.Now)
	write := func(changes ...data.Change) {
		b.Helper()
		seq, err := s.store.Append(b.Context(), data.Tx{Changes: changes})
		if err != nil {
			b.Fatal(err)
		}
		if len(changes) == batch {
			if _, err := s.engine.Wait(b.Context(), seq); err != nil {
				b.Fatal(err)
			}
		}
	}
	write(storetest.Define(storetest.Lamps()))
	put := func(i, n int) data.Change {
		// Spread over the ground, as a city is.
		c := storetest.Put(fmt.Sprintf("%010x", uint64(i)*0x9E3779B97F4A7C15>>24), int64(i)*7919+int64(n))
		return c
	}
	for from := 0; from < features; from += batch {
		changes := make([]data.Change, batch)
		for i := range changes {
			changes[i] = put(from+i, 0)
		}
		write(changes...)
	}
	imported := s.store.Last()
	r := rand.New(rand.NewPCG(1, 2))
	for range edits / group {
		changes := make([]data.Change, group)
		for i := range changes {
			changes[i] = put(r.IntN(features), 1+r.IntN(1000))
		}
		write(changes...)
	}
	if _, err := s.engine.Wait(b.Context(), s.store.Last()); err != nil {
		b.Fatal(err)
	}
	run := func(name, by string, asOf data.Seq) {
		b.Run(fmt.Sprintf("%s/%s", by, name), func(b *testing.B) {
			weight := int64(0)
			for b.Loop() {
				w, bytes, err := s.past.Build(b.Context(), index.Moment{AsOf: asOf}, by)
				if err != nil {
					b.Fatal(err)
				}
				if w == nil {
					b.Skip("not that way")
				}
				weight = bytes
			}
			b.ReportMetric(float64(weight)/1e6, "MB")
			b.ReportMetric(0, "B/op")
		})
	}
	back := func(changes int) data.Seq { return s.store.Last() - data.Seq(changes/group) }
	for _, changes := range []int{10, 1000, 10_000, 90_000} {
		if changes < edits {
			run(fmt.Sprint(changes, " changes ago"), "memory", back(changes))
		}
	}
	h, err := s.store.Header(b.Context(), back(edits/4))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("a date again after each edit", func(b *testing.B) {
		for b.Loop() {
			write(put(r.IntN(features), 7))
			if _, err := s.engine.Wait(b.Context(), s.store.Last()); err != nil {
				b.Fatal(err)
			}
			if _, err := s.past.World(b.Context(), index.Moment{AsOf: index.Newest, At: h.Recorded}); err != nil {
				b.Fatal(err)
			}
		}
	})
	s.stop()
	s = serve(b, path, time.Now)
	for _, changes := range []int{10, 1000, 10_000, 90_000} {
		if changes < edits {
			run(fmt.Sprint(changes, " changes ago"), "log", back(changes))
		}
	}
	run("the end of the import", "log", imported)
	run("half of the import", "replay", imported/2)
	run("the end of the import", "replay", imported)
	s.stop()
}

// BenchmarkPastAgain asks for a moment that is ready.
func BenchmarkPastAgain(b *testing.B) {
	s := serve(b, filepath.Join(b.TempDir(), "gewu.db"), time.Now)
	defer s.stop()
	for _, c := range []data.Change{storetest.Define(storetest.Lamps()), storetest.Put("a", 1), storetest.Put("a", 2)} {
		seq, err := s.store.Append(b.Context(), data.Tx{Changes: []data.Change{c}})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.engine.Wait(b.Context(), seq); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := s.past.World(b.Context(), index.Moment{AsOf: 2}); err != nil {
			b.Fatal(err)
		}
	}
}
