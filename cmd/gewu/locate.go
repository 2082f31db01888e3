package main

import (
	"context"
	"fmt"
	"io"

	"github.com/gewu-city/gewu/cmd/gewu/coords"
	"github.com/gewu-city/gewu/cmd/gewu/question"
)

type locateCmd struct {
	question.Locate
	timeFlags
}

// Run locates one point, what is on standard input, or a route.
func (cmd *locateCmd) Run(e *env) error {
	crs, err := coords.ServerCRS(e.cli.Systems, cmd.CRS)
	if err != nil {
		return err
	}
	r, err := cmd.Request(crs, e.stdin)
	if err != nil {
		return err
	}
	var body io.Reader
	if r.Body != nil {
		defer r.Body.Close()
		body = r.Body
	}
	cmd.set(r.Query)
	return withCity(e, func(ctx context.Context, c client) error {
		resp, err := c.do(ctx, r.Method, r.Path, r.Query, r.ContentType, body)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if _, err := io.Copy(e.stdout, resp.Body); err != nil {
			return err
		}
		if resp.Header.Get("Content-Type") == "application/json" {
			_, err = fmt.Fprintln(e.stdout)
		}
		return err
	})
}
