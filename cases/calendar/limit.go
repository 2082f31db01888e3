package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Unit is what a limit is counted in. The zero value is no unit.
type Unit uint8

// The units of limit tables.
const (
	// UrgentHour (紧急工作时) runs through nights, weekends and holidays.
	UrgentHour Unit = iota + 1
	// UrgentDay (紧急工作日) is 24 hours of that.
	UrgentDay
	// NaturalHour is an hour of any day, the same as UrgentHour under the name that limits of offices use.
	NaturalHour
	// WorkHour (工作时) runs in working hours only.
	WorkHour
	// WorkDay (工作日) is a working day: the hours of one day, however many they are, or a number of working hours,
	// as the calendar says.
	WorkDay
	// NaturalDay (自然日) ends at the same time of the wall on a later date.
	NaturalDay
)

// Day is how much of a limit's Span one day is, for both kinds of days.
const Day = 24 * time.Hour

// maxSpan bounds limits, so that no sum overflows.
const maxSpan = 20000 * Day

var units = [...]struct {
	name  string
	title data.Title
	words []string
	one   time.Duration
}{
	UrgentHour:  {"urgent_hour", data.Title{"zh": "紧急工作时", "en": "hours around the clock"}, []string{"紧急工作时", "个紧急工作时"}, time.Hour},
	UrgentDay:   {"urgent_day", data.Title{"zh": "紧急工作日", "en": "days around the clock"}, []string{"紧急工作日", "个紧急工作日"}, Day},
	NaturalHour: {"hour", data.Title{"zh": "小时", "en": "hours"}, []string{"小时", "个小时"}, time.Hour},
	WorkHour:    {"work_hour", data.Title{"zh": "工作时", "en": "working hours"}, []string{"工作时", "个工作时"}, time.Hour},
	WorkDay:     {"work_day", data.Title{"zh": "工作日", "en": "working days"}, []string{"工作日", "个工作日"}, Day},
	NaturalDay:  {"natural_day", data.Title{"zh": "自然日", "en": "days"}, []string{"自然日", "个自然日"}, Day},
}

// Units are all units, in the order of their constants.
func Units() []Unit { return []Unit{UrgentHour, UrgentDay, NaturalHour, WorkHour, WorkDay, NaturalDay} }

// String is the name of a unit in files: urgent_hour, urgent_day, hour, work_hour, work_day, natural_day.
func (u Unit) String() string {
	if u == 0 || int(u) >= len(units) {
		return "no unit"
	}
	return units[u].name
}

// Title is what the unit is called for people, in zh and en.
func (u Unit) Title() data.Title {
	if u == 0 || int(u) >= len(units) {
		return nil
	}
	return units[u].title
}

// Working reports whether a unit runs in working hours only, so that it needs the table of holidays.
func (u Unit) Working() bool { return u == WorkHour || u == WorkDay }

// Limit is how long something may take. The zero value is no limit.
type Limit struct {
	// Span is the amount: time.Hour for an hour of a unit of hours, [Day] for a day of a unit of days.
	Span time.Duration
	Unit Unit
}

// ParseLimit reads a limit: a number, which may have up to six decimals, and a unit, as "2 work_day", "0.5 work_hour" or
// "2紧急工作时". The error says which texts are limits.
func ParseLimit(text string) (Limit, error) {
	fail := func(why string) (Limit, error) {
		return Limit{}, &data.FieldError{Field: "limit", Value: text, Why: why}
	}
	clean := strings.TrimSpace(text)
	cut := 0
	for cut < len(clean) && (clean[cut] >= '0' && clean[cut] <= '9' || clean[cut] == '.') {
		cut++
	}
	unit := unitOf(strings.TrimSpace(clean[cut:]))
	if cut == 0 || unit == 0 {
		return fail(`must be a number and a unit, as "2 work_day"; units are urgent_hour, urgent_day, hour, work_hour, work_day, natural_day and 紧急工作时, 紧急工作日, 小时, 工作时, 工作日, 自然日`)
	}
	whole, decimals, _ := strings.Cut(clean[:cut], ".")
	const most = 6
	if len(decimals) > most || whole == "" {
		return fail("must be a number with at most six decimals")
	}
	n, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", most-len(decimals)), 10, 64)
	if err != nil {
		return fail("must be a number with at most six decimals")
	}
	one := units[unit].one
	if n == 0 || n > int64(maxSpan/(one/1e6)) {
		return fail("must be more than nothing and at most 20000 days")
	}
	return Limit{Span: time.Duration(n) * (one / 1e6), Unit: unit}, nil
}

// LimitOf is the limit of an amount, up to millionths, and the name of a unit, as tables have them in two columns.
func LimitOf(amount float64, unit string) (Limit, error) {
	return ParseLimit(strconv.FormatFloat(amount, 'f', -1, 64) + " " + unit)
}

func unitOf(word string) Unit {
	for _, u := range Units() {
		if word == units[u].name || slices.Contains(units[u].words, word) {
			return u
		}
	}
	return 0
}

// IsZero reports whether it is no limit.
func (l Limit) IsZero() bool { return l == Limit{} }

// String is the limit as [ParseLimit] reads it: "2 work_day".
func (l Limit) String() string {
	if l.Unit == 0 || int(l.Unit) >= len(units) {
		return ""
	}
	return l.amount() + " " + units[l.Unit].name
}

// In is the limit for people, in zh or another language: "2工作日", "2 working days".
func (l Limit) In(lang string) string {
	if l.Unit == 0 || int(l.Unit) >= len(units) {
		return ""
	}
	if word := l.Unit.Title().In(lang, ""); strings.HasPrefix(lang, "zh") {
		return l.amount() + word
	} else if l.Span == units[l.Unit].one {
		return l.amount() + " " + strings.Replace(strings.Replace(word, "hours", "hour", 1), "days", "day", 1)
	}
	return l.amount() + " " + l.Unit.Title().In(lang, "")
}

// amount is the number of the limit, without zeros at its end. What is less than a millionth is not shown.
func (l Limit) amount() string {
	micro := int64(l.Span / (units[l.Unit].one / 1e6))
	text := strconv.FormatInt(micro/1e6, 10)
	if rest := micro % 1e6; rest != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%06d", rest), "0")
	}
	return text
}

// MarshalText is the text of String; no limit is the empty text.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (l *Limit) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*l = Limit{}
		return nil
	}
	read, err := ParseLimit(string(text))
	if err == nil {
		*l = read
	}
	return err
}
