// Package timing joins cases with their time: the clocks of a case are the fold of the clock effects in its events, their
// limits are the rows of its class, and what is overdue is what these clocks say.
package timing

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data/catalogue"
)

// Clocks are the clocks of a case in the order of their names, a few at most. It is a value: After and Told make another one.
type Clocks []clock.Clock

// Clock is the clock of a name; nil for none.
func (k Clocks) Clock(name string) *clock.Clock {
	for i := range k {
		if k[i].Name == name {
			return &k[i]
		}
	}
	return nil
}

// set is the clocks with one that takes the place of that of its name. It changes k.
func (k Clocks) set(c *clock.Clock) Clocks {
	i, known := slices.BinarySearchFunc(k, c.Name, func(one clock.Clock, name string) int { return cmp.Compare(one.Name, name) })
	if known {
		k[i] = *c
		return k
	}
	return slices.Insert(k, i, *c)
}

// City is what the clocks of a city run by. It is read only, and safe for concurrent use.
type City struct {
	Rules *clock.Rules
	// Book is that of the beginning; Editions are all that followed, nil when it counts for ever.
	Book     *calendar.Book
	Editions func() *calendar.Editions
	Table    *class.Table
	// Calendar is the name of the calendar that clocks run by which name none.
	Calendar string
}

// Newest is the book that time is counted by now.
func (c *City) Newest() *calendar.Book {
	if c.Editions == nil {
		return c.Book
	}
	return c.Editions().Newest()
}

// edition is the book of an instant; changed says that there was another one.
func (c *City) edition(at time.Time) (book *calendar.Book, changed bool) {
	if c.Editions == nil {
		return c.Book, false
	}
	e := c.Editions()
	return e.At(at), e.Changed()
}

// Recount is the clocks by a book: those that run or are paused are counted by it, those that are over keep what they were
// counted by. It fails where the book has no such calendar.
func (k Clocks) Recount(book *calendar.Book) (Clocks, error) {
	next := slices.Clone(k)
	for i := range next {
		if next[i].State != clock.Running && next[i].State != clock.Paused {
			continue
		}
		var err error
		if next[i], err = next[i].Recount(book); err != nil {
			return k, err
		}
	}
	return next, nil
}

// settled is the clocks by the newest book, if there was another one.
func (c *City) settled(k Clocks) (Clocks, error) {
	if c.Editions == nil || !c.Editions().Changed() {
		return k, nil
	}
	return k.Recount(c.Newest())
}

// Fold is the clocks after all events of a case, each counted by the book of its time.
func (c *City) Fold(events []*cases.Event) (Clocks, error) {
	clocks := Clocks{}
	for _, e := range events {
		var err error
		if clocks, err = c.After(clocks, e); err != nil {
			return nil, err
		}
	}
	return clocks, nil
}

// After is the clocks after one more event. It fails where an effect of the event cannot be, with the number of the event and
// the clocks as they were.
func (c *City) After(clocks Clocks, e *cases.Event) (Clocks, error) {
	if len(e.Clocks)+len(e.Told) == 0 {
		return clocks, nil
	}
	next := slices.Clone(clocks)
	fail := func(err error) (Clocks, error) {
		return clocks, fmt.Errorf("case %s, event %d: %w", e.Case, e.Number, err)
	}
	for i := range e.Told {
		var err error
		if next, err = next.apply(clock.Effect{Clock: e.Told[i].Clock, Do: clock.Fire, At: e.At, Mark: e.Told[i].Key}, c); err != nil {
			return fail(err)
		}
	}
	for i := range e.Clocks {
		effect, err := c.effect(&e.Clocks[i], e.At)
		if err == nil {
			next, err = next.apply(effect, c)
		}
		if err != nil {
			return fail(err)
		}
	}
	return next, nil
}

// Told is the clocks after a mark of one of them was told.
func (c *City) Told(clocks Clocks, n clock.Notice, at time.Time) (Clocks, error) {
	return slices.Clone(clocks).apply(clock.Effect{Clock: n.Clock, Do: clock.Fire, At: at, Mark: n.Key}, c)
}

// apply is the clocks after an effect. It changes k.
func (k Clocks) apply(e clock.Effect, c *City) (Clocks, error) {
	was := clock.Clock{Name: e.Clock}
	if known := k.Clock(e.Clock); known != nil {
		was = *known
	}
	book, changed := c.edition(e.At)
	if changed && e.Do != clock.Fire && (was.State == clock.Running || was.State == clock.Paused) {
		var err error
		if was, err = was.Recount(book); err != nil {
			return k, err
		}
	}
	is, err := was.Apply(e, c.Rules.Rule(e.Clock), book)
	if err != nil {
		return k, err
	}
	return k.set(&is), nil
}

// effect is a clock effect of an event in the terms of clocks.
func (c *City) effect(e *cases.ClockEffect, at time.Time) (clock.Effect, error) {
	out := clock.Effect{Clock: e.Clock, Do: clock.Do(e.Do), At: at, Calendar: e.Calendar, Until: e.Until}
	if out.Calendar == "" && (e.Do == process.Start || e.Do == process.Reset) {
		out.Calendar = c.Calendar
	}
	if e.Limit != "" {
		limit, err := calendar.ParseLimit(e.Limit)
		if err != nil {
			return out, err
		}
		out.Limit = limit
	}
	return out, nil
}

// Limits answers what package cases asks about time. It satisfies cases.Limits.
type Limits struct {
	City *City
	// Of are the clocks of a case by its id.
	Of func(caseID string) Clocks
}

// Limit is the limit of a clock that starts: that of its rule; for a clock whose rule has none, that of the row of the class
// which was picked, the first where none was. It is empty where there is no such row, so that the process says.
func (l *Limits) Limit(name string, of cases.Class, _ string) (limit, by string) {
	rule := l.City.Rules.Rule(name)
	if rule == nil {
		return "", l.City.Calendar
	}
	if !rule.Limit.IsZero() {
		return rule.Limit.String(), l.City.Calendar
	}
	key := catalogue.Key{Edition: of.Edition, Kind: catalogue.Kind(of.Kind), Code: of.Code}
	if key.Edition == "" {
		key.Edition = l.City.Table.Edition()
	}
	rows := l.City.Table.Limits(key)
	if len(rows) == 0 {
		return "", l.City.Calendar
	}
	picked := 1
	if n, err := strconv.Atoi(of.Row); err == nil && n >= 1 && n <= len(rows) {
		picked = n
	}
	return rows[picked-1].Limit.String(), l.City.Calendar
}

// Overdue reports whether a clock of a case is over its limit at a time.
func (l *Limits) Overdue(c *cases.Case, name string, at time.Time) bool {
	is := l.Of(c.ID).Clock(name)
	return is != nil && is.Overdue(at)
}

// Put tells a sweep of all clocks of a case.
func (c *City) Put(s *clock.Sweep, caseID string, clocks Clocks) {
	for i := range clocks {
		s.Put(caseID, &clocks[i], c.Rules.Rule(clocks[i].Name), c.Newest())
	}
}
