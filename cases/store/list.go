package store

import (
	"cmp"
	"container/heap"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/people"
)

// Order is by what a list is sorted.
type Order string

// The orders: what was opened or changed last comes first, what is due first comes first, and what is never due last.
const (
	ByOpened  Order = "opened"
	ByUpdated Order = "updated"
	ByDue     Order = "due"
)

// Summary is what a list says of a case.
type Summary struct {
	ID      string
	Version int
	Process cases.ProcessRef
	State   string
	Final   bool
	Private bool
	// Unreadable says that the case goes on in the log in a way that cannot be read; all else is as it was before that.
	Unreadable bool
	Class      cases.Class
	Source     string
	// Unit has the case, First received it first, Task is the person whose task it is, Parent the case above.
	Unit, First, Task, Parent string
	Areas                     []people.AreaKey
	Cells                     []people.CellRef
	Marks, Requests           []string
	Priority                  int
	Point                     *cases.Position
	// Rested and Due are zero for open cases and where nothing is due.
	Opened, Updated, Rested, Due time.Time
}

// Cursor is the place in a list after which the next page begins; the zero value is the beginning.
type Cursor struct {
	Value int64
	ID    string
}

// At is the place of a case in a list of an order: the next page after it begins there.
func At(s *Summary, order Order) *Cursor {
	value := -millis(s.Opened)
	switch order {
	case ByUpdated:
		value = -millis(s.Updated)
	case ByDue:
		value = millis(s.Due)
	case ByOpened:
	}
	if value == 0 {
		value = never
	}
	return &Cursor{Value: value, ID: s.ID}
}

// List are the cases that pass in an order, at most so many, from a cursor on; next is nil at the end. Cases with the same
// time are in the order of their ids. The errors are those of Count.
func (s *Store) List(f *Filter, order Order, limit int, after Cursor) (out []Summary, next *Cursor, err error) {
	now := s.now.Load()
	tests, err := s.tests(f)
	if err != nil {
		return nil, nil, err
	}
	if limit < 1 {
		return nil, nil, &data.FieldError{Field: "limit", Value: strconv.Itoa(limit), Why: "must be 1 or more"}
	}
	column, sign, err := sortKey(order)
	if err != nil {
		return nil, nil, err
	}
	best, least := &worst{}, int64(math.MinInt64)
	if after != (Cursor{}) {
		least = after.Value
	}
	for at, rows := range now.scan(tests) {
		values := column(now.chunks[at])
		for _, r := range rows {
			value := sign * values[r]
			if value == 0 {
				value = never
			}
			if value < least || len(best.all) > limit && value > best.all[0].value {
				continue
			}
			row := uint32(at*chunkRows + int(r))
			one := found{value: value, row: row, id: now.ids[row]}
			if after != (Cursor{}) && one.compare(found{value: after.Value, id: after.ID}) <= 0 {
				continue
			}
			if heap.Push(best, one); len(best.all) > limit+1 {
				heap.Pop(best)
			}
		}
	}
	slices.SortFunc(best.all, found.compare)
	if len(best.all) > limit {
		last := best.all[limit-1]
		best.all, next = best.all[:limit], &Cursor{Value: last.value, ID: last.id}
	}
	for _, one := range best.all {
		out = append(out, s.summary(now, one.row))
	}
	return out, next, nil
}

// never stands for a time that is not there, in an order.
const never = math.MaxInt64

// sortKey is the column by which a list is sorted and the sign that makes the first one the least.
func sortKey(order Order) (column func(*chunk) *[chunkRows]int64, sign int64, err error) {
	switch order {
	case ByOpened:
		return func(k *chunk) *[chunkRows]int64 { return &k.opened }, -1, nil
	case ByUpdated:
		return func(k *chunk) *[chunkRows]int64 { return &k.updated }, -1, nil
	case ByDue:
		return func(k *chunk) *[chunkRows]int64 { return &k.due }, 1, nil
	}
	return nil, 0, &data.FieldError{Field: "order", Value: string(order), Why: "must be opened, updated or due"}
}

type found struct {
	value int64
	row   uint32
	id    string
}

func (a found) compare(b found) int {
	return cmp.Or(cmp.Compare(a.value, b.value), strings.Compare(a.id, b.id))
}

// worst is a heap with the last one of the list on top.
type worst struct{ all []found }

func (w *worst) Len() int           { return len(w.all) }
func (w *worst) Less(i, j int) bool { return w.all[i].compare(w.all[j]) > 0 }
func (w *worst) Swap(i, j int)      { w.all[i], w.all[j] = w.all[j], w.all[i] }
func (w *worst) Push(x any)         { w.all = append(w.all, x.(found)) }
func (w *worst) Pop() any {
	last := len(w.all) - 1
	x := w.all[last]
	w.all = w.all[:last]
	return x
}

// Find is the summary of a case.
func (s *Store) Find(id string) (Summary, bool) {
	row, now, ok := s.find(id)
	if !ok {
		return Summary{}, false
	}
	return s.summary(now, row), true
}

