package define

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/gewu-city/gewu/data"
)

type layerAlterCmd struct {
	Name string `arg:"" optional:"" help:"Name of the layer, when attributes are altered one by one."`
	File string `help:"The whole new definition in TOML or JSON." type:"existingfile" placeholder:"FILE"`

	Rename  []string `help:"Give an attribute another name; the old one still means it." placeholder:"OLD=NEW"`
	Widen   []string `help:"Widen a type: int to number, date to time, all to text, text and code to each other." placeholder:"ATTRIBUTE=TYPE"`
	Add     []string `help:"Add an attribute." placeholder:"ATTRIBUTE=TYPE"`
	Default []string `help:"Set what features have that hold no value; without a value there is none any more." placeholder:"ATTRIBUTE=VALUE"`
	Require []string `help:"Demand a value of every feature." placeholder:"ATTRIBUTE"`
	Relax   []string `help:"Demand it no more." placeholder:"ATTRIBUTE"`
	Drop    []string `help:"Drop an attribute; its values stay in the history." placeholder:"ATTRIBUTE"`
}

// Help is shown below the flags.
func (cmd *layerAlterCmd) Help() string {
	return "Either a file with the whole new definition, or the name of a layer and what becomes of its attributes: renamed, widened, " +
		"added, given a default, required, relaxed and dropped, in this order, all in one change."
}

// Run alters the layer.
func (cmd *layerAlterCmd) Run(e *Env) error {
	steps, err := cmd.steps()
	switch {
	case err != nil:
		return err
	case cmd.File != "" && (cmd.Name != "" || len(steps) > 0):
		return errors.New("give a file, or a layer and what becomes of its attributes, not both")
	case cmd.File != "":
		return cmd.whole(e)
	case cmd.Name == "" || len(steps) == 0:
		return errors.New("say what to alter: --file FILE, or the name of a layer and for example --rename h=height")
	}
	return e.City(func(ctx context.Context, c Client) error {
		return alterLayer(ctx, e, c, cmd.Name, map[string]any{"alter": steps})
	})
}

func alterLayer(ctx context.Context, e *Env, c Client, name string, patch map[string]any) error {
	if err := c.Send(ctx, http.MethodPatch, "/v1/layers/"+url.PathEscape(name), patch, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Stdout, "layer %s altered\n", name)
	return err
}

// steps are the alterations that the flags ask for.
func (cmd *layerAlterCmd) steps() ([]map[string]any, error) {
	var steps []map[string]any
	pairs := func(flag string, values []string, step func(attribute, value string) map[string]any) error {
		for _, v := range values {
			attribute, value, ok := strings.Cut(v, "=")
			if !ok || attribute == "" {
				return fmt.Errorf("--%s %s: must be ATTRIBUTE=…", flag, v)
			}
			steps = append(steps, step(attribute, value))
		}
		return nil
	}
	each := func(names []string, members map[string]any) {
		for _, name := range names {
			step := maps.Clone(members)
			step["attribute"] = name
			steps = append(steps, step)
		}
	}
	err := errors.Join(
		pairs("rename", cmd.Rename, func(attribute, to string) map[string]any {
			return map[string]any{"op": "rename", "attribute": attribute, "to": to}
		}),
		pairs("widen", cmd.Widen, func(attribute, to string) map[string]any {
			return map[string]any{"op": "widen", "attribute": attribute, "type": to}
		}),
		pairs("add", cmd.Add, func(attribute, typ string) map[string]any {
			return map[string]any{"op": "add", "attribute": attribute, "type": typ}
		}),
		pairs("default", cmd.Default, func(attribute, value string) map[string]any {
			step := map[string]any{"op": "default", "attribute": attribute}
			if value != "" {
				step["default"] = value
			}
			return step
		}),
	)
	each(cmd.Require, map[string]any{"op": "require"})
	each(cmd.Relax, map[string]any{"op": "require", "required": false})
	each(cmd.Drop, map[string]any{"op": "drop"})
	return steps, err
}

// whole makes the definition equal to that of the file.
func (cmd *layerAlterCmd) whole(e *Env) error {
	return withLayerFile(cmd.File, e.City, func(ctx context.Context, c Client, l *data.Layer) error {
		var have map[string]any
		if err := c.Send(ctx, http.MethodGet, "/v1/layers/"+url.PathEscape(l.Name), nil, &have); err != nil {
			return err
		}
		patch, err := wholePatch(have, l)
		if err != nil {
			return err
		}
		return alterLayer(ctx, e, c, l.Name, patch)
	})
}

// wholePatch is the merge patch (RFC 7396) that makes a definition equal to l: what l does not have is set to null.
func wholePatch(have map[string]any, l *data.Layer) (map[string]any, error) {
	raw, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	var patch map[string]any
	if err := json.Unmarshal(raw, &patch); err != nil {
		return nil, err
	}
	for _, member := range []string{"title", "id", "zoom", "roles", "attribution"} {
		nullMissing(have, patch, member)
	}
	return patch, nil
}

// nullMissing sets a member, or members of it, to null where only have holds them.
func nullMissing(have, patch map[string]any, member string) {
	old, ok := have[member]
	if !ok || old == nil {
		return
	}
	next, ok := patch[member]
	if !ok {
		patch[member] = nil
		return
	}
	oldObject, ok1 := old.(map[string]any)
	nextObject, ok2 := next.(map[string]any)
	if ok1 && ok2 {
		for inner := range oldObject {
			nullMissing(oldObject, nextObject, inner)
		}
	}
}
