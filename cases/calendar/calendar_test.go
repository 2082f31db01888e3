package calendar_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/data"
)

func load(t testing.TB, file string) *calendar.Definition {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	d, err := calendar.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func beijing(t testing.TB) *calendar.Calendar {
	t.Helper()
	book, err := calendar.NewBook(load(t, "beijing.toml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := book.Version(calendar.Ref{Name: "city", Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func local(t testing.TB, c *calendar.Calendar, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, c.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The limits are those of a manhole cover in the table of a city: 2 紧急工作时, 4 工作时, 2 工作日, 5 工作日.
func TestLimitsAcrossNightsWeekendsAndHolidays(t *testing.T) {
	c := beijing(t)
	for _, test := range []struct{ start, limit, due string }{
		{"2026-03-06 17:00", "2紧急工作时", "2026-03-06 19:00"}, // Friday, through the evening
		{"2026-03-06 17:00", "4工作时", "2026-03-09 11:00"},   // and over the weekend
		{"2026-03-06 17:00", "2工作日", "2026-03-10 17:00"},
		{"2026-03-06 17:00", "2自然日", "2026-03-08 17:00"},
		{"2026-03-06 20:00", "1工作时", "2026-03-09 09:00"}, // filed after hours: runs from the next morning
		{"2026-03-06 20:00", "1工作日", "2026-03-09 18:00"}, // that whole day
		{"2026-03-07 10:00", "4工作时", "2026-03-09 12:00"}, // filed on Saturday, due when the morning is over, not at 14:00
		{"2026-03-09 13:00", "1工作时", "2026-03-09 15:00"}, // filed at lunch
		{"2026-02-13 16:00", "2工作日", "2026-02-24 16:00"}, // Friday; Saturday is worked for the Spring Festival, then nine days are free
		{"2026-09-30 17:30", "5工作日", "2026-10-13 17:00"}, // seven of eight hours, in the hours of either season
		{"2026-09-18 18:30", "8工作时", "2026-09-20 18:30"}, // Sunday is worked for the national day
		{"2026-12-31 16:00", "0.25 work_hour", "2026-12-31 16:15"},
		{"2026-12-31 09:00", "1 work_hour", "2026-12-31 10:00"},
		{"2026-12-30 18:00", "1工作日", "2026-12-31 18:00"},
		{"2026-12-31 10:00", "30自然日", "2027-01-30 10:00"}, // needs no table
	} {
		limit, err := calendar.ParseLimit(test.limit)
		if err != nil {
			t.Fatal(err)
		}
		due, err := c.Add(local(t, c, test.start), limit)
		if want := local(t, c, test.due); err != nil || !due.Equal(want) {
			t.Errorf("%s after %s: %s, want %s (%v)", test.limit, test.start, due, want, err)
		}
	}
}

func TestADayMayBeEightHours(t *testing.T) {
	d := load(t, "beijing.toml")
	d.WorkDay = "8h"
	d.Seasons[0].Week = map[string][]string{"mon-fri": {"08:00-12:00", "14:00-18:00"}, "sat": {"08:00-12:00"}}
	book, err := calendar.NewBook(d)
	if err != nil {
		t.Fatal(err)
	}
	c, err := book.Version(calendar.Ref{Name: "city", Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	start := local(t, c, "2026-03-06 17:00") // an hour on Friday, four on Saturday, three on Monday
	due, err := c.Add(start, calendar.Limit{Span: calendar.Day, Unit: calendar.WorkDay})
	if want := local(t, c, "2026-03-09 11:00"); err != nil || !due.Equal(want) {
		t.Fatalf("%s, want %s (%v)", due, want, err)
	}
}

func TestTheEndOfTheTableIsSaid(t *testing.T) {
	c := beijing(t)
	start := local(t, c, "2026-12-30 10:00")
	_, err := c.Add(start, calendar.Limit{Span: 3 * calendar.Day, Unit: calendar.WorkDay})
	var beyond *calendar.RangeError
	if !errors.As(err, &beyond) || !beyond.After || !strings.HasPrefix(err.Error(), "holiday table of calendar city@1 ends 2026-12-31") {
		t.Fatalf("error: %v", err)
	}
	if _, err = c.Elapsed(calendar.WorkHour, start, local(t, c, "2027-01-02 00:00")); !errors.As(err, &beyond) || !beyond.After {
		t.Fatalf("error: %v", err)
	}
	if _, err = c.Elapsed(calendar.WorkHour, local(t, c, "2025-12-31 00:00"), start); !errors.As(err, &beyond) || beyond.After {
		t.Fatalf("error: %v", err)
	}
	if _, err = c.Add(time.Time{}, calendar.Limit{Span: time.Hour, Unit: calendar.WorkHour}); !errors.As(err, &beyond) {
		t.Fatalf("error: %v", err)
	}

	// The profile may say that weeks go on.
	d := load(t, "beijing.toml")
	d.Holidays.Beyond = "weekdays"
	book, err := calendar.NewBook(d)
	if err != nil {
		t.Fatal(err)
	}
	c, _ = book.Version(calendar.Ref{Name: "city", Version: 1})
	due, err := c.Add(start, calendar.Limit{Span: 3 * calendar.Day, Unit: calendar.WorkDay})
	if want := local(t, c, "2027-01-04 10:00"); err != nil || !due.Equal(want) || !c.Assumed(due) || c.Assumed(start) {
		t.Fatalf("%s, want %s (%v)", due, want, err)
	}
	if c.Until().String() != "2026-12-31" {
		t.Fatalf("until %s", c.Until())
	}
}

func TestATableIsContinuedByLaterVersions(t *testing.T) {
	first := load(t, "beijing.toml")
	book, err := calendar.NewBook(first)
	if err != nil {
		t.Fatal(err)
	}
	warnings := book.Warnings(time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), 60)
	if len(warnings) != 1 || warnings[0].String() != "holiday table of calendar city@1 ends 2026-12-31, in 35 days" {
		t.Fatalf("warnings: %v", warnings)
	}
	if warnings = book.Warnings(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), 60); len(warnings) != 0 {
		t.Fatalf("warnings: %v", warnings)
	}

	ymd := func(y, m, d int) calendar.Date {
		return calendar.DateOf(time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC))
	}
	second := load(t, "beijing.toml")
	second.Version, second.Valid = 2, ymd(2026, 12, 1)
	newYear := ymd(2027, 1, 1)
	second.Holidays = calendar.Holidays{From: ymd(2026, 12, 1), Until: ymd(2027, 12, 31)}
	second.Exceptions = []calendar.Exception{{Date: &newYear, Kind: calendar.Holiday, Name: "元旦"}}
	second.Seasons = []calendar.Season{{Week: map[string][]string{"mon-fri": {"09:00-17:00"}}}}
	if book, err = calendar.NewBook(second, first); err != nil {
		t.Fatal(err)
	}
	old, err := book.On("city", time.Date(2026, 11, 30, 15, 59, 0, 0, time.UTC)) // 23:59 in Shanghai
	if err != nil || old.Ref().Version != 1 {
		t.Fatalf("%v, %v", old, err)
	}
	if c, err := book.On("city", time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)); err != nil || c.Ref().Version != 2 {
		t.Fatalf("%v, %v", c, err)
	}
	// A clock of the first version counts December by its own hours and January by those of the second.
	due, err := old.Add(local(t, old, "2026-12-31 17:00"), calendar.Limit{Span: 2 * time.Hour, Unit: calendar.WorkHour})
	if want := local(t, old, "2027-01-04 10:00"); err != nil || !due.Equal(want) {
		t.Fatalf("%s, want %s (%v)", due, want, err)
	}
	// What was counted in the first stays what it was when versions are added.
	third := load(t, "beijing.toml")
	third.Version, third.Valid, third.Exceptions = 3, ymd(2026, 12, 20), nil
	with, err := calendar.NewBook(first, second, third)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := with.Version(calendar.Ref{Name: "city", Version: 1})
	for day := ymd(2026, 1, 1); day < ymd(2027, 12, 1); day++ {
		start := time.Unix(int64(day)*86400, 0)
		for _, unit := range []calendar.Unit{calendar.WorkHour, calendar.WorkDay} {
			a, errA := old.Add(start.Add(5*time.Hour), calendar.Limit{Span: calendar.Day, Unit: unit})
			b, errB := again.Add(start.Add(5*time.Hour), calendar.Limit{Span: calendar.Day, Unit: unit})
			if !a.Equal(b) || (errA == nil) != (errB == nil) {
				t.Fatalf("%s: %s (%v), and with another version %s (%v)", day, a, errA, b, errB)
			}
		}
	}

	for name, change := range map[string]func(*calendar.Definition){
		"version: is there twice":             func(d *calendar.Definition) { d.Version = 1 },
		"valid: must be after 2026-01-01":     func(d *calendar.Definition) { d.Valid = first.Valid; d.Holidays.From = first.Valid },
		"zone: must be Asia/Shanghai":         func(d *calendar.Definition) { d.Zone = "Asia/Tokyo" },
		"holidays.until: is before from":      func(d *calendar.Definition) { d.Holidays.Until = d.Holidays.From - 1 },
		"valid: must lie within the table of": func(d *calendar.Definition) { d.Valid = d.Holidays.Until + 1 },
	} {
		wrong := *second
		change(&wrong)
		if _, err := calendar.NewBook(first, &wrong); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err = book.On("other", time.Unix(0, 0)); err == nil || !strings.Contains(err.Error(), `does not exist; there are ["city"]`) {
		t.Error(err)
	}
	if _, err = book.Version(calendar.Ref{Name: "city", Version: 7}); err == nil {
		t.Error("there is a version 7")
	}
	var before *calendar.RangeError
	if _, err = book.On("city", time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)); !errors.As(err, &before) || before.After {
		t.Error(err)
	}
}

func TestNotesTellSlips(t *testing.T) {
	d := load(t, "beijing.toml")
	notes, err := d.Notes()
	if err != nil || len(notes) != 0 {
		t.Fatalf("%q, %v", notes, err)
	}
	wednesday, saturday := calendar.DateOf(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)), calendar.DateOf(time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC))
	d.Exceptions = append(d.Exceptions, calendar.Exception{Date: &wednesday, Kind: calendar.Workday}, calendar.Exception{Date: &saturday, Kind: calendar.Holiday})
	if notes, err = d.Notes(); err != nil || len(notes) != 2 || !strings.Contains(notes[0], "2026-03-04") || !strings.Contains(notes[1], "2026-03-07") {
		t.Fatalf("%q, %v", notes, err)
	}
}

