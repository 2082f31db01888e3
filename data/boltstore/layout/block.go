package layout

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// blockVersion is the first byte of a checkpoint block.
const blockVersion = 1

// errBlock wraps data.ErrFormat.
var errBlock = errors.Join(data.ErrFormat, errors.New("checksum of a block does not match"))

// CheckBlock verifies the checksum of a block, without a look at its rows. The error wraps data.ErrFormat.
func CheckBlock(key, sealed []byte) error {
	if _, ok := unseal(key, sealed); !ok {
		return errBlock
	}
	return nil
}

// Row is one record of a block.
type Row struct {
	Permanent uint32
	Seq       data.Seq
	// Record is seq and payload as the codec of data encodes them.
	Record []byte
}

// Payload is the encoded change, as the log has it.
func (r *Row) Payload() []byte { return r.Record[seqBytes:] }

// seqBytes is the length of the seq before the payload of a record.
const seqBytes = 8

// NewRow makes a row of a payload of the log, which it copies.
func NewRow(seq data.Seq, permanent uint32, payload []byte) Row {
	return Row{permanent, seq, data.AppendRecord(make([]byte, 0, seqBytes+len(payload)), seq, payload)}
}

// ParseBlock splits a block into its rows, which alias it. The checksum covers the key, so that a block found under
// another key is damage too. The error of damage wraps data.ErrFormat.
func ParseBlock(key, sealed []byte) ([]Row, error) {
	v, ok := unseal(key, sealed)
	if !ok || len(v) < 9 {
		return nil, fmt.Errorf("%w: checksum of the block does not match", data.ErrFormat)
	}
	if v[0] != blockVersion {
		return nil, fmt.Errorf("%w: block has version %d, this program reads up to %d", data.ErrFormat, v[0], blockVersion)
	}
	layer, ok := BlockLayer(key)
	if !ok {
		return nil, fmt.Errorf("%w: key of the block", data.ErrFormat)
	}
	rows := make([]Row, 0, 1<<blockBits)
	for v = v[9:]; len(v) > 0; {
		n, width := binary.Uvarint(v)
		if width <= 0 || n > uint64(len(v)-width) {
			return nil, fmt.Errorf("%w: block is cut off", data.ErrFormat)
		}
		record := v[width : width+int(n) : width+int(n)]
		v = v[width+int(n):]
		seq, payload, err := data.SplitRecord(record)
		if err != nil {
			return nil, err
		}
		head, err := data.PeekPayload(payload)
		if err != nil {
			return nil, err
		}
		if string(head.Layer) != string(layer) || BlockKey(string(layer), head.Permanent) != string(key) {
			return nil, fmt.Errorf("%w: block holds the record of another block", data.ErrFormat)
		}
		rows = append(rows, Row{head.Permanent, seq, record})
	}
	return rows, nil
}

// MergeBlock encodes the rows of a block after newer ones were added: of several with one permanent id the newest
// stays. applied is the newest entry of the log that the block takes into account.
func MergeBlock(key string, old, added []Row, applied data.Seq) []byte {
	all := make([]Row, 0, len(old)+len(added))
	all = append(append(all, old...), added...)
	slices.SortStableFunc(all, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Permanent, b.Permanent), cmp.Compare(a.Seq, b.Seq))
	})
	size := 16
	for i := range all {
		size += len(all[i].Record) + binary.MaxVarintLen32
	}
	v := binary.BigEndian.AppendUint64(append(make([]byte, 0, size), blockVersion), uint64(applied))
	for i := range all {
		if i+1 < len(all) && all[i+1].Permanent == all[i].Permanent {
			continue
		}
		v = binary.AppendUvarint(v, uint64(len(all[i].Record)))
		v = append(v, all[i].Record...)
	}
	return seal([]byte(key), v)
}
