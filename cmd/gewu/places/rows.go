package places

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

// Media types of rows, and the spreadsheets that become rows of CSV.
const (
	rowsCSV  = "text/csv"
	rowsJSON = "application/x-ndjson"
	book     = "xlsx"
)

// rows answers the rows of a file, or of standard input.
func (g *Geocode) rows(e *Env, query url.Values) error {
	query.Del("limit")
	if g.Column != "" {
		query.Set("column", g.Column)
	}
	from, to, err := g.files(e)
	if err != nil {
		return err
	}
	before := progress{}
	if g.Resume {
		if before, err = progressOf(to.name, to.format); err != nil {
			return err
		}
	}
	return e.WithCity(func(ctx context.Context, c Client) error {
		return g.answerRows(ctx, e, c, query, from, to, before)
	})
}

// rowFile is where rows come from or go to; without a name it is standard input or output.
type rowFile struct{ name, format string }

// files finds what is read and written, and refuses what does not go together.
func (g *Geocode) files(e *Env) (from, to rowFile, err error) {
	from = rowFile{g.In, formatOf(g.In)}
	if g.In == "-" {
		from.name = ""
	}
	if from.name == "" {
		if from.format, err = e.peekFormat(); err != nil {
			return from, to, err
		}
	}
	to = rowFile{g.Out, formatOf(g.Out)}
	if to.name == "" || to.name == "-" {
		to = rowFile{"", from.format}
		if to.format == book {
			to.format = rowsCSV
		}
	}
	if (from.format == rowsJSON) != (to.format == rowsJSON) {
		return from, to, errors.New("objects stay objects and tables stay tables: give --in and --out both NDJSON (.ndjson, .jsonl), or both CSV or .xlsx")
	}
	switch {
	case !g.Resume:
	case to.name == "" || from.name == "":
		return from, to, errors.New("--resume goes on with a file: give --in and --out")
	case to.format == book:
		return from, to, errors.New("--resume goes on with CSV or NDJSON: a spreadsheet is written when all rows are answered")
	}
	if from.name != "" && to.name != "" {
		a, err := os.Stat(from.name)
		if err != nil {
			return from, to, err
		}
		if b, err := os.Stat(to.name); err == nil && os.SameFile(a, b) {
			return from, to, fmt.Errorf("%s is the input itself; choose another file for --out", to.name)
		}
	}
	return from, to, e.MayWrite(to.name)
}

// answerRows sends the rows behind those that are done, and writes the answers.
func (g *Geocode) answerRows(ctx context.Context, e *Env, c Client, query url.Values, from, to rowFile, before progress) error {
	input, err := from.input(e, g.Encoding)
	if err != nil {
		return err
	}
	done, err := input.done(ctx, c, query, to, before)
	if err != nil {
		return err
	}
	in, err := input.open(ctx, done)
	if err != nil {
		return err
	}
	defer in.close()
	kind := from.format
	if kind == book {
		kind = rowsCSV
	}
	resp, err := c.Do(ctx, http.MethodPost, "/v1/geocode", query, kind, in.rows)
	if err != nil {
		return in.blame(err)
	}
	defer resp.Body.Close()
	out, err := to.create(e, before)
	if err != nil {
		return err
	}
	n, err := writeRows(resp.Body, kind, out, before, in.wrong)
	if err = in.blame(err); err != nil {
		return out.giveUp(err, n)
	}
	if err := out.close(); err != nil {
		return err
	}
	if to.name != "" {
		done := ""
		if before.rows > 0 {
			done = fmt.Sprintf(" after %d that were done", before.rows)
		}
		failed := ""
		if n.failed > 0 {
			failed = fmt.Sprintf(", %d without a place: see error", n.failed)
		}
		fmt.Fprintf(e.Stderr, "%d rows answered%s%s\n", n.rows, done, failed)
	}
	return nil
}

// count is how many rows were written, and how many of them have no place.
type count struct{ rows, failed int }

// writeRows writes an answer. An error leaves what came before it written.
func writeRows(answer io.Reader, kind string, out *sink, before progress, wrong func(row int) string) (count, error) {
	if kind == rowsJSON {
		return writeObjects(answer, out)
	}
	return writeTable(answer, out, before, wrong)
}
