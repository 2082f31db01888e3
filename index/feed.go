package index

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Dirty says what changed between two Worlds, without the changes themselves. Boxes are supersets: everything that
// changed lies within them, old places included.
type Dirty struct {
	// From and To are the positions: the subscriber knew From (or asked from there) and To is now visible.
	From, To data.Seq
	// Defined reports that a layer definition or scheme changed.
	Defined bool
	// Reset reports that it is not known what changed since From: everything may have.
	Reset bool
	// Layers maps the names of changed layers to boxes, none for a layer whose features have no geometry.
	Layers map[string][]geo.Box
}

// Names are the names of the changed layers in order.
func (d Dirty) Names() []string { return slices.Sorted(maps.Keys(d.Layers)) }

// mostBoxes bounds the boxes kept for one layer; beyond it they are merged into one.
const mostBoxes = 16

// boxes is a bounded set of boxes.
type boxes []geo.Box

func (b *boxes) add(box geo.Box) {
	for i, have := range *b {
		if have.Contains(box.Min) && have.Contains(box.Max) {
			return
		}
		if box.Contains(have.Min) && box.Contains(have.Max) {
			(*b)[i] = box
			return
		}
	}
	if len(*b) < mostBoxes {
		*b = append(*b, box)
		return
	}
	for _, have := range *b {
		box = box.Union(have)
	}
	*b = append((*b)[:0], box)
}

// dirtyLayer is what the engine noted of one layer since the last publication.
type dirtyLayer struct {
	changes int
	// marks are the exact boxes for stamping, at most massChange changes' worth.
	marks []geo.Box
	boxes boxes
}

// silent reports whether nothing changed.
func (d *Dirty) silent() bool { return !d.Defined && len(d.Layers) == 0 }

// historyLength is the number of publications that the feed can answer for when a subscriber comes back.
const historyLength = 1024

// feed tells subscribers what changed. Guarantees: a subscriber sees To only after the World of that Seq is
// published; what it gets covers every change in (From, To]; consecutive results join (To = next From). A slow
// subscriber gets fewer, larger results and never holds up the engine.
//
// What happened to cases is told to nobody: it changes nothing in the city. Subscribers learn the Seq with the next change.
type feed struct {
	mu          sync.Mutex
	published   chan struct{}
	ended       chan struct{}
	history     []Dirty // oldest first, contiguous
	subscribers map[*Subscription]struct{}
}

func (f *feed) init() {
	f.published, f.ended = make(chan struct{}), make(chan struct{})
	f.subscribers = map[*Subscription]struct{}{}
}

// signal is closed at the next publication.
func (f *feed) signal() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.published
}

func (f *feed) closed() bool {
	select {
	case <-f.ended:
		return true
	default:
		return false
	}
}

func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed() {
		close(f.ended)
		close(f.published)
	}
}

// publish tells of a World. A quiet one differs from the one before in its Seq only.
func (f *feed) publish(from data.Seq, w *World, defined, quiet bool, pending map[string]*dirtyLayer) {
	d := Dirty{From: from, To: w.seq, Defined: defined, Layers: map[string][]geo.Box{}}
	for name, layer := range pending {
		d.Layers[name] = slices.Clone(layer.boxes)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.history); quiet && n > 0 && f.history[n-1].silent() {
		f.history[n-1].To = d.To // cases move all day, and must not push what happened to the city out
	} else {
		if n == historyLength {
			f.history = slices.Delete(f.history, 0, historyLength/4)
		}
		f.history = append(f.history, d)
	}
	for s := range f.subscribers {
		if quiet {
			s.dirty.To = max(s.dirty.To, d.To)
			continue
		}
		s.merge(d)
	}
	close(f.published)
	f.published = make(chan struct{})
}

// Subscription is one subscriber's place in the feed. It is used by one goroutine.
type Subscription struct {
	feed *feed
	// dirty is what the subscriber has not fetched; guarded by feed.mu.
	dirty Dirty
	ready chan struct{} // one slot
}

// Subscribe starts a subscription that knows everything up to after; 0 means the present. When the feed no longer
// knows what changed since then, or after lies in the future, the first result has Reset set. Close it.
func (e *Engine) Subscribe(after data.Seq) *Subscription {
	f := &e.feed
	s := &Subscription{feed: f, ready: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := e.World().seq
	if after == 0 {
		after = now
	}
	s.dirty = Dirty{From: after, To: after, Layers: map[string][]geo.Box{}}
	f.subscribers[s] = struct{}{}
	if after == now {
		return s
	}
	// Publication stores the World before it takes the lock, so now may be one step ahead of history: that step
	// arrives through merge.
	if after > now || len(f.history) == 0 || f.history[0].From > after {
		s.dirty.Reset, s.dirty.To = true, now
		s.wake()
		return s
	}
	for _, d := range f.history {
		if d.To > after {
			s.merge(d)
		}
	}
	return s
}

// merge adds a publication; feed.mu is held.
func (s *Subscription) merge(d Dirty) {
	if d.To <= s.dirty.To && !d.Defined {
		return
	}
	s.dirty.To = max(s.dirty.To, d.To)
	s.dirty.Defined = s.dirty.Defined || d.Defined
	for name, add := range d.Layers {
		merged := boxes(s.dirty.Layers[name])
		for _, b := range add {
			merged.add(b)
		}
		s.dirty.Layers[name] = merged
	}
	s.wake()
}

func (s *Subscription) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Next waits for the next change and returns everything since the last call. It returns the error of ctx, or
// [data.ErrClosed] when the engine has stopped.
func (s *Subscription) Next(ctx context.Context) (Dirty, error) {
	for {
		if s.feed.closed() {
			return Dirty{}, data.ErrClosed
		}
		select {
		case <-ctx.Done():
			return Dirty{}, ctx.Err()
		case <-s.feed.ended:
		case <-s.ready:
			return s.take(), nil
		}
	}
}

func (s *Subscription) take() Dirty {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	d := s.dirty
	s.dirty = Dirty{From: d.To, To: d.To, Layers: map[string][]geo.Box{}}
	return d
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	delete(s.feed.subscribers, s)
}
