package cases

import (
	"time"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// Event is something that happened to a case. It is immutable. It says who, when, what and why, and what followed from it
// under the process of the case, so that a case is the fold of its events without the table.
type Event struct {
	Case string `json:"case"`
	// Number is the place of the event among those of its case, from 1 on.
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	Actor  Actor     `json:"actor"`
	Action string    `json:"action"`
	// Key and Digest recognise a command that is sent again: the key that its client gave it and the hash of the command.
	Key    string `json:"key,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Form is what was filled in.
	Form Form `json:"form,omitzero"`

	// Process and Parent are set in the first event of a case: the version under which it goes its way, and the case that
	// it is a part of.
	Process *ProcessRef `json:"process,omitempty"`
	Parent  string      `json:"parent,omitempty"`

	// From and To are the states before and after; From is empty in the first event.
	From string `json:"from,omitempty"`
	To   string `json:"to"`
	// Final says that the case is at rest in To.
	Final  bool          `json:"final,omitempty"`
	Clocks []ClockEffect `json:"clocks,omitempty"`
	Unit   process.Move  `json:"unit,omitempty"`
	Task   bool          `json:"task,omitempty"`
	Untask bool          `json:"untask,omitempty"`
	Mark   string        `json:"mark,omitempty"`
	Unmark string        `json:"unmark,omitempty"`
	Count  string        `json:"count,omitempty"`
	// Request and Part say that the event is about a request; Granted that nobody else has to decide any more.
	Request string       `json:"request,omitempty"`
	Part    process.Part `json:"part,omitempty"`
	Granted bool         `json:"granted,omitempty"`
	// Lapsed are the requests that fell away.
	Lapsed []string `json:"lapsed,omitempty"`
	// Children are cases that began below this one.
	Children []Child `json:"children,omitempty"`
	// Link says what happened to another case that this one must know of.
	Link *Link `json:"link,omitempty"`
	// Told are marks of clocks that the case has reached: they are told once.
	Told []Mark `json:"told,omitempty"`
	// Picture is the hash of the picture that the public is to see from here on, or not any more, by the action: see [Releases].
	Picture string `json:"picture,omitempty"`
	// Via says by which message of another platform the event came, or that such a platform took the case in.
	Via *Via `json:"via,omitempty"`
	// Place is where the matter is, as the city was then.
	Place  *Place           `json:"place,omitempty"`
	Notify []process.Notify `json:"notify,omitempty"`
}

// ProcessRef names a version of a process.
type ProcessRef struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

// Actor is who acts: a person by staff id in an organisation, by a post. The public and the program itself have no person.
type Actor struct {
	Person       string `json:"person,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	Post         string `json:"post"`
}

// ClockEffect is what happens to a clock of a case. Limit and Calendar are how long it may take and by which working
// time, where it starts; Until is when a pause ends by itself.
type ClockEffect struct {
	process.Effect
	Limit    string    `json:"limit,omitempty"`
	Calendar string    `json:"calendar,omitempty"`
	Until    time.Time `json:"until,omitzero"`
}

// Child is a case below another one, with the unit that has it.
type Child struct {
	Case string `json:"case"`
	Unit string `json:"unit"`
}

// LinkKind is what happened to another case.
type LinkKind string

// What a case is told of others: that one joined it or left it again, that one below it came to rest or was taken up.
const (
	Joined LinkKind = "joined"
	Left   LinkKind = "left"
	Rested LinkKind = "rested"
	Rose   LinkKind = "rose"
)

// Link is what happened to another case.
type Link struct {
	Kind LinkKind `json:"kind"`
	Case string   `json:"case"`
}

// Tells is the action of the events that say which marks were told. No process has it.
const Tells = "tells"

// Mark is a mark of a clock that was reached: before it is due, when it is overdue, a card. Key names it among those of
// its clock, Generation says in which run, Kind and Level what it is.
type Mark struct {
	Clock      string `json:"clock"`
	Key        string `json:"key"`
	Generation int    `json:"generation,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Level      int    `json:"level,omitempty"`
	// At is when the mark was reached, which may be long before the event.
	At time.Time `json:"at"`
}

// Quiet reports whether an event tells marks, the number that another platform gave the case, or which picture the public sees,
// and does nothing else.
func (e *Event) Quiet() bool {
	return (e.Action == Tells || e.Action == Numbers || e.Picture != "") && len(e.Clocks)+len(e.Lapsed) == 0
}

// Numbers is the action of the events that say which number another platform gave the case. No process has it.
const Numbers = "numbers"

// Via is a message of another platform. The number of the case there is in the form, as external of a system that is called
// like the peer.
type Via struct {
	// Peer is the id of the platform.
	Peer string `json:"peer"`
	// Kind is what the message says, Number its place among those of the other side about the case; Sum recognises what it
	// says when it comes again.
	Kind   string `json:"kind,omitempty"`
	Number int    `json:"number,omitempty"`
	Sum    string `json:"sum,omitempty"`
	// Due is until when the other side wants the case done.
	Due time.Time `json:"due,omitzero"`
	// Trail are the platforms through which the case came, the first one first.
	Trail []string `json:"trail,omitempty"`
}

// Numbered is the event by which a case says that another platform took it in, under a number of its own.
func (c *Case) Numbered(at time.Time, key, peer, number string) *Event {
	return &Event{
		Case: c.ID, Number: c.Version + 1, At: later(at, c.Updated), Actor: Actor{Post: process.System}, Action: Numbers, Key: key,
		From: c.State, To: c.State, Final: c.Final, Via: &Via{Peer: peer}, Form: Form{External: []External{{System: peer, ID: number}}},
	}
}

// Tell is the event by which a case says that marks were reached, with effects that follow, such as the end of a pause.
// The key recognises it if it comes again: see [Case.Done].
func (c *Case) Tell(at time.Time, key string, marks []Mark, effects ...ClockEffect) *Event {
	return &Event{
		Case: c.ID, Number: c.Version + 1, At: later(at, c.Updated), Actor: Actor{Post: process.System}, Action: Tells, Key: key,
		From: c.State, To: c.State, Final: c.Final, Clocks: effects, Told: marks,
	}
}

// Form is what is filled in at a step. Which members it may have is said by the process; all other fields of the process
// are in Fields, as text: numbers in decimal, dates and times in RFC 3339, truths as true and false.
type Form struct {
	// Source says through which door the matter came: collector, public, hotline, sensor, open311…
	Source string `json:"source,omitempty"`
	// Description is in the words of whoever reported.
	Description string `json:"description,omitempty"`
	// Address is the place in words, AddressID the door or part that an intake system named.
	Address   string    `json:"address,omitempty"`
	AddressID string    `json:"address_id,omitempty"`
	Point     *Position `json:"point,omitempty"`
	Class     *Class    `json:"class,omitempty"`
	Parts     []Part    `json:"parts,omitempty"`
	// Before and After are photos, Voice is sound.
	Before   []File     `json:"before,omitempty"`
	After    []File     `json:"after,omitempty"`
	Voice    []File     `json:"voice,omitempty"`
	Quantity []Quantity `json:"quantity,omitempty"`
	Unit     string     `json:"unit,omitempty"`
	Units    []string   `json:"units,omitempty"`
	Person   string     `json:"person,omitempty"`
	Until    time.Time  `json:"until,omitzero"`
	// Into is the case that this one joins.
	Into   string            `json:"into,omitempty"`
	Reason string            `json:"reason,omitempty"`
	Note   string            `json:"note,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`

	// Reported is when the matter was reported, where that was before somebody entered it: on a list of the night, in another
	// system. It is of the first event alone and never after it; limits count from the events.
	Reported time.Time `json:"reported,omitzero"`
	// Reporter is an opaque reference to whoever reported: who it is never comes into a case. Client is the program and
	// device through which the report came, External its number in another system.
	Reporter string     `json:"reporter,omitempty"`
	Client   string     `json:"client,omitempty"`
	External []External `json:"external,omitempty"`
	// Private keeps the case out of everything that the public sees.
	Private bool `json:"private,omitempty"`
}

// Position is a place in WGS 84 degrees. Accuracy is the radius in metres within which it is meant, 0 for unknown; CRS
// is the system in which it came, empty for WGS 84.
type Position struct {
	Lon      float64 `json:"lon"`
	Lat      float64 `json:"lat"`
	Accuracy float64 `json:"accuracy,omitempty"`
	CRS      string  `json:"crs,omitempty"`
}

// Class is what kind of matter it is: a code of an edition, for a part or an event, and the row of the table of limits
// that whoever filed the case picked.
type Class struct {
	Edition string `json:"edition,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Code    string `json:"code"`
	Row     string `json:"row,omitempty"`
}

// Part is a thing of the city that the matter touches.
type Part struct {
	Layer string `json:"layer"`
	ID    string `json:"id"`
	// Code is its national code, Class its class, Owner the organisation that it belongs to.
	Code  string `json:"code,omitempty"`
	Class string `json:"class,omitempty"`
	Owner string `json:"owner,omitempty"`
}

// File is a photo or a sound, named by the SHA-256 of its content in hexadecimal.
type File struct {
	Hash string `json:"hash"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	// Taken is when the device says that it was made, zero for unknown.
	Taken time.Time `json:"taken,omitzero"`
	Note  string    `json:"note,omitempty"`
}

// Quantity is how much was done: 7841 m² of illegal sheds.
type Quantity struct {
	Number float64 `json:"number"`
	Unit   string  `json:"unit"`
	Kind   string  `json:"kind,omitempty"`
}

// External is a number in another system.
type External struct {
	System string `json:"system"`
	ID     string `json:"id"`
}

// Place is where a matter is, looked up at one Seq of the city and kept with the event: statistics use it, whatever is
// redrawn later.
type Place struct {
	Seq   data.Seq  `json:"seq"`
	Point *Position `json:"point,omitempty"`
	// Areas are coarse to fine, with their names; Cells are those of all schemes, then the
	// entrances and buildings (楼门, 幢, 门院) there that have staff of their own: Scheme is their layer, Code their id.
	Areas []Area           `json:"areas,omitempty"`
	Cells []people.CellRef `json:"cells,omitempty"`
	// Address is the nearest door or what the geocoder found, AddressID its feature.
	Address   string `json:"address,omitempty"`
	AddressID string `json:"address_id,omitempty"`
	// Parts are those that were picked, else the nearest one of the class.
	Parts []Part `json:"parts,omitempty"`
	// Disputes are the zones claimed by two sides in which it lies.
	Disputes []string `json:"disputes,omitempty"`
	// Duty is who should have the case, and by which rule.
	Duty *Duty `json:"duty,omitempty"`
	// Outside says that the point lies in no area and no cell of a city that has some. It is of the moment of the look-up and
	// not kept with the event: whoever files the case asks again, and boundaries may have moved by then.
	Outside *Outside `json:"-"`
}

// Outside says of a point that it is not in the city.
type Outside struct {
	// Near is the area nearest to it, nil where none is near; Metres how far away that is.
	Near   *Area
	Metres float64
}

// Area is an area of a level with its name.
type Area struct {
	people.AreaKey
	Name string `json:"name,omitempty"`
}

// Duty is what a rule of routing says: who gets a case, how fast, and whether it goes there by itself.
type Duty struct {
	// Rule is the id of the rule, with the fallback in words where no rule fits; Reason is why, for people.
	Rule         string     `json:"rule"`
	Reason       data.Title `json:"reason,omitempty"`
	Organisation string     `json:"organisation,omitempty"`
	Post         string     `json:"post,omitempty"`
	Limit        string     `json:"limit,omitempty"`
	Priority     int        `json:"priority,omitempty"`
	Automatic    bool       `json:"automatic,omitempty"`
}
