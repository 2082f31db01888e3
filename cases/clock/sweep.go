package clock

import (
	"strconv"
	"sync"
	"time"

	"github.com/tidwall/btree"

	"github.com/gewu-city/gewu/cases/calendar"
)

// Notice is a mark that a clock has reached.
type Notice struct {
	Case  string
	Clock string
	// Kind and Level are those of the mark; Key is what the effect Fire names. A notice of the kind "resume" asks for the
	// effect Resume beside it: its pause is over.
	Kind       string
	Level      int
	Key        string
	Generation int
	// At is when the mark was reached, which may be long ago if nothing ran.
	At time.Time
}

// ID is unique for all time: case, clock, key of the mark, generation.
func (n *Notice) ID() string {
	return n.Case + "/" + n.Clock + "/" + n.Key + "/" + strconv.Itoa(n.Generation)
}

// Sweep keeps the next mark of every clock of every open case in order of time. It is derived: after a restart it is
// filled from the clocks of the open cases. It is safe for concurrent use.
//
// Each notice that Take hands out is answered by [Sweep.Put] of the clock that the effect Fire made, or by [Sweep.Return]
// if it could not be appended. Until then it is not handed out again. Time is only compared: a Take with an earlier time
// than the one before hands out less, never something twice.
type Sweep struct {
	mu      sync.Mutex
	due     *btree.BTreeG[*entry] // without what is handed out
	of      map[key]*entry        // with it
	undated map[key]struct{}
}

type key struct{ caseID, clock string }

// entry is the next mark of a clock.
type entry struct {
	key
	at   int64 // nanoseconds
	next Pending
	gen  int
	// out says that it is handed out.
	out bool
}

// NewSweep is an empty sweep.
func NewSweep() *Sweep {
	less := func(a, b *entry) bool {
		switch {
		case a.at != b.at:
			return a.at < b.at
		case a.caseID != b.caseID:
			return a.caseID < b.caseID
		}
		return a.clock < b.clock
	}
	return &Sweep{due: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true}), of: map[key]*entry{}, undated: map[key]struct{}{}}
}

// Put tells the sweep what a clock is now. Clocks with nothing ahead are forgotten, so every clock may be put.
func (s *Sweep) Put(caseID string, c *Clock, rule *Rule, book *calendar.Book) {
	next, ok := rule.Next(c, book)
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{caseID, c.Name}
	if c.Fault != "" {
		s.undated[k] = struct{}{}
	} else {
		delete(s.undated, k)
	}
	if ok {
		s.set(k, next, c.Generation)
	} else {
		s.forget(k)
	}
}

// Await tells the sweep of an instant of a case that no clock has, under a name that none has: its notice has the kind and key
// given. What has nothing ahead any more is dropped.
func (s *Sweep) Await(caseID, name, kind string, generation int, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(key{caseID, name}, Pending{Key: kind, Kind: kind, At: at}, generation)
}

// set puts the mark of a clock in the place of the one before.
func (s *Sweep) set(k key, next Pending, generation int) {
	e, ok := s.of[k]
	switch {
	case !ok:
		e = &entry{key: k}
		s.of[k] = e
	case !e.out:
		s.due.Delete(e)
	}
	e.at, e.next, e.gen, e.out = next.At.UnixNano(), next, generation, false
	s.due.Set(e)
}

// Drop forgets a clock of a case.
func (s *Sweep) Drop(caseID, clock string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{caseID, clock}
	delete(s.undated, k)
	s.forget(k)
}

func (s *Sweep) forget(k key) {
	if e, ok := s.of[k]; ok {
		delete(s.of, k)
		if !e.out {
			s.due.Delete(e)
		}
	}
}

// Take hands out at most so many notices whose marks are reached at an instant, the oldest first, one for each clock. A
// clock that has reached several hands out the next when it is put again.
func (s *Sweep) Take(now time.Time, most int) []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Notice, 0, min(most, s.due.Len()))
	for limit := now.UnixNano(); len(list) < most; {
		e, ok := s.due.Min()
		if !ok || e.at > limit {
			break
		}
		s.due.PopMin()
		e.out = true
		list = append(list, e.notice())
	}
	return list
}

func (e *entry) notice() Notice {
	return Notice{
		Case: e.caseID, Clock: e.clock, Kind: e.next.Kind, Level: e.next.Level, Key: e.next.Key, Generation: e.gen, At: e.next.At,
	}
}

// Return gives a notice back that could not be appended; it is handed out again. A notice whose clock was put meanwhile is
// of the past, and is not.
func (s *Sweep) Return(n Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.of[key{n.Case, n.Clock}]
	if ok && e.out && e.gen == n.Generation && e.next.Key == n.Key {
		e.out = false
		s.due.Set(e)
	}
}

// Next is when the earliest mark is reached, of those that are not handed out.
func (s *Sweep) Next() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.due.Min()
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(0, e.at), true
}

// Len is how many clocks have a mark ahead.
func (s *Sweep) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.of)
}

// Undated are the clocks that are not counted because the table of holidays ends, as case and clock, in no order. They are
// to be counted again, and put, when the calendar has changed.
func (s *Sweep) Undated() [][2]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([][2]string, 0, len(s.undated))
	for k := range s.undated {
		list = append(list, [2]string{k.caseID, k.clock})
	}
	return list
}
