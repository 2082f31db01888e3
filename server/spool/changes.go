package spool

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// Bounds of one transaction of spooled changes, well below those of a store.
const (
	txChanges = 10_000
	txBytes   = 16 << 20
)

// Changes are changes of features that wait in a file until all of them are there, with their preconditions. They
// belong to one goroutine.
type Changes struct {
	file *File
	out  *bufio.Writer
	buf  []byte
	n    int
	// txs are the numbers of changes of the transactions that are full, last and bytes those of the one that is not.
	txs         []int
	last, bytes int
}

// NewChanges makes an empty file of changes.
func (d Dir) NewChanges() (*Changes, error) {
	f, err := d.Create()
	if err != nil {
		return nil, err
	}
	return &Changes{file: f, out: bufio.NewWriterSize(f, 1<<20)}, nil
}

// Add appends a change. The error is a *data.FieldError when it cannot be stored at all.
func (c *Changes) Add(change *data.Change) error {
	b, err := appendChange(c.buf[:0], change)
	if err != nil {
		return err
	}
	c.buf = b
	if c.last > 0 && (c.last == txChanges || c.bytes+len(b) > txBytes) {
		c.txs, c.last, c.bytes = append(c.txs, c.last), 0, 0
	}
	c.n++
	c.last++
	c.bytes += len(b)
	_, err = c.out.Write(b)
	return err
}

// headBytes precede the payload of a change: its length, whether there is a precondition, and the seq of that.
const headBytes = 4 + 1 + 8

// appendChange appends a change with its precondition. The error is a *data.FieldError when it cannot be stored at all;
// dst is then as it was.
func appendChange(dst []byte, change *data.Change) ([]byte, error) {
	begin := len(dst)
	b, err := data.AppendPayload(append(dst, make([]byte, headBytes)...), change)
	if err != nil {
		return dst, err
	}
	head := b[begin:]
	binary.BigEndian.PutUint32(head, uint32(len(head)-headBytes))
	if change.IfSeq != nil {
		head[4] = 1
		binary.BigEndian.PutUint64(head[5:], uint64(*change.IfSeq))
	}
	return b, nil
}

// decodeChange decodes a change and its precondition.
func decodeChange(d *data.Decoder, head, payload []byte) (data.Change, error) {
	c, err := d.Payload(payload)
	if err == nil && head[4] == 1 {
		c.IfSeq = new(data.Seq(binary.BigEndian.Uint64(head[5:])))
	}
	return c, err
}

// Len is the number of changes.
func (c *Changes) Len() int { return c.n }

// Size is the number of bytes, those not yet in the file included.
func (c *Changes) Size() int64 { return c.file.Size() + int64(c.out.Buffered()) }

// Close removes the file.
func (c *Changes) Close() error { return c.file.Close() }

// Transactions ends adding. It returns the number of transactions that hold the changes, and the transactions: copies
// of tx with their changes, in the order in which they were added. They can be had more than once. Changes that keep
// does not want are left out; nil keeps all. It is asked once for each, before Transactions returns.
func (c *Changes) Transactions(tx data.Tx, keep func(*data.Change) bool) (n int, all iter.Seq2[data.Tx, error], err error) {
	if err := c.out.Flush(); err != nil {
		return 0, nil, err
	}
	counts := c.txs
	if c.last > 0 {
		counts = append(slices.Clip(counts), c.last)
	}
	n = len(counts)
	var left []bool // out, by change
	if keep != nil {
		if left, n, err = c.sift(counts, keep); err != nil {
			return 0, nil, err
		}
	}
	return n, func(yield func(data.Tx, error) bool) {
		r, at := c.reader(), 0
		for _, count := range counts {
			next := tx
			next.Changes = make([]data.Change, 0, count)
			for range count {
				change, err := r.read()
				if err != nil {
					yield(data.Tx{}, err)
					return
				}
				if at++; left == nil || !left[at-1] {
					next.Changes = append(next.Changes, change)
				}
			}
			if len(next.Changes) > 0 && !yield(next, nil) {
				return
			}
		}
	}, nil
}

// sift asks which changes are left out, and counts the transactions of the others.
func (c *Changes) sift(counts []int, keep func(*data.Change) bool) (left []bool, n int, err error) {
	r := c.reader()
	left = make([]bool, 0, c.n)
	for _, count := range counts {
		some := false
		for range count {
			change, err := r.read()
			if err != nil {
				return nil, 0, err
			}
			kept := keep(&change)
			left, some = append(left, !kept), some || kept
		}
		if some {
			n++
		}
	}
	return left, n, nil
}

func (c *Changes) reader() *changeReader {
	return &changeReader{in: bufio.NewReaderSize(c.file.Reader(), 1<<20)}
}

type changeReader struct {
	in      io.Reader
	buf     []byte
	decoder data.Decoder
}

func (r *changeReader) read() (data.Change, error) {
	c, err := r.next()
	if err != nil {
		return c, fmt.Errorf("read spooled changes: %w", err)
	}
	return c, nil
}

func (r *changeReader) next() (c data.Change, err error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return c, errors.Join(io.ErrUnexpectedEOF, err)
	}
	size := int(binary.BigEndian.Uint32(head[:]))
	if cap(r.buf) < size {
		r.buf = make([]byte, size+size/2)
	}
	if _, err := io.ReadFull(r.in, r.buf[:size]); err != nil {
		return c, errors.Join(io.ErrUnexpectedEOF, err)
	}
	return decodeChange(&r.decoder, head[:], r.buf[:size])
}
