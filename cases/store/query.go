package store

import (
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/people"
)

// Range is a time from From, inclusive, to To, exclusive; zero is no bound.
type Range struct{ From, To time.Time }

// Filter is which cases. All members that are given must hold; a list holds if one of its words does. The zero value is
// all cases.
type Filter struct {
	States, Sources, Units, Firsts, Tasks, Parents []string
	// Classes are beginnings of codes, Editions and Kinds those of the class.
	Classes, Editions, Kinds []string
	// Processes are names of processes.
	Processes []string
	// Areas and Cells are of the levels and schemes that the store was made with.
	Areas []people.AreaKey
	Cells []people.CellRef
	// Marks are all there, Requests too.
	Marks, Requests []string
	Open, Private   *bool
	Opened          Range
	Updated         Range
	// Rested leaves out cases that are open, Due those for which nothing is due.
	Rested Range
	Due    Range
	// Box is where the cases are; it leaves out those that have no place.
	Box *geo.Box
	// Priority is the least one, when not 0.
	Priority int
	// Any, when there are some, are filters of which one must pass too.
	Any []Filter
}

// Column is by what cases are counted.
type Column string

// The columns: states, units, sources, classes, and area:LEVEL or cell:SCHEME.
const (
	ByState  Column = "state"
	ByUnit   Column = "unit"
	BySource Column = "source"
	ByClass  Column = "class"
)

// A test leaves those rows of a chunk that pass in the list. The loops write every row and count those that pass: so there
// is no branch that a processor could guess wrong.
type test func(k *chunk, rows []uint16) []uint16

func keep(rows []uint16, is func(uint16) bool) []uint16 {
	n := 0
	for _, r := range rows {
		rows[n] = r
		if is(r) {
			n++
		}
	}
	return rows[:n]
}

// member tests a column of words. The table is as long as the dictionary was after the snapshot was taken, so that every
// number of the column is in it.
func member(table []bool, column func(*chunk) *[chunkRows]uint32) test {
	return func(k *chunk, rows []uint16) []uint16 {
		values, n := column(k), 0
		for _, r := range rows {
			rows[n] = r
			if table[values[r&(chunkRows-1)]] {
				n++
			}
		}
		return rows[:n]
	}
}

func within(bounds Range, column func(*chunk) *[chunkRows]int64) test {
	from, to := max(1, millis(bounds.From)), millis(bounds.To)
	if to == 0 {
		to = never
	}
	span := uint64(max(0, to-from))
	return func(k *chunk, rows []uint16) []uint16 {
		values, n := column(k), 0
		for _, r := range rows {
			rows[n] = r
			_, less := bits.Sub64(uint64(values[r&(chunkRows-1)]-from), span, 0)
			n += int(less)
		}
		return rows[:n]
	}
}

// inBox tests where cases are; those without a place are in no box. Like [within] it has no branch that depends on a row, which a
// processor would guess wrong every other time: that costs more than all the rest.
func inBox(b *geo.Box) test {
	width, height := uint64(uint32(b.Max.X-b.Min.X)), uint64(uint32(b.Max.Y-b.Min.Y))
	return func(k *chunk, rows []uint16) []uint16 {
		n := 0
		for _, r := range rows {
			rows[n] = r
			i := r & (chunkRows - 1)
			// The highest bit is set where one of the distances is larger.
			outside := (width - uint64(uint32(k.lon[i]-b.Min.X))) | (height - uint64(uint32(k.lat[i]-b.Min.Y)))
			n += int(^outside>>63) & int(k.flags[i]&flagPlaced/flagPlaced)
		}
		return rows[:n]
	}
}

// flagged tests one of the flags.
func flagged(flag uint8, want bool) test {
	shift, flip := bits.TrailingZeros8(flag), uint8(1)
	if want {
		flip = 0
	}
	return func(k *chunk, rows []uint16) []uint16 {
		n := 0
		for _, r := range rows {
			rows[n] = r
			n += int((k.flags[r&(chunkRows-1)]>>shift ^ flip) & 1)
		}
		return rows[:n]
	}
}

