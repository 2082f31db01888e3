package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/casework"
	"github.com/gewu-city/gewu/cmd/gewu/logins"
	"github.com/gewu-city/gewu/cmd/gewu/progress"
	"github.com/gewu-city/gewu/cmd/gewu/upload"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/sample"
)

type demoCmd struct {
	listenFlags
	City string `help:"Folder with a city.toml to load instead of the sample, such as gewu synth -o makes." placeholder:"DIR" type:"existingdir"`
	Wipe bool   `help:"Delete the city in the data folder and load the sample afresh."`
}

// sampleMark is the file that says which city the demo loaded into the folder; it is empty until that is complete.
const sampleMark = "sample-loaded"

// Run serves the sample city, or that of a profile, loading it first unless the folder already holds it.
func (cmd *demoCmd) Run(e *env) error {
	if alive(e.ctx, e.cli.Data) {
		return fmt.Errorf("%s is already being served; stop that server or use another --data", e.cli.Data)
	}
	var stage *casework.Stage
	var err error
	files, name := sample.FS(), ""
	if cmd.City != "" {
		files = os.DirFS(cmd.City)
	}
	if cmd.Profile != "" {
		if stage, err = casework.NewStage(cmd.Profile, cmd.Listen); err != nil {
			return err
		}
		name = stage.Profile.Name
	}
	if stage == nil || cmd.City != "" {
		town, err := sample.Load(files)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name+" "+town.Name, " ")
	}
	loaded, err := cmd.prepare(e, name)
	if err != nil {
		return err
	}
	l, o, err := cmd.open(e)
	if err != nil {
		return err
	}
	// Where accounts come along, everybody acts by their own rights.
	o.demo = stage == nil
	var loading atomic.Bool
	loading.Store(!loaded)
	o.loading = loading.Load
	city, err := openCity(e, o)
	if err != nil {
		_ = l.Close()
		return err
	}
	announce := func() error {
		if stage != nil {
			if err := stage.Announce(e.stdout, e.cli.Data); err != nil {
				return err
			}
		}
		cmd.Door.Announce(e.stdout, l.Addr().String(), stage != nil)
		return nil
	}
	if loaded {
		if err := announce(); err != nil {
			return errors.Join(err, l.Close(), city.close())
		}
		return city.serve(e.ctx, l, nil)
	}
	return city.serve(e.ctx, l, func(ctx context.Context, c client) error {
		start := time.Now()
		title, err := cmd.load(ctx, e, c, city, stage, files)
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // told to stop while loading: the next start goes on
			}
			return fmt.Errorf("load %s: %w", name, err)
		}
		loading.Store(false)
		fmt.Fprintf(e.stdout, "%s loaded in %.1f s\n", title.In("en", name), time.Since(start).Seconds())
		if err := os.WriteFile(filepath.Join(e.cli.Data, sampleMark), []byte(name+"\n"), 0o600); err != nil {
			return err
		}
		if err := announce(); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
}

// load fills the city, with who plays in it if there is a stage. It may be repeated after a failure.
func (cmd *demoCmd) load(ctx context.Context, e *env, c client, city *city, stage *casework.Stage, files fs.FS) (title data.Title, err error) {
	if stage != nil && cmd.City == "" {
		var done func() error
		if files, done, err = stage.City(ctx, filepath.Join(e.cli.Data, "tmp")); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, done()) }()
	}
	town, err := sample.Load(files)
	if err != nil {
		return nil, err
	}
	if err := loadCity(ctx, e, c, files, town); err != nil || stage == nil {
		return town.Title, err
	}
	extra, more, err := stage.Extra()
	if err == nil && extra != nil {
		err = loadCity(ctx, e, c, extra, more)
	}
	if err == nil {
		err = stage.Cast(ctx, c.send, city.accounts, e.cli.Data)
	}
	return stage.Profile.Title, err
}

