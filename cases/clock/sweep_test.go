package clock_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/clock"
)

// crowd is so many running clocks of cases that were filed through a month.
func crowd(tb testing.TB, n int, b *calendar.Book, rule *clock.Rule) []clock.Clock {
	tb.Helper()
	begin := at(tb, "03-02 08:00")
	list := make([]clock.Clock, n)
	for i := range list {
		c := clock.Clock{Name: rule.Name}
		c, err := c.Apply(clock.Effect{
			Do: clock.Start, At: begin.Add(time.Duration(i*7919%40000) * time.Minute),
			Limit: calendar.Limit{Span: time.Duration(1+i%15) * calendar.Day, Unit: calendar.WorkDay}, Calendar: "city",
		}, rule, b)
		if err != nil {
			tb.Fatal(err)
		}
		list[i] = c
	}
	return list
}

func TestSweepTellsInOrderOfTime(t *testing.T) {
	b, rule := book(t, office(2026)), rules(t).Rule("handle")
	clocks := crowd(t, 300, b, rule)
	s := clock.NewSweep()
	for i := range clocks {
		s.Put(fmt.Sprint(i), &clocks[i], rule, b)
	}
	first, ok := s.Next()
	list := s.Take(at(t, "12-01 00:00"), 1000)
	if !ok || len(list) != 300 || !list[0].At.Equal(first) {
		t.Fatalf("%d notices, the first at %s, announced for %s", len(list), list[0].At, first)
	}
	for i := 1; i < len(list); i++ {
		if list[i].At.Before(list[i-1].At) {
			t.Fatalf("%s comes after %s", list[i].At, list[i-1].At)
		}
	}
	if again := s.Take(at(t, "12-01 00:00"), 1000); len(again) != 0 {
		t.Fatalf("%d are handed out twice", len(again))
	}
	s.Return(list[5])
	s.Return(list[5])
	if again := s.Take(at(t, "12-01 00:00"), 1000); len(again) != 1 || again[0] != list[5] {
		t.Fatalf("given back: %v", again)
	}
	s.Drop(list[7].Case, "handle")
	s.Return(list[7])
	if again := s.Take(at(t, "12-01 00:00"), 1000); len(again) != 0 || s.Len() != 299 {
		t.Fatalf("dropped, and still there: %v", again)
	}
}

// Three months of cases in virtual time: a sweep that looks every minute tells each mark within a minute, though it stands
// still every night for an hour and starts again from nothing.
func TestMonthsOfDeadlines(t *testing.T) {
	all := rules(t)
	synctest.Test(t, func(t *testing.T) {
		b := book(t, office(2000))
		rule := all.Rule("handle")
		start := time.Now() // 2000-01-01 00:00 UTC
		s := clock.NewSweep()
		clocks := make([]clock.Clock, 90)
		stop := make(chan struct{})
		told := map[string]time.Duration{}
		done := make(chan struct{})
		go func() { // the goroutine that owns the clocks, as the writer of the log does
			defer close(done)
			tick, filing, restart := time.NewTicker(time.Minute), time.NewTicker(24*time.Hour+17*time.Minute), time.NewTicker(30*time.Hour)
			defer tick.Stop()
			defer filing.Stop()
			defer restart.Stop()
			filed := 0
			for {
				select {
				case <-stop:
					return
				case <-restart.C:
					time.Sleep(time.Hour)
					s = clock.NewSweep()
					for i := range filed {
						s.Put(fmt.Sprint(i), &clocks[i], rule, b)
					}
				case <-filing.C:
					if filed == len(clocks) {
						continue
					}
					c := clock.Clock{Name: rule.Name}
					limit := calendar.Limit{Span: time.Duration(1+filed%7) * calendar.Day, Unit: calendar.WorkDay}
					c, err := c.Apply(clock.Effect{Do: clock.Start, At: time.Now(), Limit: limit, Calendar: "city"}, rule, b)
					if err != nil {
						t.Error(err)
						return
					}
					clocks[filed] = c
					s.Put(fmt.Sprint(filed), &c, rule, b)
					filed++
				case <-tick.C:
					for _, n := range s.Take(time.Now(), 100) {
						if _, twice := told[n.ID()]; twice {
							t.Errorf("%s is told twice", n.ID())
						}
						told[n.ID()] = time.Since(n.At)
						var number int
						fmt.Sscan(n.Case, &number)
						c, err := clocks[number].Apply(clock.Effect{Do: clock.Fire, Mark: n.Key, At: time.Now()}, rule, b)
						if err != nil {
							t.Error(err)
							return
						}
						clocks[number] = c
						s.Put(n.Case, &c, rule, b)
					}
				}
			}
		}()
		time.Sleep(120 * 24 * time.Hour)
		close(stop)
		<-done
		if want := 4 * len(clocks); len(told) != want {
			t.Errorf("%d marks are told in %s, want %d", len(told), time.Since(start), want)
		}
		late := 0
		for id, after := range told {
			if after < 0 || after > time.Hour+3*time.Minute {
				t.Errorf("%s is told %s after its time", id, after)
			}
			if after > 3*time.Minute { // marks of one instant are told one a minute
				late++
			}
		}
		if late > len(told)/10 {
			t.Errorf("%d of %d marks are told late, more than the hours of standing still explain", late, len(told))
		}
	})
}

func BenchmarkSweep(b *testing.B) {
	calendars, rule := book(b, office(2026)), rules(b).Rule("handle")
	const n = 100_000
	fresh := crowd(b, n, calendars, rule)
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	b.Run("fill", func(b *testing.B) {
		for b.Loop() {
			s := clock.NewSweep()
			for i := range fresh {
				s.Put(names[i], &fresh[i], rule, calendars)
			}
		}
	})
	// One mark of each of 100,000 clocks is due: all are taken, and put again with the next.
	b.Run("due", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			s := clock.NewSweep()
			for i := range fresh {
				s.Put(names[i], &fresh[i], rule, calendars)
			}
			now := at(b, "12-01 00:00")
			b.StartTimer()
			list := s.Take(now, n)
			for i := range list {
				var c clock.Clock
				number := 0
				for _, digit := range list[i].Case {
					number = number*10 + int(digit-'0')
				}
				c, err := fresh[number].Apply(clock.Effect{Do: clock.Fire, Mark: list[i].Key, At: now}, rule, calendars)
				if err != nil {
					b.Fatal(err)
				}
				s.Put(list[i].Case, &c, rule, calendars)
			}
			if len(list) != n {
				b.Fatalf("%d are due", len(list))
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	calendars, rule := book(b, office(2026)), rules(b).Rule("handle")
	start := clock.Effect{Do: clock.Start, At: at(b, "03-06 16:00"), Limit: limit(b, "5 work_day"), Calendar: "city"}
	for b.Loop() {
		c := clock.Clock{Name: rule.Name}
		if _, err := c.Apply(start, rule, calendars); err != nil {
			b.Fatal(err)
		}
	}
}
