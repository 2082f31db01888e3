package convert

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/jsontext"
)

// maxRecordBytes bounds one record: without a line break the whole file would be one.
const maxRecordBytes = 64 << 20

// separator starts the records of a GeoJSON text sequence (RFC 8142).
const separator = 0x1e

// readSequence reads one feature per record. Records start with a separator, or are lines. A record that is not JSON
// costs only itself.
func readSequence(b *builder, file *bufio.Reader) error {
	in, err := b.text(file)
	if err != nil {
		return err
	}
	c := newCollection(b, in)
	buffered := bufio.NewReaderSize(in, bufferBytes)
	end := byte('\n')
	if head, err := buffered.Peek(1); err == nil && head[0] == separator {
		end = separator
	}
	scanner := bufio.NewScanner(buffered)
	scanner.Buffer(make([]byte, bufferBytes), maxRecordBytes)
	scanner.Split(splitBehind(end))
	line := 1
	for scanner.Scan() {
		record := scanner.Bytes()
		// Blank lines before the text belong to the position of the record.
		text := bytes.TrimLeft(record, "\x1e \t\r\n")
		start := line + bytes.Count(record[:len(record)-len(text)], []byte{'\n'})
		line += bytes.Count(record, []byte{'\n'})
		if text = bytes.TrimRight(text, "\x1e \t\r\n"); len(text) == 0 {
			continue
		}
		if err := jsontext.Check(text); err != nil {
			c.rows++
			c.current.text = text
			if err := c.fail(c.rows, start, &data.FieldError{Value: string(text[:min(len(text), 200)]), Why: err.Error()}); err != nil {
				return err
			}
			continue
		}
		if err := c.row(text, start, true); err != nil {
			return err
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("the record at line %d is longer than %d MiB", line, maxRecordBytes>>20)
	} else if err != nil {
		return fmt.Errorf("line %d: %w", line, err)
	}
	return nil
}

// splitBehind cuts records that end with a byte, which stays with them.
func splitBehind(end byte) bufio.SplitFunc {
	return func(text []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(text, end); i >= 0 {
			return i + 1, text[:i+1], nil
		}
		if atEOF && len(text) > 0 {
			return len(text), text, nil
		}
		return 0, nil, nil
	}
}
