package index

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/records"
	"github.com/gewu-city/gewu/internal/flight"
)

// History is what the past needs of a store; see [data.Store] for the contracts.
type History interface {
	Last() data.Seq
	Horizon() data.Seq
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
	SeqAt(ctx context.Context, t time.Time) (data.Seq, error)
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
	Entries(ctx context.Context, after data.Seq) iter.Seq2[*data.Entry, error]
}

// PastOptions bound what the past may take. Zero members have the defaults named there.
type PastOptions struct {
	// Bytes bounds the memory of the Worlds that are kept, and that of one being built: 1 GiB.
	Bytes int64
	// Worlds bounds the number of Worlds that are kept: 16.
	Worlds int
	// Builds bounds how many are built at a time: 2.
	Builds int
	// Waiting bounds how many more may wait to be built: 16.
	Waiting int
}

func (o PastOptions) withDefaults() PastOptions {
	if o.Bytes <= 0 {
		o.Bytes = 1 << 30
	}
	for n, standard := range map[*int]int{&o.Worlds: 16, &o.Builds: 2, &o.Waiting: 16} {
		if *n <= 0 {
			*n = standard
		}
	}
	return o
}

// Past finds the Worlds of moments that are over. It keeps those that were asked for last and builds others from the
// nearest World there is, the engine's included: by taking back what the engine remembers, by taking back what the log
// holds, or by replaying the log, whichever is least work. It is safe for concurrent use and starts no goroutines; an
// engine has at most one.
type Past struct {
	engine  *Engine
	log     History
	options PastOptions
	flights flight.Group[moment, *World]
	slots   chan struct{}
	waiting atomic.Int64
	// numbers hands out what must never be used twice: generations and lines.
	numbers atomic.Uint64
	// forking is held while trees of Worlds are copied.
	forking sync.Mutex

	mu      sync.Mutex
	kept    []*keptWorld // the one asked for last at the end
	bytes   int64
	horizon HorizonError // of which the time is known
	counts  PastStats
	// weighed is the number of changes at the last look at all weights.
	weighed int
}

// keptWorld is a World in the cache. bytes is what it did not share with the engine's when it was last weighed; what
// two of them share is counted twice.
type keptWorld struct {
	moment
	world *World
	bytes int64
}

// PastStats are counters since the Past was made, and the present size of its cache.
type PastStats struct {
	// Hits are Worlds that were there; the others were built: from memory, by taking the log back, by replaying it.
	Hits, Recalled, Rewound, Replayed uint64
	// Worlds and Bytes are what is kept.
	Worlds int
	Bytes  int64
}

// NewPast returns the past of an engine's city, as its log holds it. It must be called before the engine is loaded.
func NewPast(e *Engine, log History, o PastOptions) *Past {
	o = o.withDefaults()
	p := &Past{engine: e, log: log, options: o, slots: make(chan struct{}, o.Builds)}
	e.Follow(p)
	return p
}

// Stats returns the counters. It may be called at any time.
func (p *Past) Stats() PastStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.counts
	s.Worlds, s.Bytes = len(p.kept), p.bytes
	return s
}

// SeqAt is the newest entry recorded at or before t, for [Moment].AsOf.
func (p *Past) SeqAt(ctx context.Context, t time.Time) (data.Seq, error) { return p.log.SeqAt(ctx, t) }

