package clock

import (
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/data"
)

// Do is what an effect does to a clock.
type Do string

// The effects. Process tables name them.
const (
	// Start begins to count, from nothing whatever the clock does.
	Start Do = "start"
	// Stop ends counting, for good or until the next Start or Reset.
	Stop Do = "stop"
	// Pause stands still, by approval: 挂账, waiting for somebody else.
	Pause Do = "pause"
	// Resume goes on where Pause stood still.
	Resume Do = "resume"
	// Extend makes the limit longer, running or paused.
	Extend Do = "extend"
	// Reset is a Start that is counted: rework, or another unit.
	Reset Do = "reset"
	// Fire notes that a mark was told, so that it is not told again.
	Fire Do = "fire"
)

// Effect is something that happened to a clock, as it is in the log of a case.
type Effect struct {
	Clock string `json:"clock"`
	Do    Do     `json:"do"`
	// At is the recorded time of the event, which never runs backwards.
	At time.Time `json:"at"`
	// Limit is that of Start and Reset; nothing means the limit that the clock began with before. For Extend it is what is
	// added, in the unit of the clock; nothing means the limit that the clock began with once more.
	Limit calendar.Limit `json:"limit,omitzero"`
	// Calendar is the calendar that Start and Reset count by, in the version of the day; nothing means that of before.
	Calendar string `json:"calendar,omitempty"`
	// Until is when a Pause ends by itself; zero if only a Resume ends it. For Extend without a Limit it is when the clock
	// is to be due.
	Until time.Time `json:"until,omitzero"`
	// Mark is the key of what Fire tells.
	Mark string `json:"mark,omitempty"`
}

// State is what a clock does.
type State string

// The states of clocks. The zero value is a clock that nobody has started.
const (
	Idle    State = ""
	Running State = "running"
	Paused  State = "paused"
	Stopped State = "stopped"
)

// Clock is one clock of a case. The zero value with a name is one that was never started.
type Clock struct {
	Name  string `json:"name"`
	State State  `json:"state,omitempty"`
	// Calendar is the version that this run counts by.
	Calendar calendar.Ref `json:"calendar,omitzero"`
	// Began is the limit that this run began with, Limit the one in force, with extensions.
	Began calendar.Limit `json:"began,omitzero"`
	Limit calendar.Limit `json:"limit,omitzero"`
	// Started, Stopped and PausedAt are the instants of this run; Until is when a pause ends by itself.
	Started  time.Time `json:"started,omitzero"`
	Stopped  time.Time `json:"stopped,omitzero"`
	PausedAt time.Time `json:"paused_at,omitzero"`
	Until    time.Time `json:"until,omitzero"`
	// Ran is when the clock ran in this run; what it runs in now has no end. All below up to Late follows from it.
	Ran []Span `json:"ran,omitempty"`
	// Used is what was used before the clock began to run last, in the measure of calendar.Limit.
	Used time.Duration `json:"used,omitempty"`
	// Due is the earliest instant at which the limit is used up. It is zero while that is not known: in a pause before it,
	// and where Fault says so.
	Due time.Time `json:"due,omitzero"`
	// Fault is why the due time or what was used is not known: the table of holidays ends before. [Clock.Recount] mends it.
	Fault string `json:"fault,omitempty"`
	// Late is whether the due time had passed when the clock was stopped or paused last.
	Late bool `json:"late,omitempty"`
	// Generation counts due times that were given: Start, Reset and Extend. Marks are told once in each.
	Generation int `json:"generation,omitempty"`
	// Extensions, Resets and Pauses count those of the whole case.
	Extensions int `json:"extensions,omitempty"`
	Resets     int `json:"resets,omitempty"`
	Pauses     int `json:"pauses,omitempty"`
	// Fired are the marks that were told in this generation.
	Fired []string `json:"fired,omitempty"`
	// Past are the runs before this one.
	Past []Run `json:"past,omitempty"`
}

// Span is a time in which a clock ran. To is zero while it does.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// Run is what is kept of a run that was followed by another.
type Run struct {
	Calendar calendar.Ref   `json:"calendar"`
	Started  time.Time      `json:"started"`
	Stopped  time.Time      `json:"stopped"`
	Due      time.Time      `json:"due,omitzero"`
	Limit    calendar.Limit `json:"limit"`
	Used     time.Duration  `json:"used"`
	Late     bool           `json:"late,omitempty"`
	Fault    string         `json:"fault,omitempty"`
}

func (c *Clock) refuse(why string) error {
	return &data.FieldError{Field: "clock", Value: c.Name, Why: why}
}

