package convert

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/gewu-city/gewu/data/convert/charset"
)

const bufferBytes = 64 << 10

// unpack returns the bytes of a file: gzip is unpacked, recognised by its first bytes whatever the file is called.
func unpack(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, bufferBytes)
	head, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return in, nil
	}
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("unpack gzip: %w", err)
	}
	return bufio.NewReaderSize(unpacked{unzipped}, bufferBytes), nil
}

// unpacked says that it was the packing that is broken.
type unpacked struct{ io.Reader }

func (u unpacked) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("unpack gzip: %w", err)
	}
	return n, err
}

// text reads the text of a file as UTF-8. Archives are refused.
func (b *builder) text(in *bufio.Reader) (*charset.Reader, error) {
	if head, _ := in.Peek(4); bytes.Equal(head, []byte("PK\x03\x04")) {
		return nil, errors.New("the file is a ZIP archive, not text; a spreadsheet is format xlsx, a zipped shapefile is format shapefile")
	}
	return charset.NewReader(in, b.Encoding, b.Note)
}
