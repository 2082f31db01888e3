package calendar

import (
	"fmt"
	"slices"
	"time"
)

func (p *plan) readExceptions() error {
	for i := range p.def.Exceptions {
		if err := p.readException(i); err != nil {
			return err
		}
	}
	return p.checkNights()
}

func (p *plan) readException(i int) error {
	e, field := &p.def.Exceptions[i], fmt.Sprintf("exception[%d]", i)
	from, until := e.From, e.Until
	if e.Date != nil {
		if from != nil || until != nil {
			return bad(field+".date", e.Date.String(), "must stand alone, or from and until must")
		}
		from, until = e.Date, e.Date
	}
	if from == nil || until == nil {
		return bad(field, e.Name, "must have a date, or from and until")
	}
	table := p.def.Holidays
	switch {
	case *until < *from:
		return bad(field+".until", until.String(), "is before from, "+from.String())
	case *from < table.From || *until > table.Until:
		return bad(field, from.String()+" to "+until.String(), "lies outside the table of holidays, "+table.From.String()+" to "+table.Until.String())
	case e.Kind != Holiday && e.Kind != Workday:
		return bad(field+".kind", e.Kind, "must be holiday or workday")
	case e.Kind == Holiday && (len(e.Hours) > 0 || e.Like != ""):
		return bad(field+".kind", e.Kind, "a holiday has no hours; a day with other hours is a workday")
	case len(e.Hours) > 0 && e.Like != "":
		return bad(field+".like", e.Like, "stands beside hours; a workday has one of them")
	}
	hours, err := readShifts(field+".hours", e.Hours)
	if err != nil {
		return err
	}
	like := 1
	if e.Like != "" {
		if like = slices.Index(dayNames, e.Like); like < 0 {
			return bad(field+".like", e.Like, "must be one of mon, tue, wed, thu, fri, sat, sun")
		}
	}
	for date := *from; date <= *until; date++ {
		if other, twice := p.marked[date]; twice {
			return bad(field, date.String(), fmt.Sprintf("is in exception[%d] already", other.at))
		}
		on := exception{shifts: hours, name: e.Name, kind: e.Kind, at: i}
		if e.Kind == Workday && len(e.Hours) == 0 {
			if on.shifts = p.week(date)[like]; len(on.shifts) == 0 {
				return bad(field, date.String(), "is worked like "+dayNames[like]+", which has no hours; say hours or like")
			}
		}
		p.marked[date] = on
	}
	return nil
}

// week is the hours of the season of a date.
func (p *plan) week(date Date) [7][]shift {
	_, month, day := time.Unix(int64(date)*86400, 0).UTC().Date()
	return p.weeks[p.seasons[dateOf(2000, month, day)-leap]]
}

// shifts are those of a date. After the table there are only those of the week.
func (p *plan) shifts(date Date) []shift {
	if e, ok := p.marked[date]; ok {
		return e.shifts
	}
	return p.week(date)[date.Weekday()]
}

// checkNights reports a shift over midnight that meets one of the next day.
func (p *plan) checkNights() error {
	var night *shift
	// A year more than the table, because weeks go on after it and seasons change.
	for date := p.def.Holidays.From; date <= p.def.Holidays.Until+366; date++ {
		today := p.shifts(date)
		if night != nil && len(today) > 0 && today[0].begin < night.end-24*60 {
			return bad("season", today[0].String(), fmt.Sprintf("begins on %s before the shift %s of the day before has ended", date, night))
		}
		night = nil
		if len(today) > 0 && today[len(today)-1].end > 24*60 {
			night = &today[len(today)-1]
		}
	}
	return nil
}

// Notes are what is odd in a definition that [Definition.Check] accepts, one sentence each: days marked as worked that
// are worked anyhow, and holidays in the middle of no work at all. Most are slips of the year or the month.
func (d *Definition) Notes() ([]string, error) {
	p, err := d.plan()
	if err != nil {
		return nil, err
	}
	var notes []string
	for i := range d.Exceptions {
		e := &d.Exceptions[i]
		from, until := e.From, e.Until
		if e.Date != nil {
			from, until = e.Date, e.Date
		}
		worked := 0
		for date := *from; date <= *until; date++ {
			if len(p.week(date)[date.Weekday()]) > 0 {
				worked++
			}
		}
		switch {
		case e.Kind == Workday && len(e.Hours) == 0 && worked > 0:
			notes = append(notes, fmt.Sprintf("exception[%d]: %s is marked as worked, but its week works on it anyhow", i, from))
		case e.Kind == Holiday && worked == 0:
			notes = append(notes, fmt.Sprintf("exception[%d]: %s to %s is marked as holiday, but its week works on none of its days", i, from, until))
		}
	}
	return notes, nil
}
