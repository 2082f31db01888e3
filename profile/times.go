package profile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

// decodeSome reads the members of a text that v knows.
func decodeSome(text string, v any) error {
	_, err := toml.Decode(text, v)
	return err
}

// calendars reads all calendar*.toml along the chain. Of two with the same name and version the nearer one counts.
func (l *loader) calendars() *calendar.Book {
	byRef, sound := map[calendar.Ref]*calendar.Definition{}, true
	var order []calendar.Ref
	for _, folder := range l.chain {
		names, err := fs.Glob(l.fsys, path.Join(folder, "calendar*.toml"))
		l.add(err)
		for _, name := range names {
			f, err := l.open(name)
			if err != nil {
				l.add(err)
				continue
			}
			d := &calendar.Definition{Text: f.text}
			err = rows.Decode(f.name, f.text, d)
			if err == nil {
				err = f.place(d.Check())
			}
			if err != nil {
				l.add(err)
				sound = false
				continue
			}
			ref := calendar.Ref{Name: d.Name, Version: d.Version}
			if byRef[ref] == nil {
				byRef[ref] = d
				order = append(order, ref)
			}
		}
	}
	if !sound {
		return nil
	}
	if len(order) == 0 {
		l.nearest("calendar.toml")
		return nil
	}
	slices.SortFunc(order, func(a, b calendar.Ref) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	var all []*calendar.Definition
	for _, ref := range order {
		all = append(all, byRef[ref])
	}
	book, err := calendar.NewBook(all...)
	if err != nil {
		l.add(&rows.Error{File: path.Join(l.chain[0], "calendar.toml"), FieldError: data.FieldError{Field: "calendar", Why: err.Error()}})
		return nil
	}
	return book
}

// clocks reads the marks of clocks: those of the base with those of nearer profiles in their place. Every clock of the
// process has a rule, with the limit that the process has unless it is that of the class.
func (l *loader) clocks(p *Profile) *clock.Rules {
	rules := &clock.Rules{}
	for _, f := range slices.Backward(l.all("clocks.toml")) {
		var own clock.Rules
		if err := rows.Decode(f.name, f.text, &own); err != nil {
			l.add(err)
			continue
		}
		l.add(checkClocks(f, &own))
		for i := range own.Clocks {
			l.add(l.ofProcess(p, f, i, &own.Clocks[i]))
			if at := slices.IndexFunc(rules.Clocks, func(r clock.Rule) bool { return r.Name == own.Clocks[i].Name }); at >= 0 {
				rules.Clocks[at] = own.Clocks[i]
			} else {
				rules.Clocks = append(rules.Clocks, own.Clocks[i])
			}
		}
	}
	if p.Process == nil {
		return rules
	}
	// What a base says of a clock that the process has not does no harm, and would be in the way of nobody.
	rules.Clocks = slices.DeleteFunc(rules.Clocks, func(r clock.Rule) bool { return processClock(p.Process, r.Name) == nil })
	for i := range p.Process.Clocks {
		c := &p.Process.Clocks[i]
		rule := rules.Rule(c.ID)
		if rule == nil {
			rules.Clocks = append(rules.Clocks, clock.Rule{Name: c.ID, Title: c.Title})
			rule = &rules.Clocks[len(rules.Clocks)-1]
		}
		if c.ByClass {
			continue
		}
		limit, err := calendar.ParseLimit(c.Limit)
		if err != nil {
			l.add(fmt.Errorf("clock %s of process %s: %w", c.ID, p.Process.Name, err))
			continue
		}
		rule.Limit = limit
	}
	return rules
}

// checkClocks finds the first fault of each clock.
func checkClocks(f *file, all *clock.Rules) error {
	var faults []error
	for i := range all.Clocks {
		err := (&clock.Rules{Clocks: all.Clocks[i : i+1]}).Check()
		if field, ok := errors.AsType[*data.FieldError](err); ok {
			faults = append(faults, f.fault(strings.Replace(field.Field, "clock[0]", fmt.Sprintf("clock[%d]", i), 1), field.Value, "%s", field.Why))
		}
	}
	if len(faults) == 0 {
		return f.place(all.Check())
	}
	return errors.Join(faults...)
}

// ofProcess sees that what a profile says of a clock itself can be: its own process has the clock, and one limit.
func (l *loader) ofProcess(p *Profile, f *file, i int, rule *clock.Rule) error {
	if p.Process == nil {
		return nil
	}
	at := fmt.Sprintf("clock[%d].", i)
	c := processClock(p.Process, rule.Name)
	switch {
	case c == nil && strings.HasPrefix(f.name, l.chain[0]+"/"):
		return f.fault(at+"name", rule.Name, "is no clock of process %s", p.Process.Name)
	case c != nil && !rule.Limit.IsZero() && rule.Limit.String() != c.Limit:
		return f.fault(at+"limit", rule.Limit.String(), "stands beside %q in the process; say it there alone", c.Limit)
	}
	return nil
}

func processClock(t *process.Table, id string) *process.Clock {
	i := slices.IndexFunc(t.Clocks, func(c process.Clock) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &t.Clocks[i]
}

// classes reads what the city says of its classes.
func (l *loader) classes() *class.Table {
	f, ok := l.nearest("classes.toml")
	if !ok {
		return nil
	}
	c := &class.City{}
	if err := rows.Decode(f.name, f.text, c); err != nil {
		l.add(err)
		return nil
	}
	table, err := class.New(c)
	if err == nil {
		return table
	}
	l.add(f.place(classFaults(c, err)))
	return nil
}

// classFaults are the faults of all rows, when the first is known: each row is looked at beside the classes alone.
func classFaults(c *class.City, first error) error {
	alone := class.City{Edition: c.Edition, Local: c.Local, Title: c.Title, Classes: c.Classes}
	if _, err := class.New(&alone); err != nil {
		return err
	}
	var faults []error
	try := func(array string, i int, set func(*class.City)) {
		one := alone
		set(&one)
		_, err := class.New(&one)
		if field, ok := errors.AsType[*data.FieldError](err); ok {
			field.Field = strings.Replace(field.Field, array+"[0]", fmt.Sprintf("%s[%d]", array, i), 1)
			faults = append(faults, field)
		}
	}
	for i := range c.Limits {
		try("limit", i, func(one *class.City) { one.Limits = c.Limits[i : i+1] })
	}
	for i := range c.Texts {
		try("text", i, func(one *class.City) { one.Texts = c.Texts[i : i+1] })
	}
	for i := range c.Windows {
		try("same", i, func(one *class.City) { one.Windows = c.Windows[i : i+1] })
	}
	for i := range c.Maps {
		try("map", i, func(one *class.City) { one.Maps = c.Maps[i : i+1] })
	}
	if len(faults) == 0 {
		return first
	}
	return errors.Join(faults...)
}