func TestFaultsOfDefinitionsSayWhereAndWhatIsRight(t *testing.T) {
	text, err := os.ReadFile("testdata/beijing.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, want string }{
		{`name = "city"`, `name = "City"`, `name: must be lower-case letters, digits and _, beginning with a letter (value "City")`},
		{`version = 1`, `version = 0`, "version: must be 1 or more"},
		{`version = 1`, `version = "1"`, "line"},
		{`zone = "Asia/Shanghai"`, `zone = "Shanghai"`, "zone: must be a time zone of IANA"},
		{`zone = "Asia/Shanghai"`, `zome = "Asia/Shanghai"`, "unknown key zome"},
		{`work_day = "days"`, `work_day = "25h"`, "work_day: must be"},
		{`from = 2026-01-01, until = 2026-12-31`, `from = 2026-01-01`, "holidays: must say from which date until which"},
		{`"08:00-12:00", "14:30-18:30"`, `"08:00-12:00", "11:30-18:30"`, `season[1].week.mon-fri: overlaps 08:00-12:00 (value "11:30-18:30")`},
		{`"08:00-12:00", "14:30-18:30"`, `"8:00-12:00"`, `season[1].week.mon-fri: must be a shift as 08:00-12:00 (value "8:00-12:00")`},
		{`"08:00-12:00", "14:30-18:30"`, `"08:00-08:00"`, "begins when it ends"},
		{`"08:00-12:00", "14:30-18:30"`, `"08:00-24:30"`, "must be a shift"},
		{`"08:00-12:00", "14:30-18:30"`, `"20:00-09:00", "08:30-10:00"`, `season: begins on 2026-05-07 before the shift 20:00-33:00 of the day before has ended`},
		{`"mon-fri" = ["08:00-12:00", "14:30-18:30"]`, `"mon-fri" = ["08:00-12:00"], fri = ["08:00-12:00"]`, "has hours already"},
		{`"mon-fri" = ["08:00-12:00", "14:30-18:30"]`, `workdays = ["08:00-12:00"]`, "must be days as mon, mon-fri or sat,sun"},
		{`until = "09-30"`, `until = "09-31"`, `season[1].until: must be a month and a day`},
		{`until = "09-30"`, `until = "09-29"`, `season: is in no season; each day of the year has one (value "09-30")`},
		{`until = "09-30"`, `until = "10-01"`, `season[1]: is in season[0] already; each day of the year has one season (value "10-01")`},
		{`date = 2026-10-10`, `date = 2027-10-10`, "exception[12]: lies outside the table of holidays, 2026-01-01 to 2026-12-31"},
		{`date = 2026-10-10`, `date = 2026-10-07`, `exception[12]: is in exception[11] already (value "2026-10-07")`},
		{`date = 2026-10-10`, `from = 2026-10-10`, "exception[12]: must have a date, or from and until"},
		{`date = 2026-10-10`, `date = "10 October"`, "must be a date as 2026-10-01"},
		{`date = 2026-10-10`, "date = 2026-10-10\nlike = \"sun\"", "is worked like sun, which has no hours"},
		{`date = 2026-10-10`, "date = 2026-10-10\nlike = \"Fri\"", "exception[12].like: must be one of"},
		{"kind = \"workday\"\nname = \"国庆节调休\"", "kind = \"work\"", "kind: must be holiday or workday"},
	} {
		if !strings.Contains(string(text), test.from) {
			t.Fatalf("the file has no %s", test.from)
		}
		at := strings.LastIndex(string(text), test.from)
		_, err := calendar.Parse(string(text)[:at] + test.to + string(text)[at+len(test.from):])
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.to, err, test.want)
		}
	}
}

