package batch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/server/rest"
)

// ndjson answers JSON objects, one a line.
func (b *stream) ndjson() error {
	b.answer = b.ndjsonRow
	in := bufio.NewReaderSize(b.in, streamBuffer)
	var held []byte // a line longer than the buffer
	for {
		line, err := in.ReadSlice('\n')
		last := errors.Is(err, io.EOF)
		if errors.Is(err, bufio.ErrBufferFull) {
			held = append(held, line...)
			continue
		}
		if errors.Is(err, errRowTooLong) {
			return b.take(row{why: b.tooLong()}, 0)
		}
		if err != nil && !last {
			return err
		}
		if len(held) > 0 {
			held = append(held, line...)
			line, held = held, nil
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := b.take(row{line: bytes.Clone(line)}, len(line)); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// ndjsonRow appends the answer to one line: its members, then ours. Members of the input that have the name of one
// of ours are replaced.
func (b *stream) ndjsonRow(dst []byte, r *row) []byte {
	line := r.line
	if r.why != "" {
		return append(appendMember(append(dst, '{'), "error", r.why), "}\n"...)
	}
	if line[0] != '{' || !utf8.Valid(line) || !json.Valid(line) {
		dst = appendMember(append(dst, '{'), "input", rest.Shorten(string(line)))
		return append(appendMember(append(dst, ','), "error", "the line is not a JSON object in UTF-8"), "}\n"...)
	}
	var lon, lat string
	dst = append(dst, '{')
	start := len(dst)
	for name, value := range members(line) {
		switch name {
		case "areas", "cells", "address", "error":
			continue
		}
		if lon == "" && isCoordinate(name, b.Lon, lonNames) {
			lon = string(bytes.Trim(value, `"`))
		}
		if lat == "" && isCoordinate(name, b.Lat, latNames) {
			lat = string(bytes.Trim(value, `"`))
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(append(appendJSON(dst, name), ':'), value...)
	}
	if len(dst) > start {
		dst = append(dst, ',')
	}
	loc, fault := b.locate(lon, lat)
	if fault != nil {
		return append(appendMember(dst, "error", fault.Detail), "}\n"...)
	}
	answer, err := json.Marshal(struct {
		Areas   []grid.Area   `json:"areas"`
		Cells   []grid.Cell   `json:"cells"`
		Address *grid.Address `json:"address"`
	}{loc.Areas, loc.Cells, loc.Address})
	if err != nil {
		return append(appendMember(dst, "error", "a fault of the server"), "}\n"...)
	}
	return append(append(dst, answer[1:]...), '\n')
}

// members yields the members of an object that is known to be valid JSON.
func members(object []byte) func(yield func(name string, value []byte) bool) {
	return func(yield func(string, []byte) bool) {
		d := scanner{text: object, at: 1}
		for d.skip(", \t\r\n") && d.text[d.at] != '}' {
			key := d.value()
			d.skip(": \t\r\n")
			name := string(key[1 : len(key)-1])
			if strings.Contains(name, `\`) {
				// The text is valid JSON, so this cannot fail.
				_ = json.Unmarshal(key, &name)
			}
			if !yield(name, d.value()) {
				return
			}
		}
	}
}

// scanner walks over valid JSON.
type scanner struct {
	text []byte
	at   int
}

// skip moves over the bytes given and reports whether any text is left.
func (d *scanner) skip(over string) bool {
	for d.at < len(d.text) && strings.IndexByte(over, d.text[d.at]) >= 0 {
		d.at++
	}
	return d.at < len(d.text)
}

// value moves over one value and returns its text.
func (d *scanner) value() []byte {
	from, depth, quoted := d.at, 0, false
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; {
		case quoted && c == '\\':
			d.at++
		case c == '"':
			quoted = !quoted
			if !quoted && depth == 0 {
				d.at++
				return d.text[from:d.at]
			}
		case quoted:
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			if depth--; depth == 0 {
				d.at++
				return d.text[from:d.at]
			}
		case depth == 0 && strings.IndexByte(",:}] \t\r\n", c) >= 0:
			return d.text[from:d.at]
		}
	}
	return d.text[from:]
}

func appendMember(dst []byte, name, value string) []byte {
	return appendJSON(append(appendJSON(dst, name), ':'), value)
}

// appendJSON appends a JSON string.
func appendJSON(dst []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return append(dst, `""`...)
	}
	return append(dst, text...)
}
