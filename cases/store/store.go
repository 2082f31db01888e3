package store

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/people"
)

// Log is where events are kept. Append makes all of them durable together, or none. Events yields those of a case in
// their order, none for one that does not exist. Both may be called by many at once.
type Log interface {
	Append(ctx context.Context, events []*cases.Event) (data.Seq, error)
	Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error]
}

// Options are what a store is made with.
type Options struct {
	// Levels are the levels of areas, and Schemes the schemes, by which cases are listed and counted; at most 6 and 4.
	Levels, Schemes []string
	// Due is when the clock of a case that ends next ends, zero for none; nil means that nothing is ever due.
	Due func(*cases.Case) time.Time
	// Follow, when not nil, hears of every case that has gone on, with what it holds now; nil for one whose marks were told
	// and nothing else. It is called before somebody else can change the case, so it may not append.
	Follow func(id string, c *cases.Case)
	// Recent is how many cases are held with their fold after they were asked for; 0 means 10,000.
	Recent int
}

// stripes is the number of locks that keep the writers of a case apart.
const stripes = 256

// Store is the cases of a city. It is safe for concurrent use.
type Store struct {
	log     Log
	options Options

	now     atomic.Pointer[snapshot]
	publish sync.Mutex // one writer of columns at a time
	moved   Watcher    // held by publish
	scratch sync.Pool  // chunks for one case

	rows  sync.RWMutex
	row   map[string]uint32
	parts map[partKey][]uint32
	// outside are the cases by their numbers in other systems.
	outside map[string][]uint32

	seed   maphash.Seed
	locked [stripes]sync.Mutex

	held   sync.Mutex
	recent map[string]*cases.Case

	spoilt spoilt

	standings *dictionary[Standing]
	classes   *dictionary[cases.Class]
	processes *dictionary[cases.ProcessRef]
	words     *dictionary[string] // sources, units, persons, parents, areas, cells
}

type partKey struct{ layer, id string }

// Standing is where cases stand.
type Standing struct {
	process.Standing
	Final bool
}

// New is a store without cases. It fails when there are more levels or schemes than it has columns for.
func New(log Log, options Options) (*Store, error) {
	if len(options.Levels) > maxLevels || len(options.Schemes) > maxSchemes {
		return nil, fmt.Errorf("cases: at most %d levels and %d schemes can be listed by", maxLevels, maxSchemes)
	}
	if options.Recent == 0 {
		options.Recent = 10_000
	}
	s := &Store{
		log: log, options: options, row: map[string]uint32{}, parts: map[partKey][]uint32{}, outside: map[string][]uint32{}, seed: maphash.MakeSeed(), recent: map[string]*cases.Case{},
		standings: newDictionary(Standing{}), classes: newDictionary(cases.Class{}), processes: newDictionary(cases.ProcessRef{}), words: newDictionary(""),
	}
	s.now.Store(&snapshot{})
	return s, nil
}

// By are the levels of areas and the schemes by which cases are listed.
func (s *Store) By() (levels, schemes []string) { return s.options.Levels, s.options.Schemes }

// Len is the number of cases.
func (s *Store) Len() int { return len(s.now.Load().ids) }

// Case is the fold of the events of a case, [cases.ErrNoCase] for one that does not exist, a *[cases.UnreadableError] for one
// that cannot be read. Nobody may change it.
func (s *Store) Case(ctx context.Context, id string) (*cases.Case, error) {
	if u := s.Spoilt(id); u != nil {
		return nil, u
	}
	_, version := s.Newest(id)
	if version == 0 {
		return nil, cases.ErrNoCase
	}
	s.held.Lock()
	c := s.recent[id]
	s.held.Unlock()
	if c != nil && c.Version >= version {
		return c, nil
	}
	c = cases.NewCase()
	for e, err := range s.log.Events(ctx, id) {
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", id, err)
		}
		if err := c.Apply(e); err != nil {
			return nil, err
		}
	}
	if c.Version < version {
		return nil, fmt.Errorf("case %s: the log ends at event %d, there were %d", id, c.Version, version)
	}
	s.hold(c)
	return c, nil
}

// hold keeps a case at hand. When there are too many any one of them goes: which ones are asked for next nobody knows.
func (s *Store) hold(c *cases.Case) {
	s.held.Lock()
	defer s.held.Unlock()
	if was := s.recent[c.ID]; was != nil && was.Version > c.Version {
		return
	}
	for id := range s.recent {
		if len(s.recent) < s.options.Recent {
			break
		}
		delete(s.recent, id)
	}
	s.recent[c.ID] = c
}

