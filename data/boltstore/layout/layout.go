// Package layout is how gewu uses the bbolt file of a store: its buckets, keys and sealed values, the records of the
// log, the definitions, and the blocks of the checkpoint. It encodes and decodes; what is written when, and what damage
// means, is decided by its callers. The format is written down in docs/formats.
//
// Functions do not keep the bytes they are given unless they say so.
package layout

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
)

// The buckets of the file. They are names and must not be changed.
var (
	BucketMeta = []byte("meta") // settings of the file
	BucketDefs = []byte("defs") // current definitions of layers and schemes
	BucketLog  = []byte("log")  // the truth
	BucketRows = []byte("rows") // checkpoint blocks
)

// Create makes the buckets of a new store, which has no entries yet.
func Create(tx *bbolt.Tx, epoch data.Epoch, now time.Time) error {
	for _, name := range [][]byte{BucketMeta, BucketDefs, BucketLog, BucketRows} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return errors.Join(
		put(tx, keyFormat, binary.BigEndian.AppendUint32(nil, Version)),
		put(tx, keyEpoch, []byte(epoch)),
		put(tx, keyCreated, binary.BigEndian.AppendUint64(nil, uint64(now.UnixMicro()))),
		PutLast(tx, 0, data.Hash{}, &Totals{}),
	)
}

// NewEpoch is 128 random bits as text.
func NewEpoch() (data.Epoch, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("make an epoch: %w", err)
	}
	return data.Epoch(hex.EncodeToString(b[:])), nil
}

// LogFill is how full a page becomes before the next is begun where keys come in order: in the log nothing is ever
// inserted between.
const LogFill = 0.97

// LogKeyBytes is the length of the keys of the log.
const LogKeyBytes = 12

// LogKey is the key of header (n = 0) or payload n of a transaction. Keys are in the order of the log.
func LogKey(seq data.Seq, n uint32) [LogKeyBytes]byte {
	var k [LogKeyBytes]byte
	binary.BigEndian.PutUint64(k[:], uint64(seq))
	binary.BigEndian.PutUint32(k[8:], n)
	return k
}

// ParseLogKey is the inverse of [LogKey]; false when k has another length.
func ParseLogKey(k []byte) (seq data.Seq, n uint32, ok bool) {
	if len(k) != LogKeyBytes {
		return 0, 0, false
	}
	return data.Seq(binary.BigEndian.Uint64(k)), binary.BigEndian.Uint32(k[8:]), true
}

// blockBits is the binary logarithm of the permanent ids per block. Small blocks keep scattered edits cheap: bbolt
// rewrites a leaf of two to four blocks for each dirty one.
const blockBits = 6

// BlockKey is the key of the checkpoint block of a permanent id. It is a string because blocks are collected in maps.
func BlockKey(layer string, permanent uint32) string {
	b := make([]byte, 0, len(layer)+5)
	b = append(append(b, layer...), 0)
	return string(binary.BigEndian.AppendUint32(b, permanent>>blockBits))
}

// BlockLayer is the layer of a block key; false when the key is none of a block.
func BlockLayer(key []byte) ([]byte, bool) {
	i := bytes.IndexByte(key, 0)
	return key[:max(i, 0)], i > 0 && len(key) == i+5
}

// definitionKey is the key of a definition.
func definitionKey(stream data.Stream, name string) []byte {
	return append([]byte{byte(stream)}, name...)
}

// seal appends the checksum of key and value to a value.
func seal(key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(value, data.Checksum(key, value))
}

// unseal is the value without its checksum; false when it is missing or wrong.
func unseal(key, sealed []byte) ([]byte, bool) {
	if len(sealed) < 4 {
		return nil, false
	}
	value := sealed[:len(sealed)-4]
	return value, data.Checksum(key, value) == binary.BigEndian.Uint32(sealed[len(sealed)-4:])
}
