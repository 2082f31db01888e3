package directory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// The columns of the two tables. Titles have a column for each language besides, such as title_zh.
const titleColumn = "title_"

var (
	organisationColumns = []string{"id", "parent", "level", "areas", "retired"}
	staffColumns        = []string{"id", "name", "post", "organisation", "scheme", "cells", "from", "to", "stands_in_for", "deputy", "left"}
)

// rowError is what is wrong with a row of a file.
type rowError struct {
	file               string
	row                int
	field, value, text string
}

// Error is "file, row 3, level: must match … (value …)".
func (e *rowError) Error() string {
	at := fmt.Sprintf("%s, row %d", e.file, e.row)
	if e.field != "" {
		at += ", " + e.field
	}
	if e.value != "" {
		return fmt.Sprintf("%s: %s (value %q)", at, e.text, e.value)
	}
	return at + ": " + e.text
}

// table is a file of rows below a header.
type table struct {
	file    string
	columns map[string]int
	rows    [][]string
	errs    []error
}

// readTable reads a table whose columns are some of those known. Row 1 is the header.
func readTable(file string, in io.Reader, known []string) (*table, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s: is not UTF-8; iconv -f gb18030 -t utf-8 makes a file of Chinese Windows so", file)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: is empty; its first row names the columns: %s", file, strings.Join(known, ", "))
	}
	t := &table{file: file, columns: map[string]int{}, rows: rows[1:]}
	for i, name := range rows[0] {
		name = strings.ToLower(strings.TrimSpace(name))
		_, twice := t.columns[name]
		switch {
		case twice:
			t.fault(0, name, "", "is there twice")
		case !slices.Contains(known, name) && (!slices.Contains(known, "parent") || !strings.HasPrefix(name, titleColumn)):
			t.fault(0, name, "", "is no column; there are "+strings.Join(known, ", ")+" and title_zh, title_en… of organisations")
		}
		t.columns[name] = i
	}
	if _, ok := t.columns["id"]; !ok {
		t.fault(0, "id", "", "is missing")
	}
	for i, row := range t.rows {
		if len(row) > len(rows[0]) {
			t.fault(i+1, "", strings.Join(row, ","), fmt.Sprintf("has %d fields, the header %d", len(row), len(rows[0])))
		}
	}
	return t, errors.Join(t.errs...)
}

func (t *table) fault(row int, field, value, text string) {
	t.errs = append(t.errs, &rowError{t.file, row + 1, field, value, text})
}

func (t *table) text(row int, column string) string {
	i, ok := t.columns[column]
	if !ok || i >= len(t.rows[row]) {
		return ""
	}
	return strings.TrimSpace(t.rows[row][i])
}

// time reads a time, or a date, which begins where the machine is.
func (t *table) time(row int, column string) time.Time {
	text := t.text(row, column)
	if text == "" {
		return time.Time{}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	at, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		t.fault(row+1, column, text, "must be a date like 2026-03-01 or a time like 2026-03-01T08:00:00+08:00")
	}
	return at
}

