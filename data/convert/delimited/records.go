package delimited

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Sizes of the buffer and of one record. A quote that is never closed would otherwise swallow the file.
const (
	bufferBytes    = 64 << 10
	maxRecordBytes = 64 << 20
	maxRecordLines = 1000
)

// records splits CSV text (RFC 4180, any delimiter, LF or CRLF) into records.
//
// It is not encoding/csv because that reader, after a quote that is never closed, has consumed the rest of the file
// and holds it in memory; here a wrong record costs its first line only. It also keeps CRLF inside quotes.
type records struct {
	in    io.Reader
	comma byte

	buf        []byte
	start, end int // what is read but not consumed lies in buf[start:end]
	err        error

	line int // physical line of the next record, from 1
	at   int // physical line of the current record

	text    []byte // the current record, without quotes and delimiters where it had quotes
	spans   []span // its fields in text
	scratch []byte // memory for text
}

type span struct{ from, to int }

// quoteError is a record whose quotes are wrong. Reading goes on with the line after its first one.
type quoteError struct {
	field int
	why   string
	// line is the first line of the record, cut where it is longer than anybody mends.
	line string
}

func (e *quoteError) Error() string { return e.why }

func newRecords(in io.Reader) *records {
	return &records{in: in, comma: ',', line: 1, buf: make([]byte, bufferBytes)}
}

// more reads more of the file behind buf[start:end] and reports whether there was any.
func (r *records) more() bool {
	if r.err != nil {
		return false
	}
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.end -= r.start
		r.start = 0
	}
	if r.end == len(r.buf) {
		if len(r.buf) >= maxRecordBytes {
			r.err = fmt.Errorf("line %d is longer than %d MiB", r.line, maxRecordBytes>>20)
			return false
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := io.ReadAtLeast(r.in, r.buf[r.end:], 1)
	r.end += n
	r.err = err
	return n > 0
}

// lineEnd is the offset behind the line break that follows start+from, or the end of the file.
func (r *records) lineEnd(from int) int {
	for {
		if i := bytes.IndexByte(r.buf[r.start+from:r.end], '\n'); i >= 0 {
			return from + i + 1
		}
		from = r.end - r.start
		if !r.more() {
			return r.end - r.start
		}
	}
}

// next reads the next record that is not an empty line. It returns io.EOF at the end, *[quoteError] for a record
// with wrong quotes, after which it may be called again, and other errors when the file cannot be read on.
func (r *records) next() error {
	for {
		size := r.lineEnd(0)
		if size == 0 || r.buf[r.start+size-1] != '\n' {
			// The file ends here, or cannot be read on.
			if !errors.Is(r.err, io.EOF) {
				return r.err
			}
			if size == 0 {
				return io.EOF
			}
		}
		r.at = r.line
		line := trimBreak(r.buf[r.start : r.start+size])
		if len(line) == 0 {
			r.consume(size, 1)
			continue
		}
		if bytes.IndexByte(line, '"') >= 0 {
			return r.quoted(size)
		}
		r.split(line)
		r.consume(size, 1)
		return nil
	}
}

func (r *records) consume(size, lines int) {
	r.start += size
	r.line += lines
}

// split cuts a line without quotes. The spans lie in the buffer itself.
func (r *records) split(line []byte) {
	r.text, r.spans = line, r.spans[:0]
	from := 0
	for i, c := range line {
		if c == r.comma {
			r.spans = append(r.spans, span{from, i})
			from = i + 1
		}
	}
	r.spans = append(r.spans, span{from, len(line)})
}

// quoted reads a record that has quotes and may go over several lines; first is the size of its first line.
func (r *records) quoted(first int) error {
	text, spans := r.scratch[:0], r.spans[:0]
	fail := func(why string) error {
		r.spans = spans
		line := trimBreak(r.buf[r.start : r.start+first])
		err := &quoteError{field: len(spans), why: why, line: string(line[:min(len(line), longRow)])}
		r.consume(first, 1)
		return err
	}
	size, lines, pos := first, 1, 0
	// Offsets are relative to start, which moves when more is read.
	at := func(i int) byte { return r.buf[r.start+i] }
	for {
		from := len(text)
		if pos < size && at(pos) == '"' {
			pos++
			for {
				if pos == size {
					if lines == maxRecordLines || size > maxRecordBytes/2 {
						return fail(fmt.Sprintf("a quote is not closed within %d lines and %d MiB", maxRecordLines, maxRecordBytes>>21))
					}
					if size = r.lineEnd(size); pos == size {
						return fail("a quote is not closed")
					}
					lines++
				}
				c := at(pos)
				pos++
				if c != '"' {
					text = append(text, c)
					continue
				}
				if pos < size && at(pos) == '"' {
					text = append(text, '"')
					pos++
					continue
				}
				break
			}
		} else {
			for pos < size && at(pos) != r.comma && !r.breaks(pos, size) {
				if at(pos) == '"' {
					return fail("a quote stands inside a field that does not start with one")
				}
				text = append(text, at(pos))
				pos++
			}
		}
		spans = append(spans, span{from, len(text)})
		switch {
		case pos == size || r.breaks(pos, size):
			r.text, r.scratch, r.spans = text, text, spans
			r.consume(size, lines)
			return nil
		case at(pos) == r.comma:
			pos++
		default:
			spans = spans[:len(spans)-1]
			return fail("text follows a closing quote")
		}
	}
}

// breaks reports whether only a line break is left of the size bytes at pos.
func (r *records) breaks(pos, size int) bool {
	return len(trimBreak(r.buf[r.start+pos:r.start+size])) == 0
}

func trimBreak(line []byte) []byte {
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
		if n > 0 && line[n-1] == '\r' {
			n--
		}
	}
	return line[:n]
}

// field is the bytes of a field of the current record, valid until the next one.
func (r *records) field(i int) []byte { return r.text[r.spans[i].from:r.spans[i].to] }
