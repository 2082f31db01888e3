package memory

import "github.com/gewu-city/gewu/data"

// Event is the newest event of a case.
type Event struct {
	Seq    data.Seq
	Number int
}

// keptCases is the number of cases after which the older half of what is remembered is forgotten: about 10 MB in all.
const keptCases = 64_000

// cases remembers the newest events of the cases that were appended to last. Of every other case it is known that all of
// its events are old: none is newer than since. So whoever knows the log up to there may say which event of a case is
// the newest, and is either right or found out.
type cases struct {
	since data.Seq
	// young are the cases since begun, old those between.
	young, old map[string]Event
	begun      data.Seq
	// most is keptCases, or less in tests.
	most int
}

func newCases(last data.Seq) cases {
	return cases{since: last, begun: last, young: map[string]Event{}, most: keptCases}
}

// eventUndo is what a case had in young before.
type eventUndo struct {
	name string
	old  Event
	had  bool
}

// Event is the newest event of a case that is remembered. Without one all of its events are at or before since.
func (o *Heads) Event(name string) (e Event, ok bool, since data.Seq) {
	if e, ok = o.cases.young[name]; !ok {
		e, ok = o.cases.old[name]
	}
	return e, ok, o.cases.since
}

// SetEvent takes the event of a case that the group under preparation appends.
func (o *Heads) SetEvent(name string, e Event) {
	old, had := o.cases.young[name]
	o.undo = append(o.undo, undo{about: true, event: eventUndo{name, old, had}})
	o.cases.young[name] = e
}

func (c *cases) undo(u *eventUndo) {
	if u.had {
		c.young[u.name] = u.old
	} else {
		delete(c.young, u.name)
	}
}

// keep is called when everything up to seq is durable.
func (c *cases) keep(seq data.Seq) {
	if len(c.young) < c.most {
		return
	}
	c.since, c.old = c.begun, c.young
	c.begun, c.young = seq, map[string]Event{}
}
