package server

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/grid"
)

// csv answers rows of comma-separated values. The columns of the answer are fixed with the header.
func (b *rowStream) csv(h http.Header) error {
	in := csv.NewReader(bufio.NewReaderSize(b.in, streamBuffer))
	in.ReuseRecord, in.FieldsPerRecord = true, -1
	header, err := in.Read()
	switch {
	case errors.Is(err, io.EOF):
		return refuse(badRequest, "the body is empty; the first row names the columns")
	case errors.Is(err, errRowTooLong):
		return refuse(badRequest, "%s", b.tooLong())
	case errors.As(err, new(*csv.ParseError)):
		return refuse(badRequest, "the first row is not CSV: %s", err.Error()).because(err)
	case err != nil:
		return err
	}
	header = slices.Clone(header)
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	lon, err := findColumn(header, "lon", b.lon, lonNames)
	if err != nil {
		return err
	}
	lat, err := findColumn(header, "lat", b.lat, latNames)
	if err != nil {
		return err
	}
	levels, schemes := b.columns()
	h.Set("Content-Type", typeCSV+"; charset=utf-8; header=present")
	b.line = appendRecord(b.line[:0], header)
	for _, level := range levels {
		b.line = append(b.line, ","+level+"_code,"+level+"_name"...)
	}
	for _, scheme := range schemes {
		b.line = append(b.line, ","+scheme+"_code"...)
	}
	b.line = append(b.line, ",address,address_m,error\n"...)
	b.in.mark = b.in.read
	for {
		if _, err := b.out.Write(b.line); err != nil {
			return err
		}
		record, err := in.Read()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errRowTooLong):
			b.line = b.failedRow(nil, len(header), levels, schemes, b.tooLong())
			_, err := b.out.Write(b.line)
			return err
		case errors.As(err, &bad):
			b.next()
			b.line = b.failedRow(nil, len(header), levels, schemes, fmt.Sprintf("line %d is not CSV: %v", bad.Line, bad.Err))
			continue
		case err != nil:
			return err
		}
		b.next()
		b.line = b.csvRow(record, len(header), lon, lat, levels, schemes)
	}
}

// findColumn finds the column of a coordinate.
func findColumn(header []string, param, given string, usual []string) (int, error) {
	i := slices.IndexFunc(header, func(name string) bool { return isCoordinate(name, given, usual) })
	switch {
	case i >= 0:
		return i, nil
	case given != "":
		return 0, fieldFault(badRequest, param, given, "is not a column; the columns are "+shorten(strings.Join(header, ", ")))
	default:
		return 0, fieldFault(badRequest, param, "", fmt.Sprintf("is none of the columns %s; say ?lon=<column>&lat=<column>", shorten(strings.Join(header, ", "))))
	}
}

// columns are the levels and schemes that get columns.
func (b *rowStream) columns() (levels, schemes []string) {
	plan := b.s.cfg.Locator.Plan(b.world)
	for _, l := range plan.Levels {
		if !slices.Contains(levels, l.Name) {
			levels = append(levels, l.Name)
		}
	}
	for _, sc := range plan.Schemes {
		if b.scheme == "" || b.scheme == sc.Name {
			schemes = append(schemes, sc.Name)
		}
	}
	return levels, schemes
}

func (b *rowStream) csvRow(record []string, width, lon, lat int, levels, schemes []string) []byte {
	if len(record) != width {
		return b.failedRow(record, width, levels, schemes, fmt.Sprintf("the row has %d fields, the header %d", len(record), width))
	}
	if !slices.ContainsFunc(record, invalidUTF8) {
		loc, fault := b.locate(record[lon], record[lat])
		if fault != nil {
			return b.failedRow(record, width, levels, schemes, fault.detail)
		}
		return appendAnswer(appendRecord(b.line[:0], record), &loc, levels, schemes)
	}
	return b.failedRow(record, width, levels, schemes, "the row is not UTF-8")
}

func invalidUTF8(s string) bool { return !utf8.ValidString(s) }

// appendAnswer appends the columns of the answer.
func appendAnswer(dst []byte, loc *grid.Location, levels, schemes []string) []byte {
	for _, level := range levels {
		i := slices.IndexFunc(loc.Areas, func(a grid.Area) bool { return a.Level == level })
		if i < 0 {
			dst = append(dst, ",,"...)
			continue
		}
		dst = appendField(append(dst, ','), loc.Areas[i].Code)
		dst = appendField(append(dst, ','), loc.Areas[i].Name)
	}
	for _, scheme := range schemes {
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

// failedRow is the answer to a row that cannot be located: its own columns as far as they are known, empty ones, and
// why.
func (b *rowStream) failedRow(record []string, width int, levels, schemes []string, why string) []byte {
	own := make([]string, width)
	copy(own, record)
	line := appendRecord(b.line[:0], own)
	for range 2*len(levels) + len(schemes) + 2 {
		line = append(line, ',')
	}
	return append(appendField(append(line, ','), why), '\n')
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
