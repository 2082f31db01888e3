package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data/wire"
)

// codecVersion is the first byte of every encoded header and payload. A new layout takes a new number and the old
// decoders stay: logs are read for decades. The layouts are written down in docs/formats/log.md.
const codecVersion = 1

// headerMembers is the version of headers that have members of their own behind the hashes. A header without any is
// written as version 1.
const headerMembers = 2

// ErrFormat is returned, wrapped with what and where, for bytes that are not a header, payload or record.
var ErrFormat = errors.New("data: malformed encoding")

// crcTable is Castagnoli's polynomial, which processors compute in hardware.
var crcTable = crc32.MakeTable(crc32.Castagnoli)

// Checksum is the CRC-32C of the concatenated parts. It guards against random damage where no hash does.
func Checksum(parts ...[]byte) uint32 {
	sum := uint32(0)
	for _, p := range parts {
		sum = crc32.Update(sum, crcTable, p)
	}
	return sum
}

// Header is the first record of a transaction in the log: everything but the changes.
type Header struct {
	Seq       Seq
	Recorded  time.Time
	Effective time.Time
	Actor     string
	Cause     string
	// Visible, Operation and Receipt are those of the [Entry].
	Visible   Seq
	Operation string
	Receipt   Receipt
	// PrevHash is the SHA-256 of the encoded header before this one, zero for the first.
	PrevHash Hash
	// Payloads are the SHA-256 of the encoded payloads in order; their number is the number of changes.
	Payloads []Hash
	// Permanent is the highest permanent id given out up to and including this transaction.
	Permanent uint32
}

// Entry is the log entry of the header with its changes, which it keeps.
func (h *Header) Entry(changes []Change) *Entry {
	return &Entry{
		Seq: h.Seq, Recorded: h.Recorded, Effective: h.Effective, Actor: h.Actor, Cause: h.Cause,
		Visible: h.Visible, Operation: h.Operation, Receipt: h.Receipt,
		PrevHash: h.PrevHash, Payloads: h.Payloads, Changes: changes,
	}
}

// headerFixed is the length of the members before the two texts.
const headerFixed = 1 + 8 + 8 + 8 + 4 + len(Hash{})

// Tags of the members behind the hashes, in the order in which they are written. Numbers are part of the log format.
const (
	tagVisible   = 1
	tagOperation = 2
	tagReceipt   = 3
)

// AppendHeader appends the encoding of h to dst: version, seq, recorded and effective time in microseconds since
// 1970, highest permanent id, hash of the previous header, actor, cause, payload hashes, the members that few entries
// have, CRC-32C of all before. The checksum covers what the chain does not yet: the newest header.
func AppendHeader(dst []byte, h *Header) []byte {
	start := len(dst)
	grouped, received := h.Visible > h.Seq, h.Receipt != Receipt{}
	version := byte(codecVersion)
	if grouped || received || h.Operation != "" {
		version = headerMembers
	}
	dst = append(dst, version)
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Seq))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Recorded.UnixMicro()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Effective.UnixMicro()))
	dst = binary.BigEndian.AppendUint32(dst, h.Permanent)
	dst = append(dst, h.PrevHash[:]...)
	dst = wire.AppendText(dst, h.Actor)
	dst = wire.AppendText(dst, h.Cause)
	dst = binary.AppendUvarint(dst, uint64(len(h.Payloads)))
	for i := range h.Payloads {
		dst = append(dst, h.Payloads[i][:]...)
	}
	if grouped {
		dst = binary.BigEndian.AppendUint64(append(dst, tagVisible), uint64(h.Visible))
	}
	if h.Operation != "" {
		dst = wire.AppendText(append(dst, tagOperation), h.Operation)
	}
	if received {
		dst = append(append(append(dst, tagReceipt), h.Receipt.Key[:]...), h.Receipt.Request[:]...)
	}
	return binary.BigEndian.AppendUint32(dst, Checksum(dst[start:]))
}

// DecodeHeader decodes what [AppendHeader] wrote. It keeps nothing of b and survives any bytes: the error then
// wraps [ErrFormat].
func DecodeHeader(b []byte) (Header, error) {
	if len(b) < headerFixed+4 {
		return Header{}, fmt.Errorf("%w: header of %d bytes is too short", ErrFormat, len(b))
	}
	version := b[0]
	if version != codecVersion && version != headerMembers {
		return Header{}, fmt.Errorf("%w: header has codec version %d, this program reads up to %d", ErrFormat, version, headerMembers)
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if Checksum(body) != sum {
		return Header{}, fmt.Errorf("%w: checksum of the header does not match", ErrFormat)
	}
	h := Header{
		Seq:       Seq(binary.BigEndian.Uint64(b[1:])),
		Recorded:  time.UnixMicro(int64(binary.BigEndian.Uint64(b[9:]))).UTC(),
		Effective: time.UnixMicro(int64(binary.BigEndian.Uint64(b[17:]))).UTC(),
		Permanent: binary.BigEndian.Uint32(b[25:]),
	}
	h.Visible = h.Seq
	copy(h.PrevHash[:], b[29:])
	// The texts are copied one by one: the hashes behind them are long and would be kept alive by a substring.
	r := wire.Reader{S: wire.View(body), At: headerFixed}
	h.Actor, h.Cause = strings.Clone(r.Text()), strings.Clone(r.Text())
	count := r.Count(len(Hash{}))
	if !r.Bad {
		h.Payloads = make([]Hash, count)
		for i := range h.Payloads {
			copy(h.Payloads[i][:], body[r.At+i*len(Hash{}):])
		}
		r.At += count * len(Hash{})
	}
	if version == headerMembers {
		readHeaderMembers(&r, &h)
	}
	if r.Bad || r.Left() != 0 {
		return Header{}, fmt.Errorf("%w: header ends at byte %d of %d", ErrFormat, r.At, len(body))
	}
	return h, nil
}

// headerMembers reads the members behind the hashes: at least one, each at most once and in the order of their tags,
// so that a header has one encoding only.
func readHeaderMembers(r *wire.Reader, h *Header) {
	for last := byte(0); last == 0 || r.Left() > 0; {
		tag := r.Byte()
		if r.Bad || tag <= last {
			r.Fail()
			return
		}
		switch last = tag; tag {
		case tagVisible:
			if h.Visible = Seq(r.Uint64()); h.Visible <= h.Seq {
				r.Fail()
			}
		case tagOperation:
			if h.Operation = strings.Clone(r.Text()); h.Operation == "" {
				r.Fail()
			}
		case tagReceipt:
			r.Bytes(h.Receipt.Key[:])
			if r.Bytes(h.Receipt.Request[:]); h.Receipt == (Receipt{}) {
				r.Fail()
			}
		default:
			r.Fail()
		}
	}
}
