package define

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
)

// Layer is gewu layer.
type Layer struct {
	Create layerCreateCmd `cmd:"" help:"Create a layer from a definition file."`
	Alter  layerAlterCmd  `cmd:"" help:"Change a layer: attributes, titles, zoom, roles."`
	Drop   layerDropCmd   `cmd:"" help:"Drop a layer and all of its features."`
	List   layerListCmd   `cmd:"" help:"List the layers." default:"1"`
}

type layerCreateCmd struct {
	File string `help:"Definition in TOML or JSON." required:"" type:"existingfile" placeholder:"FILE"`
}

// Run creates the layer.
func (cmd *layerCreateCmd) Run(e *Env) error {
	return withLayerFile(cmd.File, e.NewCity, func(ctx context.Context, c Client, l *data.Layer) error {
		if err := c.Send(ctx, http.MethodPost, "/v1/layers", l, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.Stdout, "layer %s created\n", l.Name)
		return err
	})
}

func withLayerFile(file string, with func(func(context.Context, Client) error) error, do func(context.Context, Client, *data.Layer) error) error {
	l, err := convert.LoadLayer(file)
	if err != nil {
		return err
	}
	return with(func(ctx context.Context, c Client) error { return do(ctx, c, l) })
}

type layerDropCmd struct {
	Name string `arg:"" help:"Name of the layer."`
	Yes  bool   `help:"Do not ask." short:"y"`
}

// Run drops the layer after a confirmation.
func (cmd *layerDropCmd) Run(e *Env) error {
	if !cmd.Yes {
		fmt.Fprintf(e.Stderr, "Drop layer %s and all of its features? Type its name to go on: ", cmd.Name)
		var answer string
		if _, err := fmt.Fscanln(e.Stdin, &answer); err != nil || answer != cmd.Name {
			fmt.Fprintln(e.Stderr, "Nothing was dropped.")
			return e.Failed
		}
	}
	return e.City(func(ctx context.Context, c Client) error {
		if err := c.Send(ctx, http.MethodDelete, "/v1/layers/"+url.PathEscape(cmd.Name), nil, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.Stdout, "layer %s dropped\n", cmd.Name)
		return err
	})
}

type layerListCmd struct {
	JSON bool `help:"Print the definitions as JSON."`
}

// Run lists the layers.
func (cmd *layerListCmd) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		var list struct {
			Layers []struct {
				data.Layer
				Count int `json:"count"`
			} `json:"layers"`
		}
		if err := c.Send(ctx, http.MethodGet, "/v1/layers", nil, &list); err != nil {
			return err
		}
		if cmd.JSON {
			out := json.NewEncoder(e.Stdout)
			out.SetIndent("", "  ")
			return out.Encode(list)
		}
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tTITLE\tGEOMETRY\tFEATURES\tATTRIBUTES")
		for _, l := range list.Layers {
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\n", l.Name, l.Title.In("zh", ""), l.Geometry, l.Count, len(l.AttributeNames()))
		}
		return t.Flush()
	})
}
