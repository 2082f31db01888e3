package cases

import (
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

// UnreadableError says that an event of a case cannot be read, or does not follow what was before. The case stands as its
// events before that one leave it, and takes no more; the log has all of them.
type UnreadableError struct {
	Case string `json:"case"`
	// Seq is the entry of the first event that cannot be read, Number its number.
	Seq    data.Seq `json:"seq"`
	Number int      `json:"number"`
	Why    string   `json:"why"`
	// Newest is the newest entry with an event of the case, Last the number of that event.
	Newest data.Seq `json:"newest"`
	Last   int      `json:"last"`
	// Forked says that there are two events of one number, or that one is missing: no program can tell which way is right.
	Forked bool `json:"forked,omitempty"`
}

// Error names case, entry and event.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("case %s: event %d in entry %d of the log cannot be read: %s", e.Case, e.Number, e.Seq, e.Why)
}

// Chain is what the next event of a case must fit, and no more: whoever checks a whole log holds one for each case. The zero
// value is that of a case without events.
type Chain struct {
	Case    string
	Version int
	State   string
	waiting []string
}

// Take takes the next event. The errors are those of [Case.Apply]; the chain is then as before.
func (c *Chain) Take(e *Event) error {
	if err := fits(e, c.Case, c.Version, c.State, func(id string) bool { return slices.Contains(c.waiting, id) }); err != nil {
		return err
	}
	c.Case, c.Version, c.State = e.Case, e.Number, e.To
	gone := e.Lapsed
	switch {
	case e.Part == process.Ask:
		if !slices.Contains(c.waiting, e.Request) {
			c.waiting = append(c.waiting, e.Request)
		}
	case e.Part == process.Refuse, e.Part == process.Withdraw, e.Part == process.Grant && e.Granted:
		gone = append(slices.Clip(gone), e.Request)
	}
	c.waiting = slices.DeleteFunc(c.waiting, func(id string) bool { return slices.Contains(gone, id) })
	return nil
}

// fits is the error of an event that cannot follow in a case that is so: an event that is not the next one is a *[StaleError].
func fits(e *Event, id string, version int, state string, waits func(request string) bool) error {
	switch {
	case e.Number != version+1:
		return &StaleError{Case: e.Case, Want: e.Number - 1, Have: version}
	case version > 0 && e.Case != id:
		return fmt.Errorf("case %s: takes no event of case %s", id, e.Case)
	case version > 0 && e.From != state || version == 0 && (e.From != "" || e.Process == nil):
		return fmt.Errorf("case %s: event %d begins in state %q, the case is in %q", e.Case, e.Number, e.From, state)
	case e.Part == process.Grant && !e.Granted && (!waits(e.Request) || slices.Contains(e.Lapsed, e.Request)):
		return fmt.Errorf("case %s: event %d decides the request %q, which nobody has made", e.Case, e.Number, e.Request)
	}
	return nil
}
