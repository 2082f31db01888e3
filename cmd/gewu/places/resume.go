package places

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
)

// progress is what an output holds of an earlier run.
type progress struct {
	// rows are the complete ones, and end is where they end.
	rows   int
	end    int64
	header []string
}

// progressOf looks at an output: nothing is done when there is none.
func progressOf(name, format string) (progress, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return progress{}, nil
	}
	if err != nil {
		return progress{}, err
	}
	defer f.Close()
	if format == rowsJSON {
		p := progress{}
		err := eachLine(f, func(line []byte, end int64) bool {
			if !bytes.HasSuffix(line, []byte{'\n'}) {
				return false // cut off
			}
			p.rows, p.end = p.rows+1, end
			return true
		})
		return p, err
	}
	return tableProgress(f)
}

// tableProgress counts the complete rows of a table. The last one is complete when its line has ended.
func tableProgress(f *os.File) (progress, error) {
	var p, before progress
	in := csv.NewReader(f)
	in.FieldsPerRecord = -1
	for n := 0; ; n++ {
		record, err := in.Read()
		if err != nil {
			break // its end, or the middle of a row that was cut off
		}
		before = p
		if n == 0 {
			p.header = record
		} else {
			p.rows++
		}
		p.end = in.InputOffset()
	}
	last := make([]byte, 1)
	if p.end > 0 {
		if _, err := f.ReadAt(last, p.end-1); err != nil {
			return p, err
		}
		if last[0] != '\n' {
			return before, nil
		}
	}
	return p, nil
}

// eachLine calls each for every line with its end, until that says false.
func eachLine(r io.Reader, each func(line []byte, end int64) bool) error {
	in := bufio.NewReaderSize(r, 64<<10)
	end := int64(0)
	for {
		line, err := in.ReadBytes('\n')
		end += int64(len(line))
		if len(line) > 0 && !each(line, end) {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
