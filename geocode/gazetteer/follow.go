package gazetteer

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/lines"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/index"
)

// Follower keeps a Gazetteer current. The zero value is ready; add it to an engine by Follow.
type Follower struct {
	current atomic.Pointer[Gazetteer]
	book    book
	reader  reader
	// gathering hands over one Set of the first names, up to upTo, when it is made; nil when none is being made.
	gathering chan *names.Set
	upTo      names.ID
}

var _ index.Projection = (*Follower)(nil)

// Gazetteer is that of the newest World, nil before there is one. It may be called from any goroutine.
func (f *Follower) Gazetteer() *Gazetteer { return f.current.Load() }

// Show makes a Gazetteer the newest one.
func (f *Follower) Show(g *Gazetteer) { f.current.Store(g) }

// In is the Gazetteer in the World of somebody who sees all that it is made of; false when some of that is out of sight.
func (g *Gazetteer) In(seen *index.World) (*Gazetteer, bool) {
	sources := sourcesOf(seen)
	if len(sources) != len(g.sources) {
		return nil, false
	}
	for i := range sources {
		if sources[i].layer != g.sources[i].layer {
			return nil, false
		}
	}
	mine := *g
	mine.world = seen
	return &mine, true
}

// Advance implements [index.Projection]: what changed since the World before is looked at, everything only when layers
// have come, gone or been altered.
func (f *Follower) Advance(next *index.World) map[string][]geo.Box {
	old := f.current.Load()
	sources := sourcesOf(next)
	g, ok := f.follow(old, next, sources)
	if !ok {
		g = f.build(next, sources)
	}
	f.current.Store(g)
	return nil
}

// New makes the Gazetteer of a World.
func New(w *index.World) *Gazetteer {
	var f Follower
	f.Advance(w)
	return f.Gazetteer()
}

func (f *Follower) build(w *index.World, sources []source) *Gazetteer {
	f.book = newBook()
	f.gathering, f.upTo = nil, 0
	f.reader.areas = nil
	if slices.ContainsFunc(sources, func(s source) bool { return s.reads() }) {
		f.reader.areas = areaNames(sources)
	}
	e := f.book.edit(vector{})
	g := &Gazetteer{world: w, sources: sources}
	var ways []lines.Line
	g.doors = houses.New(func(yield func(houses.Street, houses.Door) bool) {
		for i := range sources {
			s := &sources[i]
			var found []called
			for slot := range s.layer.Slots() {
				found = s.names(uint8(i), slot, found[:0])
				e.name(found, +1)
				if name, ok := roadOf(found); ok {
					ways = s.lines(uint8(i), slot, e.id(name), ways)
				}
				if p, ok := f.reader.plate(s, uint8(i), slot); ok {
					if !yield(e.street(&p, +1), p.door) {
						return
					}
				}
			}
		}
	})
	g.lines = lines.New(slices.Values(ways))
	g.records = e.done()
	g.names = names.Row{}.With(f.book.texts, 0)
	g.areas, g.labelAreas = areasOf(sources), f.reader.areas
	g.cities = citiesOf(sources, g.doors.Len())
	g.han = anyHan(f.book.texts)
	return g
}

func anyHan(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.ContainsFunc(name, func(r rune) bool { return r >= 0x2e80 }) })
}

func areasOf(sources []source) (all []uint8) {
	for i := range sources {
		if sources[i].kinds[Area].has {
			all = append(all, uint8(i))
		}
	}
	return all
}

// ways appends how the lines of a feature change that had the names before and has those after.
func (e *editor) ways(was, now *source, layer uint8, slot index.Slot, before, after []called, dst []lines.Change) []lines.Change {
	if name, ok := roadOf(before); ok {
		for _, l := range was.lines(layer, slot, e.id(name), nil) {
			dst = append(dst, lines.Change{Line: l, Gone: true})
		}
	}
	if name, ok := roadOf(after); ok {
		for _, l := range now.lines(layer, slot, e.id(name), nil) {
			dst = append(dst, lines.Change{Line: l})
		}
	}
	return dst
}

