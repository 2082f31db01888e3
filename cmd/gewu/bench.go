package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/measure"
	"github.com/gewu-city/gewu/data/boltstore"
)

type benchCmd struct {
	Seconds float64 `help:"Time for each measurement." default:"2"`
	Rounds  int     `help:"Rounds of each measurement; the median and the range are printed." default:"5"`
	JSON    bool    `help:"Print one JSON object a line."`
}

// Run measures the engine on the data folder, which must not be served meanwhile.
func (cmd *benchCmd) Run(e *env) error {
	if alive(e.ctx, e.cli.Data) {
		return errors.New("the store is being served; stop the server to measure, or copy the folder")
	}
	if _, err := os.Stat(e.cli.store()); err != nil {
		return fmt.Errorf("there is no city to measure: %w", err)
	}
	start := time.Now()
	c, err := openCity(e, cityOptions{cacheBytes: -1})
	if err != nil {
		return err
	}
	opened := time.Since(start)
	return c.serve(e.ctx, nil, func(ctx context.Context, cl client) error {
		b := measure.Bench{
			Engine: c.engine, HTTP: cl.http, Dir: e.cli.Data, Options: storeOptions(e, boltstore.VerifyNone),
			Seconds: cmd.Seconds, Rounds: cmd.Rounds, Out: e.stdout, JSON: cmd.JSON,
		}
		return b.Run(ctx, opened)
	})
}
