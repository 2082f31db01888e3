package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/gewu-city/gewu/data"
)

// A checkpoint is a row of sections: the kind, the length and the checksum of each come before its bytes, so that nothing
// is believed that a crash or a disk has changed.
const (
	sectionHead = iota + 1
	sectionStandings
	sectionClasses
	sectionProcesses
	sectionWords
	sectionChunk
	sectionParts
	sectionOutside
	sectionEnd
)

// frame is the length of what comes before a section.
const frame = 1 + 4 + 4

// mostSection bounds a section: what a damaged length can ask for.
const mostSection = 64 << 20

func writeSection(w io.Writer, kind byte, b []byte) error {
	var head [frame]byte
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(b)))
	binary.BigEndian.PutUint32(head[5:], data.Checksum(head[:5], b))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

// readSection reads the next section into a buffer, which it grows. The error is [data.ErrFormat], wrapped, for one that is
// damaged or cut off.
func readSection(r io.Reader, buffer []byte) (kind byte, b []byte, err error) {
	var head [frame]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, cut(err)
	}
	n := int(binary.BigEndian.Uint32(head[1:]))
	if n > mostSection {
		return 0, nil, fmt.Errorf("%w: a section of %d bytes", data.ErrFormat, n)
	}
	if cap(buffer) < n {
		buffer = make([]byte, n)
	}
	b = buffer[:n]
	if _, err := io.ReadFull(r, b); err != nil {
		return 0, nil, cut(err)
	}
	if data.Checksum(head[:5], b) != binary.BigEndian.Uint32(head[5:]) {
		return 0, nil, fmt.Errorf("%w: the checksum of a section does not match", data.ErrFormat)
	}
	return head[0], b, nil
}

func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it is cut off", data.ErrFormat)
	}
	return err
}

// number is a value of a column.
type number interface {
	~uint8 | ~uint32 | ~int32 | ~int64 | ~uint64
}

// appendColumn appends the first values of a column: 0 and the value where all are the same, else 1 and each in size bytes.
func appendColumn[T number](dst []byte, values []T, size int) []byte {
	same := true
	for _, v := range values {
		same = same && v == values[0]
	}
	if same {
		return binary.LittleEndian.AppendUint64(append(dst, 0), uint64(values[0]))
	}
	dst = append(dst, 1)
	for _, v := range values {
		switch size {
		case 1:
			dst = append(dst, byte(v))
		case 4:
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		default:
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
		}
	}
	return dst
}

// takeColumn reads what appendColumn wrote and returns the rest, nil for bytes that are none.
func takeColumn[T number](b []byte, values []T, size int) []byte {
	switch {
	case len(b) >= 9 && b[0] == 0:
		v := T(binary.LittleEndian.Uint64(b[1:]))
		for i := range values {
			values[i] = v
		}
		return b[9:]
	case len(b) < 1+size*len(values) || b[0] != 1:
		return nil
	}
	b = b[1:]
	switch size {
	case 1:
		for i := range values {
			values[i] = T(b[i])
		}
	case 4:
		for i := range values {
			values[i] = T(binary.LittleEndian.Uint32(b[4*i:]))
		}
	default:
		for i := range values {
			values[i] = T(binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
	return b[size*len(values):]
}
