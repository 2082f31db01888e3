package gazetteer

import (
	"context"
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// estate is a landmark with a name that no other number has.
func estate(i int) data.Change {
	han := func(n int) rune { return rune(0x5000 + n%0x300) }
	name := string([]rune{han(i), han(i / 0x300 * 7), han(i * 11), '花', '园', '小', '区'})
	return indextest.Put("sights", fmt.Sprint(i), geo.PointShape(geo.Point{X: 1_215_000_000 + int32(i), Y: 250_000_000}), textOf(name+fmt.Sprint(i)), data.Value{})
}

// following is a Follower of an engine, and what publishes changes there.
func following(tb testing.TB) (*Follower, func(changes []data.Change) *index.World) {
	tb.Helper()
	log := indextest.NewLog()
	log.Append(definitions()...)
	f := &Follower{}
	e := index.NewEngine(log)
	e.Follow(f)
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	if err := e.Load(ctx, nil); err != nil {
		tb.Fatal(err)
	}
	go func() { done <- e.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return f, func(changes []data.Change) *index.World {
		w, err := e.Wait(ctx, log.Append(changes...))
		if err != nil {
			tb.Fatal(err)
		}
		return w
	}
}

// TestGather follows many new names, which are gathered on the way, and finds what a gazetteer that is built finds.
func TestGather(t *testing.T) {
	f, publish := following(t)
	done, most, waited := 0, 0, 0
	var w *index.World
	for _, n := range []int{300, 5000, 1, 1, 400, 900, 6000, 3, 1} {
		var changes []data.Change
		for range n {
			changes = append(changes, estate(done))
			done++
		}
		w = publish(changes)
		most = max(most, f.Gazetteer().names.Sets())
		if n == 900 && f.gathering != nil {
			for waited++; len(f.gathering) == 0; {
				time.Sleep(time.Millisecond)
			}
		}
	}
	built, followed := New(w), f.Gazetteer()
	if most < 3 || waited == 0 || followed.names.First() < 5000 {
		t.Errorf("at most %d sets, %d names in the first of %d, waited %d times", most, followed.names.First(), followed.Len(), waited)
	}
	text := func(g *Gazetteer, id names.ID) string { return string(g.Name(id)) }
	for i := 0; i < done; i += 41 {
		q := []rune(normal.Of(estate(i).Feature.Values[0].Text()).String())
		q[1] = '某'
		find := func(g *Gazetteer) (all []string) {
			for _, m := range g.Near(q, nil) {
				all = append(all, fmt.Sprint(text(g, m.ID), m.Length, m.Fault, m.Edits))
			}
			for _, l := range g.Guess(append([]rune("某某"), q[2:]...)).found {
				all = append(all, fmt.Sprint(text(g, l.ID), l.Start, l.Length, l.Edits))
			}
			g.Beginning(string(q[2:4]), func(id names.ID, _ names.Way) bool { all = append(all, text(g, id)); return len(all) < 20 })
			return all
		}
		if diff := gocmp.Diff(find(built), find(followed)); diff != "" {
			t.Fatalf("%s (-built +followed):\n%s", string(q), diff)
		}
	}
}

// BenchmarkNewNames publishes ten thousand new names in a city that has a hundred thousand: what the engine waits for.
func BenchmarkNewNames(b *testing.B) {
	const old, more = 100_000, 10_000
	_, publish := following(b)
	var changes []data.Change
	for i := range old {
		changes = append(changes, estate(i))
	}
	publish(changes)
	i := old
	var most time.Duration
	for b.Loop() {
		changes = changes[:0]
		for range more {
			changes = append(changes, estate(i))
			i++
		}
		start := time.Now()
		publish(changes)
		most = max(most, time.Since(start))
	}
	b.ReportMetric(float64(most.Milliseconds()), "ms-longest")
}
