package sheet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/data/convert/xmltext"
)

// Read reads a sheet of a book. Rows without any value are left out.
func Read(_ context.Context, file *spool.File, o row.Options, out row.Sink) error {
	b, err := openBook(file)
	if err != nil {
		return err
	}
	s, err := b.choose(o.Table)
	if err != nil {
		return err
	}
	merged, err := b.merged(s.member)
	if err != nil {
		return err
	}
	r := &reader{book: b, merged: merged, out: out}
	var stop error
	err = b.parse(s.member, func(d *xmltext.Decoder) error {
		return d.Each(func(e xml.StartElement) error {
			if e.Name.Local != "sheetData" {
				return d.Skip()
			}
			return d.Each(func(e xml.StartElement) error {
				fault, err := r.row(d, e)
				stop = err
				return errors.Join(fault, err)
			})
		})
	})
	switch {
	case stop != nil:
		return stop // as the sink said it
	case err != nil:
		return err
	case r.header == nil:
		return errors.New("the sheet is empty; the first row must name the columns")
	}
	return nil
}

// area is a range of cells, rows and columns from 1.
type area struct{ left, top, right, bottom int }

// mergedCells finds the ranges of merged cells, which stand behind the rows of a sheet.
var mergedCells = regexp.MustCompile(`<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"`)

// maxMerged bounds the ranges that are kept.
const maxMerged = 100_000

// merged lists the merged cells of a sheet without parsing it: in texts a < is written otherwise.
func (b *book) merged(member string) (all []area, err error) {
	in, err := b.open(member)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // a member that was only read
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 64<<10), 1<<20)
	scanner.Split(func(text []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(text, '>'); i >= 0 {
			return i + 1, text[:i+1], nil
		}
		if atEOF || len(text) > 1<<19 {
			return len(text), nil, nil
		}
		return 0, nil, nil
	})
	for scanner.Scan() {
		tag := scanner.Bytes()
		if !bytes.Contains(tag, []byte("mergeCell ")) {
			continue
		}
		m := mergedCells.FindSubmatch(tag)
		if m == nil {
			continue
		}
		if len(all) == maxMerged {
			return nil, fmt.Errorf("%s: more than %d cells are merged", member, maxMerged)
		}
		left, top := position(string(m[1]) + string(m[2]))
		right, bottom := position(string(m[3]) + string(m[4]))
		all = append(all, area{left, top, right, bottom})
	}
	return all, scanner.Err()
}

// position is column and row of a reference such as AB12, each from 1, 0 when there is none.
func position(ref string) (column, line int) {
	i := 0
	for ; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z' && column <= maxColumns; i++ {
		column = column*26 + int(ref[i]-'A'+1)
	}
	line, err := strconv.Atoi(ref[i:])
	if err != nil || line < 0 {
		line = 0
	}
	return column, line
}

// letters is the name of a column.
func letters(column int) string {
	var b []byte
	for ; column > 0; column = (column - 1) / 26 {
		b = append([]byte{byte('A' + (column-1)%26)}, b...)
	}
	return string(b)
}

type reader struct {
	book   *book
	merged []area
	out    row.Sink
	header []string // nil while no row had a value
	line   int
	cells  []string
}

// row reads a row. fault is one of the file, err one of the sink.
func (r *reader) row(d *xmltext.Decoder, e xml.StartElement) (fault, err error) {
	r.line++
	if n, err := strconv.Atoi(xmltext.Attr(e, "r")); err == nil {
		r.line = n
	}
	if r.line > maxRows {
		return fmt.Errorf("row %d is beyond the last one a sheet can have", r.line), nil
	}
	r.cells = r.cells[:0]
	in := row.Row{Line: r.line}
	column, some := 0, false
	fault = d.Each(func(e xml.StartElement) error {
		if e.Name.Local != "c" {
			return d.Skip()
		}
		if column++; xmltext.Attr(e, "r") != "" {
			column, _ = position(xmltext.Attr(e, "r"))
		}
		if column < 1 || column > maxColumns {
			return fmt.Errorf("row %d: cell %q is beyond the last column a sheet can have", r.line, row.Shorten(xmltext.Attr(e, "r")))
		}
		text, why, err := r.cell(d, e)
		if err != nil {
			return err
		}
		if why != "" && in.Fault == nil {
			in.Fault = &data.FieldError{Field: r.name(column), Value: text, Why: why}
		}
		for len(r.cells) < column {
			r.cells = append(r.cells, "")
		}
		r.cells[column-1] = text
		some = some || text != "" || why != ""
		return nil
	})
	if fault != nil || !some {
		return fault, nil
	}
	if r.header == nil {
		return r.start()
	}
	for len(r.cells) < len(r.header) {
		r.cells = append(r.cells, "")
	}
	for i := len(r.header); i < len(r.cells) && in.Fault == nil; i++ {
		if r.cells[i] != "" {
			in.Fault = &data.FieldError{Field: "column " + letters(i+1), Value: r.cells[i], Why: "has a value, but no name in the first row"}
		}
	}
	in.Cells = r.cells[:len(r.header)]
	return nil, r.out.Row(&in)
}