// tests are those of a filter, made after the snapshot that they are for was taken. The error is a *data.FieldError for a level or scheme that the store has no column for.
func (s *Store) tests(f *Filter) ([]test, error) {
	var out []test
	words := func(list []string, column func(*chunk) *[chunkRows]uint32) {
		if len(list) > 0 {
			out = append(out, member(s.words.numbers(list), column))
		}
	}
	words(f.Units, func(k *chunk) *[chunkRows]uint32 { return &k.unit })
	words(f.Tasks, func(k *chunk) *[chunkRows]uint32 { return &k.task })
	words(f.Parents, func(k *chunk) *[chunkRows]uint32 { return &k.parent })
	words(f.Firsts, func(k *chunk) *[chunkRows]uint32 { return &k.first })
	if len(f.States)+len(f.Marks)+len(f.Requests) > 0 {
		table := s.standings.which(func(st Standing) bool {
			return (len(f.States) == 0 || slices.Contains(f.States, st.State)) && all(f.Marks, st.Marks) && all(f.Requests, st.Requests)
		})
		table[0] = false
		out = append(out, member(table, func(k *chunk) *[chunkRows]uint32 { return &k.standing }))
	}
	if len(f.Classes)+len(f.Editions)+len(f.Kinds) > 0 {
		table := s.classes.which(func(c cases.Class) bool {
			begins := func(prefix string) bool { return strings.HasPrefix(c.Code, prefix) }
			return (len(f.Classes) == 0 || slices.ContainsFunc(f.Classes, begins)) && (len(f.Editions) == 0 || slices.Contains(f.Editions, c.Edition)) &&
				(len(f.Kinds) == 0 || slices.Contains(f.Kinds, c.Kind))
		})
		table[0] = false
		out = append(out, member(table, func(k *chunk) *[chunkRows]uint32 { return &k.class }))
	}
	if len(f.Processes) > 0 {
		table := s.processes.which(func(p cases.ProcessRef) bool { return slices.Contains(f.Processes, p.Name) })
		out = append(out, member(table, func(k *chunk) *[chunkRows]uint32 { return &k.process }))
	}
	words(f.Sources, func(k *chunk) *[chunkRows]uint32 { return &k.source })
	if f.Open != nil {
		out = append(out, flagged(flagFinal, !*f.Open))
	}
	if f.Private != nil {
		out = append(out, flagged(flagPrivate, *f.Private))
	}
	for _, t := range []struct {
		bounds Range
		column func(*chunk) *[chunkRows]int64
	}{
		{f.Opened, func(k *chunk) *[chunkRows]int64 { return &k.opened }},
		{f.Updated, func(k *chunk) *[chunkRows]int64 { return &k.updated }},
		{f.Rested, func(k *chunk) *[chunkRows]int64 { return &k.rested }},
		{f.Due, func(k *chunk) *[chunkRows]int64 { return &k.due }},
	} {
		if t.bounds != (Range{}) {
			out = append(out, within(t.bounds, t.column))
		}
	}
	places, err := s.placeTests(f)
	if err != nil {
		return nil, err
	}
	out = append(out, places...)
	if f.Priority != 0 {
		least := int32(f.Priority)
		out = append(out, func(k *chunk, rows []uint16) []uint16 {
			return keep(rows, func(r uint16) bool { return k.priority[r] >= least })
		})
	}
	if len(f.Any) > 0 {
		some, err := s.any(f.Any)
		if err != nil {
			return nil, err
		}
		out = append(out, some)
	}
	return out, nil
}

func all(want, have []string) bool {
	return !slices.ContainsFunc(want, func(s string) bool { return !slices.Contains(have, s) })
}

func (s *Store) placeTests(f *Filter) ([]test, error) {
	var out []test
	if f.Box != nil {
		if f.Box.Empty() {
			return []test{func(_ *chunk, rows []uint16) []uint16 { return rows[:0] }}, nil
		}
		out = append(out, inBox(f.Box))
	}
	areas, err := s.places("areas", s.options.Levels, len(f.Areas), func(i int) (string, string) { return f.Areas[i].Level, f.Areas[i].Code })
	if err != nil {
		return nil, err
	}
	cells, err := s.places("cells", s.options.Schemes, len(f.Cells), func(i int) (string, string) { return f.Cells[i].Scheme, f.Cells[i].Code })
	if err != nil {
		return nil, err
	}
	if len(areas) > 0 {
		out = append(out, either(areas, func(k *chunk, n int) *[chunkRows]uint32 { return &k.areas[n] }))
	}
	if len(cells) > 0 {
		out = append(out, either(cells, func(k *chunk, n int) *[chunkRows]uint32 { return &k.cells[n] }))
	}
	return out, nil
}

// places are the codes that are asked for, by the number of their column.
func (s *Store) places(field string, columns []string, n int, at func(int) (column, code string)) (map[int][]bool, error) {
	codes := map[int][]string{}
	for i := range n {
		column, code := at(i)
		c := slices.Index(columns, column)
		if c < 0 {
			return nil, &data.FieldError{Field: field, Value: column, Why: "cases are not listed by it, but by " + strings.Join(columns, ", ")}
		}
		codes[c] = append(codes[c], code)
	}
	out := map[int][]bool{}
	for c, list := range codes {
		out[c] = s.words.numbers(list)
	}
	return out, nil
}

