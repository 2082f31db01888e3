package casecmd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Bar shows how far long work is.
type Bar interface {
	Set(n int64)
	Finish()
}

// CaseImport is gewu case import.
type CaseImport struct {
	person
	File     string   `arg:"" help:"Lines of JSON, CSV or XLSX; - is standard input."`
	Action   string   `help:"The way in which the cases begin." default:"report"`
	Source   string   `help:"Source of rows that name none, such as hotline." placeholder:"NAME"`
	System   string   `help:"Whose numbers the column external has. Default: the source of the row." placeholder:"NAME"`
	Edition  string   `help:"Edition of classes that name none: its key, or its year." placeholder:"KEY"`
	CRS      string   `help:"Coordinate system of lon and lat, such as EPSG:4549." name:"crs" placeholder:"CRS"`
	Map      []string `help:"What columns mean: COLUMN=FIELD; fields are external, reported, class, kind, edition, description, lon, lat, address, part, source, reporter." placeholder:"COL=FIELD,…"`
	Ignore   []string `help:"Columns to leave alone." placeholder:"COL,…"`
	Format   string   `help:"ndjson, csv or xlsx; told from the file name when not given." placeholder:"FORMAT"`
	Encoding string   `help:"Encoding of text, such as gb18030. Default: what the file says, else UTF-8, else a guess that is noted." placeholder:"NAME"`
	Table    string   `help:"Which sheet of a book." placeholder:"NAME"`
	DryRun   bool     `help:"Only report what would happen."`
	JSON     bool     `help:"Print the answer to each row as JSON, one a line." name:"json"`
}

// mostWrong bounds the wrong rows that are printed; the summary counts all.
const mostWrong = 100

// taken mirrors a line of the answer.
type taken struct {
	Row *struct {
		Row            int
		External, Case string
		Repeated       bool
		Alike          []struct{ Case string }
		Notes          []string
	}
	Wrong *struct {
		Row, Line         int
		Field, Value, Why string
	} `json:"row_error"`
	Note, Failed string
	Done         *struct {
		Rows, Taken, Repeated, Failed, Alike int
		DryRun                               bool `json:"dry_run"`
	}
}

func (c *CaseImport) params() url.Values {
	q := c.query(url.Values{"action": {c.Action}})
	for name, v := range map[string]string{
		"source": c.Source, "system": c.System, "edition": c.Edition, "crs": c.CRS, "map": strings.Join(c.Map, ","), "ignore": strings.Join(c.Ignore, ","),
		"format": c.Format, "encoding": c.Encoding, "table": c.Table,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if c.File != "-" {
		q.Set("name", filepath.Base(c.File))
	}
	if c.DryRun {
		q.Set("dry_run", "true")
	}
	return q
}

// Run sends the file, and prints wrong rows and what became of the others. It fails when a row is wrong.
func (c *CaseImport) Run(e *Env) error {
	in, size := e.Stdin, int64(-1)
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		in, size = file, info.Size()
	}
	var failed error
	err := e.City(func(ctx context.Context, cl Client) error {
		body := in
		var bar Bar
		if e.Bar != nil && !c.JSON {
			bar = e.Bar("case import", size)
			defer bar.Finish()
			body = &barred{r: in, bar: bar}
		}
		resp, err := cl.Do(ctx, http.MethodPost, "/v1/cases/import", c.params(), "application/octet-stream", body)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if bar != nil {
			bar.Finish()
		}
		failed, err = c.print(e, resp.Body)
		return err
	})
	return errors.Join(err, failed)
}

// print prints the answer; failed says that a row was wrong, or that the import ended early.
func (c *CaseImport) print(e *Env, answer io.Reader) (failed, err error) {
	in := bufio.NewReader(answer)
	wrong, ended := 0, false
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the answer broke off: send the file again, and it goes on from there: %w", err)
		}
		if c.JSON {
			if err := e.raw(line); err != nil {
				return nil, err
			}
		}
		var ev taken
		if err := json.Unmarshal(line, &ev); err != nil {
			return nil, err
		}
		switch {
		case ev.Wrong != nil:
			if wrong++; wrong <= mostWrong && !c.JSON {
				c.wrong(e, &ev)
			}
		case ev.Row != nil && !c.JSON:
			c.told(e, &ev)
		case ev.Note != "" && !c.JSON:
			fmt.Fprintln(e.Stderr, "note:", ev.Note)
		case ev.Failed != "":
			failed = errors.New(ev.Failed)
		case ev.Done != nil:
			ended = true
			if d := ev.Done; !c.JSON {
				would := ""
				if d.DryRun {
					would = " (dry run: nothing was kept)"
				}
				fmt.Fprintf(e.Stdout, "%d rows: %d taken in, %d repeated, %d wrong, %d may say a case again%s\n", d.Rows, d.Taken, d.Repeated, d.Failed, d.Alike, would)
			}
			if d := ev.Done; failed == nil && d.Failed > 0 {
				failed = e.Failed
			}
		}
	}
	if !ended {
		return nil, errors.New("the answer broke off: send the file again, and it goes on from there")
	}
	return failed, nil
}

func (c *CaseImport) wrong(e *Env, ev *taken) {
	w, at, value := ev.Wrong, "", ""
	if w.Line > 0 {
		at = fmt.Sprintf(" (line %d)", w.Line)
	}
	if w.Value != "" {
		value = fmt.Sprintf(" (value %q)", w.Value)
	}
	fmt.Fprintf(e.Stderr, "row %d%s: %s\n", w.Row, at, strings.TrimPrefix(w.Field+": "+w.Why+value, ": "))
}

// told prints of a row that is a case what somebody should look at.
func (c *CaseImport) told(e *Env, ev *taken) {
	r := ev.Row
	for _, note := range r.Notes {
		fmt.Fprintf(e.Stderr, "row %d: %s\n", r.Row, note)
	}
	if len(r.Alike) > 0 {
		var all []string
		for _, a := range r.Alike {
			all = append(all, a.Case)
		}
		fmt.Fprintf(e.Stderr, "row %d: %s may say again %s\n", r.Row, r.Case, strings.Join(all, ", "))
	}
}

// barred is a reader whose bytes move a bar.
type barred struct {
	r    io.Reader
	bar  Bar
	read int64
}

// Read implements [io.Reader].
func (b *barred) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.read += int64(n)
	b.bar.Set(b.read)
	return n, err
}
