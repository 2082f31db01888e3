package timing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/timing"
)

// holiday is the calendar with days off.
func holiday(t testing.TB, days []string) *calendar.Definition {
	t.Helper()
	text := hours
	for _, day := range days {
		text += "[[exception]]\ndate = " + day + "\nkind = \"holiday\"\n"
	}
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCalendarsChange draws steps of a case between changes of the calendar: clocks that were held say what a later start folds
// from the log, those that are over never change, and due times that have passed stay.
func TestCalendarsChange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := city(t)
		editions := calendar.NewEditions(c.Book)
		c.Editions = func() *calendar.Editions { return editions }
		log := &book{}
		ledger := timing.NewLedger(c, log)
		now, number := at(2, 9, 0), 0
		var days []string
		for range rapid.IntRange(3, 25).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 40*60).Draw(rt, "minutes")) * time.Minute)
			before, err := ledger.Of(rt.Context(), "C1")
			if err != nil {
				rt.Fatal(err)
			}
			if rapid.IntRange(0, 2).Draw(rt, "what") == 0 {
				day := now.AddDate(0, 0, rapid.IntRange(1, 6).Draw(rt, "ahead")).Format(time.DateOnly)
				if strings.Contains(strings.Join(days, " "), day) {
					continue
				}
				days = append(days, day)
				next, err := editions.With(now, holiday(t, days))
				if err != nil {
					rt.Fatal(err)
				}
				if err := editions.Newest().Admits(next.Newest(), now); err != nil {
					rt.Fatal(err)
				}
				editions = next
				if _, err := ledger.Recount(rt.Context(), "C1"); err != nil {
					rt.Fatal(err)
				}
				after, err := ledger.Of(rt.Context(), "C1")
				if err != nil {
					rt.Fatal(err)
				}
				for i := range before {
					was, is := &before[i], after.Clock(before[i].Name)
					over := was.State == clock.Stopped || was.Overdue(now)
					if over && !was.Due.Equal(is.Due) || was.Used != is.Used || was.Late != is.Late {
						rt.Fatalf("was %+v, is %+v", was, is)
					}
				}
			} else {
				do := rapid.SampledFrom([]process.Do{process.Start, process.Start, process.Stop, process.Pause, process.Resume, process.Extend, process.Reset}).Draw(rt, "do")
				e := effect(rapid.SampledFrom([]string{"accept", "handle"}).Draw(rt, "clock"), do, "")
				if do == process.Start || do == process.Reset || do == process.Extend {
					e.Limit = rapid.SampledFrom([]string{"3 work_day", "6 work_hour"}).Draw(rt, "limit")
				}
				if due := before.DueOf(e.Clock); do == process.Extend && due.After(now) && rapid.Bool().Draw(rt, "until") {
					e.Limit, e.Until = "", due.AddDate(0, 0, 3)
				}
				number++
				if _, err := ledger.Append(rt.Context(), []*cases.Event{{Case: "C1", Number: number, At: now, Clocks: []cases.ClockEffect{e}}}); err != nil {
					number--
				}
			}
			held, err := ledger.Of(rt.Context(), "C1")
			if err != nil {
				rt.Fatal(err)
			}
			folded, err := timing.NewLedger(c, log).Of(rt.Context(), "C1")
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(folded, held); diff != "" {
				rt.Fatalf("a later start has other clocks: %s", diff)
			}
		}
	})
}

// TestLongerTable counts a clock that had no due time because the holidays were not known.
func TestLongerTable(t *testing.T) {
	c := city(t)
	editions := calendar.NewEditions(c.Book)
	c.Editions = func() *calendar.Editions { return editions }
	ledger := timing.NewLedger(c, &book{})
	if _, err := ledger.Append(t.Context(), []*cases.Event{{Case: "C1", Number: 1, At: time.Date(2026, 12, 31, 9, 0, 0, 0, time.FixedZone("", 8*3600)), Clocks: []cases.ClockEffect{effect("handle", process.Start, "2 work_day")}}}); err != nil {
		t.Fatal(err)
	}
	clocks, err := ledger.Of(t.Context(), "C1")
	if err != nil || !clocks.Due().IsZero() || clocks.Clock("handle").Fault == "" {
		t.Fatalf("%+v, %v", clocks, err)
	}
	next, err := calendar.Parse(strings.NewReplacer("version = 1", "version = 2", "2026", "2027").Replace(hours) + "[[exception]]\ndate = 2027-01-01\nkind = \"holiday\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if editions, err = editions.With(time.Date(2026, 12, 31, 10, 0, 0, 0, time.UTC), next); err != nil {
		t.Fatal(err)
	}
	want := time.Date(2027, 1, 5, 9, 0, 0, 0, time.FixedZone("", 8*3600)) // Friday is a holiday
	if due, err := ledger.Recount(t.Context(), "C1"); err != nil || !due.Equal(want) {
		t.Errorf("due %s, want %s, %v", due, want, err)
	}
}
