package audit

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gewu-city/gewu/people/audit"
	"github.com/gewu-city/gewu/server/rest"
)

// Formats of an export.
const (
	asCSV    = "csv"
	asNDJSON = "ndjson"
)

// writer writes entries in one format.
type writer interface {
	write(e *entry) error
	flush() error
}

// Export streams everything that a search finds, newest first: GET /v1/audit/export. It is noted before the first byte.
// What goes wrong after that breaks the connection, so that nobody takes a part for the whole.
func (a *API) Export(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	format := q.OneOf("format", asCSV, asNDJSON)
	query, err := a.query(r, q)
	if err != nil {
		return err
	}
	logins, err := a.Names.Logins()
	if err != nil {
		return err
	}
	a.Look(r.Context())
	if err := a.Witness(r, "audit-export", "", format); err != nil {
		return err
	}
	page, next, err := a.Book.Page(r.Context(), query, audit.Place{}, longestPage)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="audit-`+a.Now().UTC().Format("20060102T150405Z")+"."+format+`"`)
	var out writer
	buffer := bufio.NewWriterSize(a.Patient(w), 64<<10)
	if format == asCSV {
		h.Set("Content-Type", "text/csv; charset=utf-8")
		out, err = newTable(buffer)
	} else {
		h.Set("Content-Type", rest.TypeNDJSON)
		out = &lines{buffer, json.NewEncoder(buffer)}
	}
	for err == nil {
		for i := range page {
			one := a.tell(r, &page[i], logins)
			if err = out.write(&one); err != nil {
				break
			}
		}
		if next == nil || err != nil {
			break
		}
		page, next, err = a.Book.Page(r.Context(), query, *next, longestPage)
	}
	if err == nil {
		err = out.flush()
	}
	if err != nil {
		a.Logger.WarnContext(r.Context(), "export of the audit was cut off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// lines are JSON, one object in a line.
type lines struct {
	buffer *bufio.Writer
	json   *json.Encoder
}

func (l *lines) write(e *entry) error { return l.json.Encode(e) }
func (l *lines) flush() error         { return l.buffer.Flush() }

// columns are those of CSV.
var columns = []string{"seq", "kind", "id", "time", "actor", "login", "staff", "from", "action", "object", "ids", "outcome", "reason", "break_glass", "count"}

type table struct {
	buffer *bufio.Writer
	csv    *csv.Writer
}

func newTable(w *bufio.Writer) (*table, error) {
	t := &table{w, csv.NewWriter(w)}
	return t, t.csv.Write(columns)
}

func (t *table) write(e *entry) error {
	glass, count := "", ""
	if e.BreakGlass {
		glass = "true"
	}
	if e.Count > 0 {
		count = strconv.Itoa(e.Count)
	}
	row := []string{
		strconv.FormatUint(uint64(e.Seq), 10), e.Kind, e.ID, e.Time.UTC().Format(time.RFC3339Nano), e.Actor, e.Login, e.Staff, e.From,
		e.Action, e.Object, strings.Join(e.IDs, " "), e.Outcome, e.Reason, glass, count,
	}
	for i := range row {
		row[i] = cell(row[i])
	}
	return t.csv.Write(row)
}

func (t *table) flush() error {
	t.csv.Flush()
	return errors.Join(t.csv.Error(), t.buffer.Flush())
}

// cell is a text that no spreadsheet takes for a formula: causes and reasons are what people have written.
func cell(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}
