package cases

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases/process"
)

// Case is the fold of its events. What it holds is what deciding needs; texts and files are in the events alone. A Case
// that others may see is never changed: [Case.Apply] works on a [Case.Clone].
type Case struct {
	ID      string
	Process ProcessRef
	// Version is the number of its newest event, Moved that of the newest with which something happened: telling that a
	// mark was reached changes nothing that somebody looks at before they act.
	Version, Moved int
	State          string
	// Before is the state before it came into the present one, empty for none.
	Before string
	Final  bool

	Opened, Updated time.Time
	// Rested is when the case came to rest last, zero while it is open.
	Rested time.Time

	Source  string
	Class   Class
	Private bool
	// Intake is the place as the case began, Filing as it was filed; nil before.
	Intake, Filing *Place

	// Units are who has the case: the last one, with those above it in the list waiting for its result.
	Units []string
	// First is the unit that received the case first, Last the one that had it last.
	First, Last string
	// Task is the person whose task it is.
	Task string

	Parent   string
	Children []Below
	// Into is the case that this one joined, Joined those that joined this one.
	Into   string
	Joined []string

	// Peers are the platforms that have the case too, by their ids.
	Peers map[string]Peer

	Clocks   map[string]process.Do
	Marks    map[string]bool
	Counts   map[string]int
	Asked    map[string]int
	Granted  map[string]int
	Requests map[string]*Asking
	// Until is when the pause of a clock ends by itself.
	Until time.Time

	// Photos before and after, and parts, that its events have.
	PhotosBefore, PhotosAfter, Parts int

	// Released are the hashes of the pictures that the public may see, sorted.
	Released []string

	deeds []deed
	keys  []key
}

// Below is a case below another one.
type Below struct {
	Child
	Open bool
}

// Peer is what a case knows of another platform that has it too.
type Peer struct {
	// Number is the number of the case there.
	Number string
	// Theirs says that the case came from there.
	Theirs bool
	// Due is until when the other side wants it done, zero for no such wish.
	Due time.Time
	// Got are the numbers of the messages about the case that came from there.
	Got []int
	// Trail are the platforms through which the case came.
	Trail []string
}

// Asking is a request that waits for a decision.
type Asking struct {
	At     time.Time
	By     Actor
	Reason string
	Until  time.Time
	// Deciders are those who granted it so far, one for each stage.
	Deciders []Actor
}

type deed struct {
	action string
	actor  Actor
}

type key struct {
	key, digest string
	number      int
}

// StaleError says that a case has gone on since somebody looked at it.
type StaleError struct {
	Case string
	// Want is the version that was expected, Have the one that it has.
	Want, Have int
}

// Error names the case and both versions.
func (e *StaleError) Error() string {
	return fmt.Sprintf("case %s: is at version %d by now, not at %d: look at it again", e.Case, e.Have, e.Want)
}

// ErrNoCase is returned for a case that does not exist.
var ErrNoCase = errors.New("cases: there is no such case")

// Unit is the unit that has the case, empty for none.
func (c *Case) Unit() string {
	if len(c.Units) == 0 {
		return ""
	}
	return c.Units[len(c.Units)-1]
}

// openChildren is the number of cases below this one that are open.
func (c *Case) openChildren() int {
	n := 0
	for _, b := range c.Children {
		if b.Open {
			n++
		}
	}
	return n
}

// Place is where the case is: as it was filed, else as it began; nil when nobody knows.
func (c *Case) Place() *Place {
	if c.Filing != nil {
		return c.Filing
	}
	return c.Intake
}

// Standing is where the case stands, for the dry run of another process.
func (c *Case) Standing() process.Standing {
	s := process.Standing{State: c.State, Before: c.Before, Requests: slices.Sorted(maps.Keys(c.Requests)), Marks: slices.Sorted(maps.Keys(c.Marks))}
	for _, id := range slices.Sorted(maps.Keys(c.Clocks)) {
		if c.Clocks[id] != process.Stop {
			s.Clocks = append(s.Clocks, id)
		}
	}
	return s
}

// Clone is a copy that shares nothing that changes.
func (c *Case) Clone() *Case {
	n := *c
	n.Units, n.Children, n.Joined = slices.Clone(c.Units), slices.Clone(c.Children), slices.Clone(c.Joined)
	n.Clocks, n.Marks, n.Counts = maps.Clone(c.Clocks), maps.Clone(c.Marks), maps.Clone(c.Counts)
	n.Asked, n.Granted = maps.Clone(c.Asked), maps.Clone(c.Granted)
	n.Requests = make(map[string]*Asking, len(c.Requests))
	for id, a := range c.Requests {
		one := *a
		one.Deciders = slices.Clone(a.Deciders)
		n.Requests[id] = &one
	}
	n.Peers = maps.Clone(c.Peers)
	n.deeds, n.keys = slices.Clone(c.deeds), slices.Clone(c.keys)
	return &n
}

