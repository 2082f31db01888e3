package calendar_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/calendar"
)

// town is a calendar for tests, and the slow way to count in it: every minute is looked at.
type town struct {
	def         *calendar.Definition
	zone        *time.Location
	from, until calendar.Date
	turn        calendar.Date // the second season begins
	weeks       [2][7][]span
	marks       map[calendar.Date][]span

	low    int64   // the first minute
	on     []int32 // the date + 1 of the shift that each minute is in, or 0
	before []int64 // working minutes before each
}

type span struct{ begin, end int }

func (s span) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.begin/60, s.begin%60, s.end/60, s.end%60)
}

var dayKeys = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// The zones change their clocks in the weeks that are drawn: by an hour, by half an hour, by a whole day, and never.
var places = []struct{ zone, around string }{
	{"Asia/Shanghai", "2026-02-14"},
	{"America/New_York", "2026-03-08"},
	{"America/New_York", "2026-11-01"},
	{"Australia/Lord_Howe", "2026-04-05"},
	{"Australia/Lord_Howe", "2026-10-04"},
	{"Pacific/Apia", "2011-12-30"},
	{"Asia/Shanghai", "1986-05-04"},
	{"Europe/London", "2026-10-25"},
}

func drawShifts(t *rapid.T, most int) []span {
	n := rapid.IntRange(0, most).Draw(t, "shifts")
	var list []span
	at := rapid.IntRange(0, 600).Draw(t, "begin")
	for range n {
		length := rapid.SampledFrom([]int{1, 30, 60, 240, 300, 479}).Draw(t, "length")
		if at+length > 1440 {
			break
		}
		list = append(list, span{at, at + length})
		at += length + rapid.SampledFrom([]int{0, 1, 60, 120}).Draw(t, "pause")
	}
	return list
}

func drawTown(t *rapid.T) *town {
	place := rapid.SampledFrom(places).Draw(t, "place")
	around, _ := calendar.ParseDate(place.around)
	zone, err := time.LoadLocation(place.zone)
	if err != nil {
		t.Fatal(err)
	}
	w := &town{zone: zone, from: around - 8, until: around + 8, turn: around + calendar.Date(rapid.IntRange(-6, 6).Draw(t, "turn")), marks: map[calendar.Date][]span{}}
	d := &calendar.Definition{Name: "town", Version: 1, Valid: w.from, Zone: place.zone, Holidays: calendar.Holidays{From: w.from, Until: w.until}}
	for i := range w.weeks {
		week := map[string][]string{}
		usual := drawShifts(t, 3)
		for day := range 7 {
			shifts := usual
			if rapid.IntRange(0, 3).Draw(t, "other") == 0 {
				shifts = drawShifts(t, 2)
			}
			w.weeks[i][day] = shifts
			week[dayKeys[day]] = texts(shifts)
		}
		d.Seasons = append(d.Seasons, calendar.Season{Week: week})
	}
	// The seasons meet at turn and half a year later, which no test sees.
	half := w.turn + 180
	d.Seasons[1].From, d.Seasons[1].Until = w.turn.String()[5:], (half - 1).String()[5:]
	d.Seasons[0].From, d.Seasons[0].Until = half.String()[5:], (w.turn - 1).String()[5:]
	for range rapid.IntRange(0, 4).Draw(t, "exceptions") {
		date := w.from + calendar.Date(rapid.IntRange(0, int(w.until-w.from)).Draw(t, "date"))
		if _, twice := w.marks[date]; twice {
			continue
		}
		e := calendar.Exception{Date: &date, Kind: calendar.Holiday}
		w.marks[date] = nil
		if shifts := drawShifts(t, 2); len(shifts) > 0 {
			e.Kind, e.Hours, w.marks[date] = calendar.Workday, texts(shifts), shifts
		}
		d.Exceptions = append(d.Exceptions, e)
	}
	w.def = d
	w.count()
	return w
}

func texts(list []span) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, s.String())
	}
	return out
}

func (w *town) shifts(date calendar.Date) []span {
	if marked, ok := w.marks[date]; ok {
		return marked
	}
	season := 0
	if date >= w.turn {
		season = 1
	}
	return w.weeks[season][date.Weekday()]
}

// count looks at every minute: what the clock on the wall shows, or has shown if it was turned back.
func (w *town) count() {
	minute := int64(w.from)*1440 - 3*1440
	wall, sum, offset := int64(-1<<62), int64(0), 0
	for ; ; minute++ {
		if minute%30 == 0 { // no zone changes its offset at another minute
			_, offset = time.Unix(minute*60, 0).In(w.zone).Zone()
		}
		wall = max(wall, minute+int64(offset)/60)
		if wall >= int64(w.until+1)*1440 {
			return
		}
		if wall < int64(w.from)*1440 {
			continue
		}
		if w.low == 0 {
			w.low = minute
		}
		date, on := calendar.Date(wall/1440), int32(0)
		for _, s := range w.shifts(date) {
			if of := int(wall % 1440); of >= s.begin && of < s.end {
				on = int32(date) + 1
			}
		}
		w.on, w.before = append(w.on, on), append(w.before, sum)
		if on > 0 {
			sum++
		}
	}
}

