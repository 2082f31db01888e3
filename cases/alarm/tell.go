package alarm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
)

// retries is how often a case is looked at again because somebody else was faster.
const retries = 16

// tell tells the marks of the cases of notices: those that only tell in one transaction, the others one after the other. Those
// of cases of which nothing can be told wait.
func (s *Sweeper) tell(ctx context.Context, list []clock.Notice) error {
	var together []*cases.Event
	seen, faulty := make(map[string]bool, len(list)), map[string]bool{}
	for _, n := range list {
		if seen[n.Case] {
			if faulty[n.Case] {
				s.wait(n)
			}
			continue
		}
		seen[n.Case] = true
		e, err := s.next(ctx, n.Case)
		switch _, stale := errors.AsType[*cases.StaleError](err); {
		case stale:
			if err := s.Before(ctx, n.Case); err != nil {
				return err
			}
		case err != nil:
			if err := s.pass(ctx, n.Case, err); err != nil {
				return err
			}
			faulty[n.Case] = true
			s.wait(n)
		case e == nil:
			s.again(ctx, n.Case)
		case e.Quiet():
			together = append(together, e)
		default:
			if err := s.append(ctx, e); err != nil {
				return err
			}
		}
	}
	if len(together) == 0 {
		return nil
	}
	_, err := s.shelf.Tell(ctx, together)
	if _, stale := errors.AsType[*cases.StaleError](err); stale {
		for _, e := range together {
			if err := s.Before(ctx, e.Case); err != nil {
				return err
			}
		}
		return nil
	}
	if err == nil {
		for _, e := range together {
			s.told.Add(int64(len(e.Told)))
		}
	}
	return err
}

// wait keeps the notice of a case of which nothing can be told.
func (s *Sweeper) wait(n clock.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later = append(s.later, n)
}

// append appends the event of one case, or has it looked at again.
func (s *Sweeper) append(ctx context.Context, e *cases.Event) error {
	_, err := s.shelf.Append(ctx, []*cases.Event{e})
	if _, stale := errors.AsType[*cases.StaleError](err); stale {
		return s.Before(ctx, e.Case)
	}
	if err == nil {
		s.told.Add(int64(len(e.Told)))
	}
	return err
}

// again puts a case of which nothing is to be told into the sweep as it is.
func (s *Sweeper) again(ctx context.Context, id string) {
	c, err := s.shelf.Case(ctx, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.faulty, id)
		s.put(id, c)
	}
}

// next is the event by which a case tells what it has reached first, nil when it has reached nothing. Where a step of the
// process follows, the step is taken, and next looks further. The error is a *[cases.StaleError] when the case goes on
// meanwhile.
func (s *Sweeper) next(ctx context.Context, id string) (*cases.Event, error) {
	for {
		is, ok := s.shelf.Brief(id)
		if !ok || is.Final || is.Unreadable {
			return nil, nil
		}
		now := s.Now()
		clocks, err := s.Ledger.Of(ctx, id)
		if err != nil {
			return nil, &faultError{err}
		}
		marks := s.reached(clocks, now)
		lapsed, err := s.lapsed(ctx, &is, now)
		if err != nil {
			return nil, &faultError{err}
		}
		if len(marks)+len(lapsed) == 0 {
			return nil, nil
		}
		done, effect, err := s.step(ctx, &is, &marks)
		if err != nil {
			return nil, err
		}
		if !done {
			return event(&is, now, marks, lapsed, effect), nil
		}
	}
}

// reached are the marks that clocks have reached and not told, in the order of their times.
func (s *Sweeper) reached(clocks timing.Clocks, now time.Time) []cases.Mark {
	var list []cases.Mark
	var room [8]clock.Pending // on the stack: most clocks have reached nothing or one mark of several
	for n := range clocks {
		c := &clocks[n]
		reached := s.City.Rules.Rule(c.Name).Reached(c, now, s.City.Newest(), room[:])
		list = slices.Grow(list, len(reached))
		for i := range reached {
			p := &reached[i]
			list = append(list, cases.Mark{Clock: c.Name, Key: p.Key, Generation: c.Generation, Kind: p.Kind, Level: p.Level, At: p.At})
		}
	}
	if len(list) > 1 {
		slices.SortFunc(list, func(a, b cases.Mark) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Clock, b.Clock), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Key, b.Key))
		})
	}
	return list
}

