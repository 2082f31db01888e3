package define

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/codelist"
)

// Dictionary is gewu dictionary.
type Dictionary struct {
	Create dictionaryCreateCmd `cmd:"" help:"Create a dictionary from a definition or a table of codes."`
	Alter  dictionaryAlterCmd  `cmd:"" help:"Replace a dictionary; codes that features have must stay."`
	Drop   dictionaryDropCmd   `cmd:"" help:"Drop a dictionary that no attribute names."`
	List   dictionaryListCmd   `cmd:"" help:"List the dictionaries." default:"1"`
	Show   dictionaryShowCmd   `cmd:"" help:"Print the entries of a dictionary."`
}

// dictionaryFile says where a dictionary comes from.
type dictionaryFile struct {
	File    string            `help:"Definition in TOML or JSON, or a table of codes (.csv, .tsv) whose first line names the columns." required:"" type:"existingfile" placeholder:"FILE"`
	Name    string            `help:"Name of the dictionary; the name of the file when it is a table." placeholder:"NAME"`
	Title   map[string]string `help:"Title in a language." placeholder:"LANG=TEXT" mapsep:"none"`
	Source  string            `help:"Standard, edition and licence." placeholder:"TEXT"`
	Columns map[string]string `help:"What columns of a table hold: code, parent, from, to, or the language of a title." placeholder:"WHAT=COLUMN"`
	Major   string            `help:"Column with the names of major classes, whose codes are the first two digits." placeholder:"COLUMN"`
	Where   map[string]string `help:"Keep the rows of a table in which a column has a value." placeholder:"COLUMN=VALUE" mapsep:"none"`
	// Encoding is a name that [charset.Lookup] knows.
	Encoding string `help:"Encoding of a table, for example gb18030 or big5; UTF-8 without it, or GB18030 where it looks like that." placeholder:"NAME"`
}

// load reads the dictionary.
func (cmd *dictionaryFile) load(note func(string)) (*data.Dictionary, error) {
	file, err := os.Open(cmd.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	base := filepath.Base(cmd.File)
	extension := filepath.Ext(base)
	d := &data.Dictionary{}
	switch format := strings.ToLower(strings.TrimPrefix(extension, ".")); format {
	case "csv", "tsv":
		o := codelist.Options{Columns: cmd.Columns, Major: cmd.Major, Where: cmd.Where, Note: note}
		if cmd.Encoding != "" {
			if o.Encoding, err = charset.Lookup(cmd.Encoding); err != nil {
				return nil, fmt.Errorf("--encoding: %w", err)
			}
		}
		if format == "tsv" {
			o.Comma = '\t'
		}
		d.Name = strings.TrimSuffix(base, extension)
		d.Entries, err = codelist.Read(file, o)
	default:
		if len(cmd.Columns)+len(cmd.Where)+len(cmd.Major)+len(cmd.Encoding) > 0 {
			return nil, errors.New("--columns, --where, --major and --encoding belong to tables (.csv, .tsv)")
		}
		err = convert.DecodeDefinition(file, format, d)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmd.File, err)
	}
	if cmd.Name != "" {
		d.Name = cmd.Name
	}
	if len(cmd.Title) > 0 {
		d.Title = cmd.Title
	}
	if cmd.Source != "" {
		d.Source = cmd.Source
	}
	if d.Entries == nil {
		d.Entries = []data.Term{}
	}
	if err := d.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", cmd.File, err)
	}
	return d, nil
}

type dictionaryCreateCmd struct{ dictionaryFile }

// Run creates the dictionary.
func (cmd *dictionaryCreateCmd) Run(e *Env) error {
	return cmd.send(e, e.NewCity, "created", func(*data.Dictionary) (string, string) {
		return http.MethodPost, "/v1/dictionaries"
	})
}

type dictionaryAlterCmd struct{ dictionaryFile }

// Run replaces the dictionary.
func (cmd *dictionaryAlterCmd) Run(e *Env) error {
	return cmd.send(e, e.City, "altered", func(d *data.Dictionary) (string, string) {
		return http.MethodPut, "/v1/dictionaries/" + url.PathEscape(d.Name)
	})
}

func (cmd *dictionaryFile) send(e *Env, with func(func(context.Context, Client) error) error, done string, how func(*data.Dictionary) (method, path string)) error {
	d, err := cmd.load(func(text string) { fmt.Fprintf(e.Stderr, "%s: %s\n", cmd.File, text) })
	if err != nil {
		return err
	}
	return with(func(ctx context.Context, c Client) error {
		method, path := how(d)
		if err := c.Send(ctx, method, path, d, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.Stdout, "dictionary %s %s, %d codes\n", d.Name, done, len(d.Entries))
		return err
	})
}

type dictionaryDropCmd struct {
	Name string `arg:"" help:"Name of the dictionary."`
}

// Run drops the dictionary.
func (cmd *dictionaryDropCmd) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		if err := c.Send(ctx, http.MethodDelete, "/v1/dictionaries/"+url.PathEscape(cmd.Name), nil, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.Stdout, "dictionary %s dropped\n", cmd.Name)
		return err
	})
}

type dictionaryListCmd struct{}

// Run lists the dictionaries.
func (cmd *dictionaryListCmd) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		var list struct {
			Dictionaries []struct {
				Name   string     `json:"name"`
				Title  data.Title `json:"title"`
				Source string     `json:"source"`
				Count  int        `json:"count"`
			} `json:"dictionaries"`
		}
		if err := c.Send(ctx, http.MethodGet, "/v1/dictionaries", nil, &list); err != nil {
			return err
		}
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tTITLE\tCODES\tSOURCE")
		for _, d := range list.Dictionaries {
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\n", d.Name, d.Title.In("zh", ""), d.Count, d.Source)
		}
		return t.Flush()
	})
}

type dictionaryShowCmd struct {
	Name string `arg:"" help:"Name of the dictionary."`
	JSON bool   `help:"Print it as JSON, which create and alter read."`
}

// Run prints the entries.
func (cmd *dictionaryShowCmd) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		var d data.Dictionary
		if err := c.Send(ctx, http.MethodGet, "/v1/dictionaries/"+url.PathEscape(cmd.Name), nil, &d); err != nil {
			return err
		}
		if cmd.JSON {
			out := json.NewEncoder(e.Stdout)
			out.SetIndent("", "  ")
			return out.Encode(&d)
		}
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "CODE\tPARENT\tTITLE\tEDITIONS")
		for _, term := range d.Entries {
			editions := ""
			if term.From != "" || term.To != "" {
				editions = term.From + "–" + term.To
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", term.Code, term.Parent, term.Title.In("zh", ""), editions)
		}
		return t.Flush()
	})
}
