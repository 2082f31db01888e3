package layout

import (
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// Version is the version of the file's layout: buckets, keys and what they hold. Headers, payloads, blocks and runs
// have their own; whoever adds a new one of those raises this too, so that an older program says what is the matter
// instead of finding damage.
//
//	1  the first
//	2  payloads may be erased (runs, horizon); totals of the log; the list of free pages may be missing
//	3  headers with members (groups, operations, receipts) and staged entries; admin records beside plans; sealed values
//	4  events of cases
const Version = 4

// formatErasure is the first format with erased payloads and totals.
const formatErasure = 2

// upgradeBytes is the length of one upgrade in its list: format and microseconds since 1970.
const upgradeBytes = 4 + 8

// CheckVersion is an error when a file has a layout that this program is too old for. It names both versions.
func CheckVersion(version uint32) error {
	if version > Version {
		return fmt.Errorf("the file was written by a newer gewu: it has format %d, and this program reads up to %d; use the newer gewu", version, Version)
	}
	return nil
}

// upgrades are the steps to each format from the one before, which they read.
var upgrades = map[uint32]func(*bbolt.Tx) error{
	2: func(tx *bbolt.Tx) error {
		totals, err := countLog(tx.Bucket(BucketLog).ForEach)
		if err != nil {
			return err
		}
		return PutTotals(tx, &totals)
	},
	// What is new stands beside what there was.
	3: func(*bbolt.Tx) error { return nil },
	4: func(*bbolt.Tx) error { return nil },
}

// ToNewest brings a file to the newest format, in the transaction that first needs it, and records that and when. The
// file is then either of the old format or of the new one, wherever a crash comes. The settings are those of the file
// before; they are returned as they are afterwards.
func ToNewest(tx *bbolt.Tx, s Settings, now time.Time) (Settings, error) {
	for format := s.Format + 1; format <= Version; format++ {
		if err := upgrades[format](tx); err != nil {
			return s, fmt.Errorf("upgrade the file to format %d: %w", format, err)
		}
		s.Upgrades = append(s.Upgrades, Upgrade{format, now})
	}
	if err := put(tx, keyFormat, binary.BigEndian.AppendUint32(nil, Version)); err != nil {
		return s, err
	}
	if err := PutUpgrades(tx, s.Upgrades); err != nil {
		return s, err
	}
	return ReadSettings(tx)
}
