package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

type rebuildCmd struct {
	Projection string `arg:"" help:"What to make anew: checkpoint (what a start reads) or definitions (current layers, schemes and plans)." placeholder:"PROJECTION"`
}

// Run makes something that is derived from the log anew, through the server when one is alive, and checks it.
func (cmd *rebuildCmd) Run(e *env) error {
	return withCity(e, func(ctx context.Context, c client) error {
		end, err := c.follow(ctx, e, "/v1/rebuild", url.Values{"projection": {cmd.Projection}}, func(l workLine) { fmt.Fprintln(e.stdout, l.Line) })
		switch {
		case err != nil:
			return err
		case end.Problems == nil:
			return errors.New("the work did not say how it ended")
		case *end.Problems > 0:
			fmt.Fprintf(e.stdout, "%s was made anew from the log, and %d problems are left; gewu check --repair mends what it can\n", cmd.Projection, *end.Problems)
			return errFailed
		}
		_, err = fmt.Fprintf(e.stdout, "%s was made anew from the log and has been verified\n", cmd.Projection)
		return err
	})
}
