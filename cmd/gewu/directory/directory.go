// Package directory holds the commands about who works for the city: organisations, posts and staff.
package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/output"
	"github.com/gewu-city/gewu/people"
)

// Env is what the commands get besides their flags.
type Env struct {
	Stdout, Stderr io.Writer
	// City runs do with a client for the city, which must exist.
	City func(do func(ctx context.Context, c Client) error) error
	// Failed ends a command that has already said what is wrong. Store is the file of the city.
	Failed error
	Store  string
}

// Client speaks to the server of a city.
type Client interface {
	// Send sends v as JSON and reads the answer into out, when they are not nil. What a problem document says is the
	// error.
	Send(ctx context.Context, method, path string, v, out any) error
}

// People is gewu people.
type People struct {
	List   listCmd   `cmd:"" help:"List organisations as a tree, posts or staff."`
	Show   showCmd   `cmd:"" help:"Print one organisation, post or person as JSON."`
	Import importCmd `cmd:"" help:"Put organisations and staff from tables, all or none; what the tables do not name stays."`
	Export exportCmd `cmd:"" help:"Write organisations and staff to tables, or everything as JSON."`
}

// all is the directory as the server exports it.
type all struct {
	Organisations []*people.Organisation `json:"organisations,omitempty"`
	Posts         []*people.Post         `json:"posts,omitempty"`
	Staff         []*people.Staff        `json:"staff,omitempty"`
	Seq           uint64                 `json:"seq,omitempty"`
}

type listCmd struct {
	What         string `arg:"" help:"organisations, posts or staff." enum:"organisations,posts,staff" default:"organisations" optional:""`
	Search       string `help:"Only those with this text in id, title or name." short:"q" placeholder:"TEXT"`
	Organisation string `help:"Only staff who hold a post in this organisation now." placeholder:"ID"`
	Under        string `help:"Only this organisation and those below it, or staff in them." placeholder:"ID"`
	Post         string `help:"Only staff who hold this post now." placeholder:"ID"`
	Cell         string `help:"Only staff who work for this cell now." placeholder:"SCHEME:CODE"`
}

// Run prints a list.
func (cmd *listCmd) Run(e *Env) error {
	query := url.Values{}
	for name, value := range map[string]string{"q": cmd.Search, "organisation": cmd.Organisation, "under": cmd.Under, "post": cmd.Post, "cell": cmd.Cell} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return e.City(func(ctx context.Context, c Client) error {
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, map[string]string{
			"organisations": "ORGANISATION\tLEVEL\tTITLE\tAREAS", "posts": "POST\tDUTY\tTITLE\tPERMISSIONS", "staff": "ID\tNAME\tPOST\tORGANISATION\tCELLS\tUNTIL",
		}[cmd.What])
		for more := true; more; {
			var page struct {
				Organisations []struct {
					people.Organisation
					Path []string `json:"path"`
				} `json:"organisations"`
				Posts []people.Post `json:"posts"`
				Staff []struct {
					people.Staff
					Current []people.Holding `json:"current"`
				} `json:"staff"`
				Next string `json:"next"`
			}
			if err := c.Send(ctx, http.MethodGet, "/v1/"+cmd.What+"?"+query.Encode(), nil, &page); err != nil {
				return err
			}
			for _, o := range page.Organisations {
				areas := make([]string, len(o.Areas))
				for i := range o.Areas {
					areas[i] = areaText(&o.Areas[i])
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", strings.Join(o.Path, "/"), o.Level, o.Title.In("zh", ""), strings.Join(areas, " "))
			}
			for _, p := range page.Posts {
				permissions := make([]string, len(p.Permissions))
				for i, permission := range p.Permissions {
					permissions[i] = string(permission)
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.ID, p.Duty, p.Title.In("zh", ""), strings.Join(permissions, " "))
			}
			for _, s := range page.Staff {
				printPerson(t, &s.Staff, s.Current)
			}
			query.Set("cursor", page.Next)
			more = page.Next != ""
		}
		return t.Flush()
	})
}

// printPerson prints a line for each holding in force, or one without.
func printPerson(t io.Writer, s *people.Staff, current []people.Holding) {
	if len(current) == 0 {
		fmt.Fprintf(t, "%s\t%s\t\t\t\t\n", s.ID, s.Name)
	}
	for _, h := range current {
		post, until := h.Post, ""
		switch {
		case h.StandsInFor != "":
			post += " (for " + h.StandsInFor + ")"
		case h.Deputy:
			post += " (deputy)"
		}
		if !h.To.IsZero() {
			until = h.To.Local().Format(time.DateTime)
		}
		cells := strings.Join(h.Cells, " ")
		if h.Scheme != "" {
			cells = h.Scheme + ": " + cells
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.Name, post, h.Organisation, cells, until)
	}
}

type showCmd struct {
	What string `arg:"" help:"organisation, post or person." enum:"organisation,post,person"`
	ID   string `arg:"" help:"Its id."`
}