// Fold is the case that events make, in order. The error is that of the first that does not fit.
func Fold(events ...*Event) (*Case, error) {
	c := NewCase()
	for _, e := range events {
		if err := c.Apply(e); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// NewCase is a case without events.
func NewCase() *Case {
	return &Case{
		State: process.New, Clocks: map[string]process.Do{}, Marks: map[string]bool{}, Counts: map[string]int{},
		Asked: map[string]int{}, Granted: map[string]int{}, Requests: map[string]*Asking{},
	}
}

// Apply takes the next event of the case. An event that is not the next one is a *[StaleError], one that cannot follow
// another error; the case is then as before.
func (c *Case) Apply(e *Event) error {
	if err := fits(e, c.ID, c.Version, c.State, func(id string) bool { return c.Requests[id] != nil }); err != nil {
		return err
	}
	if c.Version == 0 {
		c.ID, c.Process, c.Parent, c.Opened = e.Case, *e.Process, e.Parent, e.At
		c.Source, c.Private = e.Form.Source, e.Form.Private
	}
	c.Version, c.Updated = e.Number, e.At
	if !e.Quiet() {
		c.Moved = e.Number
	}
	c.takeForm(e)
	c.takeUnit(e)
	c.takeRequest(e)
	for _, effect := range e.Clocks {
		c.Clocks[effect.Clock] = leaves(effect.Do, c.Clocks[effect.Clock])
		c.Until = effect.Until
	}
	if e.Mark != "" {
		c.Marks[e.Mark] = true
	}
	delete(c.Marks, e.Unmark)
	if e.Count != "" {
		c.Counts[e.Count]++
	}
	for _, child := range e.Children {
		c.Children = append(c.Children, Below{Child: child, Open: true})
	}
	if e.Link != nil {
		c.takeLink(e.Link)
	}
	if e.Via != nil {
		c.takeVia(e)
	}
	if e.Picture != "" {
		c.takePicture(e)
	}
	if e.To != c.State {
		c.Before, c.State = c.State, e.To
		if c.Version == 1 {
			c.Before = ""
		}
	}
	switch {
	case e.Final && !c.Final:
		c.Rested = e.At
	case !e.Final:
		c.Rested = time.Time{}
	}
	c.Final = e.Final
	if d := (deed{e.Action, e.Actor}); !slices.Contains(c.deeds, d) {
		c.deeds = append(c.deeds, d)
	}
	if e.Key != "" {
		c.keys = append(c.keys, key{e.Key, e.Digest, e.Number})
	}
	return nil
}

func (c *Case) takeForm(e *Event) {
	f := &e.Form
	if f.Class != nil {
		c.Class = *f.Class
	}
	c.PhotosBefore += len(f.Before)
	c.PhotosAfter += len(f.After)
	c.Parts = max(c.Parts, len(f.Parts))
	switch {
	case e.Place != nil && c.Intake == nil:
		c.Intake = e.Place
	case e.Place != nil:
		c.Filing = e.Place
	}
	if e.Task {
		c.Task = f.Person
	}
	if e.Untask {
		c.Task = ""
	}
	if e.To != e.From {
		c.Into = ""
		if f.Into != "" {
			c.Into = f.Into
		}
	}
}

func (c *Case) takeVia(e *Event) {
	if c.Peers == nil {
		c.Peers = map[string]Peer{}
	}
	p := c.Peers[e.Via.Peer]
	for _, x := range e.Form.External {
		if x.System == e.Via.Peer {
			p.Number = x.ID
		}
	}
	if e.Via.Number > 0 {
		p.Got = append(slices.Clip(p.Got), e.Via.Number)
	}
	if e.Number == 1 {
		p.Theirs, p.Trail = true, e.Via.Trail
	}
	if !e.Via.Due.IsZero() {
		p.Due = e.Via.Due
	}
	c.Peers[e.Via.Peer] = p
}

func (c *Case) takeUnit(e *Event) {
	switch e.Unit {
	case process.Keep:
		return
	case process.Set:
		c.Units = []string{e.Form.Unit}
	case process.Push:
		c.Units = append(c.Units, e.Form.Unit)
	case process.Pop:
		c.Units = c.Units[:max(0, len(c.Units)-1)]
	case process.Clear:
		c.Units = nil
	}
	if unit := c.Unit(); unit != "" {
		c.Last = unit
		if c.First == "" {
			c.First = unit
		}
	}
}

func (c *Case) takeRequest(e *Event) {
	for _, id := range e.Lapsed {
		delete(c.Requests, id)
	}
	switch id := e.Request; e.Part {
	case process.Ask:
		c.Asked[id]++
		c.Requests[id] = &Asking{At: e.At, By: e.Actor, Reason: e.Form.Reason, Until: e.Form.Until}
	case process.Refuse, process.Withdraw:
		delete(c.Requests, id)
	case process.Grant:
		if !e.Granted {
			c.Requests[id].Deciders = append(c.Requests[id].Deciders, e.Actor)
			return
		}
		c.Granted[id]++
		delete(c.Requests, id)
	}
}

// leaves is what a clock does after an effect: start for one that runs, pause, or stop.
func leaves(do, was process.Do) process.Do {
	switch do {
	case process.Start, process.Resume, process.Reset, process.Continue:
		return process.Start
	case process.Stop, process.Pause:
		return do
	case process.Extend:
	}
	return was
}

func (c *Case) takeLink(l *Link) {
	switch l.Kind {
	case Joined:
		c.Joined = append(c.Joined, l.Case)
	case Left:
		c.Joined = slices.DeleteFunc(c.Joined, func(id string) bool { return id == l.Case })
	case Rested, Rose:
		for i := range c.Children {
			if c.Children[i].Case == l.Case {
				c.Children[i].Open = l.Kind == Rose
			}
		}
	}
}
