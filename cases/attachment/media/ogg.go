package media

import (
	"bytes"
	"encoding/binary"
)

// oggPage is a page of an Ogg file (RFC 3533): 27 bytes, the lengths of its segments, and these.
type oggPage struct {
	flags    byte
	position [8]byte
	serial   uint32
	lengths  []byte
	body     []byte
}

const (
	oggHead  = 27
	oggFirst = 2
	oggLast  = 4
)

// readOgg reads the page that b begins with, and how many bytes it has; nil if there is none.
func readOgg(b []byte) (*oggPage, int) {
	if len(b) < oggHead || string(b[:5]) != "OggS\x00" {
		return nil, 0
	}
	lengths := int(b[26])
	if len(b) < oggHead+lengths {
		return nil, 0
	}
	p := &oggPage{flags: b[5], position: [8]byte(b[6:14]), serial: binary.LittleEndian.Uint32(b[14:]), lengths: b[oggHead : oggHead+lengths]}
	size := 0
	for _, n := range p.lengths {
		size += int(n)
	}
	end := oggHead + lengths + size
	if len(b) < end {
		return nil, 0
	}
	p.body = b[oggHead+lengths : end]
	return p, end
}

// append writes the page with a number and its checksum.
func (p *oggPage) append(out []byte, number uint32) []byte {
	at := len(out)
	out = append(out, "OggS\x00"...)
	out = append(out, p.flags)
	out = append(out, p.position[:]...)
	out = binary.LittleEndian.AppendUint32(out, 0) // the serial number tells nothing but which machine made it
	out = binary.LittleEndian.AppendUint32(out, number)
	out = append(out, 0, 0, 0, 0, byte(len(p.lengths)))
	out = append(out, p.lengths...)
	out = append(out, p.body...)
	binary.LittleEndian.PutUint32(out[at+22:], oggSum(out[at:]))
	return out
}

// oggTable is that of CRC-32 with the polynomial 0x04c11db7, not reflected, which hash/crc32 does not have.
var oggTable = func() (table [256]uint32) {
	for i := range table {
		r := uint32(i) << 24
		for range 8 {
			if r&(1<<31) != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		table[i] = r
	}
	return table
}()

func oggSum(b []byte) (sum uint32) {
	for _, c := range b {
		sum = sum<<8 ^ oggTable[byte(sum>>24)^c]
	}
	return sum
}

// opusTags is the comment header (RFC 7845, section 5.2) of what is kept: no name of a program, no comments.
const opusTags = "OpusTags\x00\x00\x00\x00\x00\x00\x00\x00"

// rewriteOgg keeps the pages of one stream of Opus, with a comment header that is empty.
func rewriteOgg(b []byte) ([]byte, error) {
	first, at := readOgg(b)
	switch {
	case first == nil:
		return nil, cutOff()
	case !bytes.HasPrefix(first.body, []byte("OpusHead")) || len(first.body) < 19 || len(first.body) > 255+21:
		return nil, refuse(Unwanted, "the Ogg file holds something other than Opus; %s", accepted)
	}
	out := first.append(make([]byte, 0, len(b)), 0)
	// The comments end with the page on which they end: what is played begins on a new one.
	for comments := true; comments; {
		p, size := readOgg(b[at:])
		if p == nil || p.serial != first.serial || len(p.lengths) == 0 {
			return nil, cutOff()
		}
		at += size
		comments = p.lengths[len(p.lengths)-1] == 255
	}
	out = (&oggPage{lengths: []byte{byte(len(opusTags))}, body: []byte(opusTags)}).append(out, 1)
	number := uint32(2)
	for at < len(b) {
		p, size := readOgg(b[at:])
		if p == nil || p.serial != first.serial || p.flags&oggFirst != 0 {
			break // a second stream, or something behind the end
		}
		out = p.append(out, number)
		number, at = number+1, at+size
		if p.flags&oggLast != 0 {
			break
		}
	}
	if number == 2 {
		return nil, cutOff()
	}
	return out, nil
}