// Append makes events durable and shows what follows, or refuses with a *[cases.StaleError] when one is not the next one
// of its case. It satisfies [cases.Log].
func (s *Store) Append(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	if len(events) == 0 {
		return 0, errors.New("cases: no events to append")
	}
	defer s.lock(events)()
	next := map[string]*cases.Case{}
	for _, e := range events {
		c := next[e.Case]
		if c == nil {
			was, err := s.Case(ctx, e.Case)
			switch {
			case err == nil:
				c = was.Clone()
			case errors.Is(err, cases.ErrNoCase):
				c = cases.NewCase()
			default:
				return 0, err
			}
		}
		if err := c.Apply(e); err != nil {
			return 0, err
		}
		next[e.Case] = c
	}
	seq, err := s.log.Append(ctx, events)
	if err != nil {
		return 0, err
	}
	shown := make([]Shown, 0, len(next))
	for _, c := range next {
		shown = append(shown, Shown{c, seq})
	}
	s.Show(shown, events...)
	for _, one := range shown {
		s.hold(one.Case)
		s.told(one.Case.ID, one.Case)
	}
	return seq, nil
}

func (s *Store) told(id string, c *cases.Case) {
	if s.options.Follow != nil {
		s.options.Follow(id, c)
	}
}

// Follow shows a case after an event that is in the log already, in entry seq, unless it is shown so or newer. Whoever
// follows the log calls it for every event in order. It waits while somebody appends to the case. The error of an event that
// does not fit is a *[cases.UnreadableError]; the case stays as it was.
func (s *Store) Follow(ctx context.Context, e *cases.Event, seq data.Seq) error {
	if s.Shows(e.Case, e.Number, seq) {
		return nil
	}
	defer s.lock([]*cases.Event{e})()
	if s.Shows(e.Case, e.Number, seq) {
		return nil
	}
	c := cases.NewCase()
	switch was, err := s.Case(ctx, e.Case); {
	case err == nil:
		c = was.Clone()
	case !errors.Is(err, cases.ErrNoCase):
		return err
	}
	if err := c.Apply(e); err != nil {
		_, forked := errors.AsType[*cases.StaleError](err)
		return &cases.UnreadableError{Case: e.Case, Seq: seq, Number: e.Number, Why: err.Error(), Newest: seq, Last: e.Number, Forked: forked}
	}
	s.Show([]Shown{{c, seq}}, e)
	s.hold(c)
	s.told(c.ID, c)
	return nil
}

// lock takes the locks of all cases of events, and returns what gives them back.
func (s *Store) lock(events []*cases.Event) (unlock func()) {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.Case
	}
	return s.lockAll(ids)
}