// World is the city of a moment. The error is *[FutureError], *[HorizonError], [ErrBusy], [ErrTooHeavy], that of ctx, or
// that of the log. Work that nobody waits for any more is given up.
func (p *Past) World(ctx context.Context, when Moment) (*World, error) {
	live := p.engine.World()
	m, err := p.settle(ctx, when, live)
	if err != nil {
		return nil, err
	}
	// The engine may be a little behind the log.
	if live, err = p.engine.Wait(ctx, m.seq); err != nil {
		return nil, err
	}
	if !m.dated() && live.seq == m.seq {
		return live, nil
	}
	if w, ok := p.find(m); ok {
		return w, nil
	}
	return p.flights.Do(ctx, m, func(ctx context.Context) (*World, error) {
		if p.waiting.Add(1) > int64(p.options.Waiting+p.options.Builds) {
			p.waiting.Add(-1)
			return nil, ErrBusy
		}
		defer p.waiting.Add(-1)
		select {
		case p.slots <- struct{}{}:
			defer func() { <-p.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if w, ok := p.find(m); ok {
			return w, nil
		}
		return p.build(ctx, m, when.AsOf == Newest)
	})
}

// settle gives a Moment its one form and refuses those that the log does not know.
func (p *Past) settle(ctx context.Context, when Moment, live *World) (moment, error) {
	m := moment{seq: when.AsOf, at: undated}
	if when.AsOf == Newest {
		m.seq = live.seq
	}
	if last := max(p.log.Last(), live.seq); m.seq > last {
		return m, &FutureError{AsOf: m.seq, Newest: last}
	}
	var recorded time.Time
	for asOf := m.seq; m.seq > 0 && (m.seq != live.seq || !when.At.IsZero()); m.seq-- {
		h, err := p.log.Header(ctx, m.seq)
		if err != nil {
			return m, fmt.Errorf("read header: %w", err)
		}
		// What was appended together is seen together: a position within a group shows what was before it.
		if recorded = h.Recorded; h.Visible <= asOf {
			break
		}
	}
	// Entries take effect when they are recorded or before.
	if !when.At.IsZero() && when.At.Before(recorded) {
		m.at = when.At.UnixMicro()
	}
	return m, p.known(ctx, m)
}

// known is a *[HorizonError] for a moment that the log does not know.
func (p *Past) known(ctx context.Context, m moment) error {
	horizon, err := p.complete(ctx)
	if err != nil {
		return err
	}
	if horizon.Horizon > 0 && (m.seq < horizon.Horizon || m.dated() && m.at < horizon.Recorded.UnixMicro()) {
		return horizon
	}
	return nil
}

// complete is the horizon of the log.
func (p *Past) complete(ctx context.Context) (*HorizonError, error) {
	at := p.log.Horizon()
	p.mu.Lock()
	have := p.horizon
	p.mu.Unlock()
	if have.Horizon == at {
		return &have, nil
	}
	h, err := p.log.Header(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	have = HorizonError{Horizon: at, Recorded: h.Recorded}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.horizon = have
	return &have, nil
}

// find takes a World from the cache.
func (p *Past) find(m moment) (*World, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.kept, func(k *keptWorld) bool { return k.moment == m })
	if i < 0 {
		return nil, false
	}
	k := p.kept[i]
	p.kept = append(slices.Delete(p.kept, i, i+1), k)
	p.counts.Hits++
	return k.world, true
}

// keep puts a World into the cache and drops those that were not asked for the longest, until it fits. With newest the
// World takes the place of an older one of the same date: both are asked for as the newest state of that date.
func (p *Past) keep(k *keptWorld, newest bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(func(have *keptWorld) bool {
		return have.moment == k.moment || newest && k.dated() && have.at == k.at && have.seq < k.seq
	})
	p.kept = append(p.kept, k)
	p.bytes += k.bytes
	p.fit()
}

// weigh looks at all weights again when many features have changed since the last time, because the engine's World has
// moved away from what it shared with those kept. p.mu is held.
func (p *Past) weigh(live *World) {
	changed := p.engine.recent.changed()
	if len(p.kept) == 0 || changed-p.weighed < weighChanges {
		return
	}
	p.weighed, p.bytes = changed, 0
	for _, k := range p.kept {
		k.bytes = k.world.weight(live)
		p.bytes += k.bytes
	}
	p.fit()
}

// fit drops the Worlds that were not asked for the longest until the rest fits. p.mu is held.
func (p *Past) fit() {
	for len(p.kept) > p.options.Worlds || p.bytes > p.options.Bytes {
		oldest := p.kept[0]
		p.drop(func(have *keptWorld) bool { return have == oldest })
	}
}

// weighChanges is the number of changes after which the Worlds that are kept are weighed again.
const weighChanges = 50_000

// Advance implements [Projection]: Worlds that nobody asks for any more must not grow unseen.
func (p *Past) Advance(next *World) map[string][]geo.Box {
	if !p.mu.TryLock() {
		return nil // somebody is at it
	}
	defer p.mu.Unlock()
	p.weigh(next)
	return nil
}

func (p *Past) drop(unwanted func(*keptWorld) bool) {
	p.kept = slices.DeleteFunc(p.kept, func(k *keptWorld) bool {
		if !unwanted(k) {
			return false
		}
		p.bytes -= k.bytes
		return true
	})
}

// build makes the World of a moment in the cheapest way and keeps it.
func (p *Past) build(ctx context.Context, m moment, newest bool) (*World, error) {
	ways, err := p.ways(ctx, m)
	if err != nil {
		return nil, err
	}
	for _, way := range ways {
		w, weight, err := p.take(ctx, way, m)
		if errors.Is(err, errTooMany) {
			continue // a replay always goes
		}
		// The horizon moves before anything is erased: if it has passed meanwhile, what was read may have had gaps.
		if gone := p.known(ctx, m); gone != nil {
			return nil, gone
		}
		if err != nil {
			return nil, err
		}
		p.keep(&keptWorld{m, w, weight}, newest)
		return w, nil
	}
	return nil, errTooMany
}

// take goes one way to a World and weighs it.
func (p *Past) take(ctx context.Context, from way, m moment) (*World, int64, error) {
	number := p.numbers.Add(1)
	p.forking.Lock()
	s := from.base.fork(forkedGeneration | number)
	p.forking.Unlock()
	var err error
	switch from.kind {
	case recall:
		s.rewind(from.entries, m)
	case rewind:
		err = s.rewindByLog(ctx, p.log, from.cut, m)
	case replay:
		err = s.replay(ctx, p.log, m, func() error {
			if s.weight(p.engine.World()) > p.options.Bytes {
				return ErrTooHeavy
			}
			return nil
		})
	}
	if err == nil {
		// Drafts are a matter of the present: a World of the past is asked for its city.
		s.planning = records.State{}
		err = s.admins.Rewind(ctx, p.log, m.seq)
	}
	if err != nil {
		return nil, 0, err
	}
	weight := p.weightOf(from.base)
	if s.changed() || weight == 0 {
		weight = s.weight(p.engine.World())
	}
	if weight > p.options.Bytes {
		return nil, 0, ErrTooHeavy
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch from.kind {
	case recall:
		p.counts.Recalled++
	case rewind:
		p.counts.Rewound++
	case replay:
		p.counts.Replayed++
	}
	return s.past(from.base, m, number, from.kind != replay), weight, nil
}

// weightOf is what a World was weighed when it was kept, 0 for those of the engine.
func (p *Past) weightOf(w *World) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kept {
		if k.world == w {
			return k.bytes
		}
	}
	return 0
}

// changed reports whether any layer differs from the World that the state began as.
func (s *state) changed() bool {
	return slices.ContainsFunc(s.tables, func(t *table) bool { return t.changed })
}

// forkedGeneration sets the generations of forks apart from those of the engine's tables.
const forkedGeneration = 1 << 63

// past is the World of what was applied to a fork of base. back says that base is newer.
func (s *state) past(base *World, m moment, number uint64, back bool) *World {
	s.seq = m.seq
	line := base.Line()
	for _, t := range s.tables {
		if t.changed {
			line = number
			t.seq = t.newest()
			t.touched.MarkAll(m.seq)
		}
	}
	w := s.publish(base)
	w.past, w.plans = &past{m, line}, nil
	for i, l := range w.layers {
		// A layer that is shared with a newer World may have been stamped later, without a change.
		if back || base.past == nil {
			w.layers[i] = l.upTo(m.seq)
		}
	}
	return w
}
