package boltstore

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// blockVersion is the first byte of a checkpoint block.
const blockVersion = 1

// row is one encoded record of a block.
type row struct {
	permanent uint32
	seq       data.Seq
	record    []byte
}

// newRow makes a row of a payload of the log, which it copies.
func newRow(seq data.Seq, permanent uint32, payload []byte) row {
	return row{permanent, seq, data.AppendRecord(make([]byte, 0, 8+len(payload)), seq, payload)}
}

// parseBlock splits a block into its rows, which alias it. The checksum covers the key, so that a block found under
// another key is damage too.
func parseBlock(key, sealed []byte) ([]row, error) {
	v, ok := unseal(key, sealed)
	if !ok || len(v) < 9 {
		return nil, fmt.Errorf("%w: checksum of the block does not match", data.ErrFormat)
	}
	if v[0] != blockVersion {
		return nil, fmt.Errorf("%w: block has version %d, this program reads up to %d", data.ErrFormat, v[0], blockVersion)
	}
	layer, ok := blockLayer(key)
	if !ok {
		return nil, fmt.Errorf("%w: key of the block", data.ErrFormat)
	}
	rows := make([]row, 0, 1<<blockBits)
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
		if string(head.Layer) != string(layer) || blockKey(string(layer), head.Permanent) != string(key) {
			return nil, fmt.Errorf("%w: block holds the record of another block", data.ErrFormat)
		}
		rows = append(rows, row{head.Permanent, seq, record})
	}
	return rows, nil
}

// mergeBlock encodes the rows of a block after newer ones were added: of several with one permanent id the newest
// stays. applied is the newest entry of the log that the block takes into account.
func mergeBlock(key string, old, added []row, applied data.Seq) []byte {
	all := make([]row, 0, len(old)+len(added))
	all = append(append(all, old...), added...)
	slices.SortStableFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.permanent, b.permanent), cmp.Compare(a.seq, b.seq))
	})
	size := 16
	for i := range all {
		size += len(all[i].record) + binary.MaxVarintLen32
	}
	v := binary.BigEndian.AppendUint64(append(make([]byte, 0, size), blockVersion), uint64(applied))
	for i := range all {
		if i+1 < len(all) && all[i+1].permanent == all[i].permanent {
			continue
		}
		v = binary.AppendUvarint(v, uint64(len(all[i].record)))
		v = append(v, all[i].record...)
	}
	return seal([]byte(key), v)
}