// Apply is the clock after an effect. An effect that finds nothing to work on, as Stop at a clock that stands, changes
// nothing: tables of processes name it for ways on which there is something. It fails, with a *data.FieldError and the
// clock unchanged, where a limit is missing or of another unit, where the time of the effect lies before that of the one
// before it, and where there is no such calendar.
//
// The rule is asked for one thing only: which marks stay told when a limit is extended. It may be nil.
func (c Clock) Apply(e Effect, rule *Rule, book *calendar.Book) (Clock, error) {
	if e.At.Before(c.last()) {
		return c, c.refuse("has an effect at " + c.last().UTC().Format(time.RFC3339Nano) + " already; effects come in the order of time")
	}
	next := c
	next.Fired = slices.Clone(c.Fired)
	if e.Do != Fire { // which touches nothing else
		next.Past, next.Ran = slices.Clone(c.Past), slices.Clone(c.Ran)
	}
	err := next.apply(e, rule, book)
	if err != nil {
		return c, err
	}
	return next, nil
}

// last is the instant of the newest effect that is kept.
func (c *Clock) last() time.Time {
	if c.State == Stopped {
		return c.Stopped
	}
	if n := len(c.Ran); n > 0 && c.State == Running {
		return c.Ran[n-1].From
	}
	return c.PausedAt
}

func (c *Clock) apply(e Effect, rule *Rule, book *calendar.Book) error {
	if e.Do == Start || e.Do == Reset {
		return c.begin(e, book)
	}
	if c.State == Idle {
		return nil
	}
	if e.Do == Fire {
		if e.Mark == "" {
			return c.refuse("is told of no mark")
		}
		if !slices.Contains(c.Fired, e.Mark) {
			c.Fired = append(c.Fired, e.Mark)
		}
		return nil
	}
	cal, err := book.Version(c.Calendar)
	if err != nil {
		return err
	}
	switch e.Do {
	case Stop:
		if c.State == Stopped {
			return nil
		}
		c.stop(e.At)
	case Pause:
		if c.State != Running {
			return nil
		}
		if !e.Until.IsZero() && !e.Until.After(e.At) {
			return c.refuse("is to be paused until an instant that has passed")
		}
		c.halt(e.At)
		c.State, c.PausedAt, c.Until = Paused, e.At, e.Until
		c.Pauses++
	case Resume:
		if c.State != Paused {
			return nil
		}
		c.State, c.PausedAt, c.Until = Running, time.Time{}, time.Time{}
		c.Ran = append(c.Ran, Span{From: e.At})
	case Extend:
		return c.extend(e, rule, cal)
	default:
		return c.refuse("knows no effect " + string(e.Do))
	}
	c.count(cal)
	return nil
}

// begin starts a run from nothing.
func (c *Clock) begin(e Effect, book *calendar.Book) error {
	limit, name := e.Limit, e.Calendar
	if limit.IsZero() {
		limit = c.Began
	}
	if limit.Span <= 0 || limit.Unit == 0 {
		return c.refuse("is started without a limit")
	}
	if name == "" {
		name = c.Calendar.Name
	}
	cal, err := book.On(name, e.At)
	if err != nil {
		return err
	}
	if c.State == Running || c.State == Paused {
		old, err := book.Version(c.Calendar)
		if err != nil {
			return err
		}
		c.stop(e.At)
		c.count(old)
	}
	if c.State != Idle {
		c.Past = append(c.Past, Run{
			Calendar: c.Calendar, Started: c.Started, Stopped: c.Stopped, Due: c.Due, Limit: c.Limit, Used: c.Used, Late: c.Late, Fault: c.Fault,
		})
	}
	if e.Do == Reset {
		c.Resets++
	}
	*c = Clock{
		Name: c.Name, State: Running, Calendar: cal.Ref(), Began: limit, Limit: limit, Started: e.At, Ran: []Span{{From: e.At}},
		Generation: c.Generation + 1, Extensions: c.Extensions, Resets: c.Resets, Pauses: c.Pauses, Past: c.Past,
	}
	c.count(cal)
	return nil
}

// halt ends the span that the clock runs in, if it does.
func (c *Clock) halt(at time.Time) {
	if c.State == Running {
		c.Ran[len(c.Ran)-1].To = at
	}
}

func (c *Clock) stop(at time.Time) {
	c.halt(at)
	c.State, c.Stopped, c.PausedAt, c.Until = Stopped, at, time.Time{}, time.Time{}
}

// count computes what was used and when the clock is due from the times in which it ran. A limit that was extended counts
// as if it had been so from the beginning.
func (c *Clock) count(cal *calendar.Calendar) {
	c.Fault = ""
	if err := c.reckon(cal); err != nil {
		c.Fault = err.Error()
	}
}

