// Package codelist reads the entries of a dictionary out of a table of codes, as standards and offices publish them.
package codelist

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
)

// Options say what the columns of a table mean.
type Options struct {
	// Comma separates the columns, a comma when zero.
	Comma rune
	// Columns are names of columns by what they hold: code, parent, from, to, or the language of a title (zh, en, …).
	// Those not given are found by their usual names.
	Columns map[string]string
	// Major is a column with the titles of major classes, whose codes are the first two digits: each becomes an entry,
	// the parent of its classes.
	Major string
	// Where keeps the rows whose columns have these values.
	Where map[string]string
	// Encoding is that of the text; none is UTF-8, or GB18030 where the text looks like it, which Note hears.
	Encoding charset.Encoding
	Note     func(string)
}

// usual are the names under which columns are found, after [data.FoldName].
var usual = map[string][]string{
	"code":   {"code", "编码", "代码", "編碼", "代碼"},
	"zh":     {"zh", "titlezh", "title", "name", "名称", "名稱", "minorname", "小类名称"},
	"en":     {"en", "titleen", "english", "nameen"},
	"parent": {"parent", "parentcode", "上级编码"},
	"from":   {"from"},
	"to":     {"to"},
}

const majorDigits = 2

// table is the header of a file and what its columns mean.
type table struct {
	o       Options
	text    *charset.Reader
	header  []string
	columns map[string]int
	major   int
	where   map[int]string
}

// Read reads the entries of a table, whose first row names the columns. The error names line and column.
func Read(r io.Reader, o Options) ([]data.Term, error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	text, err := charset.NewReader(r, o.Encoding, o.Note)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(text)
	rows.FieldsPerRecord, rows.LazyQuotes = -1, true
	if o.Comma != 0 {
		rows.Comma = o.Comma
	}
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the table is empty; its first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	t := &table{o: o, header: header, text: text}
	for _, name := range header {
		if wrong := text.Wrong([]byte(name)); wrong != "" {
			return nil, fmt.Errorf("line 1, %q %s", name, wrong)
		}
	}
	if err := t.find(); err != nil {
		return nil, err
	}
	var terms []data.Term
	majors := map[string]bool{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return terms, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		if len(row) != len(header) {
			return nil, fmt.Errorf("line %d has %d columns and the first line %d", line, len(row), len(header))
		}
		if !t.kept(row) {
			continue
		}
		term, major, err := t.term(row)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if major.Code != "" && !majors[major.Code] {
			majors[major.Code] = true
			terms = append(terms, major)
		}
		terms = append(terms, term)
	}
}

// find finds the columns.
func (t *table) find() error {
	column := func(name string) (int, error) {
		i := slices.IndexFunc(t.header, func(h string) bool { return data.FoldName(h) == data.FoldName(name) })
		if i < 0 {
			return 0, fmt.Errorf("there is no column %q; the columns are %s", name, strings.Join(t.header, ", "))
		}
		return i, nil
	}
	t.columns, t.where, t.major = map[string]int{}, map[int]string{}, -1
	for what, names := range usual {
		for _, name := range names {
			if i, err := column(name); err == nil {
				t.columns[what] = i
				break
			}
		}
	}
	for what, name := range t.o.Columns {
		i, err := column(name)
		if err != nil {
			return err
		}
		t.columns[what] = i
	}
	for name, value := range t.o.Where {
		i, err := column(name)
		if err != nil {
			return err
		}
		t.where[i] = value
	}
	if t.o.Major != "" {
		i, err := column(t.o.Major)
		if err != nil {
			return err
		}
		t.major = i
	}
	if _, ok := t.columns["code"]; !ok {
		return fmt.Errorf("which column holds the codes? the columns are %s", strings.Join(t.header, ", "))
	}
	return nil
}

func (t *table) kept(row []string) bool {
	for i, value := range t.where {
		if row[i] != value {
			return false
		}
	}
	return true
}

// term reads one row, and the major class that it belongs to if there are any.
func (t *table) term(row []string) (term, major data.Term, err error) {
	term.Title = data.Title{}
	for what, i := range t.columns {
		text := strings.TrimSpace(row[i])
		if wrong := t.text.Wrong([]byte(text)); wrong != "" {
			return term, major, fmt.Errorf("column %s %s", t.header[i], wrong)
		}
		switch what {
		case "code":
			term.Code = text
		case "parent":
			term.Parent = text
		case "from":
			term.From = text
		case "to":
			term.To = text
		default:
			if text != "" {
				term.Title[what] = text
			}
		}
	}
	if term.Code == "" {
		return term, major, errors.New("has no code")
	}
	if t.major >= 0 && len(term.Code) > majorDigits && term.Parent == "" {
		term.Parent = term.Code[:majorDigits]
		major = data.Term{Code: term.Parent, Title: data.Title{"zh": strings.TrimSpace(row[t.major])}}
	}
	return term, major, nil
}