// lapsed are the requests of a case that nobody decided before what they ask for was over.
func (s *Sweeper) lapsed(ctx context.Context, is *store.Summary, now time.Time) ([]string, error) {
	if len(is.Requests) == 0 {
		return nil, nil
	}
	c, err := s.shelf.Case(ctx, is.ID)
	if err != nil {
		return nil, err
	}
	var list []string
	for id, a := range c.Requests {
		if !a.Until.IsZero() && !a.Until.After(now) {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list, nil
}

// step takes the step that the process has for the first of the marks that has one; those before it are told with it. done
// reports whether it did. Otherwise effect is what is to happen to a clock whose pause is over, nil for nothing.
func (s *Sweeper) step(ctx context.Context, is *store.Summary, marks *[]cases.Mark) (done bool, effect *cases.ClockEffect, err error) {
	t, ok := s.tables().Table(is.Process.Name, is.Process.Version)
	if !ok {
		return false, nil, &faultError{fmt.Errorf("case %s: its process %s, version %d, is not there", is.ID, is.Process.Name, is.Process.Version)}
	}
	for i, m := range *marks {
		step := answers(t, is.State, &m)
		if step == nil {
			if m.Kind == clock.Resumed {
				*marks = (*marks)[:i+1]
				return false, &cases.ClockEffect{Effect: process.Effect{Clock: m.Clock, Do: process.Resume}}, nil
			}
			continue
		}
		version := is.Version
		cmd := &cases.Command{
			Case: is.ID, IfVersion: &version, Key: keyOf(is.ID, &m), At: after(s.Now(), m.At.Add(time.Microsecond)),
			Actor: cases.Actor{Post: process.System}, Action: step.Action, Form: s.form(step, &m), Told: (*marks)[:i+1],
		}
		_, err := s.desk().Do(ctx, cmd)
		if _, refused := errors.AsType[*process.RefusalError](err); refused {
			continue // it does not follow now; the mark is told all the same
		}
		if err != nil {
			return false, nil, err
		}
		s.told.Add(int64(i + 1))
		return true, nil, nil
	}
	return false, nil, nil
}

// answers is the step of the program itself that follows when a mark is reached in a state: one that sets the mark of that
// name on the case, or that is called so; at the end of a pause one that lets the clock go on. Nil for none.
func answers(t *process.Table, state string, m *cases.Mark) *process.Step {
	for _, step := range t.Steps(state) {
		if step.Part != "" || !slices.Contains(step.Posts, process.System) {
			continue
		}
		if m.Kind == clock.Resumed {
			if slices.Contains(step.Clocks, process.Effect{Clock: m.Clock, Do: process.Resume}) {
				return step
			}
			continue
		}
		if step.Mark == m.Kind || step.Action == m.Kind {
			return step
		}
	}
	return nil
}

// form fills in what a step asks for that the program can say: why.
func (s *Sweeper) form(step *process.Step, m *cases.Mark) cases.Form {
	if !slices.Contains(step.Require, "reason") {
		return cases.Form{}
	}
	what, of := m.Kind, m.Clock
	if rule := s.City.Rules.Rule(m.Clock); rule != nil {
		of = cmp.Or(rule.Title["zh"], of)
		for i := range rule.Marks {
			if rule.Marks[i].Key() == m.Key {
				what = cmp.Or(rule.Marks[i].Title["zh"], what)
			}
		}
	}
	return cases.Form{Reason: of + "：" + what}
}

func keyOf(id string, m *cases.Mark) string {
	return id + "/" + m.Clock + "/" + m.Key + "/" + strconv.Itoa(m.Generation)
}

func after(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// event tells marks of a case, and what follows from them. Its time never lies before that of the event before.
func event(is *store.Summary, now time.Time, marks []cases.Mark, lapsed []string, effect *cases.ClockEffect) *cases.Event {
	// What is listed has milliseconds; an instant that has none beside them is not before what was rounded to it.
	if now.Before(is.Updated) || now.Sub(is.Updated) < time.Millisecond && !now.Equal(now.Truncate(time.Millisecond)) {
		now = is.Updated.Add(time.Millisecond)
	}
	c := cases.Case{ID: is.ID, Version: is.Version, State: is.State, Final: is.Final}
	e := c.Tell(now, "", marks)
	if effect != nil {
		e.Clocks = []cases.ClockEffect{*effect}
	}
	e.Lapsed = lapsed
	if len(marks) > 0 {
		e.Key = keyOf(is.ID, &marks[0])
	}
	e.Notify = []process.Notify{"owner", "above"}[:1]
	if is.Unit != "" {
		e.Notify[0] = "unit"
	}
	if slices.ContainsFunc(marks, func(m cases.Mark) bool { return m.Level > 0 }) {
		e.Notify = e.Notify[:2]
	}
	return e
}
