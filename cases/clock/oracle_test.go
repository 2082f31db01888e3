package clock_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/clock"
)

// minutes is a year of which every minute is looked at: the slow way to run a clock.
type minutes struct {
	from time.Time
	work []bool
}

func newMinutes(t testing.TB, b *calendar.Book) *minutes {
	t.Helper()
	m := &minutes{from: time.Date(2026, 1, 1, 0, 0, 0, 0, shanghai)}
	c, err := b.Version(calendar.Ref{Name: "city", Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 120 * 1440 {
		on, err := c.Working(m.at(i))
		if err != nil {
			t.Fatal(err)
		}
		m.work = append(m.work, on)
	}
	return m
}

func (m *minutes) at(i int) time.Time { return m.from.Add(time.Duration(i) * time.Minute) }

// run is a clock of working hours as it is told to people: the minutes in which it ran, and its limit in minutes.
type run struct {
	spans [][2]int // an end of -1 is not yet
	limit int
}

// state is when the limit is used up (-1 for never), what was used in the spans that have ended, and whether the last
// of these ended after that.
func (m *minutes) state(r run) (due, used int, late bool) {
	due = -1
	for _, span := range r.spans {
		if !late {
			due = -1
			if used >= r.limit {
				due = span[0] // used up exactly at the pause: due when it goes on
			}
		}
		count := used
		for i := span[0]; i < len(m.work) && due < 0; i++ {
			if m.work[i] {
				if count++; count == r.limit {
					due = i + 1
				}
			}
		}
		if span[1] < 0 {
			return due, used, late
		}
		for i := span[0]; i < span[1]; i++ {
			if m.work[i] {
				used++
			}
		}
		late = due >= 0 && span[1] > due
	}
	return due, used, late
}

func TestClocksAreThoseOfACounterOfMinutes(t *testing.T) {
	b := book(t, office(2026))
	m := newMinutes(t, b)
	rule := rules(t).Rule("handle")
	rapid.Check(t, func(t *rapid.T) {
		c := clock.Clock{Name: "handle"}
		var r run
		began, state, now := 0, clock.Idle, rapid.IntRange(0, 10000).Draw(t, "now")
		for range rapid.IntRange(1, 12).Draw(t, "effects") {
			now += rapid.SampledFrom([]int{0, 1, 30, 180, 479, 600, 1440, 5000}).Draw(t, "wait")
			do := rapid.SampledFrom([]clock.Do{clock.Start, clock.Stop, clock.Pause, clock.Resume, clock.Extend, clock.Reset, clock.Pause, clock.Resume}).Draw(t, "do")
			e := clock.Effect{Do: do, At: m.at(now), Calendar: "city"}
			amount := rapid.IntRange(1, 3000).Draw(t, "amount")
			live := state == clock.Running || state == clock.Paused
			switch {
			case do == clock.Start || do == clock.Reset:
				e.Limit = calendar.Limit{Span: time.Duration(amount) * time.Minute, Unit: calendar.WorkHour}
				r, began, state = run{spans: [][2]int{{now, -1}}, limit: amount}, amount, clock.Running
			case do == clock.Stop && live:
				if state == clock.Running {
					r.spans[len(r.spans)-1][1] = now
				}
				state = clock.Stopped
			case do == clock.Pause && state == clock.Running:
				r.spans[len(r.spans)-1][1] = now
				state = clock.Paused
			case do == clock.Resume && state == clock.Paused:
				r.spans = append(r.spans, [2]int{now, -1})
				state = clock.Running
			case do == clock.Extend && live:
				r.limit += began // nothing said: the limit of the beginning once more
			}
			var err error
			if c, err = c.Apply(e, rule, b); err != nil {
				t.Fatal(err)
			}
			due, used, late := m.state(r)
			want := fmt.Sprintf("%s, %d used, late %t", state, used, late)
			if got := fmt.Sprintf("%s, %d used, late %t", c.State, c.Used/time.Minute, c.Late); got != want {
				t.Fatalf("after %s at %s: %s, want %s", do, e.At, got, want)
			}
			if state == clock.Idle || state == clock.Paused && !late {
				due = -1
			}
			if due >= 0 && !c.Due.Equal(m.at(due)) {
				t.Fatalf("after %s at %s: due %s, want %s", do, e.At, c.Due, m.at(due))
			}
			if due < 0 && !c.Due.IsZero() && c.Due.Before(m.at(len(m.work))) {
				t.Fatalf("after %s at %s: due %s, want none", do, e.At, c.Due)
			}
			for _, later := range []int{now, now + 1, now + 777} {
				if got, want := c.Overdue(m.at(later)), state == clock.Running && due >= 0 && later > due || state != clock.Running && late; got != want {
					t.Fatalf("after %s at %s: overdue %t at %s", do, e.At, got, m.at(later))
				}
			}
		}
	})
}

// diary is a log of one city: what was appended, and which notices are in it.
type diary struct {
	effects map[string][]clock.Effect // by case
	notices map[string]clock.Notice
}

func (d *diary) tell(t *rapid.T, n clock.Notice, at time.Time) {
	if _, there := d.notices[n.ID()]; there {
		t.Fatalf("%s is told twice", n.ID())
	}
	d.notices[n.ID()] = n
	d.effects[n.Case] = append(d.effects[n.Case], clock.Effect{Clock: n.Clock, Do: clock.Fire, At: at, Mark: n.Key})
}

func (d *diary) fold(t *rapid.T, caseID string, rule *clock.Rule, b *calendar.Book) clock.Clock {
	c := clock.Clock{Name: rule.Name}
	for _, e := range d.effects[caseID] {
		var err error
		if c, err = c.Apply(e, rule, b); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Cases move while a sweep runs that is killed between taking and appending, starts again from the log, and sees clocks
// that jump both ways. Whatever happens, each mark that was reached is told once.
func TestNothingIsLostOrToldTwice(t *testing.T) {
	b := book(t, office(2026))
	rule := rules(t).Rule("handle")
	begin := at(t, "03-02 09:00")
	rapid.Check(t, func(t *rapid.T) {
		d := &diary{effects: map[string][]clock.Effect{}, notices: map[string]clock.Notice{}}
		cases := []string{"A", "B", "C"}
		s := clock.NewSweep()
		recorded, wall := begin, begin
		// reached is what must have been told, with the earliest instant at which it could be.
		reached := map[string]time.Time{}
		note := func(caseID string, c *clock.Clock, until time.Time) {
			for _, p := range rule.Reached(c, until, b, nil) {
				reached[fmt.Sprintf("%s/handle/%s/%d", caseID, p.Key, c.Generation)] = p.At
			}
		}
		appendNotice := func(n clock.Notice) {
			d.tell(t, n, recorded)
			c := d.fold(t, n.Case, rule, b)
			s.Put(n.Case, &c, rule, b)
		}
		var latest time.Time
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			step := time.Duration(rapid.SampledFrom([]int{1, 60, 600, 1440, 4000}).Draw(t, "step")) * time.Minute
			switch rapid.SampledFrom([]string{"move", "move", "sweep", "sweep", "crash", "back", "restart"}).Draw(t, "what") {
			case "move":
				wall = wall.Add(step)
				if wall.After(recorded) {
					recorded = wall // recorded times never run backwards
				}
				caseID := rapid.SampledFrom(cases).Draw(t, "case")
				c := d.fold(t, caseID, rule, b)
				do := rapid.SampledFrom([]clock.Do{clock.Start, clock.Stop, clock.Pause, clock.Resume, clock.Extend, clock.Reset}).Draw(t, "do")
				e := clock.Effect{Clock: "handle", Do: do, At: recorded, Calendar: "city"}
				if do == clock.Start || do == clock.Reset {
					e.Limit = calendar.Limit{Span: time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour, Unit: calendar.WorkHour}
				}
				if do == clock.Pause && rapid.Bool().Draw(t, "until") {
					e.Until = recorded.Add(50 * time.Hour)
				}
				note(caseID, &c, recorded)
				for _, p := range rule.Reached(&c, recorded, b, nil) { // in the transaction of the effect, before it
					d.tell(t, clock.Notice{Case: caseID, Clock: "handle", Kind: p.Kind, Key: p.Key, Generation: c.Generation, At: p.At}, recorded)
				}
				d.effects[caseID] = append(d.effects[caseID], e)
				c = d.fold(t, caseID, rule, b)
				s.Put(caseID, &c, rule, b)
				latest = recorded
			case "sweep":
				wall = wall.Add(step)
				if wall.After(recorded) {
					recorded = wall
				}
				for {
					list := s.Take(wall, rapid.IntRange(1, 3).Draw(t, "batch"))
					if len(list) == 0 {
						break
					}
					for _, n := range list {
						if n.At.After(wall) {
							t.Fatalf("%s at %s is told at %s", n.ID(), n.At, wall)
						}
						appendNotice(n)
					}
				}
			case "crash": // some are appended, the others only taken
				list := s.Take(wall, 5)
				for _, n := range list[:rapid.IntRange(0, len(list)).Draw(t, "appended")] {
					appendNotice(n)
				}
				if rapid.Bool().Draw(t, "returned") {
					for _, n := range list {
						s.Return(n)
					}
					break
				}
				fallthrough
			case "restart":
				s = clock.NewSweep()
				for _, caseID := range cases {
					c := d.fold(t, caseID, rule, b)
					s.Put(caseID, &c, rule, b)
				}
			case "back":
				wall = wall.Add(-step)
			}
		}
		// In the end everything that lies ahead is told.
		end := begin.AddDate(0, 6, 0)
		for _, caseID := range cases {
			c := d.fold(t, caseID, rule, b)
			for {
				list := rule.Reached(&c, end, b, nil)
				if len(list) == 0 {
					break
				}
				for _, p := range list {
					reached[fmt.Sprintf("%s/handle/%s/%d", caseID, p.Key, c.Generation)] = p.At
					next, err := c.Apply(clock.Effect{Do: clock.Fire, Mark: p.Key, At: end}, rule, b)
					if err != nil {
						t.Fatal(err)
					}
					c = next
				}
			}
		}
		recorded = end
		if s.Len() > 0 {
			for list := s.Take(end, 100); len(list) > 0; list = s.Take(end, 100) {
				for _, n := range list {
					appendNotice(n)
				}
			}
		}
		if s.Len() > 0 {
			t.Fatalf("%d clocks are left in the sweep, taken and never answered", s.Len())
		}
		var lost []string
		for id := range reached {
			if _, ok := d.notices[id]; !ok {
				lost = append(lost, id)
			}
		}
		if slices.Sort(lost); len(lost) > 0 {
			t.Fatalf("lost: %q (last effect %s)", lost, latest)
		}
	})
}
