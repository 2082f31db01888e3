package places

import (
	"slices"
	"time"

	"github.com/gewu-city/gewu/geocode/eval"
)

// Search finds the door that a text means. One client asks it, one question after the other.
type Search interface {
	// Build makes the index anew and returns the CPU it took and the bytes of it.
	Build() (cpu time.Duration, bytes int64, err error)
	// Prepare makes of a text what Find is asked. It is not measured.
	Prepare(text string) string
	// Find returns the ID of the best door, empty if there is none.
	Find(text string) (id string, err error)
	// CPU is what whoever answers has spent so far.
	CPU() (time.Duration, error)
}

// Named is a Search as it is called in tables.
type Named struct {
	Search
	Who string
}

// Asking is a client that asks for texts, over and over.
type Asking struct {
	search Search
	texts  []string
	next   int
	took   []time.Duration
}

// Ask makes a client.
func Ask(s Search, cases []eval.Case) *Asking {
	a := &Asking{search: s}
	for i := range cases {
		a.texts = append(a.texts, s.Prepare(cases[i].Query))
	}
	return a
}

// Turn goes on asking for a while. It returns questions a second of CPU of who answers, and what half and 99 % of the
// answers do not take longer than, in microseconds on the clock. Of fewer than a hundred answers the latter is the
// slowest one.
func (a *Asking) Turn(d time.Duration) (perCPU, p50, p99 float64, err error) {
	a.took = a.took[:0]
	before, err := a.search.CPU()
	if err != nil {
		return 0, 0, 0, err
	}
	begin := time.Now()
	for then := begin; then.Sub(begin) < d; {
		if _, err := a.search.Find(a.texts[a.next]); err != nil {
			return 0, 0, 0, err
		}
		a.next = (a.next + 1) % len(a.texts)
		now := time.Now()
		a.took = append(a.took, now.Sub(then))
		then = now
	}
	after, err := a.search.CPU()
	if err != nil {
		return 0, 0, 0, err
	}
	n := len(a.took)
	slices.Sort(a.took)
	micros := func(share float64) float64 {
		return float64(a.took[min(n-1, int(share*float64(n)))]) / float64(time.Microsecond)
	}
	return float64(n) / max(after-before, time.Millisecond).Seconds(), micros(0.5), micros(0.99), nil
}
