package batch

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/rest"
)

// table is the shape of a CSV stream, fixed with its header.
type table struct {
	width    int
	lon, lat int
	levels   []string
	schemes  []string
	// added are the columns of the answer, and into says which column of the input has the name of each, -1 for none. Such
	// a column stays in its place and gets the answer. replaces is set when there is one.
	added    []string
	into     []int
	replaces bool
	// line is the number of the next line; scan is how far the cutting has come in a row that has no end yet.
	line int
	scan scanner
}

// begin reads the header and writes that of the answer.
func (t *table) begin(b *stream, text []byte, end bool) (used int, ok bool, err error) {
	header, used, err := t.header(text, end)
	if header == nil || err != nil {
		return used, false, err
	}
	if t.lon, err = findColumn(header, "lon", b.Lon, lonNames); err != nil {
		return 0, false, err
	}
	if t.lat, err = findColumn(header, "lat", b.Lat, latNames); err != nil {
		return 0, false, err
	}
	t.columns(b)
	return used, true, t.writeHeader(b, header)
}

// header reads the first row, nil when it is not complete, and says how much of the text has been dealt with.
func (t *table) header(text []byte, end bool) (header []string, used int, err error) {
	if len(text) < len(byteOrderMark) && !end {
		return nil, 0, nil
	}
	if bytes.HasPrefix(text, byteOrderMark) {
		used = len(byteOrderMark)
	}
	var rows []row
	for len(rows) == 0 {
		var n int
		if rows, n = t.cutOne(nil, text[used:], end); n == 0 {
			break
		}
		used += n
	}
	switch {
	case len(rows) > 0:
	case end:
		return nil, 0, rest.Refuse(rest.BadRequest, "the body is empty; the first row names the columns")
	default:
		return nil, used, nil
	}
	if header, err = fields(rows[0]); err != nil {
		return nil, 0, rest.Refuse(rest.BadRequest, "the first row is not CSV: %s", err.Error()).Because(err)
	}
	t.width = len(header)
	return header, used, nil
}

// writeHeader finds the places of the columns that were added, and writes the names of all.
func (t *table) writeHeader(b *stream, header []string) error {
	t.added = append(t.added, "error")
	for _, name := range t.added {
		i := slices.Index(header, name)
		t.into = append(t.into, i)
		t.replaces = t.replaces || i >= 0
	}
	_, err := b.out.Write(append(appendRecord(nil, t.merge(header, t.added)), '\n'))
	return err
}

// columns finds the levels and schemes that get columns, and adds the columns.
func (t *table) columns(b *stream) {
	if b.Include&answer.Areas != 0 {
		for _, l := range b.plan.Levels {
			if !slices.Contains(t.levels, l.Name) {
				t.levels = append(t.levels, l.Name)
			}
		}
	}
	if b.Include&answer.Cells != 0 {
		for _, s := range b.plan.Schemes {
			if b.Ask.Scheme == "" || b.Ask.Scheme == s.Name {
				t.schemes = append(t.schemes, s.Name)
			}
		}
	}
	for _, level := range t.levels {
		t.added = append(t.added, level+"_code", level+"_name")
	}
	for _, scheme := range t.schemes {
		t.added = append(t.added, scheme+"_code")
		if b.Ask.Edge {
			t.added = append(t.added, scheme+"_edge_m")
		}
	}
	if b.Include&answer.Address != 0 {
		t.added = append(t.added, "address", "address_m")
	}
	if b.Include&answer.Disputes != 0 {
		t.added = append(t.added, "disputed")
	}
}

// merge is a row of the input with the columns of the answer: in the place of the input's of the same name, or behind.
func (t *table) merge(own, added []string) []string {
	row := slices.Clone(own)
	for i, field := range added {
		if at := t.into[i]; at >= 0 {
			row[at] = field
		} else {
			row = append(row, field)
		}
	}
	return row
}

// findColumn finds the column of a coordinate.
func findColumn(header []string, param, given string, usual []string) (int, error) {
	var best choice
	for i, name := range header {
		best.see(rank(name, given, usual), i, name, nil)
	}
	switch {
	case best.other != "":
		return 0, rest.Fault(rest.BadRequest, param, best.name, best.twice()+": which of the columns is meant is not clear")
	case best.worse > 0:
		return best.at, nil
	case given != "":
		return 0, rest.Fault(rest.BadRequest, param, given, "is not a column; the columns are "+rest.Shorten(strings.Join(header, ", ")))
	default:
		return 0, rest.Fault(rest.BadRequest, param, "", fmt.Sprintf("is none of the columns %s; say ?lon=<column>&lat=<column>", rest.Shorten(strings.Join(header, ", "))))
	}
}

