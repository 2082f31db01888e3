package places

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/cmd/gewu/output"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/sheet"
)

// sink takes answered rows: a file of lines, which an earlier run may have begun, or a spreadsheet, which is there when
// it is complete.
type sink struct {
	// name is empty for standard output, else what is written to.
	name  string
	to    output.Target
	file  *os.File
	lines *bufio.Writer
	// book is made with the header.
	book    *sheet.Encoder
	isBook  bool
	columns []row.Column
}

// create makes the file, or goes on behind what is done in it.
func (f rowFile) create(e *Env, before progress) (*sink, error) {
	if f.name == "" {
		return &sink{lines: bufio.NewWriter(e.Stdout)}, nil
	}
	to, err := output.Find(f.name)
	if err != nil {
		return nil, err
	}
	s := &sink{name: f.name, to: to, isBook: f.format == book}
	switch {
	case to.Through:
		if s.file, err = os.OpenFile(to.Path, os.O_WRONLY, 0); err == nil {
			s.lines = bufio.NewWriterSize(s.file, 64<<10)
		}
		return s, err
	case s.isBook:
		s.file, err = os.CreateTemp(filepath.Dir(to.Path), filepath.Base(to.Path)+".part-*")
		return s, err
	}
	if s.file, err = os.OpenFile(to.Path, os.O_RDWR|os.O_CREATE, 0o644); err != nil { //nolint:gosec // a table like any other
		return nil, err
	}
	if err := s.file.Truncate(before.end); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	if _, err := s.file.Seek(before.end, io.SeekStart); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	s.lines = bufio.NewWriterSize(s.file, 64<<10)
	return s, nil
}

// close ends the output.
func (s *sink) close() error {
	if s.file == nil {
		return s.lines.Flush()
	}
	var err error
	switch {
	case !s.isBook:
		err = s.lines.Flush()
	case s.book != nil:
		err = s.book.Close()
	}
	if !s.to.Through { // which cannot be synced
		err = errors.Join(err, s.file.Sync())
	}
	err = errors.Join(err, s.file.Close())
	switch {
	case err != nil:
		err = fmt.Errorf("write %s: %w", s.name, err)
	case s.isBook && !s.to.Through:
		err = os.Rename(s.file.Name(), s.to.Path)
	}
	if err != nil {
		s.removePart()
	}
	return err
}

// removePart removes a spreadsheet that is not complete.
func (s *sink) removePart() {
	if s.isBook && !s.to.Through {
		_ = os.Remove(s.file.Name())
	}
}

// giveUp keeps the rows that came and says how to go on with them; a spreadsheet has none.
func (s *sink) giveUp(err error, n count) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the server has cut it off; its log says why")
	}
	switch {
	case s.isBook:
		if s.book != nil {
			s.book.Discard()
		}
		_ = s.file.Close()
		s.removePart()
		return err
	case s.file == nil:
		_ = s.lines.Flush()
		return err
	}
	if closed := s.close(); closed != nil {
		return errors.Join(err, closed)
	}
	return fmt.Errorf("%w; %s has %d more rows, --resume goes on behind them", err, s.name, n.rows)
}

// writeObjects writes lines of JSON as they are.
func writeObjects(answer io.Reader, out *sink) (n count, err error) {
	var failed error
	err = eachLine(answer, func(line []byte, _ int64) bool {
		if _, failed = out.lines.Write(line); failed != nil {
			return false
		}
		n.rows++
		// An answer ends with its cells, a refusal with its error.
		if bytes.HasSuffix(bytes.TrimSpace(line), []byte(`"}`)) {
			n.failed++
		}
		return true
	})
	return n, errors.Join(failed, err)
}

// writeTable writes rows of CSV, as such or into the spreadsheet. Of rows that were refused it says what is wrong with them,
// where more is known here.
func writeTable(answer io.Reader, out *sink, before progress, wrong func(row int) string) (n count, err error) {
	in := csv.NewReader(answer)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return n, err
	}
	why := slices.Index(header, "error")
	put, err := out.table(header, before)
	if err != nil {
		return n, err
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if known := wrong(n.rows); known != "" && why >= 0 && record[why] != "" {
			record[why] = known
		}
		if err := put(record); err != nil {
			return n, err
		}
		n.rows++
		if why >= 0 && record[why] != "" {
			n.failed++
		}
	}
}

// table writes the header, unless the file has it, and returns what writes rows.
func (s *sink) table(header []string, before progress) (put func([]string) error, err error) {
	if s.isBook {
		return s.startBook(header)
	}
	if before.header != nil && !slices.Equal(before.header, header) {
		return nil, fmt.Errorf("the answers have other columns than %s: the city has changed since; start anew, without --resume", s.name)
	}
	table := csv.NewWriter(s.lines)
	write := func(record []string) error {
		if err := table.Write(record); err != nil {
			return err
		}
		table.Flush() // into the buffer of the sink
		return table.Error()
	}
	if before.header != nil {
		return write, nil
	}
	return write, write(header)
}

// numeric are the columns of answers that are numbers in a spreadsheet.
var numeric = []string{"lon", "lat", "score", "radius_m"}

func (s *sink) startBook(header []string) (func([]string) error, error) {
	for _, name := range header {
		column := row.Column{Name: name, Type: data.Text}
		if slices.Contains(numeric, name) {
			column.Type = data.Number
		}
		s.columns = append(s.columns, column)
	}
	var err error
	if s.book, err = sheet.NewEncoder(s.file, row.Layout{Name: "places", Title: "places", Label: -1, Columns: s.columns}); err != nil {
		return nil, err
	}
	values := make([]data.Value, len(header))
	return func(record []string) error {
		for i, text := range record {
			values[i] = data.Value{}
			if text == "" {
				continue
			}
			if s.columns[i].Type == data.Number {
				if f, err := strconv.ParseFloat(text, 64); err == nil {
					values[i] = data.NumberValue(f)
				}
				continue
			}
			values[i] = data.TextValue(data.Text, text)
		}
		return s.book.Row(&row.Record{Values: values})
	}, nil
}
