package index

import (
	"slices"

	"github.com/gewu-city/gewu/data"
)

// catalog holds definitions of one kind in the order of their creation. A copy is immutable: what takes a change makes
// new slices.
type catalog[T any] struct {
	names []string
	list  []*T
	// seqs are the Seqs of their newest changes.
	seqs []data.Seq
}

// find is the definition of a name.
func (c *catalog[T]) find(name string) (*T, bool) {
	i := slices.Index(c.names, name)
	if i < 0 {
		return nil, false
	}
	return c.list[i], true
}

// apply takes the change of a definition, nil for deleted, unless there is a newer one: a checkpoint may hold that.
func (c *catalog[T]) apply(seq data.Seq, name string, def *T) {
	i := slices.Index(c.names, name)
	if i >= 0 && c.seqs[i] >= seq || i < 0 && def == nil {
		return
	}
	next := catalog[T]{slices.Clone(c.names), slices.Clone(c.list), slices.Clone(c.seqs)}
	switch {
	case i < 0:
		next.names, next.list, next.seqs = append(next.names, name), append(next.list, def), append(next.seqs, seq)
	case def == nil:
		next.names, next.list, next.seqs = slices.Delete(next.names, i, i+1), slices.Delete(next.list, i, i+1), slices.Delete(next.seqs, i, i+1)
	default:
		next.list[i], next.seqs[i] = def, seq
	}
	*c = next
}
