package recent

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
)

// Log is where events are. Applied is the entry up to which all events are shown in the store, Followed waits until that is
// after another one and returns it, with the error of ctx otherwise. Since yields the events after an entry in the order of
// the log, Events those of a case.
type Log interface {
	Applied() data.Seq
	Followed(ctx context.Context, after data.Seq) (data.Seq, error)
	Since(ctx context.Context, after data.Seq) iter.Seq2[journal.Entry, error]
	Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error]
}

// Move is what one entry of the log did to a case. It is immutable.
type Move struct {
	Seq data.Seq
	// Before and After are what is shown of the case, Before nil for one that began or, of a move that was read from the log,
	// where nobody has asked yet: see [Ring.Before].
	Before, After *store.Summary
	// Actions are those of its events, Told the marks of clocks that they tell.
	Actions []string
	Told    []cases.Mark
	// first is the number of its first event when Before must still be read.
	first int
}

// ErrFar is returned for a place in the log that is too far back, or not in this history: whoever was there must fetch
// everything anew.
var ErrFar = errors.New("recent: what happened since cannot be told")

// Bounds of what is told from the log to somebody who comes back: more is not worth telling.
const (
	mostEvents = 20_000
	mostCases  = 2_000
)

// Ring is the moves of late. It is safe for concurrent use.
type Ring struct {
	log  Log
	cap  int
	show func(*cases.Case) store.Summary

	mu sync.Mutex
	// noted are moves of entries that may still have others before them.
	noted []*Move
	// kept are in the order of the log; all after floor are there, up to head.
	kept        []*Move
	floor, head data.Seq
	// moved is closed and made anew when there are more.
	moved chan struct{}
}

// New is a ring of so many moves over a log whose cases are shown in a store. What happens from now on is in it, once
// [Ring.Run] runs.
func New(log Log, shelf *store.Store, most int) *Ring {
	r := &Ring{log: log, cap: most, show: shelf.Summarise, moved: make(chan struct{})}
	// What happens from here on is noted before it is said to be applied.
	shelf.Watch(r.note)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.floor = log.Applied()
	r.head = r.floor
	return r
}

// note keeps a move until all that came before it in the log is known.
func (r *Ring) note(before, after *store.Summary, seq data.Seq, events []*cases.Event) {
	m := &Move{Seq: seq, Before: before, After: after}
	for _, e := range events {
		m.add(e)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq <= r.floor {
		return
	}
	// The log may stand still for this process while others write to it; memory stays bounded all the same.
	if len(r.noted) >= 4*r.cap {
		for _, old := range r.noted {
			r.floor = max(r.floor, old.Seq)
		}
		r.noted = nil
	}
	r.noted = append(r.noted, m)
}

func (m *Move) add(e *cases.Event) {
	if e.Action != cases.Tells {
		m.Actions = append(m.Actions, e.Action)
	}
	m.Told = append(m.Told, e.Told...)
}

// Run follows the log until ctx ends.
func (r *Ring) Run(ctx context.Context) error {
	for {
		to, err := r.log.Followed(ctx, r.Head())
		if err != nil {
			return nil //nolint:nilerr // told to end
		}
		r.advance(to)
	}
}

// advance puts what is noted up to an entry into the ring.
func (r *Ring) advance(to data.Seq) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if to <= r.head {
		return
	}
	was := len(r.kept)
	r.noted = slices.DeleteFunc(r.noted, func(m *Move) bool {
		if m.Seq <= to {
			r.kept = append(r.kept, m)
		}
		return m.Seq <= to
	})
	r.head = to
	if len(r.kept) == was {
		return
	}
	slices.SortStableFunc(r.kept[was:], func(a, b *Move) int { return cmp.Compare(a.Seq, b.Seq) })
	if over := len(r.kept) - r.cap; over > 0 {
		r.floor = max(r.floor, r.kept[over-1].Seq)
		r.kept = slices.Clone(r.kept[over:]) // what went is not held by the array
	}
	close(r.moved)
	r.moved = make(chan struct{})
}

// Head is the entry up to which everything is in the ring.
func (r *Ring) Head() data.Seq {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.head
}

// After are the moves after an entry, joined by case, and the entry up to which they go; [ErrFar] when some of them are not
// in the ring any more, or are not there yet. moved is closed when there are more.
func (r *Ring) After(after data.Seq) (list []*Move, to data.Seq, moved <-chan struct{}, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if after < r.floor || after > r.head {
		return nil, 0, nil, ErrFar
	}
	at, _ := slices.BinarySearchFunc(r.kept, after, func(m *Move, after data.Seq) int {
		if m.Seq <= after {
			return -1
		}
		return 1
	})
	return join(r.kept[at:]), r.head, r.moved, nil
}

// join makes one move of all those of a case, in the order of the last ones.
func join(list []*Move) []*Move {
	if len(list) < 2 {
		return slices.Clone(list)
	}
	of := make(map[string]*Move, len(list))
	for _, m := range list {
		was := of[m.After.ID]
		if was == nil {
			of[m.After.ID] = m
			continue
		}
		of[m.After.ID] = &Move{
			Seq: max(was.Seq, m.Seq), Before: was.Before, After: newer(was.After, m.After), Actions: slices.Concat(was.Actions, m.Actions),
			Told: slices.Concat(was.Told, m.Told), first: was.first,
		}
	}
	out := make([]*Move, 0, len(of))
	for _, m := range of {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b *Move) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.After.ID, b.After.ID)) })
	return out
}

func newer(a, b *store.Summary) *store.Summary {
	if a.Version > b.Version {
		return a
	}
	return b
}
