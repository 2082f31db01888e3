package city

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/rest"
)

// Asked is a World and how a request asked for it: the present one, or one of the past.
type Asked struct {
	*index.World
	// Shown is for answers.
	Shown
	// Fixed says that the request means the same city for ever: it named epoch and Seq, and a date with its time.
	Fixed bool
	// at is the time of Shown.At.
	at time.Time
}

// Shown are the members of an answer that say which past it belongs to; none for the present.
type Shown struct {
	At   *time.Time `json:"at,omitempty"`
	AsOf *data.Seq  `json:"as_of,omitempty"`
}

// Query asks for the same World again, whatever is written in the meantime; empty for the present.
func (a *Asked) Query() url.Values {
	q := url.Values{}
	if a.AsOf != nil {
		q.Set("as_of", FormatPosition(a.Epoch(), *a.AsOf))
	}
	if a.Shown.At != nil {
		q.Set("at", a.at.Format(time.RFC3339Nano))
	}
	return q
}

// Header says in the answer's header which city it shows.
func (a *Asked) Header(w http.ResponseWriter) {
	SetSeq(w, a.Seq())
	if a.Shown.At != nil {
		w.Header().Set("X-Gewu-At", a.at.Format(time.RFC3339Nano))
	}
}

// version is the moment of a version of a scheme, as text for at; empty for the one in force.
func (c *City) version(w *index.World, text string) (string, error) {
	scheme, n, ok := version.ParseVersion(text)
	if !ok {
		return "", rest.Fault(rest.BadRequest, "version", text, "must be the number of a version, with its scheme where there are several: 3 or unit:3")
	}
	if scheme == "" {
		var with []string
		for _, s := range w.Schemes() {
			if len(version.Versions(w, s.Name)) > 0 {
				with = append(with, s.Name)
			}
		}
		if len(with) != 1 {
			return "", rest.Fault(rest.BadRequest, "version", text, fmt.Sprintf("needs its scheme, like unit:3: %d schemes have versions", len(with)))
		}
		scheme = with[0]
	}
	v, ok := version.Find(w, scheme, n)
	if !ok {
		return "", rest.Fault(rest.BadRequest, "version", text, "is no version of the scheme; GET /v1/schemes/"+scheme+"/versions lists them")
	}
	switch s := v.State(w); s {
	case version.Current:
		return "", nil
	case version.Past:
		return v.Effective.Format(time.RFC3339Nano), nil
	default:
		return "", rest.Fault(rest.BadRequest, "version", text, fmt.Sprintf("is %s and does not count; its draft shows it", s))
	}
}

// Ask takes the World that the parameters at, as_of, version and min_seq ask for.
func (c *City) Ask(r *http.Request, p *rest.Params) (*Asked, error) {
	present, err := c.World(r, p)
	if err != nil {
		return nil, err
	}
	a := &Asked{World: present}
	when := index.Moment{AsOf: index.Newest}
	atText, asOfText := p.Text("at"), p.Text("as_of")
	if text := p.Text("version"); text != "" && p.Fault() == nil {
		if atText != "" {
			return nil, rest.Fault(rest.BadRequest, "version", text, "does not go with at: a version has its own time")
		}
		if atText, err = c.version(present, text); err != nil {
			return nil, err
		}
	}
	if atText == "" && asOfText == "" || p.Fault() != nil {
		return a, p.Fault()
	}
	if c.Past == nil {
		return nil, rest.Refuse(rest.NotImplemented, "this server does not answer for the past")
	}
	fixed := true
	if atText != "" {
		at, exact, ok := c.Time(atText)
		if !ok {
			return nil, rest.Fault(rest.BadRequest, "at", atText, "must be a time like 2026-03-01T08:00:00+08:00 or a date")
		}
		when.At, a.at, a.Shown.At = at, at, &at
		fixed = exact
	}
	if asOfText != "" {
		seq, named, err := c.asOf(r.Context(), asOfText)
		if err != nil {
			return nil, err
		}
		when.AsOf, a.Fixed = seq, named && fixed
	}
	if a.World, err = c.Past.World(r.Context(), when); err != nil {
		return nil, c.PastFault(r, err, atText, asOfText)
	}
	a.World = c.See(r, a.World)
	if asOfText != "" {
		seq := a.Seq()
		a.AsOf = &seq
	}
	return a, nil
}