// lockAll takes the locks of cases, always in the same order, and returns what gives them back.
func (s *Store) lockAll(ids []string) (unlock func()) {
	all := make([]int, 0, len(ids))
	for _, id := range ids {
		all = append(all, int(maphash.String(s.seed, id)%stripes))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, i := range all {
		s.locked[i].Lock()
	}
	return func() {
		for _, i := range all {
			s.locked[i].Unlock()
		}
	}
}

// Apart is which of n groups a case belongs to, from 0 on. Writers that each keep to a group of their own never wait for each
// other's cases. n must divide 256.
func (s *Store) Apart(id string, n int) int { return int(maphash.String(s.seed, id)%stripes) % n }

// Shown is a case as it is after its newest event, which stands in the entry Seq of the log.
type Shown struct {
	Case *cases.Case
	Seq  data.Seq
}

// Show shows cases as they are, all at once, and notes the parts and the numbers in other systems that events of them name. A case that is shown newer
// already stays.
func (s *Store) Show(all []Shown, events ...*cases.Event) {
	s.publish.Lock()
	defer s.publish.Unlock()
	w := s.now.Load().write()
	fresh := map[string]uint32{}
	find := func(id string) (uint32, bool) {
		s.rows.RLock()
		row, ok := s.row[id]
		s.rows.RUnlock()
		if !ok {
			row, ok = fresh[id]
		}
		return row, ok
	}
	for _, one := range all {
		c := one.Case
		row, ok := find(c.ID)
		if !ok {
			row = uint32(len(w.ids))
			w.ids, fresh[c.ID] = append(w.ids, c.ID), row
		}
		chunk, i := w.row(row)
		if int(chunk.version[i]) > c.Version {
			continue
		}
		before := s.before(row)
		s.fill(chunk, i, c)
		chunk.seq[i] = one.Seq
		s.touch(row, c)
		s.tellMoved(before, &w.snapshot, row, one.Seq, events)
	}
	for _, e := range events {
		if row, ok := find(e.Case); ok {
			for _, part := range e.Form.Parts {
				s.note(row, part)
			}
			for _, x := range e.Form.External {
				s.call(row, x.ID)
			}
		}
	}
	s.now.Store(&w.snapshot)
	// Rows are told after the snapshot that has them.
	s.rows.Lock()
	defer s.rows.Unlock()
	maps.Copy(s.row, fresh)
}

// Newest is the entry with the newest event of a case that is shown, and the number of that event; zeros for a case that
// does not exist.
func (s *Store) Newest(id string) (data.Seq, int) {
	s.rows.RLock()
	row, ok := s.row[id]
	s.rows.RUnlock()
	if !ok {
		return 0, 0
	}
	c, i := s.now.Load().at(row)
	return c.seq[i], int(c.version[i])
}

// Knows reports whether a case is shown as it is after its event of a number, or newer.
func (s *Store) Knows(id string, number int) bool {
	_, version := s.Newest(id)
	return version >= number
}

// Shows reports whether a case is shown as it is after its event of a number in an entry, or newer. An event of a number that
// the case has, in an entry after its newest one, is none of those that are shown: it is a second one of that number.
func (s *Store) Shows(id string, number int, seq data.Seq) bool {
	newest, version := s.Newest(id)
	return version >= number && newest >= seq
}

// touch notes the parts of the places of a case.
func (s *Store) touch(row uint32, c *cases.Case) {
	for _, p := range []*cases.Place{c.Intake, c.Filing} {
		if p == nil {
			continue
		}
		for _, part := range p.Parts {
			s.note(row, part)
		}
	}
}

func (s *Store) note(row uint32, part cases.Part) {
	key := partKey{part.Layer, part.ID}
	s.rows.Lock()
	defer s.rows.Unlock()
	if !slices.Contains(s.parts[key], row) {
		s.parts[key] = append(s.parts[key], row)
	}
}

// call notes that a case has a number in another system.
func (s *Store) call(row uint32, number string) {
	s.rows.Lock()
	defer s.rows.Unlock()
	if !slices.Contains(s.outside[number], row) {
		s.outside[number] = append(s.outside[number], row)
	}
}

// Outside are the ids of the cases that have a number in another system, whichever that is, the oldest first.
func (s *Store) Outside(number string) []string {
	s.rows.RLock()
	rows := s.outside[number]
	s.rows.RUnlock()
	ids, now := make([]string, 0, len(rows)), s.now.Load()
	for _, row := range rows {
		if int(row) < len(now.ids) {
			ids = append(ids, now.ids[row])
		}
	}
	return ids
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func (s *Store) text(word string) uint32 { return s.words.add(word, func() string { return word }) }

func (s *Store) fill(k *chunk, i int, c *cases.Case) {
	k.version[i] = uint32(c.Version)
	standing := c.Standing()
	k.standing[i] = s.standings.add(standingKey(&Standing{standing, c.Final}), func() Standing { return Standing{standing, c.Final} })
	k.process[i] = s.processes.add(processKey(&c.Process), func() cases.ProcessRef { return c.Process })
	class := cases.Class{Edition: c.Class.Edition, Kind: c.Class.Kind, Code: c.Class.Code}
	k.class[i] = 0
	if class.Code != "" {
		k.class[i] = s.classes.add(classKey(&class), func() cases.Class { return class })
	}
	k.source[i], k.unit[i], k.first[i], k.task[i], k.parent[i] = s.text(c.Source), s.text(c.Unit()), s.text(c.First), s.text(c.Task), s.text(c.Parent)
	k.opened[i], k.updated[i], k.rested[i] = millis(c.Opened), millis(c.Updated), millis(c.Rested)
	k.due[i] = 0
	if s.options.Due != nil {
		k.due[i] = millis(s.options.Due(c))
	}
	k.flags[i] = 0
	if c.Final {
		k.flags[i] |= flagFinal
	}
	if c.Private {
		k.flags[i] |= flagPrivate
	}
	s.fillPlace(k, i, c.Place())
}

func (s *Store) fillPlace(k *chunk, i int, p *cases.Place) {
	if p == nil {
		p = &cases.Place{}
	}
	for n, level := range s.options.Levels {
		j := slices.IndexFunc(p.Areas, func(a cases.Area) bool { return a.Level == level })
		k.areas[n][i] = 0
		if j >= 0 {
			k.areas[n][i] = s.text(p.Areas[j].Code)
		}
	}
	for n, scheme := range s.options.Schemes {
		j := slices.IndexFunc(p.Cells, func(c people.CellRef) bool { return c.Scheme == scheme })
		k.cells[n][i] = 0
		if j >= 0 {
			k.cells[n][i] = s.text(p.Cells[j].Code)
		}
	}
	k.priority[i] = 0
	if p.Duty != nil {
		k.priority[i] = int32(p.Duty.Priority)
	}
	if p.Point != nil {
		if at, ok := geo.FromDegrees(p.Point.Lon, p.Point.Lat); ok {
			k.lon[i], k.lat[i] = at.X, at.Y
			k.flags[i] |= flagPlaced
		}
	}
}

func standingKey(s *Standing) string {
	key := strings.Join([]string{
		s.State, s.Before, strings.Join(s.Requests, ","), strings.Join(s.Marks, ","), strings.Join(s.Clocks, ","),
	}, "\x00")
	if s.Final {
		key += "\x00final"
	}
	return key
}

func processKey(p *cases.ProcessRef) string { return p.Name + "\x00" + strconv.Itoa(p.Version) }

func classKey(c *cases.Class) string { return c.Edition + "\x00" + c.Kind + "\x00" + c.Code }
