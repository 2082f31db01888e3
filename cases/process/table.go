package process

import (
	"slices"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

// New is the state of a case that does not exist yet: steps out of it are the ways in which a case begins.
const New = "new"

// Any in the place of a state stands for every state that is not final and has no row of its own for the action. A row
// of several states has them in one key, with spaces between; it stands over one of Any and under one of a single state.
const Any = "any"

// Previous in the place of a target stands for the state in which the case was before it came into the present one.
const Previous = "previous"

// System is the post of the program itself, for steps that time or another system takes. Nobody holds it.
const System = "system"

// Table is one version of a process. It is immutable and safe for concurrent use.
type Table struct {
	Name    string
	Version int
	Title   data.Title
	// Files are the names of the files it was read from, the one that inherits first.
	Files []string

	// NewPosts are posts that the process needs beside those that exist.
	NewPosts []Name
	States   []State
	Actions  []Action
	Clocks   []Clock
	Fields   []Field
	Marks    []Name
	Counts   []Name
	Requests []Request
	// Separation is who never does what on a case, because of what they did on it before.
	Separation []Separation

	steps map[string]map[string]*Step
	// ways are the steps out of each state in the order of the actions.
	ways    map[string][]*Step
	states  map[string]*State
	actions map[string]*Action
	fields  map[string]*Field
	origin  *rows.Source
}

// Name is an id with what people call it.
type Name struct {
	ID    string
	Title data.Title
}

// State is where a case can stand.
type State struct {
	ID    string
	Title data.Title
	// Owner are the posts in whose inbox a case in this state is; none for a final state.
	Owner []string
	// Final says that the case is at rest: its clocks stand, and only steps that take it up again lead out.
	Final bool
	// Public is what the public is told: "open" or "closed".
	Public string
}

// Action is something that can be done with a case.
type Action struct {
	ID    string
	Title data.Title
	// Request and Part are set for the actions that belong to a [Request].
	Request string
	Part    Part
}

// Part is what an action does with a request.
type Part string

// The parts of a request.
const (
	Ask      Part = "ask"
	Grant    Part = "grant"
	Refuse   Part = "refuse"
	Withdraw Part = "withdraw"
)

// Do is what happens to a clock.
type Do string

// What can happen to a clock. Continue stands in tables only: it is start for a clock that stands, resume for one that
// is paused while the unit stays the same, and reset otherwise.
const (
	Start    Do = "start"
	Stop     Do = "stop"
	Pause    Do = "pause"
	Resume   Do = "resume"
	Extend   Do = "extend"
	Reset    Do = "reset"
	Continue Do = "continue"
)

var dos = []Do{Start, Stop, Pause, Resume, Extend, Reset, Continue}

// Effect is what a step does to a clock.
type Effect struct {
	Clock string `json:"clock"`
	Do    Do     `json:"do"`
}

// Clock measures a stage of a case. Limit is how long it may take: a number and a unit, such as "0.5 work_hour". With ByClass
// it is that of the class of the case, and Limit is for classes that say nothing; without a Limit the class must.
type Clock struct {
	ID      string
	Title   data.Title
	Limit   string
	ByClass bool
}

// units are those in which limits are written.
var units = []string{"urgent_hour", "hour", "work_hour", "work_day", "natural_day"}

// Field is something that is filled in at a step. Type is one of [Types]. Choices bound a field of type choice.
type Field struct {
	ID      string
	Title   data.Title
	Type    string
	Choices []Name
}

// The fields that mean the same in every process, each with its type. Cases have members for them; all others are
// kept as they were filled in.
var fixed = map[string]string{
	"reason": "text", "note": "text", "description": "text", "source": "text", "address": "text",
	"unit": "organisation", "units": "organisations", "person": "person", "class": "class", "point": "point",
	"until": "time", "into": "case", "before": "photos", "after": "photos", "voice": "voices",
	"quantity": "quantities", "parts": "parts",
}

// FixedField is the type of a field that means the same in every process.
func FixedField(id string) (string, bool) {
	t, ok := fixed[id]
	return t, ok
}

// Types are the types of fields that a process may add.
func Types() []string { return slices.Clone(freeTypes) }

var freeTypes = []string{"text", "number", "bool", "date", "time", "choice", "organisation", "person"}

// Move is what a step does with the unit that has the case.
type Move string

// What can happen to the unit. Units lie on each other as a case is handed up and down: the top one has it.
const (
	Keep  Move = ""
	Set   Move = "set"   // the unit that is filled in has it, and nobody else
	Push  Move = "push"  // handed on: the unit that is filled in has it, and results come back to the one before
	Pop   Move = "pop"   // result: back to the unit before
	Clear Move = "clear" // nobody has it
)

var moves = []Move{Keep, Set, Push, Pop, Clear}

// Notify is whom a step tells.
type Notify string

// Whom a step can tell: the owners of the state that the case comes to, the unit that has it, the unit that received it
// first, the reporter, the person it is given to, whoever follows it, and the level above.
var notifies = []Notify{"owner", "unit", "first", "reporter", "person", "watchers", "above"}

// Step is a row of the table: an action in a state.
type Step struct {
	State  string
	Action string
	// To is the state that follows, [Previous], or the same one.
	To    string
	Posts []string
	// Guards must all hold.
	Guards []Guard
	// Require and Optional are the form of the step, in order.
	Require  []string
	Optional []string
	// Clocks are in the order of the clocks of the table.
	Clocks []Effect
	Unit   Move
	// Task gives the case to the person that is filled in, or to whoever of the owners takes it; Untask takes it back.
	Task, Untask bool
	Mark, Unmark string
	Count        string
	Notify       []Notify
	// Snapshot says that the place is looked up again: what it is then stays with the case as the place of its filing.
	Snapshot bool
	// Split says that the units that are filled in get cases of their own below this one.
	Split bool
	// Request and Part say that the step is about a request; Stages are then the posts that decide, one after the other.
	Request string
	Part    Part
	Stages  [][]string
	// Lapse are the requests that fall away when the step is taken, because their states are left.
	Lapse []string

	row string
}

// Request is something that is asked for beside the way of the case and decided by others.
type Request struct {
	ID    string
	Title data.Title
	// States are where it can be asked for and decided.
	States []string
	// Posts ask; Decide are the posts that decide, one stage after the other, each by another person.
	Posts    []string
	Decide   [][]string
	Guards   []Guard
	Require  []string
	Optional []string
	// To, Clocks and Mark follow when it is granted; To is empty when the case stays where it is.
	To     string
	Clocks []Effect
	Mark   string
}

// Separation says that whoever did one of Did on a case never does one of Never on it. With ByOrganisation it is the
// organisation that is looked at, otherwise the person.
type Separation struct {
	Did            []string
	Never          []string
	ByOrganisation bool
}

// State finds a state; [New] is none.
func (t *Table) State(id string) (*State, bool) {
	s, ok := t.states[id]
	return s, ok
}

// Action finds an action.
func (t *Table) Action(id string) (*Action, bool) {
	a, ok := t.actions[id]
	return a, ok
}

// Field finds a field.
func (t *Table) Field(id string) (*Field, bool) {
	f, ok := t.fields[id]
	return f, ok
}

// Steps are the steps out of a state, in the order of the actions. Nobody may change them.
func (t *Table) Steps(state string) []*Step { return t.ways[state] }

// order puts the steps of all states in the order of the actions.
func (t *Table) order() {
	t.ways = make(map[string][]*Step, len(t.steps))
	for state, byAction := range t.steps {
		for i := range t.Actions {
			if s := byAction[t.Actions[i].ID]; s != nil {
				t.ways[state] = append(t.ways[state], s)
			}
		}
	}
}

// Posts are all posts that the table names, in order.
func (t *Table) Posts() []string {
	var out []string
	for _, byAction := range t.steps {
		for _, s := range byAction {
			out = append(out, s.Posts...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
