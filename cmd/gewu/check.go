package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/persons"
	"github.com/gewu-city/gewu/cmd/gewu/upkeep"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/operate"
)

type checkCmd struct {
	Quick  bool `help:"Only the structure of the file, its settings, all checksums, the chain and the newest entries; without it all hashes, a replay of the log against what is derived from it, and the World as well."`
	JSON   bool `name:"json" help:"Print findings as JSON lines: {\"line\": …} for each, {\"problems\": n} at the end."`
	Repair bool `help:"Truncate a torn tail and discard a damaged checkpoint. Needs a stopped server. It refuses where more would be lost than an interrupted commit can have torn, and says how much."`
	Force  bool `help:"With --repair, for a city without a backup: cut the log off before its first damage, whatever is lost behind it."`
}

// Run verifies the store, through the server when one is alive. It fails when anything is wrong.
func (cmd *checkCmd) Run(e *env) error {
	path := e.cli.store()
	if cmd.Force && !cmd.Repair {
		return errors.New("--force goes with --repair")
	}
	if alive(e.ctx, e.cli.Data) {
		if cmd.Repair {
			return errors.New("the store is being served; stop the server before --repair")
		}
		return cmd.live(e)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no store: %w", err)
	}
	if cmd.Repair {
		if err := cmd.mend(e, path); err != nil {
			return err
		}
	}
	return cmd.stopped(e, path)
}

// mend repairs the store, or says what stands against it.
func (cmd *checkCmd) mend(e *env, path string) error {
	repair := offline.Repair
	if cmd.Force {
		repair = offline.Cut
	}
	done, err := repair(e.ctx, path, time.Now())
	for _, p := range done.Problems {
		fmt.Fprintln(e.stdout, p)
	}
	if err != nil {
		if _, damaged := errors.AsType[*data.CorruptError](err); damaged && done.Last > 0 {
			fmt.Fprintf(e.stdout, "nothing was changed; without a backup, gewu check --repair --force keeps the city as it was at seq %d\n", done.Last)
		}
		return err
	}
	if done.Kept == "" {
		fmt.Fprintln(e.stdout, "there was nothing to repair")
		return nil
	}
	if done.Loss == "" {
		done.Loss = "0 entries"
	}
	fmt.Fprintf(e.stdout, "repaired up to seq %d; cut off behind it: %s; the damaged file is kept as %s\n", done.Last, done.Loss, done.Kept)
	return nil
}

// print prints a line of the report, as JSON or for people.
func (cmd *checkCmd) print(e *env, l workLine) {
	if cmd.JSON {
		// The line has only texts and numbers.
		_ = json.NewEncoder(e.stdout).Encode(l)
		return
	}
	fmt.Fprintln(e.stdout, l.Line)
}

func (cmd *checkCmd) live(e *env) error {
	h, err := serverClient(e.cli.Data)
	if err != nil {
		return err
	}
	defer h.CloseIdleConnections()
	query := url.Values{}
	if cmd.Quick {
		query.Set("quick", "true")
	}
	end, err := client{http: h}.follow(e.ctx, e, "/v1/check", query, func(l workLine) { cmd.print(e, l) })
	if err != nil {
		return err
	}
	if end.Problems == nil {
		return errors.New("the check did not say how it ended")
	}
	return cmd.verdict(e, *end.Problems)
}

// stopped reads the bytes before it opens the store, so that damage is listed and not just met.
func (cmd *checkCmd) stopped(e *env, path string) error {
	problems := 0
	steps := stepBar{env: e}
	defer steps.finish()
	tell := operate.Tell{
		Problem: func(text string) {
			problems++
			cmd.print(e, workLine{Line: text})
		},
		Progress: steps.set,
	}
	err := offline.Check(e.ctx, path, boltstore.CheckOptions{
		Quick:    cmd.Quick,
		Report:   func(p boltstore.Problem) { tell.Problem(p.String()) },
		Progress: func(part float64) { tell.Progress("file", part) },
	})
	if err != nil {
		return err
	}
	if problems > 0 || cmd.Quick {
		return cmd.verdict(e, problems)
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
	if err := upkeep.CheckWorld(e.ctx, engine, store, tell); err != nil {
		return err
	}
	keys, err := persons.Open(masterOf(e), time.Now)
	if err != nil {
		return err
	}
	defer keys.Close()
	if err := upkeep.CheckKeys(e.ctx, keys, store, tell); err != nil {
		return err
	}
	if err := upkeep.CheckPersonal(e.ctx, engine.World(), store, vault.New(keys), tell); err != nil {
		return err
	}
	upkeep.CheckPeople(engine.World(), tell)
	if err := upkeep.CheckCases(e.ctx, store, tell); err != nil {
		return err
	}
	return cmd.verdict(e, problems)
}

func (cmd *checkCmd) verdict(e *env, problems int) error {
	sound := "the store and what is derived from it are sound"
	if cmd.Quick {
		sound = "the structure, the checksums and the newest entries of the store are sound"
	}
	switch {
	case cmd.JSON:
		cmd.print(e, workLine{Problems: &problems})
	case problems == 0:
		fmt.Fprintln(e.stdout, sound)
	default:
		fmt.Fprintf(e.stdout, "%d problems; gewu check --repair mends what it can, gewu restore FILE brings back a backup\n", problems)
	}
	if problems > 0 {
		return errFailed
	}
	return nil
}
