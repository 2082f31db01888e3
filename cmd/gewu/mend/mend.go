// Package mend writes the wrong rows of an import to a file in which they can be mended and from which they can be
// imported again.
package mend

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cmd/gewu/output"
	"github.com/gewu-city/gewu/data/convert"
)

// The columns that are added to those of the rows. Importing the file again does not need them taken away: they match no
// attribute.
const (
	columnRow = "import_row"
	columnWhy = "import_error"
)

// File collects wrong rows. Rows with cells become CSV with the columns of their files and the reason; features of
// GeoJSON become lines of GeoJSON with the reason as a member, in a file of their own when there are both. The rows wait
// in a file beside it until all columns are known, so that memory does not grow with them. It belongs to one goroutine.
type File struct {
	name string
	to   output.Target
	wait *os.File
	out  *json.Encoder
	// columns are those of all rows, in the order in which they appeared.
	columns []string
	cells   int
	lines   int
}

// Create begins a file. Nothing has its name before Close. A file that has the name already must be one of wrong rows:
// others are no one's to replace.
func Create(name string) (*File, error) {
	to, err := output.Find(name)
	if err != nil {
		return nil, err
	}
	beside := filepath.Dir(to.Path)
	if to.Through {
		beside = "" // where temporary files lie: nothing else belongs beside a device
	} else if ours, err := written(to.Path); err != nil {
		return nil, err
	} else if !ours {
		return nil, fmt.Errorf("%s is there already and holds something else than wrong rows; choose another name for them", name)
	}
	wait, err := os.CreateTemp(beside, ".gewu-errors-*")
	if err != nil {
		return nil, err
	}
	return &File{name: name, to: to, wait: wait, out: json.NewEncoder(wait)}, nil
}

// written reports whether a name is free or that of a file of wrong rows.
func written(name string) (bool, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, 1<<20)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.Contains(line, columnWhy), err
}

// Add takes a wrong row.
func (f *File) Add(e *convert.RowError) error {
	if e.Source == nil {
		// Of a row that is wrong beside others only the id is known.
		bare := *e
		bare.Source = &convert.Source{}
		if e.Field == "id" {
			bare.Source = &convert.Source{Columns: []string{"id"}, Cells: []string{e.Value}}
		}
		e = &bare
	}
	if e.Source.Feature != nil {
		f.lines++
	} else {
		f.cells++
		for i := range max(len(e.Source.Columns), len(e.Source.Cells)) {
			if name := column(e.Source, i); !slices.Contains(f.columns, name) {
				f.columns = append(f.columns, name)
			}
		}
	}
	return f.out.Encode(e)
}

// column is the name of column i of a row; rows may have more cells than their file has columns.
func column(s *convert.Source, i int) string {
	if i < len(s.Columns) && s.Columns[i] != "" {
		return s.Columns[i]
	}
	return "column " + strconv.Itoa(i+1)
}

// Discard ends without a file.
func (f *File) Discard() { _ = errors.Join(f.wait.Close(), os.Remove(f.wait.Name())) }

// Close writes the files and returns their names; without a wrong row there is none, and one that was there from an
// earlier import is removed.
func (f *File) Close() (names []string, err error) {
	defer f.Discard()
	for _, part := range []struct {
		name  string
		rows  int
		write func(io.Writer) error
	}{{f.csvName(), f.cells, f.writeCSV}, {f.linesName(), f.lines, f.writeLines}} {
		if part.rows == 0 {
			if part.name == f.name && f.cells+f.lines == 0 && !f.to.Through {
				if err := os.Remove(f.to.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
					return names, err
				}
			}
			continue
		}
		if err := output.Fill(context.Background(), part.name, part.write); err != nil {
			return names, err
		}
		names = append(names, part.name)
	}
	return names, nil
}

// endings of names that mean lines of GeoJSON.
var endings = []string{".geojsonl", ".geojsons", ".geojsonseq", ".ndjson", ".jsonl"}

func (f *File) isLines() bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(strings.ToLower(f.name), e) })
}

func (f *File) csvName() string {
	if f.isLines() && !f.to.Through {
		return f.name + ".csv"
	}
	return f.name
}

func (f *File) linesName() string {
	// A device or a pipe takes both.
	if f.isLines() || f.to.Through {
		return f.name
	}
	return strings.TrimSuffix(f.name, ".csv") + ".geojsonl"
}

// each reads the rows back.
func (f *File) each(do func(*convert.RowError) error) error {
	rows := json.NewDecoder(io.NewSectionReader(f.wait, 0, 1<<62))
	for {
		var e convert.RowError
		if err := rows.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := do(&e); err != nil {
			return err
		}
	}
}

func (f *File) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	place := map[string]int{}
	for i, name := range f.columns {
		place[name] = i
	}
	if err := out.Write(append(slices.Clone(f.columns), columnRow, columnWhy)); err != nil {
		return err
	}
	err := f.each(func(e *convert.RowError) error {
		if e.Source.Feature != nil {
			return nil
		}
		cells := make([]string, len(f.columns)+2)
		for i, cell := range e.Source.Cells {
			cells[place[column(e.Source, i)]] = cell
		}
		where := *e
		where.File, where.Source = "", nil
		cells[len(f.columns)], cells[len(f.columns)+1] = at(e), strings.TrimPrefix(where.Error(), prefix(&where))
		return out.Write(cells)
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// at says which row of which file it is.
func at(e *convert.RowError) string {
	if e.File == "" {
		return strconv.Itoa(e.Row)
	}
	return e.File + ":" + strconv.Itoa(e.Row)
}

// prefix is the beginning of the text of an error that says which row it is.
func prefix(e *convert.RowError) string {
	text := e.Error()
	if i := strings.Index(text, ": "); i >= 0 {
		return text[:i+2]
	}
	return ""
}

func (f *File) writeLines(w io.Writer) error {
	return f.each(func(e *convert.RowError) error {
		if e.Source.Feature == nil {
			return nil
		}
		where := *e
		where.Source = nil
		why, err := json.Marshal(where.Error())
		if err != nil {
			return err
		}
		line := slices.Clone([]byte(e.Source.Feature))
		// The member goes behind the brace of the object; a value that is none stays as it is.
		if i := slices.Index(line, '{'); i >= 0 {
			member := append(append([]byte(`"`+columnWhy+`":`), why...), ',')
			if strings.TrimSpace(string(line[i+1:])) == "}" {
				member = member[:len(member)-1]
			}
			line = slices.Insert(line, i+1, member...)
		}
		_, err = w.Write(append(line, '\n'))
		return err
	})
}
