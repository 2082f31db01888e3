package places

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/sheet"
	"github.com/gewu-city/gewu/data/convert/spool"
)

// formatOf tells the format of a file by its name.
func formatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".xlsx":
		return book
	case ".ndjson", ".jsonl", ".geojsonl", ".ndgeojson":
		return rowsJSON
	}
	return rowsCSV
}

// peekFormat tells the format of standard input by its first character.
func (e *Env) peekFormat() (string, error) {
	in := bufio.NewReaderSize(e.Stdin, 64<<10)
	e.Stdin = in
	first, err := in.Peek(1)
	switch {
	case errors.Is(err, io.EOF):
		return "", errors.New("there is nothing to look for: give a text, --in FILE, or rows on standard input")
	case err != nil:
		return "", err
	case first[0] == '{':
		return rowsJSON, nil
	}
	return rowsCSV, nil
}

// source is rows on their way to the server.
type source struct {
	rows  io.Reader
	close func()
	// broken tells why the rows ended before their end, nil when they did not.
	broken func() error
}

// blame says what is wrong with the input rather than what followed from it.
func (s *source) blame(err error) error {
	if err != nil && s.broken != nil {
		if why := s.broken(); why != nil {
			return why
		}
	}
	return err
}

// open opens the rows that come after those that are done, below their header, in UTF-8.
func (f rowFile) open(ctx context.Context, e *Env, encoding string, before progress) (*source, error) {
	var enc charset.Encoding
	if encoding != "" {
		var err error
		if enc, err = charset.Lookup(encoding); err != nil {
			return nil, err
		}
	}
	if f.format == book {
		return f.openBook(ctx, e, before.rows)
	}
	note := func(text string) { fmt.Fprintln(e.Stderr, cmpName(f.name)+": "+text) }
	if f.name == "" {
		text, err := charset.NewReader(e.Stdin, enc, note)
		return &source{rows: text, close: func() {}}, err
	}
	skip := span{}
	if before.rows > 0 {
		var err error
		if skip, err = f.done(enc, before); err != nil {
			return nil, err
		}
	}
	file, err := os.Open(f.name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	bar := e.Bar(filepath.Base(f.name), info.Size())
	s := &source{close: func() {
		bar.Finish()
		_ = file.Close()
	}}
	text, err := charset.NewReader(&counted{r: file, bar: bar}, enc, note)
	if err == nil {
		s.rows, err = skip.cut(text)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func cmpName(name string) string {
	if name == "" {
		return "standard input"
	}
	return name
}

// counted is a reader whose bytes move a bar.
type counted struct {
	r    io.Reader
	bar  Bar
	read int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	c.bar.Set(c.read)
	return n, err
}

// span is what of a text is done: the header is sent again, and what follows it up to end is left out.
type span struct{ header, end int64 }

func (s span) cut(text io.Reader) (io.Reader, error) {
	if s.end == 0 {
		return text, nil
	}
	header := make([]byte, s.header)
	if _, err := io.ReadFull(text, header); err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, text, s.end-s.header); err != nil {
		return nil, err
	}
	return io.MultiReader(bytes.NewReader(header), text), nil
}

// openBook turns the rows of a spreadsheet into CSV as they are asked for.
func (f rowFile) openBook(ctx context.Context, e *Env, skip int) (*source, error) {
	file, err := os.Open(f.name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	whole, err := spool.Copy(file, false, 0)
	if err != nil {
		return nil, err
	}
	from, to := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		table := csv.NewWriter(to)
		err := sheet.Read(ctx, whole, row.Options{}, &tableOf{table: table, skip: skip, note: func(text string) { fmt.Fprintln(e.Stderr, f.name+": "+text) }})
		if err == nil {
			table.Flush()
			err = table.Error()
		}
		to.CloseWithError(err)
		if errors.Is(err, io.ErrClosedPipe) {
			err = nil // whoever read it has enough
		}
		ended <- err
	}()
	var broken error
	done := false
	wait := func() error {
		if !done {
			_ = from.Close()
			broken, done = <-ended, true
		}
		return broken
	}
	return &source{
		rows:   from,
		broken: wait,
		close: func() {
			_ = wait()
			_ = whole.Close()
		},
	}, nil
}

// tableOf writes the rows of a spreadsheet as CSV, without the first ones.
type tableOf struct {
	table *csv.Writer
	skip  int
	width int
	note  func(text string)
}

// Head implements [row.Sink].
func (t *tableOf) Head(h row.Head) error {
	t.width = len(h.Columns)
	return t.table.Write(h.Columns)
}

// Row implements [row.Sink].
func (t *tableOf) Row(r *row.Row) error {
	if t.skip > 0 {
		t.skip--
		return nil
	}
	cells := make([]string, max(t.width, len(r.Cells)))
	copy(cells, r.Cells)
	return t.table.Write(cells)
}

// Note implements [row.Sink].
func (t *tableOf) Note(text string) { t.note(text) }