// either tests several columns, of which one must pass.
func either(tables map[int][]bool, column func(*chunk, int) *[chunkRows]uint32) test {
	if len(tables) == 1 {
		for n, table := range tables {
			return member(table, func(k *chunk) *[chunkRows]uint32 { return column(k, n) })
		}
	}
	return func(k *chunk, rows []uint16) []uint16 {
		return keep(rows, func(r uint16) bool {
			for n, table := range tables {
				if table[column(k, n)[r]] {
					return true
				}
			}
			return false
		})
	}
}

// scan yields the chunks of a snapshot with their rows that pass.
func (n *snapshot) scan(tests []test) iter.Seq2[int, []uint16] {
	return func(yield func(int, []uint16) bool) {
		var space [chunkRows]uint16
		for at := range n.chunks {
			rows := space[:min(chunkRows, len(n.ids)-at*chunkRows)]
			for i := range rows {
				rows[i] = uint16(i)
			}
			for _, t := range tests {
				if rows = t(n.chunks[at], rows); len(rows) == 0 {
					break
				}
			}
			if len(rows) > 0 && !yield(at, rows) {
				return
			}
		}
	}
}

// Count is the number of cases that pass. The error is a *data.FieldError for what cannot be asked.
func (s *Store) Count(f *Filter) (int, error) {
	now := s.now.Load()
	tests, err := s.tests(f)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, rows := range now.scan(tests) {
		n += len(rows)
	}
	return n, nil
}

// Points are where the cases are that pass, and without how many of them have no place. The error is that of Count.
func (s *Store) Points(f *Filter) (points []geo.Point, without int, err error) {
	now := s.now.Load()
	tests, err := s.tests(f)
	if err != nil {
		return nil, 0, err
	}
	for at, rows := range now.scan(tests) {
		k := now.chunks[at]
		for _, r := range rows {
			if k.flags[r]&flagPlaced == 0 {
				without++
				continue
			}
			points = append(points, geo.Point{X: k.lon[r], Y: k.lat[r]})
		}
	}
	return points, without, nil
}

// CountBy is the number of cases that pass for each word of a column; the empty word stands for none. The errors are
// those of Count.
func (s *Store) CountBy(f *Filter, by Column) (map[string]int, error) {
	now := s.now.Load()
	tests, err := s.tests(f)
	if err != nil {
		return nil, err
	}
	column, name, err := s.column(by)
	if err != nil {
		return nil, err
	}
	var counts []int
	for at, rows := range now.scan(tests) {
		values := column(now.chunks[at])
		for _, r := range rows {
			v := int(values[r])
			if v >= len(counts) {
				counts = append(counts, make([]int, v+1-len(counts))...)
			}
			counts[v]++
		}
	}
	out := map[string]int{}
	for v, n := range counts {
		if n > 0 {
			out[name(uint32(v))] += n
		}
	}
	return out, nil
}

func (s *Store) column(by Column) (column func(*chunk) *[chunkRows]uint32, name func(uint32) string, err error) {
	name = s.words.word
	kind, of, _ := strings.Cut(string(by), ":")
	switch {
	case by == ByState:
		return func(k *chunk) *[chunkRows]uint32 { return &k.standing }, func(n uint32) string { return s.standings.word(n).State }, nil
	case by == ByClass:
		return func(k *chunk) *[chunkRows]uint32 { return &k.class }, func(n uint32) string { return s.classes.word(n).Code }, nil
	case by == ByUnit:
		return func(k *chunk) *[chunkRows]uint32 { return &k.unit }, name, nil
	case by == BySource:
		return func(k *chunk) *[chunkRows]uint32 { return &k.source }, name, nil
	case kind == "area" && slices.Contains(s.options.Levels, of):
		n := slices.Index(s.options.Levels, of)
		return func(k *chunk) *[chunkRows]uint32 { return &k.areas[n] }, name, nil
	case kind == "cell" && slices.Contains(s.options.Schemes, of):
		n := slices.Index(s.options.Schemes, of)
		return func(k *chunk) *[chunkRows]uint32 { return &k.cells[n] }, name, nil
	}
	return nil, nil, &data.FieldError{Field: "by", Value: string(by), Why: fmt.Sprintf("must be state, unit, source, class, area:LEVEL of %v or cell:SCHEME of %v", s.options.Levels, s.options.Schemes)}
}
