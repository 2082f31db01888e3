package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/index"
)

// admin gives the server what only the owner of the store can do.
type admin struct {
	store  *boltstore.DB
	engine *index.Engine
}

// Check verifies store and World and reports every broken invariant as a line.
func (a admin) Check(ctx context.Context, report func(line string)) (problems int, err error) {
	note := func(line string) {
		problems++
		report(line)
	}
	if err := a.store.Check(ctx, boltstore.CheckOptions{Report: func(p boltstore.Problem) { note(p.String()) }}); err != nil {
		return problems, err
	}
	return problems, a.engine.World().Check(ctx, note)
}

// Backup writes a consistent copy of the store.
func (a admin) Backup(ctx context.Context, w io.Writer) error {
	_, err := a.store.Backup(ctx, w)
	return err
}

type checkCmd struct {
	Repair bool `help:"Truncate a torn tail and discard a damaged checkpoint. Needs a stopped server."`
}

// checkEvent mirrors the lines of POST /v1/check; exactly one member is set.
type checkEvent struct {
	Line     string `json:"line"`
	Error    string `json:"error"`
	Problems *int   `json:"problems"`
}

// Run verifies the store, through the server when one is alive. It fails when anything is wrong.
func (cmd *checkCmd) Run(e *env) error {
	path := filepath.Join(e.cli.Data, storeFile)
	if alive(e.ctx, e.cli.Data) {
		if cmd.Repair {
			return errors.New("the store is being served; stop the server before --repair")
		}
		h, err := serverClient(e.cli.Data)
		if err != nil {
			return err
		}
		return checkLive(e, client{h})
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no store: %w", err)
	}
	if cmd.Repair {
		if err := repairStore(e, path); err != nil {
			return err
		}
	}
	return checkOffline(e, path)
}

func repairStore(e *env, path string) error {
	done, err := offline.Repair(e.ctx, path, time.Now())
	for _, p := range done.Problems {
		fmt.Fprintln(e.stdout, p)
	}
	if err != nil {
		return err
	}
	if done.Kept == "" {
		fmt.Fprintln(e.stdout, "there was nothing to repair")
		return nil
	}
	fmt.Fprintf(e.stdout, "repaired up to seq %d; %d newer entries were cut off; the damaged file is kept as %s\n", done.Last, done.Lost, done.Kept)
	return nil
}

func checkLive(e *env, c client) error {
	resp, err := c.do(e.ctx, http.MethodPost, "/v1/check", nil, "application/json", http.NoBody)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := json.NewDecoder(bufio.NewReader(resp.Body))
	for {
		var ev checkEvent
		if err := lines.Decode(&ev); err != nil {
			return fmt.Errorf("the check was cut off: %w", err)
		}
		switch {
		case ev.Line != "":
			fmt.Fprintln(e.stdout, ev.Line)
		case ev.Error != "":
			return errors.New(ev.Error)
		case ev.Problems != nil:
			return checkVerdict(e, *ev.Problems)
		}
	}
}

// checkOffline reads the bytes before it opens the store, so that damage is listed and not just met.
func checkOffline(e *env, path string) error {
	problems := 0
	report := func(line string) {
		problems++
		fmt.Fprintln(e.stdout, line)
	}
	if err := offline.Check(e.ctx, path, boltstore.CheckOptions{Report: func(p boltstore.Problem) { report(p.String()) }}); err != nil {
		return err
	}
	if problems > 0 {
		return checkVerdict(e, problems)
	}
	store, err := boltstore.Open(path, storeOptions(e, boltstore.VerifyNone))
	if err != nil {
		return err
	}
	defer store.Close()
	engine := index.NewEngine(store)
	if err := engine.Load(e.ctx, nil); err != nil {
		return err
	}
	if err := engine.World().Check(e.ctx, report); err != nil {
		return err
	}
	return checkVerdict(e, problems)
}

func checkVerdict(e *env, problems int) error {
	if problems > 0 {
		fmt.Fprintf(e.stdout, "%d problems; gewu check --repair mends what it can, gewu restore FILE brings back a backup\n", problems)
		return errFailed
	}
	_, err := fmt.Fprintln(e.stdout, "the store and what is derived from it are sound")
	return err
}
