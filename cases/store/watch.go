package store

import (
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/people"
)

// Watcher hears of a case that has gone on, before anybody can see it: how it was, nil for a new one, how it is, the entry of
// the log that did it, and its events there. One at a time is called, while others wait: it must be quick and may not ask the
// store. It may keep what it is given and not change it. Entries do not come in the order of the log.
type Watcher func(before, after *Summary, seq data.Seq, events []*cases.Event)

// Watch has a watcher hear of what happens from now on, instead of the one before; nil for none.
func (s *Store) Watch(w Watcher) {
	s.publish.Lock()
	defer s.publish.Unlock()
	s.moved = w
}

// before is how a case is shown that is about to be shown anew, nil for one that is not, or where nobody watches.
func (s *Store) before(row uint32) *Summary {
	now := s.now.Load()
	if s.moved == nil || int(row) >= len(now.ids) {
		return nil
	}
	is := s.summary(now, row)
	return &is
}

func (s *Store) tellMoved(before *Summary, now *snapshot, row uint32, seq data.Seq, events []*cases.Event) {
	if s.moved == nil {
		return
	}
	after := s.summary(now, row)
	if before != nil && before.Version == after.Version {
		return
	}
	s.moved(before, &after, seq, slices.DeleteFunc(slices.Clone(events), func(e *cases.Event) bool { return e.Case != after.ID }))
}

// Summarise is what a list would say of a case that is as its fold says. Clocks are asked as they are now.
func (s *Store) Summarise(c *cases.Case) Summary {
	k, _ := s.scratch.Get().(*chunk)
	if k == nil {
		k = newChunk()
	}
	defer s.scratch.Put(k)
	s.fill(k, 0, c)
	return s.summary(&snapshot{ids: []string{c.ID}, chunks: []*chunk{k}}, 0)
}

// Passes reports whether a case is one that a filter lets through, as [Store.List] decides for all at once.
func (f *Filter) Passes(c *Summary) bool {
	in := func(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }
	is := func(want *bool, has bool) bool { return want == nil || *want == has }
	return in(f.States, c.State) && in(f.Sources, c.Source) && in(f.Units, c.Unit) && in(f.Firsts, c.First) && in(f.Tasks, c.Task) && in(f.Parents, c.Parent) &&
		in(f.Processes, c.Process.Name) && f.ofClass(c.Class) && all(f.Marks, c.Marks) && all(f.Requests, c.Requests) && is(f.Open, !c.Final) && is(f.Private, c.Private) &&
		f.Opened.holds(c.Opened) && f.Updated.holds(c.Updated) && f.Rested.holds(c.Rested) && f.Due.holds(c.Due) &&
		(f.Priority == 0 || c.Priority >= f.Priority) && f.ofPlace(c) &&
		(len(f.Any) == 0 || slices.ContainsFunc(f.Any, func(o Filter) bool { return o.Passes(c) }))
}

func (f *Filter) ofClass(c cases.Class) bool {
	if len(f.Classes)+len(f.Editions)+len(f.Kinds) == 0 {
		return true
	}
	begins := func(prefix string) bool { return strings.HasPrefix(c.Code, prefix) }
	return c.Code != "" && (len(f.Classes) == 0 || slices.ContainsFunc(f.Classes, begins)) &&
		(len(f.Editions) == 0 || slices.Contains(f.Editions, c.Edition)) && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, c.Kind))
}

func (f *Filter) ofPlace(c *Summary) bool {
	if f.Box != nil {
		if c.Point == nil {
			return false
		}
		if at, ok := geo.FromDegrees(c.Point.Lon, c.Point.Lat); !ok || !f.Box.Contains(at) {
			return false
		}
	}
	return (len(f.Areas) == 0 || slices.ContainsFunc(c.Areas, func(a people.AreaKey) bool { return slices.Contains(f.Areas, a) })) &&
		(len(f.Cells) == 0 || slices.ContainsFunc(c.Cells, func(a people.CellRef) bool { return slices.Contains(f.Cells, a) }))
}

// holds reports whether a time is in a range; one that is not there is in the range without bounds alone.
func (r Range) holds(t time.Time) bool {
	return r == (Range{}) || !t.IsZero() && (r.From.IsZero() || !t.Before(r.From)) && (r.To.IsZero() || t.Before(r.To))
}