// Names behind the first Set that are more than mostNewer and an eighth of those in it are gathered into one Set with
// these, and when there are mostSets, in all of which is looked.
const (
	mostNewer = 4096
	oneEighth = 8
	mostSets  = 16
)

// gather has one Set of all names made, in a goroutine of its own which ends by itself, since many names take a second
// and publications do not wait. What is found does not depend on when it is done.
func (f *Follower) gather(r names.Row) {
	newer := r.Len() - r.First()
	if f.gathering != nil || newer <= max(mostNewer, r.First()/oneEighth) && r.Sets() < mostSets {
		return
	}
	texts := slices.Clip(f.book.texts)
	done := make(chan *names.Set, 1)
	f.gathering, f.upTo = done, names.ID(len(texts))
	go func() { done <- names.New(texts) }()
}

// gathered is the Row with the Set that was being made, if it is done. It waits for it only where names come so fast that
// there are too many Sets meanwhile.
func (f *Follower) gathered(r names.Row) names.Row {
	if f.gathering == nil {
		return r
	}
	if r.Sets() >= 2*mostSets {
		return f.take(r, <-f.gathering)
	}
	select {
	case s := <-f.gathering:
		return f.take(r, s)
	default:
		return r
	}
}

func (f *Follower) take(r names.Row, s *names.Set) names.Row {
	f.gathering, f.upTo = nil, 0
	return r.Gathered(s)
}

// follow makes the next Gazetteer from the one before, false when everything must be looked at.
func (f *Follower) follow(old *Gazetteer, next *index.World, sources []source) (*Gazetteer, bool) {
	if old == nil || old.world.Epoch() != next.Epoch() || len(old.sources) != len(sources) {
		return nil, false
	}
	for i := range sources {
		if !sources[i].same(&old.sources[i]) {
			return nil, false
		}
	}
	var doors []houses.Change
	var ways []lines.Change
	e := f.book.edit(old.records)
	for i := range sources {
		was, now := &old.sources[i], &sources[i]
		if was.layer == now.layer {
			continue
		}
		changed, ok := now.layer.Changed(was.layer)
		if !ok || was.kinds[Area].has && f.reader.areas != nil {
			return nil, false // labels may read otherwise
		}
		var before, after []called
		for slot := range changed {
			before, after = was.names(uint8(i), slot, before[:0]), now.names(uint8(i), slot, after[:0])
			if !slices.Equal(before, after) {
				e.name(before, -1)
				e.name(after, +1)
			}
			ways = e.ways(was, now, uint8(i), slot, before, after, ways)
			p, had := f.reader.plate(was, uint8(i), slot)
			q, has := f.reader.plate(now, uint8(i), slot)
			if had == has && p == q {
				continue
			}
			if had {
				doors = append(doors, houses.Change{Street: e.street(&p, -1), Door: p.door, Gone: true})
			}
			if has {
				doors = append(doors, houses.Change{Street: e.street(&q, +1), Door: q.door})
			}
		}
	}
	g := &Gazetteer{world: next, sources: sources, records: e.done(), names: f.gathered(old.names), doors: old.doors, lines: old.lines, areas: old.areas, labelAreas: old.labelAreas, cities: old.cities}
	if len(doors) > 0 {
		g.doors = old.doors.With(doors)
		if n := g.doors.Len(); n >= 2*g.cities.doors {
			g.cities = citiesOf(sources, n)
		}
	}
	if len(ways) > 0 {
		g.lines = old.lines.With(ways)
	}
	g.han = old.han || anyHan(f.book.texts[min(old.names.Len(), len(f.book.texts)):])
	g.names = g.names.With(f.book.texts, f.upTo)
	f.gather(g.names)
	return g, true
}
