package calendar

import (
	"fmt"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Date is a date of the wall: days since 1970-01-01.
type Date int32

const dayNanos = int64(Day)

// DateOf is the date that a clock on the wall shows at an instant, in the zone of the instant.
func DateOf(t time.Time) Date {
	_, offset := t.Zone()
	return Date(floorDiv(t.Unix()+int64(offset), 86400))
}

// ParseDate reads a date as 2026-10-01.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, &data.FieldError{Field: "date", Value: text, Why: "must be a date as 2026-10-01"}
	}
	return DateOf(t), nil
}

// String is the date as 2026-10-01.
func (d Date) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// Weekday is the day of the week of a date.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int64(d)+4)%7 + 7) % 7) }

// MarshalText is the text of String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate does.
func (d *Date) UnmarshalText(text []byte) error {
	read, err := ParseDate(string(text))
	if err == nil {
		*d = read
	}
	return err
}

// UnmarshalTOML reads a date of TOML or a text.
func (d *Date) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case time.Time:
		return d.UnmarshalText([]byte(v.Format(time.DateOnly)))
	case string:
		return d.UnmarshalText([]byte(v))
	}
	return &data.FieldError{Field: "date", Value: fmt.Sprint(v), Why: "must be a date as 2026-10-01"}
}

// wallAt is what a clock on the wall shows at an instant, as nanoseconds since 1970-01-01 00:00 on that wall. Where it
// was turned back, it stands still until it shows a later time again, so that it never decreases.
func wallAt(t time.Time, zone *time.Location) int64 {
	t = t.In(zone)
	_, offset := t.Zone()
	wall := t.UnixNano() + int64(offset)*int64(time.Second)
	if begin, _ := t.ZoneBounds(); !begin.IsZero() {
		_, before := begin.Add(-1).Zone()
		wall = max(wall, begin.UnixNano()+int64(before)*int64(time.Second))
	}
	return wall
}

// instantOf is the first instant at which a clock on the wall shows a time or a later one: the inverse of wallAt.
func instantOf(wall int64, zone *time.Location) int64 {
	// Clocks are at most 15 hours ahead of UTC, so at this instant the time has not come yet.
	at := wall - 15*int64(time.Hour)
	for {
		t := time.Unix(0, at).In(zone)
		_, offset := t.Zone()
		found := max(at, wall-int64(offset)*int64(time.Second))
		_, end := t.ZoneBounds()
		if end.IsZero() || found < end.UnixNano() {
			return found
		}
		at = end.UnixNano()
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
