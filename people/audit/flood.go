package audit

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// MaxAddresses bounds how many addresses have a sum of their own within a minute.
const MaxAddresses = 1000

// Others stands for the addresses beyond [MaxAddresses].
const Others = "others"

// Flood sums up refusals by minute and address, so that the log grows by no more than [MaxAddresses] and one entries a
// minute whatever is sent. The zero Flood is ready. It is safe for concurrent use.
type Flood struct {
	mu   sync.Mutex
	sums map[flow]*Entry
	// addresses counts the sums of each minute.
	addresses map[time.Time]int
}

type flow struct {
	minute time.Time
	from   string
}

// Add counts a refusal. The first of a minute and address says what was tried; of the others only what they have in common
// with it stays.
func (f *Flood) Add(e Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sums == nil {
		f.sums, f.addresses = map[flow]*Entry{}, map[time.Time]int{}
	}
	minute := e.Time.Truncate(time.Minute).UTC()
	at := flow{minute, cut(e.From)}
	sum, ok := f.sums[at]
	if !ok && f.addresses[minute] >= MaxAddresses {
		at.from = Others
		sum, ok = f.sums[at]
	}
	if !ok {
		e.From, e.Outcome, e.Count = at.from, Refused, 1
		f.sums[at] = &e
		if at.from != Others {
			f.addresses[minute]++
		}
		return
	}
	sum.Count++
	for _, text := range []struct {
		have  *string
		other string
	}{{&sum.Actor, e.Actor}, {&sum.Staff, e.Staff}, {&sum.Object, e.Object}, {&sum.Reason, e.Reason}} {
		if *text.have != text.other {
			*text.have = ""
		}
	}
	if sum.Action != e.Action {
		sum.Action = "several"
	}
}

// Take returns the sums of minutes that are over at now, in order of time and address, and forgets them. Whoever ends
// takes the rest with a now that is a minute later.
func (f *Flood) Take(now time.Time) []Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	var over []Entry
	for at, sum := range f.sums {
		if !at.minute.Add(time.Minute).After(now) {
			over = append(over, *sum)
			delete(f.sums, at)
			delete(f.addresses, at.minute)
		}
	}
	slices.SortFunc(over, func(a, b Entry) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.From, b.From))
	})
	return over
}
