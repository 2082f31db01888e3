// Package rate says who asks too often: each name has a bucket of tokens that fills at a steady rate, and each request takes
// one. It knows no HTTP and no clock.
package rate

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// shards spread the lock; a request holds one of them for as long as one map entry takes.
const shards = 16

// sample is how many names are looked at to find one to forget.
const sample = 8

// Limiter bounds how often each of many names may ask. What it remembers is bounded: beyond that it forgets the name of a
// few that has asked the least of late, which may then ask as one that was never seen. So it refuses nobody for what others
// do. It is safe for concurrent use.
type Limiter[K comparable] struct {
	every   int64 // nanoseconds in which one token comes
	depth   int64 // nanoseconds in which an empty bucket fills
	most    int   // names in a shard
	seed    maphash.Seed
	refused atomic.Uint64
	parts   [shards]part[K]
}

// part holds for each name when its bucket will be full again, which is all there is to know of a bucket.
type part[K comparable] struct {
	mu   sync.Mutex
	full map[K]int64
}

// New returns a limiter of perSecond requests, with bursts of as many as come in burst, at least one; it remembers about
// most names. A rate of 0 or less gives nil, which lets everybody pass.
func New[K comparable](perSecond float64, burst time.Duration, most int) *Limiter[K] {
	if perSecond <= 0 {
		return nil
	}
	every := max(1, int64(math.Min(float64(time.Second)/perSecond, math.MaxInt32*float64(time.Second))))
	l := &Limiter[K]{every: every, depth: max(every, int64(burst)/every*every), most: max(1, most/shards), seed: maphash.MakeSeed()}
	for i := range l.parts {
		l.parts[i].full = map[K]int64{}
	}
	return l
}

// Take takes a token of a name at a time, counted from any moment that is the same for all calls. When there is none it
// says how long until there is one, and that is more than 0.
func (l *Limiter[K]) Take(name K, now time.Duration) (wait time.Duration) {
	if l == nil {
		return 0
	}
	p := &l.parts[maphash.Comparable(l.seed, name)%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	full, known := p.full[name]
	full = max(full, int64(now)) + l.every
	if over := full - int64(now) - l.depth; over > 0 {
		l.refused.Add(1)
		return time.Duration(over)
	}
	if !known && len(p.full) >= l.most {
		p.forget(int64(now))
	}
	p.full[name] = full
	return 0
}

// forget makes room for a name. Those whose buckets are full again are not missed; of others the fullest goes.
func (p *part[K]) forget(now int64) {
	var fullest K
	least, seen, before := int64(math.MaxInt64), 0, len(p.full)
	for name, full := range p.full { // in random order
		if full <= now {
			delete(p.full, name)
		} else if full < least {
			fullest, least = name, full
		}
		if seen++; seen == sample {
			break
		}
	}
	if len(p.full) == before {
		delete(p.full, fullest)
	}
}

// Stats are how many names are remembered, and how many requests were refused so far.
func (l *Limiter[K]) Stats() (names int, refused uint64) {
	if l == nil {
		return 0, 0
	}
	for i := range l.parts {
		l.parts[i].mu.Lock()
		names += len(l.parts[i].full)
		l.parts[i].mu.Unlock()
	}
	return names, l.refused.Load()
}
