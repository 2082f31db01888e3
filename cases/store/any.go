package store

import (
	"reflect"
	"slices"

	"github.com/gewu-city/gewu/people"
)

// membership is a filter of one column of words alone: one for each number that passes, zero for all others.
type membership struct {
	table  []uint8
	column func(*chunk) *[chunkRows]uint32
}

// any tests several filters, of which one must pass: what somebody may see is a handful of them. Those of one column of words
// are looked up row by row, without a branch that a processor could guess wrong and without lists of rows; each other one
// looks at those rows that none before it let through.
func (s *Store) any(filters []Filter) (test, error) {
	var plain []membership
	var others [][]test
	for i := range filters {
		m, is, err := s.membership(&filters[i])
		switch {
		case err != nil:
			return nil, err
		case is && slices.Contains(m.table, 1):
			plain = append(plain, m)
		case is: // of words that no case has
		default:
			tests, err := s.tests(&filters[i])
			if err != nil {
				return nil, err
			}
			others = append(others, tests)
		}
	}
	return func(k *chunk, rows []uint16) []uint16 {
		var passed [chunkRows]uint8
		for i := range plain {
			plain[i].mark(k, rows, &passed)
		}
		var space [chunkRows]uint16
		for _, tests := range others {
			n := 0
			for _, r := range rows {
				space[n] = r
				n += int(1 ^ passed[r&(chunkRows-1)])
			}
			left := space[:n]
			for _, t := range tests {
				left = t(k, left)
			}
			for _, r := range left {
				passed[r] = 1
			}
		}
		n := 0
		for _, r := range rows {
			rows[n] = r
			n += int(passed[r&(chunkRows-1)])
		}
		return rows[:n]
	}, nil
}

// mark marks the rows that pass.
func (m *membership) mark(k *chunk, rows []uint16, passed *[chunkRows]uint8) {
	values := m.column(k)
	if len(rows) == chunkRows {
		for i, v := range values {
			passed[i] |= m.table[v]
		}
		return
	}
	for _, r := range rows {
		passed[r&(chunkRows-1)] |= m.table[values[r&(chunkRows-1)]]
	}
}

// membership is that of a filter of one column of words; false for one that asks for more.
func (s *Store) membership(f *Filter) (m membership, is bool, err error) {
	rest := *f
	var table []bool
	switch {
	case len(f.Units) > 0:
		table, m.column, rest.Units = s.words.numbers(f.Units), func(k *chunk) *[chunkRows]uint32 { return &k.unit }, nil
	case len(f.Firsts) > 0:
		table, m.column, rest.Firsts = s.words.numbers(f.Firsts), func(k *chunk) *[chunkRows]uint32 { return &k.first }, nil
	case len(f.Tasks) > 0:
		table, m.column, rest.Tasks = s.words.numbers(f.Tasks), func(k *chunk) *[chunkRows]uint32 { return &k.task }, nil
	case len(f.States) > 0:
		table = s.standings.which(func(st Standing) bool { return slices.Contains(f.States, st.State) })
		table[0] = false
		m.column, rest.States = func(k *chunk) *[chunkRows]uint32 { return &k.standing }, nil
	case len(f.Areas) > 0:
		level := f.Areas[0].Level
		if slices.ContainsFunc(f.Areas, func(a people.AreaKey) bool { return a.Level != level }) {
			return m, false, nil
		}
		tables, err := s.places("areas", s.options.Levels, len(f.Areas), func(i int) (string, string) { return f.Areas[i].Level, f.Areas[i].Code })
		if err != nil {
			return m, false, err
		}
		n := slices.Index(s.options.Levels, level)
		table, m.column, rest.Areas = tables[n], func(k *chunk) *[chunkRows]uint32 { return &k.areas[n] }, nil
	case len(f.Cells) > 0:
		scheme := f.Cells[0].Scheme
		if slices.ContainsFunc(f.Cells, func(c people.CellRef) bool { return c.Scheme != scheme }) {
			return m, false, nil
		}
		tables, err := s.places("cells", s.options.Schemes, len(f.Cells), func(i int) (string, string) { return f.Cells[i].Scheme, f.Cells[i].Code })
		if err != nil {
			return m, false, err
		}
		n := slices.Index(s.options.Schemes, scheme)
		table, m.column, rest.Cells = tables[n], func(k *chunk) *[chunkRows]uint32 { return &k.cells[n] }, nil
	}
	if table == nil || !reflect.ValueOf(rest).IsZero() {
		return m, false, nil
	}
	m.table = make([]uint8, len(table))
	for i, is := range table {
		if is {
			m.table[i] = 1
		}
	}
	return m, true, nil
}
