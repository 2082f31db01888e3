package city

import (
	"context"
	"net/http"

	"github.com/gewu-city/gewu/people/audit"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/rest"
)

// Trail brings notes of who did what into the log; see package trail for the contract.
type Trail interface {
	Write(ctx context.Context, e audit.Entry) error
	Count(e audit.Entry)
}

// Watch says how the city notes who read what; the zero Watch notes nothing.
type Watch struct {
	Trail Trail
	// On reports whether there are accounts. Before, nobody has a name.
	On func() bool
	// Act is an entry about what a request does.
	Act func(r *http.Request, action, object, reason string) audit.Entry
}

// Witness notes what a request is about to hand out, before it does. An error says that there is no note, and that nothing
// may be handed out; over the control socket, whose user can read the files themselves, it goes on without one.
func (c *City) Witness(r *http.Request, action, object, reason string) error {
	if c.Watch.Trail == nil || !c.Watch.On() {
		return nil
	}
	err := c.Watch.Trail.Write(r.Context(), c.Watch.Act(r, action, object, reason))
	if err == nil {
		return nil
	}
	if auth.FromSocket(r) {
		c.Logger.WarnContext(r.Context(), "not noted", "action", action, "object", object, "error", err)
		return nil
	}
	why := rest.Of(err)
	return rest.Refuse(why.Kind, "who takes this is noted first, and that is not possible now: %s", why.Detail).With("Retry-After", "5").Because(err)
}

// Seen notes what a request has read, summed up with what its reader does of the same kind within a minute.
func (c *City) Seen(r *http.Request, action, object string) {
	if c.Watch.Trail != nil && c.Watch.On() {
		c.Watch.Trail.Count(c.Watch.Act(r, action, object, ""))
	}
}

// Origin is where a request came from, for notes; empty when that is not known.
func (c *City) Origin(r *http.Request) string {
	if c.Watch.Act == nil {
		return ""
	}
	return c.Watch.Act(r, "", "", "").From
}
