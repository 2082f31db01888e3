package timing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/timing"
)

var _ cases.Limits = (*timing.Limits)(nil)

const rules = `
[[clock]]
name = "accept"
title = { zh = "受理", en = "Acceptance" }
limit = "0.25 work_hour"
[[clock.mark]]
kind = "overdue"
share = 1

[[clock]]
name = "handle"
title = { zh = "处置", en = "Handling" }
[[clock.mark]]
kind = "warned"
share = 0.8
[[clock.mark]]
kind = "overdue"
share = 1
`

const hours = `
name = "city"
title = { zh = "工作日历", en = "Working calendar" }
version = 1
valid = 2026-01-01
zone = "Asia/Shanghai"
holidays = { from = 2026-01-01, until = 2026-12-31 }
[[season]]
week = { "mon-fri" = ["08:00-12:00", "14:00-18:00"] }
`

func city(t *testing.T) *timing.City {
	t.Helper()
	r, err := clock.ParseRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	d, err := calendar.Parse(hours)
	if err != nil {
		t.Fatal(err)
	}
	b, err := calendar.NewBook(d)
	if err != nil {
		t.Fatal(err)
	}
	return &timing.City{Rules: r, Book: b, Table: class.Default(), Calendar: "city"}
}

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 3, day, hour, minute, 0, 0, time.FixedZone("", 8*3600))
}

func effect(name string, do process.Do, limit string) cases.ClockEffect {
	return cases.ClockEffect{Effect: process.Effect{Clock: name, Do: do}, Limit: limit}
}

// A cover is missing: reported on Monday, filed in minutes, dispatched with the limit of the row that the officer picked,
// fed back too late.
func TestClocksOfACase(t *testing.T) {
	c := city(t)
	var clocks timing.Clocks
	limits := &timing.Limits{City: c, Of: func(string) timing.Clocks { return clocks }}
	cover := cases.Class{Edition: "GBT30428.2-2013", Kind: "part", Code: "0101", Row: "2"}
	limit, by := limits.Limit("handle", cover, "unit")
	if limit != "4 work_hour" || by != "city" {
		t.Fatalf("limit %s by %s", limit, by)
	}
	events := []*cases.Event{
		{Case: "C1", Number: 1, At: at(2, 9, 0), Clocks: []cases.ClockEffect{effect("accept", process.Start, "0.25 work_hour")}},
		{Case: "C1", Number: 2, At: at(2, 9, 10), Clocks: []cases.ClockEffect{effect("accept", process.Stop, "")}},
		{Case: "C1", Number: 3, At: at(2, 9, 20), Clocks: []cases.ClockEffect{effect("handle", process.Start, limit)}},
		{Case: "C1", Number: 4, At: at(2, 9, 30)},
		{Case: "C1", Number: 5, At: at(2, 15, 21), Clocks: []cases.ClockEffect{effect("handle", process.Stop, "")}},
	}
	var err error
	if clocks, err = c.Fold(events[:4]); err != nil {
		t.Fatal(err)
	}
	if handle := clocks.Clock("handle"); !handle.Due.Equal(at(2, 15, 20)) || clocks.Clock("accept").Late {
		t.Errorf("%+v", clocks)
	}
	is := &cases.Case{ID: "C1"}
	if limits.Overdue(is, "handle", at(2, 15, 20)) || !limits.Overdue(is, "handle", at(2, 15, 21)) || limits.Overdue(is, "inspect", at(2, 15, 21)) {
		t.Error("what is overdue is not what the clocks say")
	}
	s := clock.NewSweep()
	c.Put(s, "C1", clocks)
	list := s.Take(at(2, 18, 0), 10)
	if len(list) != 1 || list[0].ID() != "C1/handle/warned/1" {
		t.Fatalf("notices %v", list)
	}
	told := cases.Mark{Clock: "handle", Key: list[0].Key, Generation: list[0].Generation}
	fired, err := c.After(clocks, &cases.Event{Case: "C1", Number: 5, At: at(2, 18, 0), Action: cases.Tells, Told: []cases.Mark{told}})
	if err != nil {
		t.Fatal(err)
	}
	if clocks, err = c.Told(clocks, list[0], at(2, 18, 0)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(clocks, fired); diff != "" {
		t.Errorf("the event leaves other clocks: %s", diff)
	}
	c.Put(s, "C1", clocks)
	if list = s.Take(at(2, 18, 0), 10); len(list) != 1 || list[0].Kind != "overdue" {
		t.Errorf("notices %v", list)
	}
	before := clocks
	if clocks, err = c.After(clocks, events[4]); err != nil || !clocks.Clock("handle").Late {
		t.Errorf("%+v, %v", clocks.Clock("handle"), err)
	}
	if before.Clock("handle").State != clock.Running {
		t.Error("clocks are changed in their place")
	}
	// An event that cannot be is named.
	_, err = c.After(clocks, &cases.Event{Case: "C1", Number: 6, At: at(3, 9, 0), Clocks: []cases.ClockEffect{effect("handle", process.Start, "soon")}})
	if err == nil || !strings.HasPrefix(err.Error(), "case C1, event 6: limit: must be a number and a unit") {
		t.Error(err)
	}
}

func TestWhichLimit(t *testing.T) {
	l := &timing.Limits{City: city(t)}
	for _, test := range []struct {
		clock string
		class cases.Class
		want  string
	}{
		{"accept", cases.Class{}, "0.25 work_hour"},
		{"handle", cases.Class{Edition: "GBT30428.2-2013", Kind: "part", Code: "0101"}, "2 urgent_hour"}, // the first row
		{"handle", cases.Class{Edition: "GBT30428.2-2013", Kind: "part", Code: "0101", Row: "4"}, "5 work_day"},
		{"handle", cases.Class{Edition: "GBT30428.2-2013", Kind: "part", Code: "0101", Row: "5"}, "2 urgent_hour"},
		{"handle", cases.Class{Kind: "part", Code: "01001", Row: "3"}, "2 work_day"}, // in the edition of the city, by the rows of 2013
		{"handle", cases.Class{Kind: "part", Code: "99999"}, ""},
		{"inspect", cases.Class{}, ""},
	} {
		if got, _ := l.Limit(test.clock, test.class, ""); got != test.want {
			t.Errorf("%s of %+v: %q, want %q", test.clock, test.class, got, test.want)
		}
	}
}
