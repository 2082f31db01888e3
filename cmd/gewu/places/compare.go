package places

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/row"
)

// span is what of an input is done: so many rows, and of lines the bytes that they take.
type span struct {
	rows int
	end  int64
}

// errOther ends what is said of an output that was made from something else.
var errOther = errors.New("it belongs to another input; give that one, or start anew without --resume")

// done compares the rows of an output with those of the input that they must come from, and finds where these end. Columns
// that the answer writes are not compared: they hold the answer. The output is not touched.
func (in *input) done(ctx context.Context, c Client, query url.Values, to rowFile, before progress) (span, error) {
	if before.rows == 0 && before.header == nil {
		return span{}, nil
	}
	out, err := os.Open(to.name)
	if err != nil {
		return span{}, err
	}
	defer out.Close()
	if in.format == rowsJSON {
		return in.sameObjects(out, before.rows)
	}
	answers, err := answerColumns(ctx, c, query)
	if err != nil {
		return span{}, err
	}
	read, end, err := in.table(false, func() {})
	if err != nil {
		return span{}, err
	}
	defer end()
	same := &sameRows{name: in.shown(), done: csv.NewReader(out), header: before.header, left: before.rows, answers: answers}
	same.done.FieldsPerRecord, same.done.ReuseRecord = -1, true
	if _, err := same.done.Read(); err != nil { // the header
		return span{}, err
	}
	if err := read(ctx, same); err != nil && !errors.Is(err, errEnough) {
		return span{}, err
	}
	return span{rows: before.rows}, in.tooFew(before.rows-same.left, before.rows)
}

// tooFew says that an output has more rows than its input.
func (in *input) tooFew(have, done int) error {
	if have < done {
		return fmt.Errorf("the output has %d rows and %s only %d: %w", done, in.shown(), have, errOther)
	}
	return nil
}

// answerColumns are the columns that the city adds to tables, whatever these are.
func answerColumns(ctx context.Context, c Client, query url.Values) ([]string, error) {
	of := url.Values{}
	for name, values := range query {
		if name != "column" {
			of[name] = values
		}
	}
	resp, err := c.Do(ctx, http.MethodPost, "/v1/geocode", of, rowsCSV, strings.NewReader("q\n"))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	header, err := csv.NewReader(resp.Body).Read()
	if err != nil {
		return nil, fmt.Errorf("the columns of an answer: %w", err)
	}
	return header[1:], nil
}

// errEnough ends reading.
var errEnough = errors.New("all that is done was seen")

// sameRows compares the rows of a table with those of the output.
type sameRows struct {
	name    string
	done    *csv.Reader
	header  []string
	left    int
	row     int
	answers []string
	columns []string
}

// Head implements [row.Sink].
func (s *sameRows) Head(h row.Head) error {
	s.columns = slices.Clone(h.Columns)
	if len(s.header) < len(s.columns) || !slices.Equal(s.header[:len(s.columns)], s.columns) {
		return fmt.Errorf("the output has other columns than %s: %w", s.name, errOther)
	}
	if s.left == 0 {
		return errEnough
	}
	return nil
}

// Row implements [row.Sink].
func (s *sameRows) Row(r *row.Row) error {
	s.row++
	record, err := s.done.Read()
	if err != nil {
		return err
	}
	cells := cellsOf(r, len(s.columns))
	for i, name := range s.columns {
		if slices.Contains(s.answers, name) {
			continue
		}
		of, in := "", ""
		if i < len(cells) {
			of = echoed(cells[i])
		}
		if i < len(record) {
			in = echoed(record[i])
		}
		if of != in {
			line := ""
			if r.Line > 0 {
				line = fmt.Sprintf(", line %d", r.Line)
			}
			return fmt.Errorf("row %d%s of %s, has %s %q, and the output %q: %w",
				s.row, line, s.name, row.Name(s.columns, i), row.Shorten(of), row.Shorten(in), errOther)
		}
	}
	if s.left--; s.left == 0 {
		return errEnough
	}
	return nil
}

// Note implements [row.Sink]. It is told when the rows are read for their answers.
func (s *sameRows) Note(string) {}

// echoed is a cell as it comes back.
func echoed(cell string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(cell, "\ufffd"), "\r\n", "\n")
}

// answerMembers are the members that an answer writes in the place of those of a line.
var answerMembers = []string{"lon", "lat", "score", "kind", "relation", "label", "place_layer", "place_id", "radius_m", "faults", "areas", "cells", "error"}

// sameObjects compares lines of JSON with those of the output.
func (in *input) sameObjects(out io.Reader, rows int) (span, error) {
	if rows == 0 {
		return span{}, nil
	}
	from, end, err := in.bytes(false)
	if err != nil {
		return span{}, err
	}
	defer end()
	text, err := charset.NewReader(from, in.enc, func(string) {})
	if err != nil {
		return span{}, err
	}
	s := span{}
	done := json.NewDecoder(out)
	var other error
	err = eachLine(text, func(line []byte, end int64) bool {
		if len(bytes.TrimSpace(line)) == 0 {
			return true
		}
		s.rows++
		s.end = end
		var answered map[string]json.RawMessage
		if other = done.Decode(&answered); other == nil {
			if why := differs(line, answered); why != "" {
				other = fmt.Errorf("row %d of %s has %s: %w", s.rows, in.shown(), why, errOther)
			}
		}
		return other == nil && s.rows < rows
	})
	if err = errors.Join(other, err); err == nil {
		err = in.tooFew(s.rows, rows)
	}
	return s, err
}

// differs says which member of a line the output has otherwise, empty when it has all.
func differs(line []byte, answered map[string]json.RawMessage) string {
	var asked map[string]json.RawMessage
	if json.Unmarshal(line, &asked) != nil {
		if answered["input"] == nil {
			return "no object, and the output one"
		}
		return ""
	}
	names := make([]string, 0, len(asked))
	for name := range asked {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if in := answered[name]; !slices.Contains(answerMembers, name) && !bytes.Equal(asked[name], in) {
			if in == nil {
				in = json.RawMessage("none")
			}
			return name + " " + row.Shorten(string(asked[name])) + ", and the output " + row.Shorten(string(in))
		}
	}
	return ""
}
