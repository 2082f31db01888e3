// Package delimited reads CSV: text with a delimiter, the first line of which names the columns.
package delimited

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
)

// longRow is the size from which cells are copied out of a row, so that a short name does not keep a long geometry in
// memory.
const longRow = 4 << 10

// Text is UTF-8 that says what is wrong with a part of it, see charset.Reader.
type Text interface {
	io.Reader
	// Wrong says why text that was read is none, empty when nothing is wrong.
	Wrong(text []byte) string
}

// Read reads text with a delimiter, zero finding it from the first line. A record that is wrong in itself is a row
// with a fault and costs only its first line.
func Read(in Text, comma rune, out row.Sink) error {
	t := &table{records: newRecords(in), in: in, out: out}
	if err := t.header(comma); err != nil {
		return err
	}
	var r row.Row
	for {
		r = row.Row{}
		if err := t.records.next(); err == nil {
			t.cut(&r)
		} else if quote, ok := errors.AsType[*quoteError](err); ok {
			r.Fault = &data.FieldError{Field: row.Name(t.columns, quote.field), Why: quote.why}
			r.Cells = []string{quote.line}
		} else if errors.Is(err, io.EOF) {
			return nil
		} else {
			return err
		}
		r.Line = t.records.at
		if err := out.Row(&r); err != nil {
			return err
		}
	}
}

type table struct {
	records *records
	in      Text
	out     row.Sink
	columns []string
	cells   []string
}

func (t *table) header(given rune) error {
	r := t.records
	comma, err := t.comma(given)
	if err != nil {
		return err
	}
	r.comma = comma
	switch err := r.next(); {
	case errors.Is(err, io.EOF):
		return errors.New("the file is empty; the first line must name the columns")
	case err != nil:
		return fmt.Errorf("line %d, which must name the columns: %w", r.at, err)
	case bytes.IndexByte(r.text, 0) >= 0:
		return fmt.Errorf("line %d has a zero byte; the file is no text, or UTF-16 without a byte order mark (--encoding utf-16le)", r.at)
	}
	if bytes.HasPrefix(r.text, []byte("!table")) {
		return errors.New("the file is of MapInfo, which is not read; convert it, for example with ogr2ogr -f GPKG new.gpkg FILE.tab")
	}
	if i := bytes.IndexByte(r.text, '\r'); i >= 0 && !bytes.HasPrefix(r.text[i:], []byte("\r\n")) {
		return errors.New("the lines end with CR alone, as old Macintosh programs wrote them; save the file with LF or CRLF")
	}
	if wrong := t.in.Wrong(r.text); wrong != "" {
		return fmt.Errorf("line %d, which must name the columns, %s", r.at, wrong)
	}
	for i := range r.spans {
		t.columns = append(t.columns, strings.TrimSpace(string(r.field(i))))
	}
	t.cells = make([]string, len(t.columns))
	return t.out.Head(row.Head{Columns: t.columns})
}

// Comma is a delimiter as one byte, a comma for zero.
func Comma(given rune) (byte, error) {
	switch {
	case given == 0:
		return ',', nil
	case given >= utf8.RuneSelf || given == '"' || given == '\n' || given == '\r':
		return 0, fmt.Errorf("%q cannot be a delimiter", given)
	}
	return byte(given), nil
}

// comma is the given delimiter, or the one that occurs most in the first line outside quotes.
func (t *table) comma(given rune) (byte, error) {
	if given != 0 {
		return Comma(given)
	}
	r := t.records
	line := r.buf[r.start : r.start+r.lineEnd(0)]
	best, most := byte(','), 0
	for _, c := range []byte(",;\t|") {
		n, inside := 0, false
		for _, d := range line {
			if d == '"' {
				inside = !inside
			}
			if d == c && !inside {
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	return best, nil
}

// copied are the fields of the current record, however many.
func (t *table) copied() []string {
	cells := make([]string, len(t.records.spans))
	for i := range cells {
		cells[i] = string(t.records.field(i))
	}
	return cells
}

// cut gives the current record its cells, or a fault.
func (t *table) cut(to *row.Row) {
	r := t.records
	if len(r.spans) != len(t.columns) {
		to.Fault = &data.FieldError{
			Why:   fmt.Sprintf("has %d fields, but the header has %d", len(r.spans), len(t.columns)),
			Value: string(r.text[:min(len(r.text), 200)]),
		}
		to.Cells = t.copied()
		return
	}
	if wrong := t.in.Wrong(r.text); wrong != "" {
		to.Fault = &data.FieldError{Why: wrong}
		for i := range r.spans {
			if f := r.field(i); t.in.Wrong(f) != "" {
				to.Fault.Field, to.Fault.Value = row.Name(t.columns, i), string(f)
				break
			}
		}
		to.Cells = t.copied()
		return
	}
	text := string(r.text)
	for i, s := range r.spans {
		t.cells[i] = text[s.from:s.to]
	}
	if len(text) > longRow {
		for i := range t.cells {
			t.cells[i] = strings.Clone(t.cells[i])
		}
	}
	to.Cells = t.cells
}
