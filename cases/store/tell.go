package store

import (
	"context"
	"fmt"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
)

// Tell is Append for events that tell marks and do nothing else, see [cases.Event.Quiet], at most one for each case: it needs
// no fold of the cases, which a sweep of many could not wait for. The error is a *[cases.StaleError] when one is not the next
// of its case.
func (s *Store) Tell(ctx context.Context, events []*cases.Event) (data.Seq, error) {
	defer s.lock(events)()
	rows := make([]uint32, len(events))
	for i, e := range events {
		if u := s.Spoilt(e.Case); u != nil {
			return 0, u
		}
		row, now, ok := s.find(e.Case)
		if !ok {
			return 0, cases.ErrNoCase
		}
		chunk, at := now.at(row)
		rows[i] = row
		switch is, version := s.standings.word(chunk.standing[at]), int(chunk.version[at]); {
		case !e.Quiet():
			return 0, fmt.Errorf("case %s: event %d does more than tell marks", e.Case, e.Number)
		case e.Number != version+1:
			return 0, &cases.StaleError{Case: e.Case, Want: e.Number - 1, Have: version}
		case e.From != is.State || e.To != is.State || e.Final != is.Final:
			return 0, fmt.Errorf("case %s: event %d begins in state %q, the case is in %q", e.Case, e.Number, e.From, is.State)
		}
	}
	seq, err := s.log.Append(ctx, events)
	if err != nil {
		return 0, err
	}
	s.advance(events, rows, seq)
	for _, e := range events {
		s.held.Lock()
		was := s.recent[e.Case]
		s.held.Unlock()
		if was != nil && was.Version == e.Number-1 {
			if c := was.Clone(); c.Apply(e) == nil {
				s.hold(c)
			}
		}
		s.told(e.Case, nil)
	}
	return seq, nil
}

// advance shows cases, which are in these rows, after events that change nothing but their version.
func (s *Store) advance(events []*cases.Event, rows []uint32, seq data.Seq) {
	s.publish.Lock()
	defer s.publish.Unlock()
	w := s.now.Load().write()
	for n, e := range events {
		chunk, i := w.news(rows[n])
		before := s.before(rows[n])
		chunk.version[i], chunk.seq[i], chunk.updated[i] = uint32(e.Number), seq, millis(e.At)
		s.tellMoved(before, &w.snapshot, rows[n], seq, events[n:n+1])
	}
	s.now.Store(&w.snapshot)
}
