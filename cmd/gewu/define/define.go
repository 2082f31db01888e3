// Package define holds the commands about definitions: layers, schemes and dictionaries.
package define

import (
	"context"
	"io"
)

// Env is what the commands get besides their flags.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// City runs do with a client for the city, which must exist; NewCity makes one if there is none.
	City, NewCity func(do func(ctx context.Context, c Client) error) error
	// Failed ends a command that has already said what is wrong.
	Failed error
}

// Client speaks to the server of a city.
type Client interface {
	// Send sends v as JSON and reads the answer into out, when they are not nil. What a problem document says is the
	// error.
	Send(ctx context.Context, method, path string, v, out any) error
}
