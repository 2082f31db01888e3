package audit

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// MaxSums bounds how many sums of their own a minute has: what is counted beyond goes into one for [Others].
const MaxSums = 100

// Others stands for the addresses, and for those who asked, beyond [MaxSums].
const Others = "others"

// Flood sums up what is noted too often for a note each: refusals by minute and address, acts by minute, actor and action.
// So the log grows by no more than [MaxSums] and two entries a minute, whatever is sent. The zero Flood is ready. It is safe
// for concurrent use.
type Flood struct {
	mu   sync.Mutex
	sums map[flow]*Entry
	// many counts the sums of each minute.
	many map[time.Time]int
}

// flow is what sums have in common.
type flow struct {
	minute          time.Time
	outcome         string
	by, action, who string
}

// Add counts an entry. The first of a sum says what was tried; of the others only what they have in common with it stays.
func (f *Flood) Add(e Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sums == nil {
		f.sums, f.many = map[flow]*Entry{}, map[time.Time]int{}
	}
	at := flow{minute: e.Time.Truncate(time.Minute).UTC(), outcome: e.Outcome}
	if e.Outcome == Refused {
		at.by = cut(e.From)
	} else {
		at.who, at.action = cut(e.Actor), cut(e.Action)
	}
	sum, ok := f.sums[at]
	if !ok && f.many[at.minute] >= MaxSums {
		at.by, at.who, at.action = Others, "", ""
		sum, ok = f.sums[at]
	}
	if !ok {
		e.Count = max(1, e.Count)
		if at.by == Others {
			e.From = Others
		} else {
			f.many[at.minute]++
		}
		f.sums[at] = &e
		return
	}
	sum.Count += max(1, e.Count)
	for _, text := range []struct {
		have  *string
		other string
	}{{&sum.Actor, e.Actor}, {&sum.Staff, e.Staff}, {&sum.Object, e.Object}, {&sum.Reason, e.Reason}} {
		if *text.have != text.other {
			*text.have = ""
		}
	}
	if at.by != Others && sum.From != e.From {
		sum.From = ""
	}
	if sum.Action != e.Action {
		sum.Action = Several
	}
}

// Take returns the sums of minutes that are over at now, in order of time, and forgets them. Whoever ends, or wants to see
// what there is, takes the rest with a now that is a minute later.
func (f *Flood) Take(now time.Time) []Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	var over []Entry
	for at, sum := range f.sums {
		if !at.minute.Add(time.Minute).After(now) {
			over = append(over, *sum)
			delete(f.sums, at)
			delete(f.many, at.minute)
		}
	}
	slices.SortFunc(over, func(a, b Entry) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.From, b.From), cmp.Compare(a.Actor, b.Actor), cmp.Compare(a.Action, b.Action))
	})
	return over
}
