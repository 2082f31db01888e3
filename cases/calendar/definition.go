package calendar

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/internal/tomltext"
)

// Definition is one version of a calendar as it is written, in TOML or JSON. docs/manual/calendar.md shows one.
type Definition struct {
	// Name is lower-case letters, digits and _; all versions of a calendar share it.
	Name  string     `json:"name" toml:"name"`
	Title data.Title `json:"title" toml:"title"`
	// Version counts up from 1. Clocks that start on Valid or later run by this version, until the next one is valid.
	Version int  `json:"version" toml:"version"`
	Valid   Date `json:"valid" toml:"valid"`
	// Zone is a time zone of IANA: Asia/Shanghai. All versions have the same.
	Zone string `json:"zone" toml:"zone"`
	// WorkDay says what a 工作日 is: "days", the default, counts days, whatever their hours; "8h" counts eight working hours.
	WorkDay  string   `json:"work_day,omitempty" toml:"work_day"`
	Holidays Holidays `json:"holidays" toml:"holidays"`
	// Seasons cover the year, each day once.
	Seasons []Season `json:"season" toml:"season"`
	// Exceptions are the table of holidays and of days that are worked for them.
	Exceptions []Exception `json:"exception,omitempty" toml:"exception"`
	// Text is the TOML that this was read from, where it was.
	Text string `json:"-" toml:"-"`
}

// Holidays says which dates the table of exceptions is complete for.
type Holidays struct {
	From  Date `json:"from" toml:"from"`
	Until Date `json:"until" toml:"until"`
	// Beyond says what is done after Until where no later version continues the table: "refuse", the default, or
	// "weekdays", which takes it that there are no holidays.
	Beyond string `json:"beyond,omitempty" toml:"beyond"`
	// Source is where the table is from, for people.
	Source string `json:"source,omitempty" toml:"source"`
}

// Season is the hours of a week in a part of every year.
type Season struct {
	Title data.Title `json:"title,omitempty" toml:"title"`
	// From and Until are its first and last day, as 05-01; Until before From means over the end of the year. A season
	// without both is the whole year.
	From  string `json:"from,omitempty" toml:"from"`
	Until string `json:"until,omitempty" toml:"until"`
	// Week has shifts by day or days: {"mon-fri" = ["08:00-12:00", "14:30-18:00"], "sat" = ["09:00-12:00"]}. Days
	// that it does not name are free. A shift that ends before it begins ends on the next day; it belongs to the day on
	// which it begins.
	Week map[string][]string `json:"week" toml:"week"`
}

// Kinds of exceptions.
const (
	Holiday = "holiday"
	Workday = "workday"
)

// Exception is a date, or the dates from From to Until, that are not as the week says.
type Exception struct {
	Date  *Date `json:"date,omitempty" toml:"date"`
	From  *Date `json:"from,omitempty" toml:"from"`
	Until *Date `json:"until,omitempty" toml:"until"`
	// Kind is "holiday" or "workday".
	Kind string `json:"kind" toml:"kind"`
	Name string `json:"name,omitempty" toml:"name"`
	// Hours are the shifts of a working day; without them it has those of the weekday Like, without that those of mon.
	Hours []string `json:"hours,omitempty" toml:"hours"`
	Like  string   `json:"like,omitempty" toml:"like"`
}

// Bounds of definitions, far above what cities need.
const (
	maxText       = 1 << 20
	maxShifts     = 12
	maxExceptions = 10000
	maxYears      = 60
)

