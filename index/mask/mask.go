// Package mask remembers which rows of a table pass a test that is not asked before somebody wants to know.
package mask

import (
	"iter"
	"sync/atomic"
)

// Rows is how many rows are tested together when somebody asks for one of them.
const Rows = 4096

// Mask is a set of rows, found out in parts. It is safe for concurrent use.
type Mask[S ~uint32] struct {
	rows  S
	find  func(from, to S) []S
	parts []atomic.Pointer[part]
}

type part [Rows / 64]uint64

// New returns the mask of a table of so many rows. find returns the rows from from to before to that pass; it may be
// called by several goroutines at once, and must always find the same.
func New[S ~uint32](rows S, find func(from, to S) []S) *Mask[S] {
	return &Mask[S]{rows: rows, find: find, parts: make([]atomic.Pointer[part], (int(rows)+Rows-1)/Rows)}
}

// Has reports whether a row passes; one beyond the table does not.
func (m *Mask[S]) Has(row S) bool {
	if row >= m.rows {
		return false
	}
	p := m.parts[row/Rows].Load()
	if p == nil {
		p = m.look(row / Rows)
	}
	return p[row%Rows/64]&(1<<(row%64)) != 0
}

func (m *Mask[S]) look(at S) *part {
	p := new(part)
	for _, row := range m.find(at*Rows, min((at+1)*Rows, m.rows)) {
		p[row%Rows/64] |= 1 << (row % 64)
	}
	m.parts[at].Store(p)
	return p
}

// Follow takes over what the mask of an older state of the table knows, but for the parts with rows that have changed
// since. It must be called before m is shared.
func (m *Mask[S]) Follow(old *Mask[S], changed iter.Seq[S]) {
	for i := range min(len(m.parts), len(old.parts)) {
		m.parts[i].Store(old.parts[i].Load())
	}
	if n := old.rows % Rows; n != 0 && m.rows > old.rows {
		m.parts[old.rows/Rows].Store(nil) // rows came to it
	}
	for row := range changed {
		if row < m.rows {
			m.parts[row/Rows].Store(nil)
		}
	}
}
