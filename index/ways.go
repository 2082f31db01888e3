package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gewu-city/gewu/data"
)

// kind is how a World of the past is reached.
type kind uint8

const (
	// recall takes back what the engine remembers.
	recall kind = iota
	// rewind takes back what the log holds after cut.
	rewind
	// replay goes forward by the log.
	replay
)

// way is one way to a World of the past.
type way struct {
	kind kind
	base *World
	cost uint64
	// entries are those to recall, cut the entry up to which everything counts.
	entries []undoable
	cut     data.Seq
}

// Costs of a change, in relation to each other: reading and applying it, reading it and what was before, applying
// what is in memory. Measured: 5–6 µs, 8–12 µs, 5–6 µs; see docs/benchmarks.md.
const (
	replayCost = 1
	rewindCost = 2
	recallCost = 1
)

// ways are the ways to a moment, the cheapest first. One of them is a replay of the log, from the beginning or from a
// World that is nearer, which always goes.
func (p *Past) ways(ctx context.Context, m moment) ([]way, error) {
	if base := p.follows(m); base != nil {
		return []way{{kind: replay, base: base}}, nil
	}
	cut := m.seq
	if m.dated() {
		// What was recorded by then took effect by then.
		recorded, err := p.log.SeqAt(ctx, time.UnixMicro(m.at))
		if err != nil {
			return nil, fmt.Errorf("find seq: %w", err)
		}
		cut = min(cut, recorded)
	}
	live := p.engine.World()
	bases := append(p.bases(), live, &World{epoch: live.epoch})
	var found []way
	forward := way{}
	for _, base := range bases {
		switch {
		case base.leadsTo(m, cut):
			cost, err := p.distance(ctx, base.seq, m.seq)
			if err != nil {
				return nil, err
			}
			if w := (way{kind: replay, base: base, cost: cost * replayCost}); forward.base == nil || w.cost < forward.cost {
				forward = w
			}
		case base.seq >= m.seq && !base.dated() && base.defined <= m.seq:
			if base == live {
				if entries, changes, ok := p.engine.recent.between(cut, base.seq); ok {
					found = append(found, way{kind: recall, base: base, entries: entries, cost: uint64(changes) * recallCost})
					continue
				}
			}
			cost, err := p.distance(ctx, cut, base.seq)
			if err != nil {
				return nil, err
			}
			found = append(found, way{kind: rewind, base: base, cut: cut, cost: cost * rewindCost})
		}
	}
	found = append(found, forward)
	slices.SortStableFunc(found, func(a, b way) int { return cmp.Compare(a.cost, b.cost) })
	return found, nil
}

// nearEntries is how far a World of the same date may be back for its way to be taken without a look at others.
const nearEntries = 1000

// follows is a World of the same date, a few entries before: what a map of a date asks for while the city is edited.
func (p *Past) follows(m moment) *World {
	for _, base := range p.bases() {
		if m.dated() && base.dated() && base.past.at == m.at && base.seq <= m.seq && m.seq-base.seq <= nearEntries {
			return base
		}
	}
	return nil
}

// bases are the Worlds in the cache.
func (p *Past) bases() []*World {
	p.mu.Lock()
	defer p.mu.Unlock()
	worlds := make([]*World, len(p.kept))
	for i, k := range p.kept {
		worlds[i] = k.world
	}
	return worlds
}

func (w *World) dated() bool { return w.past != nil && w.past.dated() }

// leadsTo reports whether a replay of the entries after w reaches the moment: what w shows is what counts up to there.
func (w *World) leadsTo(m moment, cut data.Seq) bool {
	if w.dated() {
		return w.past.at == m.at && w.seq <= m.seq
	}
	return w.seq <= cut
}

// distance is about the number of changes after from up to to: one for each entry and for each new feature.
func (p *Past) distance(ctx context.Context, from, to data.Seq) (uint64, error) {
	var permanent [2]uint32
	for i, seq := range []data.Seq{from, to} {
		if seq == 0 {
			continue
		}
		h, err := p.log.Header(ctx, seq)
		if err != nil {
			return 0, fmt.Errorf("read header: %w", err)
		}
		permanent[i] = h.Permanent
	}
	return uint64(to-from) + uint64(permanent[1]-permanent[0]), nil
}
