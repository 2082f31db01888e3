package clock

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/internal/tomltext"
)

// Rule says what a clock is called and what is told of it.
type Rule struct {
	// Name is lower-case letters, digits and _: "handle".
	Name  string     `json:"name" toml:"name"`
	Title data.Title `json:"title" toml:"title"`
	// Limit is that of every case; without it whoever starts the clock gives one, as that of a class.
	Limit calendar.Limit `json:"limit,omitzero" toml:"limit"`
	// Marks are told once in each generation, in the order of their times.
	Marks []Mark `json:"mark,omitempty" toml:"mark"`
}

// Mark is an instant in the life of a clock that somebody is told of. It has a Share, a Left or both, of which the
// earlier counts, or a Past.
type Mark struct {
	// Kind is lower-case letters, digits and _; some are known by name: warned, overdue, alert, yellow, red.
	Kind  string     `json:"kind" toml:"kind"`
	Title data.Title `json:"title,omitempty" toml:"title"`
	// Level is how many levels above the one that holds the case are told; 0 is the holder. Kind and Level are unique.
	Level int `json:"level,omitempty" toml:"level"`
	// Share is a part of the limit, 0.8 for four fifths; more than 1 is after the due time.
	Share float64 `json:"share,omitempty" toml:"share"`
	// Left is what is left before the due time, Past what has gone by after it, in any unit.
	Left calendar.Limit `json:"left,omitzero" toml:"left"`
	Past calendar.Limit `json:"past,omitzero" toml:"past"`
}

// Key names a mark within its clock: its kind, and its level if it has one.
func (m *Mark) Key() string {
	if m.Level == 0 {
		return m.Kind
	}
	return m.Kind + strconv.Itoa(m.Level)
}

// Kinds of marks that gewu knows by name.
const (
	Warned  = "warned"
	Overdue = "overdue"
)

// Resumed is the kind of marks that tell the end of a pause. No rule has it.
const Resumed = "resume"

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Bounds of rules.
const (
	maxClocks = 100
	maxMarks  = 20
	maxShare  = 100
	maxLevel  = 9
)

// Rules are the clocks of a profile.
type Rules struct {
	Clocks []Rule `json:"clock" toml:"clock"`
}

// ParseRules reads rules in TOML and checks them; docs/manual/calendar.md shows some. The error says the line or the
// field, the value, and what would be right.
func ParseRules(text string) (*Rules, error) {
	r := &Rules{}
	if err := tomltext.Decode(text, r); err != nil {
		return nil, err
	}
	return r, r.Check()
}

