// Package wire has the primitives of the formats of the log and of files beside it: numbers, texts and their bounds, as
// docs/formats/log.md describes them. It knows nothing of what they mean.
package wire

import (
	"encoding/binary"
	"unsafe"
)

// AppendText appends the length of s as an unsigned varint and its bytes.
func AppendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendZigzag appends n so that small magnitudes of both signs are short.
func AppendZigzag(dst []byte, n int64) []byte {
	return binary.AppendUvarint(dst, uint64(n<<1)^uint64(n>>63))
}

// View is b as a string without a copy.
//
// SAFETY: the string aliases b, so it must not outlive the call it is made for; every text that is kept is cloned.
func View(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // see SAFETY
}

// Reader walks over encoded bytes held as a string, so that texts are substrings and cost no allocation. After a
// malformed member Bad is set and everything reads as zero: callers look once at the end.
type Reader struct {
	S string
	// At is the place of the next byte.
	At  int
	Bad bool
}

// Left is the number of bytes not yet read.
func (r *Reader) Left() int { return len(r.S) - r.At }

// Fail makes everything that follows read as zero.
func (r *Reader) Fail() {
	r.Bad = true
	r.At = len(r.S)
}

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if r.At >= len(r.S) {
		r.Fail()
		return 0
	}
	c := r.S[r.At]
	r.At++
	return c
}

// Uvarint reads an unsigned varint of at most ten bytes.
func (r *Reader) Uvarint() uint64 {
	n := uint64(0)
	for shift := uint(0); shift < 64; shift += 7 {
		if r.At >= len(r.S) {
			r.Fail()
			return 0
		}
		c := r.S[r.At]
		r.At++
		if c < 0x80 {
			if shift == 63 && c > 1 {
				break // more than 64 bits
			}
			return n | uint64(c)<<shift
		}
		n |= uint64(c&0x7f) << shift
	}
	r.Fail()
	return 0
}

// Zigzag reads what [AppendZigzag] wrote.
func (r *Reader) Zigzag() int64 {
	n := r.Uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

// Uint32 reads four bytes, the highest first.
func (r *Reader) Uint32() uint32 {
	if r.Left() < 4 {
		r.Fail()
		return 0
	}
	s := r.S[r.At : r.At+4]
	r.At += 4
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

// Uint64 reads eight bytes, the highest first.
func (r *Reader) Uint64() uint64 {
	high := r.Uint32()
	return uint64(high)<<32 | uint64(r.Uint32())
}

// Bytes fills dst.
func (r *Reader) Bytes(dst []byte) {
	if r.Left() < len(dst) {
		r.Fail()
		return
	}
	r.At += copy(dst, r.S[r.At:])
}

// Count reads the number of members that follow, each of at least size bytes. A number that the remaining bytes
// cannot hold is malformed, so a damaged length never causes a large allocation.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(r.Left()/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Text reads a length and that many bytes, as a substring.
func (r *Reader) Text() string {
	n := r.Count(1)
	s := r.S[r.At : r.At+n]
	r.At += n
	return s
}
