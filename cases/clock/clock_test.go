package clock_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/clock"
)

// office is a calendar of one year without holidays: Monday to Friday, 8 to 12 and 14 to 18.
func office(year int) *calendar.Definition {
	first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	return &calendar.Definition{
		Name: "city", Version: 1, Valid: calendar.DateOf(first), Zone: "Asia/Shanghai",
		Holidays: calendar.Holidays{From: calendar.DateOf(first), Until: calendar.DateOf(first.AddDate(1, 0, -1))},
		Seasons:  []calendar.Season{{Week: map[string][]string{"mon-fri": {"08:00-12:00", "14:00-18:00"}}}},
	}
}

func book(t testing.TB, defs ...*calendar.Definition) *calendar.Book {
	t.Helper()
	b, err := calendar.NewBook(defs...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rules(t testing.TB) *clock.Rules {
	t.Helper()
	text, err := os.ReadFile("testdata/clocks.toml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := clock.ParseRules(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var shanghai = time.FixedZone("CST", 8*3600)

// at reads 03-06 17:00 of 2026 in Shanghai.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	out, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+text, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func limit(t testing.TB, text string) calendar.Limit {
	t.Helper()
	l, err := calendar.ParseLimit(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// play applies effects to a clock, which must all be possible.
func play(t testing.TB, b *calendar.Book, rule *clock.Rule, effects ...clock.Effect) clock.Clock {
	t.Helper()
	c := clock.Clock{Name: rule.Name}
	for _, e := range effects {
		var err error
		if c, err = c.Apply(e, rule, b); err != nil {
			t.Fatalf("%s: %v", e.Do, err)
		}
	}
	return c
}

func told(list []clock.Pending) string {
	var out []string
	for _, p := range list {
		out = append(out, p.Key+" "+p.At.In(shanghai).Format("01-02 15:04"))
	}
	return strings.Join(out, ", ")
}

func TestMarksOfAClock(t *testing.T) {
	b, rule := book(t, office(2026)), rules(t).Rule("handle")
	start := clock.Effect{Do: clock.Start, At: at(t, "03-06 16:00"), Limit: limit(t, "2 work_day"), Calendar: "city"}
	c := play(t, b, rule, start)
	// Friday 16:00 and two working days: Tuesday 16:00. Four fifths are 12.8 of 16 hours, more than two hours before.
	want := "warned 03-10 10:48, overdue 03-10 16:00, alert1 03-10 16:00, alert2 03-11 16:00"
	if got := told(rule.Reached(&c, at(t, "12-31 00:00"), b, nil)); got != want {
		t.Errorf("marks %s, want %s", got, want)
	}
	if got := told(rule.Reached(&c, at(t, "03-10 16:00"), b, nil)); got != "warned 03-10 10:48, overdue 03-10 16:00, alert1 03-10 16:00" {
		t.Errorf("reached at the due time: %s", got)
	}
	for _, test := range []struct {
		at    string
		light clock.Light
	}{{"03-06 16:00", clock.Green}, {"03-10 10:47", clock.Green}, {"03-10 10:48", clock.Yellow}, {"03-10 16:00", clock.Yellow}, {"03-10 16:01", clock.Red}} {
		if got := rule.Light(&c, at(t, test.at), b); got != test.light {
			t.Errorf("at %s the light is %s, want %s", test.at, got, test.light)
		}
	}
	// Of four hours, two are left before four fifths are used.
	start.Limit = limit(t, "4 work_hour")
	c = play(t, b, rule, start)
	if next, ok := rule.Next(&c, b); !ok || told([]clock.Pending{next}) != "warned 03-06 18:00" {
		t.Errorf("warned %s", next.At)
	}
	// What is told is not told again.
	c = play(t, b, rule, start, clock.Effect{Do: clock.Fire, Mark: "warned", At: at(t, "03-06 18:00")})
	if got := told(rule.Reached(&c, at(t, "03-09 10:00"), b, nil)); got != "overdue 03-09 10:00, alert1 03-09 10:00" {
		t.Errorf("reached %s", got)
	}
}

// TestShortLimits warns of a limit that is no longer than what the warning wants to be left, and not as soon as it starts.
func TestShortLimits(t *testing.T) {
	b := book(t, office(2026))
	both := rules(t).Rule("handle")
	left := &clock.Rule{Name: "left", Marks: []clock.Mark{{Kind: "warned", Left: limit(t, "2 work_hour")}}}
	for _, test := range []struct{ start, limit, both, left string }{
		{"03-06 22:00", "2 urgent_hour", "03-06 23:36", "03-06 23:36"}, // an emergency at night
		{"03-09 09:00", "1 work_hour", "03-09 09:48", "03-09 09:48"},
		{"03-09 09:00", "2 work_hour", "03-09 10:36", "03-09 10:36"}, // no longer than what is to be left
		{"03-09 09:00", "3 work_hour", "03-09 10:00", "03-09 10:00"},
		{"03-06 17:30", "40 work_hour", "03-12 17:30", "03-13 15:30"},
	} {
		for rule, want := range map[*clock.Rule]string{both: test.both, left: test.left} {
			c := play(t, b, rule, clock.Effect{Do: clock.Start, At: at(t, test.start), Limit: limit(t, test.limit), Calendar: "city"})
			if next, ok := rule.Next(&c, b); !ok || told([]clock.Pending{next}) != "warned "+want {
				t.Errorf("%s from %s by %s: %s, want %s", test.limit, test.start, rule.Name, told([]clock.Pending{next}), want)
			}
		}
	}
	// A long limit whose pause ended when less is left than that is warned of at once.
	c := play(t, b, left, clock.Effect{Do: clock.Start, At: at(t, "03-09 08:00"), Limit: limit(t, "8 work_hour"), Calendar: "city"},
		clock.Effect{Do: clock.Pause, At: at(t, "03-09 17:00")}, clock.Effect{Do: clock.Resume, At: at(t, "03-11 09:00")})
	if next, ok := left.Next(&c, b); !ok || told([]clock.Pending{next}) != "warned 03-11 09:00" {
		t.Errorf("after a pause: %s", told([]clock.Pending{next}))
	}
}

// A case of 17 days: dispatched, suspended for a project, resumed, extended, fed back in time, refused at the check and
// handled again, late.
func TestALongCase(t *testing.T) {
	b, rule := book(t, office(2026)), rules(t).Rule("handle")
	story := []clock.Effect{
		{Do: clock.Start, At: at(t, "03-02 10:00"), Limit: limit(t, "3 work_day"), Calendar: "city"},
		{Do: clock.Pause, At: at(t, "03-03 10:00"), Until: at(t, "03-09 00:00")},
		{Do: clock.Resume, At: at(t, "03-09 00:00")},
		{Do: clock.Extend, At: at(t, "03-10 09:00"), Limit: limit(t, "1 work_day")},
		{Do: clock.Stop, At: at(t, "03-11 17:00")},
		{Do: clock.Reset, At: at(t, "03-12 09:00")},
		{Do: clock.Stop, At: at(t, "03-17 10:00")},
	}
	wants := []struct {
		state     clock.State
		used      time.Duration
		due       string
		late      bool
		pending   string
		pausedFor time.Duration
	}{
		{clock.Running, 0, "03-05 10:00", false, "warned 03-04 15:12", 0},
		{clock.Paused, calendar.Day, "", false, "resume1 03-09 00:00", 0},
		{clock.Running, calendar.Day, "03-10 18:00", false, "warned 03-10 11:12", 134 * time.Hour},
		{clock.Running, calendar.Day, "03-11 18:00", false, "warned 03-11 09:36", 134 * time.Hour},
		{clock.Stopped, 3*calendar.Day + calendar.Day*7/8, "03-11 18:00", false, "", 134 * time.Hour},
		{clock.Running, 0, "03-17 09:00", false, "warned 03-16 14:12", 0},
		{clock.Stopped, 3*calendar.Day + calendar.Day/8, "03-17 09:00", true, "", 0},
	}
	c := clock.Clock{Name: "handle"}
	for i, e := range story {
		var err error
		if c, err = c.Apply(e, rule, b); err != nil {
			t.Fatal(err)
		}
		want, due, pending := wants[i], "", ""
		if !c.Due.IsZero() {
			due = c.Due.In(shanghai).Format("01-02 15:04")
		}
		if next, ok := rule.Next(&c, b); ok {
			pending = told([]clock.Pending{next})
		}
		if c.State != want.state || c.Used != want.used || due != want.due || c.Late != want.late || pending != want.pending || c.PausedFor(e.At) != want.pausedFor {
			t.Errorf("%s at %s: %s, %v used, due %s, late %t, next %s, paused for %v", e.Do, e.At, c.State, c.Used, due, c.Late, pending, c.PausedFor(e.At))
		}
	}
	if c.Extensions != 1 || c.Resets != 1 || c.Pauses != 1 || c.Generation != 3 || len(c.Past) != 1 || c.Past[0].Late || c.Past[0].Limit.String() != "4 work_day" {
		t.Errorf("%+v", c)
	}
	// The state survives being written down.
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var again clock.Clock
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if other, err := json.Marshal(again); err != nil || string(other) != string(text) {
		t.Errorf("%s, read again: %s (%v)", text, other, err)
	}
}

func TestExtendedUntilADate(t *testing.T) {
	b, rule := book(t, office(2026)), rules(t).Rule("handle")
	start := clock.Effect{Do: clock.Start, At: at(t, "03-06 16:00"), Limit: limit(t, "2 work_day"), Calendar: "city"}
	c := play(t, b, rule, start, clock.Effect{Do: clock.Extend, At: at(t, "03-06 17:00"), Until: at(t, "03-12 16:00")})
	if !c.Due.Equal(at(t, "03-12 16:00")) || c.Limit.String() != "4 work_day" || c.Extensions != 1 {
		t.Errorf("due %s with %s", c.Due, c.Limit)
	}
	// Until an evening is until the office closes.
	c = play(t, b, rule, start, clock.Effect{Do: clock.Extend, At: at(t, "03-06 17:00"), Until: at(t, "03-12 23:00")})
	if !c.Due.Equal(at(t, "03-12 18:00")) {
		t.Errorf("due %s", c.Due)
	}
	paused := play(t, b, rule, start, clock.Effect{Do: clock.Pause, At: at(t, "03-06 17:00")})
	if _, err := paused.Apply(clock.Effect{Do: clock.Extend, At: at(t, "03-06 17:30"), Until: at(t, "03-12 16:00")}, rule, b); err == nil || !strings.Contains(err.Error(), "has no due time now") {
		t.Error(err)
	}
}

func TestSigningWithin24Hours(t *testing.T) {
	b, rule := book(t, office(2026)), rules(t).Rule("sign")
	c := play(t, b, rule, clock.Effect{Do: clock.Start, At: at(t, "03-06 17:30"), Limit: rule.Limit, Calendar: "city"})
	if got := told(rule.Reached(&c, at(t, "03-08 00:00"), b, nil)); got != "overdue 03-07 17:30, alert1 03-07 17:30" {
		t.Errorf("told %s: the 24 hours run over the weekend", got)
	}
	inTime := play(t, b, rule, clock.Effect{Do: clock.Start, At: at(t, "03-06 17:30"), Limit: rule.Limit, Calendar: "city"}, clock.Effect{Do: clock.Stop, At: at(t, "03-07 17:30")})
	if inTime.Late {
		t.Error("what is signed for at the due time is late")
	}
}

func TestCards(t *testing.T) {
	b, all := book(t, office(2026)), rules(t)
	var cards []clock.Pending
	for _, name := range []string{"finish_town", "finish"} {
		rule := all.Rule(name)
		c := play(t, b, rule, clock.Effect{Do: clock.Start, At: at(t, "03-06 20:00"), Limit: rule.Limit, Calendar: "city"})
		cards = append(cards, rule.Reached(&c, at(t, "03-20 00:00"), b, nil)...)
	}
	if got := told(cards); got != "yellow 03-11 20:00, red 03-13 20:00" {
		t.Errorf("cards %s", got)
	}
}

// In December the table of the next year is not there yet. Nothing is refused, nothing is guessed, and nothing is lost.
func TestTheTableEndsBeforeTheClock(t *testing.T) {
	now, rule := book(t, office(2026)), rules(t).Rule("handle")
	c := play(t, now, rule, clock.Effect{Do: clock.Start, At: at(t, "12-30 10:00"), Limit: limit(t, "5 work_day"), Calendar: "city"})
	if !c.Due.IsZero() || !strings.HasPrefix(c.Fault, "holiday table of calendar city@1 ends 2026-12-31") {
		t.Fatalf("due %s, fault %s", c.Due, c.Fault)
	}
	s := clock.NewSweep()
	s.Put("A", &c, rule, now)
	if got := s.Undated(); !reflect.DeepEqual(got, [][2]string{{"A", "handle"}}) {
		t.Errorf("undated %v", got)
	}
	if got := s.Take(at(t, "12-31 23:00").AddDate(1, 0, 0), 10); len(got) != 0 {
		t.Errorf("told %v", got)
	}
	stopped, err := c.Apply(clock.Effect{Do: clock.Stop, At: time.Date(2027, 1, 6, 12, 0, 0, 0, shanghai)}, rule, now)
	if err != nil || stopped.Late || stopped.Fault == "" {
		t.Fatalf("a case cannot be handled after the table: %+v, %v", stopped, err)
	}

	next := office(2027)
	next.Version = 2
	with := book(t, office(2026), next)
	if c, err = c.Recount(with); err != nil || !c.Due.Equal(time.Date(2027, 1, 6, 10, 0, 0, 0, shanghai)) || c.Fault != "" {
		t.Errorf("due %s, fault %s (%v)", c.Due, c.Fault, err)
	}
	s.Put("A", &c, rule, with)
	if got := s.Undated(); len(got) != 0 {
		t.Errorf("undated %v", got)
	}
	if stopped, err = stopped.Recount(with); err != nil || !stopped.Late || stopped.Fault != "" {
		t.Errorf("%+v, %v", stopped, err)
	}
}

func TestEffectsThatCannotBe(t *testing.T) {
	b, rule := book(t, office(2026)), rules(t).Rule("handle")
	start := clock.Effect{Do: clock.Start, At: at(t, "03-06 16:00"), Limit: limit(t, "2 work_day"), Calendar: "city"}
	running := play(t, b, rule, start)
	stopped := play(t, b, rule, start, clock.Effect{Do: clock.Stop, At: at(t, "03-06 17:00")})
	for want, e := range map[string]clock.Effect{
		"effects come in the order of time":            {Do: clock.Stop, At: at(t, "03-06 15:59")},
		"cannot be extended by 1 work_hour":            {Do: clock.Extend, At: at(t, "03-06 17:00"), Limit: limit(t, "1 work_hour")},
		"is due by then already":                       {Do: clock.Extend, At: at(t, "03-06 17:00"), Until: at(t, "03-10 15:00")},
		"until an instant that has passed":             {Do: clock.Pause, At: at(t, "03-06 17:00"), Until: at(t, "03-06 17:00")},
		"knows no effect wind":                         {Do: "wind", At: at(t, "03-06 17:00")},
		"is told of no mark":                           {Do: clock.Fire, At: at(t, "03-06 17:00")},
		`calendar: does not exist; there are ["city"]`: {Do: clock.Reset, At: at(t, "03-06 17:00"), Calendar: "town"},
	} {
		after, err := running.Apply(e, rule, b)
		if err == nil || !strings.Contains(err.Error(), want) || !reflect.DeepEqual(after, running) {
			t.Errorf("%s: %v, want %s", e.Do, err, want)
		}
	}
	idle := clock.Clock{Name: "handle"}
	if _, err := idle.Apply(clock.Effect{Do: clock.Start, At: at(t, "03-06 16:00"), Calendar: "city"}, rule, b); err == nil || !strings.Contains(err.Error(), "without a limit") {
		t.Error(err)
	}
	early := start
	early.At = early.At.AddDate(-1, 0, 0)
	if _, err := idle.Apply(early, rule, b); err == nil || !strings.HasPrefix(err.Error(), "holiday table of calendar city@1 begins 2026-01-01") {
		t.Error(err)
	}
	// What finds nothing to work on changes nothing.
	for _, do := range []clock.Do{clock.Stop, clock.Pause, clock.Resume, clock.Extend} {
		for _, c := range []clock.Clock{idle, stopped} {
			if after, err := c.Apply(clock.Effect{Do: do, At: at(t, "03-06 18:00")}, rule, b); err != nil || !reflect.DeepEqual(after, c) {
				t.Errorf("%s of a clock that is %q: %+v, %v", do, c.State, after, err)
			}
		}
	}
	if after, err := running.Apply(clock.Effect{Do: clock.Resume, At: at(t, "03-06 18:00")}, rule, b); err != nil || !reflect.DeepEqual(after, running) {
		t.Errorf("%+v, %v", after, err)
	}
}

func TestFaultsOfRules(t *testing.T) {
	text, err := os.ReadFile("testdata/clocks.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, want string }{
		{`name = "sign"`, `name = "Sign"`, `clock[1].name: must be lower-case letters`},
		{`name = "sign"`, `name = "handle"`, `clock[1].name: is there twice (value "handle")`},
		{`limit = "24 hour"`, `limit = "24 hours"`, "must be a number and a unit"},
		{`level = 2`, `level = 1`, `clock[0].mark[3].kind: is there twice (value "alert1")`},
		{`level = 2`, `level = 10`, `clock[0].mark[3].level: must be 0 to 9 (value "10")`},
		{`share = 0.8`, `share = -1.0`, `clock[0].mark[0].share: must be more than 0`},
		{`past = "1 work_day"`, "past = \"1 work_day\"\nshare = 1", `clock[0].mark[3].past: stands beside share or left`},
		{`past = "1 work_day"`, "", `clock[0].mark[3]: must have a share, a left or a past`},
		{`past = "1 work_day"`, `after = "1 work_day"`, "unknown key clock.mark.after"},
		{`kind = "red"`, `kind = "resume"`, `clock[3].mark[0].kind: must be`},
	} {
		if !strings.Contains(string(text), test.from) {
			t.Fatalf("the file has no %s", test.from)
		}
		if _, err := clock.ParseRules(strings.Replace(string(text), test.from, test.to, 1)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.to, err, test.want)
		}
	}
}

func FuzzParseRules(f *testing.F) {
	text, err := os.ReadFile("testdata/clocks.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	b := book(f, office(2026))
	begin := at(f, "03-06 16:00")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := clock.ParseRules(text)
		if err != nil {
			return
		}
		for i := range r.Clocks {
			rule := &r.Clocks[i]
			c := clock.Clock{Name: rule.Name}
			l := rule.Limit
			if l.IsZero() {
				l = calendar.Limit{Span: time.Hour, Unit: calendar.WorkHour}
			}
			c, err := c.Apply(clock.Effect{Do: clock.Start, At: begin, Limit: l, Calendar: "city"}, rule, b)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range rule.Reached(&c, begin.AddDate(1, 0, 0), b, nil) {
				if p.At.Before(begin) {
					t.Fatalf("%s at %s, before the clock began", p.Key, p.At)
				}
			}
		}
	})
}
