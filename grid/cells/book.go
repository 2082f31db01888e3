package cells

import (
	"slices"
	"sync"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Bounds of what a Book keeps: states of the newest Worlds, which share nearly everything, and states of past Worlds,
// which share nothing.
const (
	newestKept = 4
	pastKept   = 2
	// viewsKept are states of Worlds as somebody sees them.
	viewsKept = 8
)

// Book keeps the totals of a city current. It counts when somebody asks for the first time; from then on it follows
// each change. It is safe for concurrent use.
type Book struct {
	mu sync.Mutex
	// live are the newest Worlds that the engine told of, oldest first.
	live []*index.World
	// kept are states of live Worlds, oldest first; past those of others, views what somebody sees of a World.
	kept, past, views []*Totals
	// asked says that somebody draws totals, who must hear of changes even when they are not counted.
	asked bool
	// counting are the Worlds that are being counted.
	counting map[*index.World]*count
}

// count is a World being counted; totals is set before done is closed.
type count struct {
	done   chan struct{}
	totals *Totals
}

var _ index.Projection = (*Book)(nil)

// NewBook returns a Book that has counted nothing yet.
func NewBook() *Book { return &Book{counting: map[*index.World]*count{}} }

// At returns the totals of a World. For the newest Worlds they are there once somebody has asked; otherwise, and for
// Worlds of the past, everything is counted, which takes about a second for a million features.
func (b *Book) At(w *index.World) *Totals {
	b.mu.Lock()
	b.asked = true
	for _, list := range [][]*Totals{b.kept, b.past, b.views} {
		for _, t := range list {
			if t.world == w || sameFeatures(t.world, w) {
				b.mu.Unlock()
				return t
			}
		}
	}
	if c := b.counting[w]; c != nil {
		b.mu.Unlock()
		<-c.done
		if c.totals == nil {
			return compute(w) // the other goroutine has panicked
		}
		return c.totals
	}
	c := &count{done: make(chan struct{})}
	b.counting[w] = c
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.counting, w)
		if c.totals != nil {
			b.keep(c.totals)
		}
		close(c.done)
	}()
	if old := b.before(w); old != nil {
		if t, _, ok := old.update(w); ok {
			c.totals = t
			return t
		}
	}
	c.totals = compute(w)
	return c.totals
}

// before is the newest state of what the same people saw of the city, nil when there is none.
func (b *Book) before(w *index.World) *Totals {
	if w.View() == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range slices.Backward(b.views) {
		if t.world.View() == w.View() && t.world.Line() == w.Line() && t.world.Seq() <= w.Seq() {
			return t
		}
	}
	return nil
}

// sameFeatures reports whether two Worlds of the past show the same layers: one of them is the other at a later position,
// with nothing added that takes effect by its date.
func sameFeatures(a, b *index.World) bool {
	return a.Line() != 0 && a.View() == b.View() && a.Line() == b.Line() && a.Epoch() == b.Epoch() && a.Defined() == b.Defined()
}

// keep stores a state; mu is held.
func (b *Book) keep(t *Totals) {
	if t.world.View() != "" {
		b.views = last(append(b.views, t), viewsKept)
		return
	}
	for _, w := range b.live {
		if w != t.world {
			continue
		}
		if n := len(b.kept); n > 0 && b.kept[n-1].world.Seq() > w.Seq() {
			return // the newer one goes on
		}
		b.kept = last(append(b.kept, t), newestKept)
		return
	}
	b.past = last(append(b.past, t), pastKept)
}

// last is the end of a list, in a list of its own so that nothing before it is held.
func last[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	return append(make([]T, 0, n+1), list[len(list)-n:]...)
}

// Advance implements [index.Projection]: it counts what changed since the newest state, if there is one.
func (b *Book) Advance(next *index.World) map[string][]geo.Box {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live = last(append(b.live, next), newestKept)
	if !b.asked {
		return nil
	}
	if n := len(b.kept); n > 0 {
		if t, dirty, ok := b.kept[n-1].update(next); ok {
			b.kept = last(append(b.kept, t), newestKept)
			return dirty
		}
		b.kept = nil
	}
	// What changed is not known until it is counted: everything may have.
	dirty := map[string][]geo.Box{}
	for _, l := range next.Layers() {
		if next.Divides(l.Def()) && l.Len() > 0 {
			dirty[l.Def().Name+Suffix] = []geo.Box{l.Bounds()}
		}
	}
	return dirty
}
