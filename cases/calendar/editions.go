package calendar

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Editions are the books of a city one after the other: a calendar that is changed while the city works gives the next one.
// What happened is counted by the book of its time. They are immutable and safe for concurrent use.
type Editions struct {
	books []*Book
	// from is when each but the first began to count, none before another.
	from []time.Time
}

// NewEditions are the editions that begin with a book.
func NewEditions(first *Book) *Editions { return &Editions{books: []*Book{first}} }

// At is the book that counted at an instant.
func (e *Editions) At(t time.Time) *Book {
	i := len(e.from)
	for i > 0 && e.from[i-1].After(t) {
		i--
	}
	return e.books[i]
}

// Newest is the book that counts from now on.
func (e *Editions) Newest() *Book { return e.books[len(e.books)-1] }

// Changed reports whether there is more than one book.
func (e *Editions) Changed() bool { return len(e.from) > 0 }

// With are the editions with one more, in which a definition takes the place of its version or is a new one, from an instant
// on. It fails as [NewBook] does. An instant before that of the edition before counts as that one.
func (e *Editions) With(at time.Time, d *Definition) (*Editions, error) {
	next, err := e.Newest().With(d)
	if err != nil {
		return nil, err
	}
	if n := len(e.from); n > 0 && e.from[n-1].After(at) {
		at = e.from[n-1]
	}
	return &Editions{books: append(slices.Clip(e.books), next), from: append(slices.Clip(e.from), at)}, nil
}

// All are the definitions of a book, by name and version.
func (b *Book) All() iter.Seq[*Definition] {
	return func(yield func(*Definition) bool) {
		for _, name := range b.Names() {
			for _, c := range b.versions[name] {
				if !yield(c.plan.def) {
					return
				}
			}
		}
	}
}

// With is a book in which a definition takes the place of the version that it is of, or is one more. It fails as [NewBook] does.
func (b *Book) With(d *Definition) (*Book, error) {
	all := []*Definition{d}
	for old := range b.All() {
		if old.Name != d.Name || old.Version != d.Version {
			all = append(all, old)
		}
	}
	return NewBook(all...)
}

// Admits sees whether a book may take the place of this one at an instant: it counts all that is over as this one does, so that
// no due time that has passed becomes another. A day is over for that when it has begun to be worked. What was assumed after the
// end of a table may turn out to be otherwise. The error is a *data.FieldError.
func (b *Book) Admits(next *Book, now time.Time) error {
	for _, name := range b.Names() {
		for _, is := range b.versions[name] {
			to, err := next.Version(is.Ref())
			if err == nil {
				err = is.admits(to, now)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Calendar) admits(next *Calendar, now time.Time) error {
	is, to := c.plan.def, next.plan.def
	switch {
	case is.Valid != to.Valid:
		return bad("valid", to.Valid.String(), "must stay "+is.Valid.String()+" in version "+c.Ref().String()+"; a later day is a new version")
	case c.plan.dayLen != next.plan.dayLen:
		return bad("work_day", to.WorkDay, "must stay "+cmp.Or(is.WorkDay, "days")+" in version "+c.Ref().String()+"; another measure is a new version")
	case is.Holidays.From != to.Holidays.From:
		return bad("holidays.from", to.Holidays.From.String(), "must stay "+is.Holidays.From.String()+" in version "+c.Ref().String())
	case to.Holidays.Until < is.Holidays.Until:
		return bad("holidays.until", to.Holidays.Until.String(), "must not be before "+is.Holidays.Until.String()+", until which the table was complete")
	}
	n := min(now.UnixNano(), c.sums.assumed-1)
	old, fresh := c.sums.begun(n), next.sums.begun(n)
	for i := range max(old, fresh) {
		if i < old && i < fresh && c.sums.begin[i] == next.sums.begin[i] && c.sums.end[i] == next.sums.end[i] {
			continue
		}
		var at int64
		switch {
		case i >= old:
			at = next.sums.begin[i]
		case i >= fresh:
			at = c.sums.begin[i]
		default:
			at = min(c.sums.begin[i], next.sums.begin[i])
		}
		return bad("calendar", c.Ref().String(), fmt.Sprintf("has other hours on %s, which has begun: what was counted by them stays, so a change is of later days", DateOf(c.instant(at))))
	}
	return nil
}

// begun is how many shifts lie in days that have begun to be worked at an instant.
func (c *compiled) begun(n int64) int {
	i := c.shiftAt(n)
	if i < 0 {
		return 0
	}
	for day := c.dayOf[i]; i < len(c.dayOf) && c.dayOf[i] == day; {
		i++
	}
	return i
}
