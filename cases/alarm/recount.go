package alarm

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/store"
)

// recounted is how many cases are counted anew at a time: writers of some of them wait a few milliseconds.
const recounted = 500

// open are the ids of the cases that are open and can be read.
func (s *Sweeper) open() ([]string, error) {
	open := true
	list, _, err := s.shelf.List(&store.Filter{Open: &open}, store.ByDue, s.shelf.Len()+1, store.Cursor{})
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(list))
	for i := range list {
		if !list[i].Unreadable {
			ids = append(ids, list[i].ID)
		}
	}
	return ids, nil
}

// Recount counts the clocks of all open cases anew when other calendars count than before, so that their due times and what
// lies ahead of them follow. It returns how many cases are due at another time. Run does the same by and by, and at its start:
// due times that were kept before a sudden end are put right then.
func (s *Sweeper) Recount(ctx context.Context) (changed int, err error) {
	if s.City.Editions == nil {
		return 0, nil
	}
	s.counting.Lock()
	defer s.counting.Unlock()
	is := s.City.Editions()
	if s.counted == is {
		return 0, nil
	}
	ids, err := s.open()
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(ids, recounted) {
		if ctx.Err() != nil {
			return changed, ctx.Err()
		}
		n, faults := s.shelf.Retime(some, func(id string) (time.Time, error) { return s.Ledger.Recount(ctx, id) })
		changed += n
		for id, fault := range faults {
			if err := s.pass(ctx, id, &faultError{fault}); err != nil {
				return changed, err
			}
		}
	}
	s.counted = is
	s.Logger.Info("clocks were counted anew by other calendars", "cases", len(ids), "changed", changed)
	s.Wake()
	return changed, nil
}

// Shift is a clock of an open case whose due time another book gives otherwise.
type Shift struct {
	Case, Clock string
	// Was and Is are the due times, zero for none; Why is why it has none by the other book.
	Was, Is time.Time
	Why     string
}

// By is how much later the clock is due; zero where it was not or will not be.
func (s *Shift) By() time.Duration {
	if s.Was.IsZero() || s.Is.IsZero() {
		return 0
	}
	return s.Is.Sub(s.Was)
}

// Dry says which clocks of open cases another book would give other due times, with how many run or are paused in all. Those
// without a due time come first, then those that change most. Nothing is changed. Cases that cannot be read are left out.
func (s *Sweeper) Dry(ctx context.Context, book *calendar.Book) (shifts []Shift, clocks int, err error) {
	ids, err := s.open()
	if err != nil {
		return nil, 0, err
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		now, err := s.Ledger.Of(ctx, id)
		if err != nil {
			if err := s.pass(ctx, id, &faultError{err}); err != nil {
				return nil, 0, err
			}
			continue
		}
		next, err := now.Recount(book)
		if err != nil {
			return nil, 0, err
		}
		for i := range now {
			was, is := &now[i], &next[i]
			if was.State != clock.Running && was.State != clock.Paused {
				continue
			}
			clocks++
			if !is.Due.Equal(was.Due) || (is.Fault == "") != (was.Fault == "") {
				shifts = append(shifts, Shift{Case: id, Clock: is.Name, Was: was.Due, Is: is.Due, Why: is.Fault})
			}
		}
	}
	slices.SortFunc(shifts, func(a, b Shift) int {
		return cmp.Or(later(a.By() != 0, b.By() != 0), cmp.Compare(b.By().Abs(), a.By().Abs()), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Clock, b.Clock))
	})
	return shifts, clocks, nil
}

// later orders what is so behind what is not.
func later(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// retime puts the due time right that a case was kept with, where its clocks say another.
func (s *Sweeper) retime(is *store.Summary, due time.Time) {
	if is.Due.UnixMilli() == due.UnixMilli() || is.Due.IsZero() && due.IsZero() {
		return
	}
	s.shelf.Retime([]string{is.ID}, func(id string) (time.Time, error) { return s.Ledger.Due(&cases.Case{ID: id}), nil })
}