// name is what messages call a column.
func (r *reader) name(column int) string {
	if column <= len(r.header) && r.header[column-1] != "" {
		return r.header[column-1]
	}
	return "column " + letters(column)
}

// start takes the current row for the names of the columns.
func (r *reader) start() (fault, err error) {
	inside := 0
	for _, a := range r.merged {
		switch {
		case a.top <= r.line && r.line <= a.bottom:
			return fmt.Errorf("row %d must name the columns, but its cells %s%d:%s%d are merged; give each column a name of its own in one row",
				r.line, letters(a.left), a.top, letters(a.right), a.bottom), nil
		case a.top > r.line:
			inside++
		}
	}
	for _, name := range r.cells {
		r.header = append(r.header, strings.TrimSpace(name))
	}
	for len(r.header) > 0 && r.header[len(r.header)-1] == "" {
		r.header = r.header[:len(r.header)-1]
	}
	if inside > 0 {
		r.out.Note(fmt.Sprintf("%d groups of cells are merged; only the first cell of each has its value", inside))
	}
	return nil, r.out.Head(row.Head{Columns: r.header})
}

// cell reads a cell: its text, or why it has none.
func (r *reader) cell(d *xmltext.Decoder, e xml.StartElement) (text, why string, err error) {
	kind := xmltext.Attr(e, "t")
	style, _ := strconv.Atoi(xmltext.Attr(e, "s"))
	formula, filled := false, false
	err = d.Each(func(e xml.StartElement) error {
		var err error
		switch e.Name.Local {
		case "v":
			filled = true
			text, err = d.Text()
		case "is":
			filled = true
			text, err = richText(d)
		default:
			formula = formula || e.Name.Local == "f"
			err = d.Skip()
		}
		return err
	})
	switch {
	case err != nil:
		return "", "", err
	case formula && !filled:
		return "", "is a formula without a result; save the book with a spreadsheet program", nil
	case !filled:
		return "", "", nil
	}
	switch kind {
	case "s":
		if i, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
			if shared, ok := r.book.sharedText(i); ok {
				return shared, "", nil
			}
		}
		return text, "is a shared text that the book does not have", nil
	case "inlineStr", "str":
		return unescape(text), "", nil
	case "b":
		return strconv.FormatBool(truth(strings.TrimSpace(text))), "", nil
	case "e":
		return text, "is an error of the spreadsheet", nil
	case "d":
		return strings.TrimSuffix(strings.TrimSuffix(text, "Z"), "T00:00:00"), "", nil
	}
	text = strings.TrimSpace(text)
	if style >= 0 && style < len(r.book.dates) && r.book.dates[style] {
		if serial, err := strconv.ParseFloat(text, 64); err == nil {
			if day, ok := r.book.moment(serial); ok {
				return day, "", nil
			}
		}
	}
	if short, ok := jsontext.NumberText([]byte(text)); ok {
		return short, "", nil
	}
	return text, "", nil
}

// moment is the date or time of a serial number: days since the end of 1899, where 1900 is taken for a leap year, or
// since 1904. Times are right to the millisecond, as in spreadsheets. It reports false for a number that is no date.
func (b *book) moment(serial float64) (string, bool) {
	const day = 24 * 60 * 60 * 1000
	if !(serial >= 0 && serial < 2_958_466) { // the year 10000
		return "", false
	}
	ms := int64(math.Round(serial * day))
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case b.from1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case ms < day:
		return time.UnixMilli(ms).UTC().Format("15:04:05.999"), true // a time of day
	case ms < 60*day:
		start = start.AddDate(0, 0, 1)
	}
	at := start.AddDate(0, 0, int(ms/day)).Add(time.Duration(ms%day) * time.Millisecond)
	if ms%day == 0 {
		return at.Format("2006-01-02"), true
	}
	return at.Format("2006-01-02T15:04:05.999"), true
}
