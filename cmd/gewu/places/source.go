package places

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gewu-city/gewu/data/convert/charset"
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
	// wrong tells what is wrong with the row of this number, from 0, empty for nothing; it forgets what it told.
	wrong func(row int) string
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

// input is where rows come from and how they are read.
type input struct {
	rowFile
	e   *Env
	enc charset.Encoding
}

func (f rowFile) input(e *Env, encoding string) (in input, err error) {
	in = input{rowFile: f, e: e}
	if encoding != "" {
		in.enc, err = charset.Lookup(encoding)
	}
	return in, err
}

// shown is what messages call the input.
func (in *input) shown() string {
	if in.name == "" {
		return "standard input"
	}
	return filepath.Base(in.name)
}

func (in *input) note(text string) { fmt.Fprintln(in.e.Stderr, in.shown()+": "+text) }

// open opens the rows behind those that are done, below their header, in UTF-8.
func (in *input) open(ctx context.Context, done span) (*source, error) {
	if in.format != rowsJSON {
		return in.openTable(ctx, done.rows)
	}
	from, end, err := in.bytes(true)
	if err != nil {
		return nil, err
	}
	text, err := charset.NewReader(from, in.enc, in.note)
	if err == nil {
		_, err = io.CopyN(io.Discard, text, done.end)
	}
	if err != nil {
		end()
		return nil, err
	}
	return &source{rows: text, close: end, wrong: func(int) string { return "" }}, nil
}

// bytes opens the input; how far it is read is shown if asked for.
func (in *input) bytes(shown bool) (from io.Reader, end func(), err error) {
	if in.name == "" {
		return in.e.Stdin, func() {}, nil
	}
	file, err := os.Open(in.name)
	if err != nil {
		return nil, nil, err
	}
	if !shown {
		return file, func() { _ = file.Close() }, nil
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	bar := in.e.Bar(filepath.Base(in.name), info.Size())
	return &counted{r: file, bar: bar}, func() {
		bar.Finish()
		_ = file.Close()
	}, nil
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
