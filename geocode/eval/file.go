package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Bounds of case files.
const (
	mostLine      = 1 << 20
	mostErrors    = 20
	mostTolerance = 100_000
)

// RowError is a wrong row of a case file. Rows are counted as lines from 1, as spreadsheets do.
type RowError struct {
	File string
	Row  int
	// Err is a [data.FieldError], or what is wrong with the row as a whole.
	Err error
}

// Error is "file: row n: what is wrong".
func (e *RowError) Error() string { return fmt.Sprintf("%s: row %d: %v", e.File, e.Row, e.Err) }

// Unwrap returns Err.
func (e *RowError) Unwrap() error { return e.Err }

// errMore ends a list of errors that is not complete.
var errMore = errors.New("there are more errors; these are the first")

// fields are the members of a case, in the order in which Write has them.
var fields = []string{"query", "class", "id", "lon", "lat", "tolerance_m", "none", "note"}

// record is a row with its values as texts.
type record map[string]string

// Read reads a case file: TSV with a header, or NDJSON if it begins with a brace. UTF-8, or UTF-16 with a mark, as
// spreadsheets save "Unicode text". name stands in messages. The error joins a [RowError] for each of the first wrong
// rows; the cases of the right rows are returned beside it.
func Read(r io.Reader, name string) ([]Case, error) {
	lines := bufio.NewScanner(transform.NewReader(r, unicode.BOMOverride(transform.Nop)))
	lines.Buffer(make([]byte, 0, 64<<10), mostLine)
	var (
		cases  []Case
		faults []error
		parse  func(line string) (record, error)
		row    int
	)
	fail := func(err error) { faults = append(faults, &RowError{name, row, err}) }
	for lines.Scan() && len(faults) < mostErrors {
		row++
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !utf8.ValidString(line) {
			fail(errors.New("is not UTF-8; save the file as UTF-8, or from a spreadsheet as Unicode text"))
			continue
		}
		if parse == nil {
			if !strings.HasPrefix(strings.TrimSpace(line), "{") {
				columns, err := readHeader(line)
				if err != nil {
					fail(err)
					break
				}
				parse = columns.parse
				continue
			}
			parse = parseObject
		}
		rec, err := parse(line)
		if err != nil {
			fail(err)
			continue
		}
		c, err := rec.toCase()
		if err != nil {
			fail(err)
			continue
		}
		c.File, c.Row = name, row
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		row++
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("is longer than %d bytes", mostLine)
		}
		fail(err)
	}
	if len(faults) >= mostErrors {
		faults = append(faults, errMore)
	}
	return cases, errors.Join(faults...)
}

// header is the names of the columns.
type header []string

func readHeader(line string) (header, error) {
	var h header
	for f := range strings.SplitSeq(line, "\t") {
		f = strings.ToLower(strings.TrimSpace(unquote(f)))
		if f != "" && !slices.Contains(fields, f) {
			return nil, &data.FieldError{Field: "header", Value: f, Why: "no such column; columns are " + strings.Join(fields, ", ") + ", with tabs between them"}
		}
		if f != "" && slices.Contains(h, f) {
			return nil, &data.FieldError{Field: "header", Value: f, Why: "stands twice"}
		}
		h = append(h, f)
	}
	if !slices.Contains(h, "query") {
		return nil, &data.FieldError{Field: "header", Value: line, Why: "wants a column query; the first line names the columns, with tabs between them"}
	}
	return h, nil
}

func (h header) parse(line string) (record, error) {
	rec := record{}
	values := strings.Split(line, "\t")
	for i, v := range values {
		v = unquote(v)
		switch {
		case i < len(h) && h[i] != "":
			rec[h[i]] = v
		case strings.TrimSpace(v) != "":
			return nil, &data.FieldError{Field: "column " + strconv.Itoa(i+1), Value: v, Why: "has no name in the header"}
		}
	}
	return rec, nil
}

// unquote takes the quotes away that spreadsheets put around values with quotes or commas.
func unquote(v string) string {
	if len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
		return v
	}
	return strings.ReplaceAll(v[1:len(v)-1], `""`, `"`)
}

// parseObject reads a line of NDJSON. Numbers and booleans may also be texts, and id a list.
func parseObject(line string) (record, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &members); err != nil {
		return nil, fmt.Errorf("is no JSON object on one line: %w", err)
	}
	rec := record{}
	for name, raw := range members {
		if !slices.Contains(fields, name) {
			return nil, &data.FieldError{Field: name, Value: string(raw), Why: "no such member; members are " + strings.Join(fields, ", ")}
		}
		value, err := plainText(raw)
		if err != nil {
			return nil, &data.FieldError{Field: name, Value: string(raw), Why: err.Error()}
		}
		rec[name] = value
	}
	return rec, nil
}

