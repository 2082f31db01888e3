package places

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/delimited"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/sheet"
	"github.com/gewu-city/gewu/data/convert/spool"
)

// openTable turns the rows of a table into plain CSV as they are asked for, as an import reads them: in any encoding, with
// any usual separator, a row that is wrong costing itself only.
func (in *input) openTable(ctx context.Context, skip int) (*source, error) {
	out, to := io.Pipe()
	t := &tableOf{table: csv.NewWriter(to), skip: skip, note: in.note}
	read, end, err := in.table(true, func() { t.table.Flush() })
	if err != nil {
		return nil, err
	}
	ended, gone := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(gone)
		err := read(ctx, t)
		if err == nil {
			t.table.Flush()
			err = t.table.Error()
		}
		if errors.Is(err, io.ErrClosedPipe) {
			err = nil // whoever read it has enough
		}
		ended <- err
		to.CloseWithError(err)
	}()
	s := &source{rows: out, wrong: t.wrong}
	var broken error
	s.broken = func() error {
		select {
		case broken = <-ended:
		default: // it still reads, or has told already
		}
		return broken
	}
	s.close = func() {
		_ = out.Close()
		if in.name != "" { // nobody knows when standard input ends
			<-gone
		}
		end()
	}
	return s, nil
}

// table returns what reads the rows of a table, once. before is called where the rest of the file may be waited for.
func (in *input) table(shown bool, before func()) (read func(context.Context, row.Sink) error, end func(), err error) {
	if in.format == book {
		file, err := os.Open(in.name)
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		whole, err := spool.Copy(file, false, 0)
		if err != nil {
			return nil, nil, err
		}
		return func(ctx context.Context, to row.Sink) error { return sheet.Read(ctx, whole, row.Options{}, to) }, func() { _ = whole.Close() }, nil
	}
	from, end, err := in.bytes(shown)
	if err != nil {
		return nil, nil, err
	}
	return func(_ context.Context, to row.Sink) error {
		text, err := charset.NewReader(&reading{from, before}, in.enc, to.Note)
		if err != nil {
			return err
		}
		return delimited.Read(text, 0, to)
	}, end, nil
}

// reading is a reader that says when it is about to read: rows that are there go on their way before the next are waited for.
type reading struct {
	io.Reader
	before func()
}

func (r *reading) Read(p []byte) (int, error) {
	r.before()
	return r.Reader.Read(p)
}

// tableOf writes the rows of a table as CSV, without the first ones. The server refuses rows that are wrong by their width;
// why they are is known here.
type tableOf struct {
	table *csv.Writer
	skip  int
	width int
	note  func(text string)

	sent   int
	mu     sync.Mutex
	faults map[int]string // by the number of a row on its way
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
	if r.Fault != nil {
		t.mu.Lock()
		if t.faults == nil {
			t.faults = map[int]string{}
		}
		t.faults[t.sent] = faultOf(r)
		t.mu.Unlock()
	}
	t.sent++
	return t.table.Write(cellsOf(r, t.width))
}

// Note implements [row.Sink].
func (t *tableOf) Note(text string) { t.note(text) }

// wrong is what is wrong with a row.
func (t *tableOf) wrong(row int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	why := t.faults[row]
	delete(t.faults, row)
	return why
}

func faultOf(r *row.Row) string {
	where := ""
	if r.Line > 0 {
		where = fmt.Sprintf("line %d: ", r.Line)
	}
	if r.Fault.Field != "" {
		where += r.Fault.Field + " "
	}
	return where + r.Fault.Why
}

// cellsOf are the cells of a row, as many as the header has, and of one that cannot be read more or fewer.
func cellsOf(r *row.Row, width int) []string {
	n := max(width, len(r.Cells))
	if r.Fault != nil {
		n = len(r.Cells)
		if width == 1 {
			n = 2 // one alone would be a text like any other
		}
	}
	cells := make([]string, n)
	copy(cells, r.Cells)
	return cells
}
