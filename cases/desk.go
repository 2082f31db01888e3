package cases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

// Log is where events are kept. Append makes all of them durable together, or none, and returns their Seq. It refuses with
// a *[StaleError] when an event is not the next one of its case: several desks may write to one log.
type Log interface {
	Append(ctx context.Context, events []*Event) (data.Seq, error)
}

// Shelf is where cases are found. Case is one that nobody changes, [ErrNoCase] for one that does not exist.
type Shelf interface {
	Case(ctx context.Context, id string) (*Case, error)
}

// Locate is where a point is in the city: areas, cells, address, parts, disputes and the duty for the matter, all from one
// World. A point outside the city has a place without areas, which says so. The place is the caller's to change.
type Locate interface {
	Locate(ctx context.Context, matter *Matter) (*Place, error)
}

// Matter is what is known of a matter whose place is looked up.
type Matter struct {
	Point Position
	Class Class
	// Parts are those that were picked.
	Parts  []Part
	Source string
	// By is who reported it, At the time of the question.
	By Actor
	At time.Time
}

// Geocode finds the place that words mean; false when they mean none for certain.
type Geocode interface {
	Geocode(ctx context.Context, words string) (Position, bool, error)
}

// Desk is where commands become events. All members but Locate, Geocode, Limits and Before must be set. It is safe for concurrent
// use if what it asks is.
type Desk struct {
	Log    Log
	Shelf  Shelf
	Tables *process.Versions
	// Process is the name of the process under which new cases begin, in its newest version.
	Process string
	// Directory is who works for the city at a time.
	Directory func(at time.Time) Directory
	Limits    Limits
	// Known reports whether there is a class, with the row that was picked; nil takes any.
	Known   func(Class) bool
	Locate  Locate
	Geocode Geocode
	// Before, when not nil, is called before a command of somebody: what a case has reached by then is told first.
	Before func(ctx context.Context, id string) error
}

// Done is what became of a command.
type Done struct {
	// Event is nil when the command was done before; Number is then that of the event.
	Event  *Event
	Number int
	Case   *Case
	Seq    data.Seq
	// Outside says that the place of the event is not in the city.
	Outside *Outside
}

// retries is how often a command without a precondition is decided again after somebody else was faster.
const retries = 8

// ErrPost is wrapped when somebody acts by a post that they do not hold.
var ErrPost = errors.New("cases: the post is not held")

