package intake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/delimited"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/sheet"
	"github.com/gewu-city/gewu/data/convert/spool"
)

// The formats that reports come in; lines of JSON are the house's GeoJSONSeq by their media type.
const (
	formatCSV    = convert.CSV
	formatXLSX   = convert.XLSX
	formatNDJSON = "ndjson"
)

// formats are their names.
var formats = []string{formatNDJSON, formatCSV, formatXLSX}

// formatOf is the format of a file by what somebody said, its media type and its name.
func formatOf(said, media, name string) (string, bool) {
	if said != "" {
		return said, slices.Contains(formats, said)
	}
	found, ok := convert.FormatOf(media, name)
	switch {
	case !ok:
		return "", false
	case found == convert.GeoJSONSeq:
		return formatNDJSON, true
	}
	return found, slices.Contains(formats, found)
}

// readRows hands the rows of a file to a sink. encoding and table are for formats that have any.
func readRows(ctx context.Context, format string, file *spool.File, o row.Options, longest int, out row.Sink) error {
	switch format {
	case formatXLSX:
		return sheet.Read(ctx, file, o, out)
	case formatCSV:
		in, err := charset.NewReader(file.Reader(), o.Encoding, out.Note)
		if err != nil {
			return err
		}
		return delimited.Read(in, 0, out)
	}
	in, err := charset.NewReader(file.Reader(), o.Encoding, out.Note)
	if err != nil {
		return err
	}
	return readLines(in, longest, out)
}

// readLines reads objects, one a line. A line that is none is a row with a fault; one that is too long is passed over.
func readLines(text io.Reader, longest int, out row.Sink) error {
	in := bufio.NewReaderSize(text, longest)
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if trimmed := bytes.TrimSpace(line); long || len(trimmed) > 0 {
			r := row.Row{Line: number}
			if long {
				r.Fault = &data.FieldError{Why: fmt.Sprintf("the line is longer than %d bytes", longest)}
			} else {
				members(trimmed, &r)
			}
			if err := out.Row(&r); err != nil {
				return err
			}
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the file
		}
	}
}

// members are the members of an object as the cells of a row.
func members(line []byte, r *row.Row) {
	if line[0] != '{' || !utf8.Valid(line) || !json.Valid(line) {
		// The text itself is not told: it may hold who reported.
		r.Fault = &data.FieldError{Why: "the line is not a JSON object in UTF-8"}
		return
	}
	r.Columns = []string{}
	jsontext.Members(line, func(rawName, value []byte) bool {
		name, cell := string(rawName), ""
		switch value[0] {
		case '"':
			cell = jsontext.Unquote(value)
		case '{', '[':
			r.Fault = &data.FieldError{Field: name, Why: "must be a text or a number, not an object or a list: lon and lat are members of their own"}
		case 'n':
		case 't', 'f':
			cell = string(value)
		default:
			var ok bool
			if cell, ok = jsontext.NumberText(value); !ok {
				r.Fault = &data.FieldError{Field: name, Value: row.Shorten(string(value)), Why: "is a number that is too large"}
			}
		}
		if r.Fault == nil && slices.Contains(r.Columns, name) {
			r.Fault = &data.FieldError{Field: name, Why: "is there twice"}
		}
		r.Columns, r.Cells = append(r.Columns, name), append(r.Cells, cell)
		return r.Fault == nil
	})
}
