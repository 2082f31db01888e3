package cases

import (
	"slices"
	"time"
)

// Releases and Withdraws are the actions of the events that say which pictures of a case the public sees, see [Event.Picture]. No
// process has them.
const (
	Releases  = "releases"
	Withdraws = "withdraws"
)

// Review is the event by which somebody lets the public see a picture of the case, or takes it away from the public; nil where
// that is so already. Whether the case has the picture its events know.
func (c *Case) Review(at time.Time, by Actor, hash string, public bool) *Event {
	if slices.Contains(c.Released, hash) == public {
		return nil
	}
	action := Withdraws
	if public {
		action = Releases
	}
	return &Event{
		Case: c.ID, Number: c.Version + 1, At: later(at, c.Updated), Actor: by, Action: action, Picture: hash,
		From: c.State, To: c.State, Final: c.Final,
	}
}

// Shows reports whether the public, where it sees the case, sees a picture of it. Nothing of a private case is seen.
func (c *Case) Shows(hash string) bool { return !c.Private && slices.Contains(c.Released, hash) }

// takePicture notes what the public sees.
func (c *Case) takePicture(e *Event) {
	at, found := slices.BinarySearch(c.Released, e.Picture)
	switch {
	case e.Action == Releases && !found:
		c.Released = slices.Insert(slices.Clone(c.Released), at, e.Picture)
	case e.Action == Withdraws && found:
		c.Released = slices.Delete(slices.Clone(c.Released), at, at+1)
	}
}
