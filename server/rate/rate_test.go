package rate

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// bucket is the oracle: tokens are counted, and come one by one as time passes.
type bucket struct {
	tokens, most int
	next         time.Duration // when the next token comes, while some are missing
}

func (b *bucket) take(now, every time.Duration) (wait time.Duration) {
	for b.tokens < b.most && b.next <= now {
		b.tokens++
		b.next += every
	}
	if b.tokens == 0 {
		return b.next - now
	}
	if b.tokens == b.most {
		b.next = now + every
	}
	b.tokens--
	return 0
}

// TestLikeBuckets compares a limiter with counted tokens, on a virtual clock.
func TestLikeBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perSecond := rapid.SampledFrom([]float64{0.1, 1, 4, 100, 1000}).Draw(t, "rate")
		every := time.Duration(float64(time.Second) / perSecond)
		most := rapid.IntRange(1, 20).Draw(t, "burst")
		l := New[int](perSecond, time.Duration(most)*every, 1<<16)
		oracle := map[int]*bucket{}
		now := time.Duration(rapid.IntRange(0, 1000).Draw(t, "start"))
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			now += time.Duration(rapid.Int64Range(0, int64(every)*3/2).Draw(t, "pause"))
			name := rapid.IntRange(0, 2).Draw(t, "name")
			b := oracle[name]
			if b == nil {
				b = &bucket{tokens: most, most: most}
				oracle[name] = b
			}
			if got, want := l.Take(name, now), b.take(now, every); got != want {
				t.Fatalf("at %s: %d waits %s, want %s", now, name, got, want)
			}
		}
	})
}

// TestForgets has many more names than are remembered: memory stays bounded, and nobody is refused for what others do.
func TestForgets(t *testing.T) {
	const most = 256
	l := New[int](1, 2*time.Second, most)
	for i := range 50_000 {
		if wait := l.Take(i, time.Duration(i)*time.Microsecond); wait != 0 {
			t.Fatalf("name %d was never seen and waits %s", i, wait)
		}
		if names, _ := l.Stats(); i%1000 == 0 && names > most {
			t.Fatalf("%d names are remembered", names)
		}
	}
	if names, refused := l.Stats(); names > most || names < most/2 || refused != 0 {
		t.Errorf("%d names, %d refused", names, refused)
	}
}

// TestTogether has many ask at once for one bucket: as many pass as it holds.
func TestTogether(t *testing.T) {
	l := New[string](10, 10*time.Second, 100)
	var passed atomic.Int64
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 100 {
				if l.Take("one", 0) == 0 {
					passed.Add(1)
				}
			}
		})
	}
	asking.Wait()
	if _, refused := l.Stats(); passed.Load() != 100 || refused != 700 {
		t.Errorf("%d passed, %d refused", passed.Load(), refused)
	}
}

// TestNone has a limiter without a rate.
func TestNone(t *testing.T) {
	l := New[string](0, time.Second, 1)
	for range 1000 {
		if l.Take("", 0) != 0 {
			t.Fatal("refused without a rate")
		}
	}
	if names, refused := l.Stats(); names != 0 || refused != 0 {
		t.Error(names, refused)
	}
}

func BenchmarkTake(b *testing.B) {
	for _, names := range []int{1, 1 << 17} {
		b.Run(fmt.Sprint(names), func(b *testing.B) {
			l := New[int](1e6, time.Second, 1<<16)
			start, i := time.Now(), 0
			for b.Loop() {
				l.Take(i%names, time.Since(start))
				i++
			}
		})
	}
}
