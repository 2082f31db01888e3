// Package sensitive is what a layer about persons or households must say before it may hold anything: whom it is about,
// why it is kept, on what basis, whose it is, who reads it, and when it goes.
package sensitive

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Subjects that a layer can be about. Each feature of the layer is one of them.
const (
	Person    = "person"
	Household = "household"
)

// Bounds of what is said.
const (
	MaxText    = 400 // characters of Purpose and Basis
	MaxReaders = 100
)

// Rule makes a layer sensitive: its features are subjects, who have a key each for what is personal of them. It has no
// effect on maps and searches but to keep the layer out of them.
type Rule struct {
	// Subject is [Person] or [Household].
	Subject string `json:"subject" toml:"subject"`
	// Purpose says what the data are needed for, Basis which law or consent allows to keep them.
	Purpose string `json:"purpose" toml:"purpose"`
	Basis   string `json:"basis" toml:"basis"`
	// Owner is the id of the organisation that answers for the layer.
	Owner string `json:"owner" toml:"owner"`
	// Expiry is when features are to be erased: a date (2027-12-31), or a period after their last change in years, months,
	// weeks and days of ISO 8601 (P2Y, P6M, P90D).
	Expiry string `json:"expiry" toml:"expiry"`
	// Readers are the ids of the posts that may read in full.
	Readers []string `json:"readers" toml:"readers"`
}

var (
	idPattern     = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N}._-]{0,62}[\p{L}\p{N}])?$`)
	periodPattern = regexp.MustCompile(`^P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?$`)
)

// Validate calls bad for each member that is missing or wrong; field is a path within the layer.
func (r *Rule) Validate(bad func(field, value, why string)) {
	if r.Subject != Person && r.Subject != Household {
		bad("sensitive.subject", r.Subject, "must be person or household")
	}
	text := func(field, value, what string) {
		switch {
		case strings.TrimSpace(value) == "":
			bad(field, "", "is missing: "+what)
		case utf8.RuneCountInString(value) > MaxText || strings.ContainsFunc(value, unicode.IsControl):
			bad(field, value, fmt.Sprintf("must be at most %d characters without control characters", MaxText))
		}
	}
	text("sensitive.purpose", r.Purpose, "say what the data are needed for")
	text("sensitive.basis", r.Basis, "name the law, or how consent is given")
	switch {
	case r.Owner == "":
		bad("sensitive.owner", "", "is missing: name the organisation that answers for the layer")
	case !idPattern.MatchString(r.Owner):
		bad("sensitive.owner", r.Owner, "must be the id of an organisation")
	}
	if r.Expiry == "" {
		bad("sensitive.expiry", "", "is missing: give a date such as 2027-12-31, or a period after the last change such as P2Y, P6M or P90D")
	} else if _, _, ok := r.expiry(); !ok {
		bad("sensitive.expiry", r.Expiry, "must be a date such as 2027-12-31, or a period such as P2Y, P6M or P90D")
	}
	if len(r.Readers) == 0 {
		bad("sensitive.readers", "", "are missing: name the posts that may read in full")
	}
	if n := len(r.Readers); n > MaxReaders {
		bad("sensitive.readers", strconv.Itoa(n), fmt.Sprintf("are too many, at most %d", MaxReaders))
		return
	}
	for i, id := range r.Readers {
		switch field := fmt.Sprintf("sensitive.readers[%d]", i); {
		case !idPattern.MatchString(id):
			bad(field, id, "must be the id of a post")
		case slices.Contains(r.Readers[:i], id):
			bad(field, id, "is named twice")
		}
	}
}

// period is a span of the calendar.
type period struct{ years, months, days int }

func (p period) after(t time.Time) time.Time { return t.AddDate(p.years, p.months, p.days) }

// expiry is the date, or the period, of the rule.
func (r *Rule) expiry() (date time.Time, after period, ok bool) {
	if t, err := time.Parse(time.DateOnly, r.Expiry); err == nil {
		return t, period{}, true
	}
	m := periodPattern.FindStringSubmatch(r.Expiry)
	if m == nil {
		return time.Time{}, period{}, false
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // digits or nothing
	}
	after = period{years: n[0], months: n[1], days: 7*n[2] + n[3]}
	return time.Time{}, after, after != period{}
}

// Expires is when a feature that was last changed at a time is to be erased: at the end of the date in the zone of that
// time, or when the period after the change is over. A rule that is not valid never lets anything go, and reports false.
func (r *Rule) Expires(changed time.Time) (at time.Time, ok bool) {
	date, after, ok := r.expiry()
	switch {
	case !ok:
		return time.Time{}, false
	case date.IsZero():
		return after.after(changed), true
	}
	return time.Date(date.Year(), date.Month(), date.Day()+1, 0, 0, 0, 0, changed.Location()), true
}

// Widened says in words what of r lets more people see more, or for longer, than before did; nothing when it does not.
// since is a time of a change to compare the expiries for.
func (r *Rule) Widened(before *Rule, since time.Time) (ways []string) {
	for _, id := range r.Readers {
		if !slices.Contains(before.Readers, id) {
			ways = append(ways, "reader "+id+" added")
		}
	}
	for _, m := range [...]struct{ name, now, was string }{
		{"subject", r.Subject, before.Subject}, {"purpose", r.Purpose, before.Purpose}, {"basis", r.Basis, before.Basis}, {"owner", r.Owner, before.Owner},
	} {
		if m.now != m.was {
			ways = append(ways, fmt.Sprintf("%s changed from %q", m.name, m.was))
		}
	}
	now, _ := r.Expires(since)
	if was, ok := before.Expires(since); !ok || now.After(was) {
		ways = append(ways, fmt.Sprintf("kept longer: expiry %s instead of %s", r.Expiry, before.Expiry))
	}
	return ways
}

// Least is the smallest number of subjects that a total tells.
const Least = 10

// Rounded is a number of subjects as totals tell it: down to a multiple of ten, and in words as a range. Of fewer than
// ten it says so and no more. Since all totals are rounded, whoever takes those of parts from that of their whole is left
// with several possible numbers of one that is not shown, except where it is nine and every part ends in nine.
func Rounded(n int) (floor int, words string) {
	floor = n / Least * Least
	if floor == 0 {
		return 0, fmt.Sprintf("<%d", Least)
	}
	return floor, fmt.Sprintf("%d–%d", floor, floor+Least-1)
}
