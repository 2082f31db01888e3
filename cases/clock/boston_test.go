package clock_test

import (
	"bufio"
	"compress/gzip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/clock"
)

// report is a case of the city of Boston. Instants that the file does not have are zero.
type report struct {
	opened, target, closed time.Time
	verdict, kind          string
}

func boston(t testing.TB) (*calendar.Book, []report) {
	t.Helper()
	text, err := os.ReadFile("testdata/boston.toml")
	if err != nil {
		t.Fatal(err)
	}
	def, err := calendar.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(def.Zone)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("testdata/boston-2015-h1.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	read := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.ParseInLocation(time.DateTime, text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	var list []report
	lines := bufio.NewScanner(plain)
	for lines.Scan() {
		field := strings.Split(lines.Text(), "\t")
		if len(field) != 5 || field[0] == "opened" {
			continue
		}
		list = append(list, report{read(field[0]), read(field[1]), read(field[2]), field[3], field[4]})
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return book(t, def), list
}

// Every case of half a year is opened and closed by a clock whose limit is the one that the city gave it. Whether it was in
// time is what the city says it was, for every case that has a verdict, a target and an end.
func TestBostonVerdicts(t *testing.T) {
	b, list := boston(t)
	rule := &clock.Rule{Name: "handle", Marks: []clock.Mark{{Kind: clock.Overdue, Share: 1}}}
	got := map[string]int{}
	for _, r := range list {
		if r.target.IsZero() {
			got["no target"]++
			continue
		}
		c := clock.Clock{Name: "handle"}
		if r.target.Equal(r.opened) {
			got["due when it was opened"]++
		}
		limit := calendar.Limit{Span: max(1, r.target.Sub(r.opened)), Unit: calendar.NaturalHour}
		c, err := c.Apply(clock.Effect{Do: clock.Start, At: r.opened, Limit: limit, Calendar: "boston"}, rule, b)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		if !c.Due.Truncate(time.Second).Equal(r.target) {
			t.Fatalf("%+v: due %s", r, c.Due)
		}
		if r.closed.IsZero() {
			got["open, "+r.verdict]++
			continue
		}
		end := r.closed
		if end.Before(r.opened) {
			if _, err := c.Apply(clock.Effect{Do: clock.Stop, At: end}, rule, b); err == nil {
				t.Fatalf("%+v: closed before it was opened", r)
			}
			// What is recorded never runs backwards: the log has it at the time of the event before.
			got["closed before it was opened"]++
			end = r.opened
		}
		if c, err = c.Apply(clock.Effect{Do: clock.Stop, At: end}, rule, b); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		verdict := "ONTIME"
		if c.Late {
			verdict = "OVERDUE"
		}
		if r.verdict == "" {
			got["closed, no verdict, ours "+verdict]++
			continue
		}
		if verdict != r.verdict {
			t.Errorf("%+v: %s", r, verdict)
		}
		got["the same verdict"]++
	}
	want := map[string]int{
		"the same verdict": 37257, "no target": 14527, "due when it was opened": 7, "closed before it was opened": 40, "closed, no verdict, ours OVERDUE": 63,
		"open, ONTIME": 571, "open, OVERDUE": 5662, "open, ": 39,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cases by cause (-want +got):\n%s", diff)
	}
}

// The targets themselves come from a working calendar: hours of an office, weekends and holidays, and for some types
// natural days. Of fifty, 49 are what our calendar counts, to the minute: the city's program cut many of its times to that.
// The others were changed by hand, or moved to a queue with another limit.
func TestBostonTargets(t *testing.T) {
	b, list := boston(t)
	c, err := b.Version(calendar.Ref{Name: "boston", Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	const slack = time.Minute
	got, verdicts := map[string]int{}, map[string]int{}
	whole := func(unit calendar.Unit, r report, one time.Duration) (calendar.Limit, bool) {
		used, err := c.Elapsed(unit, r.opened, r.target)
		if err != nil {
			return calendar.Limit{}, false
		}
		days := used.Round(calendar.Day)
		off := (used - days).Abs()
		return calendar.Limit{Span: days, Unit: unit}, days > 0 && off <= calendar.Day/(one/slack)
	}
	for _, r := range list {
		if r.target.IsZero() {
			continue
		}
		limit, ok := whole(calendar.WorkDay, r, 8*time.Hour)
		if !ok {
			if limit, ok = whole(calendar.NaturalDay, r, calendar.Day); !ok {
				got["neither"]++
				continue
			}
		}
		got[limit.Unit.String()]++
		due, err := c.Add(r.opened, limit)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		if r.closed.IsZero() || r.verdict == "" {
			continue
		}
		switch late := r.closed.After(due); {
		case late == (r.verdict == "OVERDUE"):
			verdicts["the same"]++
		case late:
			// Ours is due when the office closes, theirs when it opens again.
			on, err := c.Working(r.closed)
			if err != nil || on && r.target.Sub(r.closed) > slack {
				t.Errorf("%+v: due %s", r, due)
			}
			verdicts["closed after hours"]++
		default:
			t.Errorf("%+v: due %s, later than theirs", r, due)
		}
	}
	if diff := cmp.Diff(map[string]int{"work_day": 39987, "natural_day": 2743, "neither": 862}, got); diff != "" {
		t.Errorf("targets by what they are counted in (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"the same": 36156, "closed after hours": 264}, verdicts); diff != "" {
		t.Errorf("verdicts by these limits (-want +got):\n%s", diff)
	}
}
