package layout

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
)

// The keys of the meta bucket. Each value ends with a CRC-32C of key and value.
var (
	keyFormat   = []byte("format")   // uint32
	keyEpoch    = []byte("epoch")    // text
	keyCreated  = []byte("created")  // microseconds since 1970
	keyLast     = []byte("last")     // seq of the newest entry, hash of its header
	keyMark     = []byte("mark")     // seq up to which the checkpoint is complete
	keyDropped  = []byte("dropped")  // seq of the newest entry that dropped a layer
	keyHorizon  = []byte("horizon")  // seq from which on nothing is erased
	keyTotals   = []byte("totals")   // see Totals
	keyUpgrades = []byte("upgrades") // list of format (uint32) and microseconds since 1970
	keyStaged   = []byte("staged")   // seq of the first entry that is not part of the log yet
)

// settingBytes are the lengths of the values whose length is fixed.
var settingBytes = map[string]int{
	string(keyFormat): 4, string(keyCreated): 8, string(keyLast): 8 + len(data.Hash{}), string(keyMark): 8,
	string(keyDropped): 8, string(keyHorizon): 8, string(keyTotals): totalsBytes,
	string(keyStaged): 8,
}

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
	// Horizon is the entry from which on history is complete, 0 when nothing was erased.
	Horizon data.Seq
	// Totals are those of the log; zero in a file of format 1.
	Totals Totals
	// Upgrades are the formats that the file was brought to after it was made, in order.
	Upgrades []Upgrade
	// Staged is the first of the entries behind Last that are not part of the log: their group is not complete. 0 when
	// there are none.
	Staged data.Seq

	// unknown is a key that this program does not know; it matters only when the format is one that it knows.
	unknown string
}

// Upgrade says when a file was brought to a format.
type Upgrade struct {
	Format uint32
	At     time.Time
}

// Usable reports whether the checkpoint may be read: one that does not cover the newest drop of a layer holds
// features that the definitions do not know any more.
func (s *Settings) Usable() bool { return s.Mark > 0 && s.Mark >= s.Dropped }

// Set takes one member over from its key and value in the bucket. The error says which has a wrong checksum or a wrong
// length. A key that is unknown is an error of [Settings.Complete]: it may belong to a format to come.
func (s *Settings) Set(key, sealed []byte) error {
	v, ok := unseal(key, sealed)
	if !ok {
		return fmt.Errorf("checksum of %q does not match", key)
	}
	if n, fixed := settingBytes[string(key)]; fixed && len(v) != n {
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
	case "horizon":
		s.Horizon = data.Seq(binary.BigEndian.Uint64(v))
	case "totals":
		s.Totals = decodeTotals(v)
	case "upgrades":
		if len(v)%upgradeBytes != 0 {
			return fmt.Errorf("%q has %d bytes, which is no multiple of %d", key, len(v), upgradeBytes)
		}
		for ; len(v) > 0; v = v[upgradeBytes:] {
			s.Upgrades = append(s.Upgrades, Upgrade{binary.BigEndian.Uint32(v), time.UnixMicro(int64(binary.BigEndian.Uint64(v[4:]))).UTC()})
		}
	case "staged":
		s.Staged = data.Seq(binary.BigEndian.Uint64(v))
	default:
		s.unknown = string(key)
	}
	return nil
}

// Complete is an error that names the member that is missing or unknown, nil when all that every store has are set and
// nothing else is. Nothing is wrong with a format that is too new: the caller refuses it.
func (s *Settings) Complete() error {
	if s.Format > Version {
		return nil
	}
	for _, bad := range []bool{math.IsNaN(s.Totals.changes), math.IsNaN(s.Totals.bytes), s.Totals.Erased > s.Totals.Changes} {
		if bad {
			return fmt.Errorf("%q make no sense", keyTotals)
		}
	}
	switch {
	case s.Format == 0:
		return fmt.Errorf("%q is missing", keyFormat)
	case s.Epoch == "":
		return fmt.Errorf("%q is missing", keyEpoch)
	case s.unknown != "":
		return fmt.Errorf("unknown key %q", s.unknown)
	case s.Format >= formatErasure && s.Last > 0 && s.Totals.Changes == 0:
		return fmt.Errorf("%q are missing", keyTotals)
	}
	return nil
}

// ReadSettings reads the meta bucket. The error says what is missing or damaged. Of a format that is too new only
// Format is set.
func ReadSettings(tx *bbolt.Tx) (Settings, error) {
	var s Settings
	b := tx.Bucket(BucketMeta)
	if b == nil {
		return s, fmt.Errorf("bucket %q is missing", BucketMeta)
	}
	if sealed := b.Get(keyFormat); sealed != nil {
		if err := s.Set(keyFormat, sealed); err != nil || s.Format > Version {
			return s, err
		}
	}
	if err := b.ForEach(s.Set); err != nil {
		return s, err
	}
	return s, s.Complete()
}

// PutLast writes the newest entry of the log, the hash of its header and the totals with it.
func PutLast(tx *bbolt.Tx, seq data.Seq, hash data.Hash, totals *Totals) error {
	v := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(hash)+4), uint64(seq))
	if err := put(tx, keyLast, append(v, hash[:]...)); err != nil {
		return err
	}
	return PutTotals(tx, totals)
}

// PutTotals writes the totals of the log.
func PutTotals(tx *bbolt.Tx, totals *Totals) error {
	return put(tx, keyTotals, totals.encode(make([]byte, 0, totalsBytes+4)))
}

// PutMark writes the entry up to which the checkpoint is complete; 0 takes the checkpoint back.
func PutMark(tx *bbolt.Tx, seq data.Seq) error { return putSeq(tx, keyMark, seq) }

// PutDropped writes the newest entry that dropped a layer.
func PutDropped(tx *bbolt.Tx, seq data.Seq) error { return putSeq(tx, keyDropped, seq) }

// PutStaged says that the entries from seq on are not part of the log yet; 0 says that there are none.
func PutStaged(tx *bbolt.Tx, seq data.Seq) error {
	if seq == 0 {
		return tx.Bucket(BucketMeta).Delete(keyStaged)
	}
	return putSeq(tx, keyStaged, seq)
}

// PutHorizon writes the entry from which on history is complete. It comes before the first change up to it is erased.
func PutHorizon(tx *bbolt.Tx, seq data.Seq) error { return putSeq(tx, keyHorizon, seq) }

// PutUpgrades writes the formats that the file was brought to.
func PutUpgrades(tx *bbolt.Tx, list []Upgrade) error {
	var v []byte
	for _, u := range list {
		v = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(v, u.Format), uint64(u.At.UnixMicro()))
	}
	return put(tx, keyUpgrades, v)
}

func putSeq(tx *bbolt.Tx, key []byte, seq data.Seq) error {
	return put(tx, key, binary.BigEndian.AppendUint64(nil, uint64(seq)))
}

func put(tx *bbolt.Tx, key, value []byte) error {
	return tx.Bucket(BucketMeta).Put(key, seal(key, value))
}
