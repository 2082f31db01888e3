package layout

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
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

// Settings are the values of the meta bucket.
type Settings struct {
	Format  uint32 // version of the layout
	Epoch   data.Epoch
	Created int64 // microseconds since 1970
	// Last is the newest entry of the log and LastHash the hash of its header; 0 and zeros before the first.
	Last     data.Seq
	LastHash data.Hash
	// Mark is the entry up to which the checkpoint is complete, 0 without one.
	Mark data.Seq
	// Dropped is the newest entry that dropped a layer, 0 when none did.
	Dropped data.Seq
}

// Usable reports whether the checkpoint may be read: one that does not cover the newest drop of a layer holds
// features that the definitions do not know any more.
func (s *Settings) Usable() bool { return s.Mark > 0 && s.Mark >= s.Dropped }

// Set takes one member over from its key and value in the bucket. The error says which is unknown, has a wrong checksum
// or a wrong length.
func (s *Settings) Set(key, sealed []byte) error {
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
		s.Format = binary.BigEndian.Uint32(v)
	case "epoch":
		s.Epoch = data.Epoch(v)
	case "created":
		s.Created = int64(binary.BigEndian.Uint64(v))
	case "last":
		s.Last = data.Seq(binary.BigEndian.Uint64(v))
		copy(s.LastHash[:], v[8:])
	case "mark":
		s.Mark = data.Seq(binary.BigEndian.Uint64(v))
	case "dropped":
		s.Dropped = data.Seq(binary.BigEndian.Uint64(v))
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

// Complete is an error that names the member that is missing, nil when all that every store has are set.
func (s *Settings) Complete() error {
	switch {
	case s.Format == 0:
		return fmt.Errorf("%q is missing", keyFormat)
	case s.Epoch == "":
		return fmt.Errorf("%q is missing", keyEpoch)
	}
	return nil
}

// ReadSettings reads the meta bucket. The error says what is missing or damaged.
func ReadSettings(tx *bbolt.Tx) (Settings, error) {
	var s Settings
	b := tx.Bucket(BucketMeta)
	if b == nil {
		return s, fmt.Errorf("bucket %q is missing", BucketMeta)
	}
	if err := b.ForEach(s.Set); err != nil {
		return s, err
	}
	return s, s.Complete()
}

// PutLast writes the newest entry of the log and the hash of its header.
func PutLast(tx *bbolt.Tx, seq data.Seq, hash data.Hash) error {
	v := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(hash)+4), uint64(seq))
	return tx.Bucket(BucketMeta).Put(keyLast, seal(keyLast, append(v, hash[:]...)))
}

// PutMark writes the entry up to which the checkpoint is complete; 0 takes the checkpoint back.
func PutMark(tx *bbolt.Tx, seq data.Seq) error { return putSeq(tx, keyMark, seq) }

// PutDropped writes the newest entry that dropped a layer.
func PutDropped(tx *bbolt.Tx, seq data.Seq) error { return putSeq(tx, keyDropped, seq) }

func putSeq(tx *bbolt.Tx, key []byte, seq data.Seq) error {
	return tx.Bucket(BucketMeta).Put(key, seal(key, binary.BigEndian.AppendUint64(nil, uint64(seq))))
}