var (
	namePattern  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	shiftPattern = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])$`)
	dayNames     = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// Parse reads a definition in TOML and checks it. The error says the line or the field, the value, and what would be
// right.
func Parse(text string) (*Definition, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the text has %d bytes; a calendar has at most %d", len(text), maxText)
	}
	d := &Definition{Text: text}
	if err := tomltext.Decode(text, d); err != nil {
		return nil, err
	}
	if err := d.Check(); err != nil {
		return nil, err
	}
	return d, nil
}

// Check reports the first fault of a definition, as a *data.FieldError.
func (d *Definition) Check() error {
	_, err := d.plan()
	return err
}

// shift is minutes of the wall from midnight of the day on which it begins.
type shift struct{ begin, end int }

// plan is a definition that was checked: what each day of its table is like.
type plan struct {
	def     *Definition
	zone    *time.Location
	dayLen  time.Duration      // of a 工作日 in working hours; 0 counts days
	seasons [366]int           // by day of a leap year
	weeks   [][7][]shift       // by season and weekday
	marked  map[Date]exception // the table
}

type exception struct {
	shifts []shift
	name   string
	kind   string
	at     int // in the definition
}

func bad(field, value, why string) error {
	return &data.FieldError{Field: field, Value: value, Why: why}
}

func (d *Definition) plan() (*plan, error) {
	p := &plan{def: d, marked: map[Date]exception{}}
	var err error
	switch {
	case !namePattern.MatchString(d.Name):
		return nil, bad("name", d.Name, "must be lower-case letters, digits and _, beginning with a letter")
	case d.Version < 1:
		return nil, bad("version", strconv.Itoa(d.Version), "must be 1 or more")
	case d.Zone == "" || d.Zone == "Local":
		return nil, bad("zone", d.Zone, "must be a time zone of IANA, as Asia/Shanghai")
	case len(d.Seasons) == 0:
		return nil, bad("season", "", "is missing: at least one [[season]] says the hours of a week")
	case len(d.Exceptions) > maxExceptions:
		return nil, bad("exception", strconv.Itoa(len(d.Exceptions)), fmt.Sprintf("there may be %d", maxExceptions))
	}
	if p.zone, err = time.LoadLocation(d.Zone); err != nil {
		return nil, bad("zone", d.Zone, "must be a time zone of IANA, as Asia/Shanghai")
	}
	if p.dayLen, err = dayLength(d.WorkDay); err != nil {
		return nil, err
	}
	if err = d.Holidays.check(d.Valid); err != nil {
		return nil, err
	}
	if err = p.readSeasons(); err != nil {
		return nil, err
	}
	return p, p.readExceptions()
}

func dayLength(text string) (time.Duration, error) {
	if text == "" || text == "days" {
		return 0, nil
	}
	length, err := time.ParseDuration(text)
	if err != nil || length < time.Minute || length > Day {
		return 0, bad("work_day", text, `must be "days" or a number of working hours up to 24, as "8h"`)
	}
	return length, nil
}

func (h *Holidays) check(valid Date) error {
	low, high := dateOf(1900, time.January, 1), dateOf(2199, time.December, 31)
	switch {
	case h.From == 0 || h.Until == 0:
		return bad("holidays", "", "must say from which date until which the table is complete: { from = 2026-01-01, until = 2026-12-31 }")
	case h.Until < h.From:
		return bad("holidays.until", h.Until.String(), "is before from, "+h.From.String())
	case h.From < low || h.Until > high:
		return bad("holidays", h.From.String()+" to "+h.Until.String(), "must lie in the years 1900 to 2199")
	case int(h.Until-h.From) > maxYears*366:
		return bad("holidays", h.From.String()+" to "+h.Until.String(), fmt.Sprintf("must be at most %d years", maxYears))
	case valid == 0:
		return bad("valid", "", "is missing: the date from which clocks start by this version")
	case valid < h.From || valid > h.Until:
		return bad("valid", valid.String(), "must lie within the table of holidays, "+h.From.String()+" to "+h.Until.String())
	case h.Beyond != "" && h.Beyond != "refuse" && h.Beyond != "weekdays":
		return bad("holidays.beyond", h.Beyond, "must be refuse or weekdays")
	}
	return nil
}

func dateOf(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// leap is the first day of the year that seasons are laid out in.
var leap = dateOf(2000, time.January, 1)

// leapDay is 29 February, counted from 0.
const leapDay = 31 + 28

func (p *plan) readSeasons() error {
	for i := range p.seasons {
		p.seasons[i] = -1
	}
	for i := range p.def.Seasons {
		s, field := &p.def.Seasons[i], fmt.Sprintf("season[%d]", i)
		week, err := readWeek(field+".week", s.Week)
		if err != nil {
			return err
		}
		p.weeks = append(p.weeks, week)
		from, until := 0, 365
		if s.From != "" || s.Until != "" {
			if from, err = dayOfYear(field+".from", s.From); err != nil {
				return err
			}
			if until, err = dayOfYear(field+".until", s.Until); err != nil {
				return err
			}
		}
		for day := from; ; day = (day + 1) % 366 {
			if p.seasons[day] >= 0 {
				return bad(field, (leap + Date(day)).String()[5:], fmt.Sprintf("is in season[%d] already; each day of the year has one season", p.seasons[day]))
			}
			p.seasons[day] = i
			if day == until {
				break
			}
		}
	}
	if p.seasons[leapDay] < 0 {
		p.seasons[leapDay] = p.seasons[leapDay-1] // who writes 02-28 means the end of February
	}
	if day := slices.Index(p.seasons[:], -1); day >= 0 {
		return bad("season", (leap + Date(day)).String()[5:], "is in no season; each day of the year has one")
	}
	return nil
}

// dayOfYear reads 05-01 as a day of a leap year, from 0.
func dayOfYear(field, text string) (int, error) {
	t, err := time.Parse(time.DateOnly, "2000-"+text)
	if err != nil {
		return 0, bad(field, text, "must be a month and a day, as 05-01, for both from and until")
	}
	return t.YearDay() - 1, nil
}

func readWeek(field string, week map[string][]string) (days [7][]shift, err error) {
	if len(week) == 0 {
		return days, bad(field, "", `is missing: { "mon-fri" = ["08:00-12:00", "14:00-18:00"] }`)
	}
	keys := make([]string, 0, len(week))
	for key := range week {
		keys = append(keys, key)
	}
	slices.Sort(keys) // the same fault first each time
	var named [7]bool
	for _, key := range keys {
		at := field + "." + key
		on, err := readDays(at, key)
		if err != nil {
			return days, err
		}
		shifts, err := readShifts(at, week[key])
		if err != nil {
			return days, err
		}
		for _, day := range on {
			if named[day] {
				return days, bad(at, dayNames[day], "has hours already")
			}
			named[day], days[day] = true, shifts
		}
	}
	return days, nil
}

// readDays reads "mon", "mon-fri", "sat,sun".
func readDays(field, key string) ([]int, error) {
	const why = "must be days as mon, mon-fri or sat,sun"
	var days []int
	for item := range strings.SplitSeq(key, ",") {
		first, last, both := strings.Cut(strings.TrimSpace(item), "-")
		if !both {
			last = first
		}
		from, until := slices.Index(dayNames, first), slices.Index(dayNames, last)
		if from < 0 || until < 0 {
			return nil, bad(field, key, why)
		}
		for day := from; ; day = (day + 1) % 7 {
			days = append(days, day)
			if day == until {
				break
			}
		}
	}
	return days, nil
}

// readShifts reads the shifts of a day, sorted, of which none overlaps the one before.
func readShifts(field string, texts []string) ([]shift, error) {
	if len(texts) > maxShifts {
		return nil, bad(field, strconv.Itoa(len(texts)), fmt.Sprintf("a day has at most %d shifts", maxShifts))
	}
	shifts := make([]shift, 0, len(texts))
	for _, text := range texts {
		m := shiftPattern.FindStringSubmatch(text)
		if m == nil || m[3] == "24" && m[4] != "00" {
			return nil, bad(field, text, "must be a shift as 08:00-12:00")
		}
		minutes := func(hour, minute string) int {
			h, _ := strconv.Atoi(hour) // the pattern has digits only
			n, _ := strconv.Atoi(minute)
			return h*60 + n
		}
		s := shift{begin: minutes(m[1], m[2]), end: minutes(m[3], m[4])}
		if s.begin == s.end {
			return nil, bad(field, text, "begins when it ends; a whole day is 00:00-24:00")
		}
		if s.end < s.begin {
			s.end += 24 * 60
		}
		shifts = append(shifts, s)
	}
	slices.SortFunc(shifts, func(a, b shift) int { return cmp.Compare(a.begin, b.begin) })
	for i := 1; i < len(shifts); i++ {
		if shifts[i].begin < shifts[i-1].end {
			return nil, bad(field, shifts[i].String(), "overlaps "+shifts[i-1].String())
		}
	}
	return shifts, nil
}

func (s shift) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.begin/60, s.begin%60, s.end/60, s.end%60)
}