// cut takes the complete rows; empty lines are none.
func (t *table) cut(rows []row, text []byte, end bool) ([]row, int) {
	used := 0
	for {
		more, n := t.cutOne(rows, text[used:], end)
		if n == 0 {
			return rows, used
		}
		rows, used = more, used+n
	}
}

// cutOne takes the next row, or an empty line, and returns how long it is with its end, 0 when it is not complete.
func (t *table) cutOne(rows []row, text []byte, end bool) ([]row, int) {
	n := t.scan.row(text)
	r := row{line: t.line, quoted: t.scan.quotes}
	switch {
	case n > 0:
		r.text = text[:n-1]
	case end && len(text) > 0:
		n, r.text = len(text), text
	default:
		return rows, 0
	}
	t.line++
	if r.quoted {
		t.line += bytes.Count(r.text, newline)
	}
	r.text = bytes.TrimSuffix(r.text, []byte{'\r'})
	t.scan = scanner{}
	if len(r.text) > 0 {
		rows = append(rows, r)
	}
	return rows, n
}

var newline, comma, byteOrderMark = []byte{'\n'}, []byte{','}, []byte("\ufeff")

// answer appends the answer to one row.
func (t *table) answer(w *worker, r row) {
	if r.quoted || t.replaces || !utf8.Valid(r.text) {
		t.answerSlowly(w, r)
		return
	}
	// Without quotes fields are what lies between commas, and the row can be repeated as it is.
	var lon, lat []byte
	n := 0
	for rest, more := r.text, true; more; n++ {
		var field []byte
		field, rest, more = bytes.Cut(rest, comma)
		if n == t.lon {
			lon = field
		}
		if n == t.lat {
			lat = field
		}
	}
	if n != t.width {
		t.answerSlowly(w, r)
		return
	}
	p, fault := w.place(lon, lat)
	if fault != nil {
		t.answerSlowly(w, r)
		return
	}
	w.dst = append(w.dst, r.text...)
	t.appendAnswer(w, p)
}

// record is a row as fields, false when it was refused.
func (t *table) record(w *worker, r row) ([]string, bool) {
	record, err := fields(r)
	switch {
	case err != nil:
		t.refuse(w, nil, notCSV(err, r.line))
	case len(record) != t.width:
		t.refuse(w, record, fmt.Sprintf("the row has %d fields, the header %d", len(record), t.width))
	case slices.ContainsFunc(record, invalidUTF8):
		t.refuse(w, record, "the row is not UTF-8")
	default:
		return record, true
	}
	return nil, false
}

// answerSlowly answers rows with quotes and rows that are wrong.
func (t *table) answerSlowly(w *worker, r row) {
	record, ok := t.record(w, r)
	if !ok {
		return
	}
	p, fault := w.place([]byte(record[t.lon]), []byte(record[t.lat]))
	if fault != nil {
		t.refuse(w, record, fault.Detail)
		return
	}
	t.complete(w, record, func() { t.appendAnswer(w, p) })
}

// complete appends a row and its answer, which appendAnswer appends behind a comma and ends with the line.
func (t *table) complete(w *worker, record []string, appendAnswer func()) {
	if !t.replaces {
		w.dst = appendRecord(w.dst, record)
		appendAnswer()
		return
	}
	// The columns of the answer are written, read as fields and put where they belong.
	start := len(w.dst)
	appendAnswer()
	added, err := fields(row{text: bytes.TrimSuffix(w.dst[start+1:], newline)})
	w.dst = w.dst[:start]
	if err != nil {
		t.refuse(w, record, "the answer cannot be put into the columns of the row: "+err.Error())
		return
	}
	w.dst = append(appendRecord(w.dst, t.merge(record, added)), '\n')
}

// fields are the fields of a row.
func fields(r row) ([]string, error) {
	text := string(r.text)
	if text != "" && !strings.ContainsAny(text, "\"\r\n") {
		return strings.Split(text, ","), nil // nearly every row; a reader has a buffer of 4 KiB
	}
	if strings.HasSuffix(text, "\r") {
		// It belongs to the last field: that of the line break is not in the row.
		text += "\r\n"
	}
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord = -1
	return in.Read()
}

