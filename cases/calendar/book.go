package calendar

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Book is all versions of the calendars of a city. It is immutable and safe for concurrent use; a change makes a new one.
type Book struct{ versions map[string][]*Calendar }

// NewBook compiles definitions. It fails with the first fault of one, named by calendar and version, and where versions
// of a calendar contradict each other.
//
// A version continues with the tables of later ones where its own ends, the earliest that covers a date first. So the
// table of next year, added in time, serves the clocks of this year too, and no version that is added later changes what
// was counted before.
func NewBook(definitions ...*Definition) (*Book, error) {
	plans := map[string][]*plan{}
	for _, d := range definitions {
		p, err := d.plan()
		if err != nil {
			return nil, fmt.Errorf("calendar %s version %d: %w", d.Name, d.Version, err)
		}
		plans[d.Name] = append(plans[d.Name], p)
	}
	b := &Book{versions: map[string][]*Calendar{}}
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		list := plans[name]
		slices.SortFunc(list, func(a, b *plan) int { return cmp.Compare(a.def.Version, b.def.Version) })
		for i := 1; i < len(list); i++ {
			if err := follows(list[i-1].def, list[i].def); err != nil {
				return nil, fmt.Errorf("calendar %s version %d: %w", name, list[i].def.Version, err)
			}
		}
		for i, p := range list {
			b.versions[name] = append(b.versions[name], &Calendar{plan: p, sums: compile(p, list[i+1:])})
		}
	}
	return b, nil
}

func follows(before, d *Definition) error {
	switch {
	case d.Version == before.Version:
		return bad("version", strconv.Itoa(d.Version), "is there twice")
	case d.Valid <= before.Valid:
		return bad("valid", d.Valid.String(), fmt.Sprintf("must be after %s, from which version %d is valid", before.Valid, before.Version))
	case d.Zone != before.Zone:
		return bad("zone", d.Zone, fmt.Sprintf("must be %s, that of version %d; a city that moves gets another calendar", before.Zone, before.Version))
	}
	return nil
}

// Names are the calendars, sorted.
func (b *Book) Names() []string { return slices.Sorted(maps.Keys(b.versions)) }

// On is the version of a calendar that clocks run by that start at an instant. It fails if there is no such calendar,
// and with a *RangeError before its first version.
func (b *Book) On(name string, t time.Time) (*Calendar, error) {
	list := b.versions[name]
	if len(list) == 0 {
		return nil, b.unknown(name)
	}
	date := DateOf(t.In(list[0].plan.zone))
	i := len(list) - 1
	for i >= 0 && list[i].plan.def.Valid > date {
		i--
	}
	if i < 0 {
		first := list[0]
		return nil, &RangeError{Calendar: first.Ref(), From: first.plan.def.Valid, Until: first.Until()}
	}
	return list[i], nil
}

// Version is a version by its name: that of the day on which a case began.
func (b *Book) Version(ref Ref) (*Calendar, error) {
	for _, c := range b.versions[ref.Name] {
		if c.plan.def.Version == ref.Version {
			return c, nil
		}
	}
	if len(b.versions[ref.Name]) == 0 {
		return nil, b.unknown(ref.Name)
	}
	return nil, bad("calendar", ref.String(), "has no such version")
}

func (b *Book) unknown(name string) error {
	return bad("calendar", name, fmt.Sprintf("does not exist; there are %q", b.Names()))
}

// Warning says that a table of holidays ends soon, or has ended.
type Warning struct {
	Calendar Ref
	Until    Date
	// Days until the end of the table; negative after it.
	Days int
}

// String is the warning as a sentence: holiday table of calendar city@1 ends 2026-12-31, in 35 days.
func (w Warning) String() string {
	switch {
	case w.Days < 0:
		return fmt.Sprintf("holiday table of calendar %s ended %s, %d days ago", w.Calendar, w.Until, -w.Days)
	case w.Days == 0:
		return fmt.Sprintf("holiday table of calendar %s ends today, %s", w.Calendar, w.Until)
	}
	return fmt.Sprintf("holiday table of calendar %s ends %s, in %d days", w.Calendar, w.Until, w.Days)
}

// Warnings are the calendars whose tables end within so many days of an instant, by name. The longest limit in use is a
// good number of days: a case that is filed then must be due within a table.
func (b *Book) Warnings(t time.Time, days int) []Warning {
	var list []Warning
	for _, name := range b.Names() {
		versions := b.versions[name]
		last := versions[len(versions)-1]
		left := int(last.Until() - DateOf(t.In(last.plan.zone)))
		if left <= days {
			list = append(list, Warning{Calendar: last.Ref(), Until: last.Until(), Days: left})
		}
	}
	return list
}
