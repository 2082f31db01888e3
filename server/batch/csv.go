package batch

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/server/rest"
)

// table is the shape of a CSV stream, fixed with its header.
type table struct {
	b               *stream
	width           int
	lon, lat        int
	levels, schemes []string
}

// csv answers rows of comma-separated values.
func (b *stream) csv() error {
	in := csv.NewReader(bufio.NewReaderSize(b.in, streamBuffer))
	in.FieldsPerRecord = -1
	header, err := in.Read()
	switch {
	case errors.Is(err, io.EOF):
		return rest.Refuse(rest.BadRequest, "the body is empty; the first row names the columns")
	case errors.Is(err, errRowTooLong):
		return rest.Refuse(rest.BadRequest, "%s", b.tooLong())
	case errors.As(err, new(*csv.ParseError)):
		return rest.Refuse(rest.BadRequest, "the first row is not CSV: %s", err.Error()).Because(err)
	case err != nil:
		return err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	t := &table{b: b, width: len(header)}
	if t.lon, err = findColumn(header, "lon", b.Lon, lonNames); err != nil {
		return err
	}
	if t.lat, err = findColumn(header, "lat", b.Lat, latNames); err != nil {
		return err
	}
	t.levels, t.schemes = b.columns()
	b.answer = t.answer
	if _, err := b.out.Write(t.header(header)); err != nil {
		return err
	}
	b.in.mark = b.in.read
	for {
		from := in.InputOffset()
		record, err := in.Read()
		next := row{record: record}
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errRowTooLong):
			return b.take(row{why: b.tooLong()}, 0)
		case errors.As(err, &bad):
			next = row{why: fmt.Sprintf("line %d is not CSV: %v", bad.Line, bad.Err)}
		case err != nil:
			return err
		}
		if err := b.take(next, int(in.InputOffset()-from)); err != nil {
			return err
		}
	}
}

// header is the header of the answer.
func (t *table) header(own []string) []byte {
	line := appendRecord(nil, own)
	for _, level := range t.levels {
		line = append(line, ","+level+"_code,"+level+"_name"...)
	}
	for _, scheme := range t.schemes {
		line = append(line, ","+scheme+"_code"...)
	}
	return append(line, ",address,address_m,error\n"...)
}

// findColumn finds the column of a coordinate.
func findColumn(header []string, param, given string, usual []string) (int, error) {
	i := slices.IndexFunc(header, func(name string) bool { return isCoordinate(name, given, usual) })
	switch {
	case i >= 0:
		return i, nil
	case given != "":
		return 0, rest.Fault(rest.BadRequest, param, given, "is not a column; the columns are "+rest.Shorten(strings.Join(header, ", ")))
	default:
		return 0, rest.Fault(rest.BadRequest, param, "", fmt.Sprintf("is none of the columns %s; say ?lon=<column>&lat=<column>", rest.Shorten(strings.Join(header, ", "))))
	}
}

// columns are the levels and schemes that get columns.
func (b *stream) columns() (levels, schemes []string) {
	plan := b.Locator.Plan(b.world)
	for _, l := range plan.Levels {
		if !slices.Contains(levels, l.Name) {
			levels = append(levels, l.Name)
		}
	}
	for _, sc := range plan.Schemes {
		if b.Scheme == "" || b.Scheme == sc.Name {
			schemes = append(schemes, sc.Name)
		}
	}
	return levels, schemes
}

// answer appends the answer to one row.
func (t *table) answer(dst []byte, r *row) []byte {
	switch {
	case r.why != "":
		return t.fail(dst, nil, r.why)
	case len(r.record) != t.width:
		return t.fail(dst, r.record, fmt.Sprintf("the row has %d fields, the header %d", len(r.record), t.width))
	case slices.ContainsFunc(r.record, invalidUTF8):
		return t.fail(dst, r.record, "the row is not UTF-8")
	}
	loc, fault := t.b.locate(r.record[t.lon], r.record[t.lat])
	if fault != nil {
		return t.fail(dst, r.record, fault.Detail)
	}
	return t.appendAnswer(appendRecord(dst, r.record), &loc)
}

func invalidUTF8(s string) bool { return !utf8.ValidString(s) }

// appendAnswer appends the columns of the answer.
func (t *table) appendAnswer(dst []byte, loc *grid.Location) []byte {
	for _, level := range t.levels {
		i := slices.IndexFunc(loc.Areas, func(a grid.Area) bool { return a.Level == level })
		if i < 0 {
			dst = append(dst, ",,"...)
			continue
		}
		dst = appendField(append(dst, ','), loc.Areas[i].Code)
		dst = appendField(append(dst, ','), loc.Areas[i].Name)
	}
	for _, scheme := range t.schemes {
		dst = append(dst, ',')
		if i := slices.IndexFunc(loc.Cells, func(c grid.Cell) bool { return c.Scheme == scheme }); i >= 0 {
			dst = appendField(dst, loc.Cells[i].Code)
		}
	}
	if loc.Address == nil {
		return append(dst, ",,,\n"...)
	}
	dst = appendField(append(dst, ','), loc.Address.Label)
	dst = append(append(dst, ','), formatNumber(loc.Address.DistanceM)...)
	return append(dst, ",\n"...)
}

// fail appends the answer to a row that cannot be located: its own columns as far as they are known, empty ones, and
// why.
func (t *table) fail(dst []byte, record []string, why string) []byte {
	own := make([]string, t.width)
	copy(own, record)
	dst = appendRecord(dst, own)
	for range 2*len(t.levels) + len(t.schemes) + 2 {
		dst = append(dst, ',')
	}
	return append(appendField(append(dst, ','), why), '\n')
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
	if !strings.ContainsAny(f, ",\"\r\n") && f != `\.` && !strings.HasPrefix(f, " ") {
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
