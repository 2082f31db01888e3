// Package records holds the kept admin records of a city: what an index.World shows of them, how a state takes changes,
// and how it goes back to what it was.
package records

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/tidwall/btree"

	"github.com/gewu-city/gewu/data"
)

// Record is the newest change of a kept admin record. It is immutable.
type Record struct {
	// Admin is nil for one that was deleted.
	*data.Admin
	// Seq is the change, Prev the one before it, 0 for none.
	Seq, Prev data.Seq
	derived   memo
}

// Set is all records of a World, by name, deleted ones included: their Prevs lead to the past. Worlds with the same
// records share one, with what was derived from it. It is immutable.
type Set struct {
	seq     data.Seq
	rows    btree.Map[string, *Record]
	derived memo
}

// Seq is the Seq of the newest change of any record, 0 for none. It may be called on nil, as the other methods may: that
// is a set of none.
func (s *Set) Seq() data.Seq {
	if s == nil {
		return 0
	}
	return s.seq
}

// All yields the records of a kind that exist, in the order of their ids, byte by byte.
func (s *Set) All(kind string) iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		if s == nil {
			return
		}
		s.rows.Ascend(data.AdminName(kind, ""), func(name string, r *Record) bool {
			if of, _ := data.CutAdminName(name); of != kind {
				return false
			}
			return r.Admin == nil || yield(r)
		})
	}
}

// Find finds a record that exists.
func (s *Set) Find(kind, id string) (*Record, bool) {
	if s == nil {
		return nil, false
	}
	r, ok := s.rows.Get(data.AdminName(kind, id))
	return r, ok && r.Admin != nil
}

// memo keeps what was derived of something immutable, one value of each type.
type memo struct{ values sync.Map }

func derive[T any](m *memo, from func() T) T {
	value, ok := m.values.Load(reflect.TypeFor[T]())
	if !ok {
		value, _ = m.values.LoadOrStore(reflect.TypeFor[T](), sync.OnceValue(from))
	}
	once, _ := value.(func() T)
	return once()
}

// FromRecord is what from makes of a record. It is made once for each type and record, whoever asks, so T must be a
// type of the package that asks.
func FromRecord[T any](r *Record, from func() T) T { return derive(&r.derived, from) }

// FromSet is what from makes of a set. It is made once for each type and set, so T must be a type of the package that
// asks, and depend on nothing else. Of a nil set it is made each time.
func FromSet[T any](s *Set, from func() T) T {
	if s == nil {
		return from()
	}
	return derive(&s.derived, from)
}

// State is records that take changes. It belongs to one goroutine.
type State struct {
	seq  data.Seq
	rows btree.Map[string, *Record]
	// taken is what the state began as or published last, nil when it has changed since.
	taken *Set
}

// Apply takes a change of a kept record, unless there is a newer one: a checkpoint may hold that.
func (s *State) Apply(seq data.Seq, c *data.Change) {
	if have, ok := s.rows.Get(c.Layer); ok && have.Seq >= seq {
		return
	}
	s.rows.Set(c.Layer, &Record{Admin: c.Admin, Seq: seq, Prev: c.Prev})
	s.seq, s.taken = max(s.seq, seq), nil
}

// Publish is the immutable form, nil without any record.
func (s *State) Publish() *Set {
	if s.taken == nil && s.seq > 0 {
		s.taken = &Set{seq: s.seq, rows: *s.rows.Copy()}
	}
	return s.taken
}

// Fork is a state that begins as a set, which may be nil. It writes to a member of the set that readers do not look at:
// only one goroutine may fork at a time.
func (s *Set) Fork() State {
	if s == nil {
		return State{}
	}
	return State{seq: s.seq, rows: *s.rows.Copy(), taken: s}
}

// Log is what going back needs of a store; see [data.Store] for the contract.
type Log interface {
	Changes(ctx context.Context, seq data.Seq, permanents ...uint32) ([]data.Change, error)
}

// Rewind makes the records those of an entry: each goes back to its newest change up to there. Records that are as old
// cost nothing. The error is that of the log or of ctx.
func (s *State) Rewind(ctx context.Context, log Log, to data.Seq) error {
	if s.seq <= to {
		return nil
	}
	wanted := map[data.Seq]map[string]bool{}
	back := func(name string, prev data.Seq) {
		if prev == 0 {
			s.rows.Delete(name)
			return
		}
		if wanted[prev] == nil {
			wanted[prev] = map[string]bool{}
		}
		wanted[prev][name] = true
	}
	var newer []string
	s.rows.Scan(func(name string, r *Record) bool {
		if r.Seq > to {
			newer = append(newer, name)
		}
		return true
	})
	for _, name := range newer {
		r, _ := s.rows.Get(name)
		back(name, r.Prev)
	}
	for len(wanted) > 0 {
		// The newest first: all that leads to an entry has been followed when it is read.
		seq := slices.Max(slices.Collect(maps.Keys(wanted)))
		names := wanted[seq]
		delete(wanted, seq)
		changes, err := log.Changes(ctx, seq, 0)
		if err != nil {
			return fmt.Errorf("read seq %d: %w", seq, err)
		}
		for i := range changes {
			c := &changes[i]
			if c.Stream != data.StreamAdmin || !names[c.Layer] {
				continue
			}
			delete(names, c.Layer)
			if seq > to {
				back(c.Layer, c.Prev)
			} else {
				s.rows.Set(c.Layer, &Record{Admin: c.Admin, Seq: seq, Prev: c.Prev})
			}
		}
		for name := range names {
			return fmt.Errorf("seq %d does not hold %s, which a later entry follows", seq, name)
		}
	}
	s.seq, s.taken = 0, nil
	s.rows.Scan(func(_ string, r *Record) bool {
		s.seq = max(s.seq, r.Seq)
		return true
	})
	return nil
}