// prepare reports whether the folder already holds the city. It never touches a city that the demo did not load,
// unless it is told to wipe it.
func (cmd *demoCmd) prepare(e *env, name string) (loaded bool, err error) {
	mark, store := filepath.Join(e.cli.Data, sampleMark), e.cli.store()
	// Made before loading and filled after it, so that a load that was cut off is known as ours and goes on.
	if cmd.Wipe {
		if err := wipe(e.cli.Data); err != nil {
			return false, err
		}
	}
	if have, err := os.ReadFile(mark); err == nil {
		if h := strings.TrimSpace(string(have)); h != "" && h != name {
			return false, fmt.Errorf("%s holds %s; use another --data, or --wipe to delete it", e.cli.Data, h)
		}
		return len(have) > 0, nil
	}
	if _, err := os.Stat(store); err == nil {
		return false, fmt.Errorf("%s holds another city; use another --data, or --wipe to delete it", e.cli.Data)
	}
	if err := os.MkdirAll(e.cli.Data, 0o750); err != nil {
		return false, err
	}
	return false, os.WriteFile(mark, nil, 0o600)
}

// wipe deletes the city in a data folder that nobody serves.
func wipe(dir string) error {
	for _, name := range []string{storeFile, logins.File, sampleMark, casework.ProfileFile, casework.LoginsFile, casework.CheckpointFile, casework.OutboxFile, casework.PeersFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// loadCity creates the layers and schemes of a city and imports its files. It may be repeated after a failure.
func loadCity(ctx context.Context, e *env, c client, files fs.FS, city sample.City) error {
	for _, step := range city.Steps {
		if err := loadStep(ctx, e, c, files, step); err != nil {
			return err
		}
	}
	for _, s := range city.Schemes {
		if err := ensure(ctx, c, "schemes", s.Name, s); err != nil {
			return err
		}
	}
	return nil
}

// ensure creates a definition unless the collection has one of that name.
func ensure(ctx context.Context, c client, collection, name string, definition any) error {
	var list map[string]json.RawMessage
	if err := c.send(ctx, http.MethodGet, "/v1/"+collection, nil, &list); err != nil {
		return err
	}
	var have []struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(list[collection], &have); err != nil {
		return err
	}
	for _, h := range have {
		if h.Name == name {
			return nil
		}
	}
	return c.send(ctx, http.MethodPost, "/v1/"+collection, definition, nil)
}

func loadStep(ctx context.Context, e *env, c client, files fs.FS, step sample.Step) error {
	definition, err := files.Open(step.Layer)
	if err != nil {
		return err
	}
	defer definition.Close()
	layer, err := convert.DecodeLayer(definition, "toml")
	if err != nil {
		return fmt.Errorf("%s: %w", step.Layer, err)
	}
	if err := ensure(ctx, c, "layers", layer.Name, layer); err != nil {
		return err
	}
	opened, total, err := upload.OpenFS(files, step.Files)
	if err != nil {
		return err
	}
	defer opened.Close()
	query := url.Values{"ignore": step.Ignore}
	for name, value := range map[string]string{"format": step.Format, "crs": step.CRS, "id": step.ID, "lon": step.Lon, "lat": step.Lat} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for column, attribute := range step.Map {
		query.Add("map", column+"="+attribute)
	}
	if step.FixRings {
		query.Set("fix_rings", "true")
	}
	b := progress.Bytes(e.stderr, fmt.Sprintf("%-10s", layer.Name), total, false)
	defer b.Finish()
	_, err = importFiles(ctx, c, layer.Name, query, opened, func(ev importEvent) {
		if ev.Progress != nil {
			b.Set(ev.Progress.Bytes)
		}
	})
	if err != nil {
		return err
	}
	var loaded struct {
		Count int `json:"count"`
	}
	if err := c.send(ctx, http.MethodGet, "/v1/layers/"+layer.Name, nil, &loaded); err != nil {
		return err
	}
	b.Line(e.stdout, fmt.Sprintf("%-10s %d features", layer.Name, loaded.Count))
	return nil
}
