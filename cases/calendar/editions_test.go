package calendar_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/calendar"
)

func march(t testing.TB, exceptions string) *calendar.Definition {
	t.Helper()
	d, err := calendar.Parse(`name = "city"
version = 1
valid = 2026-03-01
zone = "Asia/Shanghai"
holidays = { from = 2026-03-01, until = 2026-04-30 }
[[season]]
week = { "mon-fri" = ["08:00-12:00", "14:00-18:00"], "sat" = ["20:00-02:00"] }
` + exceptions)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestAdmits draws changes of one day: what is admitted counts all that is over as before, a day to come is always admitted, and
// a day that is over never.
func TestAdmits(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	first := time.Date(2026, 3, 1, 0, 0, 0, 0, zone)
	units := []calendar.Unit{calendar.UrgentHour, calendar.WorkHour, calendar.WorkDay, calendar.NaturalDay}
	rapid.Check(t, func(rt *rapid.T) {
		now := first.Add(time.Duration(rapid.IntRange(0, 59*24*60).Draw(rt, "now")) * time.Minute)
		day := first.AddDate(0, 0, rapid.IntRange(0, 59).Draw(rt, "day"))
		kind := rapid.SampledFrom([]string{`kind = "holiday"`, `kind = "workday"` + "\n" + `hours = ["09:00-11:00"]`, `kind = "workday"` + "\n" + `hours = ["08:00-12:00", "14:00-18:00"]`}).Draw(rt, "kind")
		old, err := calendar.NewBook(march(t, ""))
		if err != nil {
			rt.Fatal(err)
		}
		next, err := old.With(march(t, "[[exception]]\ndate = "+day.Format(time.DateOnly)+"\n"+kind+"\n"))
		if err != nil {
			if strings.Contains(err.Error(), "overlap") {
				rt.Skip("a night reaches into the day")
			}
			rt.Fatal(err)
		}
		was, _ := old.Version(calendar.Ref{Name: "city", Version: 1})
		is, _ := next.Version(calendar.Ref{Name: "city", Version: 1})
		date := calendar.DateOf(day)
		before, _ := was.Day(date)
		after, _ := is.Day(date)
		same := strings.Join(before, " ") == strings.Join(after, " ")
		refused := old.Admits(next, now)
		switch today := calendar.DateOf(now); {
		case (date > today || same) && refused != nil:
			rt.Fatalf("at %s: %v", now, refused)
		case date < today && !same && refused == nil:
			rt.Fatalf("at %s the hours of %s change, which is over", now, date)
		}
		if refused != nil {
			return
		}
		from := first.Add(time.Duration(rapid.IntRange(0, int(now.Sub(first)/time.Minute)).Draw(rt, "from")) * time.Minute)
		for _, unit := range units {
			a, errA := was.Elapsed(unit, from, now)
			b, errB := is.Elapsed(unit, from, now)
			if a != b || errA != nil || errB != nil {
				rt.Fatalf("%s from %s to %s: %s and %s, %v and %v", unit, from, now, a, b, errA, errB)
			}
			limit := calendar.Limit{Span: time.Duration(rapid.IntRange(1, 20*24).Draw(rt, "hours")) * time.Hour, Unit: unit}
			a1, errA := was.Add(from, limit)
			b1, errB := is.Add(from, limit)
			if over := errA == nil && !a1.After(now); over != (errB == nil && !b1.After(now)) || over && !a1.Equal(b1) {
				rt.Fatalf("%s from %s: due %s and %s, now is %s", limit, from, a1, b1, now)
			}
		}
	})
}

// TestEditions sees which book counts when, and what no change may be.
func TestEditions(t *testing.T) {
	first, err := calendar.NewBook(march(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	e := calendar.NewEditions(first)
	at := func(day, hour int) time.Time {
		return time.Date(2026, 3, day, hour, 0, 0, 0, time.FixedZone("", 8*3600))
	}
	holiday := march(t, "[[exception]]\ndate = 2026-03-20\nkind = \"holiday\"\n")
	two, err := e.With(at(10, 9), holiday)
	if err != nil {
		t.Fatal(err)
	}
	if e.Changed() || !two.Changed() || two.At(at(10, 8)) != first || two.At(at(10, 9)) != two.Newest() || e.Newest() != first {
		t.Error("a book counts at another time than its own")
	}
	three, err := two.With(at(9, 9), march(t, "")) // a clock that went back
	if err != nil || three.At(at(10, 8)) != first || three.At(at(10, 9)) != three.Newest() {
		t.Errorf("%v", err)
	}
	change := func(do func(*calendar.Definition)) error {
		d := march(t, "")
		do(d)
		next, err := first.With(d)
		if err == nil {
			err = first.Admits(next, at(10, 9))
		}
		return err
	}
	for name, tc := range map[string]struct {
		do  func(*calendar.Definition)
		has string
	}{
		"another day of validity": {func(d *calendar.Definition) { d.Valid++ }, "must stay 2026-03-01 in version city@1"},
		"another measure":         {func(d *calendar.Definition) { d.WorkDay = "8h" }, "must stay days"},
		"another first day":       {func(d *calendar.Definition) { d.Holidays.From-- }, "holidays.from"},
		"an earlier end":          {func(d *calendar.Definition) { d.Holidays.Until-- }, "must not be before 2026-04-30"},
		"a version of the past":   {func(d *calendar.Definition) { d.Version = 2 }, "must be after 2026-03-01"},
		"other hours":             {func(d *calendar.Definition) { d.Seasons[0].Week = map[string][]string{"mon-fri": {"08:00-12:00"}} }, "has other hours on 2026-03-02"},
	} {
		if err := change(tc.do); err == nil || !strings.Contains(err.Error(), tc.has) {
			t.Errorf("%s: %v, want %q", name, err, tc.has)
		}
	}
	if err := change(func(d *calendar.Definition) { d.Holidays.Until += 30 }); err != nil {
		t.Errorf("a longer table: %v", err)
	}
}