// worked is the working minutes from one minute of the town to another.
func (w *town) worked(a, b int) int64 {
	n := int64(0)
	for i := a; i < b; i++ {
		if w.on[i] > 0 {
			n++
		}
	}
	return n
}

// days is the working days from one minute to another: each date with work counts one, whatever its minutes.
func (w *town) days(a, b int) *big.Rat {
	total, part := map[int32]int64{}, map[int32]int64{}
	for i, on := range w.on {
		total[on]++
		if i >= a && i < b {
			part[on]++
		}
	}
	sum := new(big.Rat)
	for on, n := range part {
		if on > 0 {
			sum.Add(sum, big.NewRat(n, total[on]))
		}
	}
	return sum
}

// after is the first instant, as minutes from the beginning, at which so many have been worked since a; -1 if there is none.
func (w *town) after(a int, minutes int64) int {
	for i := a; i < len(w.on); i++ {
		if w.on[i] > 0 {
			if minutes--; minutes == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// slack is what three nanoseconds of work are worth where a day of one minute counts as much as any.
const slack = 3 * 1440

func (w *town) instant(minute int) time.Time { return time.Unix((w.low+int64(minute))*60, 0) }

func (w *town) calendar(t interface{ Fatal(...any) }) *calendar.Calendar {
	book, err := calendar.NewBook(w.def)
	if err != nil {
		t.Fatal(err)
	}
	c, err := book.On("town", w.instant(0))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWorkingTimeIsThatOfACounterOfMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		c := w.calendar(t)
		a := rapid.IntRange(0, len(w.on)-1).Draw(t, "a")
		b := rapid.IntRange(a, len(w.on)-1).Draw(t, "b")
		ta, tb := w.instant(a), w.instant(b)

		if got, err := c.Working(ta); err != nil || got != (w.on[a] > 0) {
			t.Fatalf("working at %s: %t, %v", ta.In(w.zone), got, err)
		}
		got, err := c.Elapsed(calendar.WorkHour, ta, tb)
		if want := time.Duration(w.worked(a, b)) * time.Minute; err != nil || got != want {
			t.Fatalf("%s to %s: %v of work, want %v (%v)", ta.In(w.zone), tb.In(w.zone), got, want, err)
		}
		days, err := c.Elapsed(calendar.WorkDay, ta, tb)
		want := new(big.Rat).Mul(w.days(a, b), new(big.Rat).SetInt64(int64(calendar.Day)))
		off, _ := want.Sub(want, new(big.Rat).SetInt64(int64(days))).Float64()
		if err != nil || off < -1 || off > 1 {
			t.Fatalf("%s to %s: %d of working days, off by %g (%v)", ta.In(w.zone), tb.In(w.zone), days, off, err)
		}

		minutes := int64(rapid.IntRange(1, 4000).Draw(t, "minutes"))
		due, err := c.Add(ta, calendar.Limit{Span: time.Duration(minutes) * time.Minute, Unit: calendar.WorkHour})
		end := w.after(a, minutes)
		if end < 0 {
			if err == nil {
				t.Fatalf("%d minutes after %s is %s, and the table has not so many", minutes, ta.In(w.zone), due)
			}
			return
		}
		if err != nil || !due.Equal(w.instant(end)) {
			t.Fatalf("%d minutes after %s is %s, want %s (%v)", minutes, ta.In(w.zone), due, w.instant(end).In(w.zone), err)
		}
	})
}

func TestLimitsAreUsedUpWhenTheyAreDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		w.def.WorkDay = rapid.SampledFrom([]string{"", "days", "8h", "7h30m"}).Draw(t, "work day")
		c := w.calendar(t)
		start := w.instant(rapid.IntRange(0, len(w.on)/2).Draw(t, "start")).Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "nanoseconds")))
		unit := rapid.SampledFrom(calendar.Units()).Draw(t, "unit")
		one := time.Hour
		if unit == calendar.WorkDay || unit == calendar.NaturalDay || unit == calendar.UrgentDay {
			one = calendar.Day
		}
		limit := calendar.Limit{Span: time.Duration(rapid.Int64Range(1, 5*int64(one)).Draw(t, "span")), Unit: unit}
		if rapid.Bool().Draw(t, "whole") {
			limit.Span += one - limit.Span%one
		}
		due, err := c.Add(start, limit)
		if err != nil {
			return // the table ends before; TestWorkingTimeIsThatOfACounterOfMinutes says when it must not
		}
		used, err := c.Elapsed(unit, start, due)
		// A day that a wall never shows cannot be used.
		if err != nil || used < limit.Span-slack || unit != calendar.NaturalDay && used > limit.Span+slack {
			t.Fatalf("%s after %s is %s, by which %d of %d were used (%v)", limit, start.In(w.zone), due, used, limit.Span, err)
		}
		if unit != calendar.NaturalDay { // where a clock is turned back, the wall stands still before the limit ends
			if used, err = c.Elapsed(unit, start, due.Add(-time.Microsecond)); err != nil || used >= limit.Span {
				t.Fatalf("%s after %s is %s, but all of it was used before (%v)", limit, start.In(w.zone), due, err)
			}
		}
		// More time is never due earlier, and a limit may be split.
		half := calendar.Limit{Span: limit.Span / 2, Unit: unit}
		middle, err := c.Add(start, half)
		if err != nil || middle.After(due) {
			t.Fatalf("half of %s is due %s, after all of it: %s (%v)", limit, middle, due, err)
		}
		if half.Span > 0 {
			again, err := c.Add(middle, calendar.Limit{Span: limit.Span - half.Span, Unit: unit})
			if err != nil {
				t.Fatal(err)
			}
			if total, err := c.Elapsed(unit, start, again); err != nil || total < limit.Span-slack || unit != calendar.NaturalDay && total > limit.Span+slack {
				t.Fatalf("%s in two halves is due %s, by which %d were used (%v)", limit, again, total, err)
			}
		}
	})
}

