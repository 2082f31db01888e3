package data

import (
	"encoding/binary"
	"strings"
	"unsafe"
)

// appendText appends the length of s as an unsigned varint and its bytes.
func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendZigzag appends n so that small magnitudes of both signs are short.
func appendZigzag(dst []byte, n int64) []byte {
	return binary.AppendUvarint(dst, uint64(n<<1)^uint64(n>>63))
}

// viewText is b as a string without a copy.
//
// SAFETY: the string aliases b, so it must not outlive the call it is made for; every text that is kept is cloned.
func viewText(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // see SAFETY
}

// cloneText is a copy that does not keep a larger string alive.
func cloneText(s string) string { return strings.Clone(s) }

// reader walks over encoded bytes held as a string, so that texts are substrings and cost no allocation. After a
// malformed member bad is set and everything reads as zero: callers look once at the end.
type reader struct {
	s   string
	at  int
	bad bool
}

// left is the number of bytes not yet read.
func (r *reader) left() int { return len(r.s) - r.at }

func (r *reader) fail() {
	r.bad = true
	r.at = len(r.s)
}

func (r *reader) byte() byte {
	if r.at >= len(r.s) {
		r.fail()
		return 0
	}
	c := r.s[r.at]
	r.at++
	return c
}

// uvarint reads an unsigned varint of at most ten bytes.
func (r *reader) uvarint() uint64 {
	n := uint64(0)
	for shift := uint(0); shift < 64; shift += 7 {
		if r.at >= len(r.s) {
			r.fail()
			return 0
		}
		c := r.s[r.at]
		r.at++
		if c < 0x80 {
			if shift == 63 && c > 1 {
				break // more than 64 bits
			}
			return n | uint64(c)<<shift
		}
		n |= uint64(c&0x7f) << shift
	}
	r.fail()
	return 0
}

func (r *reader) zigzag() int64 {
	n := r.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *reader) uint32() uint32 {
	if r.left() < 4 {
		r.fail()
		return 0
	}
	s := r.s[r.at : r.at+4]
	r.at += 4
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

func (r *reader) uint64() uint64 {
	high := r.uint32()
	return uint64(high)<<32 | uint64(r.uint32())
}

// bytes fills dst.
func (r *reader) bytes(dst []byte) {
	if r.left() < len(dst) {
		r.fail()
		return
	}
	r.at += copy(dst, r.s[r.at:])
}

// count reads the number of members that follow, each of at least size bytes. A number that the remaining bytes
// cannot hold is malformed, so a damaged length never causes a large allocation.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(r.left()/size) {
		r.fail()
		return 0
	}
	return int(n)
}

// text reads a length and that many bytes, as a substring.
func (r *reader) text() string {
	n := r.count(1)
	s := r.s[r.at : r.at+n]
	r.at += n
	return s
}
