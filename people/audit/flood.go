package audit

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Bounds of the sums of a minute: of all, and of those of one address that is refused, or of one actor. What is beyond goes
// into one sum for the address or actor, and beyond [MaxSums] into one for [Others].
const (
	MaxSums  = 100
	MaxOfOne = 10
)

// Others stands for the addresses, and for those who asked, beyond [MaxSums].
const Others = "others"

// Flood sums up by the minute what is noted too often for a note each: what has the same actor, address, action, object and
// outcome. So the log grows by no more than twice [MaxSums] and two entries a minute, whatever is
// sent. The zero Flood is ready. It is safe for concurrent use.
type Flood struct {
	mu      sync.Mutex
	minutes map[time.Time]*minute
}

// minute holds the sums of one.
type minute struct {
	sums map[flow]*Entry
	// many counts those that are not for what is beyond, of counts them by whose they are.
	many int
	of   map[flow]int
}

// flow is what the entries of a sum have in common: first whose they are.
type flow struct {
	outcome, whose              string
	actor, from, action, object string
}

// Add counts an entry. The first of a sum says what was tried; of the others only what they have in common with it stays.
func (f *Flood) Add(e Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := e.Time.Truncate(time.Minute).UTC()
	m := f.minutes[at]
	if m == nil {
		m = &minute{sums: map[flow]*Entry{}, of: map[flow]int{}}
		if f.minutes == nil {
			f.minutes = map[time.Time]*minute{}
		}
		f.minutes[at] = m
	}
	e.Count = max(1, e.Count)
	whose := flow{outcome: e.Outcome, whose: cut(e.From)}
	if e.Outcome != Refused {
		whose.whose = cut(e.Actor)
	}
	key := flow{whose.outcome, whose.whose, cut(e.Actor), cut(e.From), cut(e.Action), cut(e.Object)}
	switch _, known := m.sums[key]; {
	case known:
	case m.many < MaxSums && m.of[whose] < MaxOfOne:
		m.many++
		m.of[whose]++
	case m.of[whose] > 0:
		key = whose
	default:
		key = flow{outcome: e.Outcome}
		e.From, e.Actor, e.Staff = Others, Others, ""
	}
	sum := m.sums[key]
	if sum == nil {
		m.sums[key] = &e
		return
	}
	sum.add(&e)
}

// add counts another entry, and keeps what both have in common.
func (e *Entry) add(other *Entry) {
	e.Count += other.Count
	for _, text := range []struct {
		have  *string
		other string
	}{{&e.Actor, other.Actor}, {&e.Staff, other.Staff}, {&e.From, other.From}, {&e.Object, other.Object}, {&e.Reason, other.Reason}} {
		if *text.have != text.other {
			*text.have = ""
		}
	}
	if e.Action != other.Action {
		e.Action = Several
	}
}

// Take returns the sums of minutes that are over at now, in order of time, and forgets them. Whoever ends, or wants to see
// what there is, takes the rest with a now that is a minute later.
func (f *Flood) Take(now time.Time) []Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	var over []Entry
	for at, m := range f.minutes {
		if at.Add(time.Minute).After(now) {
			continue
		}
		for _, sum := range m.sums {
			over = append(over, *sum)
		}
		delete(f.minutes, at)
	}
	slices.SortFunc(over, func(a, b Entry) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.From, b.From), cmp.Compare(a.Actor, b.Actor), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Object, b.Object))
	})
	return over
}
