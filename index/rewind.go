package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// restore makes a feature what it was after the change seq: c, or nothing when seq is 0. It keeps its slot.
func (t *table) restore(seq data.Seq, c *data.Change) {
	if seq == 0 {
		c = &data.Change{Op: data.OpDelete, Feature: data.Feature{ID: c.Feature.ID}, Permanent: c.Permanent}
	}
	t.apply(seq, c, nil)
}

// rowOf names a row of a state.
type rowOf struct {
	layer string
	slot  Slot
}

// rewind takes entries, the newest of the state, back as far as the moment does not hold them. A change that counts
// and is newer than one that does not covers it: the feature stays as it is.
func (s *state) rewind(entries []undoable, m moment) {
	settled := map[rowOf]bool{}
	wanted := map[rowOf]*version{}
	for i := len(entries) - 1; i >= 0; i-- {
		e := &entries[i]
		counts := m.holds(e.seq, e.since)
		for j := len(e.replaced) - 1; j >= 0; j-- {
			v := &e.replaced[j]
			row := rowOf{v.layer, v.slot}
			switch t := s.table(v.layer); {
			case t == nil || t.born != v.born || settled[row]:
			case counts:
				settled[row] = true
			default:
				wanted[row] = v
			}
		}
	}
	// In the order of the rows: neighbours lie in one chunk.
	rows := slices.SortedFunc(maps.Keys(wanted), func(a, b rowOf) int { return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.slot, b.slot)) })
	for _, row := range rows {
		v, t := wanted[row], s.table(row.layer)
		at := uint32(row.slot)
		c := data.Change{Op: data.OpDelete, Permanent: t.rows.permanents.At(at)}
		if v.feature != nil {
			c.Op, c.Feature = data.OpPut, *v.feature
		}
		c.Feature.ID = t.rows.ids.At(at)
		t.restore(v.seq, &c)
	}
}

// mostRewound bounds the features that are taken back by the log, because all that they were is held in memory. With
// more of them a replay is not much slower.
const mostRewound = 200_000

var errTooMany = errors.New("index: too many features changed")

// traced is a feature that has to be taken back: to the change prev, or to change of entry seq when that is known.
type traced struct {
	prev   data.Seq
	seq    data.Seq
	change *data.Change
	// last is the newest change seen, for the feature's id.
	last *data.Change
}

// featureOf names a feature: permanent ids are unique in a store.
type featureOf struct {
	layer     string
	permanent uint32
}

// rewindByLog is rewind for entries that only the log remembers: those after cut, up to which everything counts. The
// error is errTooMany, or that of the log or of ctx.
func (s *state) rewindByLog(ctx context.Context, log History, cut data.Seq, m moment) error {
	back, err := s.trace(ctx, log, cut, m)
	if err != nil {
		return err
	}
	byEntry := map[data.Seq][]uint32{}
	for f, t := range back {
		if t.change == nil && t.prev > 0 {
			byEntry[t.prev] = append(byEntry[t.prev], f.permanent)
		}
	}
	for _, seq := range slices.Sorted(maps.Keys(byEntry)) {
		changes, err := log.Changes(ctx, seq, byEntry[seq]...)
		if err != nil {
			return fmt.Errorf("read seq %d: %w", seq, err)
		}
		for i := range changes {
			// The last of several is the one that held.
			if t := back[featureOf{changes[i].Layer, changes[i].Permanent}]; t != nil && t.prev == seq && (t.change == nil || t.seq == seq) {
				t.seq, t.change = seq, &changes[i]
			}
		}
	}
	// In about the order of the rows: neighbours lie in one chunk.
	features := slices.SortedFunc(maps.Keys(back), func(a, b featureOf) int { return cmp.Compare(a.permanent, b.permanent) })
	for _, f := range features {
		t := back[f]
		c := t.change
		switch {
		case c == nil && t.prev > 0:
			return fmt.Errorf("seq %d does not hold %s/%s, which seq %d follows", t.prev, f.layer, t.last.Feature.ID, m.seq)
		case c == nil:
			c = t.last
		case c.Erased:
			return fmt.Errorf("seq %d of %s/%s was erased behind the horizon", t.seq, f.layer, t.last.Feature.ID)
		}
		s.table(f.layer).restore(t.seq, c)
	}
	return nil
}

// trace finds the features of the state with changes after cut that do not count, and what each was before the first
// of them, or after a later one that counts.
func (s *state) trace(ctx context.Context, log History, cut data.Seq, m moment) (map[featureOf]*traced, error) {
	back := map[featureOf]*traced{}
	for entry, err := range log.Entries(ctx, cut) {
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		if entry.Seq > s.seq {
			break
		}
		counts := m.holds(entry.Seq, entry.Since().UnixMicro())
		for i := range entry.Changes {
			c := &entry.Changes[i]
			if c.Stream == data.StreamSchema && c.Op == data.OpDelete {
				// What follows belongs to another layer of the name.
				maps.DeleteFunc(back, func(f featureOf, _ *traced) bool { return f.layer == c.Layer })
			}
			if c.Stream != data.StreamFeature || s.table(c.Layer) == nil {
				continue
			}
			f := featureOf{c.Layer, c.Permanent}
			t := back[f]
			switch {
			case t == nil && counts:
				continue
			case t == nil:
				if len(back) == mostRewound {
					return nil, errTooMany
				}
				t = &traced{prev: c.Prev}
				back[f] = t
			case counts:
				t.seq, t.change = entry.Seq, c
			}
			t.last = c
		}
	}
	return back, nil
}

// weighEvery is the number of changes between two looks at the memory of a replay.
const weighEvery = 100_000

// replay applies the entries after the state's own up to the moment, without changes of features that do not count.
// check is called now and then.
func (s *state) replay(ctx context.Context, log History, m moment, check func() error) error {
	changes := 0
	for entry, err := range log.Entries(ctx, s.seq) {
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		if entry.Seq > m.seq {
			break
		}
		counts := m.holds(entry.Seq, entry.Since().UnixMicro())
		for i := range entry.Changes {
			c := &entry.Changes[i]
			if c.Stream == data.StreamFeature && !counts || c.Plan != nil {
				continue
			}
			if err := s.apply(entry.Seq, c, nil, nil); err != nil {
				return fmt.Errorf("apply seq %d change %d: %w", entry.Seq, i, err)
			}
			if changes++; changes%weighEvery == 0 {
				if err := check(); err != nil {
					return err
				}
			}
		}
		s.seq = entry.Seq
	}
	return nil
}
