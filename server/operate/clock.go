package operate

import (
	"context"
	"net/http"
	"time"

	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/rest"
)

// Clock is the clock of a city that does not go by itself. It is safe for concurrent use.
type Clock interface {
	Now() time.Time
	// Move moves the clock to the instant that to says when it is asked with the present one, and an error of to leaves the
	// clock alone. Whatever falls due on the way is done at its time, in order, before Move returns; stops are how many
	// instants that were. When it fails the clock stands where it had come to.
	Move(ctx context.Context, to func(now time.Time) (time.Time, error)) (stops int, err error)
}

// reading is the answer of the routes of the clock.
type reading struct {
	Clock string    `json:"clock"`
	Now   time.Time `json:"now"`
	Stops *int      `json:"stops,omitempty"`
}

// ShowClock shows what time it is in the city: GET /v1/clock.
func (a *API) ShowClock(w http.ResponseWriter, r *http.Request) error {
	if err := overSocket(r); err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	return a.read(w, r, nil)
}

func (a *API) read(w http.ResponseWriter, r *http.Request, stops *int) error {
	kind := "wall"
	if a.Virtual != nil {
		kind = "virtual"
	}
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, http.StatusOK, reading{kind, a.Today(), stops})
}

// overSocket refuses whoever does not ask over the control socket: time is one for everybody.
func overSocket(r *http.Request) error {
	if auth.FromSocket(r) {
		return nil
	}
	return rest.Refuse(rest.Forbidden, "the clock is reached over the control socket only: gewu clock on the machine of the server")
}

// maxMove bounds the body of a request to move the clock.
const maxMove = 4 << 10

// MoveClock moves the clock of the city, by a time or to one: POST /v1/clock.
func (a *API) MoveClock(w http.ResponseWriter, r *http.Request) error {
	if err := overSocket(r); err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, maxMove, rest.TypeJSON)
	if err != nil {
		return err
	}
	var m struct {
		Advance string `json:"advance"`
		Set     string `json:"set"`
	}
	if err := rest.DecodeJSON(body, &m); err != nil {
		return err
	}
	to, err := destination(m.Advance, m.Set)
	if err != nil {
		return err
	}
	if a.Virtual == nil {
		return rest.Refuse(rest.Conflict, "this server runs by the clock on the wall, which nobody moves; start it with --clock virtual")
	}
	stops, err := a.Virtual.Move(r.Context(), to)
	if err != nil {
		return err
	}
	return a.read(w, r, &stops)
}

// destination says where a clock is moved to.
func destination(advance, set string) (func(time.Time) (time.Time, error), error) {
	switch {
	case (advance == "") == (set == ""):
		return nil, rest.Fault(rest.BadRequest, "advance", advance, "or set must say where the clock goes: by a time such as 2h or 3d, or to one such as 2026-11-02T09:00:00+08:00")
	case advance != "":
		by, ok := ParseKeep(advance)
		if !ok {
			return nil, rest.Fault(rest.BadRequest, "advance", advance, "must be a time that is not negative: days such as 3d, or hours and minutes such as 1h30m")
		}
		return func(now time.Time) (time.Time, error) { return now.Add(by), nil }, nil
	}
	to, err := time.Parse(time.RFC3339Nano, set)
	if err != nil {
		return nil, rest.Fault(rest.BadRequest, "set", set, "must be a time with its zone: 2026-11-02T09:00:00+08:00").Because(err)
	}
	return func(now time.Time) (time.Time, error) {
		if to.Before(now) {
			return now, rest.Fault(rest.Conflict, "set", set, "lies before "+now.Format(time.RFC3339Nano)+", which the clock shows; time never goes backwards")
		}
		return to, nil
	}, nil
}