// Trouble is why the due time or what was used is not known: a *[calendar.RangeError], or that the calendar is not there; nil
// where nothing is wrong.
func (c *Clock) Trouble(book *calendar.Book) error {
	if c.Fault == "" {
		return nil
	}
	cal, err := book.Version(c.Calendar)
	if err != nil {
		return err
	}
	one := *c
	return one.reckon(cal)
}

func (c *Clock) reckon(cal *calendar.Calendar) (fault error) {
	c.Used, c.Due, c.Late = 0, time.Time{}, false
	for _, span := range c.Ran {
		if left := c.Limit.Span - c.Used; !c.Late || left > 0 {
			due, err := cal.Add(span.From, calendar.Limit{Span: max(0, left), Unit: c.Limit.Unit})
			if err != nil {
				due, fault = time.Time{}, err
			}
			c.Due, c.Late = due, false
		}
		if span.To.IsZero() {
			return fault
		}
		used, err := cal.Elapsed(c.Limit.Unit, span.From, span.To)
		if err != nil {
			c.Due = time.Time{}
			return err
		}
		c.Used, fault = c.Used+used, nil
		c.Late = !c.Due.IsZero() && span.To.After(c.Due)
	}
	if c.State == Paused && !c.Late {
		c.Due = time.Time{}
	}
	return fault
}

func (c *Clock) extend(e Effect, rule *Rule, cal *calendar.Calendar) error {
	if c.State == Stopped {
		return nil
	}
	more := e.Limit
	switch {
	case more.IsZero() && e.Until.IsZero():
		more = c.Began
	case more.IsZero():
		if c.Due.IsZero() {
			return c.refuse("has no due time now, so it cannot be extended until another")
		}
		span, err := cal.Elapsed(c.Limit.Unit, c.Due, e.Until)
		if err != nil {
			return err
		}
		if span <= 0 {
			return c.refuse("is due by then already")
		}
		more = calendar.Limit{Span: span, Unit: c.Limit.Unit}
	}
	switch {
	case more.Unit != c.Limit.Unit:
		return c.refuse("counts " + c.Limit.Unit.String() + ", so it cannot be extended by " + more.String())
	case more.Span <= 0:
		return c.refuse("cannot be extended by " + more.String())
	}
	c.Limit.Span += more.Span
	c.Extensions++
	c.Generation++
	c.count(cal)
	// What the longer limit has reached too was told; what lies ahead again will be.
	c.Fired = slices.DeleteFunc(c.Fired, func(key string) bool {
		mark := rule.mark(key)
		if mark == nil {
			return true
		}
		at, ok := c.timeOf(mark, cal)
		return !ok || at.After(e.At)
	})
	return nil
}

// Recount is the clock by a book that has changed: what was not known may be known now.
func (c Clock) Recount(book *calendar.Book) (Clock, error) {
	if c.State == Idle {
		return c, nil
	}
	cal, err := book.Version(c.Calendar)
	if err != nil {
		return c, err
	}
	c.count(cal)
	return c, nil
}

// PausedFor is how long the clock has been paused in this run, around the clock, up to an instant.
func (c *Clock) PausedFor(at time.Time) time.Duration {
	var sum time.Duration
	for i, span := range c.Ran {
		if i > 0 {
			sum += span.From.Sub(c.Ran[i-1].To)
		}
	}
	switch c.State {
	case Paused:
		sum += at.Sub(c.PausedAt)
	case Stopped:
		sum += c.Stopped.Sub(c.Ran[len(c.Ran)-1].To)
	case Idle, Running:
	}
	return sum
}

// Left is how much of the limit is left at an instant, in the measure of calendar.Limit; negative when it is overdue.
func (c *Clock) Left(at time.Time, book *calendar.Book) (time.Duration, error) {
	used := c.Used
	if c.State == Running {
		cal, err := book.Version(c.Calendar)
		if err != nil {
			return 0, err
		}
		more, err := cal.Elapsed(c.Limit.Unit, c.since(), at)
		if err != nil {
			return 0, err
		}
		used += more
	}
	return c.Limit.Span - used, nil
}

// since is when the clock began to run last.
func (c *Clock) since() time.Time {
	if len(c.Ran) == 0 {
		return time.Time{}
	}
	return c.Ran[len(c.Ran)-1].From
}

// Overdue reports whether the due time has passed at an instant, or had when the clock was stopped or paused. What is
// done at the due time itself is in time.
func (c *Clock) Overdue(at time.Time) bool {
	if c.State == Running {
		return !c.Due.IsZero() && at.After(c.Due)
	}
	return c.Late
}
