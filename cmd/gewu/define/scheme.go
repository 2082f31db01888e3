package define

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
)

// Scheme is gewu scheme.
type Scheme struct {
	Create schemeCreateCmd `cmd:"" help:"Create a scheme from a definition file."`
	Drop   schemeDropCmd   `cmd:"" help:"Drop a scheme; its cells stay in their layer."`
	List   schemeListCmd   `cmd:"" help:"List the schemes." default:"1"`
}

type schemeCreateCmd struct {
	File string `help:"Definition in TOML or JSON." required:"" type:"existingfile" placeholder:"FILE"`
}

// Run creates the scheme.
func (cmd *schemeCreateCmd) Run(e *Env) error {
	file, err := os.Open(cmd.File)
	if err != nil {
		return err
	}
	defer file.Close()
	s, err := convert.DecodeScheme(file, strings.TrimPrefix(strings.ToLower(filepath.Ext(cmd.File)), "."))
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.File, err)
	}
	return e.City(func(ctx context.Context, c Client) error {
		if err := c.Send(ctx, http.MethodPost, "/v1/schemes", s, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.Stdout, "scheme %s created\n", s.Name)
		return err
	})
}

type schemeDropCmd struct {
	Name string `arg:"" help:"Name of the scheme."`
}

// Run drops the scheme.
func (cmd *schemeDropCmd) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		return c.Send(ctx, http.MethodDelete, "/v1/schemes/"+url.PathEscape(cmd.Name), nil, nil)
	})
}

type schemeListCmd struct{}

// Run lists the schemes.
func (cmd *schemeListCmd) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		var list struct {
			Schemes []data.Scheme `json:"schemes"`
			Shared  string        `json:"shared"`
		}
		if err := c.Send(ctx, http.MethodGet, "/v1/schemes", nil, &list); err != nil {
			return err
		}
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tTITLE\tLEVELS\tCELLS")
		for _, s := range list.Schemes {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Name, s.Title.In("zh", ""), strings.Join(s.Levels, " > "), s.Cells.Layer)
		}
		if err := t.Flush(); err != nil || list.Shared == "" {
			return err
		}
		_, err := fmt.Fprintf(e.Stdout, "By its profile the city is divided by %s alone; other schemes are refused.\n", list.Shared)
		return err
	})
}
