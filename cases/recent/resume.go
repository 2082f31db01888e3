package recent

import (
	"cmp"
	"context"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
)

// Read are the moves after an entry as the log has them, joined by case, and the entry up to which they go, which is in the
// ring. find is what is shown of a case now. The error is [ErrFar] when there is too much of it, or that of the log.
func (r *Ring) Read(ctx context.Context, after data.Seq, find func(id string) (store.Summary, bool)) (list []*Move, to data.Seq, err error) {
	to = r.Head()
	if after > to {
		return nil, 0, ErrFar
	}
	of, events := map[string]*Move{}, 0
	for e, err := range r.log.Since(ctx, after) {
		if err != nil {
			return nil, 0, err
		}
		if e.Seq > to {
			break
		}
		m := of[e.Event.Case]
		if m == nil {
			m = &Move{first: e.Event.Number, After: &store.Summary{ID: e.Event.Case}}
			of[e.Event.Case] = m
		}
		m.Seq = e.Seq
		m.add(e.Event)
		if events++; events > mostEvents || len(of) > mostCases {
			return nil, 0, ErrFar
		}
	}
	for id, m := range of {
		is, ok := find(id)
		if !ok {
			return nil, 0, cases.ErrNoCase
		}
		m.After = &is
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *Move) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.After.ID, b.After.ID)) })
	return list, to, nil
}

// Before is what was shown of a case before a move, nil when there was no case. It reads the events of the case when the move
// came from the log.
func (r *Ring) Before(ctx context.Context, m *Move) (*store.Summary, error) {
	if m.first <= 1 {
		return m.Before, nil
	}
	c := cases.NewCase()
	for e, err := range r.log.Events(ctx, m.After.ID) {
		if err != nil {
			return nil, err
		}
		if e.Number >= m.first {
			break
		}
		if err := c.Apply(e); err != nil {
			return nil, err
		}
	}
	is := r.show(c)
	return &is, nil
}

// Begins reports whether the case began with the move.
func (m *Move) Begins() bool { return m.first == 1 || m.first == 0 && m.Before == nil }
