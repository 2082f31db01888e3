package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/progress"
	"github.com/gewu-city/gewu/cmd/gewu/synthetic"
	"github.com/gewu-city/gewu/cmd/gewu/upload"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/synth"
)

// synthCmd makes a synthetic city.
type synthCmd struct {
	synthetic.Flags
	Output string `help:"Folder to write: city.toml, layers and files." short:"o" placeholder:"DIR" type:"path"`
	Load   bool   `help:"Load the city into --data."`
	Wipe   bool   `help:"With --load: delete the city in the data folder first."`
	Quiet  bool   `help:"No progress bar." short:"q"`
}

// Run makes the city, then writes it, loads it, or both.
func (cmd *synthCmd) Run(e *env) error {
	if cmd.Output == "" && !cmd.Load {
		return errors.New("say where the city goes: -o DIR writes files, --load loads it into --data")
	}
	p, err := cmd.Params()
	if err != nil {
		return err
	}
	start := time.Now()
	c, err := synth.New(p)
	if field, ok := errors.AsType[*data.FieldError](err); ok {
		return fmt.Errorf("--%w", field)
	}
	if err != nil {
		return err
	}
	if cmd.Output != "" {
		if err := synthetic.Write(e.ctx, cmd.Output, cmd.Preset, c, func(l synth.Layer) (func(int), func()) {
			b := cmd.bar(e, l)
			return func(n int) { b.Set(int64(n)) }, func() {
				b.Finish()
				b.Line(e.stdout, fmt.Sprintf("%-12s %d features", l.Def.Name, l.Count))
			}
		}); err != nil {
			return err
		}
	}
	if cmd.Load {
		if err := cmd.load(e, c); err != nil {
			return err
		}
	}
	fmt.Fprintf(e.stdout, "%s: %d features in %.1f s\n", cmd.Preset, c.Count(), time.Since(start).Seconds())
	return nil
}

func (cmd *synthCmd) bar(e *env, l synth.Layer) *progress.Bar {
	return progress.Features(e.stderr, fmt.Sprintf("%-12s", l.Def.Name), int64(l.Count), cmd.Quiet)
}

// load imports the city into the data folder, as files would be imported: through the server that runs, or one that
// this command starts for itself.
func (cmd *synthCmd) load(e *env, c *synth.City) error {
	if cmd.Wipe {
		if alive(e.ctx, e.cli.Data) {
			return fmt.Errorf("%s is being served; stop that server before --wipe", e.cli.Data)
		}
		if err := wipe(e.cli.Data); err != nil {
			return err
		}
	}
	return withNewCity(e, func(ctx context.Context, to client) error {
		if err := cmd.refuseMixing(ctx, to, e, c); err != nil {
			return err
		}
		for _, l := range c.Layers() {
			if err := cmd.loadLayer(ctx, e, to, l); err != nil {
				return fmt.Errorf("layer %s: %w", l.Def.Name, err)
			}
		}
		s := c.Scheme()
		return ensure(ctx, to, "schemes", s.Name, s)
	})
}

// refuseMixing keeps two cities apart: they have layers of the same names.
func (cmd *synthCmd) refuseMixing(ctx context.Context, to client, e *env, c *synth.City) error {
	var have struct {
		Layers []struct {
			Name string `json:"name"`
		} `json:"layers"`
	}
	if err := to.send(ctx, http.MethodGet, "/v1/layers", nil, &have); err != nil {
		return err
	}
	for _, h := range have.Layers {
		if _, ok := c.Layer(h.Name); ok {
			return fmt.Errorf("%s already holds a layer %s; use another --data, or --wipe to delete that city", e.cli.Data, h.Name)
		}
	}
	return nil
}

func (cmd *synthCmd) loadLayer(ctx context.Context, e *env, to client, l synth.Layer) error {
	if err := ensure(ctx, to, "layers", l.Def.Name, l.Def); err != nil {
		return err
	}
	body, out := io.Pipe()
	go func() {
		out.CloseWithError(synthetic.Features(ctx, out, l, false, func(int) {}))
	}()
	files := upload.Files{{Name: l.Def.Name, Body: body}}
	// The writer ends when nobody reads any more.
	defer files.Close()
	b := cmd.bar(e, l)
	defer b.Finish()
	summary, err := importFiles(ctx, to, l.Def.Name, url.Values{"format": {synthetic.Format(l.Def)}}, files, func(ev importEvent) {
		switch {
		case ev.Progress != nil:
			b.Set(int64(ev.Progress.Rows))
		case ev.Row != nil:
			b.Line(e.stderr, ev.Row.Error())
		}
	})
	if err != nil {
		return err
	}
	if summary.Failed > 0 || summary.Added != l.Count {
		return fmt.Errorf("%d of %d features were added: %s", summary.Added, l.Count, summary.text())
	}
	b.Line(e.stdout, fmt.Sprintf("%-12s %d features", l.Def.Name, l.Count))
	return nil
}
