package calendar

import (
	"fmt"
	"math/bits"
	"sort"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Calendar is one version of a calendar, compiled by a [Book]. It is immutable and safe for concurrent use.
type Calendar struct {
	plan *plan
	sums *compiled
}

// Ref names a version of a calendar, as cases keep it.
type Ref struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

// String is name@version.
func (r Ref) String() string { return fmt.Sprintf("%s@%d", r.Name, r.Version) }

// RangeError says that an instant lies where a calendar has no table of holidays.
type RangeError struct {
	Calendar Ref
	// From and Until are the first and the last date that the table is complete for, with those that continue it.
	From, Until Date
	// After is whether the instant, or the end of a limit, lies after the table.
	After bool
}

// Error says where the table ends and what to do.
func (e *RangeError) Error() string {
	if e.After {
		return fmt.Sprintf(`holiday table of calendar %s ends %s: add the version with the next year's table, or say beyond = "weekdays"`, e.Calendar, e.Until)
	}
	return fmt.Sprintf("holiday table of calendar %s begins %s: an instant before it has no working hours to count", e.Calendar, e.From)
}

// Title is [RangeError.Error] for whoever sees a case that has no due time.
func (e *RangeError) Title() data.Title {
	if e.After {
		return data.Title{
			"zh": fmt.Sprintf("日历“%s”的节假日表到 %s 为止，之后的时限无法计算：请管理员补上下一年的节假日表", e.Calendar.Name, e.Until),
			"en": fmt.Sprintf("the holiday table of calendar %s ends %s, and no limit is counted beyond: an administrator adds that of the next year", e.Calendar.Name, e.Until),
		}
	}
	return data.Title{
		"zh": fmt.Sprintf("日历“%s”的节假日表从 %s 开始，之前的时间无法计算", e.Calendar.Name, e.From),
		"en": fmt.Sprintf("the holiday table of calendar %s begins %s, and nothing is counted before", e.Calendar.Name, e.From),
	}
}

// Ref is which version this is.
func (c *Calendar) Ref() Ref { return Ref{Name: c.plan.def.Name, Version: c.plan.def.Version} }

// Title is what the calendar is called.
func (c *Calendar) Title() data.Title { return c.plan.def.Title }

// Zone is the time zone of the wall.
func (c *Calendar) Zone() *time.Location { return c.plan.zone }

// Until is the last date that the table of holidays is complete for, with the tables of later versions that continue it.
func (c *Calendar) Until() Date { return DateOf(c.instant(c.sums.assumed - 1)) }

// Assumed reports whether an instant lies after the table of holidays, where working hours are a guess. It is always
// false for calendars that refuse such instants.
func (c *Calendar) Assumed(t time.Time) bool {
	return c.sums.assumed < c.sums.high && t.UnixNano() >= c.sums.assumed
}

// Day says what a date is like: its shifts as texts, and the name of the exception if it is one.
func (c *Calendar) Day(date Date) (hours []string, name string) {
	for _, s := range c.plan.shifts(date) {
		hours = append(hours, s.String())
	}
	return hours, c.plan.marked[date].name
}

// Working reports whether the city works at an instant. Shifts include their begin and not their end.
func (c *Calendar) Working(t time.Time) (bool, error) {
	n, err := c.nanos(t)
	if err != nil {
		return false, err
	}
	i := c.sums.shiftAt(n)
	return i >= 0 && n < c.sums.end[i], nil
}

// Add is the earliest instant at which a limit that starts at t is used up. What starts outside working hours starts to
// run with the next shift if its unit counts working time. Add fails with a *RangeError where the table of holidays does
// not reach, and for the zero limit.
func (c *Calendar) Add(t time.Time, l Limit) (time.Time, error) {
	if l.Span < 0 || l.Span > maxSpan {
		return time.Time{}, bad("limit", l.String(), "must not be negative, and at most 20000 days")
	}
	switch l.Unit {
	case UrgentHour, UrgentDay, NaturalHour:
		return t.Add(l.Span).In(c.plan.zone), nil
	case NaturalDay:
		if !countable(t) {
			return time.Time{}, c.outside(t.Year() > 2000)
		}
		return c.instant(instantOf(wallAt(t, c.plan.zone)+int64(l.Span), c.plan.zone)), nil
	case WorkHour:
		return c.work(t, int64(l.Span))
	case WorkDay:
		if c.plan.dayLen > 0 {
			return c.work(t, mulDiv(int64(l.Span), int64(c.plan.dayLen), dayNanos, true))
		}
		return c.workDays(t, int64(l.Span))
	}
	return time.Time{}, bad("limit", l.String(), "must have a unit")
}

// Back is the earliest instant from which on no more than a limit is left until t. It fails as Add does.
func (c *Calendar) Back(t time.Time, l Limit) (time.Time, error) {
	if l.Span < 0 || l.Span > maxSpan {
		return time.Time{}, bad("limit", l.String(), "must not be negative, and at most 20000 days")
	}
	switch l.Unit {
	case UrgentHour, UrgentDay, NaturalHour:
		return t.Add(-l.Span).In(c.plan.zone), nil
	case NaturalDay:
		if !countable(t) {
			return time.Time{}, c.outside(t.Year() > 2000)
		}
		return c.instant(instantOf(wallAt(t, c.plan.zone)-int64(l.Span), c.plan.zone)), nil
	case WorkHour, WorkDay:
	default:
		return time.Time{}, bad("limit", l.String(), "must have a unit")
	}
	n, err := c.nanos(t)
	if err != nil || l.Span == 0 {
		return t.In(c.plan.zone), err
	}
	s := c.sums
	if l.Unit == WorkDay && c.plan.dayLen == 0 {
		left := s.workedDays(n) - int64(l.Span)
		if left <= 0 {
			return time.Time{}, c.outside(false)
		}
		day, share := int(left/dayNanos), left%dayNanos
		if share == 0 {
			return c.instant(s.when(s.workBefore(day))), nil
		}
		return c.instant(s.when(s.dayBefore[day] + mulDiv(share, s.dayTotal[day], dayNanos, true))), nil
	}
	span := int64(l.Span)
	if l.Unit == WorkDay {
		span = mulDiv(span, int64(c.plan.dayLen), dayNanos, false)
	}
	left := s.worked(n) - span
	if left <= 0 {
		return time.Time{}, c.outside(false)
	}
	return c.instant(s.when(left)), nil
}

// Elapsed is how much of a unit runs from one instant to another, in the measure of [Limit.Span]; negative if to is
// before from. It fails as Add does.
//
// Elapsed(u, t, Add(t, l)) is l.Span for every limit; where days of different hours are counted, up to what a nanosecond
// of work is worth.
func (c *Calendar) Elapsed(u Unit, from, to time.Time) (time.Duration, error) {
	switch u {
	case UrgentHour, UrgentDay, NaturalHour:
		return to.Sub(from), nil
	case NaturalDay:
		if !countable(from) || !countable(to) {
			return 0, c.outside(from.Year() > 2000 || to.Year() > 2000)
		}
		return time.Duration(wallAt(to, c.plan.zone) - wallAt(from, c.plan.zone)), nil
	case WorkHour, WorkDay:
	default:
		return 0, bad("unit", u.String(), "must be a unit")
	}
	a, err := c.nanos(from)
	if err != nil {
		return 0, err
	}
	b, err := c.nanos(to)
	if err != nil {
		return 0, err
	}
	switch {
	case u == WorkHour:
		return time.Duration(c.sums.worked(b) - c.sums.worked(a)), nil
	case c.plan.dayLen > 0:
		span := c.sums.worked(b) - c.sums.worked(a)
		if span < 0 {
			return -time.Duration(mulDiv(-span, dayNanos, int64(c.plan.dayLen), false)), nil
		}
		return time.Duration(mulDiv(span, dayNanos, int64(c.plan.dayLen), false)), nil
	}
	return time.Duration(c.sums.workedDays(b) - c.sums.workedDays(a)), nil
}

// countable reports whether an instant and one 20000 days later have a number of nanoseconds.
func countable(t time.Time) bool { return t.Year() >= 1800 && t.Year() < 2200 }

func (c *Calendar) instant(nanos int64) time.Time { return time.Unix(0, nanos).In(c.plan.zone) }

// nanos is an instant that the sums are true for.
func (c *Calendar) nanos(t time.Time) (int64, error) {
	n := t.UnixNano()
	if !countable(t) || n < c.sums.low || n > c.sums.high {
		return 0, c.outside(t.Unix() >= c.sums.low/1e9)
	}
	return n, nil
}

func (c *Calendar) outside(after bool) error {
	return &RangeError{Calendar: c.Ref(), From: c.plan.def.Holidays.From, Until: c.Until(), After: after}
}

// work adds working time.
func (c *Calendar) work(t time.Time, span int64) (time.Time, error) {
	n, err := c.nanos(t)
	if err != nil || span == 0 {
		return t.In(c.plan.zone), err
	}
	goal := c.sums.worked(n) + span
	if goal > c.sums.sum() {
		return time.Time{}, c.outside(true)
	}
	return c.instant(c.sums.when(goal)), nil
}

// workDays adds working days: a day and the same share of the later one.
func (c *Calendar) workDays(t time.Time, span int64) (time.Time, error) {
	n, err := c.nanos(t)
	if err != nil || span == 0 {
		return t.In(c.plan.zone), err
	}
	s := c.sums
	first, done := s.dayAt(n)
	day, share := first+int(span/dayNanos), span%dayNanos
	if done == 0 && share == 0 && day <= len(s.dayTotal) {
		return c.instant(s.when(s.workBefore(day))), nil
	}
	if day >= len(s.dayTotal) {
		return time.Time{}, c.outside(true)
	}
	// The share of the first day is kept as it is, so that days of the same hours give the same time of day to the
	// nanosecond; what the limit has beside whole days is added to it.
	total := s.dayTotal[day]
	work := mulDiv(share, total, dayNanos, true)
	if done > 0 {
		work += mulDiv(done, total, s.dayTotal[first], true)
	}
	if work <= total {
		return c.instant(s.when(s.dayBefore[day] + work)), nil
	}
	if day++; day >= len(s.dayTotal) {
		return time.Time{}, c.outside(true)
	}
	return c.instant(s.when(s.dayBefore[day] + mulDiv(work-total, s.dayTotal[day], total, true))), nil
}

// shiftAt is the last shift that has begun at an instant, or -1.
func (s *compiled) shiftAt(n int64) int {
	return sort.Search(len(s.begin), func(i int) bool { return s.begin[i] > n }) - 1
}

// worked is the working time up to an instant.
func (s *compiled) worked(n int64) int64 {
	i := s.shiftAt(n)
	if i < 0 {
		return 0
	}
	return s.before[i] + min(n, s.end[i]) - s.begin[i]
}

// when is the first instant at which so much has been worked: goal is more than 0 and at most sum.
func (s *compiled) when(goal int64) int64 {
	i := sort.Search(len(s.before), func(i int) bool { return s.before[i] >= goal }) - 1
	return s.begin[i] + goal - s.before[i]
}

// dayAt is the working day at an instant and how much of it has been worked. After the last shift of a day it is the
// next working day, of which nothing has been.
func (s *compiled) dayAt(n int64) (day int, done int64) {
	i := s.shiftAt(n)
	if i < 0 {
		return 0, 0
	}
	day = int(s.dayOf[i])
	done = s.before[i] + min(n, s.end[i]) - s.begin[i] - s.dayBefore[day]
	if done == s.dayTotal[day] {
		return day + 1, 0
	}
	return day, done
}

// workedDays is the working days up to an instant, each worth [Day].
func (s *compiled) workedDays(n int64) int64 {
	day, done := s.dayAt(n)
	if done == 0 {
		return int64(day) * dayNanos
	}
	return int64(day)*dayNanos + mulDiv(done, dayNanos, s.dayTotal[day], false)
}

// workBefore is the working time before a working day; that after the last one is all.
func (s *compiled) workBefore(day int) int64 {
	if day == len(s.dayBefore) {
		return s.sum()
	}
	return s.dayBefore[day]
}

// mulDiv is a·b/c for numbers that are not negative, c not 0 and the result below 2^63: rounded up or down.
func mulDiv(a, b, c int64, up bool) int64 {
	high, low := bits.Mul64(uint64(a), uint64(b))
	q, r := bits.Div64(high, low, uint64(c))
	if up && r > 0 {
		q++
	}
	return int64(q)
}
