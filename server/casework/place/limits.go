package place

import "github.com/gewu-city/gewu/cases"

// Limits are limits with one for clocks that nothing else has a limit for: a class may have no row in the table of limits,
// and a clock without a limit cannot start.
type Limits struct {
	cases.Limits
	// Standard is the limit by clock, as "5 work_day".
	Standard map[string]string
}

// Limit implements [cases.Limits].
func (l *Limits) Limit(clock string, class cases.Class, unit string) (limit, calendar string) {
	limit, calendar = l.Limits.Limit(clock, class, unit)
	if limit == "" {
		limit = l.Standard[clock]
	}
	return limit, calendar
}
