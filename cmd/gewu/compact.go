package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/server/operate"
)

type compactCmd struct {
	Keep    string  `help:"Keep history of this time complete: days (400d) or hours (36h). The content of older changes that newer ones supersede is erased." placeholder:"TIME" xor:"keep"`
	KeepSeq *uint64 `help:"Keep history of this many newest entries complete." placeholder:"N" xor:"keep"`
	DryRun  bool    `help:"Say what would be erased and erase nothing."`
	Rewrite bool    `help:"Write the file anew, so that its free space goes back to the disk. Needs a stopped server and room for the new file."`
}

// Run erases history that retention does not keep, through the server when one is alive, and returns free space.
func (cmd *compactCmd) Run(e *env) error {
	retention := cmd.Keep != "" || cmd.KeepSeq != nil
	switch {
	case !retention && !cmd.Rewrite:
		return errors.New("say which history stays complete: --keep 400d, or --keep-seq N for the newest N entries")
	case cmd.Rewrite && cmd.DryRun:
		return errors.New("--rewrite has no --dry-run; it erases nothing and only returns free space")
	case cmd.Rewrite && alive(e.ctx, e.cli.Data):
		return errors.New("the store is being served; stop the server before --rewrite")
	}
	if retention {
		if err := withCity(e, func(ctx context.Context, c client) error { return cmd.erase(ctx, e, c) }); err != nil {
			return err
		}
	}
	if cmd.Rewrite {
		return cmd.rewrite(e)
	}
	return nil
}

func (cmd *compactCmd) erase(ctx context.Context, e *env, c client) error {
	query := url.Values{}
	if cmd.Keep != "" {
		query.Set("keep", cmd.Keep)
	} else {
		query.Set("keep_seq", strconv.FormatUint(*cmd.KeepSeq, 10))
	}
	if cmd.DryRun {
		query.Set("dry_run", "true")
	}
	end, err := c.follow(ctx, e, "/v1/compact", query, func(workLine) {})
	if err != nil {
		return err
	}
	if end.Result == nil {
		return errors.New("the compaction did not say how it ended")
	}
	_, err = fmt.Fprintln(e.stdout, compactedText(*end.Result))
	return err
}

// compactedText says what a compaction did.
func compactedText(r operate.Compacted) string {
	were, is := "were", "is"
	if r.DryRun {
		were, is = "would be", "would be"
	}
	if r.Horizon == 0 {
		return "all history is kept: nothing is older"
	}
	at := ""
	if r.Recorded != nil {
		at = " (" + r.Recorded.Format(time.RFC3339) + ")"
	}
	return fmt.Sprintf("%d changes %s erased, %s of %s of the log; history %s complete from seq %d%s on",
		r.Changes, were, byteText(r.Bytes), byteText(r.Before), is, r.Horizon, at)
}

func (cmd *compactCmd) rewrite(e *env) error {
	path := e.cli.store()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return errNoCity(e)
	}
	steps := stepBar{env: e}
	done, err := offline.Shrink(e.ctx, path, func(part float64) { steps.set("rewrite", part) })
	steps.finish()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s had %s and has %s\n", path, byteText(done.Before), byteText(done.After))
	return err
}