// list is a text split at semicolons.
func list(text string) (all []string) {
	for one := range strings.SplitSeq(text, ";") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// parsedArea reads "level:code@role+role#class+class", of which roles and classes may be missing.
func parsedArea(text string) (a people.AreaRef, ok bool) {
	text, classes, _ := strings.Cut(text, "#")
	text, roles, _ := strings.Cut(text, "@")
	if classes != "" {
		a.Classes = strings.Split(classes, "+")
	}
	if roles != "" {
		for role := range strings.SplitSeq(roles, "+") {
			a.Roles = append(a.Roles, people.Role(role))
		}
	}
	a.Level, a.Code, ok = strings.Cut(text, ":")
	return a, ok
}

func areaText(a *people.AreaRef) string {
	text := a.Level + ":" + a.Code
	if len(a.Roles) > 0 {
		roles := make([]string, len(a.Roles))
		for i, role := range a.Roles {
			roles[i] = string(role)
		}
		text += "@" + strings.Join(roles, "+")
	}
	if len(a.Classes) > 0 {
		text += "#" + strings.Join(a.Classes, "+")
	}
	return text
}

// readOrganisations reads a table of organisations: one a row.
func readOrganisations(file string, in io.Reader) (all []*people.Organisation, at places, err error) {
	t, err := readTable(file, in, organisationColumns)
	if err != nil {
		return nil, nil, err
	}
	at = places{}
	for row := range t.rows {
		o := &people.Organisation{ID: t.text(row, "id"), Parent: t.text(row, "parent"), Level: t.text(row, "level"), Retired: t.time(row, "retired")}
		for column := range t.columns {
			if lang, ok := strings.CutPrefix(column, titleColumn); ok && t.text(row, column) != "" {
				if o.Title == nil {
					o.Title = data.Title{}
				}
				o.Title[lang] = t.text(row, column)
			}
		}
		for _, text := range list(t.text(row, "areas")) {
			a, ok := parsedArea(text)
			if !ok {
				t.fault(row+1, "areas", text, "must be level:code, then @role+role and #class+class where needed; several are split by ;")
			}
			o.Areas = append(o.Areas, a)
		}
		all = append(all, o)
		at.add(data.AdminOrganisation, o.ID, file, row+2)
	}
	return all, at, errors.Join(t.errs...)
}

// readStaff reads a table of staff: a row for each holding; whoever has none has a row without a post.
func readStaff(file string, in io.Reader) (all []*people.Staff, at places, err error) {
	t, err := readTable(file, in, staffColumns)
	if err != nil {
		return nil, nil, err
	}
	at = places{}
	byID := map[string]*people.Staff{}
	for row := range t.rows {
		id, name, left := t.text(row, "id"), t.text(row, "name"), t.time(row, "left")
		s := byID[id]
		if s == nil {
			s = &people.Staff{ID: id, Name: name, Left: left}
			byID[id], all = s, append(all, s)
		} else {
			if name != "" && name != s.Name {
				t.fault(row+1, "name", name, fmt.Sprintf("differs from that of %s in a row above, %s", id, s.Name))
			}
			if !left.IsZero() && !left.Equal(s.Left) {
				t.fault(row+1, "left", t.text(row, "left"), "differs from that of "+id+" in a row above")
			}
		}
		at.add(data.AdminStaff, id, file, row+2)
		h := people.Holding{
			Post: t.text(row, "post"), Organisation: t.text(row, "organisation"), Scheme: t.text(row, "scheme"), Cells: list(t.text(row, "cells")),
			From: t.time(row, "from"), To: t.time(row, "to"), StandsInFor: t.text(row, "stands_in_for"),
		}
		switch deputy := t.text(row, "deputy"); deputy {
		case "", "false":
		case "true":
			h.Deputy = true
		default:
			t.fault(row+1, "deputy", deputy, "must be true, false or empty")
		}
		if h.Post == "" && h.Organisation == "" && h.Scheme == "" && len(h.Cells) == 0 {
			continue
		}
		at.hold(id, row+2)
		s.Holdings = append(s.Holdings, h)
	}
	return all, at, errors.Join(t.errs...)
}

// place is where a record stands: its file, the rows of it, and those of its holdings.
type place struct {
	file           string
	rows, holdings []int
}

// places are those of records by kind and id.
type places map[string]*place

func (p places) add(kind, id, file string, row int) {
	name := data.AdminName(kind, id)
	if p[name] == nil {
		p[name] = &place{file: file}
	}
	p[name].rows = append(p[name].rows, row)
}

func (p places) hold(id string, row int) {
	at := p[data.AdminName(data.AdminStaff, id)]
	at.holdings = append(at.holdings, row)
}

// locate is a fault of a record as one of the row that it comes from.
func (p places) locate(f fault) error {
	at := p[data.AdminName(f.Kind, f.ID)]
	if at == nil {
		return fmt.Errorf("%s %s, %s: %s (value %q)", f.Kind, f.ID, f.Field, f.Why, f.Value)
	}
	e := &rowError{at.file, at.rows[0], f.Field, f.Value, f.Why}
	var n int
	var field string
	if _, err := fmt.Sscanf(f.Field, "holdings[%d].%s", &n, &field); err == nil && n < len(at.holdings) {
		e.row, e.field = at.holdings[n], field
	}
	if strings.HasSuffix(f.Why, "named twice") && f.Field == "id" {
		e.row = at.rows[len(at.rows)-1]
	}
	return e
}

// writeOrganisations writes what readOrganisations reads.
func writeOrganisations(out io.Writer, all []*people.Organisation) error {
	langs := []string{"zh", "en"}
	for _, o := range all {
		for lang := range o.Title {
			if !slices.Contains(langs, lang) {
				langs = append(langs, lang)
			}
		}
	}
	slices.Sort(langs[2:])
	w := csv.NewWriter(out)
	header := []string{"id"}
	for _, lang := range langs {
		header = append(header, titleColumn+lang)
	}
	if err := w.Write(append(header, organisationColumns[1:]...)); err != nil {
		return err
	}
	for _, o := range all {
		row := []string{o.ID}
		for _, lang := range langs {
			row = append(row, o.Title[lang])
		}
		areas := make([]string, len(o.Areas))
		for i := range o.Areas {
			areas[i] = areaText(&o.Areas[i])
			if again, ok := parsedArea(areas[i]); !ok || areaText(&again) != areas[i] || strings.Contains(areas[i], ";") {
				return fmt.Errorf("organisation %s: area %s cannot be written in a table; export JSON", o.ID, areas[i])
			}
		}
		if err := w.Write(append(row, o.Parent, o.Level, strings.Join(areas, ";"), timeText(o.Retired))); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// writeStaff writes what readStaff reads.
func writeStaff(out io.Writer, all []*people.Staff) error {
	w := csv.NewWriter(out)
	if err := w.Write(staffColumns); err != nil {
		return err
	}
	for _, s := range all {
		holdings := s.Holdings
		if len(holdings) == 0 {
			holdings = []people.Holding{{}}
		}
		for _, h := range holdings {
			cells := strings.Join(h.Cells, ";")
			if len(list(cells)) != len(h.Cells) {
				return fmt.Errorf("person %s: cells %s cannot be written in a table; export JSON", s.ID, cells)
			}
			deputy := ""
			if h.Deputy {
				deputy = "true"
			}
			if err := w.Write([]string{s.ID, s.Name, h.Post, h.Organisation, h.Scheme, cells, timeText(h.From), timeText(h.To), h.StandsInFor, deputy, timeText(s.Left)}); err != nil {
				return err
			}
		}
	}
	w.Flush()
	return w.Error()
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