// Brief is the summary of a case without where it is, which takes less time.
func (s *Store) Brief(id string) (Summary, bool) {
	row, now, ok := s.find(id)
	if !ok {
		return Summary{}, false
	}
	k, i := now.at(row)
	return s.brief(now.ids[row], k, i), true
}

// find is the row of a case that is shown, in the snapshot of now.
func (s *Store) find(id string) (row uint32, now *snapshot, ok bool) {
	s.rows.RLock()
	row, ok = s.row[id]
	s.rows.RUnlock()
	now = s.now.Load()
	return row, now, ok && int(row) < len(now.ids)
}

// OfPart are the cases about a part that are open or came to rest at or after a time.
func (s *Store) OfPart(layer, id string, since time.Time) []Summary {
	s.rows.RLock()
	rows := s.parts[partKey{layer, id}]
	rows = slices.Clip(rows)
	s.rows.RUnlock()
	now := s.now.Load()
	var out []Summary
	for _, row := range rows {
		if int(row) >= len(now.ids) {
			continue
		}
		if one := s.summary(now, row); !one.Final || !one.Rested.Before(since) {
			out = append(out, one)
		}
	}
	return out
}

// OfNumber are the cases with a number in another system that pass a filter, the one that came first first. The error is that
// of [Store.Count].
func (s *Store) OfNumber(number string, f *Filter) ([]Summary, error) {
	s.rows.RLock()
	rows := slices.Clip(s.outside[number])
	s.rows.RUnlock()
	now := s.now.Load()
	tests, err := s.tests(f)
	if err != nil {
		return nil, err
	}
	var out []Summary
	for _, row := range rows {
		if int(row) >= len(now.ids) {
			continue
		}
		k, i := now.at(row)
		one := []uint16{uint16(i)}
		for _, t := range tests {
			one = t(k, one)
		}
		if len(one) > 0 {
			out = append(out, s.summary(now, row))
		}
	}
	return out, nil
}

// Standings yields where the open cases of a process stand, with how many stand there: what [process.Table.Dry] asks.
func (s *Store) Standings(name string) iter.Seq2[*process.Standing, int] {
	return func(yield func(*process.Standing, int) bool) {
		open, now := true, s.now.Load()
		tests, err := s.tests(&Filter{Processes: []string{name}, Open: &open})
		if err != nil {
			return // a filter without places has none that is unknown
		}
		counts := map[uint32]int{}
		for at, rows := range now.scan(tests) {
			for _, r := range rows {
				counts[now.chunks[at].standing[r]]++
			}
		}
		for n := range uint32(len(s.standings.which(func(Standing) bool { return true }))) {
			if counts[n] == 0 {
				continue
			}
			if st := s.standings.word(n); !yield(&st.Standing, counts[n]) {
				return
			}
		}
	}
}

// Under counts the open cases by the version of the process under which they began.
func (s *Store) Under() map[cases.ProcessRef]int {
	open, now := true, s.now.Load()
	out := map[cases.ProcessRef]int{}
	tests, err := s.tests(&Filter{Open: &open})
	if err != nil {
		return out // a filter without places has none that is unknown
	}
	counts := map[uint32]int{}
	for at, rows := range now.scan(tests) {
		for _, r := range rows {
			counts[now.chunks[at].process[r]]++
		}
	}
	for n, have := range counts {
		out[s.processes.word(n)] += have
	}
	return out
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (s *Store) brief(id string, k *chunk, i int) Summary {
	standing := s.standings.word(k.standing[i])
	return Summary{
		ID: id, Version: int(k.version[i]), Process: s.processes.word(k.process[i]), State: standing.State, Final: standing.Final,
		Private: k.flags[i]&flagPrivate != 0, Class: s.classes.word(k.class[i]), Source: s.words.word(k.source[i]),
		Unit: s.words.word(k.unit[i]), First: s.words.word(k.first[i]), Task: s.words.word(k.task[i]), Parent: s.words.word(k.parent[i]),
		Marks: standing.Marks, Requests: standing.Requests, Priority: int(k.priority[i]),
		Opened: instant(k.opened[i]), Updated: instant(k.updated[i]), Rested: instant(k.rested[i]), Due: instant(k.due[i]),
		Unreadable: s.Spoilt(id) != nil,
	}
}

func (s *Store) summary(n *snapshot, row uint32) Summary {
	k, i := n.at(row)
	out := s.brief(n.ids[row], k, i)
	for l, level := range s.options.Levels {
		if v := k.areas[l][i]; v != 0 {
			out.Areas = append(out.Areas, people.AreaKey{Level: level, Code: s.words.word(v)})
		}
	}
	for l, scheme := range s.options.Schemes {
		if v := k.cells[l][i]; v != 0 {
			out.Cells = append(out.Cells, people.CellRef{Scheme: scheme, Code: s.words.word(v)})
		}
	}
	if k.flags[i]&flagPlaced != 0 {
		p := geo.Point{X: k.lon[i], Y: k.lat[i]}
		out.Point = &cases.Position{Lon: p.Lon(), Lat: p.Lat()}
	}
	return out
}
