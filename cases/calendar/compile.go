package calendar

import (
	"time"
)

// assumedYears is how far a calendar reaches after its table where the week goes on without one.
const assumedYears = 5

// compiled is the sums over working hours.
type compiled struct {
	// begin, end and before are of each shift: instants in nanoseconds, and the working time before it.
	begin, end, before []int64
	// dayOf is the working day that each shift belongs to; dayBefore and dayTotal are the working time before each
	// working day and in it, dayShift its first shift.
	dayOf               []int32
	dayBefore, dayTotal []int64
	dayShift            []int32
	// Instants that the sums are true between, and from which on the table is assumed (= high if it is nowhere).
	low, high, assumed int64
}

// compile lays out the days of a version and of those that continue its table.
func compile(p *plan, later []*plan) *compiled {
	c := &compiled{}
	from, until := p.def.Holidays.From, p.def.Holidays.Until
	c.low = instantOf(int64(from)*dayNanos, p.zone)
	c.days(p, from, until)
	for _, next := range later {
		if table := next.def.Holidays; table.Until > until && table.From <= until+1 {
			c.days(next, until+1, table.Until)
			until = table.Until
		}
	}
	c.high = instantOf(int64(until+1)*dayNanos, p.zone)
	c.assumed = c.high
	if p.def.Holidays.Beyond == "weekdays" {
		last := until + assumedYears*365
		c.days(p, until+1, last)
		c.high = instantOf(int64(last+1)*dayNanos, p.zone)
	}
	return c
}

func (c *compiled) days(p *plan, from, until Date) {
	for date := from; date <= until; date++ {
		c.day(p.shifts(date), date, p.zone)
	}
}

func (c *compiled) day(shifts []shift, date Date, zone *time.Location) {
	var total int64
	for _, s := range shifts {
		begin := instantOf(int64(date)*dayNanos+int64(s.begin)*int64(time.Minute), zone)
		end := instantOf(int64(date)*dayNanos+int64(s.end)*int64(time.Minute), zone)
		if n := len(c.end); n > 0 {
			begin = max(begin, c.end[n-1]) // where one version follows another, a night of the first may reach into the second
		}
		if end <= begin {
			continue // within an hour that is skipped
		}
		if total == 0 {
			c.dayBefore = append(c.dayBefore, c.sum())
			c.dayShift = append(c.dayShift, int32(len(c.begin)))
			c.dayTotal = append(c.dayTotal, 0)
		}
		c.before = append(c.before, c.sum())
		c.begin, c.end = append(c.begin, begin), append(c.end, end)
		c.dayOf = append(c.dayOf, int32(len(c.dayTotal)-1))
		total += end - begin
		c.dayTotal[len(c.dayTotal)-1] = total
	}
}

// sum is the working time so far.
func (c *compiled) sum() int64 {
	n := len(c.end)
	if n == 0 {
		return 0
	}
	return c.before[n-1] + c.end[n-1] - c.begin[n-1]
}