func TestNaturalDaysKeepTheTimeOfTheWall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		c := w.calendar(t)
		start := w.instant(rapid.IntRange(0, len(w.on)-1).Draw(t, "start")).In(w.zone)
		days := rapid.IntRange(1, 20).Draw(t, "days")
		due, err := c.Add(start, calendar.Limit{Span: time.Duration(days) * calendar.Day, Unit: calendar.NaturalDay})
		if err != nil {
			t.Fatal(err)
		}
		const wall = "2006-01-02 15:04"
		// The wall as a clock of a place without summer time would show it.
		plain := time.Date(start.Year(), start.Month(), start.Day()+days, start.Hour(), start.Minute(), 0, 0, time.UTC).Format(wall)
		shown, err := time.ParseInLocation(wall, plain, w.zone)
		if err != nil || shown.Format(wall) != plain {
			return // no clock of the place ever shows it
		}
		if _, offset := start.Add(-26 * time.Hour).Zone(); due.Format(wall) != plain {
			if _, now := start.Zone(); offset == now { // else start is in the hour that comes twice, where the wall stands still
				t.Fatalf("%d days after %s: %s, want %s", days, start, due, plain)
			}
		}
	})
}

func TestBackLeavesTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		w.def.WorkDay = rapid.SampledFrom([]string{"days", "8h"}).Draw(t, "work day")
		c := w.calendar(t)
		end := w.instant(rapid.IntRange(len(w.on)/2, len(w.on)-1).Draw(t, "end"))
		unit := rapid.SampledFrom(calendar.Units()).Draw(t, "unit")
		limit := calendar.Limit{Span: time.Duration(rapid.IntRange(1, 3000).Draw(t, "minutes")) * time.Minute, Unit: unit}
		begin, err := c.Back(end, limit)
		if err != nil {
			return
		}
		if left, err := c.Elapsed(unit, begin, end); err != nil || left > limit.Span+slack || unit != calendar.NaturalDay && left < limit.Span-slack {
			t.Fatalf("%s before %s is %s, from which on %v are left (%v)", limit, end.In(w.zone), begin, left, err)
		}
		if unit == calendar.NaturalDay {
			return
		}
		if left, err := c.Elapsed(unit, begin.Add(-time.Microsecond), end); err == nil && left <= limit.Span {
			t.Fatalf("%s before %s is %s, but %v are left before", limit, end.In(w.zone), begin, left)
		}
	})
}

func TestElapsedIsMonotoneAndAdditive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		c := w.calendar(t)
		at := rapid.SliceOfN(rapid.IntRange(0, len(w.on)-1), 3, 3).Draw(t, "instants")
		for _, unit := range calendar.Units() {
			of := func(i, j int) time.Duration {
				d, err := c.Elapsed(unit, w.instant(at[i]), w.instant(at[j]))
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
			if of(0, 1)+of(1, 2) != of(0, 2) {
				t.Fatalf("%s: %v + %v is not %v", unit, of(0, 1), of(1, 2), of(0, 2))
			}
			if (at[0] <= at[1]) != (of(0, 1) >= 0) && of(0, 1) != 0 {
				t.Fatalf("%s: from %s to %s is %v", unit, w.instant(at[0]), w.instant(at[1]), of(0, 1))
			}
		}
	})
}
