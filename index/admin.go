package index

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

// AdminRecord is the newest change of a kept admin record. It is immutable.
type AdminRecord struct {
	// Admin is nil for one that was deleted.
	*data.Admin
	// Seq is the change, Prev the one before it, 0 for none.
	Seq, Prev data.Seq
	derived   memo
}

// admins are the kept admin records of a World, by name, deleted ones included: their Prevs lead to the past. Worlds
// with the same records share one, with what was derived from them.
type admins struct {
	// seq is the newest change of any of them.
	seq     data.Seq
	rows    btree.Map[string, *AdminRecord]
	derived memo
}

// AdminSeq is the Seq of the newest change of any kept admin record, 0 for none. Two Worlds of an epoch in which it is
// the same have the same records.
func (w *World) AdminSeq() data.Seq {
	if w.admins == nil {
		return 0
	}
	return w.admins.seq
}

// Admin yields the kept records of a kind in the order of their ids, byte by byte.
func (w *World) Admin(kind string) iter.Seq[*AdminRecord] {
	return func(yield func(*AdminRecord) bool) {
		if w.admins == nil {
			return
		}
		w.admins.rows.Ascend(data.AdminName(kind, ""), func(name string, r *AdminRecord) bool {
			if of, _ := data.CutAdminName(name); of != kind {
				return false
			}
			return r.Admin == nil || yield(r)
		})
	}
}

// AdminRecord finds a kept record that exists.
func (w *World) AdminRecord(kind, id string) (*AdminRecord, bool) {
	if w.admins == nil {
		return nil, false
	}
	r, ok := w.admins.rows.Get(data.AdminName(kind, id))
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
func FromRecord[T any](r *AdminRecord, from func() T) T { return derive(&r.derived, from) }

// FromAdmin is what from makes of the kept admin records of a World. It is made once for each type and for all Worlds
// that have the same records, so T must be a type of the package that asks, and depend on nothing else.
func FromAdmin[T any](w *World, from func() T) T {
	if w.admins == nil {
		return from()
	}
	return derive(&w.admins.derived, from)
}

// adminState is the admin records of a state. taken is what it began as or published last, nil when it has changed
// since.
type adminState struct {
	seq   data.Seq
	rows  btree.Map[string, *AdminRecord]
	taken *admins
}

// apply takes a change of a kept record, unless there is a newer one: a checkpoint may hold that.
func (s *adminState) apply(seq data.Seq, c *data.Change) {
	if have, ok := s.rows.Get(c.Layer); ok && have.Seq >= seq {
		return
	}
	s.rows.Set(c.Layer, &AdminRecord{Admin: c.Admin, Seq: seq, Prev: c.Prev})
	s.seq, s.taken = max(s.seq, seq), nil
}

// publish is the immutable form.
func (s *adminState) publish() *admins {
	if s.taken == nil && s.seq > 0 {
		s.taken = &admins{seq: s.seq, rows: *s.rows.Copy()}
	}
	return s.taken
}

// fork is a state that begins as the records of a World. Copying a tree writes to it: see World.fork.
func (a *admins) fork() adminState {
	if a == nil {
		return adminState{}
	}
	return adminState{seq: a.seq, rows: *a.rows.Copy(), taken: a}
}

// rewind makes the records those of an entry: each goes back to its newest change up to there.
func (s *adminState) rewind(ctx context.Context, log History, to data.Seq) error {
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
	s.rows.Scan(func(name string, r *AdminRecord) bool {
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
				s.rows.Set(c.Layer, &AdminRecord{Admin: c.Admin, Seq: seq, Prev: c.Prev})
			}
		}
		for name := range names {
			return fmt.Errorf("seq %d does not hold %s, which a later entry follows", seq, name)
		}
	}
	s.seq, s.taken = 0, nil
	s.rows.Scan(func(_ string, r *AdminRecord) bool {
		s.seq = max(s.seq, r.Seq)
		return true
	})
	return nil
}
