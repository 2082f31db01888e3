package osm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/encoding/protowire"
)

// Bounds of the format: the header of a block, and the block, packed or not.
const (
	maxHeader = 64 << 10
	maxBlock  = 32 << 20
)

var (
	errWire  = errors.New("the block is damaged")
	errEarly = errors.New("the file ends early")
)

// pbf reads the blocks of a file.
type pbf struct {
	in    io.Reader
	at    int64 // of the current block
	next  int64
	text  []byte
	block []byte
}

// scanPBF visits the elements of one kind of a PBF.
func scanPBF(ctx context.Context, in io.Reader, k kind, visit func(*element) error) error {
	p := &pbf{in: in}
	for {
		name, err := p.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("block at byte %d: %w", p.at, err)
		}
		switch name {
		case "OSMHeader":
			if err := checkHeader(p.block); err != nil {
				return fmt.Errorf("block at byte %d: %w", p.at, err)
			}
		case "OSMData":
			d := &decoder{kind: k, visit: visit, granularity: 100}
			if err := d.primitives(p.block); err != nil {
				if d.stopped != nil {
					return d.stopped // as the visitor said it
				}
				return fmt.Errorf("block at byte %d: %w", p.at, err)
			}
		}
	}
}

// read reads and unpacks the next block. It returns io.EOF at the end of the file.
func (p *pbf) read() (name string, err error) {
	p.at = p.next
	var size [4]byte
	if _, err := io.ReadFull(p.in, size[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errEarly
		}
		return "", err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxHeader {
		return "", fmt.Errorf("its header says to have %d bytes, at most %d are allowed", n, maxHeader)
	}
	header, err := p.take(int(n))
	if err != nil {
		return "", err
	}
	length := int64(-1)
	err = fields(header, func(number int, f field) error {
		switch number {
		case 1:
			name = string(f.bytes)
		case 3:
			length = int64(f.number)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case length < 0 || length > maxBlock:
		return "", fmt.Errorf("it says to have %d bytes, at most %d are allowed", length, maxBlock)
	}
	packed, err := p.take(int(length))
	if err != nil {
		return "", err
	}
	p.next += 4 + int64(n) + length
	return name, p.unpack(packed)
}

// take reads so many bytes, which are valid until the next call.
func (p *pbf) take(n int) ([]byte, error) {
	if cap(p.text) < n {
		p.text = make([]byte, n)
	}
	p.text = p.text[:n]
	if _, err := io.ReadFull(p.in, p.text); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errEarly
		}
		return nil, err
	}
	return p.text, nil
}

// unpack unpacks a block.
func (p *pbf) unpack(blob []byte) error {
	size := uint64(0)
	found := false
	p.block = p.block[:0]
	var packing int
	var packed []byte
	err := fields(blob, func(number int, f field) error {
		switch number {
		case 1: // as it is
			found = true
			p.block = append(p.block, f.bytes...)
		case 2:
			size = f.number
		case 3, 4, 5, 6, 7:
			packing, packed = number, f.bytes
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case found && len(p.block) <= maxBlock:
		return nil
	case size > maxBlock:
		return fmt.Errorf("it unpacks to %d bytes, at most %d are allowed", size, maxBlock)
	}
	var in io.Reader
	switch packing {
	case 3:
		if in, err = zlib.NewReader(bytes.NewReader(packed)); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	case 7:
		z, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock))
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		defer z.Close()
		in = z
	default:
		return errors.New("it is packed in a way that is not known; only zlib and zstd are")
	}
	out := bytes.NewBuffer(p.block)
	n, err := io.Copy(out, io.LimitReader(in, int64(size)+1))
	p.block = out.Bytes()
	switch {
	case err != nil:
		return fmt.Errorf("unpack: %w", err)
	case uint64(n) != size:
		return fmt.Errorf("it unpacks to other than the %d bytes that it says", size)
	}
	return nil
}

// checkHeader refuses a file that needs more than is understood.
func checkHeader(block []byte) error {
	return fields(block, func(number int, f field) error {
		if number != 4 {
			return nil
		}
		switch need := string(f.bytes); need {
		case "OsmSchema-V0.6", "DenseNodes":
			return nil
		case "HistoricalInformation":
			return errors.New("the file holds the history of its elements; make an extract of one time")
		default:
			return fmt.Errorf("reading the file needs %q, which is not known", need)
		}
	})
}

// field is the value of a field of a message: a number, or bytes.
type field struct {
	number uint64
	bytes  []byte
}

// fields visits the fields of a message.
func fields(b []byte, visit func(int, field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		var f field
		switch kind {
		case protowire.VarintType:
			f.number, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		case protowire.Fixed32Type, protowire.Fixed64Type, protowire.StartGroupType, protowire.EndGroupType:
			n = protowire.ConsumeFieldValue(number, kind, b)
		default:
			n = -1
		}
		if n < 0 {
			return errWire
		}
		b = b[n:]
		if err := visit(int(number), f); err != nil {
			return err
		}
	}
	return nil
}

// numbers reads a packed list of numbers.
type numbers []byte

// next is the next number; ok is false at the end and for a list that is damaged.
func (l *numbers) next() (v uint64, ok bool) {
	v, n := protowire.ConsumeVarint(*l)
	if n < 0 {
		return 0, false
	}
	*l = (*l)[n:]
	return v, true
}

// nextSigned is the next number of a list in which small negative numbers are short.
func (l *numbers) nextSigned() (int64, bool) {
	v, ok := l.next()
	return protowire.DecodeZigZag(v), ok
}