// Run prints one record.
func (cmd *showCmd) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		var record json.RawMessage
		path := map[string]string{"organisation": "/v1/organisations/", "post": "/v1/posts/", "person": "/v1/staff/"}[cmd.What]
		if err := c.Send(ctx, http.MethodGet, path+url.PathEscape(cmd.ID), nil, &record); err != nil {
			return err
		}
		return printJSON(e.Stdout, record)
	})
}

func printJSON(to io.Writer, v any) error {
	out := json.NewEncoder(to)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

type importCmd struct {
	Organisations string `help:"Table of organisations (CSV): id, title_zh, title_en, parent, level, areas, retired." type:"existingfile" placeholder:"F.csv"`
	Staff         string `help:"Table of staff (CSV), a row for each holding: id, name, post, organisation, scheme, cells, from, to, stands_in_for, deputy, left." type:"existingfile" placeholder:"F.csv"`
	JSON          string `help:"What gewu people export --json wrote, posts among it." name:"json" type:"existingfile" placeholder:"F.json"`
	DryRun        bool   `help:"Only say what would be done."`
}

// fault is what is wrong with a member of a record.
type fault struct {
	Kind, ID, Field, Value, Why string
}

// Run sends the tables and reports faults by row.
func (cmd *importCmd) Run(e *Env) error {
	if cmd.Organisations == "" && cmd.Staff == "" && cmd.JSON == "" {
		return errors.New("nothing to import: name --organisations, --staff or --json")
	}
	given, at, err := cmd.load()
	if err != nil {
		return err
	}
	return e.City(func(ctx context.Context, c Client) error {
		var done struct {
			Added, Changed, Unchanged, Failed int
			Faults                            []fault
			Seq                               uint64
		}
		path := "/v1/people"
		if cmd.DryRun {
			path += "?dry_run=true"
		}
		if err := c.Send(ctx, http.MethodPost, path, given, &done); err != nil {
			return err
		}
		for _, f := range done.Faults {
			fmt.Fprintln(e.Stderr, at.locate(f))
		}
		if done.Failed > 0 {
			fmt.Fprintf(e.Stderr, "nothing was imported: %d with faults\n", done.Failed)
			return e.Failed
		}
		would := ""
		if cmd.DryRun {
			would = "would be "
		}
		_, err := fmt.Fprintf(e.Stdout, "%s%d added, %d changed, %d unchanged\n", would, done.Added, done.Changed, done.Unchanged)
		return err
	})
}

// load reads the files.
func (cmd *importCmd) load() (given all, at places, err error) {
	at = places{}
	read := func(path string, from func(io.Reader) (places, error)) {
		if path == "" {
			return
		}
		file, failed := os.Open(path)
		if failed == nil {
			var more places
			more, failed = from(file)
			failed = errors.Join(failed, file.Close())
			maps.Copy(at, more)
		}
		err = errors.Join(err, failed)
	}
	read(cmd.JSON, func(in io.Reader) (places, error) {
		d := json.NewDecoder(in)
		d.DisallowUnknownFields()
		if err := d.Decode(&given); err != nil {
			return nil, fmt.Errorf("%s: %w", cmd.JSON, err)
		}
		return nil, nil
	})
	read(cmd.Organisations, func(in io.Reader) (places, error) {
		rows, at, err := readOrganisations(cmd.Organisations, in)
		given.Organisations = append(given.Organisations, rows...)
		return at, err
	})
	read(cmd.Staff, func(in io.Reader) (places, error) {
		rows, at, err := readStaff(cmd.Staff, in)
		given.Staff = append(given.Staff, rows...)
		return at, err
	})
	return given, at, err
}

type exportCmd struct {
	Organisations string `help:"File for the table of organisations." placeholder:"F.csv"`
	Staff         string `help:"File for the table of staff." placeholder:"F.csv"`
	JSON          string `help:"File for everything, posts among it; - is the standard output." name:"json" placeholder:"F.json"`
}

// Run writes the files.
func (cmd *exportCmd) Run(e *Env) error {
	if cmd.Organisations == "" && cmd.Staff == "" && cmd.JSON == "" {
		return errors.New("nothing to export: name --organisations, --staff or --json")
	}
	for _, path := range []string{cmd.Organisations, cmd.Staff, cmd.JSON} {
		if err := output.Guard(e.Store, path); err != nil {
			return err
		}
	}
	return e.City(func(ctx context.Context, c Client) error {
		var have all
		if err := c.Send(ctx, http.MethodGet, "/v1/people", nil, &have); err != nil {
			return err
		}
		have.Seq = 0
		return errors.Join(
			e.write(ctx, cmd.Organisations, func(to io.Writer) error { return writeOrganisations(to, have.Organisations) }),
			e.write(ctx, cmd.Staff, func(to io.Writer) error { return writeStaff(to, have.Staff) }),
			e.write(ctx, cmd.JSON, func(to io.Writer) error { return printJSON(to, have) }),
		)
	})
}

// write writes a file that is told; - is the standard output.
func (e *Env) write(ctx context.Context, path string, to func(io.Writer) error) error {
	switch path {
	case "":
		return nil
	case "-":
		return to(e.Stdout)
	}
	return output.Fill(ctx, path, to)
}
