package class

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
)

// columns are the names that a table of limits may call its columns by, the first of each ours.
var columns = map[string][]string{
	"code":    {"code", "小类代码", "代码"},
	"kind":    {"kind", "类型"},
	"filing":  {"filing_condition", "filing", "立案条件"},
	"limit":   {"limit", "处置时限", "时限"},
	"unit":    {"unit", "单位"},
	"closing": {"closing_condition", "closing", "结案条件"},
}

// RowError is a row of a table that cannot be read.
type RowError struct {
	// Line of the file, from 1.
	Line int
	Err  error
}

// Error is "line 7: " and what is wrong.
func (e *RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap is what is wrong.
func (e *RowError) Unwrap() error { return e.Err }

// ReadLimits reads the table of limits of a city, in CSV or with tabs: a row of names (code, kind, filing_condition, limit,
// unit, closing_condition, or 小类代码, 类型, 立案条件, 处置时限, 单位, 结案条件), then a row for each limit, of classes of one
// edition. The limit may hold its unit (2工作日), and then there need be no column for it. Rows that cannot be read are
// returned beside the others, each as a *RowError; the error is that of a table without the columns, or of the reader.
func ReadLimits(r io.Reader, edition string) (rows []Row, wrong []*RowError, err error) {
	text, err := io.ReadAll(io.LimitReader(r, 16<<20))
	if err != nil {
		return nil, nil, err
	}
	next := records(strings.TrimPrefix(string(text), "\ufeff"))
	head, _, err := next()
	if err != nil {
		return nil, nil, fmt.Errorf("the row of names: %w", err)
	}
	at := map[string]int{}
	for column, names := range columns {
		at[column] = slices.IndexFunc(head, func(name string) bool { return slices.Contains(names, strings.TrimSpace(name)) })
	}
	for _, column := range []string{"code", "kind", "limit"} {
		if at[column] < 0 {
			return nil, nil, bad(column, strings.Join(head, ", "), "is missing among the names of the columns: "+strings.Join(columns[column], ", "))
		}
	}
	for {
		field, line, err := next()
		if errors.Is(err, io.EOF) {
			return rows, wrong, nil
		}
		var row Row
		if err == nil {
			row, err = readLimit(field, at, edition)
		}
		if err != nil {
			wrong = append(wrong, &RowError{Line: line, Err: err})
			continue
		}
		rows = append(rows, row)
	}
}

// records reads the rows of a text one by one, with their lines. Where its first line has tabs they are between the fields,
// and quotes are no more than quotes; else it is CSV.
func records(text string) func() ([]string, int, error) {
	if head, _, _ := strings.Cut(text, "\n"); strings.Contains(head, "\t") {
		line := 0
		return func() ([]string, int, error) {
			for text != "" {
				var row string
				row, text, _ = strings.Cut(text, "\n")
				line++
				if row = strings.TrimSuffix(row, "\r"); row != "" {
					return strings.Split(row, "\t"), line, nil
				}
			}
			return nil, line, io.EOF
		}
	}
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord = -1
	return func() ([]string, int, error) {
		field, err := in.Read()
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, broken.StartLine, broken.Err
		}
		if err != nil {
			return nil, 0, err
		}
		line, _ := in.FieldPos(0)
		return field, line, nil
	}
}

func readLimit(field []string, at map[string]int, edition string) (Row, error) {
	get := func(column string) string {
		if i := at[column]; i >= 0 && i < len(field) {
			return strings.TrimSpace(field[i])
		}
		return ""
	}
	row := Row{Key: catalogue.Key{Edition: edition, Code: get("code")}, Source: "city"}
	switch get("kind") {
	case "part", "部件":
		row.Key.Kind = catalogue.Part
	case "event", "事件", "事项":
		row.Key.Kind = catalogue.Event
	default:
		return row, bad("kind", get("kind"), "must be part or event, 部件 or 事件")
	}
	if row.Key.Code == "" {
		return row, bad("code", "", "is missing")
	}
	limit := get("limit")
	if _, err := strconv.ParseFloat(limit, 64); err == nil {
		limit += " " + get("unit")
	}
	var err error
	if row.Limit, err = calendar.ParseLimit(limit); err != nil {
		return row, err
	}
	for column, into := range map[string]*data.Title{"filing": &row.Filing, "closing": &row.Closing} {
		if text := get(column); text != "" {
			*into = data.Title{"zh": text}
		}
	}
	return row, nil
}