func plainText(raw json.RawMessage) (string, error) {
	var text string
	var list []string
	switch {
	case bytes.Equal(raw, []byte("null")):
		return "", nil
	case raw[0] == '{':
		return "", errors.New("is an object")
	case raw[0] == '[':
		if json.Unmarshal(raw, &list) != nil {
			return "", errors.New("is not a list of texts")
		}
		return strings.Join(list, " "), nil
	case raw[0] == '"':
		err := json.Unmarshal(raw, &text)
		return text, err
	}
	return string(raw), nil
}

// toCase checks a row: a query, and exactly one kind of truth.
func (rec record) toCase() (Case, error) {
	wrong := func(field, why string) error { return &data.FieldError{Field: field, Value: rec[field], Why: why} }
	c := Case{Query: rec["query"], Class: strings.TrimSpace(rec["class"])}
	for id := range strings.FieldsFuncSeq(rec["id"], func(r rune) bool { return r == ' ' || r == '|' || r == ';' }) {
		if layer, rest, ok := strings.Cut(id, "/"); !ok || layer == "" || rest == "" {
			return Case{}, wrong("id", "names a feature as layer/id, several with spaces between them")
		}
		c.IDs = append(c.IDs, id)
	}
	switch strings.ToLower(strings.TrimSpace(rec["none"])) {
	case "", "false", "no", "0":
	case "true", "yes", "1", "none":
		c.None = true
	default:
		return Case{}, wrong("none", "is true for a text that names no place, else empty")
	}
	if text := strings.TrimSpace(rec["tolerance_m"]); text != "" {
		var err error
		if c.ToleranceM, err = strconv.ParseFloat(text, 64); err != nil || !(c.ToleranceM > 0 && c.ToleranceM <= mostTolerance) {
			return Case{}, wrong("tolerance_m", fmt.Sprintf("is a distance in metres above 0 and up to %d", mostTolerance))
		}
	}
	if err := rec.place(&c); err != nil {
		return Case{}, err
	}
	switch {
	case c.Class == "":
		return Case{}, wrong("class", "is missing; cases are counted by class, any word will do")
	case c.None && (len(c.IDs) > 0 || c.Placed || c.ToleranceM > 0):
		return Case{}, wrong("none", "a text that names no place has no id, lon, lat or tolerance_m")
	case strings.TrimSpace(c.Query) == "" && !c.None:
		return Case{}, wrong("query", "is empty; only a text that names no place may be")
	case !c.None && len(c.IDs) == 0 && !c.Placed:
		return Case{}, wrong("id", "nothing says what is right: give id, or lon, lat and tolerance_m, or none")
	case c.Placed && c.ToleranceM == 0 && len(c.IDs) == 0:
		return Case{}, wrong("tolerance_m", "is missing: how many metres from lon, lat are right")
	case c.ToleranceM > 0 && !c.Placed:
		return Case{}, wrong("tolerance_m", "says how far from lon, lat is right, which are missing")
	}
	return c, nil
}

// place reads lon and lat.
func (rec record) place(c *Case) error {
	lon, lat := strings.TrimSpace(rec["lon"]), strings.TrimSpace(rec["lat"])
	if lon == "" && lat == "" {
		return nil
	}
	var at [2]float64
	for i, f := range []struct {
		field, text string
		most        float64
	}{{"lon", lon, 180}, {"lat", lat, 90}} {
		v, err := strconv.ParseFloat(f.text, 64)
		if err != nil || !(math.Abs(v) <= f.most) {
			why := fmt.Sprintf("is a number of degrees from -%v to %[1]v", f.most)
			switch {
			case f.text == "":
				why = "is missing beside the other one of lon and lat"
			case f.field == "lat" && math.Abs(v) <= 180 && math.Abs(at[0]) <= 90:
				why += "; lon and lat may be the other way round"
			}
			return &data.FieldError{Field: f.field, Value: f.text, Why: why}
		}
		at[i] = v
	}
	p, ok := geo.FromDegrees(at[0], at[1])
	if !ok {
		return &data.FieldError{Field: "lon", Value: lon + "," + lat, Why: "is no place"}
	}
	c.At, c.Placed = p, true
	return nil
}

// line is a case as Write writes it.
type line struct {
	Query      string       `json:"query"`
	Class      string       `json:"class"`
	ID         []string     `json:"id,omitempty"`
	Lon        *json.Number `json:"lon,omitempty"`
	Lat        *json.Number `json:"lat,omitempty"`
	ToleranceM float64      `json:"tolerance_m,omitempty"`
	None       bool         `json:"none,omitempty"`
}

// Write writes cases as NDJSON, so that Read has the same cases but for File and Row.
func Write(w io.Writer, cases []Case) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for i := range cases {
		c := &cases[i]
		l := line{Query: c.Query, Class: c.Class, ID: c.IDs, ToleranceM: c.ToleranceM, None: c.None}
		if c.Placed {
			lon, lat := json.Number(degrees(c.At.Lon())), json.Number(degrees(c.At.Lat()))
			l.Lon, l.Lat = &lon, &lat
		}
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }
