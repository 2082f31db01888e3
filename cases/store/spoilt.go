package store

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
)

// spoilt are the cases that cannot be read any further, by id.
type spoilt struct {
	// some says that there are any, so that nobody takes the lock for nothing.
	some atomic.Bool
	mu   sync.RWMutex
	of   map[string]*cases.UnreadableError
}

// Spoil notes that a case cannot be read any further, and reports whether that is news. It stays shown as it was read last, if
// it was; [Store.Case] and everything that would move it answer with the error. Of a case that is noted, only the newest entry
// moves.
func (s *Store) Spoil(u cases.UnreadableError) (first bool) {
	s.spoilt.mu.Lock()
	was := s.spoilt.of[u.Case]
	if first = was == nil; !first {
		newest, last := u.Newest, u.Last
		u = *was
		u.Forked = u.Forked || newest > u.Newest && last != u.Last+1
		if newest >= u.Newest && last > u.Last {
			u.Newest, u.Last = newest, last
		}
	}
	if s.spoilt.of == nil {
		s.spoilt.of = map[string]*cases.UnreadableError{}
	}
	s.spoilt.of[u.Case] = &u
	s.spoilt.some.Store(true)
	s.spoilt.mu.Unlock()
	s.held.Lock()
	defer s.held.Unlock()
	delete(s.recent, u.Case)
	return first
}

// Spoilt says why a case cannot be read any further, nil for one that can, or that does not exist.
func (s *Store) Spoilt(id string) *cases.UnreadableError {
	if !s.spoilt.some.Load() {
		return nil
	}
	s.spoilt.mu.RLock()
	defer s.spoilt.mu.RUnlock()
	return s.spoilt.of[id]
}

// Unreadable are the cases that cannot be read any further, in the order of the entries where that begins.
func (s *Store) Unreadable() []*cases.UnreadableError {
	s.spoilt.mu.RLock()
	defer s.spoilt.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.spoilt.of), func(a, b *cases.UnreadableError) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Case, b.Case))
	})
}

// Heal shows a case that could not be read and can be now.
func (s *Store) Heal(c *cases.Case, seq data.Seq, events ...*cases.Event) {
	s.Show([]Shown{{c, seq}}, events...)
	s.spoilt.mu.Lock()
	defer s.spoilt.mu.Unlock()
	delete(s.spoilt.of, c.ID)
	s.spoilt.some.Store(len(s.spoilt.of) > 0)
}