func notCSV(err error, line int) string {
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Sprintf("line %d is not CSV: %v", line+bad.Line-1, bad.Err)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Sprintf("line %d is not CSV: %v", line, err)
}

func invalidUTF8(s string) bool { return !utf8.ValidString(s) }

// appendAnswer appends the columns of the answer.
func (t *table) appendAnswer(w *worker, p geo.Point) {
	if len(t.levels)+len(t.schemes) > 0 {
		w.Locator.Owners(w.world, w.plan, p, w.Ask.Scheme, &w.own)
	}
	for _, level := range t.levels {
		i := w.areaOf(level)
		if i < 0 {
			w.dst = append(w.dst, ",,"...)
			continue
		}
		l := &w.plan.Levels[i]
		areas, s := l.In(w.world), w.own.Areas[i].Slot
		w.dst = appendField(append(w.dst, ','), l.CodeOf(areas, s))
		w.dst = appendField(append(w.dst, ','), l.NameOf(areas, s))
	}
	for _, scheme := range t.schemes {
		t.appendCell(w, scheme, p)
	}
	if w.Include&answer.Address != 0 {
		t.appendAddress(w, p)
	}
	if w.Include&answer.Disputes != 0 {
		w.dst = appendField(append(w.dst, ','), claimants(w.Locator.Disputes(w.world, p)))
	}
	w.dst = append(w.dst, ",\n"...)
}

// areaOf is the first level of this name that owns the place, -1 if none does.
func (w *worker) areaOf(name string) int {
	for i := range w.plan.Levels {
		if w.own.Areas[i].OK && w.plan.Levels[i].Name == name {
			return i
		}
	}
	return -1
}

func (t *table) appendCell(w *worker, name string, p geo.Point) {
	i := slices.IndexFunc(w.plan.Schemes, func(s grid.Scheme) bool { return s.Name == name })
	w.dst = append(w.dst, ',')
	found := i >= 0 && w.own.Cells[i].OK
	if found {
		s := &w.plan.Schemes[i]
		w.dst = appendField(w.dst, s.CodeOf(s.In(w.world), w.own.Cells[i].Slot))
	}
	if !w.Ask.Edge {
		return
	}
	w.dst = append(w.dst, ',')
	if found {
		w.dst = answer.Number(w.dst, grid.EdgeMeters(w.plan.Schemes[i].In(w.world), w.own.Cells[i].Slot, p))
	}
}

func (t *table) appendAddress(w *worker, p geo.Point) {
	a, ok := w.plan.NearestAddress(w.world, p, w.Ask.AddressMeters)
	if !ok {
		w.dst = append(w.dst, ",,"...)
		return
	}
	w.dst = appendField(append(w.dst, ','), a.Label)
	w.dst = answer.Number(append(w.dst, ','), a.DistanceM)
}

// claimants names all who claim a place, as the attribute of a zone does; empty where nobody disputes it.
func claimants(all []grid.Dispute) string {
	var names []string
	for i := range all {
		for _, c := range all[i].Claimants {
			names = append(names, cmp.Or(c.Name, c.Code))
		}
	}
	return strings.Join(names, "；")
}

// fail answers a row that cannot be read.
func (t *table) fail(w *worker, why string) { t.refuse(w, nil, why) }

// refuse appends the answer to a row that cannot be located: its own columns as far as they are known, empty ones, and
// why.
func (t *table) refuse(w *worker, record []string, why string) {
	own := make([]string, t.width)
	copy(own, record)
	added := make([]string, len(t.added))
	added[len(added)-1] = why
	w.dst = append(appendRecord(w.dst, t.merge(own, added)), '\n')
}

func appendRecord(dst []byte, fields []string) []byte {
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendField(dst, f)
	}
	return dst
}

// appendField appends a field, quoted where CSV demands it.
func appendField(dst []byte, f string) []byte {
	if invalidUTF8(f) {
		f = strings.ToValidUTF8(f, "\uFFFD")
	}
	if !demandsQuotes(f) {
		return append(dst, f...)
	}
	dst = append(dst, '"')
	for i := range len(f) {
		if f[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, f[i])
	}
	return append(dst, '"')
}

func demandsQuotes(f string) bool {
	for i := range len(f) {
		switch f[i] {
		case ',', '"', '\r', '\n':
			return true
		}
	}
	return f == `\.` || strings.HasPrefix(f, " ")
}