// Moment is the World that a text means: the city at a time or date, the city as it was known at a position, or, for an
// empty text, the present. field is the parameter, for messages.
func (c *City) Moment(r *http.Request, field, text string) (*index.World, error) {
	if text == "" {
		return c.Present(r), nil
	}
	if c.Past == nil {
		return nil, rest.Refuse(rest.NotImplemented, "this server does not answer for the past")
	}
	when := index.Moment{AsOf: index.Newest}
	at, asOf := "", ""
	if t, _, ok := c.Time(text); ok {
		when.At, at = t, text
	} else {
		p, ok := ParsePosition(text)
		if !ok {
			return nil, rest.Fault(rest.BadRequest, field, text, "must be a time like 2026-03-01T08:00:00+08:00, a date, or a position")
		}
		if p.Epoch != "" && p.Epoch != c.Store.Epoch() {
			return nil, rest.Fault(rest.Gone, field, text, "belongs to another history")
		}
		when.AsOf, asOf = p.Seq, text
	}
	w, err := c.Past.World(r.Context(), when)
	if err != nil {
		return nil, c.PastFault(r, err, at, asOf)
	}
	return c.See(r, w), nil
}

// Time reads a time with its zone, or a date: its first moment in the zone of the city. exact says that it was a time.
func (c *City) Time(text string) (t time.Time, exact, ok bool) {
	// A plus sign that was not encoded arrives as a space.
	t, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "+", 1))
	if err == nil {
		if t.IsZero() {
			t = t.Add(time.Microsecond) // the zero time stands for none
		}
		return t, true, true
	}
	t, err = time.ParseInLocation(time.DateOnly, text, c.zone())
	return t, false, err == nil
}

// Future reports whether an effective time has not come yet.
func (c *City) Future(effective time.Time) bool {
	return effective.After(c.Today())
}

// Clock is a time by the clocks of the city, now if it is the zero time.
func (c *City) Clock(t time.Time) time.Time {
	if t.IsZero() {
		t = c.Today()
	}
	return t.In(c.zone())
}

func (c *City) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// asOf reads a position or a time; named reports that it names the epoch.
func (c *City) asOf(ctx context.Context, text string) (seq data.Seq, named bool, err error) {
	if t, _, ok := c.Time(text); ok {
		seq, err = c.Past.SeqAt(ctx, t)
		return seq, false, err
	}
	p, ok := ParsePosition(text)
	if !ok {
		return 0, false, rest.Fault(rest.BadRequest, "as_of", text, "must be a position (a number or epoch-number), a time like 2026-03-01T08:00:00+08:00 or a date")
	}
	if p.Epoch != "" && p.Epoch != c.Store.Epoch() {
		return 0, false, rest.Fault(rest.Gone, "as_of", text, "belongs to another history")
	}
	return p.Seq, p.Epoch != "", nil
}

// Complete says from when on the log knows all, in the time of the city.
func (c *City) Complete(h *index.HorizonError) string {
	return (&index.HorizonError{Horizon: h.Horizon, Recorded: h.Recorded.In(c.zone())}).Error()
}

// PastFault is the problem of a World that cannot be had.
func (c *City) PastFault(r *http.Request, err error, at, asOf string) error {
	field, value := "as_of", asOf
	if asOf == "" {
		field, value = "at", at
	}
	var horizon *index.HorizonError
	var future *index.FutureError
	switch {
	case errors.As(err, &horizon):
		if at != "" && asOf == "" {
			field = "at"
		}
		return rest.Fault(rest.Gone, field, value, "lies before the horizon: "+c.Complete(horizon)).Because(err)
	case errors.As(err, &future):
		return rest.Fault(rest.BadRequest, field, value, "lies in the future: the newest position is "+strconv.FormatUint(uint64(future.Newest), 10)).Because(err)
	case errors.Is(err, index.ErrBusy):
		return rest.Fault(rest.Unavailable, field, value, "has to wait: other moments of the past are being made ready").With("Retry-After", "5").Because(err)
	case errors.Is(err, index.ErrTooHeavy):
		return rest.Fault(rest.Unavailable, field, value, "needs more memory than the past may have; the operator can raise it with --past-memory").Because(err)
	case errors.Is(err, context.DeadlineExceeded) && r.Context().Err() != nil:
		return rest.Fault(rest.Timeout, field, value, "takes longer to be made ready than a request may take; an export of that moment waits until it is, and then others find it ready").Because(err)
	}
	return err
}