// Do does what a command says: the event is durable when it returns without an error, with those that follow in other
// cases. The errors are those of [Decide], [ErrNoCase], [ErrPost], *[KeyError], and those of what the desk asks; then
// nothing has happened.
func (d *Desk) Do(ctx context.Context, cmd *Command) (*Done, error) {
	if d.Before != nil && cmd.Told == nil {
		if err := d.Before(ctx, cmd.Case); err != nil {
			return nil, err
		}
	}
	for try := 0; ; try++ {
		done, err := d.once(ctx, cmd)
		if _, stale := errors.AsType[*StaleError](err); !stale || cmd.IfVersion != nil || try == retries {
			return done, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

func (d *Desk) once(ctx context.Context, cmd *Command) (*Done, error) {
	c, t, err := d.find(ctx, cmd)
	if err != nil {
		return nil, err
	}
	if number, err := c.Repeated(cmd); number > 0 || err != nil {
		return &Done{Number: number, Case: c}, err
	}
	around := Around{Directory: d.Directory(cmd.At), Limits: d.Limits, Known: d.Known}
	a := cmd.Actor
	if a.Person != "" && !around.Directory.Holds(a.Person, a.Post, a.Organisation) {
		return nil, fmt.Errorf("%w: %s is no %s in %q at %s", ErrPost, a.Person, a.Post, a.Organisation, cmd.At.Format(time.RFC3339))
	}
	if err := errors.Join(cmd.fresh(c), cmd.Form.Check()); err != nil {
		return nil, err
	}
	step, refusal := t.Step(c.State, cmd.Action, a.Post)
	if refusal != nil {
		return nil, refusal
	}
	if around.Place, err = d.place(ctx, step, c, cmd); err != nil {
		return nil, err
	}
	if p := around.Place; p != nil {
		around.Outside, p.Outside = p.Outside, nil
	}
	e, err := Decide(t, c, cmd, around)
	if err != nil {
		return nil, err
	}
	if step.Snapshot || cmd.Form.Point != nil {
		e.Place = around.Place
	}
	born, err := d.split(t, step, c, e)
	if err != nil {
		return nil, err
	}
	after := c.Clone()
	if err := after.Apply(e); err != nil {
		return nil, err
	}
	told, err := d.tell(ctx, c, after, e)
	if err != nil {
		return nil, err
	}
	seq, err := d.Log.Append(ctx, slices.Concat([]*Event{e}, born, told))
	if err != nil {
		return nil, err
	}
	return &Done{Event: e, Number: e.Number, Case: after, Seq: seq, Outside: around.Outside}, nil
}

// find is the case of a command with its process: a new one when the command begins a case.
func (d *Desk) find(ctx context.Context, cmd *Command) (*Case, *process.Table, error) {
	c, err := d.Shelf.Case(ctx, cmd.Case)
	if errors.Is(err, ErrNoCase) {
		t, ok := d.Tables.Newest(d.Process)
		if !ok {
			return nil, nil, fmt.Errorf("cases: there is no process %q", d.Process)
		}
		if !t.Begins(cmd.Action) {
			return nil, nil, fmt.Errorf("%w: %q", ErrNoCase, clip(cmd.Case))
		}
		if !validID(cmd.Case) {
			return nil, nil, &data.FieldError{Field: "case", Value: clip(cmd.Case), Why: "must be an id of 1 to 64 letters, digits, points and hyphens"}
		}
		return NewCase(), t, nil
	}
	if err != nil {
		return nil, nil, err
	}
	t, ok := d.Tables.Table(c.Process.Name, c.Process.Version)
	if !ok {
		return nil, nil, fmt.Errorf("case %s: its process %s, version %d, is not there", c.ID, c.Process.Name, c.Process.Version)
	}
	return c, t, nil
}

func validID(s string) bool {
	return s != "" && len(s) <= 64 && !slices.ContainsFunc([]byte(s), func(b byte) bool {
		return (b|0x20 < 'a' || b|0x20 > 'z') && (b < '0' || b > '9') && b != '.' && b != '-'
	})
}

// place looks the place up where the step wants it or asks for it, or a new point is given. Words are asked when there is no
// point.
func (d *Desk) place(ctx context.Context, step *process.Step, c *Case, cmd *Command) (*Place, error) {
	if d.Locate == nil || !step.Snapshot && cmd.Form.Point == nil && !step.Asks(process.Located) {
		return nil, nil
	}
	at, parts := cmd.Form.Point, cmd.Form.Parts
	matter := &Matter{Class: c.Class, Source: c.Source, By: cmd.Actor, At: cmd.At}
	if cmd.Form.Class != nil {
		matter.Class = *cmd.Form.Class
	}
	if c.Version == 0 {
		matter.Source = cmd.Form.Source
	} else {
		matter.By = c.deeds[0].actor
	}
	if was := c.Place(); was != nil {
		if at == nil {
			at = was.Point
		}
		if len(parts) == 0 {
			parts = was.Parts
		}
	}
	if at == nil && cmd.Form.Address != "" && d.Geocode != nil {
		found, ok, err := d.Geocode.Geocode(ctx, cmd.Form.Address)
		if err != nil {
			return nil, fmt.Errorf("geocode: %w", err)
		}
		if ok {
			at = &found
		}
	}
	if at == nil {
		return nil, nil // the case begins without a place; filing asks for one
	}
	matter.Point, matter.Parts = *at, parts
	place, err := d.Locate.Locate(ctx, matter)
	if err != nil {
		return nil, fmt.Errorf("locate: %w", err)
	}
	place.Point = at
	return place, nil
}

// split are the first events of the cases that begin below one, which the event then names.
func (d *Desk) split(t *process.Table, step *process.Step, c *Case, e *Event) ([]*Event, error) {
	if !step.Split {
		return nil, nil
	}
	var events []*Event
	for i, unit := range e.Form.Units {
		child := Child{Case: e.Case + "." + strconv.Itoa(len(c.Children)+i+1), Unit: unit}
		born, err := d.child(t, c, e, child)
		if err != nil {
			return nil, err
		}
		e.Children, events = append(e.Children, child), append(events, born)
	}
	return events, nil
}

// tell are the events by which other cases hear of one: a parent hears of its child, and the case that another one joins
// or leaves of that.
func (d *Desk) tell(ctx context.Context, before, after *Case, e *Event) ([]*Event, error) {
	var events []*Event
	if e.Form.Into != "" && after.Into != "" {
		linked, err := d.link(ctx, after.Into, Joined, e)
		if err != nil {
			return nil, err
		}
		events = append(events, linked)
	}
	if before.Into != "" && after.Into == "" {
		linked, err := d.link(ctx, before.Into, Left, e)
		if err != nil {
			return nil, err
		}
		events = append(events, linked)
	}
	if after.Parent != "" && before.Version > 0 && before.Final != after.Final {
		kind := Rose
		if after.Final {
			kind = Rested
		}
		linked, err := d.link(ctx, after.Parent, kind, e)
		if err != nil {
			return nil, err
		}
		events = append(events, linked)
	}
	return events, nil
}

// child is the first event of a case below another one: it has the place and the class of that, and another unit.
func (d *Desk) child(t *process.Table, parent *Case, e *Event, child Child) (*Event, error) {
	action, ok := t.PartAction()
	if !ok {
		return nil, fmt.Errorf("process %s has no step by which a part of a case begins", t.Name)
	}
	cmd := &Command{
		Case: child.Case, At: e.At, Actor: Actor{Post: process.System}, Action: action, Parent: parent.ID,
		Form: Form{
			Source: parent.Source, Description: cmp.Or(e.Form.Note, parent.ID), Unit: child.Unit, Until: e.Form.Until, Private: parent.Private,
		},
	}
	if class := parent.Class; class.Code != "" {
		cmd.Form.Class = &class
	}
	place := parent.Place()
	born, err := Decide(t, NewCase(), cmd, Around{Directory: d.Directory(e.At), Limits: d.Limits, Place: place})
	if err != nil {
		return nil, fmt.Errorf("a case for %s: %w", child.Unit, err)
	}
	born.Place = place
	return born, nil
}

// link is the event by which another case hears of what happened. Its action is the kind of the link: no process has
// actions for it.
func (d *Desk) link(ctx context.Context, id string, kind LinkKind, e *Event) (*Event, error) {
	other, err := d.Shelf.Case(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", clip(id), err)
	}
	if kind == Joined && other.Into != "" {
		return nil, &data.FieldError{Field: "into", Value: id, Why: "has joined case " + other.Into + " itself: name that one"}
	}
	return &Event{
		Case: id, Number: other.Version + 1, At: later(e.At, other.Updated), Actor: Actor{Post: process.System},
		Action: string(kind), From: other.State, To: other.State, Final: other.Final, Link: &Link{Kind: kind, Case: e.Case},
	}, nil
}

// Offer is something that may be done with a case now, or why not.
type Offer struct {
	Action string
	Step   *process.Step
	// Refusal is nil for what may be done. Fields are not looked at: what must be filled in is in the step.
	Refusal *process.RefusalError
}

// Offers are those of a case for somebody, see [Offers]. The error is that of the shelf.
func (d *Desk) Offers(ctx context.Context, id string, actor Actor, at time.Time) ([]Offer, error) {
	c, t, err := d.find(ctx, &Command{Case: id})
	if err != nil {
		return nil, err
	}
	return Offers(t, c, actor, at, Around{Directory: d.Directory(at), Limits: d.Limits}), nil
}

// Offers are the actions in the state of a case that the post of somebody may take, each with the reason if it may not be
// taken now.
func Offers(t *process.Table, c *Case, actor Actor, at time.Time, around Around) []Offer {
	var out []Offer
	for _, step := range t.Steps(c.State) {
		if !slices.Contains(step.Posts, actor.Post) {
			continue
		}
		d := decision{t: t, c: c, cmd: &Command{Case: c.ID, At: at, Actor: actor, Action: step.Action}, step: step, around: around}
		o := Offer{Action: step.Action, Step: step, Refusal: d.separated()}
		if o.Refusal == nil {
			o.Refusal = d.request()
		}
		if o.Refusal == nil {
			o.Refusal = step.Admit(actor.Post, facts{&d}, false)
		}
		out = append(out, o)
	}
	return out
}