func TestLimitsAreReadAndWritten(t *testing.T) {
	for text, want := range map[string]struct{ name, zh, en string }{
		"2 work_day":  {"2 work_day", "2工作日", "2 working days"},
		"1工作日":        {"1 work_day", "1工作日", "1 working day"},
		"4 工作时":       {"4 work_hour", "4工作时", "4 working hours"},
		"2紧急工作时":      {"2 urgent_hour", "2紧急工作时", "2 hours around the clock"},
		"1紧急工作日":      {"1 urgent_day", "1紧急工作日", "1 day around the clock"},
		"15个工作日":      {"15 work_day", "15工作日", "15 working days"},
		"0.5 hour":    {"0.5 hour", "0.5小时", "0.5 hours"},
		"3 自然日":       {"3 natural_day", "3自然日", "3 days"},
		"1 hour":      {"1 hour", "1小时", "1 hour"},
		"0.000001工作时": {"0.000001 work_hour", "0.000001工作时", "0.000001 working hours"},
	} {
		l, err := calendar.ParseLimit(text)
		if err != nil || l.String() != want.name || l.In("zh-Hans") != want.zh || l.In("en") != want.en {
			t.Errorf("%s: %s, %s, %s (%v)", text, l, l.In("zh-Hans"), l.In("en"), err)
		}
		var again calendar.Limit
		if out, err := l.MarshalText(); err != nil || again.UnmarshalText(out) != nil || again != l {
			t.Errorf("%s: %s (%v)", text, again, err)
		}
	}
	if l, err := calendar.LimitOf(0.25, "work_hour"); err != nil || l.Span != 15*time.Minute {
		t.Errorf("a quarter of an hour: %s (%v)", l, err)
	}
	for _, text := range []string{"", "2", "work_day", "2 days", "-1 work_day", "0 work_day", "0.0000001 work_day", "20001 work_day", "99999999999999999999 work_day", "1.2.3 work_day", ".5 work_day"} {
		_, err := calendar.ParseLimit(text)
		if field, ok := errors.AsType[*data.FieldError](err); !ok || field.Field != "limit" || field.Value != text {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/beijing.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("name = \"a\"\nversion = 1\nvalid = 2026-01-01\nzone = \"America/New_York\"\nholidays = { from = 2026-01-01, until = 2026-12-31 }\n[[season]]\nweek = { \"sun-sat\" = [\"22:00-06:00\"] }\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := calendar.Parse(text)
		if err != nil {
			return
		}
		book, err := calendar.NewBook(d)
		if err != nil {
			t.Fatalf("what is accepted cannot be compiled: %v", err)
		}
		c, err := book.Version(calendar.Ref{Name: d.Name, Version: d.Version})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Unix(int64(d.Valid)*86400, 0)
		for _, unit := range calendar.Units() {
			due, err := c.Add(start, calendar.Limit{Span: 7 * time.Hour, Unit: unit})
			if err != nil {
				continue
			}
			if used, err := c.Elapsed(unit, start, due); err != nil || used < 7*time.Hour-8 || used > 7*time.Hour+8 {
				t.Fatalf("%s: %v used at %s (%v)", unit, used, due, err)
			}
		}
	})
}

func FuzzParseLimit(f *testing.F) {
	for _, text := range []string{"2 work_day", "0.25工作时", "1e9 hour"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := calendar.ParseLimit(text)
		if err != nil {
			return
		}
		if again, err := calendar.ParseLimit(l.String()); err != nil || again != l {
			t.Fatalf("%q is %s, which is %s (%v)", text, l, again, err)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	c := beijing(b)
	start := local(b, c, "2026-03-06 17:00")
	for _, unit := range []calendar.Unit{calendar.WorkHour, calendar.WorkDay, calendar.NaturalDay} {
		b.Run(unit.String(), func(b *testing.B) {
			for i := range b.N {
				if _, err := c.Add(start.Add(time.Duration(i%100)*time.Hour), calendar.Limit{Span: 5 * calendar.Day, Unit: unit}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkElapsed(b *testing.B) {
	c := beijing(b)
	start := local(b, c, "2026-03-06 17:00")
	for b.Loop() {
		if _, err := c.Elapsed(calendar.WorkHour, start, start.Add(200*calendar.Day)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBook(b *testing.B) {
	d := load(b, "beijing.toml")
	for b.Loop() {
		if _, err := calendar.NewBook(d); err != nil {
			b.Fatal(err)
		}
	}
}
