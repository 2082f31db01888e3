package convert

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

const bufferBytes = 64 << 10

// Open returns the text of a file: gzip is unpacked, recognised by its first bytes whatever the file is called, and a
// UTF-8 byte order mark is removed. UTF-16 and ZIP archives are refused with an error that names the file. Opening
// what Open returned changes nothing.
func Open(name string, r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, bufferBytes)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%s: unpack gzip: %w", name, err)
		}
		in = bufio.NewReaderSize(unzipped, bufferBytes)
		if head, err = in.Peek(4); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: unpack gzip: %w", name, err)
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		if _, err := in.Discard(3); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return nil, fmt.Errorf("%s: the file is UTF-16; save it as UTF-8", name)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, fmt.Errorf("%s: the file is a ZIP archive or a spreadsheet; unpack it or save it as CSV in UTF-8", name)
	}
	return in, nil
}
