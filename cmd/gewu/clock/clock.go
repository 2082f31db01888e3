package clock

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client speaks to the server of the city over its control socket.
type Client interface {
	// Send sends v as JSON, when it is not nil, and reads the answer into out.
	Send(ctx context.Context, method, path string, v, out any) error
}

// Env is what the commands need besides their flags.
type Env struct {
	Stdout io.Writer
	// WithServer runs do with a client for the server that is running.
	WithServer func(do func(ctx context.Context, c Client) error) error
}

// Clock is gewu clock.
type Clock struct {
	Show    showCmd    `cmd:"" help:"Show what time it is in the city." default:"withargs"`
	Advance advanceCmd `cmd:"" help:"Move a virtual clock on by a time. What falls due on the way is done at its time, in order, before the command ends."`
	Set     setCmd     `cmd:"" help:"Move a virtual clock on to a time."`
}

// reading mirrors the answer of /v1/clock.
type reading struct {
	Clock string    `json:"clock"`
	Now   time.Time `json:"now"`
	Stops *int      `json:"stops"`
}

func ask(e *Env, method string, body any) error {
	return e.WithServer(func(ctx context.Context, c Client) error {
		var is reading
		if err := c.Send(ctx, method, "/v1/clock", body, &is); err != nil {
			return err
		}
		text := is.Now.Local().Format(time.RFC3339Nano)
		if is.Clock != "virtual" {
			text += ", the clock on the wall"
		}
		if is.Stops != nil && *is.Stops > 0 {
			text += fmt.Sprintf(", with something due at %d instants on the way", *is.Stops)
		}
		_, err := fmt.Fprintln(e.Stdout, text)
		return err
	})
}

type showCmd struct{}

// Run shows the clock.
func (showCmd) Run(e *Env) error { return ask(e, http.MethodGet, nil) }

type advanceCmd struct {
	Time string `arg:"" help:"How far: hours and minutes such as 1h30m, or days such as 3d."`
}

// Run moves the clock on.
func (cmd *advanceCmd) Run(e *Env) error {
	return ask(e, http.MethodPost, map[string]string{"advance": cmd.Time})
}

type setCmd struct {
	Time string `arg:"" help:"When: 2026-11-02T09:00:00+08:00. It may not lie before what the clock shows."`
}

// Run moves the clock to a time.
func (cmd *setCmd) Run(e *Env) error {
	return ask(e, http.MethodPost, map[string]string{"set": cmd.Time})
}