// Check reports the first fault of rules, as a *data.FieldError.
func (r *Rules) Check() error {
	if len(r.Clocks) > maxClocks {
		return bad("clock", strconv.Itoa(len(r.Clocks)), fmt.Sprintf("there may be %d", maxClocks))
	}
	for i := range r.Clocks {
		rule, field := &r.Clocks[i], fmt.Sprintf("clock[%d]", i)
		if !namePattern.MatchString(rule.Name) {
			return bad(field+".name", rule.Name, "must be lower-case letters, digits and _, beginning with a letter")
		}
		if r.Rule(rule.Name) != rule {
			return bad(field+".name", rule.Name, "is there twice")
		}
		if len(rule.Marks) > maxMarks {
			return bad(field+".mark", strconv.Itoa(len(rule.Marks)), fmt.Sprintf("there may be %d", maxMarks))
		}
		for j := range rule.Marks {
			if err := rule.check(j, fmt.Sprintf("%s.mark[%d]", field, j)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Rule) check(j int, field string) error {
	m := &r.Marks[j]
	switch {
	case !namePattern.MatchString(m.Kind) || m.Kind == Resumed:
		return bad(field+".kind", m.Kind, "must be lower-case letters, digits and _, and not resume")
	case m.Level < 0 || m.Level > maxLevel:
		return bad(field+".level", strconv.Itoa(m.Level), fmt.Sprintf("must be 0 to %d", maxLevel))
	case r.mark(m.Key()) != m:
		return bad(field+".kind", m.Key(), "is there twice")
	case m.Share < 0 || m.Share > maxShare || math.IsNaN(m.Share):
		return bad(field+".share", strconv.FormatFloat(m.Share, 'g', -1, 64), "must be more than 0 and at most 100")
	case !m.Past.IsZero() && (m.Share != 0 || !m.Left.IsZero()):
		return bad(field+".past", m.Past.String(), "stands beside share or left; a mark is before the due time or after it")
	case m.Past.IsZero() && m.Share == 0 && m.Left.IsZero():
		return bad(field, m.Kind, "must have a share, a left or a past")
	}
	return nil
}

func bad(field, value, why string) error {
	return &data.FieldError{Field: field, Value: value, Why: why}
}

// Rule is the rule of a clock by its name, or nil.
func (r *Rules) Rule(name string) *Rule {
	i := slices.IndexFunc(r.Clocks, func(rule Rule) bool { return rule.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Clocks[i]
}

func (r *Rule) mark(key string) *Mark {
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.Marks, func(m Mark) bool { return m.Key() == key })
	if i < 0 {
		return nil
	}
	return &r.Marks[i]
}

// Pending is a mark that lies ahead, or behind without having been told.
type Pending struct {
	// Key is that of the mark, or "resume" and the number of the pause for a pause that ends by itself.
	Key   string
	Kind  string
	Level int
	At    time.Time
}

// Reached are the marks that a clock has reached at an instant and that were not told yet, in the order of their times.
// They are to be told, by effects of the kind Fire, before another effect happens to the clock at that instant: a clock
// that is stopped tells no marks any more. The list is in room where that is large enough.
func (r *Rule) Reached(c *Clock, at time.Time, book *calendar.Book, room []Pending) []Pending {
	list := slices.DeleteFunc(r.pending(c, book, room[:0]), func(p Pending) bool { return p.At.After(at) })
	if len(list) > 1 {
		slices.SortStableFunc(list, func(a, b Pending) int { return a.At.Compare(b.At) })
	}
	return list
}

// Next is the earliest mark that was not told yet.
func (r *Rule) Next(c *Clock, book *calendar.Book) (Pending, bool) {
	// The room is on the stack: a sweep of many asks for each.
	var room [8]Pending
	list := r.pending(c, book, room[:0])
	if len(list) == 0 {
		return Pending{}, false
	}
	return slices.MinFunc(list, func(a, b Pending) int { return a.At.Compare(b.At) }), true
}

// pending are the marks that were not told yet, in the order of the rule, appended to a list.
func (r *Rule) pending(c *Clock, book *calendar.Book, list []Pending) []Pending {
	if c.State == Paused && !c.Until.IsZero() {
		key := Resumed + strconv.Itoa(c.Pauses)
		if slices.Contains(c.Fired, key) {
			return nil
		}
		return append(list, Pending{Key: key, Kind: Resumed, At: c.Until})
	}
	if c.State != Running || r == nil {
		return nil
	}
	cal, err := book.Version(c.Calendar)
	if err != nil {
		return nil
	}
	for i := range r.Marks {
		m := &r.Marks[i]
		if slices.Contains(c.Fired, m.Key()) {
			continue
		}
		if at, ok := c.timeOf(m, cal); ok {
			list = append(list, Pending{Key: m.Key(), Kind: m.Kind, Level: m.Level, At: at})
		}
	}
	return list
}

// shortShare is the share of a limit at which a mark is reached that has only a left, and more of it than the limit.
const shortShare = 0.8

// share is the part of the limit at which a mark is reached: its own, or that of a limit that is too short for its left. It is
// 0 for marks that know none.
func (c *Clock) share(m *Mark, cal *calendar.Calendar) float64 {
	if m.Share == 0 && c.short(m, cal) {
		return shortShare
	}
	return m.Share
}

// short reports whether a limit is no longer than what a mark wants to be left of it: two hours of an emergency at night, where
// two working hours before their end are the evening before. Whoever is warned when a clock starts is not warned.
func (c *Clock) short(m *Mark, cal *calendar.Calendar) bool {
	if m.Left.IsZero() || c.Started.IsZero() {
		return false
	}
	due, err := cal.Add(c.Started, c.Limit)
	if err != nil {
		return false
	}
	at, err := cal.Back(due, m.Left)
	return err == nil && !at.After(c.Started)
}

// timeOf is when a clock reaches a mark. What it had reached before it ran last, it reaches then. There is no time where
// the table of holidays does not reach.
func (c *Clock) timeOf(m *Mark, cal *calendar.Calendar) (time.Time, bool) {
	if c.State != Running {
		return time.Time{}, false
	}
	var at time.Time
	if share := c.share(m, cal); share != 0 {
		span := time.Duration(float64(c.Limit.Span) * share)
		var err error
		if at, err = cal.Add(c.since(), calendar.Limit{Span: max(0, span-c.Used), Unit: c.Limit.Unit}); err != nil {
			return time.Time{}, false
		}
		if m.Share == 0 {
			return at, true
		}
	}
	if m.Left.IsZero() && m.Past.IsZero() {
		return at, true
	}
	if c.Due.IsZero() {
		return at, !at.IsZero()
	}
	if !m.Past.IsZero() {
		past, err := cal.Add(c.Due, m.Past)
		return past, err == nil
	}
	if c.short(m, cal) {
		return at, true
	}
	left, err := cal.Back(c.Due, m.Left)
	if err != nil || left.Before(c.since()) {
		left = c.since()
	}
	if at.IsZero() || left.Before(at) {
		at = left
	}
	return at, true
}

// Light is the colour that lists of cases show for a clock, always beside a word.
type Light string

// The lights of lists: none for a clock that does not run, grey for one that is paused.
const (
	Dark   Light = ""
	Green  Light = "green"
	Yellow Light = "yellow"
	Red    Light = "red"
	Grey   Light = "grey"
)

// Light is red after the due time, yellow from the mark warned on, green before it, grey in a pause.
func (r *Rule) Light(c *Clock, at time.Time, book *calendar.Book) Light {
	switch {
	case c.State == Paused:
		return Grey
	case c.State != Running:
		return Dark
	case c.Overdue(at):
		return Red
	}
	if m := r.mark(Warned); m != nil {
		if cal, err := book.Version(c.Calendar); err == nil {
			if warned, ok := c.timeOf(m, cal); ok && !at.Before(warned) {
				return Yellow
			}
		}
	}
	return Green
}
