package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
)

// formatVersion is the version of the file's layout: buckets, keys and what they hold. Payloads have their own.
const formatVersion = 1

// pageSize is fixed, so that a file made on one machine is the same on another with larger pages.
const pageSize = 4096

// The buckets of the file.
var (
	bucketMeta = []byte("meta") // settings of the file
	bucketDefs = []byte("defs") // current definitions of layers and schemes
	bucketLog  = []byte("log")  // the truth
	bucketRows = []byte("rows") // checkpoint blocks
)

// The keys of the meta bucket. Each value ends with a CRC-32C of key and value.
var (
	keyFormat  = []byte("format")  // uint32
	keyEpoch   = []byte("epoch")   // text
	keyCreated = []byte("created") // microseconds since 1970
	keyLast    = []byte("last")    // seq of the newest entry, hash of its header
	keyMark    = []byte("mark")    // seq up to which the checkpoint is complete
	keyDropped = []byte("dropped") // seq of the newest entry that dropped a layer
)

const logKeyBytes = 12

// logKey is the key of header (n = 0) or payload n of a transaction.
func logKey(seq data.Seq, n uint32) [logKeyBytes]byte {
	var k [logKeyBytes]byte
	binary.BigEndian.PutUint64(k[:], uint64(seq))
	binary.BigEndian.PutUint32(k[8:], n)
	return k
}

func parseLogKey(k []byte) (seq data.Seq, n uint32, ok bool) {
	if len(k) != logKeyBytes {
		return 0, 0, false
	}
	return data.Seq(binary.BigEndian.Uint64(k)), binary.BigEndian.Uint32(k[8:]), true
}

// blockBits is the binary logarithm of the permanent ids per block. Small blocks keep scattered edits cheap: bbolt
// rewrites a leaf of two to four blocks for each dirty one.
const blockBits = 6

// blockKey is the key of the checkpoint block of a permanent id.
func blockKey(layer string, permanent uint32) string {
	b := make([]byte, 0, len(layer)+5)
	b = append(append(b, layer...), 0)
	return string(binary.BigEndian.AppendUint32(b, permanent>>blockBits))
}

// blockLayer is the layer of a block key.
func blockLayer(key []byte) ([]byte, bool) {
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

// settings are the values of the meta bucket.
type settings struct {
	format   uint32
	epoch    data.Epoch
	created  int64
	last     data.Seq
	lastHash data.Hash
	mark     data.Seq
	dropped  data.Seq
}

// usable reports whether the checkpoint may be read: one that does not cover the newest drop of a layer holds
// features that the definitions do not know any more.
func (s *settings) usable() bool { return s.mark > 0 && s.mark >= s.dropped }

// set takes one member over. It reports what is wrong.
func (s *settings) set(key, sealed []byte) error {
	v, ok := unseal(key, sealed)
	if !ok {
		return fmt.Errorf("checksum of %q does not match", key)
	}
	want := map[string]int{"format": 4, "created": 8, "last": 8 + len(data.Hash{}), "mark": 8, "dropped": 8}
	if n, fixed := want[string(key)]; fixed && len(v) != n {
		return fmt.Errorf("%q has %d bytes instead of %d", key, len(v), n)
	}
	switch string(key) {
	case "format":
		s.format = binary.BigEndian.Uint32(v)
	case "epoch":
		s.epoch = data.Epoch(v)
	case "created":
		s.created = int64(binary.BigEndian.Uint64(v))
	case "last":
		s.last = data.Seq(binary.BigEndian.Uint64(v))
		copy(s.lastHash[:], v[8:])
	case "mark":
		s.mark = data.Seq(binary.BigEndian.Uint64(v))
	case "dropped":
		s.dropped = data.Seq(binary.BigEndian.Uint64(v))
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

// complete reports which member is missing.
func (s *settings) complete() error {
	switch {
	case s.format == 0:
		return fmt.Errorf("%q is missing", keyFormat)
	case s.epoch == "":
		return fmt.Errorf("%q is missing", keyEpoch)
	}
	return nil
}

func readSettings(tx *bbolt.Tx) (settings, error) {
	var s settings
	b := tx.Bucket(bucketMeta)
	if b == nil {
		return s, fmt.Errorf("bucket %q is missing", bucketMeta)
	}
	if err := b.ForEach(s.set); err != nil {
		return s, err
	}
	return s, s.complete()
}

func putSeq(b *bbolt.Bucket, key []byte, seq data.Seq) error {
	return b.Put(key, seal(key, binary.BigEndian.AppendUint64(nil, uint64(seq))))
}

func putLast(b *bbolt.Bucket, seq data.Seq, hash data.Hash) error {
	v := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(hash)+4), uint64(seq))
	return b.Put(keyLast, seal(keyLast, append(v, hash[:]...)))
}
