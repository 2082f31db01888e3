package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

// Command is what somebody wants to do with a case.
type Command struct {
	// Case is the id; a command that begins a case brings the new one.
	Case string `json:"case"`
	// IfVersion, when not nil, demands that the case is at this version.
	IfVersion *int `json:"if_version,omitempty"`
	// Key recognises the command when it is sent again; empty for none.
	Key string `json:"key,omitempty"`
	// At is the time of the caller's clock.
	At     time.Time `json:"-"`
	Actor  Actor     `json:"actor"`
	Action string    `json:"action"`
	Form   Form      `json:"form,omitzero"`
	// Parent is the case that a new one is a part of.
	Parent string `json:"parent,omitempty"`
	// Told are marks of clocks to which the command answers: the event says that they were told. Only the program itself has
	// any.
	Told []Mark `json:"-"`
	// Anywhere takes a point that is not in the city: a file or a sensor that says it cannot be asked for another one. Filing
	// refuses the case until it has one.
	Anywhere bool `json:"-"`
	// Via is the message of another platform of which the command is made.
	Via *Via `json:"-"`
}

// digest recognises the content of a command, whenever and with whatever precondition it is sent.
func (c *Command) digest() string {
	one := *c
	one.IfVersion, one.Key = nil, ""
	b, _ := json.Marshal(&one) //nolint:errchkjson // plain data, numbers are finite: Form.Check has run
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// fresh sees that the case is at the version that the command demands, or that only marks were told since.
func (c *Command) fresh(of *Case) error {
	if c.IfVersion != nil && (*c.IfVersion > of.Version || *c.IfVersion < of.Moved) {
		return &StaleError{Case: c.Case, Want: *c.IfVersion, Have: of.Version}
	}
	return nil
}

// KeyError says that a key was used before for another command.
type KeyError struct {
	Case, Key string
	// Number is the event that the first command with the key became.
	Number int
}

// Error names the case and the key.
func (e *KeyError) Error() string {
	return fmt.Sprintf("case %s: the key %q belongs to event %d, which another command became", e.Case, e.Key, e.Number)
}

// Repeated is the number of the event that a command became when it was sent before, 0 when it is new. A key that belongs
// to another command is a *[KeyError].
func (c *Case) Repeated(cmd *Command) (int, error) {
	if cmd.Key == "" {
		return 0, nil
	}
	for _, k := range c.keys {
		if k.key == cmd.Key {
			if k.digest != cmd.digest() {
				return 0, &KeyError{Case: c.ID, Key: cmd.Key, Number: k.number}
			}
			return k.number, nil
		}
	}
	return 0, nil
}

// Done is the number of the event that has a key, 0 when none has.
func (c *Case) Done(key string) int {
	for _, k := range c.keys {
		if k.key == key {
			return k.number
		}
	}
	return 0
}

// Decide is the event that a command becomes under a process, or why it may not: a *[process.RefusalError], a *[StaleError],
// or a *data.FieldError for what cannot be kept. The case is not changed. Around says what the case itself does not know.
func Decide(t *process.Table, c *Case, cmd *Command, around Around) (*Event, error) {
	if err := cmd.Form.Check(); err != nil {
		return nil, err
	}
	if err := cmd.fresh(c); err != nil {
		return nil, err
	}
	step, refusal := t.Step(c.State, cmd.Action, cmd.Actor.Post)
	if refusal != nil {
		return nil, refusal
	}
	d := decision{t: t, c: c, cmd: cmd, step: step, around: around}
	if refusal := d.refuse(); refusal != nil {
		return nil, refusal
	}
	return d.event(), nil
}

// decision is one command on one case.
type decision struct {
	t      *process.Table
	c      *Case
	cmd    *Command
	step   *process.Step
	around Around
}

func (d *decision) refuse() *process.RefusalError {
	post := d.cmd.Actor.Post
	if r := d.step.Fill(d.t, post, d.cmd.Form.Filled()); r != nil {
		return r
	}
	if r := d.values(); r != nil {
		return r
	}
	if r := d.separated(); r != nil {
		return r
	}
	if r := d.request(); r != nil {
		return r
	}
	if r := d.step.Admit(post, facts{d}, true); r != nil {
		if p := d.around.Place; r.Guard == process.Located && d.around.Outside != nil && p != nil && p.Point != nil {
			why := d.outside(p.Point)
			why.Guard = r.Guard
			return why
		}
		return r
	}
	if d.step.To == process.Previous && d.c.Before == "" || d.step.Unit == process.Pop && len(d.c.Units) < 2 {
		return d.step.Refuse(process.NothingBefore, post, data.Title{"zh": "没有可退回的上一状态或单位", "en": "there is no state or unit before to go back to"})
	}
	return nil
}

// separated sees whether whoever acts did something on the case that excludes this.
func (d *decision) separated() *process.RefusalError {
	for _, rule := range d.t.Separation {
		if !slices.Contains(rule.Never, d.cmd.Action) {
			continue
		}
		for _, done := range d.c.deeds {
			if !slices.Contains(rule.Did, done.action) || !d.same(rule, done.actor) {
				continue
			}
			a, _ := d.t.Action(done.action)
			r := d.step.Refuse(process.Separated, d.cmd.Actor.Post, data.Title{
				"zh": fmt.Sprintf("职责分离：曾对本案“%s”者不得办理", a.Title["zh"]),
				"en": fmt.Sprintf("separation of duty: whoever did %q on this case does not do this", a.Title["en"]),
			})
			r.Value = done.action
			return r
		}
	}
	return nil
}

func (d *decision) same(rule process.Separation, other Actor) bool {
	if rule.ByOrganisation {
		mine, theirs := d.cmd.Actor.Organisation, other.Organisation
		return mine != "" && theirs != "" && (d.around.within(mine, theirs) || d.around.within(theirs, mine))
	}
	return d.cmd.Actor.Person != "" && d.cmd.Actor.Person == other.Person
}

// request sees whether the part of a request that the step is can be done now, by this actor.
func (d *decision) request() *process.RefusalError {
	s, post := d.step, d.cmd.Actor.Post
	if s.Request == "" {
		return nil
	}
	waiting := d.c.Requests[s.Request]
	switch {
	case s.Part == process.Ask && waiting != nil:
		return s.Refuse(process.Pending, post, data.Title{"zh": "申请已提交，等待审批", "en": "it was asked for already and waits for a decision"})
	case s.Part == process.Ask:
		return nil
	case waiting == nil:
		return s.Refuse(process.NotPending, post, data.Title{"zh": "没有待审批的申请", "en": "nobody asked for it"})
	case s.Part == process.Withdraw:
		return nil
	}
	if person := d.cmd.Actor.Person; person != "" {
		if waiting.By.Person == person || slices.ContainsFunc(waiting.Deciders, func(a Actor) bool { return a.Person == person }) {
			return s.Refuse(process.DecidedBefore, post, data.Title{"zh": "申请人和前一级审批人不得审批", "en": "whoever asked, or decided before, does not decide"})
		}
	}
	if !slices.Contains(s.Stages[len(waiting.Deciders)], post) {
		return s.Refuse(process.WrongStage, post, data.Title{"zh": "当前由其他岗位审批", "en": "another post decides at this stage"})
	}
	return nil
}

func (d *decision) event() *Event {
	s, c, cmd := d.step, d.c, d.cmd
	e := &Event{
		Case: cmd.Case, Number: c.Version + 1, At: later(cmd.At, c.Updated), Actor: cmd.Actor, Action: cmd.Action,
		Form: cmd.Form, To: s.To, Unit: s.Unit, Task: s.Task, Untask: s.Untask, Mark: s.Mark, Unmark: s.Unmark,
		Count: s.Count, Request: s.Request, Part: s.Part, Notify: s.Notify, Told: cmd.Told, Via: cmd.Via,
	}
	if cmd.Key != "" {
		e.Key, e.Digest = cmd.Key, cmd.digest()
	}
	if c.Version == 0 {
		e.Process, e.Parent = &ProcessRef{Name: d.t.Name, Version: d.t.Version}, cmd.Parent
	} else {
		e.From = c.State
	}
	waiting := c.Requests[s.Request]
	if s.Part == process.Grant {
		if e.Granted = len(waiting.Deciders)+1 == len(s.Stages); !e.Granted {
			e.To, e.Mark, e.Final = c.State, "", c.Final
			return e
		}
	}
	if s.To == process.Previous {
		e.To = c.Before
	}
	for _, id := range s.Lapse {
		if c.Requests[id] != nil {
			e.Lapsed = append(e.Lapsed, id)
		}
	}
	if state, ok := d.t.State(e.To); ok {
		e.Final = state.Final
	}
	until := cmd.Form.Until
	if waiting != nil && until.IsZero() {
		until = waiting.Until
	}
	e.Clocks = d.clocks(until)
	return e
}

// clocks are the effects of the step that meet a clock on which they can work.
func (d *decision) clocks(until time.Time) []ClockEffect {
	var out []ClockEffect
	for _, effect := range d.step.Clocks {
		one, was := ClockEffect{Effect: effect}, d.c.Clocks[effect.Clock]
		alive := was == process.Start || was == process.Pause
		switch effect.Do {
		case process.Continue:
			switch {
			case !alive:
				one.Do = process.Start
			case d.step.Unit == process.Keep || d.cmd.Form.Unit == d.c.Last:
				if one.Do = process.Resume; was == process.Start {
					continue
				}
			default:
				one.Do = process.Reset
			}
		case process.Start:
			if alive {
				one.Do = process.Reset
			}
		case process.Stop, process.Extend:
			if !alive {
				continue
			}
		case process.Pause:
			if was != process.Start {
				continue
			}
		case process.Resume:
			if was != process.Pause {
				continue
			}
		case process.Reset:
		}
		switch one.Do {
		case process.Start, process.Reset:
			one.Limit, one.Calendar = d.around.limit(d.t, d.c, d.cmd, effect.Clock)
		case process.Pause, process.Extend:
			one.Until = until
		case process.Stop, process.Resume, process.Continue:
		}
		out = append(out, one)
	}
	return out
}

// later keeps the events of a case in order when a clock runs backwards.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
